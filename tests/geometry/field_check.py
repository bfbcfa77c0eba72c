"""Receptive fields beside what a model really depends on."""

import math

import numpy as np

from cnnkit.geometry import receptive_field


def pixels_seen(model):
    """Which rows of the image each row of the last map depends on, and the same for columns.

    One row of the image is 1 at a time, all others are 0. So the weights must not be negative, or
    cancel by chance, and biases must be 0.

    Returns:
        A pair of Boolean arrays of shape `(units, pixels)`.
    """
    height, width, channels = model.input_shape[1:]
    rows = np.repeat(np.eye(height)[:, :, None, None], width, axis=2)
    columns = np.repeat(np.eye(width)[:, None, :, None], height, axis=1)
    found = []
    for lines, across in ((rows, 2), (columns, 1)):
        images = np.repeat(lines, channels, axis=-1).astype("float32")
        maps = np.array(model(images, training=False))
        found.append((np.abs(maps) > 1e-9).any(axis=(across, 3)).T)
    return tuple(found)


def check_field(model, margin=0, layer=None, **options):
    """Assert that a field is the smallest rectangle around what units inside of the image see.

    Args:
        margin: Pixels along the border of the image where units do not count, because padding cuts
            what they see.
    """
    field = receptive_field(model, model.layers[-1] if layer is None else layer, **options)
    for axis, seen in enumerate(pixels_seen(model)):
        size, stride, offset = field.size[axis], field.strides[axis], field.offset[axis]
        first, last = [], []
        for unit, pixels in enumerate(seen):
            start = offset + unit * stride
            places = np.flatnonzero(pixels)
            if places.size:
                assert start - 1e-6 <= places[0] and places[-1] <= start + size - 1 + 1e-6
            is_inside = start >= margin and start + size <= seen.shape[1] - margin
            if is_inside and places.size:
                first.append(places[0] - start)
                last.append(start + size - 1 - places[-1])
        assert len(first) >= 2, "too few units lie inside"
        assert math.isclose(min(first), 0, abs_tol=1e-6), "the field begins before what is seen"
        assert math.isclose(min(last), 0, abs_tol=1e-6), "the field ends after what is seen"
    return field
