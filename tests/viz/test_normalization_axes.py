from functools import partial

import keras
import numpy as np
import pytest

from cnnkit.reference import batch_norm, group_norm, instance_norm, layer_norm
from cnnkit.viz import plot_normalization_axes

CASES = [((3, 3, 3, 4), 2), ((2, 1, 4, 6), 3), ((4, 2, 1, 3), 1), ((1, 2, 2, 4), 4)]
TITLES = ["batch", "layer", "instance", "group"]


def values_that_count(normalise, x, place):
    """Which values change the result at one place: those of which the mean is taken."""
    before = normalise(x)[place]
    counts = np.empty(x.shape, bool)
    for other in np.ndindex(x.shape):
        moved = x.copy()
        moved[other] += 1
        counts[other] = normalise(moved)[place] != before
    return counts


@pytest.mark.parametrize("shape, groups", CASES)
def test_sets_are_those_of_the_reference_functions(shape, groups):
    x = np.random.default_rng(0).normal(size=shape)
    weights = np.ones(shape[-1]), np.zeros(shape[-1])
    panels = plot_normalization_axes(input_shape=shape, groups=groups)
    norms = [batch_norm, layer_norm, instance_norm, partial(group_norm, groups=groups)]
    for numbers, norm in zip(panels.values, norms, strict=True):
        assert numbers.shape == shape and numbers.dtype == np.int64
        assert np.unique(numbers).tolist() == list(range(numbers.max() + 1))
        for place in [(0, 0, 0, 0), tuple(np.subtract(shape, 1)), (0, 0, 0, shape[-1] - 1)]:
            counts = values_that_count(lambda x, norm=norm: norm(x, *weights), x, place)
            assert (counts == (numbers == numbers[place])).all()


def test_sets_are_those_of_keras():
    x = np.random.default_rng(0).normal(size=(2, 2, 2, 4)).astype("float32")
    layers = [
        partial(keras.layers.BatchNormalization(), training=True),
        keras.layers.LayerNormalization(axis=[1, 2, 3]),
        keras.layers.GroupNormalization(-1),
        keras.layers.GroupNormalization(2),
    ]
    panels = plot_normalization_axes(input_shape=x.shape, groups=2)
    for numbers, layer in zip(panels.values, layers, strict=True):
        counts = values_that_count(lambda x, layer=layer: np.asarray(layer(x)), x, (1, 0, 1, 2))
        assert (counts == (numbers == numbers[1, 0, 1, 2])).all()


@pytest.mark.parametrize("shape, groups", CASES)
def test_orange_is_the_first_set(shape, groups):
    batch, height, width, channels = shape
    panels = plot_normalization_axes(input_shape=shape, groups=groups)
    assert repr(panels) == "<Panels: 4 in 1 x 4>"
    for ax, numbers, title in zip(panels, panels.values, TITLES, strict=True):
        assert ax.get_title() == f"{title} normalisation"
        (mesh,) = ax.collections
        picture = mesh.get_array().reshape(batch, height + 1, channels, width + 1)
        drawn = picture[:, :height, :, :width].transpose(0, 1, 3, 2)
        assert drawn.count() == drawn.size and picture.count() == drawn.size
        assert (drawn == (numbers == 0)).all()
        assert (
            mesh.get_coordinates()[-1, -1] == (channels * (width + 1), batch * (height + 1))
        ).all()


@pytest.mark.parametrize("shape, groups", CASES)
def test_an_outline_holds_one_set_and_the_whole_of_it(shape, groups):
    batch, height, width, channels = shape
    for ax in (panels := plot_normalization_axes(input_shape=shape, groups=groups)):
        numbers = panels.values[list(panels).index(ax)]
        held = []
        for outline in ax.patches:
            (left, top), (right, bottom) = outline.get_bbox().get_points()
            n, row, column, c = np.indices(shape)
            x, y = c * (width + 1) + column + 0.5, n * (height + 1) + row + 0.5
            inside = (left < x) & (x < right) & (top < y) & (y < bottom)
            (number,) = np.unique(numbers[inside])
            assert inside.sum() == (numbers == number).sum()
            held.append(number)
        assert sorted(held) == list(range(numbers.max() + 1))
        colors = {outline.get_edgecolor() for outline in ax.patches[:-1]}
        assert held[-1] == 0 and ax.patches[-1].get_edgecolor() not in colors
        (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
        for outline in ax.patches:
            (x0, y0), (x1, y1) = outline.get_bbox().get_points()
            assert left < x0 < x1 < right and top < y0 < y1 < bottom


def test_words():
    panels = plot_normalization_axes(input_shape=(2, 3, 4, 6), groups=3)
    words = [ax.get_xlabel().split("\n") for ax in panels]
    assert [first for first, _ in words] == ["channel"] * 4
    assert [second for _, second in words] == [
        "means: 6, of 24 values each",
        "means: 2, of 72 values each",
        "means: 12, of 12 values each",
        "means: 6, of 24 values each",
    ]
    first, *others = panels
    assert first.get_ylabel() == "example" and not any(ax.get_ylabel() for ax in others)
    for ax in panels:
        assert [text.get_text() for text in ax.get_xticklabels()] == list("012345")
        assert [text.get_text() for text in ax.get_yticklabels()] == ["0", "1"]
        assert ax.get_xticks().tolist() == [2, 7, 12, 17, 22, 27]
        assert ax.get_yticks().tolist() == [1.5, 5.5]


@pytest.mark.parametrize(
    "shape, groups, words",
    [
        ((3, 3, 4), 2, r"\(batch, height, width, channels\). Received: input_shape=\(3, 3, 4\)"),
        ((3, 0, 3, 4), 2, "`input_shape` must be a positive integer. Received: input_shape=0"),
        ((7, 3, 3, 4), 2, r"at most \(6, 4, 4, 8\).* Received: input_shape=\(7, 3, 3, 4\)"),
        ((3, 3, 3, 4), 3, "number of channels, 4. Received: groups=3"),
        ((3, 3, 3, 4), 0, "`groups` must be a positive integer. Received: groups=0"),
    ],
)
def test_bad_input(shape, groups, words):
    with pytest.raises(ValueError, match=words):
        plot_normalization_axes(input_shape=shape, groups=groups)


@pytest.mark.parametrize(
    "shape, groups, words",
    [
        (
            (2, 3, 4, 6),
            3,
            "Which values are normalised together in 2 examples with 6 channels of 3 rows by 4 "
            "columns: batch normalisation takes 6 means, each of 24 values from 2 examples and 1 "
            "channel; layer normalisation takes 2 means, each of 72 values from 1 example and 6 "
            "channels; instance normalisation takes 12 means, each of 12 values from 1 example and "
            "1 channel; group normalisation takes 6 means, each of 24 values from 1 example and 2 "
            "channels.",
        ),
        (
            (1, 1, 1, 1),
            1,
            "Which values are normalised together in 1 example with 1 channel of 1 by 1: "
            + "; ".join(
                f"{kind} normalisation takes 1 mean, each of 1 value from 1 example and 1 channel"
                for kind in TITLES
            )
            + ".",
        ),
    ],
)
def test_in_words(shape, groups, words):
    panels = plot_normalization_axes(input_shape=shape, groups=groups)
    assert panels.figure.alt_text == words
