"""Keras layers, data loaders and visualisers for learning convolutional neural networks.

Importing this package is quick and imports neither Keras nor TensorFlow: a sub-module is loaded
when it is first used, as in `cnnkit.data.load_digits()` or `from cnnkit import data`.
"""

import importlib

__version__ = "0.1.0"
__all__ = [
    "data",
    "exercises",
    "explain",
    "explore",
    "geometry",
    "layers",
    "models",
    "reference",
    "study",
    "viz",
]


def __getattr__(name):
    if name in __all__:
        return importlib.import_module(f"cnnkit.{name}")
    raise AttributeError(f"module 'cnnkit' has no attribute {name!r}")


def load_ipython_extension(shell):
    """What `%load_ext cnnkit` does, before a notebook's imports.

    Keras starts, without TensorFlow's log, and from now on a proof that fails tells so in a
    sentence.
    """
    from cnnkit._places import without_tensorflow_log
    from cnnkit._proofs import let_proofs_tell

    let_proofs_tell(shell)
    with without_tensorflow_log():
        importlib.import_module("keras")


def __dir__():
    return sorted([*globals(), *__all__])
