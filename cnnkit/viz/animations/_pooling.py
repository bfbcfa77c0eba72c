"""Animate a pooling: one number of the output after the other."""

from decimal import Decimal
from typing import NamedTuple

import numpy as np

from cnnkit._checks import as_pair
from cnnkit.reference import count_positions
from cnnkit.viz._cells import number_format, number_text, number_texts, text_colours, write_in_cells
from cnnkit.viz._images import as_image
from cnnkit.viz.animations._animation import MAX_FRAMES, Animation
from cnnkit.viz.animations._sliding_window import (
    SlidingWindow,
    check_sides,
    equals,
    image_colours,
    in_brackets,
    outline,
    shown_places,
)

_MAX_SIDE = 12
_MAX_POOL_SIDE = 5
_MAX_TERMS = 4  # that are written out in a sum
_INSET = 0.06  # of a cell
_TITLES = {
    "max": "window: the largest value",
    "average": "window: the mean",
    "stochastic": "window: value and probability",
}


class PoolingStep(NamedTuple):
    """What one frame of `animate_pooling` shows.

    Attributes:
        row: Of the output that is calculated.
        column: Of the output that is calculated.
        top: The first row of the image in the window.
        left: The first column in the window.
        pixels: Array of shape `(pool_height, pool_width)`: what the window holds.
        probabilities: For stochastic pooling an array of the same shape, else None.
        winner: `(row, column)` in the window of the pixel that becomes the output. None for
            average pooling, and where stochastic pooling has nothing to draw.
        output: The number that comes out.
    """

    row: int
    column: int
    top: int
    left: int
    pixels: np.ndarray
    probabilities: np.ndarray | None
    winner: tuple | None
    output: float


def animate_pooling(image, pool_size=2, *, stride=None, kind="max", seed=None):
    """Animate how a window slides over a feature map, as a pooling layer does it.

    Each frame shows the window on the image, the values in it, what becomes of them, and the output
    so far. An output of more than 36 numbers is shown in so many steps, as in
    `animate_convolution`. "≈" stands where the rounded numbers are not exact.

    Args:
        image: Grey, or one channel of feature maps, in one of the forms that `as_images` accepts,
            of at most 12 rows and columns.
        pool_size: An integer or a pair `(vertical, horizontal)`, at most 5.
        stride: An integer or a pair. By default `pool_size`. There is no padding.
        kind: "max": the largest value wins, the first one if there are several; "average": their
            mean; or "stochastic": one value `a` is drawn with the probability `a / sum`, where
            negative values count as 0 (Zeiler and Fergus, 2013, arXiv:1301.3557, equation 4).
        seed: An integer, for the same draws each time.

    Returns:
        An `Animation`, which a notebook plays. Its `steps` are a list with one `PoolingStep` a
        frame. It is saved by `.save("pooling.gif")`.

    Raises:
        ValueError: If a setting does not fit, a value is not finite, or the image has several
            channels or too many pixels to show its numbers.
    """
    image, pool_size = _check(image, pool_size, kind)
    strides = pool_size if stride is None else as_pair(stride, "stride")
    sizes = zip(image.shape, pool_size, strides, strict=True)
    shape = [count_positions(n, (0, 0), window, step, 1) for n, window, step in sizes]
    rng = np.random.default_rng(seed)
    steps = [_step(image, pool_size, strides, place, kind, rng) for place in np.ndindex(*shape)]
    output = np.reshape([step.output for step in steps], shape)
    shown = set(shown_places(shape, MAX_FRAMES))
    steps = [step for step in steps if (step.row, step.column) in shown]
    picture = _Picture(image, pool_size, output, steps, kind)
    animation = Animation(picture.figure, picture.draw, len(steps))
    animation.steps = steps
    return animation


def _check(image, pool_size, kind):
    if kind not in _TITLES:
        kinds = ", ".join(f'"{name}"' for name in _TITLES)
        raise ValueError(f"`kind` must be one of {kinds}. Received: kind={kind!r}")
    image, pool_size = as_image(image).astype(np.float64), as_pair(pool_size, "pool_size")
    if image.ndim != 2:
        raise ValueError(
            "`image` must have one channel, as pooling treats each alone: choose one, as in "
            f"`image[..., 0]`. Received: image.shape={image.shape}"
        )
    check_sides(*image.shape, _MAX_SIDE)
    if max(pool_size) > _MAX_POOL_SIDE:
        raise ValueError(
            f"`pool_size` must be at most {_MAX_POOL_SIDE}, so that the values in the window are "
            f"legible. Received: pool_size={pool_size}"
        )
    return image, pool_size


