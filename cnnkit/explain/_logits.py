"""The logits of a model: what its softmax or sigmoid computes the probabilities from.

The model need not be changed for this: while it is traced, TensorFlow knows from which tensor the
probabilities are computed, whichever layer or function does it. Where it is none of the two, as a
sigmoid written by hand, the loss says what the outputs are; else it is not known, and not guessed.
"""

from typing import NamedTuple

import keras
import tensorflow as tf

from cnnkit.explain._inputs import image_at
from cnnkit.explain._loss import meaning_of_loss
from cnnkit.explain._recording import run


class Outputs(NamedTuple):
    """What `with_logits` makes a model give.

    Attributes:
        outputs: What the model gives.
        logits: float32 of shape `(batch, n)`, the scores of the classes: what the probabilities are
            computed from, or, where there is no softmax or sigmoid, the outputs themselves. Of one
            unit it is positive for class 1; from a probability, 0.5 is taken off for that. An empty
            tuple if the model gives something else than one number for each class.
        probabilities: float32 of the same shape. An empty tuple if they are not known, as neither
            the model ends in softmax or sigmoid nor its loss says what it gives.
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
    return Outputs(outputs, *_logits_and_probabilities(outputs, meaning_of_loss(model)))


# Operations that hand on what they get, in another shape or dtype; slices may drop an axis of one.
_SAME_NUMBERS = ("Cast", "ExpandDims", "Identity", "Reshape", "Squeeze", "StridedSlice")


def _has_same_numbers(op):
    """Whether an operation gives the numbers that it gets, in their order."""
    if op.type not in _SAME_NUMBERS or not op.outputs[0].dtype.is_floating:
        return False
    if op.type == "StridedSlice" and not _is_forwards(op.inputs[3]):
        return False
    return _n_numbers(op.outputs[0]) == _n_numbers(op.inputs[0])


def _is_forwards(strides):
    strides = tf.get_static_value(strides)
    return strides is not None and (strides == 1).all()


def _n_numbers(tensor):
    return tensor.shape[1:].num_elements()


def _last_op(tensor):
    """The operation that computed the numbers of a tensor of a TensorFlow graph."""
    op = tensor.op
    while _has_same_numbers(op):
        op = op.inputs[0].op
    return op


def before_activation(tensor, activations):
    """The tensor of a graph from which an activation function computed this one.

    Args:
        tensor: A tensor of a TensorFlow graph.
        activations: The names of TensorFlow's operations, as `("Softmax", "Sigmoid")`.

    Returns:
        That tensor, in the shape of the given one; or the given one, if it does not come from one
        of these operations, or was calculated with afterwards.
    """
    op = _last_op(tensor)
    if op.type not in activations:
        return tensor
    return tf.ensure_shape(tf.reshape(op.inputs[0], tf.shape(tensor)), tensor.shape)


def _logits_and_probabilities(outputs, meaning):
    last = _last_op(outputs)
    names = ("Sigmoid", "Softmax") if _has_classes(last) else ("Sigmoid",)
    logits = before_activation(outputs, names)
    found = logits is not outputs
    # In 32 bits, and one unit without an axis gets one.
    outputs, logits = (
        tf.cast(tensor if tensor.shape.rank == 2 else tensor[:, None], tf.float32)
        for tensor in (outputs, logits)
    )
    one_unit = outputs.shape[1] == 1
    if last.type == "Sigmoid" and not one_unit and meaning.activation == "Linear":
        return outputs, ()  # of a regression in 0..1, as of corners of a box
    if found:  # whatever the loss says: so does Keras, which warns in `fit`
        return logits, outputs
    if meaning.activation in (None, "Linear") or (one_unit and meaning.activation == "Softmax"):
        return outputs, ()
    if meaning.from_logits:
        activation = tf.sigmoid if meaning.activation == "Sigmoid" else tf.nn.softmax
        return outputs, activation(outputs)
    return outputs - 0.5 if one_unit else outputs, outputs


def _has_classes(op):
    """Whether a softmax is one over classes, and not over images, or one unit alone."""
    shape = op.outputs[0].shape
    return shape.rank is not None and shape.rank > 1 and shape[-1] != 1
