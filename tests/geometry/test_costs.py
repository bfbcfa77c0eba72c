import math
import re

import keras
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from cnnkit.geometry import multiply_adds, parameters


@pytest.mark.parametrize(
    "layer, shape, n_parameters, n_multiply_adds",
    [
        (layers.Conv2D(1, 7), (64, 64, 3), 148, 58 * 58 * 147),
        (layers.Conv2D(6, 7), (64, 64, 3), 888, 58 * 58 * 882),
        (layers.Conv2D(6, 5), (32, 32, 3), 456, 28 * 28 * 450),
        (layers.Conv2D(1, 5), (32, 32, 3), 76, 28 * 28 * 75),
        (layers.Dense(1), (32 * 32 * 3,), 3_073, 3_072),
        (layers.Dense(4_704), (32 * 32 * 3,), 14_455_392, 14_450_688),
        (layers.Conv2D(16, 7, padding="same"), (32, 32, 8), 6_288, 6_422_528),
        (layers.Conv2D(64, 3, padding="same"), (32, 32, 64), 36_928, 37_748_736),
        (layers.Conv2D(64, 3, 2, padding="same"), (32, 32, 64), 36_928, 9_437_184),
        (layers.Conv1D(1, 3), (5, 1), 4, 9),
        (layers.Dense(5), (5,), 30, 25),
        (layers.Dense(5, use_bias=False), (4, 3), 15, 60),
        (layers.Conv2D(256, 5, padding="same", groups=2), (27, 27, 96), 307_456, 223_948_800),
        (layers.DepthwiseConv2D(3, use_bias=False), (8, 8, 4), 36, 1_296),
        (layers.SeparableConv2D(16, 3, padding="same"), (8, 8, 4), 116, 6_400),
    ],
)
def test_costs_by_hand(layer, shape, n_parameters, n_multiply_adds):
    assert parameters(layer, shape) == n_parameters
    assert multiply_adds(layer, shape) == n_multiply_adds
    assert not layer.built and type(parameters(layer, shape)) is int


def test_width_height_and_channels_multiply_and_each_filter_has_a_bias():
    layer = layers.Conv2D(9, (2, 5), use_bias=False)
    assert parameters(layer, (None, None, 7)) == 2 * 5 * 7 * 9
    assert parameters(layers.Conv2D(9, (2, 5)), (None, None, 7)) == 2 * 5 * 7 * 9 + 9


def test_a_huge_layer_is_counted_without_making_it():
    assert parameters(layers.Dense(100), (735_000 * 3,)) == 220_500_100
    assert multiply_adds(layers.Dense(10**9), (10**9,)) == 10**18


def test_a_strided_convolution_is_cheaper_than_pooling_after_it():
    full = multiply_adds(layers.Conv2D(64, 3, padding="same"), (32, 32, 64))
    assert multiply_adds(layers.MaxPooling2D(), (32, 32, 64)) == 0
    assert full == 4 * multiply_adds(layers.Conv2D(64, 3, 2, padding="same"), (32, 32, 64))


@st.composite
def layers_and_shapes(draw):
    """A class of layers with weights, the layer's arguments, and the shape of one example."""
    small = st.integers(1, 3)
    kind = draw(st.sampled_from(["conv", "depthwise", "separable", "dense"]))
    bias, n_axes = draw(st.booleans()), draw(st.integers(1, 3 if kind == "conv" else 2))
    channels, groups = draw(small), draw(small) if kind == "conv" else 1
    sizes = [draw(st.integers(7, 9)) for _ in range(n_axes)]
    if kind == "dense":
        sizes = sizes[: draw(st.integers(0, 2))]
        return layers.Dense, {"units": draw(small), "use_bias": bias}, (*sizes, channels)
    options = {"padding": draw(st.sampled_from(["valid", "same"])), "use_bias": bias}
    options["kernel_size"] = tuple(draw(small) for _ in sizes)
    options["strides"] = draw(small)
    if options["strides"] == 1:
        options["dilation_rate"] = draw(small)
    options["data_format"] = draw(st.sampled_from(["channels_first", "channels_last"]))
    channels *= groups
    last = options["data_format"] == "channels_last"
    shape = (*sizes, channels) if last else (channels, *sizes)
    if kind == "conv":
        options |= {"filters": groups * draw(small), "groups": groups}
        return getattr(layers, f"Conv{n_axes}D"), options, shape
    options["depth_multiplier"] = draw(small)
    if kind == "depthwise":
        return getattr(layers, f"DepthwiseConv{n_axes}D"), options, shape
    options["filters"] = draw(small)
    return getattr(layers, f"SeparableConv{n_axes}D"), options, shape


@settings(max_examples=150, deadline=None)
@given(layers_and_shapes())
def test_costs_are_those_of_the_built_layer(case):
    make, arguments, shape = case
    layer = make(**arguments)
    n_parameters, n_multiply_adds = parameters(layer, shape), multiply_adds(layer, shape)
    assert not layer.built
    copy = make(**arguments)
    copy.build((None, *shape))
    assert n_parameters == copy.count_params() == parameters(copy, shape)
    output = copy.compute_output_shape((1, *shape))
    channels_first = getattr(copy, "data_format", "") == "channels_first"
    positions = math.prod(output[2:] if channels_first else output[1:-1])
    n_weights = sum(math.prod(w.shape) for w in copy.weights if w.name != "bias")
    assert n_multiply_adds == positions * n_weights


