"""Brightness, contrast, saturation and hue, with one product for all of them."""

import math

import keras
from keras import ops

from cnnkit._checks import ascending_pair
from cnnkit.layers._base_augmentation import BaseAugmentation, as_plain, as_range, restore
from cnnkit.layers._compiled import compiled
from cnnkit.layers._value_range import check_pixels

_GRAY = (0.299, 0.587, 0.114)  # how bright red, green and blue look (ITU-R BT.601)


@keras.saving.register_keras_serializable(package="cnnkit")
class RandomColor(BaseAugmentation):
    """Change contrast, brightness, saturation and hue of each image, by one matrix and an offset.

    A pixel `x = (red, green, blue)` becomes `M x + b`, cut off at the ends of `value_range` once.

    - Contrast is a factor on the distance from the image's mean, channel by channel.
    - Brightness is a number added to all channels.
    - Saturation is a factor on the distance from the pixel's grey, as in the `Color` of Pillow.
    - Hue is a rotation of the colours about the axis of the greys. It is linear and keeps greys as
      they are, but it is not the shift of the hue in HSV that Keras's `RandomHue` makes: that bends
      the colours and costs more than ten times as much. (Haeberli, "Matrix Operations for Image
      Processing", 1993, has these matrices.)

    Each setting is a number `f`, for a draw from `-f` to `f`, or a pair `(low, high)`.

    Args:
        brightness: In lengths of `value_range`: 0.2 adds up to 51 to pixels of 0 to 255.
        contrast: Change of the factor: 0.2 draws it from 0.8 to 1.2.
        saturation: Change of the factor, likewise: -1 gives a grey image.
        hue: In turns: 1/3 makes green of red.
        value_range: Pair `(low, high)`, black and white of the images.
        seed: Integer, for the same draws each time. None means others each time.

    Call arguments:
        images: Tensor of shape `(height, width, channels)` or `(batch, height, width, channels)`,
            of integers or floats in `value_range`. Saturation and hue need 3 channels. Or a
            dictionary with them under "images": all else in it, as "segmentation_masks",
            "bounding_boxes" and "labels", is given back as it is.
        training: Whether to change the images. False gives them back as they are.

    Output shape:
        As of the images, and of the same dtype: that of the tensor which Keras makes of them (with
        PyTorch int32 for uint16, which Keras lacks there).

    Raises:
        ValueError: Also if the pixels do not fit `value_range`: some lie outside of it by more than
            a tenth of it, or floats lie all in its lowest 1/255, as images of 0 to 1 do in
            (0, 255). In a graph of TensorFlow this is a `tf.errors.InvalidArgumentError`; code
            compiled by XLA or JAX cannot check it.

    Example:

    >>> from cnnkit import data, viz
    >>> from cnnkit.layers import RandomColor
    >>> pets, labels = data.draw_pets(3, seed=0)
    >>> color = RandomColor(brightness=0.2, contrast=0.2, saturation=0.3, hue=0.02, seed=0)
    >>> tuple(color(pets).shape)
    (3, 64, 64, 3)
    >>> panels = viz.plot_augmentations(color, pets)  # a row of draws for each pet
    """

    def __init__(
        self,
        brightness=0.0,
        contrast=0.0,
        saturation=0.0,
        hue=0.0,
        value_range=(0, 255),
        seed=None,
        **kwargs,
    ):
        super().__init__(seed, **kwargs)
        self.brightness, self.contrast = brightness, contrast
        self.saturation, self.hue = saturation, hue
        self.value_range = ascending_pair(value_range, "value_range")
        self._ranges = (
            as_range(brightness, "brightness"),
            as_range(contrast, "contrast", lowest=-1),
            as_range(saturation, "saturation", lowest=-1),
            as_range(hue, "hue"),
        )
        self._mixes_channels = any(self._ranges[2] + self._ranges[3])

    def get_random_transformation(self, images):
        channels = images.shape[-1]
        if channels is None:
            raise ValueError(
                "`images` must have a known number of channels. "
                f"Received: images.shape={tuple(images.shape)}"
            )
        if self._mixes_channels and channels != 3:
            raise ValueError(
                "`saturation` and `hue` need images with 3 channels: red, green and blue. "
                f"Received: images.shape={tuple(images.shape)}"
            )
        check_pixels(images, self.value_range)
        brightness, contrast, saturation, hue = self.draw(images, *self._ranges)
        matrices = _saturation_matrices(1 + saturation) @ _hue_matrices(hue)
        if not self._mixes_channels:
            matrices = ops.ones_like(hue)[:, None, None] * ops.eye(channels, dtype="float32")
        low, high = self.value_range
        return matrices, 1 + contrast, brightness * (high - low)

    def transform_images(self, images, transformation):
        return _transform(images, *transformation, *self.value_range)

    def get_config(self):
        names = ("brightness", "contrast", "saturation", "hue", "value_range")
        return {**super().get_config(), **{name: as_plain(getattr(self, name)) for name in names}}


def _saturation_matrices(factor):
    """Of shape `(batch, 3, 3)`, for colours as rows: a mixture of the pixel and its grey."""
    to_gray = ops.convert_to_tensor([[weight] * 3 for weight in _GRAY], "float32")
    factor = factor[:, None, None]
    return factor * ops.eye(3, dtype="float32") + (1 - factor) * to_gray


def _hue_matrices(turns):
    """Of shape `(batch, 3, 3)`, for colours as rows: Rodrigues' formula about `(1, 1, 1)`."""
    to_mean = ops.full((3, 3), 1 / 3, dtype="float32")
    across = ops.convert_to_tensor([[0, 1, -1], [-1, 0, 1], [1, -1, 0]], "float32") / math.sqrt(3)
    cos, sin = (f(2 * math.pi * turns)[:, None, None] for f in (ops.cos, ops.sin))
    return cos * ops.eye(3, dtype="float32") + (1 - cos) * to_mean + sin * across


@compiled
def _transform(images, matrices, factor, offset, low, high):
    """The images with other colours."""
    batch, height, width, channels = ops.shape(images)
    pixels = ops.reshape(ops.cast(images, "float32"), (batch, height * width, channels))
    mean, factor = ops.mean(pixels, axis=1, keepdims=True), factor[:, None, None]
    shift = (mean - factor * mean) @ matrices + offset[:, None, None]
    outputs = ops.clip(pixels @ (factor * matrices) + shift, low, high)
    return restore(ops.reshape(outputs, ops.shape(images)), images.dtype)
