"""The snapshot: all that the page knows of a network and its images, as a dictionary for JSON.

An array is `{"dtype": "float32" or "uint8", "shape": [...], "data": base64}`, in C order, little
endian; or of "uint16", with "low" and "high", for which 0 and 65,535 stand. `page/snapshot.js`
reads it. The keys:

    version         1. It changes with the meaning of a key.
    name            of the model
    source          "computed": the page computes all layers from `weights`, for any image.
                    "recorded": it shows what was recorded for the images given.
    reason          Why it is not computed, a sentence; missing where it is.
    layers          a list, in the order of computation; "input i" below is the i-th of it:
        name            of the layer, behind the names of the models it is in: "model/layer"
        type            name of its class; kind: what the engine computes, as "Identity" of a
                        Dropout; missing where `settings` are
        settings        of its kind, by Keras's names; `borders` are [[top, bottom], [left, right]],
                        `activation` is {"name": ..., ...}. See `_engine_layers.py`.
        weights         by name, each an array. Kernels: rows, columns, channels, filters. For
                        "recorded" where inputs and output are whole and exact, so that what
                        is shown can be computed anew; missing elsewhere.
        shared          the first call of the same layer, whose weights it has too
        inputs          a list of places in `layers`
        shape           of what it gives for one image; missing where it is not known
        parameters      how many numbers it holds
        multiply_adds   for one image; null where it is not known
        field           its receptive field, or null: {"size": [h, w], "strides": [v, h],
                        "offset": [top, left], "beyond": bool, "misaligned": bool}: unit (i, j)
                        sees `size` pixels from offset + (i, j) * strides on
        recorded        for "recorded": an array of shape (images, ...), with "channels" (how many
                        of the first channels it has) and, of uint8, "low" and "high", for which 0
                        and 255 stand
        missing         for "recorded": why nothing is recorded, a sentence
    outputs         a list of places in `layers`: what the model gives
    images          an array of shape (images, rows, columns, channels) with "low" and "high", the
                    values of black and white
    class_names     a list of texts, or null; labels: a list of integers, or null
    training        a list of {"epoch", "logs", "weights"} in the order of the training, or missing:
                    "epoch" is 0 before the first, "logs" are its metrics, "weights" has for each
                    layer its arrays by name. The last entry has none: it is the network as it is
                    now, of which "epoch" may be null.
    live            {"seconds": how long it waits for the kernel}, where the page is a widget; else
                    missing
    answers         what Keras gives for the images, an array; null if the model has several outputs
"""

import numpy as np

from cnnkit import explain, geometry
from cnnkit._keras import find_calls, find_graph
from cnnkit.explore._arrays import as_text
from cnnkit.explore._engine_layers import NotComputed, engine_layer
from cnnkit.explore._recorded import record

MAX_WEIGHTS = 500_000  # of a network that the page computes
MAX_MULTIPLY_ADDS = 200_000_000  # for one image: about a second in a browser
_MAX_SHOWN = 50_000  # weights of a layer of a recorded network


def make_snapshot(model, images, class_names=None, labels=None):
    """The snapshot of a model; the arguments are those of `explore`, checked."""
    layers, reason = network(model, images)
    snapshot = {
        "version": 1,
        "name": model.name,
        "source": "recorded" if reason else "computed",
        "layers": layers,
        "outputs": _outputs(layers),
        "images": _images(images),
        "class_names": class_names,
        "labels": labels,
    }
    if reason:
        snapshot["reason"] = reason
        answers = record(model, images, layers)
        _drop_weights(layers)
    else:
        answers = explain.capture(model, _float(images), layer=(model.layers[-1], 0)).outputs
    snapshot["layers"] = with_text(layers)
    snapshot["answers"] = as_text(answers) if isinstance(answers, np.ndarray) else None
    return snapshot


