"""Which pixels of an image speak for or against a class: gradients with respect to the image.

Simonyan, Vedaldi and Zisserman, "Deep inside convolutional networks", 2013, arXiv:1312.6034,
section 3; Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017, arXiv:1706.03825,
section 3.1.
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

    Example:

    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(4, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> maps = explain.saliency(model, images, target=labels)
    >>> maps.shape, bool(maps.min() >= 0)
    ((4, 64, 64), True)
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
        A float32 array, as from `saliency`.

    Raises:
        RuntimeError, TypeError, ValueError: As in `saliency`, and a ValueError if `n_samples` is
            not positive, or `noise` is negative.

    Example:

    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(4, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> maps = explain.smoothgrad(model, images, target=1, n_samples=8, noise=0.1, seed=0)
    >>> maps.shape
    (4, 64, 64)
    """
    check_positive(n_samples, "n_samples")
    check_not_negative(noise, "noise")
    scores = Scores(model, images, target, image)
    images = scores.images
    ranges = np.ptp(images, axis=tuple(range(1, images.ndim)), keepdims=True)
    rng = as_generator(seed)
    drawn = noise * rng.standard_normal((n_samples, *images.shape[1:]), np.float32)
    sums = scores.summed_gradients(lambda i, k: images[i] + ranges[i] * drawn[k], n_samples)
    return _sizes(sums / n_samples)


def _sizes(gradients):
    # The largest along an axis as short as that of the channels takes NumPy ten times as long.
    return functools.reduce(np.maximum, np.moveaxis(np.abs(gradients), -1, 0))
