import gc
import weakref
from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from explained_models import Counting, images, new, parts, plain, sequential, subclassed
from keras import layers

from cnnkit.explain import activation_maximization, capture

maximize = partial(activation_maximization, seed=0)


def excitations(model, x, channels, layer):
    """The mean of each image's own channel."""
    maps = capture(model, x, layer=layer).activations
    maps = maps.reshape(len(x), -1, maps.shape[-1]).mean(axis=1)
    return maps[np.arange(len(x)), channels]


def rises(model, found, channels, layer):
    """Whether the channels are excited more than by grey images and by noise."""
    others = [np.full_like(found, 127.5), images(len(found), found.shape[1:])]
    others = [excitations(model, x, channels, layer) for x in others]
    return (excitations(model, found, channels, layer) > np.max(others, axis=0)).all()


@pytest.mark.parametrize("layer", ["first", "last", None, "scores"])
def test_the_images_excite_the_channels(layer):
    model, channels = plain(), [2, 0, 1]
    found = maximize(model, channels, layer=layer, n_steps=25)
    assert found.shape == (3, 16, 16, 3) and found.dtype == np.float32
    assert found.min() >= 0 and found.max() <= 255
    assert rises(model, found, channels, layer)
    assert not rises(model, found[[1, 2, 0]], channels, layer), "the check can fail"


def linear(weights):
    dense = layers.Dense(2, use_bias=False, name="dense")
    model = sequential([layers.Flatten(), dense], (6, 5, 1))
    dense.kernel.assign(weights.reshape(2, -1).T)
    return model


def test_a_linear_unit():
    """Its image is white where the weight is positive, and black where negative."""
    weights = np.random.default_rng(0).normal(size=(2, 6, 5))
    options = dict(n_steps=200, jitter=0, total_variation=0)
    found = maximize(linear(weights), [1, 0], layer="dense", **options)
    large = np.abs(weights[::-1]) > 0.2
    assert np.array_equal(found[..., 0][large], np.where(weights[::-1] > 0, 255, 0)[large])


def neighbours(images):
    return sum(np.abs(np.diff(images, axis=axis)).mean() for axis in (1, 2))


def test_total_variation_smooths():
    rough, smooth = (
        maximize(plain(), [0, 1], layer="last", n_steps=25, total_variation=amount)
        for amount in (0, 3)
    )
    assert neighbours(smooth) < 0.7 * neighbours(rough)


def test_jitter_shifts_what_the_model_sees():
    """Under all shifts a unit at one place sees the mean of all pixels, and all become white."""
    weights = np.zeros((2, 6, 5))
    weights[0, 3, 2] = 1
    options = dict(n_steps=300, total_variation=0)
    still = maximize(linear(weights), 0, layer="dense", jitter=0, **options)
    moved = maximize(linear(weights), 0, layer="dense", jitter=3, **options)
    assert (still == 255).sum() < 5 and (moved == 255).sum() > 25


def test_units_before_softmax_and_silent_units():
    """A saturated softmax or tanh, and a ReLU that is off, have no gradient of their own."""
    logits, soft = new(), sequential([*parts(), layers.Dense(3, activation="softmax")])
    soft.set_weights(logits.get_weights())
    soft.layers[-1].bias.assign([900.0, 0.0, 0.0])
    options = dict(n_steps=5, value_range=(0, 255))
    expected = maximize(logits, [0, 2], layer="scores", **options)
    assert np.array_equal(maximize(soft, [0, 2], layer=soft.layers[-1], **options), expected)
    silent = new()
    silent.get_layer("last").bias.assign(4 * [-100.0])
    found = maximize(silent, 2, layer="last", n_steps=25)
    tanh = new()
    tanh.set_weights(silent.get_weights())
    tanh.get_layer("last").activation = keras.activations.tanh
    saturated = maximize(tanh, 2, layer="last", n_steps=25)
    silent.get_layer("last").activation = keras.activations.linear
    assert rises(silent, found, [2], "last") and rises(silent, saturated, [2], "last")


