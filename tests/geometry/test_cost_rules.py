"""The rules of all layers, against Keras's own counts and TensorFlow's graph."""

import inspect

import keras
import numpy as np
import pytest
from graph_count import counted
from keras import layers

import cnnkit.layers
from cnnkit._keras import find_calls
from cnnkit.geometry import multiply_adds, parameters
from cnnkit.geometry._cost_rules import REFUSED, RULES, rows_of_an_example


def test_every_layer_is_decided():
    """It fails when Keras gets a layer for which there is no rule and no refusal."""
    for room in (layers, cnnkit.layers):
        classes = [each for _, each in inspect.getmembers(room, inspect.isclass)]
        names = {each.__name__ for each in classes if issubclass(each, keras.Layer)}
        assert not names - set(RULES) - set(REFUSED)
    assert not set(RULES) & set(REFUSED)


CASES = [
    ("Conv1DTranspose", (3, 4, 2), {"padding": "same"}, [(5, 2)]),
    ("Conv2DTranspose", (3, (4, 3), (2, 1)), {}, [(5, 6, 2)]),
    ("Conv2DTranspose", (3, 3), {"dilation_rate": 2, "use_bias": False}, [(5, 6, 2)]),
    ("Conv3DTranspose", (3, 2, 2), {}, [(3, 4, 5, 2)]),
    ("EinsumDense", ("abc,cd->abd", (None, 5)), {"bias_axes": "d"}, [(3, 4)]),
    ("EinsumDense", ("...x,xy->...y", 5), {}, [(3, 4)]),
    ("EinsumDense", ("ab...,bc->ac...", (5, None)), {}, [(3, 4)]),
    ("EinsumDense", ("abcd,cde->abe", (2, 6)), {"bias_axes": "be"}, [(2, 3, 4)]),
    ("Embedding", (5, 3), {}, [(4,)]),
    ("SimpleRNN", (3,), {"unroll": True}, [(2, 2)]),
    ("GRU", (3,), {"unroll": True}, [(2, 2)]),
    ("GRU", (3,), {"unroll": True, "reset_after": False, "use_bias": False}, [(2, 2)]),
    ("LSTM", (3,), {"unroll": True, "return_sequences": True}, [(3, 2)]),
    ("ConvLSTM1D", (3, 2, 2), {"unroll": True}, [(2, 6, 2)]),
    ("ConvLSTM2D", (3, (2, 3)), {"padding": "same", "unroll": True}, [(2, 6, 5, 2)]),
    ("MultiHeadAttention", (2, 3), {}, [(5, 4), (6, 4)]),
    (
        *("MultiHeadAttention", (2, 3)),
        {"value_dim": 5, "output_shape": 7, "use_bias": False},
        [(5, 4), (6, 3), (6, 2)],
    ),
    ("MultiHeadAttention", (2, 3), {"attention_axes": 2}, [(5, 6, 4), (5, 7, 4)]),
    ("MultiHeadAttention", (2, 3), {"attention_axes": (-3, -2)}, [(2, 3, 4), (4, 3, 4)]),
    ("GroupQueryAttention", (3, 4, 2), {}, [(5, 8), (6, 8)]),
    ("BatchNormalization", (), {"center": False}, [(4, 3)]),
    ("LayerNormalization", (), {"axis": (1, 2)}, [(4, 3, 2)]),
    ("GroupNormalization", (2,), {}, [(4, 3, 2)]),
    ("RMSNormalization", (), {}, [(4, 3, 2)]),
    ("PReLU", (), {"shared_axes": [1]}, [(4, 3, 2)]),
    ("Normalization", (), {"axis": (1, 3)}, [(4, 3, 2)]),
    ("Normalization", (), {"axis": None}, [(4, 3, 2)]),
    ("Normalization", (), {"mean": 1.0, "variance": 2.0}, [(4, 3, 2)]),
    ("STFTSpectrogram", (), {"frame_length": 8}, [(30, 2)]),
    ("STFTSpectrogram", ("real", 8, 3, 16), {"padding": "same"}, [(30, 2)]),
    ("MaxBlurPooling2D", (), {}, [(6, 5, 2)]),
    ("MaxBlurPooling2D", (3, 2, 2, "valid"), {}, [(6, 5, 2)]),
]


