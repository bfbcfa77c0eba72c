"""From maps to images: at which pixel each position of a map has its middle.

A map of 7 x 7 positions is not an image of 224 x 224 pixels made smaller. Padding and strides
decide which pixels a position sees: with stride 2 and padding "same" a 3 x 3 kernel begins with its
middle at pixel 1, not at 0.5, and each further such layer doubles the shift. To stretch a map over
the image, as is usual, moves what it shows: in MobileNetV2, of 224 pixels, by 15.5 of them.
"""

import warnings

import numpy as np
import tensorflow as tf

from cnnkit.explain._image_axes import kind_of_maps
from cnnkit.explain._inputs import images_in, model_input_at
from cnnkit.geometry import receptive_field


def to_images(maps, trace):
    """Bring what belongs to the positions of a layer's maps to the size of the images.

    Where the receptive fields are not known, the maps are stretched over the whole image. The first
    time there is a warning, unless the model is a subclassed one, of whose layers no connections
    are known, in which the image is not cut or turned. Along an axis where all units see the same
    maps are stretched too.

    Args:
        maps: float32 array of shape `(batch, rows, columns)` or `(batch, rows, columns, channels)`.
        trace: The `Trace` of the layer, from `trace_of`.

    Returns:
        A float32 array of shape `(batch, height, width)` or `(batch, height, width, channels)`.
    """
    image_size = _image_size(trace)
    first, step = _stretch(image_size, maps.shape[1:3])
    field = trace.kept(_field)
    if field is not None:
        axes = zip(field.strides, field.center, first, strict=True)
        first = [center if stride else stretched for stride, center, stretched in axes]
        step = [own or stretched for own, stretched in zip(field.strides, step, strict=True)]
    return upsample(maps, image_size, first, step)


def upsample(maps, image_size, first, step):
    """Bring maps to the size of images, bilinearly, with each position at its pixel.

    Args:
        maps: float32 array of shape `(batch, rows, columns, ...)`.
        image_size: `(height, width)` of the images.
        first: `(row, column)` of the pixel at which position (0, 0) of the maps has its middle. It
            may lie between pixels, or outside of the image.
        step: Pixels from one position to the next, `(vertical, horizontal)`.

    Returns:
        A float32 array of shape `(batch, height, width, ...)`. Before the first position and after
        the last it goes on with their values.
    """
    rows, columns = map(_weights, image_size, maps.shape[1:3], first, step)
    return np.einsum("hr,brc...,wc->bhw...", rows, maps, columns, optimize=True)


def _weights(n_pixels, n_positions, first, step):
    """How much of each position each pixel gets, along one axis."""
    at = (np.arange(n_pixels) - first) / step
    at = at.clip(0, n_positions - 1)
    distance = np.abs(at[:, None] - np.arange(n_positions))
    return (1 - distance).clip(0).astype(np.float32)


def _image_size(trace):
    return tuple(tf.nest.flatten(trace.specs)[trace.image].shape[1:3])


def _field(trace):
    layer = trace.layer(), trace.call
    field = find_field(trace.model(), layer, trace.specs, trace.image)
    is_known = not hasattr(trace.model(), "inputs") and kind_of_maps(trace.axes) != "unknown"
    if field is not None:
        # As after a reshape to tokens and back, positions may be lost on the way to the maps.
        axes = zip(trace.axes[1:3], field.strides, strict=True)
        is_known = all(stride or not axis for axis, stride in axes)
    if not is_known:
        warnings.warn(
            f"The map of the layer {layer[0].name!r} is stretched over the whole image, as it is "
            "not known where on the image its positions lie, or whether they do.",
            stacklevel=4,
        )
    return field


def find_field(model, layer, inputs, at):
    """The `ReceptiveField` of a layer; None where it is not known.

    Args:
        model: The model.
        layer: A pair `(layer, call)`.
        inputs, at: What the model takes, as arrays or specifications, and the place of the image.
    """
    if not hasattr(model, "inputs"):
        return None
    size = tuple(tf.nest.flatten(inputs)[at].shape[1:3])
    options = {} if None in size else {"image_size": size}
    if len(images_in(inputs)) > 1:
        options["image"] = model_input_at(model, inputs, at)
    try:
        return receptive_field(model, layer, **options)
    except ValueError:
        return None


def _stretch(image_size, map_size):
    """The positions that cover the image evenly, as `(first, step)`."""
    step = tuple(n / m for n, m in zip(image_size, map_size, strict=True))
    return tuple((s - 1) / 2 for s in step), step
