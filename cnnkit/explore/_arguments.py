"""Checks of what `explore` is given."""

import keras
import numpy as np

from cnnkit._checks import as_numbers, check_axes, check_built, check_finite, check_model

MAX_IMAGES = 100
_MAX_VALUES = 20_000_000  # of all images together


def check_network(model):
    """Raise an error unless `model` is a built model with finite weights and one image as input."""
    check_model(model)
    check_built(model)
    inputs = getattr(model, "inputs", None)
    if inputs is not None and (len(inputs) != 1 or len(inputs[0].shape) != 4):
        shapes = ", ".join(str(tuple(tensor.shape)) for tensor in inputs)
        raise ValueError(
            "`model` must have one input, images of shape (batch, height, width, channels). "
            f"Received: {model.name!r} with inputs of shape {shapes or 'none'}"
        )
    for weight in model.weights:
        values = keras.ops.convert_to_numpy(weight)
        if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
            raise ValueError(
                "`model` must have finite weights; after such a training start anew with a smaller "
                f"learning rate. Received: {weight.path!r} with {np.sum(~np.isfinite(values))} NaN "
                f"or infinite values of {values.size}"
            )


def as_images(images, model):
    """Convert the images to an array of uint8 or float32, of the shape that the model takes.

    Returns:
        An array of shape `(n, height, width, channels)`.
    """
    (images,) = as_numbers(images=images) if np.asarray(images).dtype != np.uint8 else [images]
    images = np.asarray(images)
    shape = tuple(model.inputs[0].shape[1:]) if getattr(model, "inputs", None) else (None,) * 3
    hint = ""
    if images.ndim == 3 and images.shape[-1] == shape[-1]:
        hint = ". For one image write images[None]"
    elif images.ndim == 3:
        hint = ". Grey images need an axis for their channel: images[..., None]"
    if images.ndim != 4:
        raise ValueError(
            "`images` must have the shape (n, height, width, channels). Received: images of shape "
            f"{images.shape}{hint}"
        )
    pairs = zip(shape, images.shape[1:], strict=True)
    if not all(own in (None, given) for own, given in pairs):
        raise ValueError(
            f"`images` must have the shape (n, {', '.join(map(str, shape))}), as {model.name!r} "
            f"takes them. Received: images of shape {images.shape}"
        )
    if not 1 <= len(images) <= MAX_IMAGES or images.size > _MAX_VALUES or 0 in images.shape:
        raise ValueError(
            f"`images` must be 1 to {MAX_IMAGES} images of up to {_MAX_VALUES:,} values together, "
            f"as all of them go into the page. Received: images of shape {images.shape}"
        )
    images = images if images.dtype == np.uint8 else images.astype(np.float32)
    check_finite(images, "images")
    return images


def as_class_names(class_names, n_outputs):
    """Convert the names of the classes to a list of texts; None stays None.

    Args:
        class_names: What was given.
        n_outputs: How many numbers the model gives for an image; None if that is not known. One
            stands for two classes.
    """
    if class_names is None:
        return None
    if isinstance(class_names, str) or not all(isinstance(name, str) for name in class_names):
        raise TypeError(
            f"`class_names` must be a list of texts. Received: class_names={class_names!r}"
        )
    names = [str(name) for name in class_names]
    n_classes = 2 if n_outputs == 1 else n_outputs
    if n_classes not in (None, len(names)):
        raise ValueError(
            f"`class_names` must have {n_classes} names, one for each class. "
            f"Received: {len(names)} names"
        )
    return names


def as_labels(labels, n_images, n_classes):
    """Convert the labels to a list of integers; None stays None.

    Args:
        labels: What was given.
        n_images: How many images there are.
        n_classes: How many classes; None if that is not known.
    """
    if labels is None:
        return None
    array = np.asarray(labels)
    check_axes(array, "labels", ("n",))
    if array.dtype.kind not in "biu":
        raise TypeError(f"`labels` must hold integers. Received: labels of dtype {array.dtype}")
    if len(array) != n_images:
        raise ValueError(
            f"`labels` must be as many as `images`, {n_images}. Received: {len(array)} labels"
        )
    wrong = array[(array < 0) | (array >= (n_classes or np.inf))]
    if len(wrong):
        raise ValueError(
            f"`labels` must be in 0..{n_classes - 1 if n_classes else 'n'}. "
            f"Received: the label {wrong[0]}"
        )
    return [int(label) for label in array]
