import keras
import numpy as np
import pytest
from augmentation_check import make_images
from layer_check import numbers, tensorflow_only

from cnnkit.layers import RandomColor
from cnnkit.layers._value_range import check_pixels

WRONG_RANGES = [
    ((0, 255), lambda images: images / 255),
    ((0, 1), lambda images: images),
    ((0, 1), lambda images: images.astype("uint8")),
    ((0, 1), lambda images: images / 127.5 - 1),
    ((0, 255), lambda images: images / 127.5 - 1),
    ((0, 255), lambda images: images - 120),
]


@pytest.mark.parametrize(("value_range", "scale"), WRONG_RANGES)
def test_a_range_that_does_not_fit_is_an_error(value_range, scale):
    images = scale(make_images())
    message = r"`value_range` must fit .* Received images with pixels from -?\d"
    with pytest.raises(ValueError, match=message):
        RandomColor(brightness=0.1, value_range=value_range)(images, training=True)


@tensorflow_only
@pytest.mark.parametrize(("value_range", "scale"), WRONG_RANGES)
def test_a_range_that_does_not_fit_is_an_error_in_a_graph(value_range, scale):
    import tensorflow as tf

    images = scale(make_images())
    layer = RandomColor(brightness=0.1, value_range=value_range)
    dataset = tf.data.Dataset.from_tensors(images).map(lambda batch: layer(batch, training=True))
    with pytest.raises(tf.errors.InvalidArgumentError, match="`value_range` must fit"):
        list(dataset)


@tensorflow_only
@pytest.mark.parametrize(("value_range", "scale"), [WRONG_RANGES[i] for i in (0, 1, 4)])
def test_a_range_that_does_not_fit_is_an_error_in_training(value_range, scale):
    import tensorflow as tf

    images = scale(make_images())
    layer = RandomColor(brightness=0.1, value_range=value_range)
    model = keras.Sequential([keras.Input(images.shape[1:]), layer, keras.layers.Flatten()])
    model.add(keras.layers.Dense(1))
    model.compile("sgd", "mse")
    with pytest.raises(tf.errors.InvalidArgumentError, match="`value_range` must fit"):
        model.train_on_batch(images, np.zeros((4, 1)))


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 4, 4, 3), "float32"),  # black
        np.eye(3, dtype="uint8")[None, ..., None].repeat(3, axis=-1),  # nearly black
        make_images() * 1.15 - 19,  # ringing of a cubic curve
    ],
)
def test_odd_images_that_fit(images):
    outputs = numbers(RandomColor(brightness=(0.5, 0.5))(images))
    assert outputs.shape == images.shape
    np.testing.assert_allclose(outputs, np.clip(images + 127.5, 0, 255), atol=0.51)


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="a dtype of PyTorch alone")
def test_tensors_of_a_dtype_without_a_least_value():
    import torch

    images = torch.from_numpy(np.full((2, 4, 4, 3), 65535, "uint16"))
    check_pixels(images, (0, 65535))
    with pytest.raises(ValueError, match="`value_range` must fit .* from 6.55.* to 6.55"):
        check_pixels(images, (0, 255))
