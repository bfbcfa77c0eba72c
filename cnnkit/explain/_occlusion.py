"""Which parts of an image the score of a class cannot do without: cover them, one after the other.

Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2014, arXiv:1311.2901,
section 4.2.
"""

import itertools
from collections.abc import Sequence

import keras
import numpy as np

from cnnkit._checks import is_integer
from cnnkit.explain._inputs import Inputs
from cnnkit.explain._layout import positions
from cnnkit.explain._scores import Scores
from cnnkit.explain._targets import Target


def occlusion(
    model: keras.Model,
    images: Inputs,
    *,
    target: Target = None,
    patch_size: int | tuple[int, ...] | None = None,
    strides: int | tuple[int, ...] | None = None,
    fill: float | Sequence[float] | None = None,
    image: int | str | None = None,
) -> np.ndarray:
    """Compute how much the score falls when a patch of the image is covered.

    Each pixel gets the mean fall over all patches that cover it. The last patches of a row and of a
    column end at the border of the image, so that every pixel is covered.

    Args:
        model, images, target, image: As in `cnnkit.explain.grad_cam`.
        patch_size: Height and width of the patch: an integer or a pair; for volumes three numbers,
            for signals one. By default an eighth of the image, rounded up.
        strides: Pixels from one patch to the next: as `patch_size`, and at most that,
            which is the default. Smaller steps show more and take longer.
        fill: The values that cover: a number, or one for each channel. By default the mean of each
            channel of the image.

    Returns:
        A float32 array of shape `(batch, height, width)`, as from `grad_cam`: positive where the
        score needs what is there, negative where it would be higher without.

    Raises:
        RuntimeError, TypeError, ValueError: As in `grad_cam`, and a ValueError if the patch does
            not fit into the image, patches leave gaps, or `fill` does not fit the channels.

    Example:

    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(2, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> maps = explain.occlusion(model, images, target=1, patch_size=16, strides=8)
    >>> maps.shape
    (2, 64, 64)
    """
    scores = Scores(model, images, target, image)
    images = scores.images
    patch_size, corners = _patches(images.shape[1:-1], patch_size, strides)
    colors = _as_fill(fill, images)
    covered_scores = np.zeros((len(images), len(corners)), np.float32)
    for i, patch in scores.chunks(len(corners)):
        covered = images[i]
        for shown, color, corner in zip(covered, colors[i], corners[patch], strict=True):
            shown[_window(corner, patch_size)] = color
        covered_scores[i, patch] = scores.values(covered, i)
    falls = scores.of_images()[:, None] - covered_scores
    return _mean_over_patches(falls, images.shape[:-1], corners, patch_size)


def _patches(image_size, patch_size, strides):
    """Height and width of the patches, and the first row and column of each: `(n, 2)` integers."""
    if patch_size is None:
        patch_size = tuple(-(-n // 8) for n in image_size)
    patch_size = _sizes(patch_size, "patch_size", len(image_size))
    strides = patch_size if strides is None else _sizes(strides, "strides", len(image_size))
    if any(p > n for p, n in zip(patch_size, image_size, strict=True)):
        raise ValueError(
            f"`patch_size` must be at most the size of the images, {image_size}. "
            f"Received: patch_size={patch_size}"
        )
    if any(s > p for s, p in zip(strides, patch_size, strict=True)):
        raise ValueError(
            f"`strides` must be at most the size of a patch, {patch_size}, so that there are no "
            f"gaps. Received: strides={strides}"
        )
    axes = zip(image_size, patch_size, strides, strict=True)
    starts = [[*range(0, n - p, s), n - p] for n, p, s in axes]
    return patch_size, np.array(list(itertools.product(*starts)))


def _sizes(value, name, n):
    """A positive integer for each of `n` axes."""
    sizes = tuple(value) if isinstance(value, tuple | list) else (value,) * n
    if len(sizes) != n or not all(is_integer(size) and size > 0 for size in sizes):
        kinds = {1: "one", 2: "a pair", 3: "three"}
        raise ValueError(
            f"`{name}` must be a positive integer or {kinds[n]} of them. Received: {name}={value!r}"
        )
    return tuple(map(int, sizes))


def _as_fill(fill, images):
    """What covers: an array of shape `(batch, channels)`."""
    shape = len(images), images.shape[-1]
    if fill is None:
        return images.mean(axis=positions(images))
    fill = np.asarray(fill, np.float32)
    if fill.shape not in ((), shape[1:]):
        raise ValueError(
            f"`fill` must be a number, or one for each of the {shape[1]} channels. "
            f"Received: fill={fill}"
        )
    return np.broadcast_to(fill, shape)


def _window(corner, size):
    return tuple(slice(first, first + n) for first, n in zip(corner, size, strict=True))


def _mean_over_patches(falls, shape, corners, patch_size):
    """For each pixel the mean over the patches that cover it."""
    sums, counts = np.zeros(shape, np.float32), np.zeros(shape[1:], np.float32)
    for fall, corner in zip(falls.T, corners, strict=True):
        window = _window(corner, patch_size)
        sums[:, *window] += fall.reshape(-1, *[1] * len(corner))
        counts[window] += 1
    return sums / counts
