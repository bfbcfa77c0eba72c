"""Animate a convolution: one number of the output after the other."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from matplotlib.patches import Rectangle

from cnnkit._checks import as_pair, check_finite
from cnnkit.reference import borders, conv2d
from cnnkit.viz._alt_text import (
    array_in_words,
    describe,
    rounded,
    row_by_row,
    rows_and_columns,
    strides_in_words,
)
from cnnkit.viz._colors import choose_colors, signed_colors
from cnnkit.viz._images import as_image
from cnnkit.viz._numbers import equals, in_brackets, number_format, number_text, number_texts
from cnnkit.viz.animations._animation import MAX_STEPS, Animation
from cnnkit.viz.animations._cell_grid import (
    CellGrid,
    Outline,
    OutputGrid,
    check_sides,
    draw_numbers,
    shown_places,
    steps_in_words,
)
from cnnkit.viz.animations._stage import window_stage

_MAX_SIDE = 12
_MAX_SIDE_OF_CHANNELS = 10  # which are smaller
_MAX_KERNEL_SIDE = 5
_MAX_CHANNELS = 4


@dataclass(frozen=True, eq=False)
class ConvolutionStep:
    """What one frame of `animate_convolution` shows.

    Attributes:
        row: Of the output that is calculated.
        column: Of the output that is calculated.
        top: The first row of the image with its padding that the kernel covers.
        left: The first column that it covers.
        pixels: Array of shape `(channels, kernel_height, kernel_width)`: what the kernel covers.
        products: Array of the same shape: `pixels` times the weights.
        total: The sum of the products.
        output: `total` and the bias.
    """

    row: int
    column: int
    top: int
    left: int
    pixels: np.ndarray
    products: np.ndarray
    total: float
    output: float


def animate_convolution(image, kernel, *, strides=1, padding="valid", bias=0.0):
    """Animate how a filter slides over an image, as a convolution layer does it.

    Each frame shows the window on the image, its padding included, each pixel times its weight,
    their sum, and the output so far. An output of more than 36 numbers, or of more than 18 of an
    image with channels, is shown in so many steps: half of them are the first numbers, half are
    spread over the others, up to the last. "≈" stands where the rounded numbers are not exact.

    Args:
        image: Grey or with up to 4 channels, in one of the forms that `plot_images` takes. With
            its padding it has at most 12 rows and columns, or 10 if it has several channels.
        kernel: Array of shape `(kernel_height, kernel_width)` or, for an image with channels,
            `(kernel_height, kernel_width, channels)`, such as `layer.kernel[..., 0]`.
        strides: An integer or a pair `(vertical, horizontal)`.
        padding: "valid", "same", an integer, `(vertical, horizontal)` or
            `((top, bottom), (left, right))`.
        bias: A number that is added to each sum.

    Returns:
        An `Animation`, which a notebook plays. Its `steps` are a list with one `ConvolutionStep` a
        frame. It is saved by `.save("convolution.gif")`.

    Example:

    >>> import numpy as np
    >>> from cnnkit import viz
    >>> image = np.random.default_rng(0).integers(0, 10, (6, 6))
    >>> sobel = [[1, 0, -1], [2, 0, -2], [1, 0, -1]]
    >>> animation = viz.animate_convolution(image, sobel, strides=2, padding="same")
    >>> len(animation.steps)
    9
    >>> animation.save("steps.gif")
    """
    image, kernel = _check(image, kernel)
    check_finite(np.asarray(bias, np.float64), "bias")
    strides = as_pair(strides, "strides")
    border = borders(padding, image.shape[:2], kernel.shape[:2], strides, (1, 1))
    _check_size(image.shape, border)
    padded = np.pad(image, [*border, (0, 0)])
    output = conv2d(padded[None], kernel[..., None], [bias], strides=strides)[0, :, :, 0]
    steps = _steps(padded, kernel, strides, output)
    scene = _Scene(padded, kernel, float(bias), output, steps)
    if np.any(border):
        scene.outline_image(border, image.shape[:2])
    describe(scene.stage.figure, _in_words(image, border, kernel, strides, bias, output, steps))
    return Animation(scene.stage.figure, scene.draw, steps)


def _in_words(image, border, kernel, strides, bias, output, steps):
    n_channels = image.shape[-1]
    words = f"A filter of {rows_and_columns(kernel.shape)}"
    if n_channels == 1:
        words += f", row by row {row_by_row(kernel[..., 0])},"
    words += f" slides over an image of {rows_and_columns(image.shape)}"
    if n_channels > 1:
        words += f" and {n_channels} channels"
    if np.any(border):
        (top, bottom), (left, right) = border
        words += f", padded with zeros ({top} above, {bottom} below, {left} left, {right} right)"
    plus = f", plus the bias {rounded(float(bias))}," if bias else ""
    return (
        f"{words}, {strides_in_words(strides)}, in {steps_in_words(steps, output.size)}. The sum "
        f"of pixel times weight{plus} is one number of the output of {array_in_words(output)}."
    )


def _check(image, kernel):
    """Both as float64 with an axis of channels."""
    image, kernel = as_image(image).astype(np.float64), np.asarray(kernel, np.float64)
    image = image[..., None] if image.ndim == 2 else image
    shape = kernel.shape
    kernel = kernel[..., None] if kernel.ndim == 2 else kernel
    n_channels = image.shape[-1]
    if kernel.ndim != 3 or kernel.shape[-1] != n_channels:
        wanted = "(height, width)" if n_channels == 1 else f"(height, width, {n_channels})"
        raise ValueError(
            f"`kernel` must have shape {wanted}, as the image has {n_channels} channel"
            f"{'s' * (n_channels > 1)}. Received: kernel.shape={shape}"
        )
    if not 1 <= min(kernel.shape[:2]) <= max(kernel.shape[:2]) <= _MAX_KERNEL_SIDE:
        raise ValueError(
            f"`kernel` must have 1 to {_MAX_KERNEL_SIDE} rows and columns, so that its products "
            f"are legible. Received: kernel.shape={shape}"
        )
    check_finite(kernel, "kernel")
    return image, kernel


def _check_size(shape, border):
    height, width = (size + sum(widths) for size, widths in zip(shape, border, strict=False))
    n_channels = shape[-1]
    largest = _MAX_SIDE if n_channels == 1 else _MAX_SIDE_OF_CHANNELS
    check_sides(height, width, largest, "`image` with its padding")
    if n_channels > _MAX_CHANNELS:
        raise ValueError(
            f"`image` must have at most {_MAX_CHANNELS} channels: choose some, as in "
            f"`image[..., :3]` and `kernel[..., :3]`. Received: {n_channels} channels"
        )


def _steps(padded, kernel, strides, output):
    n_steps = MAX_STEPS if padded.shape[-1] == 1 else MAX_STEPS // 2
    places = shown_places(output.shape, n_steps)
    return [_step(padded, kernel, strides, output, place) for place in places]


def _step(padded, kernel, strides, output, place):
    top, left = np.multiply(place, strides).tolist()
    pixels = padded[top : top + kernel.shape[0], left : left + kernel.shape[1]]
    pixels, weights = np.moveaxis(pixels, -1, 0), np.moveaxis(kernel, -1, 0)
    products = pixels * weights
    total, value = float(products.sum()), float(output[place])
    return ConvolutionStep(*place, top, left, pixels, products, total, value)


class _Scene:
    """The image on the left, its products with the kernel in the middle, the output on the right.

    One number has one format in all frames, so that each is printed in the same way wherever it
    stands.
    """

    def __init__(self, padded, kernel, bias, output, steps):
        channels = np.moveaxis(padded, -1, 0)
        self.stage = window_stage(len(channels), "pixel × weight")
        self.weights = number_texts(np.moveaxis(kernel, -1, 0))
        self.bias = number_text(bias, number_format(bias))
        self.pixel_format = number_format([step.pixels for step in steps])
        self.product_format = number_format([step.products for step in steps])
        self.total_format = number_format([step.total for step in steps])
        panels = self.stage.panels
        self.images = [panels[f"image {i}"] for i in range(len(channels))]
        draw_numbers(self.images, channels, choose_colors([padded], "gray"))
        self.windows = [Outline(ax, *kernel.shape[:2]) for ax in self.images]
        colors = signed_colors([step.products for step in steps])
        texts = zip(*map(self._texts, steps), strict=True)  # those of each channel
        self.products = [
            CellGrid(panels[f"window {i}"], of_it, colors) for i, of_it in enumerate(texts)
        ]
        self.output = OutputGrid(panels["output"], output, signed_colors([output]))

    def outline_image(self, border, shape):
        """Mark where the image ends and its padding begins."""
        corner = border[1][0] - 0.5, border[0][0] - 0.5
        for ax in self.images:
            style = dict(fill=False, edgecolor="0.5", linestyle="--", linewidth=1.5)
            ax.add_patch(Rectangle(corner, shape[1], shape[0], **style))

    def draw(self, step):
        """Draw one frame."""
        for window in self.windows:
            window.move(step.top, step.left)
        for grid, products, texts in zip(
            self.products, step.products, self._texts(step), strict=True
        ):
            grid.show(products, texts)
        self.output.show(step.row, step.column)
        self.stage.sentence.set_text(self._sentence(step))

    def _texts(self, step):
        """What stands in the cells: `(channels, kernel_height, kernel_width)` texts."""
        pixels = number_texts(step.pixels, self.pixel_format)
        products = number_texts(step.products, self.product_format)
        texts = np.empty(products.shape, object)
        for i in np.ndindex(texts.shape):
            sign = equals(Decimal(pixels[i]) * Decimal(self.weights[i]), products[i])
            texts[i] = f"{pixels[i]}\n× {self.weights[i]}\n{sign} {products[i]}"
        return texts

    def _sentence(self, step):
        """The sum of the products, and the output that it gives."""
        output = self.output.texts[step.row, step.column]
        total = number_text(step.total, self.total_format)
        parts = number_texts(step.products, self.product_format)
        what = f"sum of the {parts.size} products"
        if len(parts) > 1:  # then the sum of each channel
            parts = number_texts(step.products.sum(axis=(1, 2)), self.product_format)
            what = "sums of the channels: " + " + ".join(map(in_brackets, parts))
        first = equals(sum(map(Decimal, parts.flat)), total)
        sentence = f"output[{step.row}, {step.column}]:  {what} {first} {total}"
        if Decimal(self.bias) == 0:
            return sentence
        second = equals(Decimal(total) + Decimal(self.bias), output)
        return f"{sentence};  {total} + bias {self.bias} {second} {output}"
