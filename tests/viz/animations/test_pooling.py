import itertools
import re

import keras
import numpy as np
import pytest
from printed_numbers import is_printed

from cnnkit import data, viz

LAYERS = {"max": keras.layers.MaxPooling2D, "average": keras.layers.AveragePooling2D}


def layer_output(image, kind, pool_size, strides):
    """What Keras computes of a grey image."""
    layer = LAYERS[kind](pool_size, strides=strides)
    return np.asarray(layer(image[None, :, :, None].astype(np.float32)))[0, :, :, 0]


def panels(animation):
    """The axes of the image, of the window, and of the output."""
    return animation.figure.axes


def visible(ax):
    """The cells and their texts that are seen; the sentence is not in a cell."""
    return {
        tuple(int(v) for v in text.get_position()[::-1]): text.get_text()
        for text in ax.texts
        if text.get_text() and text.get_gid() != "sentence"
    }


def sentence(animation):
    (text,) = (t for ax in panels(animation) for t in ax.texts if t.get_gid() == "sentence")
    return text.get_text()


RANDOM = [
    (seed, kind, pool_size, strides)
    for seed, (kind, (pool_size, strides)) in enumerate(
        itertools.product(LAYERS, [(2, None), (3, 2), ((1, 2), None), ((2, 3), (2, 1))])
    )
]


@pytest.mark.parametrize("seed, kind, pool_size, strides", RANDOM)
def test_every_number_is_that_of_the_layer(seed, kind, pool_size, strides):
    rng = np.random.default_rng(seed)
    image = (rng.normal(size=rng.integers(4, 7, 2)) * rng.choice([0.01, 1, 100])).astype("float32")
    if seed % 3 == 0:
        image = rng.integers(0, 256, image.shape).astype(np.float32)
    expected = layer_output(image, kind, pool_size, strides)
    animation = viz.animate_pooling(image, pool_size=pool_size, strides=strides, kind=kind)
    assert len(animation.steps) == expected.size
    for step in animation.steps:
        animation.draw(step)
        image_ax, window_ax, output_ax = panels(animation)
        shown = visible(output_ax)
        assert set(shown) == {p for p in np.ndindex(expected.shape) if p <= (step.row, step.column)}
        assert all(is_printed(text, expected[place]) for place, text in shown.items())
        assert image_ax.patches[0].get_xy() == (step.left - 0.5, step.top - 0.5)
        pixels, window = visible(image_ax), visible(window_ax)
        assert all(is_printed(text, image[place]) for place, text in pixels.items())
        assert len(window) == step.pixels.size
        for (m, n), text in window.items():
            assert text == pixels[step.top + m, step.left + n]
        check_winner(animation, step, image)
        check_sentence(sentence(animation), step, expected[step.row, step.column], kind)


def check_winner(animation, step, image):
    image_ax, window_ax, _ = panels(animation)
    marks = image_ax.patches[1], window_ax.patches[0]
    if step.winner is None:
        assert not any(mark.get_visible() for mark in marks)
        return
    (row, column), inset = step.winner, 0.06 - 0.5
    assert all(mark.get_visible() for mark in marks)
    places = (step.left + column, step.top + row), (column, row)
    for mark, (x, y) in zip(marks, places, strict=True):
        assert mark.get_xy() == pytest.approx((x + inset, y + inset))
    assert image[step.top + row, step.left + column] == np.float32(step.output)


def check_sentence(text, step, value, kind):
    if kind == "max":
        found = re.fullmatch(
            rf"output\[{step.row}, {step.column}\] = (\S+): {{2}}the largest of .*", text
        )
        assert is_printed(found[1], value)
        return
    place, left, total, total_again, n, sign, output = re.fullmatch(
        r"(output\S* \d+\]): {2}(.+) [=≈] (\S+);  (\S+) / (\d+) ([=≈]) (\S+)", text
    ).groups()
    assert place == f"output[{step.row}, {step.column}]" and int(n) == step.pixels.size
    assert total == total_again and is_printed(total, step.pixels.sum())
    assert is_printed(output, value)
    assert (sign == "=") == (abs(float(total) / int(n) - float(output)) < 1e-9)
    if step.pixels.size <= 4:
        terms = [float(term.strip("()")) for term in left.split(" + ")]
        exact = abs(sum(terms) - float(total)) < 1e-9
        assert (f"{left} = {total}" in text) == exact


@pytest.mark.parametrize("seed", range(4))
def test_stochastic_pooling_shows_its_chances(seed):
    image = np.random.default_rng(seed).normal(size=(6, 4))
    image[::2, ::2] = 0.5  # each window has something to draw,
    image[:2, :2] = -1  # and the first one has not
    animation = viz.animate_pooling(image, kind="stochastic", seed=seed)
    for i, step in enumerate(animation.steps):
        animation.draw(step)
        positive = np.maximum(step.pixels, 0)
        chances = positive / (positive.sum() or 1)
        assert step.probabilities == pytest.approx(chances)
        for place, text in visible(panels(animation)[1]).items():
            value, chance = text.split("\np = ")
            assert is_printed(value, step.pixels[place]) and is_printed(chance, chances[place])
        check_winner(animation, step, image.astype(np.float32))
        assert (step.winner is None) == (i == 0)
        words = "none is drawn" if i == 0 else "drawn with probability"
        assert words in sentence(animation)
        if step.winner is not None:
            assert chances[step.winner] > 0
            assert is_printed(sentence(animation).split()[-1], chances[step.winner])
    last = visible(panels(animation)[2])
    assert last[0, 0] in ("0", "0.00") and len(last) == 6


