"""What a layer gives while its model runs, and the gradients of a score with respect to that."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

import keras
import numpy as np
import tensorflow as tf

from cnnkit.explain._engine import capture_all, find_call, trace_of
from cnnkit.explain._inputs import Inputs

_Activations = TypeVar("_Activations", np.ndarray, list[np.ndarray])


@dataclass(frozen=True, eq=False)
class Captured(Generic[_Activations]):
    """The result of `capture`.

    Attributes:
        activations: What the layer gives: a float32 array of shape `(batch, ...)`; of a list of
            layers a list of such arrays.
        outputs: What the model gives: an array, or a list or dictionary of them, as the model has
            it. Floats are float32.
    """

    activations: _Activations
    outputs: Any


@dataclass(frozen=True, eq=False)
class CapturedGradients:
    """The result of `capture_gradients`.

    Attributes:
        activations: What the layer gives: a float32 array of shape `(batch, ...)`.
        gradients: How each example's score changes with its activations: float32, the same shape.
        outputs: What the model gives, as in `Captured`.
    """

    activations: np.ndarray
    gradients: np.ndarray
    outputs: Any


@overload
def capture(
    model: keras.Model,
    inputs: Inputs,
    *,
    layer: str | keras.Layer | tuple | None = None,
    training: bool = False,
    image: int | str | None = None,
) -> Captured[np.ndarray]: ...


@overload
def capture(
    model: keras.Model,
    inputs: Inputs,
    *,
    layer: list,
    training: bool = False,
    image: int | str | None = None,
) -> Captured[list[np.ndarray]]: ...


def capture(
    model: keras.Model,
    inputs: Inputs,
    *,
    layer: str | keras.Layer | tuple | list | None = None,
    training: bool = False,
    image: int | str | None = None,
) -> Captured:
    """Run a model, and take a note of what one of its layers gives, or each of several.

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
            which the model runs. A list of these takes a note of all in a single run, which is
            traced to no graph.
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
    """
    if isinstance(layer, list):
        return Captured(*capture_all(model, inputs, layer, training))
    trace, tensors = trace_of(model, inputs, layer, training, image=image)
    return Captured(*trace.capture(tensors))


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
    """
    layer, _ = find_call(model, layer, image)
    return layer
