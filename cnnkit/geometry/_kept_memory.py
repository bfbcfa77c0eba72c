"""How much of what layers compute in training waits in memory for the backward pass.

The gradient of a layer is computed from some of what it was given or has made, and TensorFlow keeps
that until then: a convolution needs its input (for the gradient of its weights), a ReLU its output,
max pooling both, an addition neither. What a layer is given is what another has made, so a tensor
may be needed twice; it is kept once.
"""

import math
from dataclasses import dataclass, field

import keras

from cnnkit.geometry._cost_rules import call_arguments
from cnnkit.geometry._keras_kind import keras_kind
from cnnkit.reference import effective_size


@dataclass
class _Needs:
    """What the gradient of a call needs.

    Attributes:
        inputs: Which of the call's inputs, as a list.
        dtype: As which they are kept. None stands for the dtype in which the layer computes.
        output: Whether it needs the output.
        extra: Bytes of what is made within the layer, for one row of the batch.
    """

    inputs: list = field(default_factory=list)
    dtype: str | None = None
    output: bool = False
    extra: int = 0


def kept_memory(calls, rows):
    """Compute the bytes that each call's results take up until the backward pass.

    Args:
        calls: What `find_calls` returns.
        rows: What `rows_of_an_example` returns.

    Returns:
        A dictionary from the index of a call to bytes for one example: of those of its outputs that
        its own gradient or another one needs, and of what that needs from within. None where it is
        not known. Calls that are expanded are left out.
    """
    maker, same = {}, {}  # of tensors: the index of the call, and which one they are a view of
    learns, kept, unknown = {}, {}, set()
    own = {i: 0 for i, call in enumerate(calls) if not call.is_expanded}
    for i in own:
        call = calls[i]
        maker.update((id(tensor), i) for tensor in call.outputs)
        flows = [learns.get(id(tensor), False) for tensor in call.inputs]
        trains = bool(getattr(call.layer, "trainable_weights", []))
        learns.update((id(tensor), any(flows) or trains) for tensor in call.outputs)
        if _is_view(call):
            same[id(call.outputs[0])] = same.get(id(call.inputs[0]), call.inputs[0])
        if not (any(flows) or trains):
            continue
        needs = _needs(call, flows, trains)
        if needs is None:
            unknown.add(i)
            continue
        dtype = needs.dtype or getattr(call.layer, "compute_dtype", None)
        used = [(same.get(id(tensor), tensor), dtype) for tensor in needs.inputs]
        used += [(tensor, None) for tensor in call.outputs[:1] if needs.output]
        for tensor, dtype in used:
            is_float = keras.backend.is_float_dtype(tensor.dtype)
            dtype = dtype if dtype and is_float else tensor.dtype
            kept[id(tensor), dtype] = size_of(tensor, rows, dtype)
        n_rows = rows.get(id(call.outputs[0]))
        own[i] = needs.extra and (None if None in (n_rows, needs.extra) else n_rows * needs.extra)
    for (key, _), size in kept.items():
        i = maker[key]
        own[i] = None if None in (size, own[i]) else own[i] + size
    return own | dict.fromkeys(unknown)


def size_of(tensor, rows, dtype=None):
    """The bytes of a tensor for one example; None if the model leaves a size open."""
    sizes = (rows.get(id(tensor)), *tensor.shape[1:])
    return None if None in sizes else math.prod(sizes) * _itemsize(dtype or tensor.dtype)


def _itemsize(dtype):
    bits = "".join(filter(str.isdigit, dtype)) if dtype != "bool" else "8"
    return int(bits or 8) // 8 if not dtype.startswith("float8") else 1


def _is_view(call):
    """Whether a call gives what it is given, in another shape or none."""
    kind = _name(call)
    plain = kind == "Activation" and call.layer.activation is keras.activations.linear
    return plain or kind in ("ExpandDims", "Flatten", "Identity", "Reshape", "Squeeze")


def _name(call):
    """The name of the class whose rules hold for a layer or function."""
    kind = keras_kind(call.layer)
    return kind.__name__ if kind else None


# Neither their input nor their output: sums, moves, means and products with constants.
_NOTHING = set(
    """
    Add AveragePooling1D AveragePooling2D AveragePooling3D Concatenate Cropping1D Cropping2D
    Cropping3D ExpandDims Flatten GaussianNoise GetItem GlobalAveragePooling1D
    GlobalAveragePooling2D GlobalAveragePooling3D Identity Mean Negative Pad Permute RepeatVector
    Rescaling Reshape Squeeze Subtract Sum Swapaxes Transpose UpSampling1D UpSampling3D
    ZeroPadding1D ZeroPadding2D ZeroPadding3D
    """.split()
)
_FOR_WEIGHTS = set(  # the input, for the gradient of the weights
    """
    Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose Dense DepthwiseConv1D
    DepthwiseConv2D EinsumDense
    """.split()
)
_PLAIN_CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D")
_BOTH = set(
    """
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D MaxPooling1D MaxPooling2D MaxPooling3D
    Maxout
    """.split()
)
# Of an activation: whether its input and its output are needed, and how many results from within.
_ACTIVATIONS = {
    **dict.fromkeys("relu relu6 elu selu sigmoid tanh softmax exponential".split(), (0, 1, 0)),
    **dict.fromkeys("leaky_relu softplus softsign silu".split(), (1, 0, 0)),
    "gelu": (0, 0, 3),
    "hard_sigmoid": (0, 0, 1),
    "hard_silu": (1, 0, 2),
    "linear": (0, 0, 0),
    "mish": (1, 0, 1),
}
_OPERATIONS = {
    **dict.fromkeys("Relu Relu6 Elu Selu Sigmoid Tanh Softmax Exp".split(), "output"),
    **dict.fromkeys("LeakyRelu Softplus Softsign Silu".split(), "input"),
}


