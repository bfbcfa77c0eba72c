"""Draw a matrix of which most entries are 0."""

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import ListedColormap

from cnnkit.viz._cells import SIGNED, cell_axes, frame, number_texts, write_in_cells
from cnnkit.viz._ranges import check_finite, symmetric_range

_MAX_SIDE_WITH_NUMBERS = 32


def plot_matrix(matrix, *, ax=None, title=None, blocks=None):
    """Draw a matrix with its zeros left empty: blue below 0, red above.

    Args:
        matrix: An array of shape `(rows, columns)`.
        ax: The `Axes` to draw on. By default a new figure.
        title: The text above.
        blocks: `(rows, columns)` of the blocks between which lines are drawn.

    Returns:
        The `Axes`. Up to 32 rows and columns have their numbers written; larger ones have a colour
        bar.

    Raises:
        ValueError: If the shape does not fit, a value is not finite, or the blocks do not divide
            the matrix.
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.size == 0:
        raise ValueError(
            f"`matrix` must have shape (rows, columns). Received: matrix.shape={matrix.shape}"
        )
    check_finite(matrix, "matrix")
    _check_blocks(matrix.shape, blocks)
    ax = ax or cell_axes(*matrix.shape, side=0.4)
    low, high = symmetric_range([matrix])
    values = np.ma.masked_equal(matrix, 0)
    picture = ax.imshow(values, cmap=_without_white(), vmin=low, vmax=high)
    frame(ax)
    _draw_blocks(ax, matrix.shape, blocks or matrix.shape)
    if max(matrix.shape) <= _MAX_SIDE_WITH_NUMBERS:
        _write_numbers(ax, picture, matrix)
    else:
        ax.figure.colorbar(picture, ax=ax, fraction=0.05, pad=0.02, shrink=0.8)
    ax.set(xlabel=f"{matrix.shape[1]} columns", ylabel=f"{matrix.shape[0]} rows")
    if title is not None:
        ax.set_title(title)
    return ax


def _without_white():
    """A diverging map whose weakest colours are still seen beside an empty cell."""
    strengths = np.concatenate([np.linspace(0, 0.42, 128), np.linspace(0.58, 1, 128)])
    colours = ListedColormap(colormaps[SIGNED](strengths), "signed")
    return colours.with_extremes(bad="white")


def _write_numbers(ax, picture, matrix):
    texts = number_texts(matrix)
    texts[matrix == 0] = ""
    write_in_cells(ax, picture, texts)


def _check_blocks(shape, blocks):
    if blocks is None:
        return
    if (
        len(blocks) != 2
        or min(blocks) < 1
        or any(n % b for n, b in zip(shape, blocks, strict=True))
    ):
        raise ValueError(
            "`blocks` must be (rows, columns) that divide the matrix. "
            f"Received: blocks={blocks}, matrix.shape={shape}"
        )


def _draw_blocks(ax, shape, blocks):
    for row in range(blocks[0], shape[0], blocks[0]):
        ax.axhline(row - 0.5, color="0.75", linewidth=0.8)
    for column in range(blocks[1], shape[1], blocks[1]):
        ax.axvline(column - 0.5, color="0.75", linewidth=0.8)
