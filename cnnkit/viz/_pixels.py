"""Draw an image as the numbers that it is."""

import math

import numpy as np

from cnnkit.viz._alt_text import (
    MAX_NUMBERS,
    after_title,
    describe,
    listed,
    range_in_words,
    rounded,
    row_by_row,
    rows_and_columns,
)
from cnnkit.viz._cells import cell_side, cells_size, draw_edges, write_in_cells
from cnnkit.viz._colors import choose_colors
from cnnkit.viz._figure import begin, finish
from cnnkit.viz._images import as_image, draw_image
from cnnkit.viz._numbers import number_texts

_MAX_SIDE = 32
_MAX_SIDE_OF_COLORS = 16  # three numbers need more room than one


def plot_pixels(image, *, fmt=None, window=None, ax=None, title=None):
    """Draw an image with the number of each pixel written in it.

    Args:
        image: A grey or colour image in one of the forms that `plot_images` takes, or a matrix as
            an array or nested lists. uint8 shows 0 black and 255 white, other values without a sign
            0 black and the largest one white; a matrix with a sign is blue below 0 and red above.
        fmt: How numbers are written, such as `".1f"`. By default integers as integers.
        window: `(top, left, height, width)` of the part to draw, which keeps its indices.
        ax: The `Axes` to draw on. By default a new figure.
        title: The text above.

    Returns:
        The `Axes`. In a colour image each pixel has three numbers: red, green and blue.

    Raises:
        ValueError: If the window has more than 32 rows or columns, or 16 of a colour image.

    Example:

    >>> from cnnkit import data, viz
    >>> digits, labels = data.load_digits()
    >>> axes = viz.plot_pixels(digits[0])
    """
    image = as_image(image)
    if image.ndim == 3 and image.shape[-1] != 3:
        raise ValueError(f"`image` must have 1 or 3 channels. Received: image.shape={image.shape}")
    top, left, height, width = _window(image, window)
    part = image[top : top + height, left : left + width]
    ax = begin(ax, cells_size(height, width, *((0.6, 9) if image.ndim == 3 else ())))
    colors = choose_colors([image], "gray")  # of the whole image: a window shows the same
    extent = (left - 0.5, left + width - 0.5, top + height - 0.5, top - 0.5)
    picture = draw_image(ax, part, colors["vmin"], colors["vmax"], extent)
    picture.set_cmap(colors["cmap"])
    texts = number_texts(part, fmt)
    if part.ndim == 3:
        texts = texts[..., 0] + "\n" + texts[..., 1] + "\n" + texts[..., 2]
    write_in_cells(ax, picture, texts)
    draw_edges(ax, picture)
    _label(ax, top, left, height, width)
    describe(ax.figure, after_title(title, _in_words(image, part, top, left)))
    return finish(ax, title)


def _in_words(image, part, top, left):
    words = f"The numbers of an image of {rows_and_columns(part.shape)}"
    if part.shape != image.shape:
        words = (
            f"The numbers of {rows_and_columns(part.shape)}, from row {top} and column {left} on, "
            f"of an image of {rows_and_columns(image.shape)}"
        )
    words += f", values {range_in_words(part)}"
    if part.ndim == 3:
        means = [rounded(mean) for mean in part.mean(axis=(0, 1))]
        return f"{words}; the means of red, green and blue are {listed(means)}."
    if part.size <= MAX_NUMBERS:
        return f"{words}; row by row: {row_by_row(part)}."
    (low_row, low_column), (row, column) = (
        np.add(np.unravel_index(where, part.shape), (top, left))
        for where in (part.argmin(), part.argmax())
    )
    return (
        f"{words}; the smallest is in row {low_row}, column {low_column}, the largest in row "
        f"{row}, column {column}."
    )


def _window(image, window):
    height, width = image.shape[:2]
    received = f"Received: window={window}, image.shape={image.shape}"
    if window is None:
        window = (0, 0, height, width)
    if len(window) != 4:
        raise ValueError(f"`window` must be (top, left, height, width). {received}")
    top, left, rows, columns = window
    if (
        min(top, left) < 0
        or min(rows, columns) < 1
        or top + rows > height
        or left + columns > width
    ):
        raise ValueError(f"`window` must lie inside the image. {received}")
    largest = _MAX_SIDE if image.ndim == 2 else _MAX_SIDE_OF_COLORS
    if max(rows, columns) > largest:
        example = (height // 2, width // 2, min(8, height), min(8, width))
        raise ValueError(
            f"Numbers are legible in up to {largest} x {largest} pixels here: choose a part with "
            f"`window=(top, left, height, width)`, such as window={example}. {received}"
        )
    return top, left, rows, columns


def _label(ax, top, left, height, width):
    ax.set(xlabel="column", ylabel="row")
    side = cell_side(ax, height, width)
    n_digits = len(str(left + width - 1))
    ax.set_xticks(range(left, left + width, math.ceil((6.5 * n_digits + 5) / side)))
    ax.set_yticks(range(top, top + height, math.ceil(13 / side)))
    ax.tick_params(length=0)
    ax.grid(False)
    ax.spines[:].set(visible=True, color="0.6")