def test_draws_follow_the_chances_and_the_seed():
    window = np.array([[1.0, 3.0], [6.0, 0.0]])
    image = np.tile(window, (6, 6))
    outputs = [
        [step.output for step in viz.animate_pooling(image, kind="stochastic", seed=seed).steps]
        for seed in (0, 1, 2, 3, 0)
    ]
    assert outputs[0] == outputs[4] != outputs[1]
    values, counts = np.unique(outputs[:4], return_counts=True)
    assert values.tolist() == [1, 3, 6]
    # 144 draws: three standard deviations are at most 0.125.
    assert counts / 144 == pytest.approx([0.1, 0.3, 0.6], abs=0.125)


def test_the_first_of_equal_values_wins():
    (step,) = viz.animate_pooling(np.ones((2, 2))).steps
    assert step.winner == (0, 0)


def test_one_range_of_colors():
    grey = viz.animate_pooling(np.arange(16.0).reshape(4, 4), kind="average")
    assert {(ax.images[0].get_clim(), ax.images[0].get_cmap().name) for ax in panels(grey)} == {
        ((0, 15), "gray")
    }
    signed = viz.animate_pooling(-np.arange(16.0).reshape(4, 4))
    assert {ax.images[0].get_clim() for ax in panels(signed)} == {(-15, 15)}
    for i, step in enumerate(signed.steps):
        signed.draw(step)
        assert (panels(signed)[1].images[0].get_array() == step.pixels).all()
        assert panels(signed)[2].images[0].get_array().count() == i + 1


def test_many_outputs_and_a_photo():
    photo = data.load_photo("camera")[100:112, 100:112]
    animation = viz.animate_pooling(photo, pool_size=2, strides=1)
    expected = layer_output(photo, "max", 2, 1)
    assert len(animation.steps) == 36
    animation.draw(animation.steps[35])
    shown = visible(panels(animation)[2])
    assert len(shown) == 121
    assert all(float(text) == expected[place] for place, text in shown.items())


@pytest.mark.parametrize(
    "image, settings, words",
    [
        (np.zeros((4, 4)), dict(kind="min"), '"max", "average", "stochastic". Received: kind='),
        (np.zeros((4, 4, 3)), {}, r"`image\[..., 0\]`. Received: image.shape=\(4, 4, 3\)"),
        (np.zeros((13, 4)), {}, "at most 12 rows and columns.*Received: 13 x 4"),
        (np.zeros((9, 9)), dict(pool_size=6), r"at most 5.*pool_size=\(6, 6\)"),
        (np.zeros((9, 9)), dict(pool_size=0), "`pool_size` must be a positive"),
        (np.zeros((9, 9)), dict(strides=0), "`strides` must be a positive"),
        (np.zeros((2, 9)), dict(pool_size=3), "must fit into"),
        (np.full((4, 4), np.nan), {}, "16 NaN"),
    ],
)
def test_bad_input(image, settings, words):
    with pytest.raises(ValueError, match=words):
        viz.animate_pooling(image, **settings)


@pytest.mark.parametrize("seed", [-1, 1.5, True, "1"])
def test_wrong_seeds(seed):
    with pytest.raises(ValueError, match=f"`seed` must be None, .* Received: seed={seed!r}"):
        viz.animate_pooling(np.eye(4), kind="max", seed=seed)


@pytest.mark.parametrize(
    "kind, words, output",
    [
        ("max", "The largest value in it", "6, 5"),
        ("average", "The mean of the values in it", "1.5, 1"),
        (
            "stochastic",
            "One value in it, drawn with a probability in proportion to the value,",
            "6, 5",  # the only ones above 0
        ),
    ],
)
def test_in_words(kind, words, output):
    animation = viz.animate_pooling([[0, 6, 5, 0], [0, 0, 0, -1]], kind=kind)
    assert animation.figure.alt_text == (
        "A window of 2 by 2 slides over an image of 2 rows by 4 columns, with stride 2, in 2 "
        f"steps. {words} is one number of the output of 1 row by 2 columns, row by row {output}."
    )


def test_many_outputs_in_words():
    animation = viz.animate_pooling(np.ones((12, 12)), pool_size=(2, 1), strides=1)
    assert animation.figure.alt_text == (
        "A window of 2 rows by 1 column slides over an image of 12 by 12, with stride 1, in "
        "36 of 132 steps. The largest value in it is one number of the output of 11 rows by 12 "
        "columns, values all 1."
    )
    assert "in 1 step." in viz.animate_pooling(np.ones((2, 2))).figure.alt_text
