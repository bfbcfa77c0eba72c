"""Animate a convolution: one number of the output after the other."""

from decimal import Decimal
from typing import NamedTuple

import numpy as np
from matplotlib.patches import Rectangle

from cnnkit._checks import as_pair
from cnnkit.reference import borders, conv2d
from cnnkit.viz._cells import (
    SIGNED,
    number_format,
    number_text,
    number_texts,
    text_colours,
    write_in_cells,
)
from cnnkit.viz._images import as_image
from cnnkit.viz._ranges import check_finite, symmetric_range
from cnnkit.viz.animations._animation import MAX_FRAMES, Animation
from cnnkit.viz.animations._sliding_window import (
    SlidingWindow,
    check_sides,
    equals,
    in_brackets,
    shown_places,
)

_MAX_SIDE = 12
_MAX_SIDE_OF_CHANNELS = 10  # which are smaller
_MAX_KERNEL_SIDE = 5
_MAX_CHANNELS = 4


class Step(NamedTuple):
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


def animate_convolution(image, kernel, *, stride=1, padding="valid", bias=0.0):
    """Animate how a filter slides over an image, as a convolution layer does it.

    Each frame shows the window on the image, its padding included, each pixel times its weight,
    their sum, and the output so far. An output of more than 36 numbers, or of more than 18 of an
    image with channels, is shown in so many steps: half of them are the first numbers, half are
    spread over the others, up to the last. "≈" stands where the rounded numbers are not exact.

    Args:
        image: Grey or with up to 4 channels, in one of the forms that `as_images` accepts. With
            its padding it has at most 12 rows and columns, or 10 if it has several channels.
        kernel: Array of shape `(kernel_height, kernel_width)` or, for an image with channels,
            `(kernel_height, kernel_width, channels)`, such as `layer.kernel[..., 0]`.
        stride: An integer or a pair `(vertical, horizontal)`.
        padding: "valid", "same", an integer, `(vertical, horizontal)` or
            `((top, bottom), (left, right))`.
        bias: A number that is added to each sum.

    Returns:
        An `Animation`, which a notebook plays. Its `steps` are a list with one `Step` a frame. It
        is saved by `.save("convolution.gif")`.

    Raises:
        ValueError: If a shape or a setting does not fit, a value is not finite, or the image has
            too many pixels or channels to show its numbers.
    """
    image, kernel = _check(image, kernel)
    check_finite(np.asarray(bias, np.float64), "bias")
    strides = as_pair(stride, "stride")
    border = borders(padding, image.shape[:2], kernel.shape[:2], strides, (1, 1))
    _check_size(image.shape, border)
    padded = np.pad(image, [*border, (0, 0)])
    output = conv2d(padded[None], kernel[..., None], [bias], strides=strides)[0, :, :, 0]
    steps = _steps(padded, kernel, strides, output)
    picture = _Picture(padded, kernel, output, steps, float(bias))
    picture.outline_image(border, image.shape[:2])
    animation = Animation(picture.figure, picture.draw, len(steps))
    animation.steps = steps
    return animation


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
    n_frames = MAX_FRAMES if padded.shape[-1] == 1 else MAX_FRAMES // 2
    places = shown_places(output.shape, n_frames)
    return [_step(padded, kernel, strides, output, place) for place in places]


def _step(padded, kernel, strides, output, place):
    top, left = (at * stride for at, stride in zip(place, strides, strict=True))
    pixels = padded[top : top + kernel.shape[0], left : left + kernel.shape[1]]
    pixels, weights = np.moveaxis(pixels, -1, 0), np.moveaxis(kernel, -1, 0)
    products = pixels * weights
    return Step(*place, top, left, pixels, products, float(products.sum()), float(output[place]))


class _Picture(SlidingWindow):
    def __init__(self, padded, kernel, output, steps, bias):
        super().__init__(padded, kernel.shape[:2], output, steps, "pixel × weight")
        self.kernel, self.bias = kernel, bias
        self._draw_products()

    def outline_image(self, border, shape):
        """Mark where the image ends and its padding begins."""
        if not np.any(border):
            return
        corner = border[1][0] - 0.5, border[0][0] - 0.5
        for ax in self.images:
            style = dict(fill=False, edgecolor="0.5", linestyle="--", linewidth=1.5)
            ax.add_patch(Rectangle(corner, shape[1], shape[0], **style))

    def _draw_products(self):
        low, high = symmetric_range([step.products for step in self.steps])
        self.products = []
        self.product_format = number_format([step.products for step in self.steps])
        self.pixel_format = number_format([step.pixels for step in self.steps])
        all_texts = map(self._product_texts, self.steps)
        longest = max(all_texts, key=lambda texts: max(map(len, texts.flat)))  # has to fit
        for ax, texts in zip(self.middle, longest, strict=True):
            zeros = np.zeros(self.kernel.shape[:2])
            picture = ax.imshow(zeros, cmap=SIGNED, vmin=low, vmax=high, animated=True)
            self.products.append((picture, write_in_cells(ax, picture, texts, animated=True)))

    def _product_texts(self, step):
        """What stands in the cells: `(channels, kernel_height, kernel_width)` texts."""
        pixels = number_texts(step.pixels, self.pixel_format)
        weights = number_texts(np.moveaxis(self.kernel, -1, 0))
        products = number_texts(step.products, self.product_format)
        texts = np.empty(products.shape, object)
        for i in np.ndindex(texts.shape):
            sign = equals(Decimal(pixels[i]) * Decimal(weights[i]), products[i])
            texts[i] = f"{pixels[i]}\n× {weights[i]}\n{sign} {products[i]}"
        return texts

    def describe(self, step):
        """The sum of the products, and the output that it gives."""
        output = self.outputs[step.row, step.column]
        total = number_text(step.total, number_format([step.total for step in self.steps]))
        bias = number_text(self.bias, number_format(self.bias))
        parts = number_texts(step.products, self.product_format)
        what = f"sum of the {parts.size} products"
        if len(parts) > 1:  # then the sum of each channel
            parts = number_texts(step.products.sum(axis=(1, 2)), self.product_format)
            what = "sums of the channels: " + " + ".join(in_brackets(part) for part in parts)
        first = equals(sum(map(Decimal, parts.flat)), total)
        second = equals(Decimal(total) + Decimal(bias), output)
        place = f"output[{step.row}, {step.column}]"
        return f"{place}:  {what} {first} {total};  {total} + bias {bias} {second} {output}"

    def draw_window(self, step):
        for (picture, cells), products, texts in zip(
            self.products, step.products, self._product_texts(step), strict=True
        ):
            picture.set_data(products)
            for cell, text, colour in zip(
                cells.flat, texts.flat, np.ravel(text_colours(picture)), strict=True
            ):
                cell.set(text=text, color=colour)
