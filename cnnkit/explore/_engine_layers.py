"""What the page's engine needs of each kind of layer: its settings, and its weights.

The engine itself is in `page/engine.js` and the files beside it, and runs on one picture at a time.
A rule here is a function from a `Call` to `(kind, settings, weights)`: the name under which the
engine knows what is computed, a dictionary for JSON, and one of arrays. It raises `NotComputed`
where the layer has a setting that the engine does not know.
"""

import math

import keras
import numpy as np

from cnnkit.reference import borders


class NotComputed(Exception):
    """The page cannot compute a layer; the message is the reason, as the end of a sentence."""


def engine_layer(call):
    """What the engine needs for one call of a layer.

    Args:
        call: A `Call`, whose tensors have their sizes.

    Returns:
        `(kind, settings, weights)`. `settings` has the name and the settings of the activation that
        follows, if there is one, under "activation".

    Raises:
        NotComputed: If the engine does not know the layer or one of its settings.
    """
    layer = call.layer
    kind = type(layer).__name__
    if not type(layer).__module__.startswith(("keras.", "cnnkit.layers.")) or kind not in RULES:
        raise NotComputed(f"it is a {kind}" + (", but not Keras's own" if kind in RULES else ""))
    if layer.compute_dtype != "float32" or getattr(layer, "quantization_mode", None):
        raise NotComputed("it does not compute in float32")
    if getattr(layer, "data_format", None) == "channels_first":
        raise NotComputed("it has the channels of its maps first")
    if len(call.outputs) != 1 or None in call.outputs[0].shape[1:]:
        raise NotComputed("it does not give one array of a known shape")
    kind, settings, weights = RULES[kind](call)
    if kind in _WITH_ACTIVATION and layer.activation is not keras.activations.linear:
        settings["activation"] = _function(layer.activation)
    weights = {name: array for name, array in weights.items() if array is not None}
    return kind, settings, {name: _array(array) for name, array in weights.items()}


_WITH_ACTIVATION = {"Conv2D", "Dense", "DepthwiseConv2D", "SeparableConv2D"}


def _array(array):
    return np.asarray(keras.ops.convert_to_numpy(array), np.float32)


def _shape(call):
    return tuple(call.inputs[0].shape[1:])


def _borders(call, window, strides, dilation_rate=(1, 1)):
    found = borders(call.layer.padding, _shape(call)[:2], window, strides, dilation_rate)
    return [[int(n) for n in pair] for pair in found]


def _input(call):
    return "InputLayer", {}, {}


def _identity(call):
    return "Identity", {}, {}


def _dropout(call):
    return "Identity", {"rate": float(call.layer.rate)}, {}


def _same_values(call):
    return type(call.layer).__name__, {}, {}


# Convolutions and dense layers


def _convolution(call, kernel, groups):
    """The settings that all convolutions have; `kernel` is of shape rows, columns, …"""
    layer, window = call.layer, kernel.shape[:2]
    return {
        "kernel_size": list(window),
        "strides": list(layer.strides),
        "dilation_rate": list(layer.dilation_rate),
        "groups": groups,
        "padding": layer.padding,
        "borders": _borders(call, window, layer.strides, layer.dilation_rate),
    }


def _conv2d(call):
    layer = call.layer
    weights = {"kernel": layer.kernel, "bias": layer.bias}
    return "Conv2D", _convolution(call, layer.kernel, layer.groups), weights


def _one_channel_each(kernel):
    """A depthwise kernel as one of as many groups as there are channels."""
    rows, columns, channels, multiplier = kernel.shape
    return _array(kernel).reshape(rows, columns, 1, channels * multiplier)


def _depthwise(call):
    layer, channels = call.layer, _shape(call)[-1]
    weights = {"kernel": _one_channel_each(layer.kernel), "bias": layer.bias}
    return "DepthwiseConv2D", _convolution(call, layer.kernel, channels), weights


