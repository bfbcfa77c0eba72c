import numpy as np
import pytest

from cnnkit.viz import animate_descent


def bowl(weights):
    """A valley that is four times as steep in its second weight; the lowest point is (1, 0)."""
    return (weights[..., 0] - 1) ** 2 + 4 * weights[..., 1] ** 2


def spiral(n_steps=4, factor=0.5, start=(3.0, 2.0)):
    return np.array([1, 0]) + np.outer(factor ** np.arange(n_steps + 1), np.subtract(start, (1, 0)))


PATHS = {"slow": spiral(factor=0.8), "fast": spiral(factor=-0.3), "third": spiral(start=(-2, 1))}


@pytest.fixture(scope="module")
def animation():
    return animate_descent(bowl, PATHS, minimum=(1, 0))


def parts(animation):
    """The lines of the paths, of the losses, and of the end marks."""
    landscape, curves = animation.figure.axes
    moving = [line for line in landscape.lines if line.get_animated()]
    return moving[::2], curves.lines, moving[1::2]


def sentence(animation):
    (text,) = (t for ax in animation.figure.axes for t in ax.texts if t.get_gid() == "sentence")
    return text.get_text()


def test_paths_and_losses_grow_step_by_step(animation):
    assert [step.number for step in animation.steps] == [0, 1, 2, 3, 4]
    for step in animation.steps:
        animation.draw(step)
        lines, curves, _ = parts(animation)
        for i, (line, curve) in enumerate(zip(lines, curves, strict=True)):
            path = list(PATHS.values())[i][: step.number + 1]
            np.testing.assert_array_equal(line.get_xydata(), path)
            assert curve.get_xdata() == range(step.number + 1)
            np.testing.assert_allclose(curve.get_ydata(), bowl(path))
            np.testing.assert_array_equal(step.weights[i], path[-1])
            assert step.losses[i] == bowl(path[-1])


def test_crosses_mark_the_ends_in_the_last_frame_alone(animation):
    for step in animation.steps:
        animation.draw(step)
        found = [mark.get_xydata().tolist() for mark in parts(animation)[2]]
        is_last = step.number == 4
        assert found == ([[path[-1].tolist()] for path in PATHS.values()] if is_last else [[]] * 3)
    animation.draw(animation.steps[0])  # it plays again
    assert not any(mark.get_xydata().size for mark in parts(animation)[2])


def test_each_path_has_a_colour_and_a_marker_of_its_own():
    animation = animate_descent(bowl, {f"path {i}": spiral() for i in range(6)})
    lines, curves, marks = parts(animation)
    looks = [(line.get_color(), line.get_marker()) for line in lines]
    assert len({color for color, _ in looks}) == len({marker for _, marker in looks}) == 6
    assert [(curve.get_color(), curve.get_marker()) for curve in curves] == looks
    assert [mark.get_color() for mark in marks] == [color for color, _ in looks]
    (legend,) = animation.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [f"path {i}" for i in range(6)]


@pytest.mark.parametrize("start", [(3.0, 0.1), (1.1, 5.0), (3, 2)])
def test_both_weights_have_the_same_scale_and_all_is_seen(start):
    paths = {"one": spiral(start=start)}
    landscape, curves = animate_descent(bowl, paths, minimum=(1, 0)).figure.axes
    box, (left, right), (low, high) = (
        landscape.get_window_extent(),
        landscape.get_xlim(),
        landscape.get_ylim(),
    )
    assert (right - left) / box.width == pytest.approx((high - low) / box.height)
    points = np.concatenate([paths["one"], [(1, 0)]])
    assert (points > [left, low]).all() and (points < [right, high]).all()
    extent = np.ptp(points, axis=0) / [right - left, high - low]
    assert extent.max() > 0.8, "it fills the panel in one direction"
    assert curves.get_yscale() == "log" and curves.get_xlim() == (0, 4)


