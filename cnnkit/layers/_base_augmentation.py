"""What the layers that change images at random share: their draws, dtypes and settings."""

from numbers import Real

import keras
import numpy as np
from keras import ops

from cnnkit.layers._shape import describe_shape, shape_of


class BaseAugmentation(keras.Layer):
    """A layer that changes each image in a way of its own while training, and none otherwise.

    It takes images, or a dictionary with them under "images", as Keras's own preprocessing layers
    do. A layer writes `get_random_transformation`, what it draws for a batch of images, and
    `transform_images`, which has the images change so and keeps their dtype. Both take images of
    any dtype. One that moves pixels is a `BaseResampling`.

    Args:
        seed: Integer, for the same draws each time. None means others each time. Layers in a row
            need different ones: with the same seed they draw the same numbers.
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(autocast=False, **kwargs)  # the images keep their dtype
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def __call__(self, images, *others, **options):
        """Call the layer with what it reads of a dictionary: Keras takes nothing but tensors."""
        if others:  # so `map` of a dataset of pairs calls it
            raise ValueError(
                "`images` must be all that is passed: of images with labels make a dictionary, "
                f'{{"images": images, "labels": labels}}. Received: {1 + len(others)} arguments'
            )
        if not isinstance(images, dict):
            _check_images(images)
            return super().__call__(images, **options)
        if "images" not in images:
            raise ValueError(
                '`images` must be a tensor or a dictionary with the key "images". '
                f"Received: a dictionary with the keys {', '.join(images) or '(none)'}"
            )
        _check_images(images["images"])
        outputs = super().__call__(self.select(images), **options)
        return _merge(images, outputs)

    def select(self, data):
        """What the layer reads of a dictionary: tensors, perhaps in further dictionaries."""
        return {"images": data["images"]}

    def call(self, images, training=True):
        if not training:
            return images
        if isinstance(images, dict):
            return self._transform(images)
        return self._transform({"images": images})["images"]

    def _transform(self, data):
        """A dictionary with images, and what moves with them, changed."""
        images = data["images"]
        is_one = len(images.shape) == 3
        images = images[None] if is_one else images
        transformation = self.get_random_transformation(images)
        outputs = self.transform_images(images, transformation)
        outputs = outputs[0] if is_one else outputs
        return {"images": outputs, **self.transform_targets(data, transformation)}

    def get_random_transformation(self, images):
        raise NotImplementedError

    def transform_images(self, images, transformation):
        raise NotImplementedError

    def transform_targets(self, data, transformation):
        """What changes of the dictionary besides the images, under its keys."""
        return {}

    def draw(self, images, *ranges):
        """For each range `(low, high)` a tensor of shape `(batch,)`, a number for each image."""
        shape = (len(ranges), ops.shape(images)[0])
        uniform = keras.random.uniform(shape, dtype="float32", seed=self.seed_generator)
        return [low + (high - low) * uniform[i] for i, (low, high) in enumerate(ranges)]

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(self, images, training=True):
        # The dtypes stay; else they would be `compute_dtype`.
        return keras.tree.map_structure(lambda t: keras.KerasTensor(t.shape, t.dtype), images)

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


def _merge(data, outputs):
    """A dictionary with the outputs in place of what was selected of it."""
    merged = {
        key: _merge(data[key], value) if isinstance(value, dict) else value
        for key, value in outputs.items()
    }
    return {**data, **merged}


def _check_images(images):
    if len(shape_of(images) or ()) not in (3, 4):
        raise ValueError(
            "`images` must have the shape (height, width, channels) or (batch, height, width, "
            f"channels). Received: {describe_shape('images', images)}"
        )


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


def as_plain(setting):
    """A setting as Keras can save it and load it again, without arrays and numbers of NumPy."""
    if isinstance(setting, (tuple, list, np.ndarray)):
        return tuple(as_plain(each) for each in setting)
    return setting.item() if isinstance(setting, np.generic) else setting


def restore(values, dtype):
    """Float values in the dtype of the images: rounded and cut off where that holds integers."""
    dtype = keras.backend.standardize_dtype(dtype)
    if "int" in dtype:
        limits = np.iinfo(dtype)
        high = np.float32(limits.max)
        high = high if int(high) <= limits.max else np.nextafter(high, np.float32(0))
        values = ops.clip(ops.round(values), float(limits.min), float(high))
    return ops.cast(values, dtype)
