"""Whether the numbers behind an explanation are finite: the weights, the scores and the maps.

TensorFlow's graphs make 0 of NaN in some places, as in a ReLU that is joined with a convolution. A
map of a model with NaN weights may so look sound, and only the weights show it.
"""

from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import tensorflow as tf

from cnnkit.explain._trace import graph_of

_MOST = 5  # of the images or weights that a message names
_beside = ThreadPoolExecutor(1)


def begin_check(trace):
    """Begin to look at all weights that the run of a model reads, beside that run.

    Returns:
        A function that waits for this, and raises a ValueError unless all of them are finite.
    """
    total = _beside.submit(trace.kept(_sum_of_weights))

    def check():
        if not np.isfinite(total.result().numpy()):
            _raise_of_weights(trace.model())

    return check


def _raise_of_weights(model):
    floats = [w for w in model.weights if keras.backend.is_float_dtype(w.dtype)]
    bad = [weight.path for weight in floats if not np.isfinite(weight.numpy()).all()]
    if bad:
        raise ValueError(
            "`model` must have finite weights: load or train it again, with a smaller learning "
            f"rate if training made them so. Received: NaN or infinite values in {len(bad)} "
            f"weights of the model {model.name!r}, as {', '.join(bad[:_MOST])}"
        )


def _sum_of_weights(trace):
    """A graph that adds up all weights: to look at each of hundreds of them takes long."""

    def add_up():
        floats = [weight for weight in trace.forward.variables if weight.dtype.is_floating]
        vectors = [tf.cast(w, tf.float32) for w in floats if w.shape.rank == 1]
        others = [tf.cast(tf.reduce_sum(w), tf.float32) for w in floats if w.shape.rank != 1]
        # One sum for all vectors, most of the weights and small: each operation takes its time.
        return tf.reduce_sum(tf.concat([tf.zeros([1]), *vectors, tf.stack([0.0, *others])], axis=0))

    return graph_of(add_up)


def check_results(values, which, what):
    """Raise a ValueError unless what a model gives is finite.

    Args:
        values: Array of shape `(n, ...)`.
        which: Int array of shape `(n,)`: of which image each is.
        what: What they are, as `"scores"`.
    """
    is_finite = np.isfinite(values).reshape(len(which), -1).all(axis=1)
    if not is_finite.all():
        raise ValueError(
            f"`model` must give finite {what}. Check its outputs, and the values of the images: "
            "they must be as in training, and not too large for half precision. Received: NaN or "
            f"infinite {what} of the images {first_few(which[~is_finite])}"
        )


def first_few(which):
    """The first few of some images in words: `[0, 4]`, or `[0, 4, 5, 6, 9] and 3 more`."""
    which = np.unique(which).tolist()
    more = f" and {len(which) - _MOST} more" if len(which) > _MOST else ""
    return f"{which[:_MOST]}{more}"