def test_contour_lines_are_those_of_the_loss(animation):
    landscape, _ = animation.figure.axes
    (contours,) = landscape.collections
    ratios = contours.levels[1:] / contours.levels[:-1]
    assert len(contours.levels) == 12 and np.allclose(ratios, ratios[0])
    for level, path in zip(contours.levels, contours.get_paths(), strict=True):
        assert np.allclose(bowl(path.vertices), level, rtol=0.2, atol=0.02)


def test_a_star_marks_the_minimum(animation):
    def stars(animation):
        lines = animation.figure.axes[0].lines
        return [line.get_xydata().tolist() for line in lines if line.get_marker() == "*"]

    assert stars(animation) == [[[1, 0]]] and stars(animate_descent(bowl, PATHS)) == []


def test_sentences(animation):
    animation.draw(animation.steps[2])
    losses = {name: bowl(path[2]) for name, path in PATHS.items()}
    assert min(losses, key=losses.get) == "fast"
    assert sentence(animation) == f"step 2 of 4:  lowest loss {losses['fast']:.2g}, fast"


def test_in_words_and_it_plays():
    paths = {"slow": [(3, 2), (2, 1)], "fast": [(3, 2), (1, 0)]}
    assert animate_descent(bowl, paths).figure.alt_text == (
        "2 optimisers on contour lines of a loss of two weights, 1 step from weights (3, 2), loss "
        "20: slow ends at (2, 1), loss 5; fast ends at (1, 0), loss 0."
    )
    paths["fast"] = [(0, 2), (1, 0)]
    animation = animate_descent(bowl, paths)
    assert "1 step: slow ends" in animation.figure.alt_text, "the starts differ"
    assert "<iframe" in animation._repr_html_()


def test_where_the_loss_is_not_finite_beside_the_paths():
    def logarithm(weights):
        with np.errstate(all="ignore"):
            return np.log(weights[..., 0]) ** 2

    path = [(1.2, 1), (1.1, 1), (1.01, 1)]
    assert animate_descent(logarithm, {"one": path}, minimum=(0.1, 0)).figure.axes


BAD = [
    (bowl, {}, "`paths` must be 1 to 6. Received: 0 paths"),
    (bowl, {str(i): spiral() for i in range(7)}, "Received: 7 paths"),
    (bowl, {"a": spiral(), "b": spiral(3)}, r"a of shape \(5, 2\), b of shape \(4, 2\)"),
    (bowl, {"a": np.zeros((5, 3))}, r"same shape, \(steps \+ 1, 2\).* a of shape \(5, 3\)"),
    (bowl, {"a": np.zeros(2)}, r"a of shape \(2,\)"),
    (bowl, {"a": spiral(36)}, "1 to 35 steps. Received: 36 steps"),
    (bowl, {"a": spiral(0)}, "1 to 35 steps. Received: 0 steps"),
    (bowl, {"a": spiral() * np.inf}, "`paths` must be finite. Received: 'a'"),
    (lambda w: w, {"a": spiral()}, r"`loss` must return an array of shape \(5, 1\) for weights"),
    (lambda w: -bowl(w), {"a": spiral()}, "`loss` must be finite .* Received: losses from -"),
    (lambda w: bowl(w) * np.nan, {"a": spiral()}, "`loss` must be finite"),
    (lambda w: 0 * bowl(w), {"a": spiral()}, "not 0 everywhere. Received: losses from 0"),
]


@pytest.mark.parametrize("loss, paths, words", BAD)
def test_bad_input(loss, paths, words):
    with pytest.raises(ValueError, match=words):
        animate_descent(loss, paths)


@pytest.mark.parametrize("minimum", [3, (1, 2, 3)])
def test_a_minimum_is_a_pair(minimum):
    with pytest.raises(ValueError, match="`minimum` must be a pair .* Received: minimum="):
        animate_descent(bowl, PATHS, minimum=minimum)
