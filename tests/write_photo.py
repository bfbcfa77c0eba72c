"""A small random picture file, for tests."""

import numpy as np
from PIL import Image


def write_photo(path, seed=0, size=(40, 30), **options):
    """Write a smooth random colour picture; `size` is (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (4, 5, 3), dtype=np.uint8))
    picture = small.resize(size, Image.Resampling.BICUBIC)
    picture.save(path, **options)
    return picture
