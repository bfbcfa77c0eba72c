"""Draw the weights of convolutions."""

import numpy as np

from cnnkit.viz._cells import SIGNED, font_size, frame, number_texts, write_in_cells
from cnnkit.viz._panels import check_titles, new_panels
from cnnkit.viz._ranges import check_finite, symmetric_range

_MAX_PANELS = 128
_MAX_PANELS_WITH_NUMBERS = 12
_MAX_SIDE_WITH_NUMBERS = 5
_SMALLEST_FONT = 6


def plot_kernels(weights, *, n_cols=None, titles=None):
    """Draw kernels in blue below 0 and red above, all with the same range.

    Args:
        weights: One kernel of shape `(kernel_height, kernel_width)`; several as a list, or as an
            array of shape `(n, kernel_height, kernel_width)`; or the weights of a Keras layer, of
            shape `(kernel_height, kernel_width, in_channels, filters)`.
        n_cols: Panels in a row where each panel is a filter of its own. By default up to eight.
        titles: One text for each kernel or, with several input channels, for each filter.

    Returns:
        `Panels`. With more than one input channel, three colours included, each column is a filter
        and each row the kernels of one input channel. Small kernels have their numbers written.

    Raises:
        ValueError: If the shape does not fit, a value is not finite, the number of titles differs,
            or there are more than 128 kernels.
    """
    kernels, n_rows = _kernels(weights)
    n_filters = len(kernels) // n_rows
    if len(kernels) > _MAX_PANELS:
        raise ValueError(
            f"`weights` must hold at most {_MAX_PANELS} kernels: choose some channels and "
            f"filters, as in `weights[:, :, :4, :8]`. Received: {len(kernels)} kernels"
        )
    check_titles(titles, n_filters)
    if titles is None and len(kernels) > 1:
        titles = [f"filter {i}" for i in range(n_filters)]
    panels = new_panels(kernels, n_filters if n_rows > 1 else n_cols, titled=n_rows == 1)
    _draw(panels)
    for axis, title in zip(panels, titles or [], strict=False):
        axis.set_title(title, fontsize="small")
    if n_rows > 1:
        names = ["red", "green", "blue"] if n_rows == 3 else [f"channel {i}" for i in range(n_rows)]
        for axis, name in zip(panels.axes[:, 0], names, strict=True):
            axis.set_ylabel(name, fontsize="small")
    return panels


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
    low, high = symmetric_range(panels.values)
    with_numbers = len(panels.values) <= _MAX_PANELS_WITH_NUMBERS and all(
        _is_legible(axis, kernel) for axis, kernel in zip(panels, panels.values, strict=True)
    )
    for axis, kernel in zip(panels, panels.values, strict=True):
        picture = axis.imshow(kernel, cmap=SIGNED, vmin=low, vmax=high)
        axis.set_axis_on()
        frame(axis)
        if with_numbers:
            write_in_cells(axis, picture, number_texts(kernel))
    panels.figure.colorbar(picture, ax=panels.axes, fraction=0.05, pad=0.01, aspect=30)


def _is_legible(axis, kernel):
    small = max(kernel.shape) <= _MAX_SIDE_WITH_NUMBERS
    return small and font_size(axis, number_texts(kernel)) >= _SMALLEST_FONT
