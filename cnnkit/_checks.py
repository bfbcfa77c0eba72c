"""Checks of arguments that several rooms share."""

import inspect
import warnings
from numbers import Integral, Real

import numpy as np


def as_numbers(**arrays):
    """Convert everything to arrays of one dtype.

    Floats become the largest float dtype among them. Integers and booleans become int64: sums of
    products of 8-bit pixels do not fit into 8 bits.

    Args:
        **arrays: What to convert, each under the name of its argument.

    Returns:
        A list of arrays, in the order given.

    Raises:
        TypeError: If one does not hold real numbers.
    """
    arrays = {name: np.asarray(array) for name, array in arrays.items()}
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise TypeError(
                f"`{name}` must hold integers or floats. Received: {name} of dtype {array.dtype}"
            )
    dtype = np.result_type(*arrays.values())
    dtype = dtype if dtype.kind == "f" else np.int64
    return [array.astype(dtype, copy=False) for array in arrays.values()]


def check_axes(array, name, axes):
    """Raise a ValueError unless `array` has as many dimensions as `axes` has names."""
    if array.ndim != len(axes):
        raise ValueError(
            f"`{name}` must have the shape ({', '.join(axes)}). Received: {name} of shape "
            f"{array.shape}"
        )


def check_gradient(output_gradient, shape, what):
    """Raise a ValueError unless a gradient has the shape of what it belongs to."""
    if output_gradient.shape != shape:
        raise ValueError(
            f"`output_gradient` must have the shape of {what}, {shape}. "
            f"Received: output_gradient of shape {output_gradient.shape}"
        )


def check_kernel_size(sizes, name):
    """Raise a ValueError if a kernel has no values along an axis."""
    if min(sizes) < 1:
        raise ValueError(
            f"`{name}` must have at least one value along each axis of the kernel. "
            f"Received: a kernel of size {tuple(sizes)}"
        )


def is_integer(value):
    """Whether `value` is an integer, of Python or of NumPy. True and False are none."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def check_positive(value, name):
    """Raise a ValueError unless `value` is an integer above 0."""
    if not is_integer(value) or value < 1:
        raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")


def as_pair(value, name):
    """Convert `value` to `(vertical, horizontal)`, two integers of Python, which do not overflow.

    Raises:
        ValueError: If it is neither a positive integer nor a pair of them.
    """
    pair = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2 or not all(is_integer(n) and n > 0 for n in pair):
        raise ValueError(
            f"`{name}` must be a positive integer or a pair of them. Received: {name}={value!r}"
        )
    return int(pair[0]), int(pair[1])


def as_generator(seed):
    """Make a seed a `numpy.random.Generator`; one that is given is drawn from.

    Raises:
        ValueError: If it is neither None, nor an integer of at least 0, nor a Generator.
    """
    if seed is None or isinstance(seed, np.random.Generator):
        return np.random.default_rng(seed)
    if not is_integer(seed) or seed < 0:
        raise ValueError(
            "`seed` must be None, an integer of at least 0 or a numpy.random.Generator. "
            f"Received: seed={seed!r}"
        )
    return np.random.default_rng(int(seed))


def as_integer_seed(seed):
    """Make a seed an integer, for what takes no generator: a Generator gives one, None draws one.

    Raises:
        ValueError: As in `as_generator`, and if the integer is 2**32 or more.
    """
    generator = as_generator(seed)
    if not is_integer(seed):
        return int(generator.integers(1 << 32))
    check_integer_seed(seed)
    return int(seed)


def check_integer_seed(seed):
    """Raise a ValueError unless `seed` is an integer that every library takes for a seed."""
    if not is_integer(seed) or not 0 <= seed < 1 << 32:
        raise ValueError(f"`seed` must be an integer of 0..2**32-1. Received: seed={seed!r}")


def check_finite(array, name):
    """Raise a ValueError, with a count, if `array` holds NaN or infinite values."""
    n_nan, n_infinite = int(np.isnan(array).sum()), int(np.isinf(array).sum())
    if n_nan or n_infinite:
        raise ValueError(
            f"`{name}` must hold finite values. Received: an array of shape {array.shape} with "
            f"{n_nan} NaN and {n_infinite} infinite values"
        )


def ascending_pair(value, name):
    """Convert `value` to two floats, `(low, high)`.

    Raises:
        ValueError: If it is not a pair of finite numbers, the lower one first.
    """
    pair = tuple(value) if isinstance(value, (tuple, list, np.ndarray)) else ()
    is_number = (isinstance(n, Real) and np.isfinite(n) for n in pair)
    if len(pair) != 2 or not all(is_number) or not pair[0] < pair[1]:
        raise ValueError(
            f"`{name}` must be two finite numbers (low, high) with low < high. "
            f"Received: {name}={value!r}"
        )
    return float(pair[0]), float(pair[1])


def check_model(model):
    """Raise a TypeError unless `model` is a Keras model."""
    import keras  # here, as not all that is checked needs Keras, which takes seconds to import

    if not isinstance(model, keras.Model):
        raise TypeError(f"`model` must be a Keras model. Received: model={model!r}")


def check_built(model):
    """Raise a ValueError unless a Keras model is built."""
    if not model.built:
        raise ValueError(
            "`model` must be built: call it once on a batch of images, or call `model.build`. "
            f"Received: {model.name!r}, a {type(model).__name__} that is not built"
        )


def check_not_negative(value, name):
    """Raise a ValueError unless `value` is a number from 0."""
    if not value >= 0:
        raise ValueError(f"`{name}` must not be negative. Received: {name}={value!r}")


def warn(message):
    """Warn, and point to the line of the user's that called this package."""
    n, frame = 1, inspect.currentframe()
    while frame.f_back and frame.f_globals.get("__name__", "").split(".")[0] == "cnnkit":
        n, frame = n + 1, frame.f_back
    warnings.warn(message, stacklevel=n)
