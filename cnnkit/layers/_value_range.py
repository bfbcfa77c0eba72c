"""Whether images have the range that they are said to have."""

import keras
from keras import ops

from cnnkit.layers._require import require

_TOLERANCE = 0.1  # resizing with cubic curves may overshoot by so much of the range
_TOO_DARK = 1 / 255  # images of 0 to 1 use no more of (0, 255)


def check_pixels(images, value_range):
    """Raise an error if the pixels of images do not fit `value_range`.

    They do not fit if some lie outside of it by more than a tenth of it, or if they are floats that
    all lie in its lowest 1/255. In a graph of TensorFlow the check runs with the graph; in code
    that XLA or JAX compiles there is none.

    Raises:
        ValueError: If they do not fit; in a graph `tf.errors.InvalidArgumentError`.
    """
    low, high = value_range
    margin = _TOLERANCE * (high - low)
    pixels = ops.cast(images, "float32")  # PyTorch has no least of uint16
    lowest, highest = ops.min(pixels), ops.max(pixels)
    fits = (lowest >= low - margin) & (highest <= high + margin)
    if "float" in keras.backend.standardize_dtype(images.dtype):
        uses_range = highest > low + _TOO_DARK * (high - low)
        fits = fits & (uses_range | (lowest == highest))
    require(
        fits,
        f"`value_range` must fit the pixels of the images: value_range={value_range}. "
        "Received images with pixels from",
        lowest,
        highest,
    )
