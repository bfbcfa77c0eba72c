"""Which values black and white stand for in an image."""

import inspect
import warnings

import numpy as np

from cnnkit._checks import ascending_pair


def value_ranges(images, value_range="auto"):
    """The `(low, high)` of each image, chosen for all of them together.

    Args:
        images: A list of arrays.
        value_range: `"auto"`, or `(low, high)` for all images. `"auto"` means 0..255 for uint8,
            0..1 for bool, and for all other images together 0..1, or 0..255 if a value is above
            1.5, or symmetric about 0, with a warning, if a value is negative.

    Returns:
        A list with one `(low, high)` for each image.
    """
    if not isinstance(value_range, str):
        return [ascending_pair(value_range, "value_range")] * len(images)
    if value_range != "auto":
        raise ValueError(
            '`value_range` must be "auto" or (low, high) with low < high. '
            f"Received: value_range={value_range!r}"
        )
    shared = _shared([image for image in images if image.dtype not in (np.uint8, bool)])
    by_dtype = {np.dtype(np.uint8): (0, 255), np.dtype(bool): (0, 1)}
    return [by_dtype.get(image.dtype, shared) for image in images]


def _shared(images):
    low = min((image.min() for image in images), default=0)
    high = max((image.max() for image in images), default=0)
    if low >= 0:
        return (0, 255) if high > 1.5 else (0, 1)
    limit = float(max(-low, high))
    warnings.warn(
        f"The images have negative values: black stands for {-limit:.4g} and white for "
        f"{limit:.4g}. To choose, give `value_range=(low, high)`.",
        stacklevel=1 + _n_own_calls(),
    )
    return -limit, limit


def _n_own_calls():
    """How many of cnnkit's functions lie between the caller of this one and the user's line."""
    n, frame = 0, inspect.currentframe().f_back
    while frame.f_back and frame.f_globals.get("__name__", "").split(".")[0] == "cnnkit":
        n, frame = n + 1, frame.f_back
    return n
