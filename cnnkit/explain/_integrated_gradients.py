"""How much each pixel adds to the score of a class, on the way from a baseline to the image.

Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks", 2017, arXiv:1703.01365,
equations 1 and 3, and proposition 1.
"""

from numbers import Real

import keras
import numpy as np

from cnnkit._checks import check_finite, check_positive, warn
from cnnkit.explain._finite import first_few
from cnnkit.explain._inputs import Inputs
from cnnkit.explain._scores import Scores, check_maps
from cnnkit.explain._targets import Target

_WORTH_A_WARNING = 0.05  # of what is missing, where no tolerance is asked for
_MOST_STEPS = 3000
_ROUNDING = 1e-5  # of scores in float32


def integrated_gradients(
    model: keras.Model,
    images: Inputs,
    *,
    target: Target = None,
    n_steps: int = 32,
    tolerance: float | None = None,
    baseline: float | np.ndarray = 0.0,
    image: int | str | None = None,
) -> np.ndarray:
    """Compute how much each pixel adds to the score, on the way from a baseline to the image.

    It is the pixel's difference from the baseline, times the mean gradient on the straight line
    between both (equation 1); the mean is taken at the middles of `n_steps` equal steps, which is
    more exact than at their ends. The parts of all channels are added up. With enough steps a map
    adds up to the score of the image less that of the baseline. What is missing is the
    `completeness_error`; a warning says it if it is more than 0.05 for an image.

    Args:
        model, images, target, image: As in `cnnkit.explain.grad_cam`.
        n_steps: How many steps.
        tolerance: Up to which `completeness_error` steps are added, three times as many each time,
            for the images that need them, as long as that makes 3000 steps or fewer: from `n_steps`
            of more than 1000, none are added. A warning says for which images it is not enough.
            None: none are added.
        baseline: An image without content, in the values of the images: a number for all pixels,
            or an array of the shape of the images, or of one of them.

    Returns:
        A float32 array of shape `(batch, height, width)`, as from `grad_cam`: positive where a
        pixel speaks for the class, negative where against it.

    Raises:
        RuntimeError, TypeError, ValueError: As in `saliency`, and a ValueError if `n_steps` or
            `tolerance` is not positive, or `baseline` has another shape or is not finite.

    Example:

    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(4, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> grey = float(images.mean())  # where the way begins, instead of at black
    >>> maps = explain.integrated_gradients(model, images, baseline=grey, tolerance=0.05)
    >>> maps.shape
    (4, 64, 64)
    """
    check_positive(n_steps, "n_steps")
    _check_tolerance(tolerance)
    scores = Scores(model, images, target, image)
    starts = _as_baseline(baseline, scores.images)
    changes, line = _Changes(scores, starts), _Line(scores, starts)
    which, n = np.arange(len(scores.images)), n_steps
    line.add(which, n, (np.arange(n) + 0.5) / n)
    missing = changes.missing(line.maps())
    while tolerance is not None and (missing > tolerance).any() and 3 * n <= _MOST_STEPS:
        which, n = np.flatnonzero(missing > tolerance), 3 * n
        thirds = np.arange(n)
        # The middles of a third as many steps are among the new ones.
        line.add(which, n, (thirds[thirds % 3 != 1] + 0.5) / n)
        missing = changes.missing(line.maps())
    _warn_of_missing(missing, tolerance, n)
    return line.maps()


def completeness_error(
    model: keras.Model,
    images: Inputs,
    *,
    maps: np.ndarray,
    target: Target = None,
    baseline: float | np.ndarray = 0.0,
    image: int | str | None = None,
) -> np.ndarray:
    """Measure how far maps are from adding up to the change of the score they explain.

    That change is the score of the image less that of the baseline (proposition 1).

    Args:
        model, images, target, baseline, image: As in `integrated_gradients`.
        maps: Array of shape `(batch, height, width)`, as from there.

    Returns:
        A float32 array of shape `(batch,)`: the size of what is missing, or too much, as a part of
        the size of the change. 0 is complete, 1 as bad as a map of zeros. It is infinite if there
        is no change to explain, and the map does not add up to 0.

    Raises:
        RuntimeError, TypeError, ValueError: As in `integrated_gradients`, and a ValueError if
            `maps` has another shape or is not finite.

    Example:

    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(4, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> maps = explain.integrated_gradients(model, images, target=1, tolerance=0.05)
    >>> errors = explain.completeness_error(model, images, maps=maps, target=1)
    >>> errors.shape, bool(errors.max() < 0.05)
    ((4,), True)
    """
    scores = Scores(model, images, target, image)
    maps = check_maps(maps, scores.images)
    return _Changes(scores, _as_baseline(baseline, scores.images)).missing(maps)


