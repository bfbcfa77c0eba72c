"""Which positions of a layer speak for or against a class, each by its own gradient.

Draelos and Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional
neural networks", 2020, arXiv:2011.08891, section 3.
"""

import keras
import numpy as np

from cnnkit.explain._activation_map import activation_map
from cnnkit.explain._inputs import Inputs
from cnnkit.explain._layout import Grid
from cnnkit.explain._maps import Layers
from cnnkit.explain._targets import Target


def hires_cam(
    model: keras.Model,
    images: Inputs,
    *,
    target: Target = None,
    layer: Layers = None,
    image: int | str | None = None,
    grid: Grid = None,
    prefix: int | None = None,
) -> np.ndarray:
    """Compute which regions of images speak for or against a class, with HiResCAM.

    Each number of the maps is multiplied by its own gradient, where `grad_cam` takes the mean of a
    map's gradients, and so may point at positions that the score does not use. Where nothing but a
    dense layer or a global average comes after the maps, those of a layer add up to the logit
    without its biases. They are brought to the size of the images as in `grad_cam`.

    Args:
        model, images, target, layer, image, grid, prefix: As in `grad_cam`.

    Returns:
        A float32 array of the shape of `grad_cam`'s: positive where a region speaks for the class,
        negative where against it. `.clip(0)` leaves the first alone, as in `grad_cam`.

    Raises:
        RuntimeError, TypeError, ValueError: As in `grad_cam`.

    Example:

    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(4, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> maps = explain.hires_cam(model, images, target=(0, 1))  # why class 0 and not class 1
    >>> maps.shape
    (4, 64, 64)
    """
    return activation_map(_products, model, images, target, layer, image, grid, prefix)


def _products(maps, gradients):
    return np.einsum("...c,...c->...", maps, gradients)
