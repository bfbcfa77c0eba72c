"""From a picture, a file or one of PIL's, to its pixels: the same way everywhere."""

import os
from pathlib import Path

import numpy as np
from PIL import Image

from cnnkit._checks import warn
from cnnkit.data._formats import check_values, n_levels, open_image
from cnnkit.data._value_ranges import value_ranges

_ORIENTATION = 0x0112  # the EXIF tag
_TURNS = {  # Pillow's own `exif_transpose` writes EXIF anew, which fails for some
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_GREY = ("1", "L", "LA", "La")


def decode(contents, reduction=1):
    """Decode a picture to RGB, as `read_image` does, but without a guess.

    Args:
        contents: The bytes of the file.
        reduction: Each `reduction` x `reduction` pixels are averaged to one.

    Returns:
        A uint8 array of shape `(height, width, 3)` in 0..255.

    Raises:
        ValueError: If the picture cannot be decoded whole, or if which of its values are black and
            white would be a guess.
    """
    picture = open_image(contents)
    image, guess = _upright(picture)
    if guess and n_levels(picture) is None:
        raise ValueError(f"its type has no range of its own. {guess} Save it with 8 or 16 bits")
    if image.mode != "RGB":  # else a large picture would be copied
        image = image.convert("RGB")
    return np.asarray(image if reduction == 1 else image.reduce(reduction))


def is_plain_jpeg(image):
    """Whether TensorFlow's quick JPEG decoder makes the same picture as `decode`."""
    return image.format == "JPEG" and image.mode in ("L", "RGB") and _orientation(image) == 1


def read_image(path):
    """Read a photo of your own, in colour.

    Args:
        path: A picture file, whatever its name ends in, or a PIL picture; see `as_pixels`.

    Returns:
        A uint8 array of shape `(height, width, 3)` in 0..255, upright.

    Raises:
        ValueError: If the file cannot be read, with the reason; a file that is cut off is not read
            even where a part of the picture could be shown.

    Example:

    >>> from PIL import Image
    >>> from cnnkit import data
    >>> Image.fromarray(data.load_photo("cat")).save("my_cat.jpg")
    >>> data.read_image("my_cat.jpg").shape
    (300, 451, 3)
    """
    return np.asarray(_read(path).convert("RGB"))


def as_pixels(picture):
    """Turn a picture file, or a PIL picture, into pixels; both give the same.

    The picture is turned upright as its EXIF orientation says. Transparent parts show white. 16-bit
    values are scaled from 0..65535 to 0..255. Other types, PIL's modes I and F, have no range of
    their own: values that are not in 0..1 or 0..255 are scaled with a warning that says from where.
    Of an animation, or a file of several pages, the first is read, with a warning; a PIL picture
    is the page that it is at. Colour profiles are not applied.

    Args:
        picture: A PIL picture of any mode, or the path of an AVIF, BMP, GIF, ICO, JPEG, JPEG 2000,
            PNG, PBM, PGM, PPM, TGA, TIFF or WebP file, or of a HEIC file if pillow-heif is
            installed, whatever its name ends in.

    Returns:
        A uint8 array in 0..255, of shape `(height, width)` for a grey picture and
        `(height, width, 3)` for a colour one.

    Raises:
        ValueError: As in `read_image`.

    Example:

    >>> from PIL import Image
    >>> from cnnkit import data
    >>> picture = Image.fromarray(data.load_photo("cat"))
    >>> data.as_pixels(picture.convert("L")).shape, data.as_pixels(picture).shape
    ((300, 451), (300, 451, 3))
    """
    return np.asarray(_read(picture))


def _read(picture):
    """A PIL picture of mode L or RGB; what is guessed or left out is said in a warning."""
    if isinstance(picture, Image.Image):
        name, image, several = "The PIL picture", picture, False
    elif isinstance(picture, str | os.PathLike):
        name = path = Path(picture).expanduser()
        if not path.is_file():
            raise FileNotFoundError(f"`path` must be a picture file. Received: path={str(path)!r}")
        image, several = _open(path)
    else:
        raise TypeError(
            "`path` must be the path of a picture file or a PIL picture. "
            f"Received: {type(picture).__name__}"
        )
    try:
        image, guess = _upright(image)
    except ValueError as error:
        raise ValueError(f"{name} cannot be used: {error}") from error
    if guess:
        warn(f"{name}: {guess} To choose, scale the values yourself, as an array.")
    if several:
        warn(f"{name} has several frames or pages: the first is read.")
    return image


def _open(path):
    """The picture of a file, and whether there are more in it."""
    contents = path.read_bytes()
    try:
        return open_image(contents), _has_more(open_image(contents))
    except ValueError as error:
        raise ValueError(f"{path} cannot be used: {error}") from error


def _has_more(image):
    """Whether there is a second frame or page; `image` may be at another one afterwards."""
    if image.format == "MPO":  # the others are a second eye's view, or a map of brightness
        return False
    try:
        return getattr(image, "is_animated", False)
    except Exception:  # there is one, and it is damaged
        return True


def _upright(image):
    """The picture in mode L or RGB, upright, and in words what was guessed of its values."""
    try:
        image.load()
    except MemoryError:
        raise
    except Exception as error:  # Pillow raises a dozen kinds for odd files
        if getattr(image, "fp", image) is None:
            raise ValueError("its file was closed before it was decoded") from error
        raise ValueError(f"damaged: {error}") from error
    check_values(image)
    levels, guess = n_levels(image), ""
    turn = _TURNS.get(_orientation(image))
    if turn is not None:
        image = image.transpose(turn)
    is_deep = image.mode == "F" or image.mode.startswith("I")
    mode = "L" if is_deep or image.mode in _GREY else "RGB"
    if is_deep:
        image, guess = _to_8_bits(image, levels)
    if image.has_transparency_data:
        image = image.convert("LA" if image.mode == "La" else "RGBA").convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image if image.mode == mode else image.convert(mode), guess


def _orientation(image):
    """How the camera was held, as EXIF numbers it; odd EXIF is no reason to lose a photo."""
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except Exception:  # Pillow raises a dozen kinds for odd files
        return 1


def _to_8_bits(image, levels):
    """A picture of mode I;16, I or F as one of mode L, and in words what was guessed.

    Args:
        image: The picture.
        levels: How many values a pixel may have, or None if that is not known.
    """
    values = np.asarray(image)
    if not np.isfinite(values).all():
        raise ValueError("it has NaN or infinite values")
    if levels is None:
        ((low, high),), guess = value_ranges([values])
        scaled = (values.astype(np.float32) - low) * (255 / (high - low))
        pixels = scaled.round().clip(0, 255).astype(np.uint8)
    else:
        _, guess = value_ranges([values.astype(np.uint16)]) if levels == 1 << 16 else (None, "")
        table = np.round(np.linspace(0, 255, levels)).astype(np.uint8)
        pixels = table[values]
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):  # the one value that a PNG calls so
        pixels = np.where(values == transparent, np.uint8(255), pixels)
    return Image.fromarray(pixels), guess


def largest_reduction(height, width, size):
    """The largest of 1, 2, 4 and 8 that leaves at least `size` pixels a side: decoding at a
    fraction is quicker, and averaging before resizing avoids aliasing."""
    return max(r for r in (1, 2, 4, 8) if r == 1 or min(height, width) // r >= size)
