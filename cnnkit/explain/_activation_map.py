"""From a layer's maps and their gradients to one map of each image, for all ways to add them up."""

import numpy as np
import tensorflow as tf

from cnnkit.explain._alignment import to_images
from cnnkit.explain._engine import trace_of
from cnnkit.explain._inputs import as_inputs
from cnnkit.explain._logits import with_logits
from cnnkit.explain._loss import meaning_of_loss
from cnnkit.explain._maps import check_has_gradients, check_on_image, check_rows, warn_of_other_ways
from cnnkit.explain._output_gradients import output_gradients
from cnnkit.explain._targets import as_score


def activation_map(add_up, model, images, target, layer, image):
    """Compute a class activation map.

    Args:
        add_up: A function from maps and the gradients of the score with respect to them, arrays of
            shape `(batch, ..., channels)`, to one map of each image, `(batch, ...)`.
        model, images, target, layer, image: As in `cnnkit.explain.grad_cam`.

    Returns:
        A float32 array of shape `(batch, height, width)`.
    """
    inputs, score = as_inputs(images, image), as_score(target, meaning_of_loss(model))
    return over_layers(lambda one: _of_layer(add_up, model, inputs, score, one, image), layer)


def _of_layer(add_up, model, inputs, score, layer, image):
    trace, tensors = trace_of(model, inputs, layer, run=with_logits, image=image)
    trace.kept(check_rows)
    n_images = len(tf.nest.flatten(inputs)[trace.image])
    maps, gradients, _ = trace.capture_gradients(tensors, score)
    check_on_image(maps, layer, trace, n_images)
    if layer is None:
        trace.kept(warn_of_other_ways)
    if not gradients.any():
        of_outputs = output_gradients(score, trace.forward(tensors)[1], n_images)
        needed = [gradient.numpy().any() for gradient in of_outputs]
        check_has_gradients(needed, layer, trace)
    return to_images(add_up(maps, gradients), trace)


def over_layers(explain, layer):
    """The map of a layer; of a list of layers the mean of their maps, each of one scale.

    Args:
        explain: A function from a layer to an array of shape `(batch, height, width)`.
        layer: As in `cnnkit.explain.grad_cam`.
    """
    if not isinstance(layer, list):
        return explain(layer)
    if not layer:
        raise ValueError("`layer` must be a layer or a list of layers. Received: layer=[]")
    return sum(_to_unit_size(explain(one)) for one in layer) / len(layer)


def _to_unit_size(maps):
    """Each map divided by the size of its largest value; one of zeros stays as it is."""
    sizes = np.abs(maps).max(axis=tuple(range(1, maps.ndim)), keepdims=True)
    return maps / np.where(sizes > 0, sizes, 1)
