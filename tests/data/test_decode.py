import io

import numpy as np
import pytest
from PIL import Image

from cnnkit import data
from cnnkit.data import _decode as module
from cnnkit.data._decode import decode, largest_reduction
from write_photo import write_photo

RAMP = np.linspace(0, 255, 48).reshape(6, 8)


def encode(image, form, **options):
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


@pytest.mark.parametrize("form", ["PNG", "BMP", "GIF"])
def test_lossless_formats_under_any_name(tmp_path, form):
    path = tmp_path / "photo.jpg"
    path.write_bytes(encode(Image.fromarray(RAMP.astype(np.uint8)), form))
    image = data.read_image(path)
    assert image.dtype == np.uint8 and image.shape == (6, 8, 3)
    assert np.array_equal(image, np.repeat(RAMP.astype(np.uint8)[..., None], 3, -1))


def test_sixteen_bits_are_scaled():
    deep = (RAMP * 257).astype(np.uint16)
    image = decode(encode(Image.fromarray(deep), "PNG"))
    assert np.abs(image[..., 0] - RAMP).max() <= 1


def test_transparent_parts_are_white():
    colours = np.zeros((2, 2, 4), np.uint8)
    colours[0] = (200, 10, 10, 255)
    image = decode(encode(Image.fromarray(colours), "PNG"))
    assert image[0, 0].tolist() == [200, 10, 10] and image[1, 1].tolist() == [255, 255, 255]


def test_cmyk_and_webp():
    photo = Image.fromarray(np.full((8, 8, 3), (30, 120, 200), np.uint8))
    for contents in (
        encode(photo.convert("CMYK"), "JPEG", quality=98),
        encode(photo, "WEBP", lossless=True),
    ):
        assert np.abs(decode(contents).astype(int) - [30, 120, 200]).max() <= 4


# How a camera that notes this orientation has stored the upright picture `u` (EXIF 2.3, 4.6.4).
STORED = {
    1: lambda u: u,
    2: lambda u: u[:, ::-1],
    3: lambda u: u[::-1, ::-1],
    4: lambda u: u[::-1],
    5: lambda u: u.swapaxes(0, 1),
    6: lambda u: np.rot90(u),
    7: lambda u: u[::-1, ::-1].swapaxes(0, 1),
    8: lambda u: np.rot90(u, -1),
}


@pytest.mark.parametrize("orientation", STORED)
def test_every_exif_orientation(orientation):
    upright = np.zeros((24, 32, 3), np.uint8)
    upright[:8, :16] = 255
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](upright)))
    exif = stored.getexif()
    exif[0x0112] = orientation
    image = decode(encode(stored, "JPEG", exif=exif, quality=98))
    assert image.shape == upright.shape
    assert np.abs(image.astype(int) - upright).max() < 60


@pytest.mark.parametrize(
    "contents, words",
    [
        (b"", "the file is empty"),
        (b"<html>", "not a JPEG, PNG, WEBP, GIF or BMP picture"),
        (encode(Image.new("RGB", (50, 50)), "PNG")[:-30], "damaged"),
        (encode(Image.new("RGB", (50, 50)), "TIFF"), "not a JPEG"),
    ],
)
def test_what_cannot_be_decoded(tmp_path, contents, words):
    path = tmp_path / "photo.jpg"
    path.write_bytes(contents)
    with pytest.raises(ValueError, match=f"photo.jpg cannot be used: {words}"):
        data.read_image(path)


def test_a_huge_picture_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(module, "MAX_PIXELS", 2000)
    assert decode(encode(Image.new("RGB", (50, 40)), "PNG")).shape == (40, 50, 3)
    with pytest.raises(ValueError, match="over 2,000 pixels: 50 x 41"):
        decode(encode(Image.new("RGB", (50, 41)), "PNG"))


def test_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="must be a picture file. Received"):
        data.read_image(tmp_path / "nowhere.jpg")


def test_reading_at_a_fraction(tmp_path):
    write_photo(tmp_path / "a.png", size=(80, 40))
    contents = (tmp_path / "a.png").read_bytes()
    whole = decode(contents).astype(float)
    quarter = decode(contents, 4)
    expected = whole.reshape(10, 4, 20, 4, 3).mean((1, 3))
    assert np.abs(quarter - expected).max() <= 1
    assert [largest_reduction(40, 80, size) for size in (5, 10, 20, 21, 99)] == [8, 4, 2, 1, 1]
