"""Receptive fields: which pixels of the image a unit of a feature map can see.

Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, arXiv:1603.07285;
Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks", Distill,
2019, doi:10.23915/distill.00021. Going from layer to layer, a kernel of `k` values, its dilation
`d` and its stride `s` make of the size `r`, the jump `j` and the first pixel `f` of its input:
`r + (k - 1) * d * j`, `j * s` and `f - p * j`, where `p` is the padding in front.
"""

from dataclasses import dataclass, replace

import keras
from keras import layers

from cnnkit._checks import as_pair
from cnnkit._keras import find_calls, find_graph
from cnnkit._layers import find_in, layer_paths, split_call
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
_RANDOM = tuple(  # these change training images only
    getattr(layers, name) for name in dir(layers) if name.startswith("Random")
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
    *(kind for kind in _RANDOM if kind is not layers.RandomCrop),
)
_ACROSS_AXIS = (layers.Concatenate, layers.LayerNormalization, layers.Softmax)
# The classes behind `x + y` and `keras.ops` have no public names.
_ELEMENTWISE_OPERATIONS = frozenset(
    "Absolute Add Cast Clip Divide Maximum Minimum Multiply Negative Power Sqrt Square Subtract "
    "TrueDivide Elu Gelu HardSigmoid HardSilu LeakyRelu ReLU ReLU6 Relu Relu6 Selu Sigmoid Silu "
    "Softplus Tanh".split()
)


@dataclass(frozen=True)
class ReceptiveField:
    """The rectangle of pixels that each unit of a layer can see.

    Unit `(row, column)` sees `size` pixels, from `offset + (row, column) * strides` on. Each of the
    three is a pair `(vertical, horizontal)` of integers.

    Attributes:
        size: Height and width in pixels, those counted that lie outside of the image.
        strides: Pixels from the field of one unit to that of the next, also called jump. `(0, 0)`
            if all units see the same, as after global pooling: then `size` and `offset` are cut
            at the border of the image.
        offset: The first pixel, top left, of the field of unit (0, 0). Negative where it lies in
            the padding.
        misaligned: Paths of the layers at which branches meet whose fields have other strides or
            other centres. The field is the smallest rectangle around those of all branches; where
            the strides differ no rule fits all units, and it is around all units, with stride 0.
    """

    size: tuple[int, int]
    strides: tuple[int, int]
    offset: tuple[int, int]
    misaligned: tuple[str, ...] = ()

    @property
    def center(self):
        """The middle of the field of unit (0, 0), in pixels: the first pixel's middle is 0."""
        return tuple(o + (s - 1) / 2 for o, s in zip(self.offset, self.size, strict=True))


