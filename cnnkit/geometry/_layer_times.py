"""How long each layer of a model takes by itself."""

import statistics
import sys
import time

import keras
import numpy as np
from tqdm import tqdm

from cnnkit._keras import input_names
from cnnkit.geometry._cost_rules import takes_training

DELAY = 1  # seconds until progress is shown
_N_RUNS = 7


def as_arrays(graph, images):
    """The list of what a model takes, one array for each input, from what the user gives.

    Raises:
        RuntimeError: If Keras does not run on TensorFlow.
        ValueError: If the images are not as many, or of another shape, than the model takes.
    """
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "`images` can be given with Keras's TensorFlow backend only: set the environment "
            "variable KERAS_BACKEND=tensorflow before Keras is imported. "
            f"Received: backend={keras.backend.backend()!r}"
        )
    images = _in_order(graph, images)
    several = isinstance(images, (list, tuple))
    arrays = [np.asarray(array) for array in (images if several else [images])]
    shapes = [tuple(tensor.shape) for tensor in graph.inputs]
    fits = len(arrays) == len(shapes) and all(map(_fits, arrays, shapes))
    if not fits or not all(map(len, arrays)) or len(set(map(len, arrays))) > 1:
        raise ValueError(
            f"`images` must be a batch of what the model takes, of shape "
            f"{', '.join(map(str, shapes))}; a list or dictionary of one for each of several "
            f"inputs. Received: images of {_described(images, arrays)}"
        )
    return arrays


def _in_order(graph, images):
    """The list of what a dictionary has for each input; all else as it is."""
    own = graph.input  # of a model that takes a dictionary, one with its keys
    names = sorted(own) if isinstance(own, dict) else input_names(graph)
    is_named = isinstance(images, dict) and images.keys() == set(names)
    return [images[name] for name in names] if is_named else images


def _described(images, arrays):
    if isinstance(images, dict):
        return f"the names {', '.join(map(str, images))}"
    if any(array.dtype.kind in "OSU" for array in arrays):  # a dataset, a path
        return f"type {type(images).__name__}"
    return f"shape {', '.join(str(array.shape) for array in arrays)}"


def _fits(array, shape):
    return len(array.shape) == len(shape) and all(
        own in (None, given) for own, given in zip(shape, array.shape, strict=True)
    )


def layer_times(graph, calls, arrays, verbose):
    """Run each call of a model alone on what it receives, and take the time.

    Args:
        graph: What `find_graph` returns.
        calls: What `find_calls` returns.
        arrays: What `as_arrays` returns.
        verbose: 1 to show progress, 0 not to.

    Returns:
        A dictionary from the index of a call to milliseconds; None for those of input layers.
    """
    import tensorflow as tf  # here, as nothing else in this room needs it

    values, times = {}, {}
    inputs = {id(tensor): array for tensor, array in zip(graph.inputs, arrays, strict=True)}
    own = [(i, call) for i, call in enumerate(calls) if not call.is_expanded]
    last_use = {id(tensor): i for i, call in own for tensor in call.inputs}
    bar_options = dict(unit="layer", delay=DELAY, leave=False, file=sys.stdout, disable=not verbose)
    for i, call in tqdm(own, "timing layers", **bar_options):
        if call.inputs:
            outputs, times[i] = _run(call, values)
        else:
            array = inputs[id(call.layer.output)]
            outputs, times[i] = tf.convert_to_tensor(array.astype(call.outputs[0].dtype)), None
        values.update(zip(map(id, call.outputs), keras.tree.flatten(outputs), strict=True))
        for tensor in call.inputs:
            if last_use[id(tensor)] == i:
                values.pop(id(tensor), None)  # the maps of all layers may not fit into the memory
    return times


def _run(call, values):
    """What a call gives, and milliseconds: compiled by itself, at inference."""
    import tensorflow as tf

    given = (call.args, call.kwargs)
    args, kwargs = keras.tree.map_structure(lambda value: values.get(id(value), value), given)
    if takes_training(call.layer):
        kwargs = {**kwargs, "training": False}
    run = tf.function(lambda: call.layer(*args, **kwargs), autograph=False)
    outputs, seconds = run(), []  # the first run compiles
    for _ in range(_N_RUNS):
        tf.test.experimental.sync_devices()
        start = time.perf_counter()
        run()
        tf.test.experimental.sync_devices()
        seconds.append(time.perf_counter() - start)
    return outputs, 1000 * statistics.median(seconds)
