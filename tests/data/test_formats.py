"""What is a picture is read; what is not read is refused with the true reason."""

import io
import struct
import sys
import types
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, features

from cnnkit import data
from cnnkit.data import _formats as module
from cnnkit.data._decode import decode
from cnnkit.data._formats import open_image

SMOOTH = np.add.outer(np.arange(32), np.arange(40)).astype(np.uint8)[..., None] * [1, 2, 3]


def encode(image, form, **options):
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


PHOTO = Image.fromarray(SMOOTH.astype(np.uint8))


@pytest.mark.parametrize("form", module.FORMATS)
def test_every_format_under_a_wrong_name(tmp_path, form):
    if form == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow lacks it")
    options = {
        "AVIF": {"quality": 98, "subsampling": "4:4:4"},
        "ICO": {"sizes": [PHOTO.size]},
        "JPEG": {"quality": 98, "subsampling": 0},
        "WEBP": {"lossless": True},
    }.get(form, {})
    PHOTO.save(tmp_path / "photo.XYZ", form, **options)
    assert data.find_bad_images(tmp_path) == {}
    pixels = data.read_image(tmp_path / "photo.XYZ")
    assert np.abs(pixels - SMOOTH).max() <= (6 if form in ("AVIF", "JPEG") else 0)


@pytest.mark.parametrize("form", module.FORMATS)
def test_a_file_cut_anywhere_is_never_half_shown(form):
    if form == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow lacks it")
    noise = Image.effect_noise((40, 32), 90).convert("RGB")
    contents = encode(noise, form)
    for end in np.linspace(1, len(contents) * 0.98, 12).astype(int):
        with warnings.catch_warnings(action="ignore"), pytest.raises(ValueError):
            decode(contents[:end])


def test_a_second_frame_that_is_damaged(tmp_path):
    frames = [Image.effect_noise((60, 50), 80).quantize(64) for _ in range(2)]
    contents = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    for end in range(len(contents) * 2 // 3, len(contents), 97):
        (tmp_path / "cut.gif").write_bytes(contents[:end])
        with pytest.warns(UserWarning, match="several frames"):
            pixels = data.read_image(tmp_path / "cut.gif")
        assert np.array_equal(pixels, np.asarray(frames[0].convert("RGB")))


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
def test_thin_pictures(size):
    for form in ("PNG", "JPEG", "WEBP", "TIFF"):
        assert (decode(encode(Image.new("RGB", size, "white"), form)) == 255).all()


@pytest.mark.parametrize("mark_of_adobe", [True, False])
def test_cmyk_jpeg(mark_of_adobe):
    """255 stands for no ink, as Adobe's programs write it; browsers read all such files so."""
    contents = encode(Image.new("CMYK", (16, 16), (0, 200, 100, 0)), "JPEG", quality=100)
    at = contents.index(b"\xff\xee")
    assert contents[at + 4 : at + 9] == b"Adobe"
    contents = contents if mark_of_adobe else contents[:at] + contents[at + 16 :]
    assert np.abs(decode(contents) - [255, 55, 155]).max() <= 2


def test_pgm_of_twelve_bits():
    contents = b"P5 2 1 4095\n" + struct.pack(">HH", 4095, 1024)
    assert decode(contents)[0, :, 0].tolist() == [255, 64]


def png(bits, kind, rows, *, transparent=None):
    """A PNG file of one row, written by hand: Pillow writes no such."""

    def chunk(name, content):
        return (
            struct.pack(">I", len(content))
            + name
            + content
            + struct.pack(">I", zlib.crc32(name + content))
        )

    head = struct.pack(">IIBBBBB", 2, 1, bits, kind, 0, 0, 0)
    parts = [chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(b"\0" + rows)), chunk(b"IEND", b"")]
    if transparent:
        parts.insert(1, chunk(b"tRNS", struct.pack(f">{len(transparent)}H", *transparent)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_transparent_colors_of_png():
    grey = png(16, 0, struct.pack(">HH", 257, 514), transparent=[257])
    assert decode(grey)[0, :, 0].tolist() == [255, 2]
    color = png(8, 2, bytes([1, 2, 3, 4, 5, 6]), transparent=[1, 2, 3])
    assert decode(color)[0].tolist() == [[255, 255, 255], [4, 5, 6]]
    deep = png(16, 2, struct.pack(">6H", 257, 514, 771, 1, 2, 3), transparent=[257, 514, 771])
    with pytest.raises(ValueError, match="PNG picture of 16 bits with a transparent colour"):
        decode(deep)


def tiff(bits, values, *, sample_format=1, photometric=1, more=()):
    """A grey TIFF file of one row of two pixels, written by hand: Pillow writes no such."""
    tags = [(256, 2), (257, 1), (258, bits), (259, 1), (262, photometric), (273, 8), (277, 1)]
    tags += [(278, 1), (279, len(values)), (339, sample_format), *more]
    values += bytes(len(values) % 2)
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags))
    start = b"II*\0" + struct.pack("<I", 8 + len(values)) + values
    return start + struct.pack("<H", len(tags)) + directory + bytes(4)


