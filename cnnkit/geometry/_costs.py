"""Parameters and multiply-adds of layers, counted without building or running them."""

import math

import keras

from cnnkit._checks import check_positive
from cnnkit._keras import layers_within
from cnnkit.geometry._keras_kind import keras_kind
from cnnkit.geometry._output_size import output_size
from cnnkit.reference import effective_size

_CONV = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
_DEPTHWISE = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
_SEPARABLE = (keras.layers.SeparableConv1D, keras.layers.SeparableConv2D)
_MERGE = (  # these have a `build`, which makes no weights
    keras.layers.Add,
    keras.layers.Average,
    keras.layers.Concatenate,
    keras.layers.Maximum,
    keras.layers.Minimum,
    keras.layers.Multiply,
    keras.layers.Subtract,
)


def parameters(layer: keras.Layer, input_shape: tuple[int | None, ...]) -> int:
    """Count the numbers that a layer learns: its weights and its biases.

    Args:
        layer: A Keras layer, built or not; it is not changed. Known are convolutions (in 1, 2 and 3
            dimensions, depthwise, separable), Dense, layers without weights, and a user's
            subclasses of these that change no more than how they are constructed.
        input_shape: Shape of one example, `(height, width, channels)` for images. The sizes may be
            None, as they do not matter here; the channels may not.

    Raises:
        TypeError: If the layer is of another type.
    """
    weights, biases = _count_weights(layer, input_shape)
    return weights + biases


def multiply_adds(layer: keras.Layer, input_shape: tuple[int, ...]) -> int:
    """Count the products of a weight and an input that a layer adds up for one example.

    A convolution uses each weight once at each position of its kernel, a dense layer uses each
    weight once. Biases, activations, and layers without weights count nothing.

    Args:
        layer: A Keras layer, as in `parameters`.
        input_shape: Shape of one example, `(height, width, channels)` for images.

    Raises:
        TypeError: If the layer is of another type.
        ValueError: If the shape does not suit the layer, or a kernel does not fit into it.
    """
    weights, _ = _count_weights(layer, input_shape)
    return weights * _count_uses(layer, input_shape) if weights else 0


def _count_weights(layer, input_shape):
    """How many weights and how many biases a layer has: a pair."""
    _check_known(layer)
    if _has_no_weights(layer):
        return 0, 0
    channels, kind = _channels(layer, input_shape), keras_kind(layer)
    if kind is keras.layers.Dense:
        weights, outputs = channels * layer.units, layer.units
    elif kind in _CONV:
        _check_groups(layer, channels)
        weights = math.prod(layer.kernel_size) * (channels // layer.groups) * layer.filters
        outputs = layer.filters
    else:  # a kernel, or several, for each channel alone
        outputs = channels * layer.depth_multiplier
        weights = math.prod(layer.kernel_size) * outputs
        if kind in _SEPARABLE:  # then a 1x1 convolution
            weights, outputs = weights + outputs * layer.filters, layer.filters
    return weights, outputs if layer.use_bias else 0


def _count_uses(layer, input_shape):
    """How often each weight is used for one example."""
    sizes = _sizes(layer, input_shape)
    for size in sizes:
        check_positive(size, "size")
    if keras_kind(layer) is keras.layers.Dense:
        return math.prod(sizes)  # once for each vector along the last axis
    uses = 1
    settings = (layer.kernel_size, layer.strides, layer.dilation_rate)
    for size, kernel_size, strides, dilation_rate in zip(sizes, *settings, strict=True):
        padding = layer.padding
        if padding == "causal":  # all in front, so that no output sees what comes later
            padding = (effective_size(kernel_size, dilation_rate) - 1, 0)
        options = dict(strides=strides, padding=padding, dilation_rate=dilation_rate)
        uses *= output_size(size, kernel_size, **options)
    return uses


def _check_known(layer):
    if not isinstance(layer, keras.Layer):
        raise TypeError(f"`layer` must be a Keras layer. Received: layer={layer!r}")
    known = keras_kind(layer) in (keras.layers.Dense, *_CONV, *_DEPTHWISE, *_SEPARABLE)
    changed = getattr(layer, "lora_rank", None) or getattr(layer, "quantization_mode", None)
    if changed or not (known or _has_no_weights(layer)):
        raise TypeError(
            f"`layer` must be a convolution, a dense layer or a layer without weights, none of "
            f"them changed by LoRA or quantisation: of others the cost is not known. "
            f"Received: {layer.name!r}, a {type(layer).__name__}"
        )


def _has_no_weights(layer):
    """Whether a layer never gets any: it merges others, or makes nothing when it is built."""
    if isinstance(layer, keras.layers.Lambda):  # a function could do anything
        return False
    makes_nothing = type(layer).build in [kind.build for kind in (keras.Layer, *_MERGE)]
    return makes_nothing and not layer.weights and not layers_within(layer)


def _channels(layer, input_shape):
    """The number of channels of the input."""
    if keras_kind(layer) is keras.layers.Dense:
        fits = len(input_shape) >= 1
    else:
        fits = len(input_shape) == len(layer.kernel_size) + 1
    if not fits:
        raise ValueError(
            f"`input_shape` must suit the layer {layer.name!r}, a {type(layer).__name__}, and have "
            f"no batch axis. Received: input_shape={input_shape}"
        )
    channels = input_shape[0 if _is_channels_first(layer) else -1]
    check_positive(channels, "channels")
    return channels


def _sizes(layer, input_shape):
    """The sizes of the input without its channels."""
    return input_shape[1:] if _is_channels_first(layer) else input_shape[:-1]


def _is_channels_first(layer):
    return getattr(layer, "data_format", None) == "channels_first"  # a dense layer has none


def _check_groups(layer, channels):
    if channels % layer.groups:
        raise ValueError(
            f"The {layer.groups} groups of the layer {layer.name!r} must divide its channels. "
            f"Received: {channels} channels"
        )
