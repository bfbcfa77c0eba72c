import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from cnnkit import viz
from cnnkit.reference import toeplitz1d


def units(ax):
    """The circles: {(layer, unit): (x, y)}."""
    gids = {patch.get_gid(): patch.center for patch in ax.patches}
    return {tuple(map(int, gid.removeprefix("unit ").split())): xy for gid, xy in gids.items()}


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_every_unit_has_a_line_to_every_unit_of_the_next_layer():
    ax = viz.plot_network([4, 5, 3], names=["x", "h", "scores"], title="small")
    at = units(ax)
    assert set(at) == {(i, k) for i, n in enumerate([4, 5, 3]) for k in range(n)}
    for i, (lines, n_in, n_out) in enumerate(zip(ax.collections, [4, 5], [5, 3], strict=True)):
        ends = [(at[i, a], at[i + 1, b]) for a in range(n_in) for b in range(n_out)]
        np.testing.assert_allclose(lines.get_segments(), ends)
        assert lines.get_gid() == f"weights {i}" and to_hex(lines.get_color()[0]) == "#999999"
    for i, n in enumerate([4, 5, 3]):
        column = np.array([at[i, k] for k in range(n)])
        assert np.ptp(column[:, 0]) == 0 and (np.diff(column[:, 1]) < 0).all(), "0 is at the top"
        assert column[:, 1].mean() == pytest.approx(0)
    assert at[0, 0][0] < at[1, 0][0] < at[2, 0][0] and ax.get_title() == "small"
    assert texts(ax) == [
        *("x", "4", "h", "5", "scores", "3"),
        *("4 × 5 weights\n+ 5 biases", "5 × 3 weights\n+ 3 biases"),
    ]


def test_only_the_ends_of_a_large_layer_are_drawn():
    ax = viz.plot_network([784, 10, 1])
    assert [k for i, k in units(ax) if i == 0] == [0, 1, 2, 3, 780, 781, 782, 783]
    assert [k for i, k in units(ax) if i == 1] == list(range(10))
    (dots,) = ax.lines
    assert dots.get_gid() == "left out" and dots.get_xdata()[0] == units(ax)[0, 0][0]
    assert len(ax.collections[0].get_segments()) == 8 * 10
    assert texts(ax)[:2] == ["inputs", "784"] and texts(ax)[-2:] == [
        "784 × 10 weights\n+ 10 biases",
        "10 × 1 weights\n+ 1 bias",
    ]


def test_lines_have_the_signs_and_sizes_of_the_weights():
    weights = [np.array([[1, -2, 0], [0.5, 4, -4]]), np.array([[1], [2], [8]])]
    ax = viz.plot_network([2, 3, 1], weights=weights)
    for lines, part in zip(ax.collections, weights, strict=True):
        assert (lines.get_array() == part.ravel()).all() and lines.get_clim() == (-8, 8)
        np.testing.assert_allclose(lines.get_linewidth(), 3 * np.abs(part.ravel()) / 8)
    red, green, blue, _ = ax.collections[0].to_rgba([4, -4]).T
    assert red[0] > blue[0] and blue[1] > red[1], "positive is red, negative blue"
    assert len(ax.figure.axes) == 2, "a colour bar says which colour is which number"
    assert viz.plot_network([2, 1], weights=[np.zeros((2, 1))]).collections[0].get_clim() == (-1, 1)


def test_weights_of_a_large_layer_are_those_of_the_units_drawn():
    weights = np.arange(20 * 3).reshape(20, 3)
    (lines,) = viz.plot_network([20, 3], weights=[weights]).collections
    assert (lines.get_array() == weights[[0, 1, 2, 3, 16, 17, 18, 19]].ravel()).all()
    assert lines.get_clim() == (-59, 59)


def test_a_convolution_is_a_network_with_few_and_equal_lines():
    weights = toeplitz1d([1, 2, -1], 6).T
    (lines,) = viz.plot_network([6, 4], weights=[weights]).collections
    colors = lines.to_rgba(lines.get_array())[np.array(lines.get_linewidth()) > 0]
    assert len(colors) == 12 and len(np.unique(colors, axis=0)) == 3


LONG = "a rather long name of a layer"


@pytest.mark.parametrize("is_narrow", [False, True])
@pytest.mark.parametrize(
    "n_units, words",
    [
        ([12_000_000, 1], "n"),
        ([3072, 64, 5], LONG),
        ([784, 100, 30, 10], "two\nlines"),
        ([1, 2, 3, 4, 5], LONG),
        ([100_000] * 5, "n"),
    ],
)
def test_texts_do_not_overlap(n_units, words, is_narrow):
    ax = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")[1][0] if is_narrow else None
    ax = viz.plot_network(n_units, names=[words] * len(n_units), ax=ax, title=LONG)
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in [*ax.texts, ax.title]]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
        inside = ax.figure.bbox
        assert box.x0 >= inside.x0 and box.x1 <= inside.x1 and box.y0 >= inside.y0
    circles = [patch.get_window_extent() for patch in ax.patches]
    assert not any(box.overlaps(circle) for box in boxes for circle in circles)


@pytest.mark.parametrize(
    "n_units, options, words",
    [
        (4, {}, r"`n_units` must have at least two .* Received: n_units=\[4\]"),
        ([4], {}, r"Received: n_units=\[4\]"),
        ([4, 0], {}, "`n_units` must be a positive integer. Received: n_units=0"),
        ([4, 2.5], {}, "Received: n_units=2.5"),
        ([4, 2], dict(names=["a"]), r"one text for each of the 2 .* Received: names=\['a'\]"),
        ([4, 2], dict(names="ab"), "Received: names='ab'"),
        (
            [4, 2],
            dict(weights=np.zeros((4, 2))),
            r"list of arrays of the shapes \[\(4, 2\)\]. Received: the shapes \[\(2,\), \(2,\)",
        ),
        ([4, 2], dict(weights=[np.zeros((2, 4))]), r"\[\(4, 2\)\]: turn yours with `.T`. Received"),
        ([4, 2], dict(weights=[]), r"Received: the shapes \[\]"),
        ([4, 2], dict(weights=[np.full((4, 2), np.nan)]), "8 NaN"),
    ],
)
def test_bad_input(n_units, options, words):
    with pytest.raises(ValueError, match=words):
        viz.plot_network(n_units, **options)


def test_in_words():
    ax = viz.plot_network([4, 5, 3], names=["inputs x", "hidden h", "scores"], title="small")
    assert ax.figure.alt_text == (
        "small. Fully connected network, from left to right: inputs x with 4, hidden h with 5, "
        "scores with 3. Between them 4 × 5 weights + 5 biases, then 5 × 3 weights + 3 biases: 43 "
        "parameters."
    )
    text = viz.plot_network(
        [2000, 1], weights=[np.linspace(-1, 0.5, 2000)[:, None]]
    ).figure.alt_text
    assert text == (
        "Fully connected network, from left to right: inputs with 2,000, outputs with 1. Between "
        "them 2,000 "
        "× 1 weights + 1 bias: 2,001 parameters. The weights are from −1 to 0.5."
    )
