"""What the layers that change images at random share: their draws, dtypes and settings."""

from numbers import Real

import keras
import numpy as np
from keras import ops

from cnnkit.layers._resample import FILL_MODES


class BaseAugmentation(keras.Layer):
    """A layer that changes each image in a way of its own while training, and none otherwise.

    A layer writes `augment`, from a batch of images of any dtype to one of the same dtype.

    Args:
        seed: Integer, for the same draws each time. None means others each time. Layers in a row
            need different ones: with the same seed they draw the same numbers.
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(autocast=False, **kwargs)  # the images keep their dtype
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images, training=True):
        rank = len(images.shape)
        if rank not in (3, 4):
            raise ValueError(
                "`images` must have the shape (height, width, channels) or (batch, height, width, "
                f"channels). Received: images.shape={tuple(images.shape)}"
            )
        if not training:
            return images
        return self.augment(images) if rank == 4 else self.augment(images[None])[0]

    def augment(self, images):
        raise NotImplementedError

    def draw(self, images, *ranges):
        """For each range `(low, high)` a tensor of shape `(batch,)`, a number for each image."""
        shape = (len(ranges), ops.shape(images)[0])
        uniform = keras.random.uniform(shape, dtype="float32", seed=self.seed_generator)
        return [low + (high - low) * uniform[i] for i, (low, high) in enumerate(ranges)]

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(self, images, training=True):
        return keras.KerasTensor(images.shape, images.dtype)  # else it would be `compute_dtype`

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


def as_range(value, name, lowest=-float("inf")):
    """The range `(low, high)` of a setting, which is a pair or a number on both sides of 0.

    Raises:
        ValueError: If it is neither, or goes below `lowest`.
    """
    pair = (-value, value) if isinstance(value, Real) else value
    is_pair = isinstance(pair, (tuple, list, np.ndarray)) and len(pair) == 2
    is_pair = is_pair and all(isinstance(n, Real) for n in pair)
    if not is_pair or not lowest <= pair[0] <= pair[1] < float("inf"):
        limit = "" if lowest == -float("inf") else f", low not below {lowest:.3g}"
        most = "" if not limit else f" (at most {-lowest:.3g})"
        raise ValueError(
            f"`{name}` must be a number that is not negative{most}, or a pair (low, high){limit}. "
            f"Received: {name}={value!r}"
        )
    return float(pair[0]), float(pair[1])


def check_fill(fill_mode, fill_value):
    """Raise a ValueError unless these say what is seen outside of an image."""
    if fill_mode not in FILL_MODES:
        raise ValueError(f"`fill_mode` must be one of {FILL_MODES}. Received: {fill_mode=}")
    if not isinstance(fill_value, Real):
        raise ValueError(f"`fill_value` must be a number. Received: {fill_value=}")


def restore(values, dtype):
    """Float values in the dtype of the images: rounded and cut off where that holds integers."""
    dtype = keras.backend.standardize_dtype(dtype)
    if "int" in dtype:
        limits = np.iinfo(dtype)
        high = np.float32(limits.max)
        high = high if int(high) <= limits.max else np.nextafter(high, np.float32(0))
        values = ops.clip(ops.round(values), float(limits.min), float(high))
    return ops.cast(values, dtype)
