"""From the bytes of a picture file to an array, the same way everywhere."""

import contextlib
import io
import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
MAX_PIXELS = 100_000_000
_ORIENTATION = 0x0112  # the EXIF tag


def open_image(contents):
    """Open a picture without decoding it.

    Args:
        contents: The bytes of a JPEG, PNG, WebP, GIF or BMP file.

    Returns:
        A `PIL.Image.Image`.

    Raises:
        ValueError: If these bytes are no such picture, or one of more than `MAX_PIXELS` pixels.
    """
    if not contents:
        raise ValueError("the file is empty")
    try:
        image = Image.open(io.BytesIO(contents), formats=FORMATS)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"not a {', '.join(FORMATS[:-1])} or {FORMATS[-1]} picture") from error
    if image.width * image.height > MAX_PIXELS:
        raise ValueError(f"over {MAX_PIXELS:,} pixels: {image.width:,} x {image.height:,}")
    return image


def decode(contents, reduction=1):
    """Decode a picture to RGB, turned upright as its EXIF orientation says.

    Transparent parts show white, 16-bit values are scaled to 8 bits, of an animation the first
    frame counts.

    Args:
        contents: The bytes of the file.
        reduction: Each `reduction` x `reduction` pixels are averaged to one.

    Returns:
        A uint8 array of shape `(height, width, 3)` in 0..255.

    Raises:
        ValueError: If the picture cannot be decoded whole.
    """
    image = open_image(contents)
    try:
        image.load()
        with contextlib.suppress(struct.error, TypeError):  # odd EXIF is no reason to lose a photo
            ImageOps.exif_transpose(image, in_place=True)
        if image.mode.startswith("I"):
            image = Image.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8))
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        if image.mode != "RGB":  # else a large picture would be copied
            image = image.convert("RGB")
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ValueError(f"damaged: {error}") from error
    return np.asarray(image if reduction == 1 else image.reduce(reduction))


def is_plain_jpeg(image):
    """Whether TensorFlow's quick JPEG decoder makes the same picture as `decode`."""
    return (
        image.format == "JPEG"
        and image.mode in ("L", "RGB")
        and image.getexif().get(_ORIENTATION, 1) == 1
    )


def read_image(path):
    """Read a photo of your own.

    Args:
        path: A JPEG, PNG, WebP, GIF or BMP file, whatever its name ends in.

    Returns:
        A uint8 array of shape `(height, width, 3)` in 0..255, upright.

    Raises:
        ValueError: If the file is cut off, even where a part of the picture could be shown.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"`path` must be a picture file. Received: path={str(path)!r}")
    try:
        return decode(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} cannot be used: {error}") from error


def largest_reduction(height, width, size):
    """The largest of 1, 2, 4 and 8 that leaves at least `size` pixels a side: decoding at a
    fraction is quicker, and averaging before resizing avoids aliasing."""
    return max(r for r in (1, 2, 4, 8) if r == 1 or min(height, width) // r >= size)
