import keras
import numpy as np
import pytest
from layer_check import tensorflow_only

from cnnkit.layers._shape import describe_shape, shape_of


@pytest.mark.parametrize(
    ("tensor", "shape", "words"),
    [
        (np.zeros((2, 3)), (2, 3), r"x.shape=(2, 3)"),
        (keras.ops.zeros(()), (), "x.shape=()"),
        ([[1, 2]], None, "x of type list"),
        (None, None, "x of type NoneType"),
    ],
)
def test_shapes_and_what_has_none(tensor, shape, words):
    assert shape_of(tensor) == shape and describe_shape("x", tensor) == words


@tensorflow_only
def test_tensors_that_only_tensorflow_has():
    import tensorflow as tf

    ragged = tf.ragged.constant([[1, 2], [3]])
    assert shape_of(ragged) is None and describe_shape("x", ragged) == "x of type RaggedTensor"
    assert shape_of(ragged, may_be_ragged=True) == (2, None)
    assert describe_shape("x", ragged, may_be_ragged=True) == "x.shape=(2, None)"

    @tf.function(input_signature=[tf.TensorSpec(None)])
    def of_unknown_rank(tensor):
        assert shape_of(tensor) is None and describe_shape("x", tensor) == "x of unknown rank"

    of_unknown_rank(1.0)
