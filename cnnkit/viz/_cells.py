"""Draw a matrix as cells, with a text written in each."""

import numpy as np
from matplotlib.collections import LineCollection

from cnnkit.viz._colors import text_colors


def cells_size(n_rows, n_columns, side=0.5, largest=6.5):
    """The `figsize` at which cells have about `side` inches, and less if there are many."""
    side = min(side, 9 / n_columns, largest / n_rows)
    return n_columns * side + 0.9, n_rows * side + 0.9


def write_in_cells(ax, picture, texts, **options):
    """Write one text in each cell, as large as fits, light on dark cells and dark on light ones.

    Args:
        ax: The `Axes`.
        picture: The `AxesImage` on it, with one pixel for each text.
        texts: An array of texts, of shape `(rows, columns)`.
        **options: Properties of the `matplotlib.text.Text`.

    Returns:
        An array of `matplotlib.text.Text` of the same shape.
    """
    left, _, _, top = picture.get_extent()
    colors = text_colors(picture)
    style = dict(ha="center", va="center", linespacing=1.1, fontsize=font_size(ax, texts))
    written = np.empty(texts.shape, object)
    for row, column in np.ndindex(texts.shape):
        x, y = left + column + 0.5, top + row + 0.5
        text, color = texts[row, column], colors[row, column]
        written[row, column] = ax.text(x, y, text, color=color, **style | options)
    return written


def draw_edges(ax, picture, **options):
    """Draw thin lines between the cells of a picture: neighbours of one colour stay apart."""
    left, right, bottom, top = picture.get_extent()
    lines = [[(left, y), (right, y)] for y in np.arange(top + 1, bottom)]
    lines += [[(x, top), (x, bottom)] for x in np.arange(left + 1, right)]
    style = dict(colors="0.7", linewidths=0.7, gid="edges") | options
    ax.add_collection(LineCollection(lines, **style), autolim=False)


def font_size(ax, texts):
    """The size, in points, at which all `texts` of shape `(rows, columns)` fit into cells."""
    side = cell_side(ax, *texts.shape)
    lines = [line for text in texts.flat for line in text.split("\n")]
    n_lines = max(text.count("\n") + 1 for text in texts.flat)
    by_width = 0.8 * side / (0.62 * max(1, *map(len, lines)))
    return min(by_width, 0.85 * side / (1.2 * n_lines), 11)


def cell_side(ax, n_rows, n_columns):
    """The side of a cell in points, before the figure is laid out."""
    box, (width, height) = ax.get_position(), ax.figure.get_size_inches()
    return 72 * min(box.width * width / n_columns, box.height * height / n_rows)


def frame(ax):
    """A thin line around, no ticks and no grid."""
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set(visible=True, color="0.6")