@pytest.mark.parametrize("name, args, options, shapes", CASES)
def test_costs_are_those_of_keras_and_tensorflow(name, args, options, shapes):
    kind = getattr(cnnkit.layers, name, None) or getattr(layers, name)
    layer, built = kind(*args, **options), kind(*args, **options)
    given = shapes if len(shapes) > 1 else shapes[0]
    assert multiply_adds(layer, given) == counted(built, shapes)
    assert parameters(layer, given) == built.count_params() == parameters(built, given)
    assert not layer.built


WRAPPED = [
    (lambda: layers.TimeDistributed(layers.Conv2D(3, 2)), (4, 6, 5, 2)),
    (lambda: layers.Bidirectional(layers.LSTM(3, unroll=True)), (2, 2)),
    (lambda: layers.SpectralNormalization(layers.Conv2D(3, 2)), (6, 5, 2)),
    (lambda: layers.SpectralNormalization(layers.Dense(3)), (6,)),
    (lambda: layers.SpectralNormalization(layers.Conv2DTranspose(3, 2)), (6, 5, 2)),
    (
        lambda: layers.SpectralNormalization(layers.DepthwiseConv2D(3, depth_multiplier=4)),
        (6, 5, 2),
    ),
    (lambda: layers.SpectralNormalization(layers.EinsumDense("ab,bc->ac", 5)), (6,)),
    (lambda: layers.Pipeline([layers.Resizing(4, 4), layers.RandomFlip()]), (6, 5, 3)),
]


@pytest.mark.parametrize("make, shape", WRAPPED)
def test_costs_of_wrappers(make, shape):
    layer, built = make(), make()
    assert multiply_adds(layer, shape) == counted(built, [shape])
    assert parameters(layer, shape) == sum(w.numpy().size for w in built.weights)


def test_merging_layers_that_take_a_list():
    attention, dot = layers.Attention(use_scale=True), layers.Dot((2, 1), normalize=True)
    for layer, shapes in ((attention, [(5, 4), (6, 4)]), (dot, [(5, 4), (4, 3)])):
        assert multiply_adds(layer, shapes) == counted(lambda *x, f=layer: f(list(x)), shapes)
        assert parameters(layer, shapes) == layer.count_params()


def test_scores_on_paper():
    """What TensorFlow does value by value: scores of sums; and cells without a loop."""
    shapes = [(5, 4), (6, 3), (6, 4)]
    assert multiply_adds(layers.Attention(score_mode="concat"), shapes) == 5 * 6 * 3
    assert multiply_adds(layers.AdditiveAttention(), shapes) == 5 * 6 * (4 + 3)
    assert multiply_adds(layers.AdditiveAttention(use_scale=False), shapes) == 5 * 6 * 3
    assert parameters(layers.AdditiveAttention(), shapes) == 4
    assert parameters(layers.Attention(score_mode="concat"), shapes) == 1
    assert parameters(layers.LSTMCell(3), (4,)) == 4 * (3 * (4 + 3) + 3)
    stack = layers.RNN([layers.GRUCell(3), layers.LSTMCell(2)])
    assert multiply_adds(stack, (4, 2)) == 4 * (3 * 3 * (2 + 3) + 4 * 2 * (3 + 2))
    assert parameters(stack, (None, 2)) == 45 + 3 * 3 * 2 + 40 + 4 * 2


def test_models_within_wrappers():
    model = keras.Sequential([keras.Input((6, 5, 2)), layers.Conv2D(3, 2), layers.ReLU()])
    layer = layers.TimeDistributed(model)
    assert multiply_adds(layer, (4, 6, 5, 2)) == 4 * 5 * 4 * 8 * 3
    assert parameters(layer, (4, 6, 5, 2)) == 27
    with pytest.raises(ValueError, match=r"for which the model .* was made, \[\(6, 5, 2\)\]"):
        multiply_adds(layer, (4, 8, 5, 2))
    model = keras.Sequential([keras.Input((3,)), layers.Lambda(abs, name="own")])
    with pytest.raises(TypeError, match="that of its layer 'own' is not. Received"):
        multiply_adds(model, (3,))


def test_a_model_that_leaves_the_size_open():
    inputs = [keras.Input((None, None, 2)), keras.Input((None, None, 2)), keras.Input((3,))]
    conv, pool = layers.Conv2D(3, 2), layers.GlobalAveragePooling2D()
    vectors = [pool(conv(inputs[0])), pool(conv(inputs[1])), inputs[2]]
    model = keras.Model(inputs, layers.Dense(5)(layers.Concatenate()(vectors)))
    shape = (6, 5, 2)
    assert multiply_adds(model, [shape, shape, (3,)]) == 2 * 5 * 4 * 8 * 3 + 9 * 5
    assert multiply_adds(model, [shape, (6, 6, 2), (3,)]) == (5 * 4 + 5 * 5) * 8 * 3 + 9 * 5
    for shapes in ([shape, shape, (4,)], [shape, shape], [(6, 5, 1)] * 2):
        with pytest.raises(ValueError, match=r"was made, \[\(None, None, 2\), .* Received: \["):
            multiply_adds(model, shapes)


