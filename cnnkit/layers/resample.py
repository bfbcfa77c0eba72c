"""Images read at other places than at their pixels."""

from keras import ops

FILL_MODES = ("reflect", "constant", "nearest")


def resample(images, rows, columns, fill_mode="reflect", fill_value=0.0):
    """The values of images at any positions, by bilinear interpolation.

    Outside of the image "reflect" mirrors it at the outer edge of its last pixels (`dcba|abcd`),
    "constant" gives `fill_value`, and "nearest" repeats the last pixel.

    Args:
        images: Tensor of shape `(batch, height, width, channels)`.
        rows: Float tensor of shape `(batch, new_height, new_width)`, 0 for the middle of the first
            pixel, 1 for that of the second.
        columns: Like `rows`.
        fill_mode: "reflect", "constant" or "nearest".
        fill_value: Number.

    Returns:
        A float32 tensor of shape `(batch, new_height, new_width, channels)`.
    """
    if fill_mode == "constant":
        images = ops.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)], constant_values=fill_value)
        rows, columns = rows + 1, columns + 1
    batch, height, width, channels = ops.shape(images)
    if fill_mode == "reflect":
        rows, columns = _reflect(rows, height), _reflect(columns, width)
    above, below, down = _neighbours(rows, height)
    left, right, along = _neighbours(columns, width)

    pixels = ops.reshape(images, (-1, channels))
    first = ops.reshape(ops.arange(batch, dtype="int32") * (height * width), (-1, 1, 1))
    values = [
        ops.cast(ops.take(pixels, first + i * width + j, axis=0), "float32")
        for i in (above, below)
        for j in (left, right)
    ]
    top = values[0] + along * (values[1] - values[0])
    bottom = values[2] + along * (values[3] - values[2])
    return top + down * (bottom - top)


def _reflect(positions, size):
    """Positions in the image where a mirror at its edges shows those outside of it."""
    size = ops.cast(size, "float32")
    period = (positions + 0.5) - 2 * size * ops.floor((positions + 0.5) / (2 * size))
    return ops.minimum(period, 2 * size - period) - 0.5


def _neighbours(positions, size):
    """The pixels before and after positions, and how far these are from the first, 0 to 1."""
    last = ops.cast(size - 1, "float32")
    positions = ops.clip(positions, 0.0, last)
    before = ops.floor(positions)
    after = ops.minimum(before + 1, last)
    return ops.cast(before, "int32"), ops.cast(after, "int32"), (positions - before)[..., None]
