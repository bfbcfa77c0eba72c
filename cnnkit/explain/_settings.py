"""What a trace of a model cannot see change: its layers, and their settings.

In the graph of a trace weights are variables, which are read in each run. All other attributes of
layers, as the rate of a dropout or the scale of a rescaling, are in it as they were.
"""

import types
import weakref

import keras
import numpy as np
import tensorflow as tf

from cnnkit._keras import layers_within, settings

_PLAIN = {type(None), bool, int, float, complex, str, bytes}
_OF_LIBRARIES = {"builtins", "functools", "keras", "tensorflow"}


def settings_of(model):
    """The settings of a model and of all layers within it, to compare with later ones.

    Seen are numbers, words, arrays, and lists, dictionaries and objects of them, by their values,
    and everything else as the object it is. Nothing in it keeps the model alive.

    Returns:
        A dictionary with the layers in their order under `"layers"`, and each setting under a pair
        `(layer, name)`; layers are weak references.
    """
    layers = [weakref.ref(layer) for layer in (model, *layers_within(model, recursive=True))]
    found = {
        (layer, name): _frozen(value)
        for layer in layers
        for name, value in settings(layer()).items()
    }
    return {"layers": layers, **found}


def changed(before, after):
    """The keys under which two results of `settings_of` differ."""
    return {
        key
        for key in before.keys() | after.keys()
        if key not in before or key not in after or before[key] != after[key]
    }


def _frozen(value, around=()):
    """What a value is now, in a form that changes no more; `around` holds the ids of its owners."""
    kind = type(value)
    if kind in _PLAIN:
        return kind, value
    if isinstance(value, keras.Layer):
        return weakref.ref(value)
    if isinstance(value, keras.Variable | tf.Variable):
        return _Same(value)
    if id(value) in around:
        return None
    around = (*around, id(value))
    if isinstance(value, dict):
        return kind, [(_frozen(key, around), _frozen(value[key], around)) for key in value]
    if isinstance(value, list | tuple | set | frozenset):
        return kind, [_frozen(part, around) for part in value]
    if isinstance(value, tf.Tensor) and hasattr(value, "numpy") and value.dtype.is_numpy_compatible:
        value = value.numpy()
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype, value.shape, value.tobytes()
    if _is_made_of_attributes(value):
        return _Same(value), _frozen(vars(value), around)
    return _Same(value)


def _is_made_of_attributes(value):
    """Whether it is an object of a class of the user's, which may hold settings in its turn."""
    if not hasattr(value, "__dict__") or isinstance(value, type | types.ModuleType):
        return False
    of_library = type(value).__module__.partition(".")[0] in _OF_LIBRARIES
    return not of_library


class _Same:
    """Equal to that of the same object alone, as long as this one lives."""

    def __init__(self, value):
        try:
            self._object = weakref.ref(value)
        except TypeError:  # there are none to it
            self._object = lambda: value

    def __eq__(self, other):
        mine = self._object()
        return isinstance(other, _Same) and mine is not None and mine is other._object()
