"""Images read at other places than at their pixels."""

import keras
from keras import ops

FILL_MODES = ("reflect", "constant", "nearest")


def resample(images, rows, columns, fill_mode="reflect", fill_value=0.0):
    """The values of images at any positions, by bilinear interpolation.

    Outside of the image "reflect" mirrors it at the outer edge of its last pixels, which are
    so repeated (`dcba|abcd|dcba`, as in Keras; NumPy's "reflect" does not repeat them), "constant"
    gives `fill_value`, and "nearest" repeats the last pixel.

    Args:
        images: Tensor of shape `(batch, height, width, channels)`.
        rows: Float tensor of shape `(batch, new_height, new_width)`, in pixels from the middle
            of the image.
        columns: Like `rows`.
        fill_mode: "reflect", "constant" or "nearest".
        fill_value: Number.

    Returns:
        A float32 tensor of shape `(batch, new_height, new_width, channels)`.
    """
    if fill_mode == "constant":
        images = ops.cast(images, "float32")
        images = ops.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)], constant_values=fill_value)
    batch, height, width, channels = ops.shape(images)
    rows = rows + (ops.cast(height, "float32") - 1) / 2
    columns = columns + (ops.cast(width, "float32") - 1) / 2
    if fill_mode == "reflect":
        rows, columns = _reflect(rows, height), _reflect(columns, width)
    above, down = _split(rows, height)
    left, along = _split(columns, width)

    pixels = ops.reshape(images, (-1, channels))  # of all images, row after row
    first = ops.reshape(ops.arange(batch, dtype="int32") * (height * width), (-1, 1, 1))
    corner = first + above * width + left
    to_right = ops.cast(ops.minimum(1, width - 1), "int32")
    to_below = ops.cast(ops.minimum(1, height - 1), "int32") * width
    top = _between(pixels, corner, corner + to_right, along)
    bottom = _between(pixels, corner + to_below, corner + to_below + to_right, along)
    return top + down * (bottom - top)


def resample_nearest(images, rows, columns, fill_mode="reflect", fill_value=0):
    """The values of images at any positions, each that of the nearest pixel.

    Args:
        images, rows, columns, fill_mode: As in `resample`.
        fill_value: Number that the dtype of the images holds.

    Returns:
        A tensor of shape `(batch, new_height, new_width, channels)` and of the dtype of the images.
    """
    dtype = images.dtype
    if "bool" in keras.backend.standardize_dtype(dtype):
        images = ops.cast(images, "uint8")
    if fill_mode == "constant":
        value = ops.cast(fill_value, images.dtype)
        images = ops.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)], constant_values=value)
    batch, height, width, channels = ops.shape(images)
    rows = _nearest(rows, height, fill_mode)
    columns = _nearest(columns, width, fill_mode)
    first = ops.reshape(ops.arange(batch, dtype="int32") * (height * width), (-1, 1, 1))
    pixels = ops.reshape(images, (-1, channels))
    return ops.cast(ops.take(pixels, first + rows * width + columns, axis=0), dtype)


def from_middle(size):
    """The positions of pixels, from the middle of all `size` of them."""
    return ops.arange(size, dtype="float32") - (ops.cast(size, "float32") - 1) / 2


def _nearest(positions, size, fill_mode):
    """The pixels nearest to positions from the middle, int32."""
    positions = positions + (ops.cast(size, "float32") - 1) / 2
    if fill_mode == "reflect":
        positions = _reflect(positions, size)
    positions = ops.clip(ops.floor(positions + 0.5), 0, ops.cast(size, "float32") - 1)
    return ops.cast(positions, "int32")


def _reflect(positions, size):
    """Positions in the image where a mirror at its edges shows those outside of it."""
    size = ops.cast(size, "float32")
    period = (positions + 0.5) - 2 * size * ops.floor((positions + 0.5) / (2 * size))
    return ops.minimum(period, 2 * size - period) - 0.5


def _split(positions, size):
    """The pixels before positions, and how far from these to the next they are, 0 to 1."""
    size = ops.cast(size, "float32")
    positions = ops.clip(positions, 0.0, size - 1)
    before = ops.minimum(ops.floor(positions), ops.maximum(size - 2, 0.0))
    return ops.cast(before, "int32"), (positions - before)[..., None]


def _between(pixels, here, there, way):
    """What lies on the way, 0 to 1, from the pixels here to those there."""
    here, there = (ops.cast(ops.take(pixels, i, axis=0), "float32") for i in (here, there))
    return here + way * (there - here)
