import itertools
import re

import keras
import numpy as np
import pytest
from printed_numbers import is_printed

from cnnkit import data, viz

SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def layer_output(image, kernel, strides, padding, bias):
    """What Keras computes, from an image and a kernel with an axis of channels."""
    layer = keras.layers.Conv2D(1, kernel.shape[:2], strides=strides, padding=padding)
    layer.build((1, *image.shape))
    layer.set_weights([kernel[..., None], np.array([bias])])
    return np.asarray(layer(image[None].astype(np.float32)))[0, :, :, 0]


def panels(animation):
    """The axes of the images, of the products, and of the output."""
    axes = {ax.get_label(): ax for ax in animation.figure.axes}
    kinds = ([axes[name] for name in axes if kind in name] for kind in ("image", "window"))
    return *kinds, axes["output"]


def visible(ax):
    """The cells and their texts that are seen; the sum is not in a cell."""
    return {
        tuple(int(v) for v in text.get_position()[::-1]): text.get_text()
        for text in ax.texts
        if text.get_text() and text.get_gid() != "sentence"
    }


def sum_text(animation):
    (text,) = (t for ax in animation.figure.axes for t in ax.texts if t.get_gid() == "sentence")
    return text.get_text()


RANDOM = [
    (seed, channels, strides, padding)
    for seed, (channels, strides, padding) in enumerate(
        itertools.product([1, 2, 3], [1, 2, (1, 3)], ["valid", "same"])
    )
]


@pytest.mark.parametrize("seed, channels, strides, padding", RANDOM)
def test_every_number_is_that_of_the_layer(seed, channels, strides, padding):
    rng = np.random.default_rng(seed)
    scale = rng.choice([0.01, 1, 100])
    image = (rng.normal(size=(*rng.integers(4, 7, 2), channels)) * scale).astype(np.float32)
    if seed % 3 == 0:
        image = rng.integers(0, 256, image.shape).astype(np.float32)
    kernel = rng.normal(size=(*rng.integers(1, 4, 2), channels)).astype(np.float32)
    bias = round(rng.normal(), 2)
    expected = layer_output(image, kernel, strides, padding, bias)
    animation = viz.animate_convolution(image, kernel, strides=strides, padding=padding, bias=bias)
    assert len(animation.steps) == min(expected.size, 36 if channels == 1 else 18)
    for i in range(len(animation.steps)):
        check_frame(animation, i, expected, kernel, bias)
    assert len(visible(panels(animation)[2])) == expected.size, "the last frame shows all"


def check_frame(animation, i, expected, kernel, bias):
    animation.draw(animation.steps[i])
    step, (images, products, output) = animation.steps[i], panels(animation)
    shown = visible(output)
    assert set(shown) == {p for p in np.ndindex(expected.shape) if p <= (step.row, step.column)}
    assert all(is_printed(text, expected[place]) for place, text in shown.items())
    for c, (image_ax, product_ax) in enumerate(zip(images, products, strict=True)):
        (window,) = image_ax.patches[:1]
        assert window.get_xy() == (step.left - 0.5, step.top - 0.5)
        pixels = visible(image_ax)
        for (m, n), text in visible(product_ax).items():
            pixel, weight, product = re.split(r"\n× |\n[=≈] ", text)
            assert is_printed(pixels[step.top + m, step.left + n], step.pixels[c, m, n])
            assert is_printed(pixel, step.pixels[c, m, n])
            assert is_printed(weight, kernel[m, n, c])
            assert is_printed(product, step.pixels[c, m, n] * kernel[m, n, c])
    check_sum(sum_text(animation), step, expected[step.row, step.column], bias)


def check_sum(text, step, value, bias):
    place, first, second = re.split(r": {2}|; {2}", text)  # a bias of 0 goes without saying
    assert place == f"output[{step.row}, {step.column}]"
    *parts, total = first.replace("≈", "=").split("= ")
    assert is_printed(total, value - bias)
    total_again, bias_text, shown = re.fullmatch(r"(\S+) \+ bias (\S+) [=≈] (\S+)", second).groups()
    assert total_again == total and is_printed(bias_text, bias) and is_printed(shown, value)
    exact = abs(float(total) + float(bias_text) - float(shown)) < 1e-9
    assert (" = " in second) == exact, "an equals sign only where the printed numbers add up"


def test_integers_are_printed_as_integers():
    image = np.arange(25).reshape(5, 5) % 7
    animation = viz.animate_convolution(image, SOBEL, bias=3)
    animation.draw(animation.steps[0])
    images, products, output = panels(animation)
    assert visible(images[0])[1, 1] == str(image[1, 1])
    assert visible(products[0])[1, 0] == f"{image[1, 0]}\n× -2\n= {-2 * image[1, 0]}"
    total = int((image[:3, :3] * SOBEL).sum())
    assert visible(output) == {(0, 0): str(total + 3)}
    assert sum_text(animation) == (
        f"output[0, 0]:  sum of the 9 products = {total};  {total} + bias 3 = {total + 3}"
    )


def test_a_bias_of_zero_is_not_spoken_of():
    animation = viz.animate_convolution(np.ones((3, 3)), np.ones((3, 3)))
    animation.draw(animation.steps[0])
    assert sum_text(animation) == "output[0, 0]:  sum of the 9 products = 9"
    assert "bias" not in animation.figure.alt_text