def _separable(call):
    layer, channels = call.layer, _shape(call)[-1]
    depthwise = _one_channel_each(layer.depthwise_kernel)
    weights = {"depthwise": depthwise, "pointwise": layer.pointwise_kernel, "bias": layer.bias}
    return "SeparableConv2D", _convolution(call, depthwise, channels), weights


def _dense(call):
    return "Dense", {}, {"kernel": call.layer.kernel, "bias": call.layer.bias}


# Pooling and sizes


def _pooling(call):
    layer = call.layer
    settings = {
        "pool_size": list(layer.pool_size),
        "strides": list(layer.strides),
        "padding": layer.padding,
        "borders": _borders(call, layer.pool_size, layer.strides),
    }
    return type(layer).__name__, settings, {}


def _max_blur_pooling(call):
    """Windows at every pixel; then a blur, which sees the map of their maxima."""
    layer = call.layer
    of_pool = _borders(call, layer.pool_size, (1, 1))
    pairs = zip(_shape(call)[:2], of_pool, layer.pool_size, strict=True)
    maxima = [n + sum(border) - pool + 1 for n, border, pool in pairs]
    of_blur = borders(layer.padding, maxima, [layer.kernel_size] * 2, (1, 1), (1, 1))
    settings = {
        "pool_size": list(layer.pool_size),
        "pool_borders": of_pool,
        "strides": list(layer.strides),
        "padding": layer.padding,
        "borders": [list(map(int, border)) for border in of_blur],
        "line": [math.comb(layer.kernel_size - 1, i) for i in range(layer.kernel_size)],
    }
    return "MaxBlurPooling2D", settings, {}


def _zero_padding(call):
    return "ZeroPadding2D", {"borders": [list(pair) for pair in call.layer.padding]}, {}


def _upsampling(call):
    layer = call.layer
    if layer.interpolation not in ("nearest", "bilinear"):
        raise NotComputed(f"its interpolation is {layer.interpolation!r}")
    return "UpSampling2D", {"size": list(layer.size), "interpolation": layer.interpolation}, {}


# Normalisation and activations


def _per_value(array, call):
    """An array as one number, one for each channel, or one for each value of an example."""
    array = np.asarray(keras.ops.convert_to_numpy(array), np.float64)
    if array.size == 1 or array.shape[-1:] == (array.size,):
        return array.reshape(-1)
    if math.prod(array.shape[:-1]) == 1:
        return array.reshape(-1)
    return np.broadcast_to(array, (1, *_shape(call))).reshape(-1)


def _rescaling(call):
    layer = call.layer
    weights = {"scale": _per_value(layer.scale, call), "offset": _per_value(layer.offset, call)}
    return "Rescaling", {}, weights


def _normalization(call):
    layer = call.layer
    if layer.invert:
        raise NotComputed("it goes back from normalised values")
    variance = keras.ops.convert_to_numpy(layer.variance)
    deviation = np.maximum(np.sqrt(variance), keras.config.epsilon())
    weights = {"mean": _per_value(layer.mean, call), "deviation": _per_value(deviation, call)}
    return "Normalization", {}, weights


def _of_channels(call):
    """The axis along which a layer normalises must be that of the channels."""
    if call.layer.axis not in (-1, len(call.inputs[0].shape) - 1):
        raise NotComputed("it works along another axis than that of the channels")


def _batch_normalization(call):
    _of_channels(call)
    layer = call.layer
    weights = {
        "mean": layer.moving_mean,
        "variance": layer.moving_variance,
        "gamma": layer.gamma,
        "beta": layer.beta,
    }
    return "BatchNormalization", {"epsilon": layer.epsilon}, weights


def _group_normalization(call):
    _of_channels(call)
    layer, channels = call.layer, _shape(call)[-1]
    groups = channels if layer.groups == -1 else layer.groups
    weights = {
        "gamma": layer.gamma if layer.scale else None,
        "beta": layer.beta if layer.center else None,
    }
    return "GroupNormalization", {"groups": groups, "epsilon": layer.epsilon}, weights


