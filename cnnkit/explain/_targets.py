"""Which number of a network's output is explained: the score of a class, or a function of yours.

The score of a class is its logit, what comes before softmax or sigmoid. The probability itself says
less: near 0 and 1 it hardly changes any more, and it also rises when another class falls. Where the
model ends in neither of the two, the score is what the model gives.
"""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from cnnkit.explain._loss import UNKNOWN

Classes = int | Sequence[int] | np.ndarray | None
Target = Classes | tuple[Classes, Classes] | Callable


def as_score(target, meaning=UNKNOWN):
    """The function from `Outputs` to one score for each image that a target stands for.

    `meaning` is what the loss of the model says of its outputs.
    """

    def score(outputs):
        if callable(target):
            return _checked(target(outputs.outputs), outputs)
        return logit_score(class_weights(target, outputs, meaning), outputs)

    return score


def logit_score(weights, outputs):
    """The score of each image, from the weights of its logits."""
    parts = weights * outputs.logits
    # That of a class left out by a logit of minus infinity would be NaN.
    return tf.reduce_sum(tf.where(weights == 0, tf.zeros_like(parts), parts), axis=1)


def _checked(scores, outputs):
    n_rows = len(tf.nest.flatten(outputs)[0])
    is_right = tf.is_tensor(scores) and scores.shape == (n_rows,) and scores.dtype.is_floating
    if not is_right:
        raise ValueError(
            "`target` must return a tensor with one number for each row of the outputs, a float "
            f"computed with keras.ops or TensorFlow. Received: for {n_rows} rows {scores!r}"
        )
    return scores


def class_weights(target, outputs, meaning=UNKNOWN):
    """How the logits add up to the score of a target: float32, of the shape of the logits.

    1 for the logit of the class. One unit stands for two classes, 1 and 0, with the logits `z` and
    `-z`, so its weight is 1 or -1. One unit of which it is not known that it stands for classes, as
    that of a regression, is itself the score. For a pair it is the difference of both.

    Args:
        target: As in `cnnkit.explain.grad_cam`, but no function.
        outputs: `Outputs`. Their numbers are looked at if `target` is None.
        meaning: What the loss of the model says of them.

    Raises:
        ValueError: If `target` is no class, or no class for each image, or the model has no logits,
            or it is not known whether its one unit is one of a regression.
    """
    if isinstance(outputs.logits, tuple):
        raise ValueError(
            "`target` must be a function of the outputs, as the model does not give one number "
            f"for each class. Received: target={target!r}"
        )
    if isinstance(target, tuple):
        return _weights_of_pair(target, outputs, meaning)
    n_images, n_units = outputs.logits.shape
    if is_regression(outputs, meaning):
        return _weights_of_outputs(target, n_images, n_units)
    if n_units == 1 and not is_known(outputs):
        _check_no_class(target)
        return np.ones((n_images, 1), np.float32)
    if n_units == 1 and meaning.activation == "Linear":
        raise ValueError(
            "`target` must be a function of the outputs, as `lambda outputs: outputs[:, 0]`: the "
            "one unit of the model ends in a sigmoid, which may stand for a class, and is compiled "
            "with a loss of a regression, as the mean squared error. For a class compile it with "
            f'"binary_crossentropy". Received: target={target!r}'
        )
    target = _likely_classes(outputs) if target is None else target
    classes = _check_classes(target, n_images, max(n_units, 2))
    if n_units == 1:
        return (2 * classes[:, None] - 1).astype(np.float32)
    return np.eye(n_units, dtype=np.float32)[classes]


def asks_for_likely_class(target):
    """Whether a target says None, alone or in a pair."""
    parts = target if isinstance(target, tuple) else (target,)
    return any(part is None for part in parts)


def without_none(target, outputs, meaning):
    """The target with the classes that None stands for, as `class_weights` finds them.

    None stays where it is an output that stands for no class.
    """
    if isinstance(target, tuple):
        return tuple(without_none(part, outputs, meaning) for part in target)
    one_number = outputs.logits.shape[1] == 1 and not is_known(outputs)
    if target is not None or one_number or is_regression(outputs, meaning):
        return target
    return _likely_classes(outputs)


def _weights_of_pair(target, outputs, meaning):
    if len(target) != 2:
        raise ValueError(
            "`target` must be a pair (one, other) if it is a tuple, as one class for each image is "
            f"a list or an array. Received: target={target!r}"
        )
    one, other = (class_weights(part, outputs, meaning) for part in target)
    is_same = (one == other).all(axis=1)
    if is_same.any():
        raise ValueError(
            "`target` must be a pair of different classes. Received: the same ones for the images "
            f"{np.flatnonzero(is_same)[:5].tolist()} of {len(is_same)}"
        )
    return one - other


