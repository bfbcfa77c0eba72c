"""What a model is given: the image, and whatever other inputs it has."""

import numpy as np
import tensorflow as tf

Inputs = np.ndarray | tf.Tensor | list | dict


def as_inputs(images):
    """What a model takes, as arrays, the image as float32.

    Args:
        images: An array or tensor of shape `(batch, height, width, channels)`, or a list or
            dictionary of inputs, of which the first with four axes is the image.

    Returns:
        An array, or a list or dictionary of them.

    Raises:
        ValueError: If there is no such array, or no image in it.
    """
    parts = [np.asarray(part) for part in tf.nest.flatten(images)]
    inputs = tf.nest.pack_sequence_as(images, parts)
    at = image_at(inputs)
    parts[at] = parts[at].astype(np.float32)
    return tf.nest.pack_sequence_as(images, parts)


def image_at(inputs):
    """Which of the inputs of a model is the image: the first with four axes.

    TensorFlow has the inputs of a dictionary in the order of their names.
    """
    shapes = [tuple(part.shape) for part in tf.nest.flatten(inputs)]
    for at, shape in enumerate(shapes):
        if len(shape) == 4 and shape[0] != 0:
            return at
    raise ValueError(
        "`images` must be an array of shape (batch, height, width, channels), as `images[:1]` is "
        f"for one image, or inputs with such an array. Received: shapes {shapes[:4]}"
    )