_FUNCTIONS = {
    keras.activations.get(name): {"name": name}
    for name in """
        elu exponential gelu hard_sigmoid hard_silu leaky_relu linear log_softmax mish relu relu6
        selu sigmoid silu softmax softplus softsign tanh
    """.split()
}
_PLAIN_RELU = {"name": "relu", "max_value": None, "negative_slope": 0.0, "threshold": 0.0}
_FUNCTIONS[keras.activations.relu] = _PLAIN_RELU
_FUNCTIONS[keras.activations.elu]["alpha"] = 1.0
_FUNCTIONS[keras.activations.leaky_relu]["negative_slope"] = 0.2


def _function(function):
    """The settings of an activation that is given as a function, or as a layer."""
    if isinstance(function, keras.layers.Layer) and type(function).__name__ in _LAYER_FUNCTIONS:
        return _LAYER_FUNCTIONS[type(function).__name__](function)
    if function not in _FUNCTIONS:
        raise NotComputed(f"its activation is {getattr(function, '__name__', function)!r}")
    return dict(_FUNCTIONS[function])


def _relu_layer(layer):
    names = ("max_value", "negative_slope", "threshold")
    return {"name": "relu"} | {name: _number(getattr(layer, name)) for name in names}


def _softmax_layer(layer):
    if layer.axis != -1:
        raise NotComputed("its softmax is along another axis than that of the channels")
    return {"name": "softmax"}


_LAYER_FUNCTIONS = {
    "ELU": lambda layer: {"name": "elu", "alpha": _number(layer.alpha)},
    "LeakyReLU": lambda layer: {
        "name": "leaky_relu",
        "negative_slope": _number(layer.negative_slope),
    },
    "ReLU": _relu_layer,
    "Softmax": _softmax_layer,
}


def _number(value):
    return None if value is None else float(value)


def _activation(call):
    layer = call.layer
    function = layer.activation if type(layer).__name__ == "Activation" else layer
    return "Activation", {"function": _function(function)}, {}


def _prelu(call):
    return "PReLU", {}, {"alpha": _per_value(call.layer.alpha[None], call)}


# Channels and branches


def _maxout(call):
    return "Maxout", {"pieces": call.layer.pieces}, {}


def _merge(call):
    ranks = {len(tensor.shape) for tensor in call.inputs}
    if len(ranks) > 1:
        raise NotComputed("its inputs have different numbers of axes")
    return _same_values(call)


def _concatenate(call):
    rank = len(call.outputs[0].shape)
    axis = call.layer.axis % rank - 1
    if axis < 0:
        raise NotComputed("it joins the examples of a batch")
    return "Concatenate", {"axis": axis}, {}


_AS_IT_IS = """
    ActivityRegularization AlphaDropout GaussianDropout GaussianNoise Identity RandomAffine
    RandomBrightness RandomColor RandomContrast RandomFlip RandomRotation RandomTranslation
    RandomWarp RandomZoom
""".split()  # at inference
RULES = {
    **dict.fromkeys(_AS_IT_IS, _identity),
    **dict.fromkeys(("Dropout", "SpatialDropout2D"), _dropout),
    **dict.fromkeys([*_LAYER_FUNCTIONS, "Activation"], _activation),
    **dict.fromkeys(("Add", "Multiply"), _merge),
    **dict.fromkeys(("AveragePooling2D", "MaxPooling2D", "StochasticPooling2D"), _pooling),
    **dict.fromkeys(("GlobalAveragePooling2D", "GlobalMaxPooling2D"), _same_values),
    **dict.fromkeys(("Flatten", "Reshape"), _same_values),
    "BatchNormalization": _batch_normalization,
    "Concatenate": _concatenate,
    "Conv2D": _conv2d,
    "Dense": _dense,
    "DepthwiseConv2D": _depthwise,
    "GroupNormalization": _group_normalization,
    "InputLayer": _input,
    "MaxBlurPooling2D": _max_blur_pooling,
    "Maxout": _maxout,
    "Normalization": _normalization,
    "PReLU": _prelu,
    "Rescaling": _rescaling,
    "SeparableConv2D": _separable,
    "UpSampling2D": _upsampling,
    "ZeroPadding2D": _zero_padding,
}
