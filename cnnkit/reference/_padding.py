"""A border around feature maps, forwards and backwards."""

import numpy as np

_PAD_MODES = ("constant", "reflect", "edge")


def pad(maps, border, mode):
    """Put a border around every feature map.

    Args:
        maps: Array of shape `(..., height, width)`.
        border: Two pairs, `(top, bottom)` and `(left, right)`.
        mode: "constant" (zeros); "reflect" (mirrored at the outermost pixels, which are not
            repeated); or "edge" (the outermost pixels repeated).

    Returns:
        An array of shape `(..., top + height + bottom, left + width + right)`, always a copy.

    Raises:
        ValueError: Also if "reflect" has too few pixels to mirror.
    """
    if mode not in _PAD_MODES:
        raise ValueError(f"`pad_mode` must be one of {_PAD_MODES}. Received: pad_mode={mode!r}")
    for size, widths in zip(maps.shape[-2:], border, strict=True):
        if mode == "reflect" and max(widths) >= size:
            raise ValueError(
                "A border that reflects the image must be narrower than the image. "
                f"Received: a border of {widths} around {size} pixels"
            )
    widths = [(0, 0)] * (maps.ndim - 2) + list(border)
    return np.pad(maps, widths, mode)


def pad_backward(gradient, border, mode):
    """From the gradient of padded maps to that of the maps.

    A border of copies gives its gradient back to the pixels it was copied from. Padding an axis is
    a product with a matrix of zeros and ones, so its gradient is one with the transposed matrix.

    Args:
        gradient: Array of the shape that `pad` returns.
        border, mode: As in `pad`.

    Returns:
        An array of shape `(..., height, width)`.
    """
    (top, bottom), (left, right) = border
    height = gradient.shape[-2] - top - bottom
    width = gradient.shape[-1] - left - right
    if mode == "constant":  # then the border depends on no pixel
        return gradient[..., top : top + height, left : left + width]
    rows = _padding_matrix(height, (top, bottom), mode).astype(gradient.dtype)
    columns = _padding_matrix(width, (left, right), mode).astype(gradient.dtype)
    return rows.T @ gradient @ columns


def _padding_matrix(size, widths, mode):
    """The matrix, of shape `(padded size, size)`, whose product with a column pads it."""
    return np.pad(np.eye(size), (widths, (0, 0)), mode)
