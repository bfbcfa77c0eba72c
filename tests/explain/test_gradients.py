import functools
from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from attribution_check import AttributionCheck, ModelsCheck
from explained_models import close, images, new, plain
from keras import layers

from cnnkit.explain import saliency, smoothgrad


class TestSaliency(ModelsCheck):
    @pytest.fixture
    def explain(self):
        return saliency


class TestSmoothgrad(AttributionCheck):
    @pytest.fixture
    def explain(self):
        return partial(smoothgrad, n_samples=3, seed=0)


def gradient(model, x, targets):
    """TensorFlow's own, of a model that gives logits."""
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        scores = tf.gather(model(x, training=False), targets, batch_dims=1)
    return tape.gradient(scores, x).numpy()


@functools.cache
def linear():
    """An affine function of the pixels, (8, 9, 2), to two logits."""
    keras.utils.set_random_seed(5)
    parts = [layers.Flatten(), layers.Dense(2, bias_initializer="ones")]
    return keras.Sequential([keras.Input((8, 9, 2)), *parts])


def slopes(k):
    """The gradient of one of its logits, which is the same for all images."""
    return linear().get_weights()[0][:, k].reshape(8, 9, 2)


RANDOM = new()  # which gets other weights


@pytest.mark.parametrize("seed", range(4))
def test_saliency_is_the_largest_gradient_of_a_pixel(seed):
    rng = np.random.default_rng(seed)
    n, model = int(rng.integers(1, 40)), RANDOM
    model.set_weights([rng.normal(0, 0.5, weights.shape) for weights in model.get_weights()])
    x, targets = images(n, seed=seed), rng.integers(0, 3, n)
    expected = np.abs(gradient(model, x, targets)).max(axis=-1)
    close(saliency(model, x, target=targets), expected)


def test_saliency_of_an_affine_function():
    x = images(3, (8, 9, 2))
    found = saliency(linear(), x, target=[0, 1, 1])
    close(found, np.abs([slopes(k) for k in (0, 1, 1)]).max(axis=-1))


@pytest.mark.parametrize("seed, n_samples, noise", [(0, 1, 0.15), (1, 7, 0.3), (2, 20, 0.05)])
def test_smoothgrad_is_the_mean_over_noisy_copies(seed, n_samples, noise):
    model, x, targets = plain(), images(3, seed=seed), [2, 0, 1]
    x[1] /= 3  # the noise is a part of each image's own range
    drawn = np.random.default_rng(seed).standard_normal((n_samples, 16, 16, 3), np.float32)
    widths = [noise * (image.max() - image.min()) for image in x]
    total = np.zeros_like(x)
    for one in drawn:
        noisy = [image + width * one for image, width in zip(x, widths, strict=True)]
        total += gradient(model, np.stack(noisy), targets)
    expected = np.abs(total / n_samples).max(axis=-1)
    found = smoothgrad(model, x, target=targets, n_samples=n_samples, noise=noise, seed=seed)
    close(found, expected)


def test_smoothgrad_of_no_noise_and_of_an_affine_function():
    found = smoothgrad(plain(), images(), target=1, n_samples=3, noise=0)
    close(found, saliency(plain(), images(), target=1))
    x = images(2, (8, 9, 2))
    close(smoothgrad(linear(), x, target=1), saliency(linear(), x, target=1))


def test_the_class_of_smoothgrad_is_that_of_the_image():
    x = images(3)
    best = np.argmax(plain()(x), axis=1)
    found = smoothgrad(plain(), x, noise=5.0, seed=0)
    close(found, smoothgrad(plain(), x, target=best, noise=5.0, seed=0))


def test_the_seed_of_smoothgrad():
    """None draws new noise, an integer repeats it, and a generator goes on."""
    draws = partial(smoothgrad, plain(), images(), target=1, n_samples=2)
    assert np.array_equal(draws(seed=1), draws(seed=1))
    assert not np.array_equal(draws(seed=1), draws(seed=2))
    assert not np.array_equal(draws(), draws())
    rng = np.random.default_rng(1)
    assert np.array_equal(draws(seed=rng), draws(seed=1))
    assert not np.array_equal(draws(seed=rng), draws(seed=1))


ERRORS = [
    (
        smoothgrad,
        dict(n_samples=0),
        "`n_samples` must be a positive integer. Received: n_samples=0",
    ),
    (smoothgrad, dict(noise=-0.1), "`noise` must not be negative. Received: noise=-0.1"),
    (smoothgrad, dict(noise=np.nan), "`noise` must not be negative. Received: noise=nan"),
    (smoothgrad, dict(seed=True), "`seed` must be None, .* Received: seed=True"),
]


@pytest.mark.parametrize("explain, options, error", ERRORS)
def test_wrong_settings(explain, options, error):
    with pytest.raises(ValueError, match=error):
        explain(plain(), images(), **options)


@pytest.mark.parametrize("explain", [saliency, smoothgrad])
def test_rounded_pixels_have_no_gradient(explain):
    inputs = keras.Input((8, 8, 1), dtype="uint8")
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(layers.Rescaling(0.1)(inputs))))
    with pytest.raises(ValueError, match="`model` must take images of floats: .* dtype uint8"):
        explain(model, images(1, (8, 8, 1)))


def test_the_check_can_fail():
    with pytest.raises(AssertionError):
        close(
            saliency(plain(), images(), target=1), gradient(plain(), images(), [1, 1]).max(axis=-1)
        )
