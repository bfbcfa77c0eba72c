"""From a layer's maps and their gradients to one map of each image, for all ways to add them up."""

import numpy as np
import tensorflow as tf

from cnnkit.explain._alignment import to_images
from cnnkit.explain._engine import check_can_run, trace_of
from cnnkit.explain._finite import begin_check, check_results
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
    check_can_run(model)
    inputs, score = as_inputs(images, image), as_score(target, meaning_of_loss(model))

    def of_layer(one):
        return _of_layer(add_up, model, inputs, score, one, image, grid, prefix)

    return over_layers(of_layer, layer)


def _of_layer(add_up, model, inputs, score, layer, image, grid, prefix):
    trace, tensors = trace_of(model, inputs, layer, run=with_logits, image=image)
    trace.kept(check_rows)
    check_weights = begin_check(trace)
    n_images = len(tf.nest.flatten(inputs)[trace.image])
    images = np.arange(n_images)

    def finite_score(outputs):
        check_weights()
        scores = score(outputs)
        check_results(scores.numpy(), images, "scores")
        return scores

    given = trace.capture_gradients(tensors, finite_score)[:2]
    maps, gradients = (as_maps(each, layer, trace, n_images, grid, prefix) for each in given)
    if layer is None:
        trace.kept(warn_of_other_ways)
    if not gradients.any():
        of_outputs = output_gradients(score, trace.forward(tensors)[1], n_images)
        needed = [gradient.numpy().any() for gradient in of_outputs]
        check_has_gradients(needed, layer, trace)
        check_positions_lead_to(given[1], layer)
    check_results(gradients, images, "gradients")
    cam = add_up(maps, gradients)
    check_results(cam, images, "maps")
    return trace, to_images(cam, trace, grid)


def over_layers(explain, layer):
    """The map of a layer; of a list of layers the mean of their maps, each of one scale.

    Args:
        explain: A function from a layer to its `Trace` and one map of each image, an array.
        layer: As in `cnnkit.explain.grad_cam`.
    """
    if not isinstance(layer, list):
        return explain(layer)[1]
    if not layer:
        raise ValueError("`layer` must be a layer or a list of layers. Received: layer=[]")
    calls, maps = [], []
    for one in layer:
        trace, of_one = explain(one)
        call = trace.layer(), trace.call
        if call in calls:
            raise ValueError(
                "`layer` must be a list of different layers, as each counts once in the mean. "
                f"Received: layer={layer!r}, with {call[0].name!r} twice"
            )
        calls.append(call)
        maps.append(_to_unit_size(of_one))
    return sum(maps) / len(maps)


def _to_unit_size(maps):
    """Each map divided by the size of its largest value; one of zeros stays as it is."""
    sizes = np.abs(maps).max(axis=tuple(range(1, maps.ndim)), keepdims=True)
    return maps / np.where(sizes > 0, sizes, 1)
