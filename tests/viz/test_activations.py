import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest

from cnnkit.explain import ActivationRecorder
from cnnkit.viz import Panels
from cnnkit.viz._activations import plot_activations

STEPS = np.array([0, 10, 20, 25])
LEGEND = ["median", "25 to 75 %", "5 to 95 %"]


def quantiles(seed=0, n=4):
    return np.sort(np.random.default_rng(seed).normal(size=(n, 5)), axis=1)


def corners(area):
    return {tuple(corner) for path in area.get_paths() for corner in path.vertices.tolist()}


def legend_of(legend):
    return [text.get_text() for text in legend.get_texts()]


def check_panel(ax, steps, values):
    (line,) = ax.lines
    assert np.array_equal(line.get_xydata(), np.stack([steps, values[:, 2]], axis=1))
    inner, outer = ax.collections
    assert inner.get_label() == "25 to 75 %" and outer.get_label() == "5 to 95 %"
    for area, (low, high) in ((inner, (1, 3)), (outer, (0, 4))):
        edges = values[:, [low, high]]
        expected = {(x, y) for x, row in zip(steps, edges, strict=True) for y in row}
        assert corners(area) == expected
        assert area.get_facecolor()[0, :3].tolist() == list(plt.matplotlib.colors.to_rgb("C0"))
    assert inner.get_alpha() > outer.get_alpha()


@pytest.mark.parametrize("n_layers, shape", [(1, (1, 1)), (3, (1, 3)), (5, (2, 3))])
def test_one_panel_a_layer(n_layers, shape):
    layers = {f"layer {i}": quantiles(i) for i in range(n_layers)}
    panels = plot_activations(STEPS, layers, title="before")
    assert isinstance(panels, Panels) and panels.axes.shape == shape
    assert [ax.get_title() for ax in panels] == list(layers)
    for ax, values, drawn in zip(panels, layers.values(), panels.values, strict=True):
        check_panel(ax, STEPS, values)
        assert np.array_equal(drawn, values)
        assert ax.get_ylim() == panels.axes[0, 0].get_ylim(), "heights can be compared"
    assert [ax.axison for ax in panels.axes.flat] == [i < n_layers for i in range(np.prod(shape))]
    lowest = list(panels)[-shape[1] :]
    assert [ax.get_xlabel() == "step" for ax in panels] == [ax in lowest for ax in panels]
    assert all(ax.get_ylabel() == "activation" for ax in panels.axes[:, 0])
    assert panels.figure.get_suptitle() == "before"
    assert legend_of(panels.figure.legends[0]) == LEGEND
    panels.figure.canvas.draw()
    assert all(ax.xaxis.get_major_ticks()[0].label1.get_visible() for ax in lowest)


def test_one_layer_where_it_is_told():
    figure, (left, right) = plt.subplots(1, 2)
    assert plot_activations(STEPS, {"conv": quantiles()}, ax=right) is right
    assert right.get_title() == "conv" and not left.has_data()
    assert (right.get_xlabel(), right.get_ylabel()) == ("step", "activation")
    assert legend_of(right.get_legend()) == LEGEND
    plot_activations(STEPS, {"conv": quantiles()}, ax=left, title="mine")
    assert left.get_title() == "mine" and plt.get_fignums() == [figure.number]


def test_a_recorder():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, name="hidden")])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(6, 2))
    recorder = ActivationRecorder(x, layers=["hidden"], every=2)
    with pytest.raises(ValueError, match=r"a recorder has none before `fit`. Received: steps=\[\]"):
        plot_activations(recorder.steps, recorder.quantiles)
    model.fit(x, np.zeros((6, 3)), batch_size=1, verbose=0, callbacks=[recorder])
    (ax,) = plot_activations(recorder.steps, recorder.quantiles)
    assert ax.get_title() == "hidden"
    check_panel(ax, np.array([0, 2, 4, 6]), recorder.quantiles["hidden"])


