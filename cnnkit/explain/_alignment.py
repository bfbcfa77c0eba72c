"""From maps to images: at which pixel each position of a map has its middle.

A map of 7 x 7 positions is not an image of 224 x 224 pixels made smaller. Padding and strides
decide which pixels a position sees: with stride 2 and padding "same" a 3 x 3 kernel begins with its
middle at pixel 1, not at 0.5, and each further such layer doubles the shift. To stretch a map over
the image, as is usual, moves what it shows: in MobileNetV2, of 224 pixels, by 15.5 of them.
"""

import numpy as np
import tensorflow as tf

from cnnkit._checks import warn
from cnnkit.explain._axis_parts import place_of
from cnnkit.explain._image_axes import ancestors, positions_of
from cnnkit.explain._inputs import images_in, model_input_at
from cnnkit.geometry import receptive_field


def to_images(maps, trace, grid=None):
    """Bring what belongs to the positions of a layer's maps to the size of the images.

    Each position lies in the middle of its receptive field. Where Keras's graph does not say which
    that is, as in a subclassed model, TensorFlow's graph says where it lies. Where neither does,
    the maps are stretched over the whole image, with a warning the first time.

    Args:
        maps: float32 array of shape `(batch, rows, columns)`; for volumes and signals with an axis
            more or less.
        trace: The `Trace` of the layer, from `trace_of`.
        grid: Not None if it was said that the maps cover the image evenly.

    Returns:
        A float32 array of shape `(batch, height, width)`, likewise.
    """
    image_size = _image_size(trace)
    stretched = _stretch(image_size, maps.shape[1:])
    if grid is None:
        pairs = zip(trace.kept(_places), stretched, strict=True)
        stretched = [place or even for place, even in pairs]
    first, step = zip(*stretched, strict=True)
    return upsample(maps, image_size, first, step)


def upsample(maps, image_size, first, step):
    """Bring maps to the size of images, bilinearly, with each position at its pixel.

    Args:
        maps: float32 array of shape `(batch, rows, columns, ...)`.
        image_size: `(height, width)` of the images; three numbers for volumes, one for signals.
        first: `(row, column)` of the pixel at which position (0, 0) of the maps has its middle. It
            may lie between pixels, or outside of the image.
        step: Pixels from one position to the next, `(vertical, horizontal)`.

    Returns:
        A float32 array of shape `(batch, height, width, ...)`. Before the first position and after
        the last it goes on with their values.
    """
    for axis, size in enumerate(image_size, 1):
        weights = _weights(size, maps.shape[axis], first[axis - 1], step[axis - 1])
        maps = np.moveaxis(np.tensordot(maps, weights, (axis, 1)), -1, axis)
    return maps


def _weights(n_pixels, n_positions, first, step):
    """How much of each position each pixel gets, along one axis."""
    at = (np.arange(n_pixels) - first) / step
    at = at.clip(0, n_positions - 1)
    distance = np.abs(at[:, None] - np.arange(n_positions))
    return (1 - distance).clip(0).astype(np.float32)


def _image_size(trace):
    return tuple(tf.nest.flatten(trace.specs)[trace.image].shape[1:-1])


def _places(trace):
    """A pair `(first, step)` along rows and columns; None where that is not known."""
    layer, axes = (trace.layer(), trace.call), positions_of(trace.axes, trace.n_axes)
    field = find_field(trace.model(), layer, trace.specs, trace.image)
    places = [_place(axis) for axis in axes]
    if field is not None:
        own = zip(field.center, field.strides, places, strict=True)
        places = [(center, stride) if stride else place for center, stride, place in own]
    sizes = zip(axes, places, strict=True)
    if any(axis and place is None for axis, place in sizes):  # a single position is everywhere
        warn(
            f"The map of the layer {layer[0].name!r} is stretched over the whole image, and what "
            f"it shows may lie elsewhere: where its positions lie is not known {_reason(trace)}. "
            "Choose another layer with `layer`."
        )
    return places


def _reason(trace):
    """From which operation on the places are not known, in words."""
    axes, maps = trace.image_axes, trace.forward.structured_outputs[0]
    needed = ancestors([maps])
    for op in trace.forward.graph.get_operations():
        before, after = (
            [
                part
                for tensor in tensors
                for axis in axes.get(tensor.name, ())
                for each in axis
                for part in (each.grid or (each,))
            ]
            for tensors in (op.inputs, op.outputs)
        )
        lost, kept = (
            {part.of for part in parts if part.place and not part.shift}
            for parts in (before, after)
        )
        lost -= kept
        if op.name in needed and any(part.of in {"unknown", *lost} for part in after) and lost:
            return f"after {op.name!r}, a {op.type} in TensorFlow's graph"
    return "after branches that lie on the image in different ways"


def _place(axis):
    place = place_of(axis)
    return place and (float(place.middle), float(place.step))


def find_field(model, layer, inputs, at):
    """The `ReceptiveField` of a layer; None where it is not known.

    Args:
        model: The model.
        layer: A pair `(layer, call)`.
        inputs, at: What the model takes, as arrays or specifications, and the place of the image.
    """
    if not hasattr(model, "inputs"):
        return None
    size = tuple(tf.nest.flatten(inputs)[at].shape[1:-1])
    if len(size) != 2:
        return None
    options = {} if None in size else {"image_size": size}
    if len(images_in(inputs)) > 1:
        options["image"] = model_input_at(model, inputs, at)
    try:
        return receptive_field(model, layer, **options)
    except ValueError:
        return None


def _stretch(image_size, map_size):
    """The positions that cover the image evenly: along each axis a pair `(first, step)`."""
    steps = [n / m for n, m in zip(image_size, map_size, strict=True)]
    return [((step - 1) / 2, step) for step in steps]
