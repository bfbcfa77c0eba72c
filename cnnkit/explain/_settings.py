"""What a trace of a model cannot see change: its layers, and their settings.

In the graph of a trace weights are variables, which are read in each run. All other attributes of
layers, as the rate of a dropout or the scale of a rescaling, are in it as they were.
"""

import functools
import inspect
import types
import weakref

import keras
import numpy as np
import tensorflow as tf

from cnnkit._keras import layers_within, settings

_OF_LIBRARIES = {"builtins", "functools", "keras", "tensorflow"}


def settings_of(model, before=()):
    """The settings of a model and of all layers within it, to compare with later ones.

    Seen are numbers, words, arrays, and lists, dictionaries and objects of them, by their values,
    also those that a user's function reads; and everything else as the object it is. Nothing in it
    keeps the model alive.

    Args:
        model: The model.
        before: An earlier result for this model. What it says of a layer is taken over where
            nothing can have changed, which is much quicker than to look at each setting.

    Returns:
        A dictionary from each layer, a weak reference, to its settings.
    """
    found = {}
    for layer in (model, *layers_within(model, recursive=True)):
        key = weakref.ref(layer)
        known = before[key] if key in before else None
        found[key] = known if known and known.are_those_of(layer) else _Settings(layer)
    return found


def changed(before, after):
    """Where two results of `settings_of` differ.

    Returns:
        A set of pairs `(layer, name)`, and of `"layers"` if they are others, or in another order.
    """
    found = {
        (layer, name)
        for layer in before.keys() & after.keys()
        if before[layer] is not after[layer]
        for name in _different(before[layer].frozen, after[layer].frozen)
    }
    return found if list(before) == list(after) else found | {"layers"}


def _different(old, new):
    names = () if old == new else old.keys() | new.keys()
    return [name for name in names if old.get(name, _MISSING) != new.get(name, _MISSING)]


_MISSING = object()


class _Settings:
    """The settings of a layer.

    Attributes:
        frozen: A dictionary from name to setting, in a form that changes no more.
    """

    def __init__(self, layer):
        values = settings(layer)
        self.frozen = {name: _frozen(value) for name, value in values.items()}
        self._lists = [(value, repr(value)) for value in values.values() if _is_list(value)]
        # What is kept alive keeps its id: no other object can have it later.
        self._ids, self._kept = _ids(layer), [*values.values(), layer.dtype_policy]
        if not all(map(_is_fixed, self._kept)):
            self._ids = self._kept = self._lists = None

    def are_those_of(self, layer):
        """Whether that is sure without a look at each setting: all are the same fixed objects."""
        return self._ids == _ids(layer) and all(repr(now) == then for now, then in self._lists)


def _ids(layer):
    return [*map(id, vars(layer).values())]


def _is_list(value):
    return isinstance(value, list)


def _is_fixed(value):
    """Whether a value refers to no model, and cannot change, or is a list in which one can look."""
    kind = type(value)
    if _is_list(value):
        return all(type(part) in _PLAIN for part in value)
    if isinstance(value, tuple):
        return all(_is_fixed(part) and not _is_list(part) for part in value)
    if kind is types.FunctionType:
        return _is_of_library(value)
    if isinstance(value, keras.initializers.Initializer):  # of a layer that inherits Keras's
        return _is_of_library(kind)
    return kind in _PLAIN or isinstance(value, keras.Variable | keras.dtype_policies.DTypePolicy)


def _frozen(value, around=()):
    """What a value is now, in a form that changes no more; `around` holds the ids of its owners."""
    kind = type(value)
    how = _how(kind)
    if how == "plain":
        return kind, value  # as 1, 1.0 and True are equal
    if how == "object":
        return _Same(value)
    if how == "layer":
        return weakref.ref(value)
    if how == "tensor" and hasattr(value, "numpy") and value.dtype.is_numpy_compatible:
        value, how = value.numpy(), "array"
    if how == "array":
        return value.dtype, value.shape, value.tobytes()
    if id(value) in around:
        return None
    around = (*around, id(value))
    if how == "dictionary":
        return kind, [(_frozen(key, around), _frozen(value[key], around)) for key in value]
    if how == "sequence":
        return kind, [_frozen(part, around) for part in value]
    if how == "function" and not _is_of_library(value):
        return _Same(value), _frozen(_held(value), around), _frozen(vars(value), around)
    if how == "attributes" and hasattr(value, "__dict__"):
        return _Same(value), _frozen(vars(value), around)
    return _Same(value)


def _held(function):
    """The values of its surroundings that a user's function reads, and its defaults."""
    try:
        surroundings = inspect.getclosurevars(function)
    except ValueError:  # a name that has no value yet
        return ()
    names = {
        name: value
        for name, value in surroundings.globals.items()
        if _how(type(value)) in ("plain", "tensor", "array", "dictionary", "sequence")
    }
    return surroundings.nonlocals, names, function.__defaults__, function.__kwdefaults__


@functools.cache
def _how(kind):
    """How an object of a class is frozen. An object of a user's class may hold settings in turn."""
    for how, kinds in _KINDS.items():
        if issubclass(kind, kinds):
            return how
    return "object" if _is_of_library(kind) else "attributes"


def _is_of_library(value):
    return (value.__module__ or "").partition(".")[0] in _OF_LIBRARIES


_PLAIN = (type(None), bool, int, float, complex, str, bytes)
_KINDS = {
    "plain": _PLAIN,
    "layer": keras.Layer,
    "function": types.FunctionType,
    "object": (keras.Variable, tf.Variable, type, types.ModuleType),
    "tensor": tf.Tensor,
    "array": (np.ndarray, np.generic),
    "dictionary": dict,
    "sequence": (list, tuple, set, frozenset),
}


class _Same:
    """Equal to that of the same object alone, as long as this one lives."""

    __slots__ = ("_object",)

    def __init__(self, value):
        try:
            self._object = weakref.ref(value)
        except TypeError:  # there are none to it
            self._object = lambda: value

    def __eq__(self, other):
        mine = self._object()
        return isinstance(other, _Same) and mine is not None and mine is other._object()
