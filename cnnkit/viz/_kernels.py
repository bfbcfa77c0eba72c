"""Draw the weights of convolutions."""

import numpy as np

from cnnkit._checks import check_finite
from cnnkit.viz._alt_text import (
    MAX_NUMBERS,
    counted,
    describe,
    listed,
    range_in_words,
    rounded,
    row_by_row,
    rows_and_columns,
    share_of_them,
    titles_in_order,
)
from cnnkit.viz._cells import font_size, frame, write_in_cells
from cnnkit.viz._colors import signed_colors
from cnnkit.viz._figure import check_titles, image_panels, name_panels
from cnnkit.viz._numbers import number_texts

_MAX_PANELS = 128
_MAX_PANELS_WITH_NUMBERS = 12
_MAX_SIDE_WITH_NUMBERS = 5
_SMALLEST_FONT = 6


def plot_kernels(weights, *, titles=None, n_cols=None):
    """Draw kernels in blue below 0 and red above, all with the same range.

    Args:
        weights: One kernel of shape `(kernel_height, kernel_width)`; several as a list, or as an
            array of shape `(n, kernel_height, kernel_width)`; or the weights of a Keras layer, of
            shape `(kernel_height, kernel_width, in_channels, filters)`.
        titles: One text for each kernel or, with several input channels, for each filter.
        n_cols: Panels in a row where each panel is a filter of its own. By default up to eight.

    Returns:
        `Panels`. With more than one input channel, three colours included, each column is a filter
        and each row the kernels of one input channel. Small kernels have their numbers written.

    Raises:
        ValueError: If there are more than 128 kernels.

    Example:

    >>> from cnnkit import models, viz
    >>> model = models.small_cnn()
    >>> panels = viz.plot_kernels(model.layers[1].kernel)  # of the first convolution
    """
    kernels, n_rows = _kernels(weights)
    n_filters = len(kernels) // n_rows
    if len(kernels) > _MAX_PANELS:
        raise ValueError(
            f"`weights` must hold at most {_MAX_PANELS} kernels: choose some channels and "
            f"filters, as in `weights[:, :, :4, :8]`. Received: {len(kernels)} kernels"
        )
    check_titles(titles, n_filters, "filters")
    given = titles_in_order(titles)
    if titles is None and len(kernels) > 1:
        titles = [f"filter {i}" for i in range(n_filters)]
    panels = image_panels(kernels, n_filters if n_rows > 1 else n_cols, titled=n_rows == 1)
    name_panels(panels, titles)
    _draw(panels)
    if n_rows > 1:
        names = ["red", "green", "blue"] if n_rows == 3 else [f"channel {i}" for i in range(n_rows)]
        for axis, name in zip(panels.axes[:, 0], names, strict=True):
            axis.set_ylabel(name, fontsize="small")
    describe(panels.figure, _in_words(kernels, n_rows) + given)
    return panels


def _in_words(kernels, n_rows):
    sizes = listed(list(dict.fromkeys(rows_and_columns(kernel.shape) for kernel in kernels)))
    what = counted(len(kernels), "kernel")
    if n_rows > 1:
        what = f"{counted(len(kernels) // n_rows, 'filter')} of {n_rows} input channels: {what}"
    words = f"{what} of {sizes}, weights"
    if sum(kernel.size for kernel in kernels) <= MAX_NUMBERS:
        numbers = [f"({row_by_row(kernel)})" for kernel in kernels]
        return f"{words} row by row: {', '.join(numbers)}."
    weights = np.concatenate([kernel.ravel() for kernel in kernels])
    words += f" {range_in_words(weights)}, {share_of_them((weights < 0).mean())} negative"
    if len(kernels) == 1:
        return f"{words}."
    norms = [np.linalg.norm(kernel) for kernel in kernels]
    channel, i = divmod(int(np.argmax(norms)), len(kernels) // n_rows)
    strongest = f"number {i + 1}" if n_rows == 1 else f"filter {i} for input channel {channel}"
    return f"{words}; the strongest kernel, of norm {rounded(max(norms))}, is {strongest}."


def _kernels(weights):
    """All kernels, row by row, and the number of rows."""
    if isinstance(weights, list | tuple) and np.ndim(weights[0]) == 2:
        kernels, n_rows = [np.asarray(kernel) for kernel in weights], 1
    else:
        weights = np.asarray(weights)
        if weights.ndim not in (2, 3, 4) or weights.size == 0:
            raise ValueError(
                "`weights` must have shape (height, width), (n, height, width) or (height, width, "
                f"in_channels, filters). Received: weights.shape={weights.shape}"
            )
        n_rows = weights.shape[2] if weights.ndim == 4 else 1
        if weights.ndim == 4:
            weights = np.moveaxis(weights, (2, 3), (0, 1))
        kernels = list(weights.reshape(-1, *weights.shape[-2:]))
    for kernel in kernels:
        check_finite(kernel, "weights")
    return kernels, n_rows


def _draw(panels):
    colors = signed_colors(panels.values)
    with_numbers = len(panels.values) <= _MAX_PANELS_WITH_NUMBERS and all(
        _is_legible(axis, kernel) for axis, kernel in zip(panels, panels.values, strict=True)
    )
    for axis, kernel in zip(panels, panels.values, strict=True):
        picture = axis.imshow(kernel, **colors)
        axis.set_axis_on()
        frame(axis)
        if with_numbers:
            write_in_cells(axis, picture, number_texts(kernel))
    panels.figure.colorbar(picture, ax=panels.axes, fraction=0.05, pad=0.01, aspect=30)


def _is_legible(axis, kernel):
    small = max(kernel.shape) <= _MAX_SIDE_WITH_NUMBERS
    return small and font_size(axis, number_texts(kernel)) >= _SMALLEST_FONT
