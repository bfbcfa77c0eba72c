"""What a model gives, as the loss says with which it is compiled: probabilities, or logits."""

import functools
from typing import NamedTuple

import keras

_SIGMOID = (
    (keras.losses.BinaryCrossentropy, keras.losses.BinaryFocalCrossentropy),
    (keras.losses.binary_crossentropy, keras.losses.binary_focal_crossentropy),
)
_SOFTMAX = (
    (
        keras.losses.CategoricalCrossentropy,
        keras.losses.CategoricalFocalCrossentropy,
        keras.losses.SparseCategoricalCrossentropy,
    ),
    (
        keras.losses.categorical_crossentropy,
        keras.losses.categorical_focal_crossentropy,
        keras.losses.sparse_categorical_crossentropy,
    ),
)
_LINEAR = (
    (
        keras.losses.Huber,
        keras.losses.LogCosh,
        keras.losses.MeanAbsoluteError,
        keras.losses.MeanAbsolutePercentageError,
        keras.losses.MeanSquaredError,
        keras.losses.MeanSquaredLogarithmicError,
        keras.losses.Poisson,
    ),
    (
        keras.losses.huber,
        keras.losses.log_cosh,
        keras.losses.mean_absolute_error,
        keras.losses.mean_absolute_percentage_error,
        keras.losses.mean_squared_error,
        keras.losses.mean_squared_logarithmic_error,
        keras.losses.poisson,
    ),
)
_LOSSES = {"Sigmoid": _SIGMOID, "Softmax": _SOFTMAX, "Linear": _LINEAR}


class Meaning(NamedTuple):
    """What a loss takes the outputs of a model for.

    Attributes:
        activation: `"Sigmoid"`, each output is about one class alone; `"Softmax"`, one class is
            right; `"Linear"`, each is a number, in a regression; or None, where the loss does not
            say it.
        from_logits: Whether the outputs come before that activation, or are probabilities.
    """

    activation: str | None = None
    from_logits: bool = False


UNKNOWN = Meaning()


def meaning_of_loss(model):
    """What the loss of a model says about its one output.

    Args:
        model: A `keras.Model`, compiled or not. Its loss may be the name of a crossentropy, a
            function or an object, alone or in a list or dictionary.

    Returns:
        A `Meaning`.
    """
    losses = [loss for loss in keras.tree.flatten(getattr(model, "loss", None)) if loss is not None]
    if len(losses) != 1:
        return UNKNOWN
    loss, options = _loss_of_name(losses[0]), {}
    if isinstance(loss, functools.partial):
        loss, options = loss.func, loss.keywords
    for activation, (classes, functions) in _LOSSES.items():
        if isinstance(loss, classes):
            return Meaning(activation, getattr(loss, "from_logits", False))
        if any(loss is function for function in functions):
            return Meaning(activation, options.get("from_logits", False))
    return UNKNOWN


def _loss_of_name(loss):
    """The loss that a name means; what is no name of one stays as it is."""
    try:
        return keras.losses.get(loss)
    except ValueError:  # a model with a `train_step` of its own may call it as it likes
        return loss
