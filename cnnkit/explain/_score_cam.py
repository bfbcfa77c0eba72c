"""Which regions of an image speak for a class: class activation maps without gradients.

Wang et al., "Score-CAM: score-weighted visual explanations for convolutional neural networks",
2020, arXiv:1910.01279, equations 4 to 7 and algorithm 1.
"""

import keras
import numpy as np
from scipy.special import softmax

from cnnkit._checks import check_positive
from cnnkit.explain._activation_map import over_layers
from cnnkit.explain._alignment import to_images
from cnnkit.explain._engine import trace_of
from cnnkit.explain._finite import check_results
from cnnkit.explain._inputs import Inputs, as_inputs
from cnnkit.explain._layout import Grid, as_maps, positions
from cnnkit.explain._logits import with_logits
from cnnkit.explain._maps import Layers, check_leads_to, check_rows, warn_of_other_ways
from cnnkit.explain._scores import Scores
from cnnkit.explain._targets import Target


def score_cam(
    model: keras.Model,
    images: Inputs,
    *,
    target: Target = None,
    layer: Layers = None,
    n_maps: int = 32,
    image: int | str | None = None,
    grid: Grid = None,
    prefix: int | None = None,
) -> np.ndarray:
    """Compute which regions of images speak for a class, with Score-CAM.

    The feature maps of a layer are added up, as in `cnnkit.explain.grad_cam`. How much a map counts
    is found out by showing the model the image through it: bright where the map is high, 0 where it
    is low. The scores of these images become weights by a softmax over the maps.

    Args:
        model, images, target, layer, image, grid, prefix: As in `grad_cam`.
        n_maps: How many maps of each image are tried, those that vary most. The paper tries all,
            which takes one run of the model each.

    Returns:
        A float32 array, as from `grad_cam`.

    Raises:
        RuntimeError, TypeError, ValueError: As in `grad_cam`, and a ValueError if `n_maps` is not
            positive.

    Example:

    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(4, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> maps = explain.score_cam(model, images, target=1, n_maps=16)
    >>> maps.shape
    (4, 64, 64)
    """
    check_positive(n_maps, "n_maps")
    scores = Scores(model, images, target, image)
    inputs = as_inputs(images, image)

    def of_layer(one):
        return _of_layer(scores, model, inputs, one, n_maps, image, grid, prefix)

    return over_layers(of_layer, layer)


def _of_layer(scores, model, inputs, layer, n_maps, image, grid, prefix):
    trace, tensors = trace_of(model, inputs, layer, run=with_logits, image=image)
    trace.kept(check_rows)
    maps, _ = trace.capture(tensors)
    maps = as_maps(maps, layer, trace, len(scores.images), grid, prefix)
    if layer is None:
        trace.kept(warn_of_other_ways)
    check_leads_to([True] * len(trace.reached), layer, trace)
    maps = _most_varying(maps, n_maps)
    values = np.zeros(maps.shape[:2], np.float32)
    for i, k in scores.chunks(values.shape[1]):
        masks = _to_unit_range(to_images(maps[i, k], trace, grid))
        values[i, k] = scores.values(masks[..., None] * scores.images[i], i)
    cam = np.einsum("bk...,bk->b...", maps, softmax(values, axis=1)).clip(0)
    check_results(cam, np.arange(len(cam)), "maps")
    return trace, to_images(cam, trace, grid)


def _most_varying(maps, n):
    """Of each image the n maps that vary most: an array of shape `(batch, n, rows, columns)`."""
    chosen = np.argsort(-maps.std(axis=positions(maps)), axis=1, kind="stable")[:, :n]
    some = np.take_along_axis(np.moveaxis(maps, -1, 0), chosen.T[..., *[None] * (maps.ndim - 2)], 0)
    return np.moveaxis(some, 0, 1)


def _to_unit_range(masks):
    """Equation 4; a mask without differences becomes 0."""
    axes = tuple(range(1, masks.ndim))
    low, ranges = masks.min(axis=axes, keepdims=True), np.ptp(masks, axis=axes, keepdims=True)
    return (masks - low) / np.where(ranges > 0, ranges, 1)
