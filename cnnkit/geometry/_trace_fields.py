"""How receptive fields grow from layer to layer.

Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, arXiv:1603.07285;
Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks", Distill,
2019, doi:10.23915/distill.00021. Going from layer to layer, a kernel of `k` values, its dilation
`d` and its stride `s` make of the size `r`, the jump `j` and the first pixel `f` of its input:
`r + (k - 1) * d * j`, `j * s` and `f - p * j`, where `p` is the padding in front.
"""

from dataclasses import dataclass, replace

import keras
import numpy as np
from keras import layers

from cnnkit.geometry._keras_kind import keras_kind
from cnnkit.reference import borders

_WINDOW = (
    layers.Conv2D,
    layers.DepthwiseConv2D,
    layers.SeparableConv2D,
    layers.MaxPooling2D,
    layers.AveragePooling2D,
)
_EVERYTHING = (
    layers.Flatten,
    layers.GlobalAveragePooling2D,
    layers.GlobalMaxPooling2D,
    layers.GroupNormalization,
)
_RANDOM = (  # these change training images only
    layers.RandomBrightness,
    layers.RandomColorDegeneration,
    layers.RandomColorJitter,
    layers.RandomContrast,
    layers.RandomElasticTransform,
    layers.RandomErasing,
    layers.RandomFlip,
    layers.RandomGaussianBlur,
    layers.RandomGrayscale,
    layers.RandomHue,
    layers.RandomInvert,
    layers.RandomPerspective,
    layers.RandomPosterization,
    layers.RandomRotation,
    layers.RandomSaturation,
    layers.RandomSharpness,
    layers.RandomShear,
    layers.RandomTranslation,
    layers.RandomZoom,
)
# Each output depends on nothing but the inputs at the same place.
_ELEMENTWISE = (
    layers.Activation,
    layers.ActivityRegularization,
    layers.Add,
    layers.AlphaDropout,
    layers.Average,
    layers.BatchNormalization,  # at inference
    layers.Concatenate,
    layers.Dense,
    layers.Dropout,
    layers.ELU,
    layers.GaussianDropout,
    layers.GaussianNoise,
    layers.Identity,
    layers.LayerNormalization,
    layers.LeakyReLU,
    layers.Maximum,
    layers.Minimum,
    layers.Multiply,
    layers.Normalization,
    layers.PReLU,
    layers.ReLU,
    layers.Rescaling,
    layers.Softmax,
    layers.SpatialDropout2D,
    layers.Subtract,
    *_RANDOM,
)
_ACROSS_AXIS = (layers.Concatenate, layers.LayerNormalization, layers.Softmax)
# The classes behind `x + y` and `keras.ops` have no public names.
_ELEMENTWISE_OPERATIONS = frozenset(
    "Absolute Add Cast Clip Divide Maximum Minimum Multiply Negative Power Sqrt Square Subtract "
    "TrueDivide Elu Gelu HardSigmoid HardSilu LeakyRelu ReLU ReLU6 Relu Relu6 Selu Sigmoid Silu "
    "Softplus Tanh".split()
)


@dataclass(frozen=True, eq=False)
class Field:
    """A receptive field to calculate with; `ReceptiveField` says what the words mean.

    Attributes:
        size, strides, offset: Integer arrays of shape `(2,)`, `(vertical, horizontal)`.
        misaligned: A tuple of paths of layers.
    """

    size: np.ndarray
    strides: np.ndarray
    offset: np.ndarray
    misaligned: tuple = ()

    @property
    def center(self):
        return self.offset + (self.size - 1) / 2

    @property
    def is_everything(self):
        """Whether all units see the same."""
        return not self.strides.any()


@dataclass(frozen=True)
class Unknown:
    """A receptive field that is not known.

    Attributes:
        reason: Why, as the message of an error.
    """

    reason: str


def trace_fields(calls):
    """Compute the receptive fields of all that is passed between layers.

    Args:
        calls: What `find_calls` returns.

    Returns:
        A dictionary from the `id` of a tensor to its `Field`; to None if it does not depend on the
        image; or to an `Unknown`.
    """
    fields, image_size = _start(calls)
    for call in calls:
        if call.is_expanded or not call.inputs:
            continue
        seen = [fields[id(tensor)] for tensor in call.inputs]
        field = _first_unknown(seen) or _step(call, seen, image_size)
        fields.update((id(tensor), field) for tensor in call.outputs)
    return fields


def _start(calls):
    """The fields of the inputs, and the height and width of the image."""
    inputs = [call.outputs[0] for call in calls if not call.inputs]
    images = [tensor for tensor in inputs if len(tensor.shape) == 4]
    if len(images) != 1:
        shapes = ", ".join(str(tensor.shape) for tensor in inputs)
        unknown = Unknown(
            "`model` must have one input of shape (batch, height, width, channels). "
            f"Received: a model with inputs of shape {shapes}"
        )
        return {id(tensor): unknown for tensor in inputs}, None
    fields = {id(tensor): None for tensor in inputs}
    one, zero = np.ones(2, int), np.zeros(2, int)
    fields[id(images[0])] = Field(size=one, strides=one, offset=zero)
    return fields, map_size(images[0])


