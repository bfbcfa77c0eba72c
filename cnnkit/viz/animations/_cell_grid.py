"""Cells with texts that change from frame to frame, and what is drawn around them."""

import numpy as np
from matplotlib.patches import Rectangle

from cnnkit.viz._alt_text import counted
from cnnkit.viz._cells import draw_edges, font_size, write_in_cells
from cnnkit.viz._colors import text_colors
from cnnkit.viz._numbers import number_texts


class CellGrid:
    """A picture with a text in each cell, both of which change.

    Args:
        ax: The `Axes`.
        texts: All texts that may be shown, a list of arrays of shape `(rows, columns)`: each has
            to fit.
        colors: A dictionary of the `cmap`, `vmin` and `vmax` of `imshow`.
    """

    def __init__(self, ax, texts, colors):
        self.picture = ax.imshow(np.zeros(texts[0].shape), animated=True, **colors)
        size = min(font_size(ax, each) for each in texts)
        self.texts = write_in_cells(ax, self.picture, texts[0], fontsize=size, animated=True)
        draw_edges(ax, self.picture, animated=True)

    def show(self, values, texts):
        """Show values and texts, both of shape `(rows, columns)`. Masked values leave a hole."""
        self.picture.set_data(values)
        colors = text_colors(self.picture)
        for cell, text, color in zip(self.texts.flat, texts.flat, colors.flat, strict=True):
            cell.set(text=text, color=color)


class OutputGrid:
    """The output so far: its last value is outlined, and what comes after it is left empty.

    Args:
        ax: The `Axes`.
        output: Array of shape `(rows, columns)`.
        colors: As in `CellGrid`.

    Attributes:
        texts: The numbers of `output` as text, an array of its shape.
    """

    def __init__(self, ax, output, colors):
        self.output, self.texts = output, number_texts(output)
        self.grid, self.outline = CellGrid(ax, [self.texts], colors), Outline(ax, 1, 1)

    def show(self, row, column):
        """Show the output up to a place."""
        order = np.arange(self.output.size).reshape(self.output.shape)
        is_hidden = order > order[row, column]
        self.grid.show(
            np.ma.array(self.output, mask=is_hidden), np.where(is_hidden, "", self.texts)
        )
        self.outline.move(row, column)


class Outline:
    """A frame around some cells, which moves.

    Args:
        ax: The `Axes`.
        height, width: How many cells.
        inset: How far inside of them, as a part of a cell.
        **style: Properties of the `matplotlib.patches.Rectangle`.
    """

    def __init__(self, ax, height, width, inset=0.0, **style):
        style = dict(fill=False, edgecolor="C1", linewidth=3, zorder=5, animated=True) | style
        self.inset = inset
        size = width - 2 * inset, height - 2 * inset
        self.rectangle = ax.add_patch(Rectangle((0, 0), *size, **style))

    def move(self, row, column):
        """Put it where the cell in its top left corner is."""
        self.rectangle.set_xy((column + self.inset - 0.5, row + self.inset - 0.5))


def draw_numbers(axes, channels, colors):
    """Draw the channels of an image, which stand still, all numbers in one format and size."""
    texts = number_texts(channels)
    size = min(map(font_size, axes, texts))
    for ax, values, of_it in zip(axes, channels, texts, strict=True):
        picture = ax.imshow(values, **colors)
        write_in_cells(ax, picture, of_it, fontsize=size)
        draw_edges(ax, picture)


def shown_places(shape, n_steps):
    """The `(row, column)` of the outputs that are shown, if need be not all of them.

    Half of them are then the first, and half are spread over the others, up to the last.
    """
    n = shape[0] * shape[1]
    shown = np.arange(n)
    if n > n_steps:
        first = n_steps // 2
        others = np.linspace(first, n - 1, n_steps - first)
        shown = np.concatenate([shown[:first], others.round().astype(int)])
    return [divmod(int(i), shape[1]) for i in shown]


def steps_in_words(steps, n_outputs):
    """How many steps, and of how many if not all outputs are shown."""
    return f"{len(steps)} of " * (len(steps) < n_outputs) + counted(n_outputs, "step")


def check_sides(height, width, largest, what="`image`"):
    """Raise `ValueError` if an image has too many rows or columns to show its numbers."""
    if max(height, width) > largest:
        raise ValueError(
            f"{what} must have at most {largest} rows and columns, so that its numbers are "
            f"legible: choose a part, as in `image[100:108, 50:58]`. "
            f"Received: {height} x {width}"
        )
