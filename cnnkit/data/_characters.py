"""Small images of printed characters, each at another place and a little turned."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cnnkit._checks import as_generator, check_positive

_SIZE = 16


def draw_characters(characters, n, *, seed=None):
    """Draw characters, turned by up to 10 degrees, as a set of images with labels.

    Args:
        characters: A string of at least one character, such as "bdpq": the classes.
        n: Number of images.
        seed: An integer gives the same images at each call, None others; a
            `numpy.random.Generator` is drawn from.

    Returns:
        `(images, labels)`: a uint8 array of shape `(n, 16, 16)`, white on black, and an int32
        array of shape `(n,)` of indices into `characters`.

    Example:

    >>> from cnnkit import data
    >>> images, labels = data.draw_characters("bdpq", 100, seed=0)
    >>> images.shape, sorted(set(labels.tolist()))
    ((100, 16, 16), [0, 1, 2, 3])
    """
    if not isinstance(characters, str) or not characters:
        raise ValueError(f"`characters` must be a string, not empty. Received: {characters=}")
    check_positive(n, "n")
    rng = as_generator(seed)
    labels, font = rng.integers(len(characters), size=n), ImageFont.load_default(15)
    images = np.zeros((n, _SIZE, _SIZE), np.uint8)
    for image, label in zip(images, labels, strict=True):
        picture, place = Image.new("L", (_SIZE, _SIZE)), (rng.uniform(6, 10), rng.uniform(4, 8))
        ImageDraw.Draw(picture).text(place, characters[label], 255, font, anchor="mm")
        angle = rng.uniform(-10, 10)
        image[:] = picture.rotate(angle, Image.Resampling.BILINEAR)
    return images, labels.astype(np.int32)
