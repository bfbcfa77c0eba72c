"""Which values show black and white in an image."""

import numpy as np

_OWN = {np.dtype(bool): (0, 1), np.dtype(np.uint8): (0, 255), np.dtype(np.uint16): (0, 65535)}
_DARK = 4096  # below this, values of 16 bits rather come from a camera of 12, or of 8


def value_ranges(images):
    """Find the values that show black and white.

    bool, uint8 and uint16 have their own ranges: 0..1, 0..255 and 0..65535. All images of other
    types, which have none, share one: 0..1 if no value is above 1.5, else 0..255; else, and this
    is a guess, from 0 to the largest value if one is above 255, and symmetric about 0 if a value
    is negative.

    Args:
        images: A list of arrays of real, finite numbers.

    Returns:
        A list with one pair `(low, high)` for each image; and a sentence that says what was
        guessed, or `""`. It also speaks of uint16 that uses less than 4096 of its 65536 values.

    Example:

    >>> import numpy as np
    >>> from cnnkit import data
    >>> ranges, guess = data.value_ranges([np.zeros((8, 8), "uint8"), np.linspace(0, 1, 64)])
    >>> ranges, guess
    ([(0, 255), (0, 1)], '')
    """
    types = [image.dtype.newbyteorder("=") for image in images]
    pairs = list(zip(images, types, strict=True))
    shared, guess = _shared([image for image, dtype in pairs if dtype not in _OWN])
    deep = max((image.max() for image, dtype in pairs if dtype == np.uint16), default=0)
    if 0 < deep < _DARK:
        guess += (
            f" The images are of uint16 with no value above {deep}: black stands for 0 and white "
            "for 65535."
        )
    return [_OWN.get(dtype, shared) for dtype in types], guess.strip()


def _shared(images):
    low = min((image.min() for image in images), default=0)
    high = max((image.max() for image in images), default=0)
    if low < 0:
        limit = float(max(-float(low), high))
        stand = f"black stands for {-limit:.4g} and white for {limit:.4g}."
        return (-limit, limit), f"The images have negative values: {stand}"
    if high > 255.5:  # resizing may leave a little more than 255
        limit = float(high)
        stand = f"black stands for 0 and white for {limit:.5g}."
        return (0, limit), f"The images have values above 255: {stand}"
    return ((0, 255) if high > 1.5 else (0, 1)), ""
