"""The logits of a model: what its softmax or sigmoid computes the probabilities from.

The model need not be changed for this: while it is traced, TensorFlow knows from which tensor the
probabilities are computed, whichever layer or function does it.
"""

from typing import NamedTuple

import keras
import tensorflow as tf

from cnnkit.explain._inputs import image_at
from cnnkit.explain._recording import run


class Outputs(NamedTuple):
    """What `with_logits` makes a model give.

    Attributes:
        outputs: What the model gives.
        logits: float32 of shape `(batch, n)`: what its probabilities are computed from; the
            outputs themselves where there is no softmax or sigmoid. An empty tuple if the model
            gives something else than one number for each class.
        probabilities: The same after softmax or, for one unit, sigmoid.
    """

    outputs: object
    logits: object = ()
    probabilities: object = ()


# The images of all models pass through this layer, so that a trace can begin with them.
IMAGES = keras.layers.Identity(dtype="float32", name="images")


def with_logits(model, inputs, training=False, image=None):
    """Run a model, as `cnnkit.explain._recording.run` does, for `Outputs`.

    `image` is the place of the image among the inputs, as from `image_at`.
    """
    parts = tf.nest.flatten(inputs)
    at = image_at(inputs) if image is None else image
    parts[at] = IMAGES(parts[at])
    outputs = run(model, tf.nest.pack_sequence_as(inputs, parts), training)
    if not tf.is_tensor(outputs) or outputs.shape.rank not in (1, 2):
        return Outputs(outputs)
    return Outputs(outputs, *_logits_and_probabilities(outputs))


# Operations that hand on what they get, in another shape or dtype; slices may drop an axis of one.
_SAME_NUMBERS = ("Cast", "Identity", "Reshape", "Squeeze", "StridedSlice")


def _n_numbers(tensor):
    return tensor.shape[1:].num_elements()


def before_activation(tensor, activations):
    """The tensor of a graph from which an activation function computed this one.

    Args:
        tensor: A tensor of a TensorFlow graph.
        activations: The names of TensorFlow's operations, as `("Softmax", "Sigmoid")`.

    Returns:
        That tensor, in the shape of the given one; or the given one, if it does not come from one
        of these operations, or was calculated with afterwards.
    """
    last = tensor
    while last.op.type in _SAME_NUMBERS and _n_numbers(last) == _n_numbers(last.op.inputs[0]):
        last = last.op.inputs[0]
    if last.op.type not in activations:
        return tensor
    return tf.ensure_shape(tf.reshape(last.op.inputs[0], tf.shape(tensor)), tensor.shape)


def _logits_and_probabilities(outputs):
    logits = before_activation(outputs, ("Softmax", "Sigmoid"))
    found = logits is not outputs
    logits = tf.cast(logits, tf.float32)
    if outputs.shape.rank == 1:  # one unit without an axis
        outputs, logits = outputs[:, None], logits[:, None]
    if found:
        return logits, tf.cast(outputs, tf.float32)
    return logits, tf.sigmoid(logits) if logits.shape[1] == 1 else tf.nn.softmax(logits)
