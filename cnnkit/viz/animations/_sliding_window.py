"""What animations of a window that slides over an image share."""

from decimal import Decimal

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cnnkit.viz._cells import SIGNED, font_size, frame, number_texts, write_in_cells
from cnnkit.viz._ranges import symmetric_range


class SlidingWindow:
    """The figure: the image on the left, the window in the middle, the output on the right.

    Each channel has a row of panels. A class of its own draws the window: `draw_window(step)` the
    cells of the middle, and `describe(step)` the text below.

    Args:
        image: Array of shape `(height, width, channels)`, with its padding.
        window_size: A pair `(height, width)`.
        output: Array of shape `(output_height, output_width)`.
        steps: What each frame shows: objects with `row`, `column` (of the output), `top` and
            `left` (of the window).
        title: The text above the window.
    """

    def __init__(self, image, window_size, output, steps, title):
        self.window_size, self.output, self.steps = window_size, output, steps
        n_channels = image.shape[-1]
        # Not made by pyplot: a notebook would show it a second time, standing still.
        height = 4.3 if n_channels == 1 else 2.7 * n_channels + 0.5
        self.figure = Figure(figsize=(11, height), dpi=90, layout="constrained")
        grid = self.figure.add_gridspec(n_channels, 3, width_ratios=(1.2, 1, 1))
        self.images = [self.figure.add_subplot(grid[i, 0]) for i in range(n_channels)]
        self.middle = [self.figure.add_subplot(grid[i, 1]) for i in range(n_channels)]
        self.map = self.figure.add_subplot(grid[:, 2])
        room = self.figure.supxlabel(" ", fontsize=11)
        self._arrange(title)
        self._draw_images(image)
        self._draw_output(*self.output_colours(image))
        style = dict(transform=self.figure.transFigure, ha="center", va="bottom", animated=True)
        self.text = self.map.text(*room.get_position(), "", fontsize=11, **style)

    def _arrange(self, title):
        """Titles, and the layout once and for all: else the panels would tremble."""
        for i, (image, window) in enumerate(zip(self.images, self.middle, strict=True)):
            image.set_title("image" if len(self.images) == 1 else f"image, channel {i}")
            window.set_title(title)
        self.map.set_title("output")
        for ax in self.figure.axes:
            frame(ax)
        self.figure.draw_without_rendering()
        self.figure.set_layout_engine("none")

    def _draw_images(self, image):
        cmap, low, high = image_colours(image)
        texts = np.moveaxis(number_texts(image), -1, 0)
        size = min(font_size(ax, numbers) for ax, numbers in zip(self.images, texts, strict=True))
        self.windows = []
        for i, ax in enumerate(self.images):
            picture = ax.imshow(image[..., i], cmap=cmap, vmin=low, vmax=high)
            write_in_cells(ax, picture, texts[i], fontsize=size)
            self.windows.append(outline(ax, *self.window_size))

    def output_colours(self, image):
        """The colour map of the output and its range."""
        return SIGNED, *symmetric_range([self.output])

    def _draw_output(self, cmap, low, high):
        shown = np.ma.masked_all(self.output.shape)
        self.shown = self.map.imshow(shown, cmap=cmap, vmin=low, vmax=high, animated=True)
        self.shown.set_data(self.output)  # for the colours of the numbers
        self.outputs = number_texts(self.output)
        self.numbers = write_in_cells(self.map, self.shown, self.outputs, animated=True)
        self.cell = outline(self.map, 1, 1)

    def draw(self, i):
        """Draw frame `i`."""
        step = self.steps[i]
        for window in self.windows:
            window.set_xy((step.left - 0.5, step.top - 0.5))
        self.draw_window(step)
        done = np.arange(self.output.size).reshape(self.output.shape)
        done = done <= step.row * self.output.shape[1] + step.column
        self.shown.set_data(np.ma.array(self.output, mask=~done))
        for number, visible in zip(self.numbers.flat, done.flat, strict=True):
            number.set_visible(visible)
        self.cell.set_xy((step.column - 0.5, step.row - 0.5))
        self.text.set_text(self.describe(step))


def image_colours(image):
    """The colour map and its range: grey from 0, or blue and red if there are negative values."""
    if image.min() < 0:
        return SIGNED, *symmetric_range([image])
    return "gray", 0, image.max() or 1.0


def outline(ax, height, width, **options):
    """A rectangle of so many cells, in the top left corner until it is moved."""
    style = dict(fill=False, edgecolor="C1", linewidth=3, zorder=5, animated=True)
    return ax.add_patch(Rectangle((-0.5, -0.5), width, height, **style | options))


def shown_places(shape, n_frames):
    """The `(row, column)` of the outputs that are shown, if need be not all of them.

    Half of them are then the first, and half are spread over the others, up to the last.
    """
    n = shape[0] * shape[1]
    shown = np.arange(n)
    if n > n_frames:
        first = n_frames // 2
        others = np.linspace(first, n - 1, n_frames - first)
        shown = np.concatenate([shown[:first], others.round().astype(int)])
    return [divmod(int(i), shape[1]) for i in shown]


def check_sides(height, width, largest, what="`image`"):
    """Raise `ValueError` if an image has too many rows or columns to show its numbers."""
    if max(height, width) > largest:
        raise ValueError(
            f"{what} must have at most {largest} rows and columns, so that its numbers are "
            f"legible: choose a part, as in `image[100:108, 50:58]`. "
            f"Received: {height} x {width}"
        )


def equals(value, text):
    """An equals sign if a number, a `Decimal`, is the printed one, and else "≈"."""
    return "=" if value == Decimal(text) else "≈"


def in_brackets(number):
    """A printed number, in brackets if it is negative."""
    return f"({number})" if number.startswith("-") else number
