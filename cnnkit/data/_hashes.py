"""Which pictures look the same: a perceptual hash, and groups of equal ones."""

from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy.fft import dctn
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

MAX_DISTANCE = 32  # of 255 bits; unrelated photos differ in 80 and more
_ROWS = 1000  # compared with all others at a time


class Duplicates(NamedTuple):
    """Pictures that look the same: their paths, and whether all bytes of the files agree."""

    names: tuple
    exact: bool


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


def group_duplicates(files):
    """Group what is equal or nearly equal.

    Args:
        files: A dictionary from name to a dictionary with `digest` and `hash`.

    Returns:
        A list of `Duplicates`, in the order of their first names.
    """
    names = sorted(files)
    if not names:
        return []
    digests = np.array([files[name]["digest"] for name in names])
    _, first = np.unique(digests, return_inverse=True)
    _, representative = np.unique(first, return_index=True)
    same = np.stack([np.arange(len(names)), representative[first]], axis=1)
    links = np.concatenate([same, _similar([files[name]["hash"] for name in names])])
    graph = coo_array((np.ones(len(links)), links.T), shape=(len(names),) * 2)
    _, component = connected_components(graph, directed=False)
    groups = [np.flatnonzero(component == i) for i in np.flatnonzero(np.bincount(component) > 1)]
    return [
        Duplicates(tuple(names[i] for i in group), len(set(digests[group])) == 1)
        for group in sorted(groups, key=lambda group: group[0])
    ]


def _similar(hashes):
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
