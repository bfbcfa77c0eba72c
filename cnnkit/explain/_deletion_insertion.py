"""How good an explanation is: what the model says as the pixels it points at come or go.

Petsiuk, Das and Saenko, "RISE: randomized input sampling for explanation of black-box models",
2018, arXiv:1806.07421, section 4.1 and algorithm 1.
"""

from dataclasses import dataclass

import keras
import numpy as np
from scipy.ndimage import gaussian_filter

from cnnkit._checks import check_positive
from cnnkit.explain._inputs import Inputs
from cnnkit.explain._layout import positions
from cnnkit.explain._scores import Scores
from cnnkit.explain._targets import Target

_BLUR = 1 / 8  # standard deviation, as a part of the shorter side


@dataclass(frozen=True, eq=False)
class DeletionInsertion:
    """The result of `deletion_insertion`.

    Attributes:
        fractions: float64 of shape `(n_steps + 1,)`: the part of the pixels deleted or inserted,
            from 0 to 1.
        deletion: float32 of shape `(batch, n_steps + 1)`: the probability of the class as the most
            important pixels are deleted first.
        insertion: The same as they are inserted first.
        deletion_area: float32 of shape `(batch,)`: the area under each curve; small is good.
        insertion_area: The same for the insertion; large is good.
    """

    fractions: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray
    deletion_area: np.ndarray
    insertion_area: np.ndarray


def deletion_insertion(
    model: keras.Model,
    images: Inputs,
    *,
    maps: np.ndarray,
    target: Target = None,
    n_steps: int = 20,
    image: int | str | None = None,
) -> DeletionInsertion:
    """Measure explanations by deleting and by inserting the most important pixels first.

    If a map is right, the probability of the class falls fast when the pixels at which the map is
    large are replaced by the mean colour of the image; and it rises fast when they are put into a
    blurred image. Of equal values the first pixel counts as more important, row by row.

    Args:
        model, images, target, image: As in `cnnkit.explain.grad_cam`. For a class it is its
            probability, which must be known: the model ends in softmax or sigmoid, or it is
            compiled with a crossentropy, which says with `from_logits` whether it gives logits. A
            function gives what it gives, and so does a single unit that stands for no class.
        maps: Array of shape `(batch, height, width)`, as from any method here; the shape of the
            images without their channels.
        n_steps: In how many steps of equally many pixels.

    Returns:
        A `DeletionInsertion`.

    Raises:
        RuntimeError, TypeError, ValueError: As in `grad_cam`, and a ValueError if `maps` has
            another shape or is not finite, `n_steps` is not positive, or the probability of the
            class is not known.
    """
    check_positive(n_steps, "n_steps")
    scores = Scores(model, images, target, image)
    images = scores.images
    ranks = _ranks(_as_maps(maps, images.shape[:-1]))
    fractions = np.arange(n_steps + 1) / n_steps
    limits = np.round(fractions * ranks[0].size)
    gray = np.broadcast_to(images.mean(axis=positions(images), keepdims=True), images.shape)
    curves = [
        _curve(scores, ranks, limits, before, after)
        for before, after in ((images, gray), (_blurred(images), images))
    ]
    areas = [np.trapezoid(curve, fractions, axis=1).astype(np.float32) for curve in curves]
    return DeletionInsertion(fractions, *curves, *areas)


def _as_maps(maps, shape):
    maps = np.asarray(maps)
    if maps.shape != shape or not np.isfinite(maps).all():
        raise ValueError(
            f"`maps` must have the shape of the images, {shape}, and finite values. "
            f"Received: maps of shape {maps.shape}"
        )
    return maps


def _ranks(maps):
    """0 for the most important pixel of each map, 1 for the next, and so on."""
    order = np.argsort(-maps.reshape(len(maps), -1), axis=1, kind="stable")
    return np.argsort(order, axis=1).reshape(maps.shape)


def _blurred(images):
    return gaussian_filter(images, _BLUR * min(images.shape[1:-1]), axes=positions(images))


def _curve(scores, ranks, limits, before, after):
    """The probabilities as ever more pixels go over from one image to another."""
    curve = np.zeros((len(ranks), len(limits)), np.float32)
    for i, step in scores.chunks(len(limits)):
        is_after = ranks[i] < limits[step].reshape(-1, *[1] * (ranks.ndim - 1))
        curve[i, step] = scores.probabilities(np.where(is_after[..., None], after[i], before[i]), i)
    return curve
