"""Bytes kept in training, against those that gradients read in TensorFlow's graph."""

import keras
import pytest
from graph_kept import kept_bytes
from keras import layers, ops

from cnnkit.geometry import model_table
from cnnkit.layers import MaxBlurPooling2D, Maxout
from cnnkit.models import small_cnn


def after_a_convolution(function):
    inputs = keras.Input((6, 6, 3))
    maps = layers.Conv2D(4, 3, padding="same")(inputs)
    return keras.Model(inputs, function(maps))


def gate(maps):
    scale = layers.Dense(4, "sigmoid")(layers.GlobalAveragePooling2D()(maps))
    return layers.Multiply()([maps, layers.Reshape((1, 1, 4))(scale)])


def dilated(maps):
    return layers.Conv2D(5, 3, padding="same", dilation_rate=(2, 3))(maps)


def gate_hard(maps):
    gates = layers.Activation("hard_sigmoid")(maps)
    return layers.Activation("hard_silu")(layers.Activation("mish")(gates))


FUNCTIONS = {
    "activations": lambda x: ops.relu(layers.LeakyReLU()(layers.ReLU(6.0)(x))),
    "fused": lambda x: layers.Dense(3, "silu")(layers.Conv2D(5, 2, activation="elu")(x)),
    "gelu": lambda x: layers.Dense(3, "gelu")(layers.Activation("linear")(x)),
    "hard": lambda x: layers.Dense(3, "mish")(layers.Dense(3, "hard_silu")(gate_hard(x))),
    "softmax": lambda x: layers.Softmax()(layers.Activation("softplus")(x)),
    "batch norm": lambda x: layers.BatchNormalization()(x),
    "frozen batch norm": lambda x: layers.BatchNormalization(trainable=False)(x),
    "layer norm": lambda x: layers.LayerNormalization()(x),
    "layer norm without scale": lambda x: layers.LayerNormalization(scale=False)(x),
    "group norm": lambda x: layers.GroupNormalization(2)(x),
    "max pooling": lambda x: layers.GlobalMaxPooling2D()(layers.MaxPooling2D(2)(x)),
    "blur": lambda x: MaxBlurPooling2D()(x),
    "maxout": lambda x: Maxout(2)(x),
    "sums": lambda x: layers.Concatenate()([layers.Average()([x, x + 1]), x * 2, x / 2, -x]),
    "moves": lambda x: layers.Permute((2, 1, 3))(layers.ZeroPadding2D()(x))[:, 1:],
    "pooling": lambda x: layers.AveragePooling2D(2)(layers.UpSampling2D()(x)),
    "dropout": lambda x: layers.SpatialDropout2D(0.5)(layers.Dropout(0.5)(x)),
    "dropout of examples": lambda x: layers.Dropout(0.5, noise_shape=(None, 1, 1, 1))(x),
    "no dropout": lambda x: layers.Dropout(0.0)(x),
    "views": lambda x: layers.Dense(3)(layers.Flatten()(layers.Reshape((36, 4))(x))),
    "gate": gate,
    "products": lambda x: ops.matmul(x, ops.transpose(ops.tanh(x), (0, 1, 3, 2))),
    "larger": lambda x: layers.Maximum()([x, ops.sigmoid(x)]),
    "separable": lambda x: layers.SeparableConv2D(3, 3, depth_multiplier=2, activation="relu")(x),
    "transposed": lambda x: layers.Conv2DTranspose(3, 3)(layers.DepthwiseConv2D(3)(x)),
    "interpolated": lambda x: layers.UpSampling2D(interpolation="bilinear")(x),
    "dilated": lambda x: layers.Conv2D(3, 2, dilation_rate=2)(dilated(x)),
    "causal and dilated": lambda x: layers.Conv1D(3, 2, padding="causal", dilation_rate=3)(
        layers.Reshape((36, 4))(x)
    ),
    "causal": lambda x: layers.Conv1D(3, 2, padding="causal")(layers.Reshape((36, 4))(x)),
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_what_is_kept_is_what_gradients_read(function):
    model = after_a_convolution(function)
    table = model_table(model)
    assert table.total_training_memory == kept_bytes(model) > 0
    assert None not in [row.training_memory for row in table.rows]


def attention():
    words = keras.Input((5,), dtype="int32")
    x = layers.Embedding(9, 4)(words)
    y = layers.MultiHeadAttention(2, 3, value_dim=4)(x, x)
    return keras.Model(words, layers.LayerNormalization()(layers.Add()([x, y])))


def frozen_base():
    """In front of the first trained layer nothing is kept, behind it what is needed there."""
    base = keras.Sequential([keras.Input((6, 6, 3)), layers.Conv2D(4, 3, activation="relu")])
    base.trainable = False
    stack = [layers.Conv2D(3, 2), layers.BatchNormalization(), layers.ReLU()]
    model = keras.Sequential([keras.Input((6, 6, 3)), base, *stack, layers.Conv2D(2, 2)])
    model.layers[-1].trainable = False
    return model


def nested_at_inference():
    """Keras lets the outer model's `training` win."""
    base = keras.Sequential([keras.Input((6, 6, 3)), layers.Dense(4)], name="base")
    base.add(layers.BatchNormalization())
    base.add(layers.Dropout(0.5))
    inputs = keras.Input((6, 6, 3))
    return keras.Model(inputs, layers.Dense(2)(base(inputs, training=False)))


@pytest.mark.parametrize("make", [small_cnn, attention, frozen_base, nested_at_inference])
def test_what_models_keep(make):
    model = make()
    table = model_table(model)
    assert table.total_training_memory == kept_bytes(model)
    assert None not in [row.training_memory for row in table.rows]


def test_mixed_precision_keeps_half():
    """Of what is not normalised: BatchNorm computes in float32."""
    before = keras.config.dtype_policy()
    totals = []
    for policy in ("float32", "mixed_float16"):
        keras.config.set_dtype_policy(policy)
        try:
            stack = [layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(2)]
            model = keras.Sequential([keras.Input((8, 8, 3)), *stack, layers.Dense(4)])
            totals.append(model_table(model).total_training_memory)
            assert totals[-1] == kept_bytes(model)
            model = keras.Sequential([keras.Input((6, 6, 3)), layers.Dense(4)])
            model.add(layers.BatchNormalization())
            table = model_table(model)
            assert table.total_training_memory == kept_bytes(model)
            assert table.rows[-1].memory == 36 * 4 * (4 if policy == "float32" else 2)
        finally:
            keras.config.set_dtype_policy(before)
    assert totals[0] == 2 * totals[1]


def test_rows_say_where_it_is_kept():
    """A ReLU's output is what the next convolution needs: once, in the row of the ReLU."""
    stack = [layers.Conv2D(2, 3), layers.ReLU(), layers.Flatten(), layers.Dense(3)]
    table = model_table(keras.Sequential([keras.Input((4, 4, 1)), *stack]))
    assert [row.training_memory for row in table.rows] == [4 * 16, 0, 4 * 8, 0, 0]


def test_what_is_not_known():
    def relu(x):
        return ops.relu(x) ** 2

    model = after_a_convolution(lambda x: ops.average(x, axis=-1, weights=x))
    assert model_table(model).rows[-1].training_memory is None
    for layer in (
        layers.DepthwiseConv2D(3, dilation_rate=2),
        layers.Conv2D(3, 2, dilation_rate=(1, 2)),
        layers.SeparableConv2D(3, 2, dilation_rate=2),
    ):
        assert model_table(after_a_convolution(layer)).rows[-1].training_memory is None
    for layer in (layers.Dense(3, activation=relu), layers.Dense(3, activation=layers.PReLU())):
        table = model_table(keras.Sequential([keras.Input((4,)), layers.Dense(2), layer]))
        assert [row.training_memory for row in table.rows] == [16, 0, None]
    model = after_a_convolution(lambda x: layers.LSTM(3)(layers.Reshape((36, 4))(x)))
    table = model_table(model)
    assert [row.training_memory for row in table.rows][-1] is None
    assert "bytes kept in training, without 1 layer of unknown need" in repr(table)
    stack = [layers.Conv2D(2, 3), layers.ReLU(), layers.Conv2D(2, 3)]
    table = model_table(keras.Sequential([keras.Input((None, None, 1)), *stack]))
    assert [row.training_memory for row in table.rows] == [None, 0, None, 0]