def _needs(call, flows, trains):
    """The `_Needs` of a call whose gradient is computed, or None if they are not known.

    In a model that is trained all layers are called with `training=True`, whatever `training` they
    were given when the model was made: Keras replaces it.
    """
    name = _name(call)
    if getattr(call.layer, "lora_rank", None) or getattr(call.layer, "quantization_mode", None):
        return None
    if name in _NOTHING:
        return _Needs()
    if name in _BOTH:
        return _Needs(call.inputs, output=True)
    if name in _FOR_WEIGHTS:
        return _with_activation(call, _convolution_needs(call, trains))
    if name in _RULES:
        return _RULES[name](call, flows, trains)
    if name in _OPERATIONS and not isinstance(call.layer, keras.Layer):
        needs_output = _OPERATIONS[name] == "output"
        return _Needs([] if needs_output else call.inputs, output=needs_output)
    return None


def _convolution_needs(call, trains):
    layer, (inputs,) = call.layer, call.inputs
    dilation = getattr(layer, "dilation_rate", (1,))
    dilation = dilation if isinstance(dilation, (list, tuple)) else (dilation,)
    if not trains:
        return _Needs()
    if getattr(layer, "padding", None) != "causal" and set(dilation) == {1}:
        return _Needs([inputs])
    if set(dilation) != {1} and (1 in dilation or _name(call) not in _PLAIN_CONVOLUTIONS):
        return None
    return _Needs(extra=_padded_copy(layer, inputs))


