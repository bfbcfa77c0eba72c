"""Arrays as text: how the snapshot carries them."""

import base64

import numpy as np


def as_text(array, dtype=np.float32):
    """An array as the snapshot has it: a dictionary of its dtype, its shape and base64 text."""
    array = np.ascontiguousarray(array, np.dtype(dtype).newbyteorder("<"))
    data = base64.b64encode(array.tobytes()).decode()
    return {"dtype": np.dtype(dtype).name, "shape": list(array.shape), "data": data}


def in_bytes(array):
    """An array of floats in 256 steps between its smallest and its largest value, "low", "high"."""
    return in_steps(array, np.uint8)


def in_steps(array, dtype=np.uint16):
    """An array of floats in as many steps as an unsigned integer of this dtype has values."""
    low, high = float(array.min()), float(array.max())
    largest = np.iinfo(dtype).max
    share = (np.asarray(array, np.float64) - low) / ((high - low) or 1)
    return as_text(np.round(share * largest), dtype) | {"low": low, "high": high}