def test_start_value_range_and_seed():
    start = np.linspace(-1, 1, 16 * 16 * 3).reshape(16, 16, 3)
    options = dict(layer="last", n_steps=1, value_range=(-1, 1), start=start)
    found = maximize(plain(), 1, jitter=0, **options)
    assert 0 < np.abs(found[0] - start).max() < 0.5
    assert -1 <= found.min() and found.max() <= 1
    options = dict(layer="last", n_steps=3)
    one, same, other = (maximize(plain(), 1, seed=k, **options) for k in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
    two = [maximize(plain(), 1, seed=None, **options) for _ in range(2)]
    assert not np.array_equal(*two)
    generator = np.random.default_rng(1)
    assert np.array_equal(maximize(plain(), 1, seed=generator, **options), one)


def test_a_size_that_the_model_leaves_open():
    model = plain(shape=(None, None, 3))
    found = maximize(model, [0], start=images(1, (20, 24, 3))[0], n_steps=2)
    assert found.shape == (1, 20, 24, 3)
    with pytest.raises(ValueError, match="`start` must be given, unless the model says the size"):
        maximize(model, [0])


def test_other_models():
    model = plain()
    expected = maximize(model, [1, 3], layer="last", n_steps=3)
    nested = sequential([sequential(model.layers[:4]), *model.layers[4:]])
    assert np.allclose(maximize(nested, [1, 3], layer="last", n_steps=3), expected, 1e-3)
    other = subclassed([*parts(), layers.Dense(3, name="scores")])
    other.set_weights(model.get_weights())
    with pytest.raises(ValueError, match="`start` must be given"):
        maximize(other, [1, 3])
    found = maximize(other, [1, 3], layer="last", start=images(1)[0], n_steps=3)
    twin = maximize(model, [1, 3], layer="last", start=images(1)[0], n_steps=3)
    assert np.allclose(found, twin, 1e-3)


def test_the_model_is_not_changed_nor_kept_nor_traced_again():
    def use():
        counting = Counting()
        model = sequential([counting, layers.BatchNormalization(), *new().layers])
        before, calls = model.get_weights(), counting.calls
        maximize(model, [0, 1], layer="last", n_steps=2)
        traced = counting.calls
        assert traced <= calls + 2
        maximize(model, [0, 1, 2], layer="last", n_steps=2, jitter=1)
        assert counting.calls == traced and "call" not in vars(model.get_layer("last"))
        assert all(map(np.array_equal, before, model.get_weights()))
        return weakref.ref(model)

    reference = use()
    gc.collect()
    assert reference() is None and tf.executing_eagerly()


@pytest.mark.parametrize(
    "channels, options, error",
    [
        (
            4,
            {},
            r"`channels` must be the number of a channel, in 0..3, or a list .* channels=\[4\]",
        ),
        ([0, -1], {}, r"Received: channels=\[0, -1\]"),
        ([], {}, r"Received: channels=\[\]"),
        (0.5, {}, r"Received: channels=\[0.5\]"),
        (0, dict(n_steps=0), "`n_steps` must be a positive integer"),
        (0, dict(seed=-1), "`seed` must be None, .* Received: seed=-1"),
        (0, dict(jitter=-1), "`jitter` must not be negative. Received: jitter=-1"),
        (0, dict(total_variation=-0.1), "`total_variation` must not be negative"),
        (0, dict(value_range=(1, 1)), r"`value_range` must be two finite numbers \(low, high\)"),
        (0, dict(start=np.zeros((2, 16, 16, 3))), r"`start` must have the shape \(height, width, "),
        (0, dict(layer="no"), "`layer` must be a layer of the model"),
    ],
)
def test_clear_errors(channels, options, error):
    with pytest.raises(ValueError, match=error):
        maximize(plain(), channels, **options)


def test_wrong_models():
    with pytest.raises(TypeError, match="`model` must be a Keras model. Received: model='m'"):
        maximize("m", 0)
    two = keras.Input((8, 8, 1)), keras.Input((2,))
    out = layers.Concatenate()([layers.Flatten()(two[0]), two[1]])
    with pytest.raises(
        ValueError, match=r"`model` must have one input, .* shape \[\(None, 8, 8, 1\), \(None, 2\)"
    ):
        maximize(keras.Model(two, out), 0)


def test_channels_first():
    model = sequential([layers.Permute((2, 3, 1)), layers.Conv2D(2, 3)], (3, 16, 16))
    with pytest.raises(
        ValueError, match=r"`images` must have the shape \(batch, height, width, ch"
    ):
        maximize(model, 0, n_steps=1)
