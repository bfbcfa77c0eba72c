"""What is at a place of an image is at that place of its map."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from explained_models import Subclassed
from keras import layers
from scipy.ndimage import map_coordinates

from cnnkit.explain import effective_receptive_field, grad_cam
from cnnkit.explain._alignment import upsample

SIZE = 96


def network(kind, size=(SIZE, SIZE)):
    """Layers whose maps lie on the image in different ways; all weights are equal."""
    options = dict(kernel_initializer="ones", bias_initializer="zeros")

    def conv(padding, kernel=3, strides=2, **more):
        return layers.Conv2D(2, kernel, strides=strides, padding=padding, **options, **more)

    parts = {
        "same": [conv("same") for _ in range(3)],
        "valid": [conv("valid") for _ in range(3)],
        "padded": [part for _ in range(3) for part in (layers.ZeroPadding2D(1), conv("valid"))],
        "one side": [layers.ZeroPadding2D(((0, 1), (0, 1))), conv("valid"), conv("same")],
        "pooling": [conv("same", strides=1), layers.AveragePooling2D(8)],
        "dilated": [conv("valid", 3, 1, dilation_rate=4), conv("same", 5)],
        "uneven": [conv("same", (3, 5), (2, 4)), conv("valid", (5, 1), (2, 1))],
        "crop": [layers.Cropping2D(((9, 2), (5, 0))), conv("same")],
    }[kind]
    head = [layers.GlobalAveragePooling2D(), layers.Dense(2, **options)]
    return keras.Sequential([keras.Input((*size, 1)), *parts, *head])


KINDS = ["same", "valid", "padded", "one side", "pooling", "dilated", "uneven", "crop"]


def middle(weights):
    """The centre of mass: (row, column)."""
    places = np.indices(weights.shape)
    return (places * weights).sum(axis=(1, 2)) / weights.sum()


@pytest.mark.parametrize("kind", KINDS)
def test_a_unit_is_drawn_where_it_looks(kind):
    """The place of a unit is measured with gradients, and then only that unit is made active."""
    model = network(kind)
    layer = model.layers[-3]
    height, width = layer.output.shape[1:3]
    row, column = height // 2, width // 2
    field = effective_receptive_field(
        model, np.ones((1, SIZE, SIZE, 1)), layer=layer, position=(row, column)
    )
    image = np.zeros((1, SIZE, SIZE, 1), np.float32)
    image[0, ..., 0] = field  # this excites the unit most
    cam = grad_cam(model, image, target=1)[0]
    peak = np.argwhere(cam == cam.max()).mean(axis=0)
    assert np.abs(peak - middle(field)).max() <= 0.5 + 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_any_size_has_the_same_maps(kind):
    image = np.random.default_rng(0).uniform(size=(1, SIZE, SIZE - 7, 1)).astype(np.float32)
    closed, opened = network(kind, (SIZE, SIZE - 7)), network(kind, (None, None))
    assert np.allclose(grad_cam(closed, image, target=1), grad_cam(opened, image, target=1))


def test_one_cell_of_seven():
    """Cell (1, 1) of 7 x 7 covers the pixels 32..63 of 224."""
    parts = [layers.AveragePooling2D(32), layers.Conv2D(1, 1, kernel_initializer="ones")]
    ones = layers.Dense(2, kernel_initializer="ones")
    model = keras.Sequential([keras.Input((224, 224, 1)), *parts, layers.Flatten(), ones])
    image = np.zeros((1, 224, 224, 1), np.float32)
    image[0, 32:64, 32:64] = 1
    cam = grad_cam(model, image, target=1)[0]
    assert np.allclose(np.argwhere(cam == cam.max()).mean(axis=0), 47.5)
    assert np.allclose(middle(cam), 47.5)


def test_unknown_receptive_fields_stretch_the_maps():
    """Of a subclassed model the connections of the layers are not known."""
    parts = network("same").layers
    model = Subclassed(parts)
    image = np.random.default_rng(0).uniform(size=(2, SIZE, SIZE, 1)).astype(np.float32)
    model(image)
    maps = image
    for part in parts[:-2]:
        maps = part(maps)
    cam = tf.reduce_sum(maps, axis=-1, keepdims=True) / (12 * 12)
    expected = tf.image.resize(cam, (SIZE, SIZE))[..., 0].numpy()
    assert np.allclose(grad_cam(model, image, target=1), expected, rtol=1e-4)


@pytest.mark.parametrize("seed", range(12))
def test_upsampling_is_bilinear(seed):
    rng = np.random.default_rng(seed)
    size, (rows, columns) = rng.integers(1, 40, 2), rng.integers(1, 9, 2)
    maps = rng.normal(size=(2, rows, columns)).astype(np.float32)
    first, step = rng.uniform(-9, 9, 2), rng.uniform(0.3, 9, 2)
    places = [(np.arange(n) - f) / s for n, f, s in zip(size, first, step, strict=True)]
    grid = np.meshgrid(*places, indexing="ij")
    expected = [map_coordinates(one, grid, order=1, mode="nearest") for one in maps]
    found = upsample(maps, size, first, step)
    assert found.dtype == np.float32 and np.abs(found - expected).max() < 1e-5
    channels = np.stack([maps, -maps], axis=-1)
    assert np.allclose(upsample(channels, size, first, step)[..., 1], -found)


def test_the_check_can_fail(monkeypatch):
    """Stretched maps are off by several pixels."""

    def unknown(*args, **options):
        raise ValueError

    monkeypatch.setattr("cnnkit.explain._alignment.receptive_field", unknown)
    for kind in ("same", "one side", "uneven"):
        with pytest.raises(AssertionError):
            test_a_unit_is_drawn_where_it_looks(kind)
