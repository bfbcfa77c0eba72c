import keras
import numpy as np
import pytest
from layer_check import (
    check_in_tf_data,
    check_layer,
    numbers,
    tensorflow_only,
    train_one_step,
)

from cnnkit.layers import Maxout


def images(shape=(2, 4, 5, 6), seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


@pytest.mark.parametrize("pieces", [1, 2, 3, 6])
@pytest.mark.parametrize("shape", [(4, 6), (2, 4, 5, 12)])
def test_as_a_layer(shape, pieces):
    check_layer(Maxout, {"pieces": pieces}, images(shape))


@tensorflow_only
def test_in_tf_data():
    check_in_tf_data(Maxout, {"pieces": 3}, images())


def test_two_pieces_are_a_maximum():
    maps = images()
    expected = np.maximum(maps[..., 0::2], maps[..., 1::2])
    assert (numbers(Maxout(2)(maps)) == expected).all()


def test_all_pieces_are_the_maximum_over_the_channels():
    maps = images()
    assert (numbers(Maxout(6)(maps)) == maps.max(axis=-1, keepdims=True)).all()


def test_it_can_be_relu_and_the_absolute_value():
    x = np.linspace(-2, 2, 9)[:, None]
    weights = np.array([[1.0, 0.0, 1.0, -1.0]])  # the pieces x, 0 and x, -x
    expected = np.hstack([np.maximum(x, 0), np.abs(x)])
    np.testing.assert_allclose(numbers(Maxout(2)(x @ weights)), expected)


def test_the_gradient_goes_to_the_largest_piece_only():
    _, gradient = train_one_step(Maxout(2), images()[:1])
    maps = images()[0].reshape(4, 5, 3, 2)
    assert (gradient.reshape(maps.shape) == (maps == maps.max(axis=-1, keepdims=True))).all()


def test_sizes_may_be_unknown():
    inputs = keras.Input((None, None, 6))
    model = keras.Model(inputs, Maxout(3)(inputs))
    assert model.output_shape == (None, None, None, 2)
    assert (model.predict(images(), verbose=0) == numbers(Maxout(3)(images()))).all()


def test_wrong_settings_are_named():
    with pytest.raises(ValueError, match="`pieces` must be .* Received: pieces=0"):
        Maxout(0)
    for inputs in (images(), keras.Input((4, 4, 6))):
        with pytest.raises(ValueError, match="`pieces` must divide .* Received: pieces=4"):
            Maxout(4)(inputs)
    with pytest.raises(ValueError, match="`pieces` must divide"):
        Maxout(2)(keras.Input((4, None)))
