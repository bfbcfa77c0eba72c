"""Animate a pooling: one number of the output after the other."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from cnnkit._checks import as_generator, as_pair
from cnnkit.reference import count_positions
from cnnkit.viz._alt_text import array_in_words, describe, rows_and_columns, strides_in_words
from cnnkit.viz._colors import choose_colors
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
_MAX_POOL_SIDE = 5
_MAX_TERMS = 4  # that are written out in a sum
_INSET = 0.06  # of a cell
_TITLES = {
    "max": "window: the largest value",
    "average": "window: the mean",
    "stochastic": "window: value and probability",
}
_WORDS = {
    "max": "The largest value in it",
    "average": "The mean of the values in it",
    "stochastic": "One value in it, drawn with a probability in proportion to the value,",
}


@dataclass(frozen=True, eq=False)
class PoolingStep:
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


def animate_pooling(image, *, pool_size=2, strides=None, kind="max", seed=None):
    """Animate how a window slides over a feature map, as a pooling layer does it.

    Each frame shows the window on the image, the values in it, what becomes of them, and the output
    so far. An output of more than 36 numbers is shown in so many steps, as in
    `animate_convolution`. "≈" stands where the rounded numbers are not exact.

    Args:
        image: Grey, or one channel of feature maps, in one of the forms that `plot_images` takes,
            of at most 12 rows and columns.
        pool_size: An integer or a pair `(vertical, horizontal)`, at most 5.
        strides: An integer or a pair. By default `pool_size`. There is no padding.
        kind: "max": the largest value wins, the first one if there are several; "average": their
            mean; or "stochastic": one value `a` is drawn with the probability `a / sum`, where
            negative values count as 0 (Zeiler and Fergus, 2013, arXiv:1301.3557, equation 4).
        seed: An integer or a `numpy.random.Generator`, for the same draws each time; None draws
            new numbers.

    Returns:
        An `Animation`, which a notebook plays. Its `steps` are a list with one `PoolingStep` a
        frame. It is saved by `.save("pooling.gif")`.

    Example:

    >>> import numpy as np
    >>> from cnnkit import viz
    >>> feature_map = np.random.default_rng(0).integers(0, 10, (6, 6))
    >>> animation = viz.animate_pooling(feature_map, pool_size=2, kind="average")
    >>> len(animation.steps)
    9
    """
    image, pool_size = _check(image, pool_size, kind)
    strides = pool_size if strides is None else as_pair(strides, "strides")
    sizes = zip(image.shape, pool_size, strides, strict=True)
    shape = [count_positions(n, (0, 0), window, step, 1) for n, window, step in sizes]
    rng = as_generator(seed)
    steps = [_step(image, pool_size, strides, place, kind, rng) for place in np.ndindex(*shape)]
    output = np.reshape([step.output for step in steps], shape)
    shown = set(shown_places(shape, MAX_STEPS))
    steps = [step for step in steps if (step.row, step.column) in shown]
    scene = _Scene(image, output, steps, kind)
    describe(scene.stage.figure, _in_words(image, pool_size, strides, kind, output, steps))
    return Animation(scene.stage.figure, scene.draw, steps)


def _in_words(image, pool_size, strides, kind, output, steps):
    return (
        f"A window of {rows_and_columns(pool_size)} slides over an image of "
        f"{rows_and_columns(image.shape)}, {strides_in_words(strides)}, in "
        f"{steps_in_words(steps, output.size)}. {_WORDS[kind]} is one number of the output of "
        f"{array_in_words(output)}."
    )


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
    top, left = np.multiply(place, strides).tolist()
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


class _Scene:
    """The image on the left, what the window holds in the middle, the output on the right."""

    def __init__(self, image, output, steps, kind):
        self.kind = kind
        self.pixels = number_texts(image)
        self.total_format = number_format([step.pixels.sum() for step in steps])
        self.stage = window_stage(1, _TITLES[kind])
        image_ax, window_ax, output_ax = self.stage.figure.axes
        colors = choose_colors([image], "gray")  # what comes out is of the kind of what goes in
        draw_numbers([image_ax], image[None], colors)
        self.window = Outline(image_ax, *steps[0].pixels.shape)
        self.values = CellGrid(window_ax, [self._texts(step) for step in steps], colors)
        self.output = OutputGrid(output_ax, output, colors)
        output_ax.patch.set(hatch="///", edgecolor="0.85")  # white would be a value
        style = dict(inset=_INSET, edgecolor="C2", linestyle="--", linewidth=2.5, zorder=6)
        self.marks = [Outline(ax, 1, 1, **style) for ax in (image_ax, window_ax)]

    def draw(self, step):
        """Draw one frame."""
        self.window.move(step.top, step.left)
        self.values.show(step.pixels, self._texts(step))
        self.output.show(step.row, step.column)
        self._mark_winner(step)
        self.stage.sentence.set_text(self._sentence(step))

    def _mark_winner(self, step):
        for mark in self.marks:
            mark.rectangle.set_visible(step.winner is not None)
        if step.winner is not None:
            row, column = step.winner
            on_image, in_window = self.marks
            on_image.move(step.top + row, step.left + column)
            in_window.move(row, column)

    def _pixels(self, step):
        """The numbers in the window as text: `(pool_height, pool_width)`."""
        height, width = step.pixels.shape
        return self.pixels[step.top : step.top + height, step.left : step.left + width]

    def _texts(self, step):
        """What stands in the cells of the window."""
        if step.probabilities is None:
            return self._pixels(step)
        return self._pixels(step) + "\np = " + number_texts(step.probabilities, ".2f")

    def _sentence(self, step):
        output = self.output.texts[step.row, step.column]
        place = f"output[{step.row}, {step.column}]"
        if self.kind == "average":
            return f"{place}:  {self._mean(step, output)}"
        if self.kind == "max":
            return f"{place} = {output}:  the largest of the {step.pixels.size} values"
        if step.winner is None:
            return f"{place} = {output}:  no value is above 0, so none is drawn"
        chance = number_text(step.probabilities[step.winner], ".2f")
        return f"{place} = {output}:  drawn with probability {chance}"

    def _mean(self, step, output):
        n, terms = step.pixels.size, self._pixels(step).ravel()
        total = number_text(step.pixels.sum(), self.total_format)
        first = equals(sum(map(Decimal, terms)), total)
        second = equals(Decimal(total) / n, output)
        what = f"sum of the {n} values"
        if n <= _MAX_TERMS:
            what = " + ".join(map(in_brackets, terms))
        return f"{what} {first} {total};  {total} / {n} {second} {output}"
