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
    low, high = float(array.min()), float(array.max())
    steps = np.round((array - low) * (255 / (high - low) if high > low else 0))
    return as_text(steps, np.uint8) | {"low": low, "high": high}
