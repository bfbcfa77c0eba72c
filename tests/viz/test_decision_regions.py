import keras
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from cnnkit import viz

POINTS = np.array([[0.0, 0.0], [1.0, 2.0], [4.0, 1.0], [3.0, 3.0]])
LABELS = np.array([0, 1, 2, 1])


def regions(ax):
    """The classes, and the coordinates of their columns."""
    classes = ax.images[0].get_array()
    left, right, _, _ = ax.images[0].get_extent()
    return np.asarray(classes), np.linspace(left, right, classes.shape[1])


def by_column(points):
    return np.digitize(points[:, 0], [1, 3])


def test_regions_are_what_the_function_answers():
    ax = viz.plot_decision_regions(by_column, POINTS, LABELS, title="columns")
    classes, x = regions(ax)
    assert (classes == np.digitize(x.astype(np.float32), [1, 3])).all()
    assert ax.images[0].origin == "lower" and ax.get_title() == "columns"
    rows = viz.plot_decision_regions(lambda p: (p[:, 1] > 1.5).astype(int), POINTS, LABELS)
    answers = regions(rows)[0]
    assert answers[0, 0] == 0 and answers[-1, 0] == 1, "up is up"


def test_points_differ_by_color_and_marker():
    ax = viz.plot_decision_regions(by_column, POINTS, LABELS[:, None])
    groups = ax.collections
    assert [group.get_label() for group in groups] == ["class 0", "class 1", "class 2"]
    for i, group in enumerate(groups):
        assert (group.get_offsets() == POINTS[LABELS == i]).all()
        assert to_hex(group.get_facecolor()[0]) == to_hex(f"C{i}")
    shapes = {group.get_paths()[0].vertices.tobytes() for group in groups}
    assert len(shapes) == 3
    cmap = ax.images[0].get_cmap()
    light = np.array([cmap(i)[:3] for i in range(3)])
    assert np.allclose(light, [1 - 0.3 * (1 - np.array(to_rgb(f"C{i}"))) for i in range(3)])


def model_of_one(activation, bias):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation=activation)])
    model.set_weights([np.array([[1.0], [0.0]]), np.array([bias])])
    return model


@pytest.mark.parametrize("activation", ["sigmoid", "linear"])
def test_a_model_with_one_output(activation):
    classes, x = regions(viz.plot_decision_regions(model_of_one(activation, -2.0), POINTS, LABELS))
    assert (classes == (x.astype(np.float32) > 2)).all()


def test_a_model_answers_as_in_inference_and_learns_nothing():
    layers = [keras.Input((2,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.layers[0].moving_mean.assign([1.0, 0.0])  # what is drawn has the means 2 and 1.5
    model.layers[1].set_weights([np.array([[1.0], [0.0]]), np.zeros(1)])
    before = model.get_weights()
    classes, x = regions(viz.plot_decision_regions(model, POINTS, LABELS))
    assert (classes == (x.astype(np.float32) > 1)).all()
    assert all(map(np.array_equal, model.get_weights(), before))


def test_a_model_with_several_outputs():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation="softmax")])
    model.set_weights([np.array([[-1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]), np.array([1.0, 0.0, -3.0])])
    classes, _ = regions(viz.plot_decision_regions(model, POINTS, LABELS))
    assert set(classes[0]) == {0, 1, 2} and (np.diff(classes[0]) >= 0).all()


@pytest.mark.parametrize(
    "model, points, labels, words",
    [
        (by_column, np.zeros((4, 3)), LABELS, r"Received: points.shape=\(4, 3\)"),
        (by_column, np.zeros((0, 2)), LABELS[:0], r"Received: points.shape=\(0, 2\)"),
        (by_column, POINTS * np.nan, LABELS, "8 NaN"),
        (by_column, POINTS, LABELS[:3], "each of the 4 points"),
        (by_column, POINTS, LABELS - 1, "integers from 0"),
        (by_column, POINTS, LABELS + 0.5, "integers from 0"),
        (by_column, POINTS, ["a", "b", "c", "b"], "integers from 0"),
        (lambda p: p, POINTS, LABELS, r"one class index for each point. Received: .* \(90004, 2\)"),
        (lambda p: p[:, 0], POINTS, LABELS, "one class index"),
    ],
)
def test_bad_input(model, points, labels, words):
    with pytest.raises(ValueError, match=words):
        viz.plot_decision_regions(model, points, labels)


def test_in_words():
    ax = viz.plot_decision_regions(by_column, POINTS, LABELS, title="columns")
    assert ax.figure.alt_text == (
        "columns. Regions: class 0 in 1 piece, 29 % of the area drawn; class 1 in 1 piece, 43 % of "
        "the area drawn; class 2 in 1 piece, 29 % of the area drawn. 3 of 4 points (75 %) in the "
        "region of their class; the largest class has 50 % of the points (feature 0 from 0 to 4, "
        "feature 1 from 0 to 3)."
    )


def in_the_middle(points):
    return (np.abs(points - [1, 1]).max(axis=1) < 0.5).astype(int)


def twice(points):
    return in_the_middle(points) + in_the_middle(points - [2, 1]) + (points[:, 0] > 4.1)


@pytest.mark.parametrize(
    "model, words",
    [
        (lambda points: np.zeros(len(points), int), "Regions: class 0 in 1 piece, 100 % of"),
        (in_the_middle, "Regions: class 0 in 1 piece, 94 % of the area drawn; class 1 in 1 piece "),
        (in_the_middle, "class 1 in 1 piece (enclosed), 6 % of the area drawn. "),
        (twice, "class 1 in 3 pieces (2 of them enclosed), "),
        (lambda points: ((points - 2).prod(axis=1) > 0) + 0, "class 1 in 2 pieces, "),
        (lambda points: (points[:, 0] < -0.3) + 0, "class 1 in 1 piece, less than 1 % of"),
    ],
)
def test_pieces_in_words(model, words):
    assert words in viz.plot_decision_regions(model, POINTS, LABELS).figure.alt_text


def test_points_in_words():
    points = np.array([[-2.21, 0], [2.19, -2.24], [0, 2.2]])
    text = viz.plot_decision_regions(in_the_middle, points, [0, 0, 0]).figure.alt_text
    assert text.endswith(
        "3 of 3 points (100 %) in the region of their class; the largest class has 100 % of the "
        "points (features from −2.2 to 2.2)."
    )