def profiled(layer, shape):
    """The floating-point operations of one layer according to TensorFlow."""
    call = tf.function(lambda x: layer(x)).get_concrete_function(tf.TensorSpec((1, *shape)))
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    graph = call.graph
    return tf.compat.v1.profiler.profile(graph, options=options).total_float_ops


@pytest.mark.parametrize(
    "layer, shape",
    [
        (layers.Conv2D(16, 7, padding="same", use_bias=False), (32, 32, 8)),
        (layers.Conv2D(5, (3, 2), (2, 1), use_bias=False), (15, 14, 3)),
        (layers.DepthwiseConv2D(3, 2, depth_multiplier=2, use_bias=False), (16, 16, 4)),
        (layers.DepthwiseConv2D(3, padding="same", use_bias=False), (9, 8, 5)),
        (layers.SeparableConv2D(6, 3, use_bias=False), (10, 10, 4)),
        (layers.Dense(30, use_bias=False), (50,)),
    ],
)
def test_multiply_adds_are_half_of_tensorflows_operations(layer, shape):
    assert 2 * multiply_adds(layer, shape) == profiled(layer, shape)


def test_causal_padding():
    layer = layers.Conv1D(2, 3, padding="causal", dilation_rate=2)
    assert multiply_adds(layer, (9, 4)) == 9 * 3 * 4 * 2


@pytest.mark.parametrize(
    "layer",
    [
        layers.MaxPooling2D(),
        layers.GlobalAveragePooling2D(),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.ReLU(),
        layers.Activation("softmax"),
        layers.RandomFlip(),
        layers.Rescaling(1 / 255),
        layers.Add(),
        layers.InputLayer((4, 4, 3)),
    ],
)
def test_layers_without_weights_cost_nothing(layer):
    assert parameters(layer, (4, 4, 3)) == multiply_adds(layer, (4, 4, 3)) == 0


class Head(keras.Layer):
    """A layer of a user, with another one inside."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs)


class OddConv(layers.Conv2D):
    """A layer of a user that does something else."""

    def convolution_op(self, inputs, kernel):
        return super().convolution_op(inputs, kernel * kernel)


class OddAdd(layers.Add):
    """A layer of a user that learns."""

    def build(self, input_shape):
        super().build(input_shape)
        self.scale = self.add_weight(shape=())


class OwnConv(layers.Conv2D):
    def __init__(self, filters, **kwargs):
        super().__init__(filters, 3, **kwargs)


class OwnDense(layers.Dense):
    """Changes nothing."""


@pytest.mark.parametrize(
    "layer", [layers.Lambda(abs), layers.Dense(3, lora_rank=2), Head(), OddConv(3, 3), OddAdd()]
)
def test_layers_of_unknown_cost(layer):
    words = f"Received: '{layer.name}', a {type(layer).__name__}"
    for count in (parameters, multiply_adds):
        with pytest.raises(TypeError, match=f"whose cost is known: .*{re.escape(words)}"):
            count(layer, (8, 8, 3))


def test_subclasses_of_known_cost():
    assert parameters(OwnConv(5), (8, 8, 3)) == 5 * 28
    assert multiply_adds(OwnConv(5), (8, 8, 3)) == 36 * 5 * 27
    assert multiply_adds(OwnDense(5), (8, 3)) == 8 * 15


def test_what_is_no_layer():
    with pytest.raises(TypeError, match="`layer` must be a Keras layer. Received: layer='conv'"):
        parameters("conv", (8, 8, 3))


@pytest.mark.parametrize(
    "layer, shape, words",
    [
        (layers.Conv2D(2, 3, name="a"), (None, 8, 8, 3), "suit the layer 'a', a Conv2D, and have"),
        (layers.Dense(2), (), r"input_shape=\(\)"),
        (layers.Conv2D(2, 3), (8, 8, None), "`channels` must be .* Received: channels=None"),
        (layers.Conv2D(2, 3, groups=2, name="b"), (8, 8, 3), "2 groups of the layer 'b'"),
    ],
)
def test_shapes_that_do_not_suit(layer, shape, words):
    for count in (parameters, multiply_adds):
        with pytest.raises(ValueError, match=words):
            count(layer, shape)


def test_multiply_adds_need_all_sizes():
    with pytest.raises(ValueError, match="must give all sizes"):
        multiply_adds(layers.Conv2D(2, 3), (None, 8, 3))
    with pytest.raises(ValueError, match="reaches over 3 values and there are 2"):
        multiply_adds(layers.Conv2D(2, 3), (2, 8, 3))
    with pytest.raises(ValueError, match="must give all sizes"):
        multiply_adds(layers.Dense(2), (None, 3))
