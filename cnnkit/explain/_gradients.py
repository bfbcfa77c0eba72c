"""Which pixels of an image speak for or against a class: gradients with respect to the image.

Simonyan, Vedaldi and Zisserman, "Deep inside convolutional networks", 2013, arXiv:1312.6034,
section 3; Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017, arXiv:1706.03825,
section 3.1; Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks", 2017,
arXiv:1703.01365, equations 1 and 3.
"""

import functools

import keras
import numpy as np

from cnnkit._checks import as_generator, check_not_negative, check_positive
from cnnkit.explain._inputs import Inputs
from cnnkit.explain._scores import Scores
from cnnkit.explain._targets import Target


def saliency(
    model: keras.Model,
    images: Inputs,
    *,
    target: Target = None,
    image: int | str | None = None,
) -> np.ndarray:
    """Compute how strongly the score of a class changes with each pixel.

    It is the size of the gradient with respect to the pixel, of its channels the largest one.

    Args:
        model, images, target, image: As in `cnnkit.explain.grad_cam`.

    Returns:
        A float32 array of shape `(batch, height, width)`, as from `grad_cam`, 0 or more.

    Raises:
        RuntimeError, TypeError, ValueError: As in `grad_cam`, and a ValueError if the model rounds
            its images to integers.
    """
    scores = Scores(model, images, target, image)
    parts = [scores.gradients(scores.images[i], i) for i, _ in scores.chunks()]
    return _sizes(np.concatenate(parts))


def smoothgrad(
    model: keras.Model,
    images: Inputs,
    *,
    target: Target = None,
    n_samples: int = 16,
    noise: float = 0.15,
    seed: int | np.random.Generator | None = None,
    image: int | str | None = None,
) -> np.ndarray:
    """Compute the saliency of the mean gradient of noisy copies of each image.

    The gradient of a network jumps from pixel to pixel, and most of that does not outlast a little
    noise.

    Args:
        model, images, target, image: As in `cnnkit.explain.grad_cam`. The class is that of the
            image without noise.
        n_samples: How many copies. All images get the same noise.
        noise: Its standard deviation, as a part of the range of an image's values: the largest
            less the smallest.
        seed: None for new noise in each call, an integer for the same noise again, or a
            `numpy.random.Generator`.

    Returns:
        A float32 array of shape `(batch, height, width)`, 0 or more.

    Raises:
        RuntimeError, TypeError, ValueError: As in `saliency`, and a ValueError if `n_samples` is
            not positive, or `noise` is negative.
    """
    check_positive(n_samples, "n_samples")
    check_not_negative(noise, "noise")
    scores = Scores(model, images, target, image)
    images = scores.images
    ranges = np.ptp(images, axis=tuple(range(1, images.ndim)), keepdims=True)
    rng = as_generator(seed)
    drawn = noise * rng.standard_normal((n_samples, *images.shape[1:]), np.float32)
    sums = np.zeros_like(images)
    for i, sample in scores.chunks(n_samples):
        _add(sums, i, scores.gradients(images[i] + ranges[i] * drawn[sample], i))
    return _sizes(sums / n_samples)


def integrated_gradients(
    model: keras.Model,
    images: Inputs,
    *,
    target: Target = None,
    n_steps: int = 32,
    baseline: float | np.ndarray = 0.0,
    image: int | str | None = None,
) -> np.ndarray:
    """Compute how much each pixel adds to the score, on the way from a baseline to the image.

    It is the pixel's difference from the baseline, times the mean gradient on the straight line
    between both (equation 1); the mean is taken at the middles of `n_steps` equal steps, which is
    more exact than at their ends. The parts of all channels are added up. A map adds up to the
    score of the image less that of the baseline, and shows with that how exact it is.

    Args:
        model, images, target, image: As in `cnnkit.explain.grad_cam`.
        n_steps: How many steps.
        baseline: An image without content, in the values of the images: a number for all pixels,
            or an array of the shape of the images, or of one of them.

    Returns:
        A float32 array of shape `(batch, height, width)`: positive where a pixel speaks for the
        class, negative where against it.

    Raises:
        RuntimeError, TypeError, ValueError: As in `saliency`, and a ValueError if `n_steps` is not
            positive, or the shape of `baseline` does not fit.
    """
    check_positive(n_steps, "n_steps")
    scores = Scores(model, images, target, image)
    images = scores.images
    differences = images - _as_baseline(baseline, images.shape)
    sums = np.zeros_like(images)
    for i, step in scores.chunks(n_steps):
        to_go = 1 - (step.astype(np.float32) + 0.5) / n_steps
        to_go = to_go.reshape(-1, *[1] * (images.ndim - 1))
        on_the_way = images[i] - to_go * differences[i]
        _add(sums, i, scores.gradients(on_the_way, i))
    return (differences * sums / n_steps).sum(axis=-1)


def _as_baseline(baseline, shape):
    baseline = np.asarray(baseline, np.float32)
    if baseline.shape not in ((), shape[1:], shape):
        raise ValueError(
            f"`baseline` must be a number, or have the shape {shape[1:]} or {shape}. "
            f"Received: baseline of shape {baseline.shape}"
        )
    return baseline


def _add(sums, which, gradients):
    """Add each gradient to the sum of the image it belongs to."""
    for i in np.unique(which):
        sums[i] += gradients[which == i].sum(axis=0)


def _sizes(gradients):
    # The largest along an axis as short as that of the channels takes NumPy ten times as long.
    return functools.reduce(np.maximum, np.moveaxis(np.abs(gradients), -1, 0))