def _weights_of_outputs(target, n_images, n_units):
    """The weights of a regression, of which each unit is a number of its own."""
    if target is None and n_units > 1:
        raise ValueError(
            f"`target` must say which of the {n_units} outputs is explained, as the loss of the "
            "model is one of a regression, where the largest output is not the answer. "
            "Received: target=None"
        )
    outputs = _check_classes(0 if target is None else target, n_images, n_units, "output")
    return np.eye(n_units, dtype=np.float32)[outputs]


def is_regression(outputs, meaning):
    """Whether each output is known to be a number of its own, which stands for no class."""
    return meaning.activation == "Linear" and not is_known(outputs)


def is_known(outputs):
    """Whether the probabilities of classes are known."""
    return not isinstance(outputs.probabilities, tuple)


_WHAT_TO_DO = (
    "it ends in neither softmax nor sigmoid, and is compiled with no {kind} crossentropy. Compile "
    "it with its loss, as `keras.losses.{loss}(from_logits=True)` where it gives logits, or pass a "
    "function, as `lambda outputs: {function}`. Received: target={target!r}"
)


def _check_no_class(target):
    if target is not None:
        what_to_do = _WHAT_TO_DO.format(
            kind="binary", loss="BinaryCrossentropy", function="outputs[:, 0]", target=target
        )
        raise ValueError(
            "`target` must be None, for the output itself, or a function of the outputs, as it is "
            f"not known for which class the one unit of the model stands: {what_to_do}"
        )


def _likely_classes(outputs):
    logits = np.asarray(outputs.logits)
    if logits.shape[1] > 1:
        return logits.argmax(axis=1)
    check_probabilities(outputs.probabilities)
    return (logits[:, 0] > 0).astype(int)


def check_known(outputs, target):
    """Raise a ValueError unless the probabilities of the classes are known."""
    if not is_known(outputs):
        what_to_do = _WHAT_TO_DO.format(
            kind="categorical or binary",
            loss="SparseCategoricalCrossentropy",
            function="keras.ops.softmax(outputs)[:, 3]",
            target=target,
        )
        raise ValueError(
            "`target` must be a function of the outputs, as the probabilities of the classes are "
            f"not known from the model: {what_to_do}"
        )


_ROUNDING = 0.01  # half precision, added up over many classes


def check_probabilities(probabilities, one_is_right=False):
    """Raise a ValueError unless these are probabilities.

    Args:
        probabilities: Array of shape `(batch, n)`.
        one_is_right: Whether those of an image must add up to 1.
    """
    p = np.asarray(probabilities)
    low, high, sums = p.min(), p.max(), p.sum(axis=1)
    if np.isnan(p).any():
        raise ValueError(
            "`model` must give finite outputs. Check its weights, and the values of the images. "
            f"Received: outputs from {low:.4g} to {high:.4g}"
        )
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):
        received = f"outputs from {low:.4g} to {high:.4g}"
    elif one_is_right and not np.allclose(sums, 1, atol=_ROUNDING):
        received = f"outputs that add up to {sums[np.abs(sums - 1).argmax()]:.4g}"
    else:
        return
    raise ValueError(
        "`model` must give what the loss takes it for with which it is compiled: probabilities, "
        "from 0 to 1, that add up to 1 for a categorical crossentropy. Compile it with another "
        "loss, or with `from_logits=True` if it gives logits, or pass a function of the outputs "
        f"as `target`. Received: {received}"
    )


def _check_classes(target, n_images, n_classes, word="class"):
    kind = {"class": "a class", "output": "an output"}[word]
    classes = np.asarray(target)
    if classes.ndim == 0:
        classes = np.repeat(classes, n_images)
    if classes.dtype.kind not in "iu" or classes.shape != (n_images,):
        raise ValueError(
            f"`target` must be None, {kind}, one {word} for each of the {n_images} images, a pair "
            f"of two of these, or a function of the outputs. Received: target={target!r}"
        )
    if classes.min() < 0 or classes.max() >= n_classes:
        many = {"class": "classes", "output": "outputs"}[word]
        raise ValueError(
            f"`target` must lie in 0..{n_classes - 1}, as there are {n_classes} {many}. "
            f"Received: target={target!r}"
        )
    return classes.astype(int)  # small unsigned ones have no -1