@pytest.mark.parametrize(
    "contents, pixels",
    [
        (tiff(16, struct.pack("<HH", 514, 65535)), [2, 255]),
        (tiff(12, b"\xff\xf4\x00"), [255, 64]),
        (tiff(8, b"\x00\xff", photometric=0), [255, 0]),
        (tiff(32, struct.pack("<ii", 200, 7), sample_format=2), [200, 7]),
        (tiff(32, struct.pack("<ff", 0.2, 1), sample_format=3), [51, 255]),
    ],
)
def test_kinds_of_tiff(contents, pixels):
    assert decode(contents)[0, :, 0].tolist() == pixels
    assert data.as_pixels(Image.open(io.BytesIO(contents)))[0].tolist() == pixels


@pytest.mark.parametrize(
    "contents, words",
    [
        (tiff(16, bytes(4), photometric=0), "0 is white"),
        (tiff(8, bytes(2), sample_format=2), "signed 8-bit values"),
        (tiff(32, struct.pack("<II", 1 << 31, 0)), r"values above 2\*\*31"),
        (tiff(8, bytes(2), more=[(254, 1)]), "a camera's raw file, of which .* a preview only"),
        (tiff(8, bytes(2), more=[(50706, 1)]), "a camera's raw file"),
    ],
)
def test_tiff_that_pillow_would_read_wrong(contents, words):
    with pytest.raises(ValueError, match=words):
        decode(contents)
    with pytest.raises(ValueError, match=f"The PIL picture cannot be used: .*{words}"):
        data.as_pixels(Image.open(io.BytesIO(contents)))


HEIC = b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(50)


@pytest.mark.parametrize(
    "contents, words",
    [
        (b"", "the file is empty"),
        (b"<html>", "in none of the formats that are read, AVIF, .*; it begins with '<html>'"),
        (b"\x00", r"it begins with '\\x00'"),
        (tiff(64, bytes(16), sample_format=3), "TIFF picture, damaged or .*: unknown pixel mode"),
        (encode(PHOTO, "WEBP")[:-30], "a WEBP picture, damaged"),
        (encode(PHOTO, "SGI"), "SGI is not read here: save the picture as PNG, JPEG or TIFF"),
        (b"%!PS-Adobe-3.0\n%%BoundingBox: 0 0 9 9\n", "EPS is not read here: save the picture"),
        (b"\xff\x0a" + bytes(20), "JPEG XL is not read here: save the picture"),
        (b"II*\0\x10\0\0\0CR\2\0" + bytes(20), "a camera's raw file"),
        (HEIC, "a HEIC picture, .*: pip install pillow-heif, or export it as JPEG"),
    ],
)
def test_what_is_not_read_is_refused_with_the_reason(monkeypatch, contents, words):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)  # is not installed
    with pytest.raises(ValueError, match=words):
        open_image(contents)


def test_heic_with_the_plugin(monkeypatch):
    """The plugin's part is played: it knows the file, and shows something."""

    def register():
        monkeypatch.setitem(Image.OPEN, "HEIF", (lambda *_: PHOTO.copy(), lambda start: True))

    plugin = types.SimpleNamespace(register_heif_opener=register)
    monkeypatch.setitem(sys.modules, "pillow_heif", plugin)
    assert np.array_equal(decode(HEIC), SMOOTH)


@pytest.mark.parametrize("form, feature", [("WEBP", "webp"), ("JPEG2000", "jpg_2000")])
def test_a_pillow_without_a_decoder(monkeypatch, form, feature):
    contents = encode(PHOTO, form)
    monkeypatch.setattr(features, "check", lambda name: name != feature)
    if form == "WEBP":  # which says so when asked for the start of a file
        monkeypatch.setitem(Image.OPEN, form, (Image.OPEN[form][0], lambda start: "no support"))
    with pytest.raises(ValueError, match=f"a {form} picture, .* cannot read: pip install --upgr"):
        open_image(contents)


def test_a_huge_picture_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(module, "MAX_PIXELS", 2000)
    assert decode(encode(Image.new("RGB", (50, 40)), "PNG")).shape == (40, 50, 3)
    for form in ("PNG", "TIFF"):
        with pytest.raises(ValueError, match="over 2,000 pixels: 50 x 41"):
            decode(encode(Image.new("RGB", (50, 41)), form))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # Pillow's own limit: twice as many
    with pytest.raises(ValueError, match="over 2,000 pixels: Image size"):
        decode(encode(Image.new("RGB", (50, 41)), "PNG"))