def _padded_copy(layer, inputs):
    """The bytes of the copy that TensorFlow makes: with its border, and as many values along each
    axis as the dilation divides.
    """
    channels_first = layer.data_format == "channels_first"
    sizes = inputs.shape[2:] if channels_first else inputs.shape[1:-1]
    if None in sizes:
        return None
    n_values = inputs.shape[1 if channels_first else -1]
    settings = zip(sizes, layer.kernel_size, layer.dilation_rate, strict=True)
    for size, kernel_size, dilation_rate in settings:
        if layer.padding != "valid":
            size += effective_size(kernel_size, dilation_rate) - 1
        n_values *= -(-size // dilation_rate) * dilation_rate
    return n_values * _itemsize(layer.compute_dtype)


def _with_activation(call, needs):
    """What a convolution or a dense layer needs, and its activation after it."""
    return needs and _add_activation(call, needs, is_within=True)


def _activation(call, flows, trains):
    return _add_activation(call, _Needs(), is_within=False)


def _add_activation(call, needs, is_within):
    """Add what the layer's activation needs: its input is a result from within, or the layer's."""
    function = call.layer.activation
    name = getattr(function, "__name__", None)
    if name not in _ACTIVATIONS or function is not getattr(keras.activations, name):
        return None
    needs_input, needs.output, n_extra = _ACTIVATIONS[name]
    if needs_input and is_within:
        n_extra += 1
    elif needs_input:
        needs.inputs = call.inputs
    if n_extra:
        sizes = call.outputs[0].shape[1:]
        is_open = None in sizes or needs.extra is None
        size = None if is_open else math.prod(sizes) * _itemsize(call.layer.compute_dtype)
        needs.extra = None if is_open else needs.extra + n_extra * size
    return needs


def _relu(call, flows, trains):
    if call.layer.negative_slope or call.layer.threshold:
        return _Needs(call.inputs) if not call.layer.threshold else None
    return _Needs(output=True) if call.layer.max_value in (None, 6) else None


def _separable(call, flows, trains):
    """Of the two convolutions the second needs what the first makes."""
    layer, output = call.layer, call.outputs[0]
    channels_first = layer.data_format == "channels_first"
    sizes = output.shape[2:] if channels_first else output.shape[1:-1]
    channels = call.inputs[0].shape[1 if channels_first else -1] * layer.depth_multiplier
    if not trains:
        return _with_activation(call, _Needs())
    if set(layer.dilation_rate) != {1}:
        return None
    between = None if None in sizes else math.prod(sizes) * channels
    extra = between and between * _itemsize(layer.compute_dtype)
    return _with_activation(call, _Needs(call.inputs, extra=extra))


def _batch_norm(call, flows, trains):
    """Its statistics are made in float32. (Of a frozen one they are constants.)"""
    return _Needs(call.inputs, "float32") if call.layer.trainable else _Needs()


def _layer_norm(call, flows, trains):
    """In float32: with a mean and a deviation for each position its factors at all places."""
    layer, shape = call.layer, call.inputs[0].shape
    axes = layer.axis if isinstance(layer.axis, (list, tuple)) else [layer.axis]
    if None in shape[1:]:
        return _Needs(call.inputs, "float32", extra=None)
    n_values = math.prod(shape[1:])
    positions = n_values // math.prod(shape[axis] for axis in axes)
    return _Needs(call.inputs, "float32", extra=4 * (3 * positions + n_values * layer.scale))


def _group_norm(call, flows, trains):
    layer = call.layer
    n_channels = call.inputs[0].shape[layer.axis]
    groups = n_channels if layer.groups == -1 else layer.groups
    return _Needs(call.inputs, "float32", extra=4 * (3 * groups + n_channels * layer.scale))


def _dropout(call, flows, trains):
    """One byte for each value says whether it is kept."""
    if not call.layer.rate:
        return _Needs()
    sizes = call.outputs[0].shape[1:]
    if _name(call) != "Dropout":  # whole channels
        sizes = sizes[-1:] if call.layer.data_format == "channels_last" else sizes[:1]
    elif call.layer.noise_shape is not None:
        given = call.layer.noise_shape[1:]
        sizes = [own if n is None else n for own, n in zip(sizes, given, strict=True)]
    return _Needs(extra=None if None in sizes else math.prod(sizes))


def _multiply(call, flows, trains):
    """Each factor, for the gradient of the other."""
    if len(call.inputs) == 1:  # the other is a constant
        return _Needs()
    if len(call.inputs) > 2:
        return None
    return _Needs([t for t, other in zip(call.inputs, reversed(flows), strict=True) if other])


def _divide(call, flows, trains):
    by_constant = len(call.inputs) == 1 and call.args and call.args[0] is call.inputs[0]
    return _Needs() if by_constant else None


def _average(call, flows, trains):
    """`keras.ops.average` may have weights."""
    is_layer = isinstance(call.layer, keras.Layer)
    return _Needs() if is_layer or len(call.inputs) == 1 else None


def _two(call, flows, trains):
    """Which of the two is larger."""
    return _Needs(call.inputs) if len(call.inputs) == 2 else None


def _up_sampling(call, flows, trains):
    """The gradient of interpolation reads the input, of which it needs the size alone."""
    return _Needs() if call.layer.interpolation == "nearest" else _Needs(call.inputs)


def _if_trained(call, flows, trains):
    return _Needs(call.inputs if trains else [])


def _max_blur(call, flows, trains):
    """Its largest values, before any are left out."""
    _, *sizes = call.inputs[0].shape
    if call.layer.padding != "same":
        return None
    extra = None if None in sizes else math.prod(sizes) * _itemsize(call.layer.compute_dtype)
    return _Needs(call.inputs, extra=extra)


def _multi_head(call, flows, trains):
    """The inputs; of all heads query, key, value, the weights of the pairs, and what they sum."""
    config, given = call.layer.get_config(), call_arguments(call)
    query, value = given["query"], given["value"]
    key = given.get("key")
    key = value if key is None else key
    plain = len(query.shape) == 3 and call.layer.compute_dtype == "float32"
    if not plain or config["dropout"] or config.get("use_gate"):
        return None
    if None in (query.shape[1], value.shape[1]):
        return _Needs(extra=None)
    heads, n_queries, n_keys = config["num_heads"], query.shape[1], value.shape[1]
    depths = config["key_dim"] + (config["value_dim"] or config["key_dim"])
    n_values = heads * ((n_queries + n_keys) * depths + n_queries * n_keys)
    inputs = list({id(tensor): tensor for tensor in (query, value, key)}.values())
    return _Needs(inputs if trains else [], extra=4 * n_values)


_RULES = {
    "Activation": _activation,
    "Average": _average,
    "BatchNormalization": _batch_norm,
    "Divide": _divide,
    "Dropout": _dropout,
    "ELU": lambda *_: _Needs(output=True),
    "Embedding": _if_trained,
    "GroupNormalization": _group_norm,
    "LayerNormalization": _layer_norm,
    "LayerScale": _if_trained,
    "LeakyReLU": lambda call, *_: _Needs(call.inputs),
    "MaxBlurPooling2D": _max_blur,
    "Maximum": _two,
    "Minimum": _two,
    "MultiHeadAttention": _multi_head,
    "Multiply": _multiply,
    "Matmul": _multiply,
    "ReLU": _relu,
    "SeparableConv1D": _separable,
    "SeparableConv2D": _separable,
    "Softmax": lambda *_: _Needs(output=True),
    "SpatialDropout1D": _dropout,
    "SpatialDropout2D": _dropout,
    "SpatialDropout3D": _dropout,
    "TrueDivide": _divide,
    "UpSampling2D": _up_sampling,
}
