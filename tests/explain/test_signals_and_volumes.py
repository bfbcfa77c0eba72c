"""Signals and volumes: equal to what is made by hand, and what decides is found."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from signals_and_volumes import films, network, spikes, trained

from cnnkit.explain import (
    deletion_insertion,
    effective_receptive_field,
    feature_maps,
    grad_cam,
    integrated_gradients,
    occlusion,
    saliency,
    score_cam,
    smoothgrad,
)
from cnnkit.explain._alignment import upsample

RNG = np.random.default_rng(0)
SIGNALS = RNG.normal(size=(2, 30, 2)).astype(np.float32)
VOLUMES = RNG.normal(size=(2, 4, 8, 10, 1)).astype(np.float32)


@pytest.mark.usefixtures("slow_proof")
@pytest.mark.parametrize("x", [SIGNALS, VOLUMES], ids=["signals", "volumes"])
def test_the_methods_by_hand(x):
    model, size = network(x.shape[1:]), x.shape[1:-1]
    axes = tuple(range(1, x.ndim - 1))
    both = keras.Model(model.inputs, [model.get_layer("last").output, model.outputs[0]])
    with tf.GradientTape(persistent=True) as tape:
        pixels = tf.constant(x)
        tape.watch(pixels)
        maps, outputs = both(pixels)
        score = outputs[:, 1]
    weights = tf.reduce_mean(tape.gradient(score, maps), axes).numpy()
    cam = np.einsum("b...c,bc->b...", maps.numpy(), weights).clip(0)
    places = [(1 if n % 2 == 0 else 0) for n in size]  # of the middle of the first kernel
    expected = upsample(cam, size, places, [2] * len(size))
    found = grad_cam(model, x, target=1)
    assert found.shape == x.shape[:-1] and np.allclose(found, expected, atol=1e-5)
    assert np.allclose(feature_maps(model, x), maps, atol=1e-5)
    gradient = np.abs(tape.gradient(score, pixels)).max(axis=-1)
    assert np.allclose(saliency(model, x, target=1), gradient, atol=1e-6) and gradient.any()
    covered = x.copy()
    window = (slice(None), *[slice(0, 2)] * len(size))
    covered[window] = x.mean(axis=axes, keepdims=True)
    falls = occlusion(model, x, target=1, patch_size=2)[window].reshape(2, -1)
    fall = (model(x) - model(covered)).numpy()[:, 1]
    assert np.allclose(falls, fall[:, None], atol=1e-5)
    sums = integrated_gradients(model, x, target=1, n_steps=64).sum(axis=axes)
    assert np.allclose(sums, (model(x) - model(0 * x)).numpy()[:, 1], rtol=0.1, atol=0.02)
    for explain in (score_cam, smoothgrad):
        assert explain(model, x, target=1).shape == x.shape[:-1]
    assert effective_receptive_field(model, x).shape == size
    curves = deletion_insertion(model, x, maps=found, target=lambda y: y[:, 1], n_steps=2)
    assert np.allclose(curves.deletion[:, 0], score, atol=1e-5)


@pytest.mark.usefixtures("slow_proof")
def test_a_spike_decides():
    x, kinds, _ = spikes(256, 0)
    model = trained(network((64, 1), "Max"), x, kinds, 12)
    x, kinds, at = spikes(64, 1)
    assert model.evaluate(x, kinds, verbose=0)[1] == 1
    for explain in (grad_cam, saliency, occlusion):
        options = {"patch_size": 3, "strides": 1} if explain is occlusion else {}
        far = np.abs(explain(model, x, target=kinds, **options).argmax(axis=1) - at)
        assert (far <= 3).mean() > 0.9, explain


@pytest.mark.usefixtures("slow_proof")
def test_a_moving_square_decides():
    x, kinds, _ = films(256, 0)
    model = trained(network((6, 16, 16, 1)), x, kinds, 12)
    x, kinds, rows = films(32, 1)
    assert model.evaluate(x, kinds, verbose=0)[1] > 0.95
    for explain in (grad_cam, saliency, occlusion):
        options = {"patch_size": (2, 4, 4)} if explain is occlusion else {}
        maps = explain(model, x, target=kinds, **options)
        peaks = [np.unravel_index(each.argmax(), each.shape)[1] for each in maps]
        assert ((peaks >= rows - 2) & (peaks <= rows + 5)).mean() > 0.9, explain


@pytest.mark.parametrize("patch_size", [(2, 2), 0, 2.5])
def test_a_patch_of_a_signal(patch_size):
    with pytest.raises(ValueError, match="`patch_size` must be a positive integer or one of them"):
        occlusion(network((30, 2)), SIGNALS, target=1, patch_size=patch_size)


def test_images_with_an_axis_too_many():
    model = keras.Sequential([keras.Input((8, 10, 1)), layers.Flatten(), layers.Dense(2)])
    with pytest.raises(ValueError, match="`images` must have the shape that the model takes, .Non"):
        saliency(model, VOLUMES, target=1)
