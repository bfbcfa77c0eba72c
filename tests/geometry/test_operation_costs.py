"""Multiply-adds of `keras.ops` in a model, against TensorFlow's graph."""

import inspect

import keras
import numpy as np
import pytest
from graph_count import counted
from keras import ops

from cnnkit._keras import find_calls
from cnnkit.geometry import model_table
from cnnkit.geometry._operation_costs import NOTHING, PRODUCTS, REFUSED

KERNEL = np.ones((3, 2, 4, 5), "float32")


def test_every_function_is_decided():
    """It fails when Keras gets a function that is in no list."""
    classes = set()
    for function in (ops.relu, ops.add, ops.fft, ops.inv, ops.cast, ops.image.resize):
        room = inspect.getmodule(function)
        kinds = [each for _, each in inspect.getmembers(room, inspect.isclass)]
        own = [each for each in kinds if each.__module__ == room.__name__]
        classes |= {each.__name__ for each in own if issubclass(each, keras.Operation)}
    assert len(classes) > 200 and {"Einsum", "Relu", "Eigh", "Cast", "Resize", "FFT"} <= classes
    decided = [NOTHING, REFUSED, set(PRODUCTS)]
    assert not classes - set().union(*decided) - {"SegmentReduction"}  # the base of others
    assert sum(map(len, decided)) == len(set().union(*decided))


@pytest.mark.parametrize(
    "function, shapes",
    [
        (lambda x, y: x @ y, [(5, 4), (4, 3)]),
        (lambda x, y: ops.matmul(x, y), [(2, 5, 4), (1, 4, 3)]),
        (lambda x: x @ np.ones((4, 3), "float32"), [(5, 4)]),
        (lambda x: ops.dot(x, np.ones((4, 3), "float32")), [(5, 4)]),
        (lambda x: ops.tensordot(x, np.ones((4, 5, 3), "float32"), [[2, 1], [0, 1]]), [(5, 4)]),
        (lambda x: ops.tensordot(x, np.ones((4, 3), "float32"), 1), [(5, 4)]),
        (lambda x, y: ops.einsum("bij,bkj->bik", x, y), [(5, 4), (3, 4)]),
        (lambda x, y: x * y + 2 * x, [(5, 4), (5, 4)]),
        (lambda x: ops.conv(x, KERNEL, strides=2, padding="same"), [(7, 6, 4)]),
        (lambda x: ops.conv(x, KERNEL[:, :, :2], strides=1), [(7, 6, 2)]),
        (lambda x: ops.depthwise_conv(x, KERNEL, padding="same"), [(7, 6, 4)]),
        (
            lambda x: ops.separable_conv(x, KERNEL, np.ones((1, 1, 20, 3), "float32")),
            [(7, 6, 4)],
        ),
        (lambda x: ops.conv_transpose(x, KERNEL, 2), [(7, 6, 5)]),
        (lambda x, y: ops.dot_product_attention(x, y, y), [(5, 2, 4), (6, 2, 4)]),
        (lambda x: ops.image.gaussian_blur(x, (3, 5)), [(7, 6, 4)]),
        (lambda x: ops.reshape(x, (-1, 3)) @ np.ones((3, 2), "float32"), [(4, 3)]),
    ],
)
def test_products_are_those_of_tensorflow(function, shapes):
    inputs = [keras.Input(shape) for shape in shapes]
    table = model_table(keras.Model(inputs, function(*inputs)))
    assert table.total_multiply_adds == counted(function, shapes)
    assert all(row.multiply_adds is not None for row in table.rows)


@pytest.mark.parametrize(
    "function, shape",
    [
        (lambda x: ops.norm(ops.inv(x)), (3, 3)),
        (lambda x: ops.fft((x, x))[0], (8,)),
        (lambda x: ops.map(ops.relu, x), (8,)),
        (lambda x: ops.einsum("bi,bi,bi->b", x, x, x), (8,)),
        (lambda x: ops.transpose(x, (1, 0, 2)) @ np.ones((3, 2)), (4, 3)),
        (lambda x: ops.einsum("bij->bji", x) @ x, (None, 3)),
        (lambda x: ops.transpose(x) @ x, (3,)),
    ],
)
def test_what_is_not_known(function, shape):
    inputs = keras.Input(shape)
    model = keras.Model(inputs, function(inputs))
    assert None in [row.multiply_adds for row in model_table(model).rows]
    assert "of unknown cost" in repr(model_table(model))


def test_masks_are_no_keys():
    queries, mask = keras.Input((5, 4)), keras.Input((5, 5), dtype="bool")
    outputs = keras.layers.MultiHeadAttention(2, 3)(queries, queries, attention_mask=mask)
    outputs = keras.layers.LSTM(4)(outputs, initial_state=[queries[:, 0], queries[:, 1]])
    model = keras.Model([queries, mask], outputs)
    expected = 4 * 5 * 4 * 6 + 2 * 2 * 3 * 5 * 5 + 5 * 4 * 4 * 8
    assert model_table(model).total_multiply_adds == expected


def test_an_embedding_backwards():
    words = keras.Input((5,), dtype="int32")
    layer = keras.layers.ReversibleEmbedding(7, 3)
    model = keras.Model(words, layer(layer(words), reverse=True))
    assert [row.multiply_adds for row in model_table(model).rows] == [0, 0, 5 * 3 * 7]
    assert len(find_calls(model)) == 3
