"""Whether an explanation depends on the weights at all: a map of weights that are shuffled.

Adebayo et al., "Sanity checks for saliency maps", 2018, arXiv:1810.03292, section 3, cascading
randomization.
"""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from scipy.stats import rankdata

from cnnkit._checks import as_generator
from cnnkit._keras import layers_within
from cnnkit._layers import layer_paths
from cnnkit.explain._grad_cam import grad_cam
from cnnkit.explain._inputs import Inputs, as_inputs
from cnnkit.explain._recording import recording, run
from cnnkit.explain._scores import Scores, check_maps
from cnnkit.explain._targets import Target


@dataclass(frozen=True, eq=False)
class SanityCheck:
    """The result of `sanity_check`.

    Attributes:
        layers: The paths of the layers with weights, from the last that runs to the first: a tuple.
            A `Normalization` is not among them, as it has learnt nothing in training.
        maps: float32 of shape `(n_layers + 1, batch, height, width)`: those of the model as it is,
            then after the weights of each further layer are shuffled.
        similarity: float32 of shape `(n_layers, batch)`: the rank correlation of each map with that
            of the model as it is. 1 for the same order of the pixels, near 0 for another one; 0 if
            there is the same value everywhere, NaN if the first map has.

    Example:

    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(4, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> found = explain.sanity_check(model, images, target=1, seed=0)
    >>> len(found.layers), found.maps.shape
    (5, (6, 4, 64, 64))
    >>> means = found.similarity.mean(axis=1)  # one number for each layer, from the top down
    """

    layers: tuple[str, ...]
    maps: np.ndarray
    similarity: np.ndarray


def sanity_check(
    model: keras.Model,
    images: Inputs,
    *,
    explain: Callable[..., np.ndarray] = grad_cam,
    target: Target = None,
    seed: int | np.random.Generator | None = None,
    image: int | str | None = None,
) -> SanityCheck:
    """Measure how far maps change as the weights of a model are randomised from the top down.

    What the model has learnt goes away layer by layer. A map that stays as it was shows the image,
    as edges do, and not what the model makes of it. Where the paper draws new weights, here those
    of each array change places: their sizes and signs stay, so that the numbers behind neither
    vanish nor grow without bounds.

    Args:
        model, images, target, image: As in `cnnkit.explain.grad_cam`. The class is that of the
            model as it is. Its weights are put back, also after an error.
        explain: What makes the maps: a method of this package, or a function of yours that takes
            the same `model`, `images`, `target` and `image`. `functools.partial` gives it other
            arguments: a layer, or a seed, without which new noise counts as a change.
        seed: None for other places in each call, an integer for the same ones again, or a
            `numpy.random.Generator`.

    Returns:
        A `SanityCheck`.

    Raises:
        RuntimeError, TypeError, ValueError: As in `grad_cam`, and a ValueError if the maps do not
            have the shape of the images or are not finite, or the model has no weights.

    Example:

    >>> from functools import partial
    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(4, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> smoothgrad = partial(explain.smoothgrad, seed=0)  # the same noise each time
    >>> found = explain.sanity_check(model, images, explain=smoothgrad, target=1, seed=0)
    >>> found.similarity.shape  # (layers, images): 1 means that the map stayed as it was
    (5, 4)
    """
    rng, scores = as_generator(seed), Scores(model, images, target, image)

    def maps():
        made = explain(model, images, target=scores.target, image=image)
        return check_maps(made, scores.images, "`explain` must return maps with")

    weights = weights_from_the_top(model, as_inputs(images, image))
    before, found = [(w, w.numpy()) for each in weights.values() for w in each], [maps()]
    try:
        for each in weights.values():
            for weight in each:
                values = np.asarray(weight)
                weight.assign(rng.permutation(values.ravel()).reshape(values.shape))
            found.append(maps())
    finally:
        for weight, values in before:
            weight.assign(values)
    found = np.stack(found)
    return SanityCheck(tuple(weights), found, _rank_correlations(found))


def weights_from_the_top(model, inputs):
    """For each path of a layer its own weights, without those of layers within it.

    Only of layers that ran, and whose weights are read when they do.
    """
    names = {id(layer): path for path, layer in layer_paths(model).items()}
    with recording([model, *layers_within(model, recursive=True)]) as records:
        run(model, tf.nest.map_structure(lambda part: tf.constant(part[:1]), inputs))
    ran = {id(layer) for layer, _ in records}
    found, seen = {}, set()
    # A Normalization runs with constants that `adapt` made from its weights, not with these.
    for layer, _ in reversed(records):
        inner = [each for each in layers_within(layer, recursive=True) if id(each) in ran]
        of_others = seen | {id(weight) for each in inner for weight in each.weights}
        own = [weight for weight in layer.weights if id(weight) not in of_others]
        if own and not isinstance(layer, keras.layers.Normalization):
            found[names.get(id(layer), layer.name)] = own
            seen |= {id(weight) for weight in own}
    if not found:
        raise ValueError(
            f"`model` must have weights. Received: the model {model.name!r}, which has none"
        )
    return found


def _rank_correlations(maps):
    """Spearman's, of the first maps with each of the others."""
    ranks = rankdata(maps.reshape(*maps.shape[:2], -1), axis=2)
    ranks -= ranks.mean(axis=2, keepdims=True)
    products = (ranks[1:] * ranks[0]).sum(axis=2)
    sizes = np.sqrt((ranks**2).sum(axis=2))
    scales = sizes[1:] * sizes[0]
    found = np.divide(products, scales, out=np.zeros_like(products), where=scales > 0)
    return np.where(sizes[0] > 0, found, np.nan).astype(np.float32)
