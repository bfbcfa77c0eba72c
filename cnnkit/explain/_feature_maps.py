"""The maps that a convolutional layer makes of images, and the images that excite each map most."""

import sys
from dataclasses import dataclass
from operator import itemgetter

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from cnnkit._checks import check_positive
from cnnkit.explain._engine import trace_of
from cnnkit.explain._inputs import Inputs
from cnnkit.explain._layout import Grid, as_maps, positions


@dataclass(frozen=True, eq=False)
class TopImages:
    """The result of `top_images`.

    Attributes:
        indices: int64 of shape `(channels, n)`: which images excite each channel most, the most
            exciting first.
        values: float32 of shape `(channels, n)`: the largest value of the channel's map of each.

    Example:

    >>> from cnnkit import data, explain, models, viz
    >>> images, labels = data.draw_pets(16, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> found = explain.top_images(model, images, n=4)
    >>> panels = viz.plot_images(images[found.indices[0]])  # those that excite channel 0 most
    """

    indices: np.ndarray
    values: np.ndarray


def feature_maps(
    model: keras.Model,
    images: Inputs,
    *,
    layer: str | keras.Layer | tuple | None = None,
    image: int | str | None = None,
    grid: Grid = None,
    prefix: int | None = None,
) -> np.ndarray:
    """Compute the feature maps of images: what a layer gives, in inference mode.

    Args:
        model: A built `keras.Model` of any kind, with the channels last.
        images: As in `grad_cam`.
        layer: As in `capture`. None means the last layer with maps of the image.
        image: Which of the inputs has the maps, as in `grad_cam`.
        grid, prefix: How tokens are laid out as maps, as in `grad_cam`.

    Returns:
        A float32 array of shape `(batch, height, width, channels)`: of the maps, not of the images;
        for volumes and signals with an axis more or less.

    Raises:
        RuntimeError, TypeError, ValueError: As in `capture`, and a ValueError if the layer gives
            something else than maps, one for each image.

    Example:

    >>> from cnnkit import data, explain, models, viz
    >>> images, labels = data.draw_pets(1, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> maps = explain.feature_maps(model, images, layer=model.layers[1])
    >>> maps.shape
    (1, 64, 64, 16)
    >>> panels = viz.plot_feature_maps(maps)
    """
    trace, tensors = trace_of(model, images, layer, image=image)
    maps, _ = trace.capture(tensors)
    n_images = len(tf.nest.flatten(tensors)[0])
    return as_maps(maps, layer, trace, n_images, grid, prefix)


def top_images(
    model: keras.Model,
    images: Inputs,
    *,
    layer: str | keras.Layer | tuple | None = None,
    n: int = 8,
    batch_size: int = 32,
    image: int | str | None = None,
    grid: Grid = None,
    prefix: int | None = None,
) -> TopImages:
    """Find the images that excite each channel of a layer most.

    How much an image excites a channel is the largest value of its map (Zeiler and Fergus,
    "Visualizing and understanding convolutional networks", 2014, arXiv:1311.2901, figure 2). Of
    equal values, the earlier image comes first. A run of more than a second shows a progress bar.

    Args:
        model, layer, image, grid, prefix: As in `feature_maps`.
        images: An array of shape `(n_images, height, width, channels)`, or a list or dictionary of
            arrays. They may be larger than the memory, as a `np.memmap` is: only one batch is used
            at a time.
        n: How many images to find for each channel.
        batch_size: How many images run through the model together.

    Returns:
        A `TopImages`.

    Raises:
        RuntimeError, TypeError, ValueError: As in `feature_maps`, and a ValueError if `n` or
            `batch_size` is not positive, or there are fewer than `n` images.

    Example:

    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(16, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> found = explain.top_images(model, images, layer=model.layers[3], n=4)
    >>> found.indices.shape, found.values.shape
    ((32, 4), (32, 4))
    """
    check_positive(n, "n")
    check_positive(batch_size, "batch_size")
    n_images = len(tf.nest.flatten(images)[0])
    if n > n_images:
        raise ValueError(f"`n` must be at most the number of images, {n_images}. Received: n={n}")
    indices, values = None, None
    starts = range(0, n_images, batch_size)
    bar_options = dict(unit="batch", delay=1, leave=False, file=sys.stdout)
    for start in tqdm(starts, "top images", **bar_options):
        batch = tf.nest.map_structure(itemgetter(slice(start, start + batch_size)), images)
        options = dict(layer=layer, image=image, grid=grid, prefix=prefix)
        maps = feature_maps(model, batch, **options)
        new_values = maps.max(axis=positions(maps))
        new_indices = np.broadcast_to(
            np.arange(start, start + len(maps))[:, None], new_values.shape
        )
        if values is not None:
            new_values = np.concatenate([values, new_values])
            new_indices = np.concatenate([indices, new_indices])
        order = np.argsort(-new_values, axis=0, kind="stable")[:n]
        values = np.take_along_axis(new_values, order, axis=0)
        indices = np.take_along_axis(new_indices, order, axis=0)
    return TopImages(indices.T, values.T)
