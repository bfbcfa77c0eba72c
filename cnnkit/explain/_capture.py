"""What a layer gives while its model runs, and the gradients of a score with respect to that."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cnnkit.explain._engine import find_call, joint_trace_of, trace_of
from cnnkit.explain._inputs import Inputs


@dataclass(frozen=True, eq=False)
class Captured:
    """The result of `capture`.

    Attributes:
        activations: What the layer gives: a float32 array of shape `(batch, ...)`.
        outputs: What the model gives: an array, or a list or dictionary of them, as the model has
            it. Floats are float32.

    Example:

    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(4, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> found = explain.capture(model, images)
    >>> found.activations.shape, found.outputs.shape
    ((4, 8, 8, 64), (4, 2))
    """

    activations: np.ndarray
    outputs: Any


@dataclass(frozen=True, eq=False)
class CapturedGradients:
    """The result of `capture_gradients`.

    Attributes:
        activations: What the layer gives: a float32 array of shape `(batch, ...)`.
        gradients: How each example's score changes with its activations: float32, the same shape.
        outputs: What the model gives, as in `Captured`.

    Example:

    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(4, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> found = explain.capture_gradients(model, images)
    >>> found.gradients.mean(axis=(1, 2)).shape  # what Grad-CAM weights each map with
    (4, 64)
    """

    activations: np.ndarray
    gradients: np.ndarray
    outputs: Any


def capture(
    model: keras.Model,
    inputs: Inputs,
    *,
    layer: str | keras.Layer | tuple | None = None,
    training: bool = False,
    image: int | str | None = None,
) -> Captured:
    """Run a model, and take a note of what one of its layers gives.

    The first run with inputs of a new shape or dtype takes a second or so, as it traces the model;
    the number of examples may differ from run to run, except for subclassed models. The model is
    not changed, nor kept alive.

    Args:
        model: A built `keras.Model` of any kind.
        inputs: What the model takes: an array or tensor of shape `(batch, ...)`, or a list or
            dictionary of them.
        layer: A layer of the model or of a model within it: a name, a path such as
            `"mobilenetv2_1.00_224/out_relu"` or the end of one, or the layer itself. None means the
            last layer that gives maps of the image: an output `(batch, rows, columns, channels)`
            with more than one position, each a place of the image, on which the outputs depend; so
            the inner layers of attention, which give tokens, do not count. For a layer that the
            model calls several times, a pair `(layer, call)`: `call` counts from 0, in the order in
            which the model runs.
        training: Whether the model runs as in training, where batch normalisation uses the mean and
            the variance of `inputs` and dropout is on, or as in inference. Random layers draw the
            same numbers in each run, until the model is trained.
        image: Where `layer` is None, which of the inputs has the maps, as in `grad_cam`.

    Returns:
        A `Captured`.

    Raises:
        RuntimeError: If Keras runs on another backend than TensorFlow.
        TypeError: If `model` is no Keras model.
        ValueError: If the model is not built, there is no such layer or several of that name, the
            layer does not give exactly one tensor, or it is not known which maps are the last.

    Example:

    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(4, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> found = explain.capture(model, images, layer=model.layers[1])  # the first convolution
    >>> found.activations.shape
    (4, 64, 64, 16)
    """
    trace, tensors = trace_of(model, inputs, layer, training, image=image)
    return Captured(*trace.capture(tensors))


def capture_layers(
    model: keras.Model,
    inputs: Inputs,
    *,
    layers: Sequence[str | keras.Layer | tuple],
    training: bool = False,
) -> list[Captured]:
    """Run a model once, and take a note of what several of its layers give.

    Args:
        model, inputs, training: As in `capture`.
        layers: A list of layers, each as in `capture`.

    Returns:
        A `Captured` for each of the layers, with the outputs of the same run.

    Raises:
        RuntimeError, TypeError, ValueError: As in `capture`, and a ValueError if there is no layer.

    Example:

    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(4, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> found = explain.capture_layers(model, images, layers=model.layers[1:7:2])
    >>> [captured.activations.shape for captured in found]
    [(4, 64, 64, 16), (4, 32, 32, 32), (4, 16, 16, 64)]
    """
    trace, tensors = joint_trace_of(model, inputs, layers, training)
    activations, outputs = trace.capture(tensors)
    return [Captured(each, outputs) for each in activations]


def capture_gradients(
    model: keras.Model,
    inputs: Inputs,
    *,
    layer: str | keras.Layer | tuple | None = None,
    score: Callable[[Any], tf.Tensor] | None = None,
    image: int | str | None = None,
) -> CapturedGradients:
    """Compute the gradients of a score with respect to what a layer gives.

    By the chain rule: the gradient of the score with respect to the outputs of the model, in
    inference mode, goes backwards through the part of the model that comes after the layer.

    Args:
        model, inputs, layer, image: As in `capture`.
        score: A function of the outputs of the model, which are tensors, written with `keras.ops`
            or TensorFlow. It returns one number for each example: a tensor of shape `(batch,)`.
            By default the largest output of each example.

    Returns:
        A `CapturedGradients`. The gradients of an example do not depend on the others. They are 0
        where the score does not depend on the layer.

    Raises:
        RuntimeError, TypeError, ValueError: As in `capture`, and a ValueError if `score` does not
            give one number for each example.

    Example:

    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(4, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> found = explain.capture_gradients(model, images, score=lambda outputs: outputs[:, 1])
    >>> found.activations.shape, found.gradients.shape
    ((4, 8, 8, 64), (4, 8, 8, 64))
    """
    trace, tensors = trace_of(model, inputs, layer, image=image)
    return CapturedGradients(*trace.capture_gradients(tensors, score or _largest))


def _largest(outputs):
    """The largest output of each example."""
    if not tf.is_tensor(outputs):
        raise ValueError(
            "`score` must be given, as the model has several outputs. Received: score=None"
        )
    return tf.reduce_max(tf.reshape(outputs, [tf.shape(outputs)[0], -1]), axis=1)


def find_layer(
    model: keras.Model,
    layer: str | keras.Layer | tuple | None = None,
    *,
    image: int | str | None = None,
) -> keras.Layer:
    """Find a layer of a model, or of the models within it.

    Args:
        model: A built `keras.Model`.
        layer: As in `capture`. None means the last layer that gives maps, and works for models that
            know the shape of their inputs.
        image: As in `capture`, among the inputs that the model has.

    Returns:
        The layer.

    Raises:
        RuntimeError, TypeError, ValueError: As in `capture`.

    Example:

    >>> from cnnkit import explain, models
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> layer = explain.find_layer(model)  # the one that `grad_cam` takes
    >>> type(layer).__name__, layer.output.shape
    ('MaxPooling2D', (None, 8, 8, 64))
    """
    layer, _ = find_call(model, layer, image)
    return layer
