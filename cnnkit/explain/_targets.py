"""Which number of a network's output is explained: the score of a class, or a function of yours.

The score of a class is its logit, what comes before softmax or sigmoid. The probability itself says
less: near 0 and 1 it hardly changes any more, and it also rises when another class falls.
"""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

Target = int | Sequence[int] | np.ndarray | Callable | None


def as_score(target):
    """The function from `Outputs` to one score for each image that a target stands for."""

    def score(outputs):
        if callable(target):
            return _checked(target(outputs.outputs), outputs)
        return logit_score(class_weights(target, outputs.logits), outputs)

    return score


def logit_score(weights, outputs):
    """The score of each image, from the weights of its logits."""
    return tf.reduce_sum(weights * outputs.logits, axis=1)


def _checked(scores, outputs):
    n_rows = len(tf.nest.flatten(outputs)[0])
    if not tf.is_tensor(scores) or scores.shape != (n_rows,):
        raise ValueError(
            "`target` must return a tensor with one number for each row of the outputs, computed "
            f"with keras.ops or TensorFlow. Received: for {n_rows} rows {scores!r}"
        )
    return scores


def class_weights(target, logits):
    """How the logits add up to the score of a target: float32, of the shape of the logits.

    1 for the logit of the class. One unit stands for two classes, 1 and 0, with the logits `z` and
    `-z`, so its weight is 1 or -1.

    Raises:
        ValueError: If `target` is no class, or no class for each image, or the model has no logits.
    """
    if isinstance(logits, tuple):
        raise ValueError(
            "`target` must be a function of the outputs, as the model does not give one number "
            f"for each class. Received: target={target!r}"
        )
    logits = np.asarray(logits)
    n_images, n_units = logits.shape
    if target is None:
        target = logits.argmax(axis=1) if n_units > 1 else logits[:, 0] > 0
        target = target.astype(int)
    classes = _check_classes(target, n_images, max(n_units, 2))
    if n_units == 1:
        return (2 * classes[:, None] - 1).astype(np.float32)
    return np.eye(n_units, dtype=np.float32)[classes]


def _check_classes(target, n_images, n_classes):
    classes = np.asarray(target)
    if classes.ndim == 0:
        classes = np.repeat(classes, n_images)
    if classes.dtype.kind not in "iu" or classes.shape != (n_images,):
        raise ValueError(
            f"`target` must be None, a class, one class for each of the {n_images} images, or a "
            f"function of the outputs. Received: target={target!r}"
        )
    if classes.min() < 0 or classes.max() >= n_classes:
        raise ValueError(
            f"`target` must lie in 0..{n_classes - 1}, as there are {n_classes} classes. "
            f"Received: target={target!r}"
        )
    return classes
