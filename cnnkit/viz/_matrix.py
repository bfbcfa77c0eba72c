"""Draw a matrix of which most entries are 0."""

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import ListedColormap

from cnnkit._checks import check_finite
from cnnkit.viz._alt_text import (
    MAX_NUMBERS,
    after_title,
    describe,
    range_in_words,
    rounded,
    row_by_row,
    rows_and_columns,
)
from cnnkit.viz._cells import cells_size, frame, write_in_cells
from cnnkit.viz._colors import SIGNED, signed_colors
from cnnkit.viz._figure import begin, finish
from cnnkit.viz._numbers import number_texts

_MAX_SIDE_WITH_NUMBERS = 32


def plot_matrix(matrix, *, blocks=None, ax=None, title=None):
    """Draw a matrix with its zeros left empty: blue below 0, red above.

    Args:
        matrix: An array of shape `(rows, columns)`.
        blocks: `(rows, columns)` of the blocks between which lines are drawn.
        ax: The `Axes` to draw on. By default a new figure.
        title: The text above.

    Returns:
        The `Axes`. Up to 32 rows and columns have their numbers written; larger ones have a colour
        bar.

    Example:

    >>> from cnnkit import reference, viz
    >>> matrix = reference.toeplitz2d([[1, 0, -1], [2, 0, -2], [1, 0, -1]], image_size=5)
    >>> axes = viz.plot_matrix(matrix, blocks=(3, 5))
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.size == 0:
        raise ValueError(
            f"`matrix` must have shape (rows, columns). Received: matrix.shape={matrix.shape}"
        )
    check_finite(matrix, "matrix")
    _check_blocks(matrix.shape, blocks)
    ax = begin(ax, cells_size(*matrix.shape, side=0.4))
    colors = signed_colors([matrix]) | dict(cmap=_without_white())
    picture = ax.imshow(np.ma.masked_equal(matrix, 0), **colors)
    frame(ax)
    _draw_blocks(ax, matrix.shape, blocks or matrix.shape)
    if max(matrix.shape) <= _MAX_SIDE_WITH_NUMBERS:
        _write_numbers(ax, picture, matrix)
    else:
        ax.figure.colorbar(picture, ax=ax, fraction=0.05, pad=0.02, shrink=0.8)
    ax.set(xlabel=f"{matrix.shape[1]} columns", ylabel=f"{matrix.shape[0]} rows")
    describe(ax.figure, after_title(title, _in_words(matrix, blocks)))
    return finish(ax, title)


def _in_words(matrix, blocks):
    matrix = matrix.astype(np.float64)
    words = f"Matrix of {rows_and_columns(matrix.shape)}, values {range_in_words(matrix)}"
    if (matrix == matrix[0, 0]).all():
        return f"{words}."
    words += f", {np.count_nonzero(matrix):,} of {matrix.size:,} not 0"
    if blocks is not None:
        words += f", in blocks of {rows_and_columns(blocks)}"
    if matrix.size <= MAX_NUMBERS:
        words += f"; row by row: {row_by_row(matrix)}"
    if min(matrix.shape) == 1:
        return f"{words}."
    if _has_constant_diagonals(matrix, blocks or matrix.shape):
        where = "" if blocks is None else " of a block"
        return f"{words}. Along each diagonal{where} the values are equal."
    return f"{words}. {_largest_in_words(matrix)}"


def _has_constant_diagonals(matrix, blocks):
    """Whether each block is a Toeplitz matrix."""
    rows, columns = blocks
    split = matrix.reshape(len(matrix) // rows, rows, -1, columns)
    return min(blocks) > 1 and (split[:, 1:, :, 1:] == split[:, :-1, :, :-1]).all()


def _largest_in_words(matrix):
    """Of a square matrix that off the diagonal: among mistakes it is the most frequent one."""
    is_square = matrix.shape[0] == matrix.shape[1]
    among = np.ma.array(matrix, mask=np.eye(*matrix.shape) if is_square else False)
    row, column = np.unravel_index(among.argmax(), matrix.shape)
    return (
        f"The largest value{' off the diagonal' * is_square}, {rounded(matrix[row, column])}, is "
        f"in row {row}, column {column}, counted from 0."
    )


def _without_white():
    """A diverging map whose weakest colours are still seen beside an empty cell."""
    strengths = np.concatenate([np.linspace(0, 0.42, 128), np.linspace(0.58, 1, 128)])
    return ListedColormap(colormaps[SIGNED](strengths), "signed").with_extremes(bad="white")


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