def _first_unknown(fields):
    return next((field for field in fields if isinstance(field, Unknown)), None)


def _step(call, seen, image_size):
    """The field after a call, from those of what it is given."""
    layer, fields = call.layer, [field for field in seen if field is not None]
    if not fields:
        return None
    if all(field.is_everything for field in fields):  # no layer could widen them
        return _union(fields)
    channels_first = getattr(layer, "data_format", None) == "channels_first"
    kind = None if channels_first else keras_kind(layer)
    if kind in _WINDOW:
        return _after_window(call, fields[0])
    if kind in _EVERYTHING:
        return _everything(call.path, fields[0], call.inputs[0], image_size)
    if kind is layers.ZeroPadding2D:
        return _move(fields[0], [-before for before, _ in layer.padding])
    if kind is layers.Cropping2D:
        return _move(fields[0], [before for before, _ in layer.cropping])
    if is_elementwise(layer) and not _mixes_positions(call):
        return _meet(call, seen, image_size)
    if kind is layers.Reshape and _keeps_positions(call):
        return fields[0]
    return Unknown(
        f"The receptive field after the layer {call.path!r} is not known. "
        f"Received: a {type(layer).__name__}"
    )


def is_elementwise(layer):
    """Whether each output of a layer depends only on the inputs at the same place."""
    if isinstance(layer, keras.Layer):
        return keras_kind(layer) in _ELEMENTWISE
    from_keras = type(layer).__module__.startswith("keras.")
    return from_keras and type(layer).__name__ in _ELEMENTWISE_OPERATIONS


def _after_window(call, field):
    layer, sizes = call.layer, map_size(call.inputs[0])
    kernel_size = layer.kernel_size if hasattr(layer, "kernel_size") else layer.pool_size
    dilation_rate = getattr(layer, "dilation_rate", (1, 1))
    if layer.padding == "same":
        axes = zip(sizes, kernel_size, layer.strides, strict=True)
        if any(size is None and 1 not in (k, stride) for size, k, stride in axes):
            return _open_size(call.path)
        sizes = [size or 1 for size in sizes]  # without a stride it does not matter
    border = borders(layer.padding, sizes, kernel_size, layer.strides, dilation_rate)
    reach = (np.array(kernel_size) - 1) * dilation_rate
    moved = _move(field, [-before for before, _ in border])
    return replace(
        moved, size=field.size + reach * field.strides, strides=field.strides * layer.strides
    )


def _move(field, positions):
    """The field when unit (0, 0) is another one than before."""
    return replace(field, offset=field.offset + np.array(positions) * field.strides)


def _everything(path, field, maps, image_size):
    """What all units of a map see together, cut at the border of the image."""
    if field.is_everything:
        return field
    if None in (*map_size(maps), *image_size):
        return _open_size(path)
    last = field.offset + (np.array(map_size(maps)) - 1) * field.strides
    start, end = np.maximum(field.offset, 0), np.minimum(last + field.size, image_size)
    return replace(field, size=end - start, strides=np.zeros(2, int), offset=start)


def _meet(call, seen, image_size):
    """The field around those of all branches that meet in a layer."""
    pairs = [(f, t) for f, t in zip(seen, call.inputs, strict=True) if f is not None]
    fields = [field for field, _ in pairs]
    moving = [f for f, t in pairs if not f.is_everything and map_size(t) != (1, 1)]
    aligned = _all_equal(f.strides for f in moving) and _all_equal(f.center for f in moving)
    same_size = len({map_size(tensor) for _, tensor in pairs}) == 1
    if not (same_size and _all_equal(field.strides for field in fields)):
        fields = [_everything(call.path, field, tensor, image_size) for field, tensor in pairs]
    if unknown := _first_unknown(fields):
        return unknown
    field = _union(fields)
    return field if aligned else replace(field, misaligned=(*field.misaligned, call.path))


def _all_equal(pairs):
    return len({tuple(pair) for pair in pairs}) <= 1


def _union(fields):
    """The smallest field around several of the same strides."""
    offsets = np.array([field.offset for field in fields])
    sizes = np.array([field.size for field in fields])
    start, end = offsets.min(axis=0), (offsets + sizes).max(axis=0)
    misaligned = dict.fromkeys(path for field in fields for path in field.misaligned)
    return Field(end - start, fields[0].strides, start, tuple(misaligned))


def _mixes_positions(call):
    """Whether a layer joins or compares along another axis than that of the channels."""
    if keras_kind(call.layer) not in _ACROSS_AXIS:
        return False
    axis, last = call.layer.axis, len(call.inputs[0].shape) - 1
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    return any(axis not in (-1, last) for axis in axes)


def _keeps_positions(call):
    before, after = call.inputs[0].shape, call.outputs[0].shape
    return len(before) == len(after) == 4 and before[1:3] == after[1:3]


def map_size(tensor):
    """Height and width; (1, 1) for a vector."""
    return tuple(tensor.shape[1:3]) if len(tensor.shape) == 4 else (1, 1)


def _open_size(path):
    return Unknown(
        f"`image_size` must be given, as the receptive field after {path!r} depends on it. "
        "Received: a model that leaves it open"
    )
