"""Which layer of a model is meant: by its name, by its path, as itself, or as one of its calls."""

import keras

from cnnkit._checks import is_integer
from cnnkit._keras import layers_within


def layer_paths(model: keras.Layer) -> dict[str, keras.Layer]:
    """List all layers of a model, and of the models and layers within it.

    Args:
        model: A `keras.Model`, or any other layer: one that holds no layers has no paths.

    Returns:
        A dictionary from path to layer, in the order of the model. The path of a layer within the
        model "base" is "base/name". A layer that is used in two models has two paths. Input layers
        are left out, as they compute nothing.

    Raises:
        TypeError: If `model` is neither a Keras model nor a layer.

    Example:

    >>> import keras
    >>> from cnnkit import explain, models
    >>> backbone = models.load_backbone("drawn_animals", verbose=0)
    >>> head = keras.Sequential([keras.layers.Dense(2)])
    >>> model = models.transfer_model(backbone, head)
    >>> paths = explain.layer_paths(model)
    >>> list(paths)[1:4]
    ['drawn_animals', 'drawn_animals/stem_conv', 'drawn_animals/stem_bn']
    """
    if not isinstance(model, keras.Layer):
        raise TypeError(f"`model` must be a Keras model or layer. Received: model={model!r}")
    paths = {}
    for layer in layers_within(model):
        if isinstance(layer, keras.layers.InputLayer):
            continue
        path, n = layer.name, 1
        while path in paths:  # a subclassed model may give two layers the same name
            n += 1
            path = f"{layer.name}#{n}"
        paths[path] = layer
        paths |= {f"{path}/{inner}": found for inner, found in layer_paths(layer).items()}
    return paths


def split_call(layer):
    """Take apart `(layer, call)`; where one says a layer alone, the call is None."""
    if not isinstance(layer, tuple) or len(layer) != 2:
        return layer, None
    found, call = layer
    if call is None:
        return layer
    if not is_integer(call) or call < 0:
        raise ValueError(
            "`layer` must be a layer or a pair `(layer, call)`, call an integer of at least 0. "
            f"Received: layer={layer!r}"
        )
    return found, int(call)


def find_in(paths, layer, model_name):
    """The layer that a name, a path or a layer means.

    Args:
        paths: A dictionary from path to layer, as from `layer_paths`.
        layer: A layer; a whole path, as "base/block/conv"; or the end of one, as "conv" or
            "block/conv".
        model_name: Of the model, for messages.

    Raises:
        ValueError: If there is no such layer, or several fit.
    """
    if isinstance(layer, keras.Operation):
        if not any(layer is known for known in paths.values()):
            raise ValueError(
                f"`layer` must be a layer of the model {model_name!r}. "
                f"Received: layer={layer!r}, which is none of its layers"
            )
        return layer
    if isinstance(layer, str) and layer in paths:
        return paths[layer]
    matches = {path: found for path, found in paths.items() if path.endswith(f"/{layer}")}
    if not matches:
        raise ValueError(
            f"`layer` must be a layer of the model {model_name!r}, or one of its names or paths: "
            f"{', '.join(paths)}. Received: layer={layer!r}"
        )
    if len({id(found) for found in matches.values()}) > 1:
        raise ValueError(
            f"`layer` must mean one layer only; this name fits {', '.join(matches)}. "
            f"Received: layer={layer!r}"
        )
    return next(iter(matches.values()))