def test_any_layer_may_be_called_with_training():
    inputs = keras.Input((6, 5, 2))
    model = keras.Model(inputs, layers.Conv2D(3, 2)(inputs, training=False))
    assert multiply_adds(model, (6, 5, 2)) == 5 * 4 * 8 * 3


class OwnCell(keras.Layer):
    state_size = output_size = 2

    def call(self, inputs, states):
        return inputs @ inputs, states


class Gram(keras.Layer):
    """Has no weights and multiplies matrices."""

    def call(self, inputs):
        return keras.ops.swapaxes(inputs, 1, 2) @ inputs


@pytest.mark.parametrize(
    "layer, reason",
    [
        (layers.Lambda(abs), "its function may compute anything"),
        (layers.Layer(), "it is the base of all layers"),
        (layers.Wrapper(layers.Dense(2)), "it is the base of wrappers"),
        (layers.RNN(OwnCell()), "a class of one's own may compute anything"),
        (layers.TimeDistributed(Gram()), "a class of one's own may compute anything"),
        (layers.MelSpectrogram(), "its fast Fourier transform is no matrix product"),
        (layers.SpectralNormalization(layers.Lambda(abs)), "kernel of the layer within"),
        (layers.Dense(3, lora_rank=2), "it is changed by LoRA or quantisation"),
        (keras.Sequential([layers.Dense(2)]), "a model must be built"),
    ],
)
def test_refusals_say_why(layer, reason):
    count = multiply_adds
    if isinstance(layer, layers.SpectralNormalization):
        count = parameters
    with pytest.raises(TypeError, match=f"whose cost is known: .*{reason}.* Received: '"):
        count(layer, (8, 8, 3))


def test_a_layer_of_ones_own_without_weights():
    assert parameters(Gram(), (4, 3)) == 0
    with pytest.raises(TypeError, match="own may compute anything"):
        multiply_adds(Gram(), (4, 3))


@pytest.mark.parametrize(
    "layer, shape, words",
    [
        (layers.MultiHeadAttention(2, 3), (5, 4), "list of the shapes of query, value"),
        (layers.Attention(), [(5, 4), (6, 4), (7, 4)], "same positions"),
        (layers.Dot(1), [(5, 4), (6, 4)], "equal sizes along the axes"),
        (layers.Dot(1), (5, 4), "list of two shapes"),
        (layers.Dense(2), [(5,), (6,)], "must be one shape for the layer"),
        (layers.LSTM(2), (None, 3), "must give all sizes"),
        (layers.LSTM(2), (3,), "must suit the layer"),
        (layers.EinsumDense("ab,bc->ac", 2), (4, 3), "must suit the layer"),
        (layers.LayerNormalization(axis=3), (4, 3), "must suit the layer"),
        (layers.MultiHeadAttention(2, 3), [(None, 4), (6, 4)], "must give all sizes"),
        (layers.Dense(2), 3, "must be a tuple"),
    ],
)
def test_shapes_that_do_not_suit(layer, shape, words):
    count = parameters if isinstance(layer, layers.LayerNormalization) else multiply_adds
    with pytest.raises(ValueError, match=words):
        count(layer, shape)


def test_rows_of_an_example():
    """Tiles that are folded into the batch are several for one example."""
    images = keras.Input((8, 8, 3))
    tiles = keras.ops.reshape(images, (-1, 4, 4, 3))
    pooled = layers.GlobalAveragePooling2D()(tiles)
    back = keras.ops.reshape(pooled, (-1, 4, 3))
    lost = keras.ops.transpose(back, (2, 0, 1))
    model = keras.Model(images, [keras.ops.mean(back, axis=1), keras.ops.tanh(lost)])
    rows = rows_of_an_example(calls := find_calls(model))
    found = {call.path: rows[id(call.outputs[0])] for call in calls}
    assert list(found.values()).count(None) == 2 and sorted(n for n in found.values() if n) == [
        1,
        1,
        1,
        4,
        4,
    ]
    assert np.shape(model(np.zeros((2, 8, 8, 3)))[1]) == (3, 2, 4)
