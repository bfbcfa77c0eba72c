import keras
import numpy as np
import pytest
from keras import ops
from layer_check import (
    check_in_tf_data,
    check_layer,
    numbers,
    tensorflow_only,
    train_one_step,
)

from cnnkit import geometry
from cnnkit.layers import StochasticPooling2D

WINDOW = np.array([[1, 3], [6, 2]], "float32")
SETTINGS = [
    dict(pool_size=(2, 2), strides=(2, 2), padding="valid", data_format="channels_last", seed=1),
    dict(pool_size=(3, 2), strides=(2, 1), padding="same", data_format="channels_last", seed=2),
    dict(pool_size=(2, 3), strides=(3, 4), padding="same", data_format="channels_first", seed=3),
    dict(pool_size=(1, 4), strides=(2, 3), padding="valid", data_format="channels_first", seed=4),
]


def images(shape=(3, 7, 8, 4), seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


@pytest.mark.parametrize("arguments", SETTINGS)
def test_as_a_layer(arguments):
    check_layer(StochasticPooling2D, arguments, images())


@tensorflow_only
@pytest.mark.parametrize("arguments", SETTINGS)
def test_in_tf_data(arguments):
    check_in_tf_data(StochasticPooling2D, arguments, images())


def test_draws_follow_the_probabilities():
    many = np.broadcast_to(WINDOW[None, :, :, None], (1, 2, 2, 24_000))
    drawn = numbers(StochasticPooling2D(seed=7)(many, training=True))
    shares = [(drawn == value).mean() for value in WINDOW.ravel()]
    assert np.abs(np.array(shares) - WINDOW.ravel() / 12).max() < 0.015  # 4.6 deviations
    assert abs(drawn.mean() - 50 / 12) < 0.06


def test_inference_is_the_mean_weighted_with_the_probabilities():
    layer = StochasticPooling2D()
    assert numbers(layer(WINDOW[None, :, :, None])).item() == pytest.approx(50 / 12)
    assert numbers(layer(np.full((1, 2, 2, 1), 5.0))).item() == 5


@pytest.mark.parametrize("training", [False, True])
def test_what_is_not_positive_counts_as_zero(training):
    layer = StochasticPooling2D(seed=0)
    assert not numbers(layer(np.zeros((2, 4, 4, 3)), training=training)).any()
    assert not numbers(layer(-np.ones((2, 4, 4, 3)), training=training)).any()
    alone = np.array([[-5.0, 0.0], [0.5, 0.0]])[None, :, :, None]
    assert numbers(layer(alone, training=training)).item() == 0.5


@pytest.mark.parametrize("arguments", SETTINGS)
@pytest.mark.parametrize("training", [False, True])
def test_an_even_map_stays_even(arguments, training):
    """The border of "same" is never drawn and has no weight."""
    outputs = numbers(StochasticPooling2D(**arguments)(np.ones((1, 7, 8, 4)), training=training))
    np.testing.assert_allclose(outputs, 1, rtol=1e-6)


@pytest.mark.parametrize("arguments", SETTINGS)
def test_windows_are_those_of_max_pooling(arguments):
    """With one activation far above all others, it is what both give, almost surely."""
    maps = np.abs(images()) * 1e-9
    maps.reshape(-1)[::5] = np.arange(1, maps.size // 5 + 2)
    settings = {name: value for name, value in arguments.items() if name != "seed"}
    highest = numbers(keras.layers.MaxPooling2D(**settings)(maps))
    drawn = numbers(StochasticPooling2D(**arguments)(maps, training=True))
    assert drawn.shape == highest.shape and (drawn <= highest).all()
    assert (drawn == highest).mean() > 0.5
    single = np.zeros_like(maps)
    single[:, 3, 4, 2] = 7
    expected = numbers(keras.layers.MaxPooling2D(**settings)(single))
    assert (numbers(StochasticPooling2D(**arguments)(single, training=True)) == expected).all()


def test_overlapping_windows_draw_for_themselves():
    layer = StochasticPooling2D(2, 1, seed=0)
    line = np.broadcast_to(np.array([[1.0, 2, 1]] * 2)[None, :, :, None], (1, 2, 3, 4000))
    left, right = numbers(layer(line, training=True))[0, 0] == 2
    # Each draws one of its two 2s with probability 4 / 6.
    assert abs((left & right).mean() - 4 / 9) < 0.04


def test_the_gradient_goes_to_the_drawn_activation_only():
    maps = np.abs(images((6, 6, 3))) + 0.1
    _, gradient = train_one_step(StochasticPooling2D(2, seed=5), maps[None])
    assert set(gradient.ravel()) == {0, 1}
    per_window = gradient.reshape(3, 2, 3, 2, 3).sum(axis=(1, 3))
    assert (per_window == 1).all()


def test_sizes_may_be_unknown():
    inputs = keras.Input((None, None, 2))
    model = keras.Model(inputs, StochasticPooling2D(3, 2, "same", seed=0)(inputs))
    assert model.output_shape == (None, None, None, 2)
    maps = images((2, 7, 8, 2))
    expected = numbers(StochasticPooling2D(3, 2, "same")(maps))
    np.testing.assert_allclose(model.predict(maps, verbose=0), expected, rtol=1e-6)


def test_channels_first_is_the_same_on_turned_maps():
    maps, settings = images(), dict(pool_size=3, strides=2, padding="same", seed=0)
    turned = StochasticPooling2D(**settings, data_format="channels_first")(
        ops.transpose(maps, (0, 3, 1, 2)), training=True
    )
    expected = StochasticPooling2D(**settings)(maps, training=True)
    assert (numbers(turned) == numbers(expected).transpose(0, 3, 1, 2)).all()


def test_it_learns_nothing():
    assert geometry.parameters(StochasticPooling2D(), (8, 8, 3)) == 0


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"pool_size": 0}, "`pool_size` must be .* Received: pool_size=0"),
        ({"strides": (1, 2, 3)}, "`strides` must be .* Received: strides="),
        ({"padding": "full"}, "`padding` must be .* Received: padding='full'"),
        ({"data_format": "last"}, "`data_format` must be .* Received: data_format='last'"),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        StochasticPooling2D(**settings)


def test_maps_must_fit():
    for maps in (keras.Input((4, 4, 1)), np.ones((1, 4, 4, 1))):
        with pytest.raises(ValueError, match="kernel must fit"):
            StochasticPooling2D(5)(maps, training=True)
    with pytest.raises(ValueError, match="expected ndim=4"):
        StochasticPooling2D()(np.ones((4, 4)))
