"""From maps to images: at which pixel each position of a map has its middle.

A map of 7 x 7 positions is not an image of 224 x 224 pixels made smaller. Padding and strides
decide which pixels a position sees: with stride 2 and padding "same" a 3 x 3 kernel begins with its
middle at pixel 1, not at 0.5, and each further such layer doubles the shift. To stretch a map over
the image, as is usual, moves what it shows: in MobileNetV2, of 224 pixels, by 15.5 of them.
"""

import weakref

import keras
import numpy as np
import tensorflow as tf

from cnnkit.explain._capture import _trace
from cnnkit.explain._targets import image_at, with_logits
from cnnkit.geometry import receptive_field


def to_images(maps, model, inputs, layer):
    """Bring what belongs to the positions of a layer's maps to the size of the images.

    Args:
        maps: float32 array of shape `(batch, rows, columns)` or `(batch, rows, columns, channels)`.
        model: The model.
        inputs: What it was given, from `as_inputs`.
        layer: The layer, as in `capture`.

    Returns:
        A float32 array of shape `(batch, height, width)` or `(batch, height, width, channels)`.
    """
    trace, tensors = _trace(with_logits(model), inputs, layer)
    size = tuple(tf.nest.flatten(tensors)[image_at(tensors)].shape[1:3])
    if trace not in _positions:
        _positions[trace] = _find_positions(model, trace, size, maps.shape[1:3])
    return upsample(maps, size, *_positions[trace])


# For each trace, as it knows the layer and the sizes, and goes when the model does.
_positions = weakref.WeakKeyDictionary()


def upsample(maps, size, first, step):
    """Bring maps to the size of images, bilinearly, with each position at its pixel.

    Args:
        maps: float32 array of shape `(batch, rows, columns, ...)`.
        size: `(height, width)` of the images.
        first: `(row, column)` of the pixel at which position (0, 0) of the maps has its middle. It
            may lie between pixels, or outside of the image.
        step: Pixels from one position to the next, `(vertical, horizontal)`.

    Returns:
        A float32 array of shape `(batch, height, width, ...)`. Before the first position and after
        the last it goes on with their values.
    """
    rows, columns = map(_weights, size, maps.shape[1:3], first, step)
    return np.einsum("hr,brc...,wc->bhw...", rows, maps, columns, optimize=True)


def _weights(n_pixels, n_positions, first, step):
    """How much of each position each pixel gets, along one axis."""
    at = (np.arange(n_pixels) - first) / step
    at = at.clip(0, n_positions - 1)
    distance = np.abs(at[:, None] - np.arange(n_positions))
    return (1 - distance).clip(0).astype(np.float32)


def _find_positions(model, trace, image_size, map_size):
    """Where the positions of maps are in the image: `(first, step)`, as for `upsample`.

    It is the middle of their receptive fields. Where those are not known, as in a subclassed model,
    the maps are stretched over the whole image.
    """
    field = _field(model, trace.layer(), trace.call, image_size)
    if field is not None and 0 not in field.strides:
        return field.center, field.strides
    step = tuple(n / m for n, m in zip(image_size, map_size, strict=True))
    return tuple((s - 1) / 2 for s in step), step


def _field(model, layer, call, image_size):
    """The `ReceptiveField` of one call of a layer, or None."""
    if not isinstance(model, keras.Model):
        return None
    try:
        return receptive_field(model, (layer, call), image_size)
    except ValueError:  # not known
        return None
