"""Whether an answer is the right one, or one of the usual mistakes."""

import numpy as np

EXACTNESS = 1e-4  # of a number with a fraction; and the same part of its size


def same(received, expected):
    """Whether both say the same: texts and whole numbers exactly, other numbers nearly.

    Two errors of the same kind are the same. A tuple may be a list or an array.
    """
    if isinstance(received, BaseException) or isinstance(expected, BaseException):
        return type(received) is type(expected)
    if isinstance(expected, str):
        return isinstance(received, str) and received == expected
    if isinstance(expected, tuple) and any(map(np.ndim, expected)):
        items = parts(received, len(expected))
        return items is not None and all(same(*pair) for pair in zip(items, expected, strict=True))
    array, expected = numbers(received), np.asarray(expected)
    if array is None or array.shape != expected.shape or not fits(array, expected):
        return False
    return bool(close(array, expected).all())


def parts(received, count):
    """The items of a tuple or a list of so many, or None if it is something else."""
    right = isinstance(received, tuple | list) and len(received) == count
    return tuple(received) if right else None


def numbers(received):
    """An array of what was received, or None if it holds anything but real numbers."""
    try:
        array = np.asarray(received)
    except ValueError:  # rows of different lengths
        return None
    return array if array.dtype.kind in "biuf" else None


def fits(array, expected):
    """Whether the type does: pixels stay pixels, all else may be any kind of number."""
    return expected.dtype != np.uint8 or array.dtype.kind == "u"


def close(array, expected, exactness=EXACTNESS):
    """Where two arrays of one shape hold the same numbers."""
    relative = exactness if expected.dtype.kind == "f" else 0  # whole numbers are exact
    return np.isclose(array, expected, relative, exactness, equal_nan=True)