def receptive_field(model, layer=None, image_size=None):
    """Compute which pixels of the image a unit of a layer can see, from the architecture alone.

    It is where the gradient of the unit with respect to the image can differ from 0, as a
    rectangle: dilations and strides leave holes in it, and those do not count. BatchNorm and random
    layers count as at inference.

    Args:
        model: A built Sequential or functional `keras.Model` with one input of shape `(batch,
            height, width, channels)`. Nested models and other inputs are allowed.
        layer: A layer of the model or of a model within it: a name, a path such as
            `"mobilenetv2_1.00_224/out_relu"` or the end of one, or the layer itself, as in
            `cnnkit.explain`. For a layer that the model calls several times, a pair `(layer,
            call)`: `call` counts from 0, in the order in which the model runs. None stands for the
            last layer that gives maps of more than one position, if there is one.
        image_size: `(height, width)` of the images, or an integer for square ones, for a model that
            leaves it open.

    Returns:
        A `ReceptiveField`.

    Raises:
        TypeError: If `model` is no Keras model.
        ValueError: If the model is not built, or has not one image as input; if there is not one
            layer as asked; if it does not see the image; if the field of a layer on the way is not
            known; or if it depends on the size of the image, which the model leaves open and
            `image_size` does not give.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(f"`model` must be a Keras model. Received: model={model!r}")
    graph = find_graph(model)
    if graph is None:
        raise ValueError(
            "`model` must be a Sequential or functional model, and be built: of others it is not "
            f"known how the layers are connected. Received: {model.name!r}, a "
            f"{type(model).__name__}"
        )
    if image_size is not None:
        image_size = _image_size(image_size, graph)
    calls = find_calls(graph, image_size)
    fields = trace_fields(calls)
    found = {fields[id(call.outputs[0])] for call in _choose(model, calls, layer)}
    if len(found) > 1:
        raise ValueError(
            "`layer` must say which of its calls is meant, as `(layer, call)`, call from 0: it is "
            f"shared by branches with different fields. Received: layer={layer!r}"
        )
    (field,) = found
    if field is None:
        raise ValueError(f"`layer` must see the image. Received: layer={layer!r}")
    if isinstance(field, ValueError):
        raise field
    return field


def _image_size(image_size, graph):
    """The pair that is meant."""
    pair = as_pair(image_size, "image_size")
    for tensor in graph.inputs:
        if len(tensor.shape) == 4 and not all(
            own in (None, given) for own, given in zip(tensor.shape[1:3], pair, strict=True)
        ):
            raise ValueError(
                f"`image_size` must be that of the images the model takes, of shape "
                f"{tensor.shape}. Received: image_size={image_size!r}"
            )
    return pair


def trace_fields(calls):
    """Compute the receptive fields of all that is passed between layers.

    Args:
        calls: What `find_calls` returns.

    Returns:
        A dictionary from the `id` of a tensor to its `ReceptiveField`; to None if it does not
        depend on the image; or to a ValueError that says why its field is not known.
    """
    fields, image_size = _start(calls)
    for call in calls:
        if call.is_expanded or not call.inputs:
            continue
        seen = [fields[id(tensor)] for tensor in call.inputs]
        errors = [field for field in seen if isinstance(field, ValueError)]
        try:
            field = errors[0] if errors else _step(call, seen, image_size)
        except ValueError as error:
            field = error
        fields.update((id(tensor), field) for tensor in call.outputs)
    return fields


def _start(calls):
    """The fields of the inputs, and the height and width of the image."""
    inputs = [call.outputs[0] for call in calls if not call.inputs]
    images = [tensor for tensor in inputs if len(tensor.shape) == 4]
    if len(images) != 1:
        shapes = ", ".join(str(tensor.shape) for tensor in inputs)
        error = ValueError(
            "`model` must have one input of shape (batch, height, width, channels). "
            f"Received: a model with inputs of shape {shapes}"
        )
        return {id(tensor): error for tensor in inputs}, None
    fields = {id(tensor): None for tensor in inputs}
    fields[id(images[0])] = ReceptiveField((1, 1), (1, 1), (0, 0))
    return fields, _map_size(images[0])


def _choose(model, calls, layer):
    """The calls of the layer that is asked for."""
    if layer is None:
        maps = [call for call in calls if len(call.outputs[0].shape) == 4 and call.inputs]
        wide = [call for call in maps if _map_size(call.outputs[0]) != (1, 1)]
        return (wide or maps or calls)[-1:]
    layer, call = split_call(layer)
    # A function of `keras.ops` is called, but is no layer of the model.
    paths = {each.path: each.layer for each in calls} | layer_paths(model)
    layer = find_in(paths, layer, model.name)
    chosen = [each for each in calls if each.layer is layer]
    if not chosen:
        raise ValueError(
            "`layer` must be called by the model itself, or by a Sequential or functional model "
            f"within it. Received: {layer.name!r}"
        )
    if call is None:
        return chosen
    if call not in range(len(chosen)):
        raise ValueError(
            f"`layer` must say which of its calls is meant, as `(layer, call)` with call from 0 to "
            f"{len(chosen) - 1}. Received: {layer.name!r}, call={call!r}"
        )
    return [chosen[call]]


def _step(call, seen, image_size):
    """The field after a call, from those of what it is given."""
    layer, fields = call.layer, [field for field in seen if field is not None]
    if not fields:
        return None
    if all(field.strides == (0, 0) for field in fields):  # no layer could widen them
        return _union(fields)
    kind = type(layer)
    if getattr(layer, "data_format", None) == "channels_first":
        kind = None
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
    raise ValueError(
        f"The receptive field after the layer {call.path!r} is not known. "
        f"Received: a {type(layer).__name__}"
    )


def is_elementwise(layer):
    """Whether each output of a layer depends only on the inputs at the same place."""
    if isinstance(layer, keras.Layer):
        return type(layer) in _ELEMENTWISE
    from_keras = type(layer).__module__.startswith("keras.")
    return from_keras and type(layer).__name__ in _ELEMENTWISE_OPERATIONS


def _after_window(call, field):
    layer = call.layer
    if hasattr(layer, "kernel_size"):
        kernel_size, dilations = layer.kernel_size, layer.dilation_rate
    else:
        kernel_size, dilations = layer.pool_size, (1, 1)
    strides = layer.strides
    sizes = _map_size(call.inputs[0])
    if layer.padding == "same":
        axes = zip(sizes, kernel_size, strides, strict=True)
        if any(size is None and 1 not in (k, stride) for size, k, stride in axes):
            raise _open_size(call.path)
        sizes = [size or 1 for size in sizes]  # without a stride it does not matter
    border = borders(layer.padding, sizes, kernel_size, strides, dilations)
    axes = zip(field.size, kernel_size, dilations, field.strides, strict=True)
    size = tuple(r + (k - 1) * d * j for r, k, d, j in axes)
    moved = _move(field, [-before for before, _ in border])
    strides = tuple(j * s for j, s in zip(field.strides, strides, strict=True))
    return replace(moved, size=size, strides=strides)


def _move(field, positions):
    """The field when unit (0, 0) is another one than before."""
    axes = zip(field.offset, positions, field.strides, strict=True)
    return replace(field, offset=tuple(o + n * j for o, n, j in axes))


def _everything(path, field, maps, image_size):
    """What all units of a map see together, cut at the border of the image."""
    if field.strides == (0, 0):
        return field
    if None in (*_map_size(maps), *image_size):
        raise _open_size(path)
    axes = zip(field.offset, field.size, field.strides, _map_size(maps), image_size, strict=True)
    ends = [(max(o, 0), min(o + (n - 1) * j + r, limit)) for o, r, j, n, limit in axes]
    size, offset = tuple(end - start for start, end in ends), tuple(start for start, _ in ends)
    return replace(field, size=size, strides=(0, 0), offset=offset)


def _meet(call, seen, image_size):
    """The field around those of all branches that meet in a layer."""
    pairs = [(f, t) for f, t in zip(seen, call.inputs, strict=True) if f is not None]
    fields = [field for field, _ in pairs]
    moving = [f for f, t in pairs if f.strides != (0, 0) and _map_size(t) != (1, 1)]
    aligned = len({(field.strides, field.center) for field in moving}) <= 1
    same_size = len({_map_size(tensor) for _, tensor in pairs}) == 1
    if len({field.strides for field in fields}) > 1 or not same_size:
        fields = [_everything(call.path, field, tensor, image_size) for field, tensor in pairs]
    field = _union(fields)
    return field if aligned else replace(field, misaligned=(*field.misaligned, call.path))


def _union(fields):
    """The smallest field around several of the same stride."""
    starts = list(zip(*(field.offset for field in fields), strict=True))
    ends = [
        [start + size for start, size in zip(*axis, strict=True)]
        for axis in zip(starts, zip(*(field.size for field in fields), strict=True), strict=True)
    ]
    offset = tuple(min(axis) for axis in starts)
    size = tuple(max(end) - start for end, start in zip(ends, offset, strict=True))
    misaligned = dict.fromkeys(path for field in fields for path in field.misaligned)
    return ReceptiveField(size, fields[0].strides, offset, tuple(misaligned))


def _mixes_positions(call):
    """Whether a layer joins or compares along another axis than that of the channels."""
    if type(call.layer) not in _ACROSS_AXIS:
        return False
    axis, last = call.layer.axis, len(call.inputs[0].shape) - 1
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    return any(axis not in (-1, last) for axis in axes)


def _keeps_positions(call):
    before, after = call.inputs[0].shape, call.outputs[0].shape
    return len(before) == len(after) == 4 and before[1:3] == after[1:3]


def _map_size(tensor):
    """Height and width; (1, 1) for a vector."""
    return tuple(tensor.shape[1:3]) if len(tensor.shape) == 4 else (1, 1)


def _open_size(name):
    return ValueError(
        "`image_size` must be given, as the receptive field after "
        f"{name!r} depends on it. Received: a model that leaves it open"
    )
