"""What the page shows of a network that it cannot compute: what chosen layers gave in Keras."""

import math
import re
import sys

import numpy as np
from tqdm import tqdm

from cnnkit import explain
from cnnkit.explore._arrays import as_text, in_bytes

MAX_LAYERS = 20
_BYTES = 3_000_000  # of the page, for all of them


def record(model, images, layers):
    """Add what layers give for the images to their dictionaries.

    What fits is recorded whole and exactly; else the first channels, in 256 steps. Evenly many
    layers from the first to the last are chosen, the first convolution and the last maps among
    them. The others say that they were left out, and those that cannot be recorded why.

    Args:
        model: A built `keras.Model`.
        images: An array of shape `(n, height, width, channels)`.
        layers: The layers of a snapshot, which get "recorded", with its "channels", or "missing".

    Returns:
        What the model gives for the images, or None if no layer could be recorded.
    """
    computing = [i for i, layer in enumerate(layers) if layer["type"] != "InputLayer"]
    chosen = _with(_landmarks(layers, computing), _spread(computing, MAX_LAYERS))
    share, outputs, images = _BYTES // max(len(chosen), 1), None, images.astype(np.float32)
    for i in set(computing) - set(chosen):
        layers[i]["missing"] = "Not recorded: of a long network some layers are chosen."
    for i, activations, given in _captured(model, images, layers, chosen):
        if isinstance(activations, str):
            layers[i]["missing"] = f"Keras could not record it: {activations}"
            continue
        outputs = given
        _add(layers[i], activations, len(images), share)
    return outputs


def _captured(model, images, layers, places):
    """What layers give, all in one run; layer by layer where one of them cannot be recorded.

    Yields:
        `(place, activations, outputs)`, with a sentence for the activations of one that cannot.
    """
    try:
        meant = [_meant(layers, i) for i in places]
        captured = explain.capture_layers(model, images, layers=meant)
    except Exception:  # of whatever kind: code of the user's may run
        bar_options = dict(unit="layer", delay=1, leave=False, file=sys.stdout)
        for i in tqdm(places, "recording", **bar_options):
            try:
                found = explain.capture(model, images, layer=_meant(layers, i))
            except Exception as error:
                yield i, sentence(error), None
            else:
                yield i, found.activations, found.outputs
    else:
        for i, found in zip(places, captured, strict=True):
            yield i, found.activations, found.outputs


def _spread(places, n):
    """Up to `n` of a list, evenly from the first to the last."""
    if len(places) <= n:
        return places
    return [places[round(at)] for at in np.linspace(0, len(places) - 1, n)]


def _landmarks(layers, places):
    """The first convolution and the last layer with maps, as far as there are any."""
    convolutions = [i for i in places if layers[i]["type"].endswith("Conv2D")]
    with_maps = [i for i in places if len(layers[i].get("shape", ())) == 3]
    return {*convolutions[:1], *with_maps[-1:]}


def _with(wanted, places):
    """A list with all that are wanted: each takes the place of the nearest, but for both ends."""
    for place in sorted(wanted - set(places)):
        free = [i for i in places[1:-1] if i not in wanted]
        nearest = min(free, key=lambda i: abs(i - place), default=None)
        places = sorted({*places, place} - {nearest})
    return places


def _meant(layers, i):
    """A layer and which of its calls, as `explain.capture` takes it."""
    name = layers[i]["name"]
    return name, sum(layer["name"] == name for layer in layers[:i])


def sentence(error):
    """What an error says, of one that Keras passes on without the arguments of the call."""
    said = re.sub(r"\x1b\[\d*m", "", str(error)).partition("Arguments received by")[0]
    return " ".join(said.split())[:300] or type(error).__name__


def answer_of(model, picture, layers, places):
    """What layers give for one picture, exactly: of a recorded one as many channels as it has.

    Args:
        model: A built `keras.Model`.
        picture: An array of shape `(1, height, width, channels)`, float32.
        layers: The layers of a snapshot.
        places: Which of them, a list.

    Returns:
        `(told, arrays)`: for each a dictionary with its "index" and its "shape" and "channels", or
        why it is "missing"; and an array of the shape given, but for the channels.
    """
    told, arrays, share = [], [], _BYTES // MAX_LAYERS
    for i, array, _ in _captured(model, picture, layers, places):
        if isinstance(array, str):
            missing = f"Keras could not compute it: {array}"
        else:
            missing = _fault(array, 1)
        if missing:
            told.append({"index": i, "missing": missing})
            arrays.append(np.zeros(0, np.float32))
            continue
        channels = layers[i].get("recorded", {}).get("channels") or _fitting(array, share)
        told.append({"index": i, "shape": list(array.shape[1:]), "channels": channels})
        arrays.append(np.asarray(array[0, ..., :channels], np.float32))
    return told, arrays


def _fault(activations, n_images):
    """Why a layer's numbers cannot be shown, or None."""
    if activations.ndim < 2 or len(activations) != n_images:
        return "It does not give one array for each image."
    if not np.isfinite(activations).all():
        return "It gives NaN or infinite values."
    return None


def _fitting(activations, share):
    """How many channels fit into so many bytes, with one byte for each number."""
    channels = activations.shape[-1]
    return min(channels, max(1, share // math.prod(activations.shape[:-1])))


def _add(layer, activations, n_images, share):
    fault = _fault(activations, n_images)
    if fault:
        layer["missing"] = fault
        return
    layer["shape"] = list(activations.shape[1:])
    if activations.nbytes <= share:
        layer["recorded"] = as_text(activations) | {"channels": activations.shape[-1]}
        return
    fitting = _fitting(activations, share)
    layer["recorded"] = in_bytes(activations[..., :fitting]) | {"channels": fitting}
