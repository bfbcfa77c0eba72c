import keras
import numpy as np
import pytest
from augmentation_check import check_augmentation, check_augmentation_in_tf_data, make_images
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_check import numbers, tensorflow_only
from PIL import Image, ImageEnhance
from scipy.spatial.transform import Rotation

from cnnkit.layers import RandomColor

ARGUMENTS = {
    "brightness": 0.2,
    "contrast": (-0.5, 0.4),
    "saturation": 0.6,
    "hue": 0.1,
    "value_range": (0.0, 255.0),
    "seed": 3,
}
EXAMPLES = 25 if keras.backend.backend() == "tensorflow" else 5


def fixed(value_range=(0, 255), **settings):
    """A layer whose draws are known."""
    pairs = {name: (value, value) for name, value in settings.items()}
    return RandomColor(**pairs, value_range=value_range)


def recolored(images, value_range, brightness=0.0, contrast=0.0, saturation=0.0, hue=0.0):
    """One change after the other, cut off at the end."""
    images = images.astype("float64")
    mean = images.mean(axis=(1, 2), keepdims=True)
    images = mean + (1 + contrast) * (images - mean)
    gray = images @ [[0.299], [0.587], [0.114]]
    images = gray + (1 + saturation) * (images - gray)
    axis = np.ones(3) / np.sqrt(3)
    images = images @ Rotation.from_rotvec(2 * np.pi * hue * axis).as_matrix().T
    low, high = value_range
    return np.clip(images + brightness * (high - low), low, high)


def test_as_an_augmentation():
    check_augmentation(RandomColor, ARGUMENTS)


@tensorflow_only
def test_in_tf_data():
    check_augmentation_in_tf_data(RandomColor, ARGUMENTS)


def test_what_belongs_to_the_images_stays():
    images, labels = make_images(), np.arange(4)
    boxes = {"boxes": np.ones((4, 2, 4), "float32"), "labels": np.ones((4, 2), "int32")}
    data = {"images": images, "segmentation_masks": images[..., 0], "bounding_boxes": boxes}
    outputs = RandomColor(**ARGUMENTS)(data | {"labels": labels})
    assert (numbers(outputs["images"]) == numbers(RandomColor(**ARGUMENTS)(images))).all()
    assert (numbers(outputs["segmentation_masks"]) == images[..., 0]).all()
    assert (numbers(outputs["labels"]) == labels).all()
    assert all((numbers(outputs["bounding_boxes"][key]) == boxes[key]).all() for key in boxes)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "brightness": st.floats(-1, 1),
            "contrast": st.floats(-1, 2),
            "saturation": st.floats(-1, 2),
            "hue": st.floats(-1, 1),
        }
    ),
    st.sampled_from([(0, 255), (0, 1), (-1, 1), (-3, 5)]),
)
def test_it_is_one_change_after_the_other(changes, value_range):
    low, high = value_range
    images = low + make_images((2, 6, 7, 3)) / 255 * (high - low)
    outputs = numbers(fixed(value_range, **changes)(images, training=True))
    expected = recolored(images, value_range, **changes)
    np.testing.assert_allclose(outputs, expected, atol=1e-5 * (high - low))


@tensorflow_only
def test_brightness_is_that_of_keras_and_contrast_that_of_tensorflow():
    import tensorflow as tf

    images = make_images()
    expected = keras.layers.RandomBrightness((0.3, 0.3))(images, training=True)
    np.testing.assert_allclose(numbers(fixed(brightness=0.3)(images)), expected, atol=1e-3)
    expected = np.clip(tf.image.adjust_contrast(images, 1.4), 0, 255)
    np.testing.assert_allclose(numbers(fixed(contrast=0.4)(images)), expected, atol=1e-3)


@pytest.mark.parametrize("saturation", [-1.0, -0.5, 0.3, 1.5])
def test_saturation_is_that_of_pillow(saturation):
    image = make_images()[0].astype("uint8")
    expected = ImageEnhance.Color(Image.fromarray(image)).enhance(1 + saturation)
    outputs = numbers(fixed(saturation=saturation)(image)).astype(int)
    assert np.abs(outputs - np.asarray(expected)).max() <= 2 + saturation  # its grey is rounded


def test_a_third_of_a_turn_moves_the_channels_on():
    images = make_images()
    outputs = numbers(fixed(hue=1 / 3)(images))
    np.testing.assert_allclose(outputs, np.roll(images, 1, axis=-1), atol=1e-3)


def test_gray_stays_gray():
    gray = np.repeat(make_images()[..., :1], 3, axis=-1)
    np.testing.assert_allclose(numbers(RandomColor(saturation=1.0, hue=1.0)(gray)), gray, atol=1e-3)


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_brightness_and_contrast_of_any_number_of_channels(channels):
    images = make_images((3, 5, 6, channels))
    outputs = numbers(fixed(brightness=0.1, contrast=-0.5)(images))
    mean = images.mean(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(outputs, mean + 0.5 * (images - mean) + 25.5, atol=1e-3)
    with pytest.raises(ValueError, match="`saturation` and `hue` need images with 3 channels"):
        RandomColor(hue=0.1)(images)


@tensorflow_only
def test_the_number_of_channels_must_be_known():
    import tensorflow as tf

    signature = tf.TensorSpec((4, 4, None), "float32")
    dataset = tf.data.Dataset.from_generator(lambda: [], output_signature=signature)
    with pytest.raises(ValueError, match=r"known number of channels. Received: .*4, 4, None"):
        dataset.map(RandomColor(brightness=0.1))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"brightness": -0.1}, "`brightness` must be a number that is not negative, or a pair"),
        ({"contrast": 1.5}, "`contrast` must be .* not below -1. Received: contrast=1.5"),
        ({"saturation": (-2, 0)}, r"`saturation` must be .* Received: saturation=\(-2, 0\)"),
        ({"hue": None}, "`hue` must be .* Received: hue=None"),
        (
            {"value_range": (255, 0)},
            r"`value_range` must be two finite numbers .* value_range=\(255, 0\)",
        ),
        (
            {"value_range": 255},
            "`value_range` must be two finite numbers .* Received: value_range=255",
        ),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        RandomColor(**settings)
