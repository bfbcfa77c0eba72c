"""Small images of printed characters, each at another place and a little turned."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_SIZE = 16


def draw_characters(characters, n, seed=0):
    """Draw characters, turned by up to 10 degrees, as a set of images with labels.

    Args:
        characters: A string of at least one character, such as "bdpq": the classes.
        n: Number of images.
        seed: Integer of 0 or more, for the same images each time.

    Returns:
        `(images, labels)`: a uint8 array of shape `(n, 16, 16, 1)`, white on black, and an int64
        array of shape `(n,)` of indices into `characters`.

    Raises:
        ValueError: If there is no character, or `n` is not positive.
    """
    if not isinstance(characters, str) or not characters:
        raise ValueError(f"`characters` must be a string, not empty. Received: {characters!r}")
    if n < 1:
        raise ValueError(f"`n` must be positive. Received: {n=}")
    rng = np.random.default_rng(seed)
    labels, font = rng.integers(len(characters), size=n), ImageFont.load_default(15)
    images = np.zeros((n, _SIZE, _SIZE, 1), np.uint8)
    for image, label in zip(images, labels, strict=True):
        picture, place = Image.new("L", (_SIZE, _SIZE)), (rng.uniform(6, 10), rng.uniform(4, 8))
        ImageDraw.Draw(picture).text(place, characters[label], 255, font, anchor="mm")
        angle = rng.uniform(-10, 10)
        image[..., 0] = picture.rotate(angle, Image.Resampling.BILINEAR)
    return images, labels
