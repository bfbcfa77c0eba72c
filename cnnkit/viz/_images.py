"""Draw pictures side by side, whatever form they come in."""

import os
from collections.abc import Iterable, Mapping

import numpy as np
from PIL import Image

from cnnkit._checks import check_finite
from cnnkit.data import as_pixels
from cnnkit.viz._alt_text import describe
from cnnkit.viz._figure import check_titles, image_panels, name_panels
from cnnkit.viz._images_in_words import images_in_words
from cnnkit.viz._ranges import value_ranges


def plot_images(images, *, titles=None, n_cols=None, value_range="auto"):
    """Draw images side by side, each with its own pixels unchanged.

    Args:
        images: Images of 1, 3 or 4 channels: an array or tensor of shape `(height, width)`,
            `(height, width, channels)`, `(n, height, width)` or `(n, height, width, channels)`; a
            PIL picture or the path of a picture file, which become uint8 as `data.as_pixels` says;
            a list of any of these, one image each; a `tf.data.Dataset`, of which the first batch
            counts; or a batch `(images, labels)`. Three axes are one image if the last has length
            1, 3 or 4, and else a batch of grey images.
        titles: One text for each image.
        n_cols: Panels in a row. By default up to eight.
        value_range: The values `(low, high)` that show black and white. `"auto"` means 0..255 for
            uint8, 0..1 for bool and 0..65535 for uint16, with a warning if no value reaches 4096;
            for all other images together it is 0..1, or 0..255 if a value is above 1.5, or, with a
            warning, 0 to the largest value if that is above 255, or symmetric about 0 if a value is
            negative.

    Returns:
        `Panels`, with exactly one panel in use for each image.

    Raises:
        ValueError: If a value is not finite.

    Example:

    >>> from cnnkit import data, viz
    >>> pets, labels = data.draw_pets(6, seed=0)
    >>> panels = viz.plot_images(pets, titles=[["cat", "dog"][label] for label in labels], n_cols=3)
    """
    images = as_pictures(images)
    check_titles(titles, len(images))
    limits = value_ranges(images, value_range)
    panels = image_panels(images, n_cols, titled=titles is not None)
    for axis, image, (low, high) in zip(panels, images, limits, strict=True):
        draw_image(axis, image, low, high)
    name_panels(panels, titles)
    n_cols = panels.axes.shape[1]
    describe(panels.figure, images_in_words(images, limits, titles, n_cols))
    return panels


def as_pictures(images):
    """Turn what holds images into a list of arrays that can be shown, of 1, 3 or 4 channels."""
    images = as_images(images)
    for image in images:
        check_channels(image, "images")
    return images


def check_channels(image, name):
    """Raise `ValueError` unless an image of `as_image` is grey or has 3 or 4 channels."""
    if image.ndim == 3 and image.shape[-1] not in (3, 4):
        raise ValueError(
            f"`{name}` must have 1, 3 or 4 channels. Received: an image of shape {image.shape}"
        )


def as_images(images):
    """Turn what holds images into a list of arrays.

    Args:
        images: In one of the forms that `plot_images` takes, with any number of channels.

    Returns:
        A list of arrays of shape `(height, width)` or `(height, width, channels)`, their values
        unchanged. A last axis of length 1 is dropped.
    """
    if isinstance(images, str | os.PathLike | Image.Image):
        return [as_image(images)]
    if hasattr(images, "element_spec"):  # a tf.data.Dataset
        images = next(iter(images), [])
    if isinstance(images, tuple) and _has_labels(images):
        images = images[0]
    if hasattr(images, "shape"):
        images = _split(_as_array(images))
    elif isinstance(images, Mapping) or not isinstance(images, Iterable):
        raise ValueError(
            "`images` must be an array, a list of images, a picture, a path or a dataset of "
            f"`(images, labels)`. Received: {type(images).__name__}"
        )
    images = [as_image(image) for image in images]
    if not images:
        raise ValueError("`images` must hold at least one image. Received: none")
    return images


def as_image(image):
    """Turn one image into an array.

    Args:
        image: An array, tensor or nested list of shape `(height, width)` or
            `(height, width, channels)`, or a batch of one; a PIL picture; or a path.

    Returns:
        An array of shape `(height, width)` or `(height, width, channels)`.
    """
    array = _as_array(image)
    shape = array.shape
    if array.ndim == 4 and len(array) == 1:
        array = array[0]
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or array.size == 0:
        raise ValueError(
            "An image must have shape (height, width) or (height, width, channels). "
            f"Received: an image of shape {shape}"
        )
    check_finite(array, "images")
    return array


def _as_array(image):
    if isinstance(image, str | os.PathLike | Image.Image):
        return as_pixels(image)
    array = np.asarray(image)
    if array.dtype.kind in "cmMSU":
        raise ValueError(
            f"`images` must hold real numbers. Received: an array of dtype {array.dtype}"
        )
    if array.dtype.kind in "bui":
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    # Neither NumPy nor Matplotlib calculates with bfloat16, and float16 overflows in sums.
    return array.astype(np.float64 if array.dtype == np.float64 else np.float32)


def _split(array):
    """The images of one array."""
    alone = array.ndim == 2 or (array.ndim == 3 and array.shape[-1] in (1, 3, 4))
    return [array] if alone or array.ndim < 2 else array


def _has_labels(batch):
    """Whether a tuple is `(images, labels, ...)`, and not several images."""
    if len(batch) not in (2, 3) or not all(hasattr(part, "shape") for part in batch[:2]):
        return False
    n_axes, n_axes_of_labels = (len(part.shape) for part in batch[:2])
    return n_axes_of_labels <= max(n_axes - 2, 1)


def draw_image(ax, image, low, high, extent=None):
    """Draw one image so that `low` shows black and `high` white; returns the `AxesImage`."""
    if image.ndim == 3 and (image.dtype != np.uint8 or (low, high) != (0, 255)):
        # For colours `imshow` ignores vmin and vmax.
        scaled = (image.astype(np.float64) - low) / (high - low)
        image = np.round(255 * scaled.clip(0, 1)).astype(np.uint8)
    return ax.imshow(image, cmap="gray", vmin=low, vmax=high, extent=extent)
