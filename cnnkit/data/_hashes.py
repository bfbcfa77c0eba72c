"""What a picture looks like, in 256 bits."""

import numpy as np
from PIL import Image
from scipy.fft import dctn

MAX_DISTANCE = 32  # of 255 bits; unrelated photos differ in 80 and more
_ROWS = 1000  # compared with all others at a time


def perceptual_hash(image):
    """Describe what a picture looks like, whatever its size and encoding.

    The picture becomes 32 x 32 gray values. Of their discrete cosine transform the 16 x 16 lowest
    frequencies but the mean are kept, one bit each: above their median or not.

    Args:
        image: A `PIL.Image.Image`.

    Returns:
        256 bits as 64 hexadecimal digits, or `""` for a picture of one colour.
    """
    gray = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.BOX), np.float64)
    if np.ptp(gray) < 8:
        return ""
    frequencies = dctn(gray, norm="ortho")[:16, :16].ravel()
    frequencies[0] = -np.inf  # the mean: brightness does not count
    return np.packbits(frequencies > np.median(frequencies[1:])).tobytes().hex()


def similar_pairs(hashes):
    """Pairs of indices, `(n, 2)`, whose hashes differ in `MAX_DISTANCE` bits at most."""
    index = np.array([i for i, text in enumerate(hashes) if text], int)
    if not len(index):
        return np.empty((0, 2), int)
    bits = [np.unpackbits(np.frombuffer(bytes.fromhex(hashes[i]), np.uint8)) for i in index]
    signs = 2 * np.array(bits, np.float32) - 1
    pairs = []
    for start in range(0, len(index), _ROWS):
        distance = (256 - signs[start : start + _ROWS] @ signs.T) / 2
        a, b = np.nonzero(np.triu(distance <= MAX_DISTANCE, k=start + 1))
        pairs.append(np.stack([index[start + a], index[b]], axis=1))
    return np.concatenate(pairs)