def network(model, images):
    """The layers of a model, and why the page cannot compute them: None if it can.

    Args:
        model: A built `keras.Model`.
        images: An array of shape `(n, height, width, channels)`.

    Returns:
        `(layers, reason)`: a list of dictionaries, with weights as arrays, and None or a sentence.
    """
    graph = find_graph(model)
    if graph is None:
        rows = geometry.model_table(model).rows
        reason = f"{model.name!r} is a subclassed model: it does not say how its layers connect."
        return [_layer(row) for row in rows], reason
    is_open = any(None in tensor.shape[1:] for tensor in graph.inputs)
    rows = geometry.model_table(model, _float(images[:1]) if is_open else None, verbose=0).rows
    shapes = [(None, *images.shape[1:])]
    calls = [call for call in find_calls(graph, shapes=shapes) if not call.is_expanded]
    reason = _too_large(model, rows)
    layers, places, first = [], {}, {}
    for index, (call, row) in enumerate(zip(calls, rows, strict=True)):
        layer = _layer(row)
        layer["inputs"] = [places[id(tensor)] for tensor in call.inputs]
        places.update((id(tensor), index) for tensor in call.outputs)
        try:
            kind, settings, weights = engine_layer(call)
        except NotComputed as error:
            reason = reason or f"The page cannot compute {call.path!r}: {error}."
        else:
            layer.update(kind=kind, settings=settings)
            if id(call.layer) in first:
                layer["shared"] = first[id(call.layer)]
            elif weights:
                layer["weights"] = weights
        first.setdefault(id(call.layer), index)
        layers.append(layer)
    return layers, reason


def with_text(layers):
    """The layers with their weights as the snapshot has them."""
    return [
        layer | {"weights": {name: as_text(array) for name, array in layer["weights"].items()}}
        if "weights" in layer
        else layer
        for layer in layers
    ]


def _drop_weights(layers):
    """Of a recorded network those stay with which a layer's numbers can be computed anew."""

    def is_exact(i):
        recorded = layers[i].get("recorded", {})
        return layers[i]["type"] == "InputLayer" or recorded.get("dtype") == "float32"

    for index, layer in enumerate(layers):
        shown = layer["parameters"] <= _MAX_SHOWN and all(map(is_exact, [*layer["inputs"], index]))
        if not shown:
            layer.pop("weights", None)


def _too_large(model, rows):
    """The sentence of a model that is too large to be computed in the page, or None."""
    n_weights, cost = model.count_params(), sum(row.multiply_adds or 0 for row in rows)
    if n_weights > MAX_WEIGHTS:
        return f"The page computes up to {MAX_WEIGHTS:,} weights; this network has {n_weights:,}."
    if cost > MAX_MULTIPLY_ADDS:
        return f"The page computes up to {MAX_MULTIPLY_ADDS:,} multiply-adds; here are {cost:,}."
    return None


def _layer(row):
    """What a row of `model_table` tells of a layer."""
    layer = {
        "name": row.name,
        "type": row.type,
        "inputs": [],
        "parameters": row.parameters,
        "multiply_adds": row.multiply_adds,
        "field": None,
    }
    if row.output_shape is not None and None not in row.output_shape:
        layer["shape"] = list(row.output_shape)
    if row.field is not None:
        layer["field"] = {
            "size": list(row.field.size),
            "strides": list(row.field.strides),
            "offset": list(row.field.offset),
            "beyond": bool(row.field.beyond),
            "misaligned": bool(row.field.misaligned),
        }
    return layer


def _outputs(layers):
    """Where the branches of a network end."""
    used = {i for layer in layers for i in layer["inputs"]}
    return [i for i in range(len(layers)) if i not in used]


def _images(images):
    """The images as an array, of bytes where nothing is lost."""
    low, high = _black_and_white(images)
    is_whole = low == 0 and images.max() <= 255 and np.array_equal(images, np.round(images))
    return as_text(images, np.uint8 if is_whole else np.float32) | {"low": low, "high": high}


def _black_and_white(images):
    """The values of black and of white: those of bytes, of 0..1, of -1..1, or what there is."""
    low, high = float(images.min()), float(images.max())
    if images.dtype == np.uint8 or (low >= 0 and high > 2):
        return 0.0, max(high, 255.0)
    if low >= -1 and high <= 1:
        return (0.0 if low >= 0 else -1.0), 1.0
    return low, high


def _float(images):
    return images.astype(np.float32)
