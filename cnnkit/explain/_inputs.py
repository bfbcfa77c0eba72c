"""What a model is given: the image, and whatever other inputs it has."""

import keras
import numpy as np
import tensorflow as tf

from cnnkit._checks import is_integer

Inputs = np.ndarray | tf.Tensor | list | dict
SHAPES = {  # of images, volumes and signals
    4: "(batch, height, width, channels)",
    5: "(batch, depth, height, width, channels)",
    3: "(batch, steps, channels)",
}


def as_inputs(images, image=None):
    """What a model takes, as arrays, the image as float32.

    Args:
        images: An array or tensor of shape `(batch, height, width, channels)`, or one of another
            of `SHAPES`; or a list or dictionary of inputs.
        image: Which of them is the image, as in `image_at`.

    Returns:
        An array, or a list or dictionary of them.

    Raises:
        ValueError: As `image_at`, and if a value of the image is not finite, or the inputs have
            different numbers of examples.
    """
    parts = [np.asarray(part) for part in tf.nest.flatten(images)]
    check_lengths(parts, "images")
    at = image_at(tf.nest.pack_sequence_as(images, parts), image)
    parts[at] = parts[at].astype(np.float32, copy=False)
    _check_finite(parts[at])
    return tf.nest.pack_sequence_as(images, parts)


def check_lengths(parts, name):
    """Raise a ValueError unless all parts of the argument `name` have as many examples."""
    lengths = [part.shape[0] for part in parts if len(part.shape)]
    if len(set(lengths)) > 1:
        raise ValueError(
            f"`{name}` must have the same number of examples in all inputs. Received: inputs with "
            f"{', '.join(map(str, lengths))} examples"
        )


def _check_finite(images):
    # TensorFlow's ReLU may make 0 of NaN, and what is explained would look sound.
    is_finite = np.isfinite(images).all(axis=tuple(range(1, images.ndim)))
    if not is_finite.all():
        raise ValueError(
            "`images` must have finite values, in float32. Received: NaN or infinite values in the "
            f"images {np.flatnonzero(~is_finite)[:5].tolist()} of {len(images)}"
        )


def images_in(inputs):
    """The places, in `tf.nest.flatten(inputs)`, of those that may be images.

    Only where none has the four axes of images, they may be volumes, or else signals.
    """
    shapes = [part.shape for part in tf.nest.flatten(inputs)]
    ranks = [len(shape) if len(shape) and shape[0] != 0 else 0 for shape in shapes]
    found = next((rank for rank in SHAPES if rank in ranks), None)
    return [at for at, rank in enumerate(ranks) if rank == found]


def image_at(inputs, image=None):
    """Which of the inputs of a model is the image that is explained.

    Args:
        inputs: An array, a tensor or a specification of one; or a list or dictionary of them.
        image: In a list an integer from 0, in a dictionary a key. None: the only one that has four
            axes; if there is none, the only one that has five, or else three.

    Returns:
        An integer, the place in `tf.nest.flatten(inputs)`: that of a dictionary is in the order of
        its keys.

    Raises:
        ValueError: If that is no array of one of `SHAPES`, or None and there are several.
    """
    parts = tf.nest.flatten(inputs)
    names = sorted(inputs) if isinstance(inputs, dict) else list(range(len(parts)))
    shapes = [tuple(part.shape) for part in parts]
    found = images_in(inputs)
    # Several of three axes are rather images without a batch axis.
    if not found or (image is None and len(found) > 1 and len(shapes[found[0]]) == 3):
        raise ValueError(
            "`images` must be an array of shape (batch, height, width, channels), as `images[:1]` "
            "is for one image, or of a volume or a signal, with an axis more or less; or inputs "
            "with such an array, of which `image` says which one is explained. "
            f"Received: shapes {shapes[:4]}"
        )
    if image is None and len(found) == 1:
        return found[0]
    if image is not None:
        found = [at for at, shape in enumerate(shapes) if len(shape) in SHAPES and shape[0] != 0]
    choices = ", ".join(f"{names[at]!r} of shape {shapes[at]}" for at in found)
    is_name = isinstance(image, str) if isinstance(inputs, dict) else is_integer(image)
    if not is_name or image not in [names[at] for at in found]:
        raise ValueError(
            "`image` must say which of the inputs is explained, one with a batch axis, positions "
            f"and channels: {choices}. Received: image={image!r}"
        )
    return names.index(image)


def check_rank(model, inputs, at):
    """Raise a ValueError if the image has more or fewer axes than the model takes."""
    if not hasattr(model, "inputs"):
        return
    shape = tuple(tf.nest.flatten(inputs)[at].shape)
    taken = model.inputs[model_input_at(model, inputs, at)].shape
    if len(shape) != len(taken):
        raise ValueError(
            f"`images` must have the shape that the model takes, {taken}, as `images[:1]` has for "
            f"one image. Received: images of shape {shape}"
        )


def model_input_at(model, inputs, at):
    """Which of `model.inputs` is one of the inputs given, for a model that has some.

    Args:
        model: A Sequential or functional model.
        inputs, at: As for `image_at`, and what it returns.
    """
    if not isinstance(inputs, dict):
        return at
    own = None if isinstance(model, keras.Sequential) else model.input
    names = sorted(own) if isinstance(own, dict) else [tensor.name for tensor in model.inputs]
    return names.index(sorted(inputs)[at])
