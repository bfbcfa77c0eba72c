"""How good an explanation is: what the model says as the pixels it points at come or go.

Petsiuk, Das and Saenko, "RISE: randomized input sampling for explanation of black-box models",
2018, arXiv:1806.07421, section 4.1 and algorithm 1.
"""

from dataclasses import dataclass
from functools import partial

import keras
import numpy as np
from scipy.ndimage import gaussian_filter

from cnnkit._checks import as_generator, check_positive, is_integer
from cnnkit.explain._inputs import Inputs
from cnnkit.explain._layout import positions
from cnnkit.explain._scores import Scores, check_maps
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
        random: A `DeletionInsertion` of pixels in a random order, the mean over several; None if
            none were asked for. Single pixels that are deleted all over an image harm it more than
            one region does. So an order of regions may have the larger areas of both kinds: then it
            is the insertion that tells.

    Example:

    >>> import keras
    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(4, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    >>> maps = explain.occlusion(model, images, target=labels)
    >>> found = explain.deletion_insertion(model, images, maps=maps, target=labels, seed=0)
    >>> gain = found.insertion_area - found.random.insertion_area  # above 0: better than by chance
    >>> gain.shape
    (4,)
    """

    fractions: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray
    deletion_area: np.ndarray
    insertion_area: np.ndarray
    random: "DeletionInsertion | None" = None


def deletion_insertion(
    model: keras.Model,
    images: Inputs,
    *,
    maps: np.ndarray,
    target: Target = None,
    n_steps: int = 20,
    n_random: int = 1,
    seed: int | np.random.Generator | None = None,
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
        n_random: How many random orders stand beside those of the maps, the same for all images.
        seed: None for other orders in each call, an integer for the same ones again, or a
            `numpy.random.Generator`.

    Returns:
        A `DeletionInsertion`.

    Raises:
        RuntimeError, TypeError, ValueError: As in `grad_cam`, and a ValueError if `maps` has
            another shape, is not finite or is boolean, `n_steps` is not positive, `n_random` is no
            integer or negative, or the probability of the class is not known.

    Example:

    >>> import keras
    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(4, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    >>> maps = explain.grad_cam(model, images, target=labels)
    >>> found = explain.deletion_insertion(model, images, maps=maps, target=labels, seed=0)
    >>> found.deletion.shape, found.insertion.shape
    ((4, 21), (4, 21))
    """
    check_positive(n_steps, "n_steps")
    if not is_integer(n_random) or n_random < 0:
        raise ValueError(
            f"`n_random` must be an integer of at least 0. Received: n_random={n_random!r}"
        )
    scores, rng = Scores(model, images, target, image), as_generator(seed)
    ranks = _ranks(check_maps(maps, scores.images))
    curves = partial(_curves, scores, n_steps)
    random = None
    if n_random:
        orders = _ranks(rng.random((n_random, *ranks.shape[1:])))
        drawn = [curves(np.broadcast_to(order, ranks.shape)) for order in orders]
        random = _with_areas(np.mean(drawn, axis=0))
    return _with_areas(curves(ranks), random)


def _curves(scores, n_steps, ranks):
    """Those of the deletion and of the insertion: float32 of shape `(2, batch, n_steps + 1)`."""
    images, limits = scores.images, np.round(_fractions(n_steps) * ranks[0].size)
    gray = np.broadcast_to(images.mean(axis=positions(images), keepdims=True), images.shape)
    ways = (images, gray), (_blurred(images), images)
    return np.stack([_curve(scores, ranks, limits, before, after) for before, after in ways])


def _fractions(n_steps):
    return np.arange(n_steps + 1) / n_steps


def _with_areas(curves, random=None):
    fractions = _fractions(curves.shape[-1] - 1)
    areas = np.trapezoid(curves, fractions, axis=-1).astype(np.float32)
    return DeletionInsertion(fractions, *curves, *areas, random)


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
