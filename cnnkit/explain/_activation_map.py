"""From a layer's maps and their gradients to one map of each image, for all ways to add them up."""

import numpy as np
import tensorflow as tf

from cnnkit.explain._alignment import to_images
from cnnkit.explain._engine import trace_of
from cnnkit.explain._inputs import as_inputs
from cnnkit.explain._layout import as_maps, check_positions_lead_to
from cnnkit.explain._logits import with_logits
from cnnkit.explain._loss import meaning_of_loss
from cnnkit.explain._maps import check_has_gradients, check_rows, warn_of_other_ways
from cnnkit.explain._output_gradients import output_gradients
from cnnkit.explain._targets import as_score


def activation_map(add_up, model, images, target, layer, image, grid, prefix):
    """Compute a class activation map.

    Args:
        add_up: A function from maps and the gradients of the score with respect to them, arrays of
            shape `(batch, ..., channels)`, to one map of each image, `(batch, ...)`.
        model, images, target, layer, image, grid, prefix: As in `cnnkit.explain.grad_cam`.

    Returns:
        A float32 array of the shape of the images without their channels.
    """
    inputs, score = as_inputs(images, image), as_score(target, meaning_of_loss(model))

    def of_layer(one):
        return _of_layer(add_up, model, inputs, score, one, image, grid, prefix)

    return over_layers(of_layer, layer)


def _of_layer(add_up, model, inputs, score, layer, image, grid, prefix):
    trace, tensors = trace_of(model, inputs, layer, run=with_logits, image=image)
    trace.kept(check_rows)
    n_images = len(tf.nest.flatten(inputs)[trace.image])
    given = trace.capture_gradients(tensors, score)[:2]
    maps, gradients = (as_maps(each, layer, trace, n_images, grid, prefix) for each in given)
    if layer is None:
        trace.kept(warn_of_other_ways)
    if not gradients.any():
        of_outputs = output_gradients(score, trace.forward(tensors)[1], n_images)
        needed = [gradient.numpy().any() for gradient in of_outputs]
        check_has_gradients(needed, layer, trace)
        check_positions_lead_to(given[1], layer)
    return to_images(add_up(maps, gradients), trace, grid)


def over_layers(explain, layer):
    """The map of a layer; of a list of layers the mean of their maps, each of one scale.

    Args:
        explain: A function from a layer to one map of each image, an array.
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