def test_channels_are_summed_and_rounding_is_said():
    image = np.array([[[0.333, -0.333, 0.333]]])
    animation = viz.animate_convolution(image, np.ones((1, 1, 3)))
    animation.draw(animation.steps[0])
    assert sum_text(animation).endswith("sums of the channels: 0.33 + (-0.33) + 0.33 = 0.33")
    animation = viz.animate_convolution(np.array([[[0.333, 0.333, 0.333]]]), np.ones((1, 1, 3)))
    animation.draw(animation.steps[0])
    assert sum_text(animation).endswith("0.33 + 0.33 + 0.33 ≈ 1.00")


def test_colors_follow_the_values():
    animation = viz.animate_convolution(np.arange(25).reshape(5, 5), SOBEL)
    for i, step in enumerate(animation.steps):
        animation.draw(step)
        _, (products,), output = panels(animation)
        assert (products.images[0].get_array() == step.products[0]).all()
        assert output.images[0].get_array()[step.row, step.column] == step.output
        assert output.images[0].get_array().count() == i + 1


def test_many_outputs_are_shown_in_36_steps():
    animation = viz.animate_convolution(np.zeros((12, 12)), np.ones((3, 3)))
    places = [(step.row, step.column) for step in animation.steps]
    assert len(places) == 36 and places == sorted(set(places))
    assert places[:18] == [divmod(i, 10) for i in range(18)] and places[-1] == (9, 9)
    animation.draw(animation.steps[35])
    assert len(visible(panels(animation)[2])) == 100


def test_the_dashed_line_is_the_edge_of_the_image():
    animation = viz.animate_convolution(np.ones((4, 5)), np.ones((2, 3)), padding="same")
    _, edge = panels(animation)[0][0].patches
    assert (edge.get_xy(), edge.get_width(), edge.get_height()) == ((0.5, -0.5), 5, 4)
    plain = viz.animate_convolution(np.ones((4, 5)), np.ones((2, 3)))
    assert len(panels(plain)[0][0].patches) == 1


def test_a_photo_and_the_filter_of_a_layer():
    layer = keras.layers.Conv2D(4, 3)
    layer.build((None, 8, 8, 3))
    photo = data.load_photo("cat")[100:108, 150:158]
    animation = viz.animate_convolution(photo, layer.kernel[..., 1])
    expected = np.asarray(layer(photo[None].astype(np.float32)))[0, :, :, 1]
    for step in animation.steps:
        assert step.output == pytest.approx(expected[step.row, step.column], abs=1e-3)


@pytest.mark.parametrize(
    "image, kernel, settings, words",
    [
        (np.zeros((5, 5)), np.zeros((3, 3, 3)), {}, r"shape \(height, width\), .* 1 channel\."),
        (np.zeros((5, 5, 3)), np.zeros((3, 3)), {}, r"3 channels. Received: kernel.shape=\(3, 3\)"),
        (np.zeros((5, 5)), np.zeros(3), {}, "`kernel` must have shape"),
        (np.zeros((9, 9)), np.zeros((6, 3)), {}, "1 to 5 rows and columns"),
        (np.zeros((9, 9)), np.zeros((0, 3)), {}, "1 to 5 rows and columns"),
        (np.zeros((5, 5)), np.full((3, 3), np.nan), {}, "`kernel` must hold finite"),
        (np.full((5, 5), np.nan), np.zeros((3, 3)), {}, "25 NaN"),
        (np.zeros((5, 5)), np.zeros((3, 3)), dict(bias=np.inf), "`bias` must hold finite"),
        (np.zeros((5, 5)), np.zeros((3, 3)), dict(strides=0), "`strides` must be"),
        (np.zeros((5, 5)), np.zeros((3, 3)), dict(padding="full"), "`padding` must be"),
        (np.zeros((2, 5)), np.zeros((3, 3)), {}, "must fit into the padded image"),
        (np.zeros((13, 5)), np.zeros((3, 3)), {}, r"`image\[100:108, 50:58\]`. Received: 13 x 5"),
        (np.zeros((11, 5, 3)), np.zeros((3, 3, 3)), {}, "at most 10 rows"),
        (np.zeros((5, 5, 5)), np.zeros((3, 3, 5)), {}, r"`image\[..., :3\]`.*5 channels"),
    ],
)
def test_bad_input(image, kernel, settings, words):
    with pytest.raises(ValueError, match=words):
        viz.animate_convolution(image, kernel, **settings)


def test_in_words():
    animation = viz.animate_convolution(np.arange(16).reshape(4, 4), SOBEL, bias=-0.5)
    assert animation.figure.alt_text == (
        "A filter of 3 by 3, row by row −1, 0, 1; −2, 0, 2; −1, 0, 1, slides over an image of "
        "4 by 4, with stride 1, in 4 steps. The sum of pixel times weight, plus the bias −0.5, is "
        "one number of the output of 2 by 2, row by row 7.5, 7.5; 7.5, 7.5."
    )


def test_channels_padding_and_many_outputs_in_words():
    image, kernel = np.ones((8, 8, 2)), np.full((2, 1, 2), 0.25)
    animation = viz.animate_convolution(image, kernel, padding=((1, 0), (0, 2)), strides=(1, 2))
    assert animation.figure.alt_text == (
        "A filter of 2 rows by 1 column slides over an image of 8 by 8 and 2 "
        "channels, padded with zeros (1 above, 0 below, 0 left, 2 right), with strides of 1 row "
        "and 2 columns, in 18 of 40 steps. The sum of pixel times weight is one number of the "
        "output of 8 rows by 5 columns, values from 0 to 1."
    )
