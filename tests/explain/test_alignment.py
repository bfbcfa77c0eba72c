"""What is at a place of an image is at that place of its map."""

import functools
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from explained_models import Subclassed
from keras import layers, ops
from scipy.ndimage import map_coordinates

from cnnkit.explain import effective_receptive_field, grad_cam, score_cam
from cnnkit.explain._alignment import upsample
from cnnkit.layers import RandomAffine

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


@functools.cache
def seen_by_a_unit(kind):
    """A network, and what a unit in the middle of its last maps sees."""
    model = network(kind)
    layer = model.layers[-3]
    height, width = layer.output.shape[1:3]
    images, position = np.ones((1, SIZE, SIZE, 1)), (height // 2, width // 2)
    return model, effective_receptive_field(model, images, layer=layer, position=position)


@pytest.mark.parametrize("kind", KINDS)
def test_a_unit_is_drawn_where_it_looks(kind):
    """The place of a unit is measured with gradients, and then only that unit is made active."""
    model, field = seen_by_a_unit(kind)
    image = np.zeros((1, SIZE, SIZE, 1), np.float32)
    image[0, ..., 0] = field  # this excites the unit most
    cam = grad_cam(model, image, target=1)[0]
    peak = np.argwhere(cam == cam.max()).mean(axis=0)
    assert np.abs(peak - middle(field)).max() <= 0.5 + 1e-3


@functools.cache
def plain_maps(kind):
    """Two images, and the maps that a network has for them."""
    x = np.random.default_rng(0).uniform(size=(2, SIZE, SIZE - 7, 1)).astype(np.float32)
    return x, grad_cam(network(kind, (SIZE, SIZE - 7)), x, target=1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_any_size_has_the_same_maps(kind):
    x, expected = plain_maps(kind)
    assert np.allclose(grad_cam(network(kind, (None, None)), x, target=1), expected)


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


def white_square(rows):
    image = np.zeros((1, 224, 224, 1), np.float32)
    image[0, rows, 56:70] = 1
    return image


@pytest.mark.parametrize("gate", [None, "squeeze and excitation", "class vector", "context"])
def test_what_has_no_position_does_not_move_the_maps(gate):
    """Five convolutions of stride 2, and a gate that is the same everywhere."""
    ones = dict(kernel_initializer="ones", bias_initializer="zeros")
    inputs = [keras.Input((224, 224, 1))]
    maps = inputs[0]
    for _ in range(5):
        maps = layers.Conv2D(1, 3, 2, "same", **ones)(maps)
    mean = layers.GlobalAveragePooling2D()(maps)
    if gate == "squeeze and excitation":  # a sigmoid of 0 is 0.5
        weights = layers.Conv2D(1, 1, kernel_initializer="zeros")(layers.Reshape((1, 1, 1))(mean))
        maps = layers.Multiply()([maps, layers.Activation("sigmoid")(weights)])
    elif gate == "class vector":
        inputs.append(keras.Input((1,)))
        maps = maps * layers.Reshape((1, 1, 1))(inputs[1])
    elif gate == "context":
        wide = layers.UpSampling2D(7)(layers.Reshape((1, 1, 1))(mean))
        maps = layers.Conv2D(1, 1, **ones)(layers.Concatenate()([maps, wide * 0.0]))
    outputs = layers.Dense(2, **ones)(layers.GlobalAveragePooling2D()(maps))
    model = keras.Model(inputs if len(inputs) > 1 else inputs[0], outputs)
    images = white_square(slice(120, 134))
    given = [images, np.full((1, 1), 0.5, np.float32)] if len(inputs) > 1 else images
    layer = [layer for layer in model.operations if len(layer.output.shape) == 4][-1]
    assert layer.output.shape[1:3] == (7, 7)
    cam = grad_cam(model, given, layer=layer if gate != "class vector" else None, target=1)[0]
    # The square's middle is at row 126.5; the middles of units lie at rows 31, 63, 95, 127, …
    assert middle(cam)[0] == pytest.approx(126.0, abs=0.05)


def test_random_layers_do_not_move_the_maps():
    """They leave images as they are at inference."""
    image = np.random.default_rng(0).uniform(size=(1, SIZE, SIZE, 1)).astype(np.float32)
    plain = network("same")
    random = [RandomAffine(rotation=0.2), layers.RandAugment(value_range=(0, 1))]
    model = keras.Sequential([keras.Input((SIZE, SIZE, 1)), *random, *plain.layers])
    assert np.array_equal(grad_cam(model, image, target=1), grad_cam(plain, image, target=1))


def test_positions_along_one_axis():
    """Where the width is averaged the rows lie where they lay, and columns are stretched."""
    plain, ones = network("same"), dict(kernel_initializer="ones")
    rows = ops.mean(plain.layers[-3].output, axis=2, keepdims=True)
    rows = layers.Conv2D(2, 1, name="rows", **ones)(rows)
    outputs = layers.Dense(2, **ones)(layers.GlobalAveragePooling2D()(rows))
    model = keras.Model(plain.inputs, outputs)
    image = np.random.default_rng(0).uniform(size=(1, SIZE, SIZE, 1)).astype(np.float32)
    along_rows = grad_cam(plain, image, target=1)[0].mean(axis=1)
    cam = grad_cam(model, image, layer="rows", target=1)[0]
    assert np.allclose(cam, cam[:, :1])
    assert np.corrcoef(cam[:, 0], along_rows)[0, 1] > 0.999


class Block(layers.Layer):
    """A layer of one's own, which holds others."""

    def __init__(self, parts):
        super().__init__()
        self.parts = parts

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return x


def shuffled(x):
    """The two channels exchange their places, in five axes."""
    n, (height, width) = ops.shape(x)[0], x.shape[1:3]
    x = ops.transpose(ops.reshape(x, (n, height, width, 2, 1)), (0, 1, 2, 4, 3))
    return ops.reshape(x, (n, height, width, 2))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["subclassed", "blocks", "shuffled"])
def test_code_of_ones_own_does_not_move_the_maps(kind, how):
    """Keras's graph ends there, TensorFlow's does not."""
    plain, (image, expected) = network(kind, (SIZE, SIZE - 7)), plain_maps(kind)
    if how == "subclassed":
        model = Subclassed(plain.layers)
        model(image)
    else:
        own = Block(plain.layers[:-2]) if how == "blocks" else layers.Lambda(shuffled)
        before = [] if how == "blocks" else plain.layers[:-2]
        model = keras.Sequential([plain.inputs[0], *before, own, *plain.layers[-2:]])
    with warnings.catch_warnings(action="error"):
        found = grad_cam(model, image, target=1, layer=None if how != "blocks" else own)
    assert np.array_equal(found, expected)


def test_two_convolutions_by_hand():
    """Position 0 sees the pixels 0 to 6, and the next one 4 to 10."""
    parts = network("same").layers
    model = Subclassed([*parts[:2], *parts[3:]])
    image = np.zeros((1, 32, 32, 1), np.float32)
    image[0, 7, 19] = 1  # position (1, 4) alone sees it
    model(image)
    cam = grad_cam(model, image, target=1)[0]
    assert np.argwhere(cam == cam.max()).tolist() == [[7, 19]]
    assert np.allclose(middle(cam), (7, 19))


@pytest.mark.parametrize("explain", [grad_cam, score_cam])
def test_stretched_maps_are_said_to_be_so(explain):
    """Columns that go on at the other side lie nowhere; rows lie where they lay."""
    first, *parts = network("same").layers
    model = Subclassed([first, layers.Lambda(lambda x: ops.roll(x, 1, axis=2)), *parts])
    image = np.random.default_rng(0).uniform(size=(1, 32, 32, 1)).astype(np.float32)
    maps = image
    for part in model.parts[:-2]:
        maps = part(maps)
    model(image)
    message = (
        "'conv2d.*' is stretched over the whole image, .* not known after '.*/Roll', a Roll in"
    )
    with pytest.warns(UserWarning, match=message) as caught:
        found = explain(model, image, target=1, layer=parts[1])
    assert [warning.filename for warning in caught] == [__file__], "the user's line, once"
    with warnings.catch_warnings(action="error"):
        assert np.array_equal(explain(model, image, target=1, layer=parts[1]), found)
    expected = upsample(tf.reduce_sum(maps, axis=-1).numpy(), (32, 32), (7, 3.5), (8, 8))
    assert np.allclose(found / found.max(), expected / expected.max(), rtol=1e-4)


def test_maps_of_what_was_tokens_for_a_while():
    """Stretched, the map would be off by 4 pixels, as those of the border are among its own."""
    steps = [layers.ZeroPadding2D(((8, 0), (8, 0))), layers.Reshape((32 * 32, 1))]
    steps += [layers.Reshape((32, 32, 1)), layers.Conv2D(1, 3, kernel_initializer="ones")]
    head = [layers.GlobalAveragePooling2D(), layers.Dense(2, kernel_initializer="ones")]
    model = keras.Sequential([keras.Input((24, 24, 1)), *steps, *head])
    image = np.zeros((1, 24, 24, 1))
    image[0, 10, 14] = 1
    with warnings.catch_warnings(action="error"):
        (found,) = grad_cam(model, image, target=1)
    assert np.argwhere(found > 0).tolist() == [[i, j] for i in (9, 10, 11) for j in (13, 14, 15)]


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


@pytest.mark.filterwarnings("ignore:The map of the layer")
def test_the_check_can_fail(monkeypatch):
    """Stretched maps are off by several pixels."""
    monkeypatch.setattr("cnnkit.explain._alignment._places", lambda trace: [None, None])
    for kind in ("same", "one side", "uneven"):
        with pytest.raises(AssertionError):
            test_a_unit_is_drawn_where_it_looks(kind)
