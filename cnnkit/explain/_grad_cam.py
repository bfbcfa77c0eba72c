"""Which regions of an image speak for a class: class activation maps from mean gradients.

Selvaraju et al., "Grad-CAM: visual explanations from deep networks via gradient-based
localization", 2017, arXiv:1610.02391, equations 1 and 2; Chattopadhay et al., "Grad-CAM++", 2018,
arXiv:1710.11063, equations 10, 11 and 19.
"""

import keras
import numpy as np

from cnnkit.explain._activation_map import activation_map
from cnnkit.explain._inputs import Inputs
from cnnkit.explain._layout import Grid, positions
from cnnkit.explain._maps import Layers
from cnnkit.explain._targets import Target


def grad_cam(
    model: keras.Model,
    images: Inputs,
    *,
    target: Target = None,
    layer: Layers = None,
    image: int | str | None = None,
    grid: Grid = None,
    prefix: int | None = None,
) -> np.ndarray:
    """Compute which regions of images speak for a class, with Grad-CAM.

    The feature maps of a layer are added up, each with the mean gradient of the score with respect
    to it as its weight, and what is below 0 is left out. The result is as coarse as the maps. It
    is brought to the size of the images with the middle of each position where the middle of its
    receptive field is, or, where that is not known, stretched over the image, with a warning.

    Args:
        model: A built `keras.Model` of any kind, with the channels last. It is not changed.
        images: Array or tensor of shape `(batch, height, width, channels)`, with the values that
            the model was trained with; of volumes `(batch, depth, height, width, channels)`, of
            signals `(batch, steps, channels)`. For a model with several inputs a list or
            dictionary of arrays.
        target: What is explained.

            - None: for each image the class with the largest output.
            - An integer: this class, for all images. A list or array of integers: one class for
              each image.
            - A pair `(one, other)` of two of these: why the one class and not the other. The score
              is the difference of theirs.
            - A function of the model's outputs, written with `keras.ops` or TensorFlow, that
              returns one number for each row: a tensor of shape `(batch,)`. The images may reach
              it in parts.

            The score of a class is its logit, also if the model ends with softmax or sigmoid, else
            what its unit gives. For a single unit, class 1 has the logit `z` and class 0 has `-z`,
            if it ends with a sigmoid or is compiled with a binary crossentropy; any other unit
            stands for no class, and None is the output itself. In a regression, which is what a
            model without softmax is compiled for with `"mse"`, the integers are the outputs from 0;
            None is right where there is one. One sigmoid unit compiled so may be either, and only
            a function is taken for it. What makes an output small is
            `target=lambda outputs: -outputs[:, 0]`.
        layer: A layer with maps or tokens, as in `capture`. None means the last layer that gives
            maps, no tokens, with more than one position of the image; with a warning, the first
            time, if the score depends on the image past it too, as in an ensemble. A list of layers
            gives the mean of their maps, each divided by the size of its largest value.
        image: Which of the inputs of a model is explained: its place in the list, from 0, or its
            key in the dictionary. None means the only one with four axes; where there is none, the
            only one with five, or else with three.
        grid: How the tokens of a layer that gives `(batch, tokens, channels)`, as one of a
            transformer, lie on the image: `(rows, columns)`, row by row. None: as the graph of the
            model says, in which they come from the positions of a convolution. Or a function,
            written with `keras.ops`, that makes maps of what the layer gives, as of windows: of
            shape `(batch, rows, columns, channels)`, covering the image evenly.
        prefix: How many other tokens, as a class token, come before those of the grid. None: as the
            graph says, or 0.

    Returns:
        A float32 array of shape `(batch, height, width)`, of the size of the images, 0 or more;
        `(batch, depth, height, width)` for volumes and `(batch, steps)` for signals. The
        values are not scaled; an image's map is 0 if nothing speaks for the class.

    Raises:
        RuntimeError: If Keras runs on another backend than TensorFlow.
        TypeError: If `model` is no Keras model.
        ValueError: If the model is not built, there is no such layer, or it gives no maps of the
            image, one for each; if the score does not depend on it; if `images` holds no image,
            several of which `image` chooses none, or images with the channels first; if it is not
            known which maps are the last; if a list of layers holds one twice; if weights, scores
            or maps are not finite; or if `target` does not fit the outputs or the number of images,
            or says None of a regression with several outputs.

    Example:

    >>> from cnnkit import data, explain, models, viz
    >>> images, labels = data.draw_pets(4, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)  # or any other that you have trained
    >>> maps = explain.grad_cam(model, images, target=labels)
    >>> maps.shape
    (4, 64, 64)
    >>> panels = viz.plot_attributions(images, {"Grad-CAM": maps})
    """
    return activation_map(_with_mean_gradients, model, images, target, layer, image, grid, prefix)


def grad_cam_plus_plus(
    model: keras.Model,
    images: Inputs,
    *,
    target: Target = None,
    layer: Layers = None,
    image: int | str | None = None,
    grid: Grid = None,
    prefix: int | None = None,
) -> np.ndarray:
    """Compute which regions of images speak for a class, with Grad-CAM++.

    It differs from `grad_cam` in the weights: positions whose gradient is positive count alone, and
    more where the map is weak. It finds several objects of a class better.

    Args:
        model, images, target, layer, image, grid, prefix: As in `grad_cam`.

    Returns:
        A float32 array, as from `grad_cam`.

    Raises:
        RuntimeError, TypeError, ValueError: As in `grad_cam`.

    Example:

    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(4, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> maps = explain.grad_cam_plus_plus(model, images)  # of the class with the largest output
    >>> maps.shape, bool(maps.min() >= 0)
    ((4, 64, 64), True)
    """
    return activation_map(
        _with_positive_gradients, model, images, target, layer, image, grid, prefix
    )


def _with_mean_gradients(maps, gradients):
    """Equations 1 and 2 of Grad-CAM."""
    return _weighted(maps, gradients.mean(axis=positions(maps)))


def _with_positive_gradients(maps, gradients):
    """Equations 11 and 19 of Grad-CAM++, divided by a positive number for each image.

    That is the exponential of the score, which would overflow. In equation 19 the square of the
    gradient is cancelled, which would be 0 / 0 where it is 0. Values of the maps below 0, which
    the paper does not have, count as 0, else this could still divide by 0.
    """
    positive = gradients.clip(0)
    sums = maps.clip(0).sum(axis=positions(maps), keepdims=True)
    return _weighted(maps, (positive / (2 + sums * positive)).sum(axis=positions(maps)))


def _weighted(maps, weights):
    return np.einsum("b...c,bc->b...", maps, weights).clip(0)
