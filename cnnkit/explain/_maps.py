"""Which maps are explained: the last whose positions lie on the image, or those of a layer."""

import keras
import tensorflow as tf

from cnnkit._checks import warn
from cnnkit._layers import layer_paths
from cnnkit.explain._alignment import find_field
from cnnkit.explain._image_axes import ancestors, image_axes, kind_of_maps
from cnnkit.explain._inputs import SHAPES
from cnnkit.explain._output_gradients import floats
from cnnkit.explain._recording import tensors_in, with_rank

# A layer, or a pair of one and its call; several of them; None for the last maps.
Layers = str | keras.Layer | tuple | list | None


def last_maps(model, records, inputs, outputs, at):
    """Find the last maps that depend on an image, whose positions lie on it.

    Maps from which no output of the model is computed do not count.

    Args:
        model: The model.
        records: What `recording` gave for all its layers.
        inputs, outputs: What the model took and gave, as tensors of a TensorFlow graph.
        at: Which of the inputs is the image.

    Returns:
        `(layer, call, activations)`.

    Raises:
        ValueError: If there are none; if each example of the last maps is a part of an image; or
            if it is not known of some whether their positions lie on the image.
    """
    image = tf.nest.flatten(inputs)[at]
    axes, used = image_axes(image.graph, image), ancestors(tensors_in(outputs))
    rank = image.shape.rank
    found = []
    for layer, call, activations in with_rank(rank, records, image.graph):
        if activations.name not in axes or activations.op.name not in used:
            continue
        kind = kind_of_maps(axes[activations.name], rank - 2)
        if kind == "unknown":
            field = find_field(model, (layer, call), inputs, at)
            kind = "maps" if field is not None and 0 not in field.strides else kind
        if kind == "tokens":
            continue
        if kind == "maps" and not found:
            return layer, call, activations
        if kind == "parts" and not found:
            raise ValueError(
                "`layer` must give one map for each image. Received: layer=None, and of the model "
                f"{model.name!r} the last maps, those of {layer.name!r}, are each of a part of one"
            )
        found += [layer] if kind else []
    if found:
        names = {id(layer): path for path, layer in layer_paths(model).items()}
        choices = dict.fromkeys(names.get(id(layer), layer.name) for layer in found)
        raise ValueError(
            "`layer` must be given, as it is not known of the last maps whether their positions "
            f"lie on the image. Received: layer=None and the model {model.name!r}, with the "
            f"candidates {', '.join(list(choices)[:5])}"
        )
    raise ValueError(
        "`layer` must be given, as no layer gives maps with more than one position on the image, "
        f"from which outputs are computed. Received: layer=None and the model {model.name!r}"
    )


def check_rows(trace):
    """Raise a ValueError if a model gives a row of its outputs for each part of an image.

    Or if it takes another axis than the last of the images for their channels.
    """
    for output in floats(trace.forward.structured_outputs[1]):
        rows = trace.image_axes.get(output.name, [()])[0]
        if len(rows) > 1 and any(part.of == "batch" for part in rows):
            raise ValueError(
                "`model` must give one row of outputs for each image. Received: the model "
                f"{trace.model().name!r}, which gives one for each part of an image"
            )


def check_on_image(maps, layer, trace, n_images):
    """Raise a ValueError unless what a layer gives are maps of the images.

    Args:
        maps: What it gave.
        layer: The layer, as it was asked for.
        trace: Its `Trace`. If that knows of no image, less is checked.
        n_images: How many images the model was given.
    """
    rank = trace.n_axes + 2
    if len(maps.shape) != rank:
        raise ValueError(
            f"`layer` must give maps of shape {SHAPES[rank]}, or tokens of which `grid` says how "
            f"they lie on the image. Received: layer={layer!r}, which gives the shape "
            f"{tuple(maps.shape)}"
        )
    if maps.shape[0] not in (None, n_images):
        raise ValueError(
            f"`layer` must give one map for each of the {n_images} images. "
            f"Received: layer={layer!r}, which gives {maps.shape[0]}"
        )
    if trace.image is None:
        return
    check_depends(layer, trace)
    if kind_of_maps(trace.axes, trace.n_axes) not in ("maps", "unknown"):
        raise ValueError(
            f"`layer` must give maps of shape {SHAPES[rank]} whose positions lie on the image. "
            f"Received: layer={layer!r}, which gives the shape {tuple(maps.shape)} with other "
            "axes, as the heads and tokens of attention"
        )


def check_depends(layer, trace):
    """Raise a ValueError if what a layer gives does not depend on the image."""
    if trace.image is not None and trace.axes is None:
        raise ValueError(
            "`layer` must depend on the image that is explained. "
            f"Received: layer={layer!r}, which does not"
        )


def warn_of_other_ways(trace):
    """Warn if the outputs depend on the image past the maps that were chosen, as last ones."""
    if trace.passed:
        layer = trace.layer().name
        warn(
            f"The map is that of the layer {layer!r}, the last one with maps, and shows a part of "
            "what the score depends on: the image reaches it past this layer too, as in another "
            "branch or a shortcut. Choose maps with `layer`."
        )


def check_leads_to(needed, layer, trace):
    """Raise a ValueError if none of the outputs that a score needs is computed from a layer.

    Args:
        needed: For each of `floats(outputs)` whether the score needs it.
        layer, trace: As in `check_on_image`.
    """
    if not any(map(all, zip(needed, trace.reached, strict=True))):
        raise ValueError(
            "`layer` must lead to the score, so that it has gradients. Received: "
            f"layer={layer!r}; the score is not computed from the maps of {trace.layer().name!r}"
        )


def check_has_gradients(needed, layer, trace):
    """As `check_leads_to`, and a ValueError if none of these outputs has a gradient."""
    check_leads_to(needed, layer, trace)
    if not any(map(all, zip(needed, trace.connected, strict=True))):
        raise ValueError(
            "`layer` must lead to the score in a way that has gradients. Received: "
            f"layer={layer!r}; between the maps of {trace.layer().name!r} and the score there is "
            "what has none, as `keras.ops.stop_gradient` or a rounding"
        )
