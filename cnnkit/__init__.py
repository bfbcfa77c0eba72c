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


def __dir__():
    return sorted([*globals(), *__all__])
