"""Draw a matrix as cells, with the number of each cell written in it."""

import math

import matplotlib.pyplot as plt
import numpy as np

SIGNED = "RdBu_r"  # blue is negative, red positive


def number_format(values):
    """The format that suits all `values`: integers as integers, else two or three digits."""
    values = np.abs(np.asarray(values, np.float64))
    largest = values.max(initial=0)
    if largest < 1e6 and (values == np.round(values)).all():
        return ".0f"
    if not 1e-3 <= largest < 1e6:
        return ".1e"
    if largest >= 100:
        return ".1f"
    return ".2f" if largest >= 0.1 else f".{1 - math.floor(math.log10(largest))}f"


def number_text(value, fmt):
    """A number as text, without the minus of "-0.00"."""
    text = format(value, fmt)
    return text.lstrip("-") if float(text) == 0 else text


def number_texts(values, fmt=None):
    """All numbers of an array as text, in one format: an object array of the same shape."""
    values = np.asarray(values, np.float64)
    fmt = fmt or number_format(values)
    texts = np.empty(values.shape, object)
    for where, value in np.ndenumerate(values):
        texts[where] = number_text(value, fmt)
    return texts


def cell_axes(n_rows, n_columns, side=0.5, largest=6.5):
    """New axes whose cells have about `side` inches, and less if there are many."""
    side = min(side, 9 / n_columns, largest / n_rows)
    size = (n_columns * side + 0.9, n_rows * side + 0.9)
    return plt.subplots(figsize=size, layout="constrained")[1]


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
    n_rows, n_columns = texts.shape
    left, _, _, top = picture.get_extent()
    colours = text_colours(picture)
    style = dict(ha="center", va="center", linespacing=1.1, fontsize=font_size(ax, texts))
    written = np.empty(texts.shape, object)
    for row, column in np.ndindex(n_rows, n_columns):
        x, y = left + column + 0.5, top + row + 0.5
        text, colour = texts[row, column], colours[row][column]
        written[row, column] = ax.text(x, y, text, color=colour, **style | options)
    return written


def text_colours(picture):
    """Black or white, whichever is the easier to read on each pixel of an `AxesImage`."""
    colours = picture.to_rgba(picture.get_array())[..., :3]
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]  # equal contrast to both at 0.179
    return np.where(luminance > 0.179, "black", "white").tolist()


def font_size(ax, texts):
    """The size, in points, at which all `texts` of shape `(rows, columns)` fit into cells."""
    box, (width, height) = ax.get_position(), ax.figure.get_size_inches()
    n_rows, n_columns = texts.shape
    side = 72 * min(box.width * width / n_columns, box.height * height / n_rows)  # points
    lines = [line for text in texts.flat for line in text.split("\n")]
    n_lines = max(text.count("\n") + 1 for text in texts.flat)
    by_width = 0.8 * side / (0.62 * max(1, *map(len, lines)))
    return min(by_width, 0.85 * side / (1.2 * n_lines), 11)


def frame(ax):
    """A thin line around, no ticks and no grid."""
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set(visible=True, color="0.6")