def _step(image, pool_size, strides, place, kind, rng):
    top, left = (at * stride for at, stride in zip(place, strides, strict=True))
    pixels = image[top : top + pool_size[0], left : left + pool_size[1]]
    probabilities = winner = None
    if kind == "max":
        winner = np.unravel_index(pixels.argmax(), pixels.shape)
    if kind == "stochastic":
        probabilities = _probabilities(pixels)
        winner = _draw_winner(probabilities, rng)
    if kind == "average":
        output = pixels.mean()
    else:
        output = 0.0 if winner is None else pixels[winner]
    return PoolingStep(*place, top, left, pixels, probabilities, winner, float(output))


def _probabilities(pixels):
    activations = pixels.clip(min=0)
    return activations / (activations.sum() or 1.0)


def _draw_winner(probabilities, rng):
    if not probabilities.any():
        return None
    drawn = rng.choice(probabilities.size, p=probabilities.ravel())
    return np.unravel_index(drawn, probabilities.shape)


class _Picture(SlidingWindow):
    def __init__(self, image, pool_size, output, steps, kind):
        super().__init__(image[..., None], pool_size, output, steps, _TITLES[kind])
        self.kind = kind
        self.pixel_texts = number_texts(image)
        self.marks = [self._mark(ax) for ax in (self.images[0], self.middle[0])]
        self._draw_middle(image)
        self.map.patch.set(hatch="///", edgecolor="0.85")  # white would be a value

    def output_colours(self, image):
        return image_colours(image)  # what comes out is of the same kind as what goes in

    def _mark(self, ax):
        """The outline of the winner, a little inside of its cell."""
        side = 1 - 2 * _INSET
        return outline(ax, side, side, edgecolor="C2", linestyle="--", linewidth=2.5, zorder=6)

    def _draw_middle(self, image):
        cmap, low, high = image_colours(image)
        ax, longest = self.middle[0], max((self._texts(step) for step in self.steps), key=_length)
        style = dict(cmap=cmap, vmin=low, vmax=high, animated=True)
        self.window = ax.imshow(np.zeros(self.window_size), **style)
        self.cells = write_in_cells(ax, self.window, longest, animated=True)

    def _texts(self, step):
        """What stands in the cells: `(pool_height, pool_width)` texts."""
        height, width = self.window_size
        texts = self.pixel_texts[step.top : step.top + height, step.left : step.left + width]
        if step.probabilities is None:
            return texts
        return texts + "\np = " + number_texts(step.probabilities, ".2f")

    def draw_window(self, step):
        self.window.set_data(step.pixels)
        colours = np.ravel(text_colours(self.window))
        for cell, text, colour in zip(
            self.cells.flat, self._texts(step).flat, colours, strict=True
        ):
            cell.set(text=text, color=colour)
        for mark in self.marks:
            mark.set_visible(step.winner is not None)
        if step.winner is not None:
            row, column = step.winner
            on_image, in_window = self.marks
            corner = _INSET - 0.5
            on_image.set_xy((step.left + column + corner, step.top + row + corner))
            in_window.set_xy((column + corner, row + corner))

    def describe(self, step):
        output = self.outputs[step.row, step.column]
        place = f"output[{step.row}, {step.column}]"
        if self.kind == "average":
            return f"{place}:  {self._mean_text(step, output)}"
        if self.kind == "max":
            return f"{place} = {output}:  the largest of the {step.pixels.size} values"
        if step.winner is None:
            return f"{place} = {output}:  no value is above 0, so none is drawn"
        chance = number_text(step.probabilities[step.winner], ".2f")
        return f"{place} = {output}:  drawn with probability {chance}"

    def _mean_text(self, step, output):
        n = step.pixels.size
        height, width = step.pixels.shape
        terms = self.pixel_texts[step.top : step.top + height, step.left : step.left + width]
        total = number_text(step.pixels.sum(), number_format([s.pixels.sum() for s in self.steps]))
        first = equals(sum(map(Decimal, terms.flat)), total)
        second = equals(Decimal(total) / n, output)
        what = f"sum of the {n} values"
        if n <= _MAX_TERMS:
            what = " + ".join(map(in_brackets, terms.flat))
        return f"{what} {first} {total};  {total} / {n} {second} {output}"


def _length(texts):
    return max(map(len, texts.flat))