class _Line:
    """The gradients on the straight lines from baselines to images, added up.

    Args:
        scores: `Scores`.
        starts: The baselines, of the shape of the images.
    """

    def __init__(self, scores, starts):
        self._scores, self._starts = scores, starts
        self._sums = np.zeros_like(scores.images)
        self._n_steps = np.ones(len(scores.images), np.float32)

    def add(self, which, n_steps, places):
        """Add the gradients at places in 0..1 for some images, which then have so many in all."""
        to_go = 1 - np.float32(places)
        differences = self._scores.images - self._starts

        def on_the_way(i, place):
            return self._scores.images[i] - _beside(to_go[place], differences) * differences[i]

        self._sums[which] += self._scores.summed_gradients(on_the_way, len(places), which)
        self._n_steps[which] = n_steps

    def maps(self):
        differences = self._scores.images - self._starts
        sums = (differences * self._sums).sum(axis=-1)
        return sums / _beside(self._n_steps, sums)


def _beside(numbers, arrays):
    """One number for each array, with the axes of these."""
    return numbers.reshape(-1, *[1] * (arrays.ndim - 1))


class _Changes:
    """How the scores of images differ from those of baselines, and what maps miss of that."""

    def __init__(self, scores, starts):
        ends = scores.of_images()
        starts = np.concatenate([scores.values(starts[i], i) for i, _ in scores.chunks()])
        self._changes = ends - starts
        self._rounding = _ROUNDING * (np.abs(ends) + np.abs(starts))

    def missing(self, maps):
        """What `completeness_error` returns."""
        missing = np.abs(maps.reshape(len(maps), -1).sum(axis=1) - self._changes)
        missing[missing <= self._rounding] = 0
        sizes = np.abs(self._changes)
        infinite = np.full_like(missing, np.inf)
        parts = np.divide(missing, sizes, out=infinite, where=sizes > 0)
        return np.where(missing > 0, parts, 0).astype(np.float32)


def _warn_of_missing(missing, tolerance, n_steps):
    bound = _WORTH_A_WARNING if tolerance is None else tolerance
    bad = np.flatnonzero(missing > bound)
    if not len(bad):
        return
    worst = bad[missing[bad].argmax()]
    what = "pass more `n_steps`, or a `tolerance` up to which steps are added"
    if tolerance is not None:
        what = "the gradient changes fast on the way, or in jumps; pass more `n_steps` or another "
        what += "`baseline`"
    warn(
        f"Integrated gradients miss more than {bound:.2g} of the change of the score for "
        f"{len(bad)} of {len(missing)} images with {n_steps} steps, at most {missing[worst]:.2g}, "
        f"for the image {worst}, of the images {first_few(bad)}: {what}."
    )


def _check_tolerance(tolerance):
    is_number = isinstance(tolerance, Real) and not isinstance(tolerance, bool)
    if tolerance is not None and not (is_number and tolerance > 0):
        raise ValueError(
            f"`tolerance` must be None or a positive number. Received: tolerance={tolerance!r}"
        )


def _as_baseline(baseline, images):
    baseline, shape = np.asarray(baseline, np.float32), images.shape
    if baseline.shape not in ((), shape[1:], shape):
        raise ValueError(
            f"`baseline` must be a number, or have the shape {shape[1:]} or {shape}. "
            f"Received: baseline of shape {baseline.shape}"
        )
    check_finite(baseline, "baseline")
    return np.broadcast_to(baseline, shape)
