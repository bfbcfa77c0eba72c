"""Which picture files are read, and why others are not."""

import contextlib
import importlib
import importlib.util
import io

import PIL
from PIL import Image, features

# Each has a decoder in Pillow that starts no other program. TGA, which begins with no mark of its
# own, comes last.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM", "ICO", "TGA")
NAMES = "AVIF, BMP, GIF, HEIC, ICO, JPEG, JPEG 2000, PBM, PGM, PNG, PPM, TGA, TIFF and WebP"
MAX_PIXELS = 100_000_000
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_UNREADABLE = {  # of which Pillow knows nothing
    "JPEG XL": (b"\xff\x0a", b"\0\0\0\x0cJXL "),
    "OpenEXR": (b"v/1\x01",),
    "Radiance HDR": (b"#?RADIANCE", b"#?RGBE"),
    "GIMP": (b"gimp xcf",),
    "PDF": (b"%PDF",),
    "SVG": (b"<svg",),
}
_RAW = "a camera's raw file, of which Pillow reads a preview only: export it as JPEG, PNG or TIFF"
_BITS, _PHOTOMETRIC, _SAMPLE_FORMAT, _SUBFILE, _DNG = 258, 262, 339, 254, 50706  # tags of TIFF
_UNSIGNED, _SIGNED = 1, 2


def open_image(contents):
    """Open a picture without decoding it.

    Args:
        contents: The bytes of a picture file.

    Returns:
        A `PIL.Image.Image`.

    Raises:
        ValueError: If these bytes are no picture that can be read, with the reason, or one of more
            than `MAX_PIXELS` pixels.
    """
    if not contents:
        raise ValueError("the file is empty")
    if contents[:2] in (b"II", b"MM") and contents[8:10] == b"CR":
        raise ValueError(_RAW)
    _check_support(contents)
    formats = [name for name in (*FORMATS, "HEIF") if name in Image.OPEN]
    try:
        image = Image.open(io.BytesIO(contents), formats=formats)
    except Image.DecompressionBombError as error:
        raise ValueError(f"over {MAX_PIXELS:,} pixels: {error}") from error
    except MemoryError:
        raise
    except Exception as error:  # Pillow raises a dozen kinds for odd files
        raise ValueError(_why_not(contents)) from error
    if image.width * image.height > MAX_PIXELS:
        raise ValueError(f"over {MAX_PIXELS:,} pixels: {image.width:,} x {image.height:,}")
    return image


def abilities():
    """What decides here, besides a file's bytes, whether it is read: a text."""
    has_heif = bool(importlib.util.find_spec("pillow_heif")) or "HEIF" in Image.OPEN
    return f"Pillow {PIL.__version__}, {', '.join(features.get_supported_codecs())}, {has_heif=}"


def check_values(image):
    """Raise a ValueError for a picture whose values Pillow takes for others.

    Args:
        image: A `PIL.Image.Image` that is loaded.
    """
    sample_format = _tag(image, _SAMPLE_FORMAT)
    if (_tag(image, _SUBFILE) or 0) & 1 or _DNG in getattr(image, "tag_v2", {}):
        raise ValueError(_RAW)
    if _tag(image, _PHOTOMETRIC) == 0 and image.mode not in ("1", "L"):
        raise ValueError("a TIFF picture in which 0 is white, which Pillow reads for up to 8 bits")
    if sample_format == _SIGNED and image.mode == "L":
        raise ValueError("a TIFF picture of signed 8-bit values, which Pillow reads as unsigned")
    is_unsigned = image.format == "TIFF" and sample_format in (_UNSIGNED, None)
    if is_unsigned and image.mode == "I" and image.getextrema()[0] < 0:
        raise ValueError("a TIFF picture with values above 2**31, which Pillow reads as negative")
    color = image.info.get("transparency")
    if isinstance(color, tuple) and max(color) > 255:
        raise ValueError("a PNG picture of 16 bits with a transparent colour, which Pillow misses")


def _tag(image, number):
    """The first value of a tag of TIFF, or None if there is none."""
    value = getattr(image, "tag_v2", {}).get(number)
    value = value[0] if isinstance(value, tuple) and value else value
    return value if isinstance(value, int) else None


def n_levels(image):
    """How many values a pixel of mode I or F may have, or None if that is not known.

    Args:
        image: A `PIL.Image.Image`.
    """
    if image.mode.startswith("I;16"):
        return 1 << (_tag(image, _BITS) or 16)
    return 1 << 16 if image.mode == "I" and image.format == "PPM" else None  # which has no more


def _check_support(contents):
    """Raise a ValueError for a picture that Pillow reads elsewhere, but not here."""
    Image.init()
    begins = _begins_like(contents)
    missing = [name for name, accepted in begins.items() if isinstance(accepted, str)]
    if "JPEG2000" in begins and not features.check("jpg_2000"):
        missing.append("JPEG2000")
    if missing and missing[0] in FORMATS:
        raise ValueError(
            f"a {missing[0]} picture, which the Pillow that is installed ({PIL.__version__}) "
            "cannot read: pip install --upgrade pillow"
        )
    if _is_heic(contents) and "HEIF" not in Image.OPEN:
        with contextlib.suppress(ImportError):
            importlib.import_module("pillow_heif").register_heif_opener()
        if "HEIF" not in Image.OPEN:
            raise ValueError(
                "a HEIC picture, which Pillow alone cannot read: pip install pillow-heif, or "
                "export it as JPEG"
            )


def _is_heic(contents):
    """Whether the box at the start names a kind of HEIC, as its own or among the compatible."""
    brands = contents[8 : min(int.from_bytes(contents[:4], "big"), 256)]
    names = {brands[i : i + 4] for i in range(0, len(brands), 4)}
    return contents[4:8] == b"ftyp" and bool(names & _HEIC_BRANDS)


def _why_not(contents):
    begins = _begins_like(contents)
    known = [name for name in FORMATS if name in begins]
    if known:
        try:
            Image.OPEN[known[0]][0](io.BytesIO(contents), "")
            error = "its size is none"
        except Exception as error_of_pillow:
            error = error_of_pillow
        return f"a {known[0]} picture, damaged or of a kind that Pillow does not know: {error}"
    others = [name for name, starts in _UNREADABLE.items() if contents.startswith(starts)]
    others += [name for name in begins if name != "HEIF"]
    if others:
        return f"{others[0]} is not read here: save the picture as PNG, JPEG or TIFF"
    start = contents[:16].decode("ascii", "backslashreplace")
    return f"in none of the formats that are read, {NAMES}; it begins with {start!r}"


def _begins_like(contents):
    """The formats of Pillow's that begin as these bytes do, and what Pillow says to each: True, or
    a text if it was built without the decoder."""
    start = contents[:16].ljust(16, b"\0")
    accepted = {name: accept(start) for name, (_, accept) in Image.OPEN.items() if accept}
    return {name: said for name, said in accepted.items() if said}