def test_a_hole_and_a_single_step():
    values = quantiles()
    values[1] = np.nan
    (ax,) = plot_activations(STEPS, {"conv": values})
    ax.figure.canvas.draw()
    assert np.isfinite(ax.get_ylim()).all() and np.isnan(ax.lines[0].get_ydata()[1])
    (ax,) = plot_activations([0], {"conv": quantiles(n=1)})
    assert ax.lines[0].get_marker() == "o"


@pytest.mark.parametrize(
    "layers, steps, words",
    [
        ([1.0], STEPS, "`quantiles` must be .* Received: list"),
        ({}, STEPS, "`quantiles` must be .* not empty.* Received: dict"),
        ({"a": quantiles()}, None, "`steps` must be at least one number.* Received: steps=nan"),
        ({"a": quantiles()}, [0, 2, 2, 3], "`steps` must be .* ascending"),
        ({"a": quantiles()}, [[0, 1, 2, 3]], "`steps` must be"),
        ({"a": quantiles(n=3)}, STEPS, r"\['a'\]` must have shape \(4, 5\).* of shape \(3, 5\)"),
        ({"a": quantiles()[:, :3]}, STEPS, r"Received: an array of shape \(4, 3\)"),
    ],
)
def test_bad_input(layers, steps, words):
    with pytest.raises(ValueError, match=words):
        plot_activations(steps, layers)
    assert not plt.get_fignums()


def test_several_layers_do_not_fit_into_one_panel():
    ax = plt.subplots()[1]
    with pytest.raises(ValueError, match="`ax` takes one layer.* Received: the layers a, b"):
        plot_activations(STEPS, {"a": quantiles(), "b": quantiles()}, ax=ax)


SHARED = "width is that of the middle 90 %, at the first step, then at the last."


def test_in_words():
    still = np.zeros((4, 5))
    moving = np.linspace([-1, -0.5, 0, 0.5, 1], [-3, 0, 0.25, 1, 4], 4)
    panels = plot_activations(STEPS, {"conv": moving, "dense": still}, title="sigmoid")
    assert panels.figure.alt_text == (
        f"sigmoid. Activations recorded at 4 steps from 0 to 25; {SHARED} conv: width 2, then 7, "
        "3.5 times as wide; median 0, then 0.25. dense: width 0, then 0; median 0, then 0."
    )
    axes = plt.subplots(1, 2)[1]
    for ax, scale in zip(axes, (1, np.nan), strict=True):
        plot_activations([7], {"conv": scale * moving[:1]}, ax=ax)
    assert axes[0].figure.alt_text == " ".join(
        "Activations recorded at 1 step, 7; width is that of the middle 90 %. conv: width "
        f"{numbers}."
        for numbers in ("2; median 0", "NaN; median NaN")
    ), "two plots in one figure"


def test_what_ends_without_numbers_in_words():
    values = np.tile([-1.0, 0, 0, 0, 1], (4, 1))
    steady = plot_activations(STEPS, {"conv": values}).figure.alt_text
    assert steady.endswith("conv: width 2, then 2; median 0, then 0.")
    values[-1] = np.nan
    lost = plot_activations(STEPS, {"conv": values}).figure.alt_text
    assert lost.endswith("conv: width 2, then NaN; median 0, then NaN.")


def test_many_layers_in_words():
    layers = {f"layer {i}": np.tile(np.linspace(-i, i, 5), (4, 1)) for i in range(1, 8)}
    layers["layer 7"][0] /= 2
    layers["lost"] = np.full((4, 5), np.nan)
    assert plot_activations(STEPS, layers).figure.alt_text == (
        f"Activations recorded at 4 steps from 0 to 25; {SHARED} There are 8 panels, 1 without a "
        "finite width at the end. Narrowest at the end is layer 1: width 2, then 2; median 0, then "
        "0. Widest at the end is layer 7: width 7, then 14, 2 times as wide; median 0, then 0."
    )
