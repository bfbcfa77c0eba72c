import contextlib
import io
import re
import warnings

import numpy as np
import pytest
from matplotlib.colors import hsv_to_rgb
from PIL import Image

from cnnkit import data
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
    contents = encode(stored, "JPEG", exif=exif, quality=98)
    image = decode(contents)
    assert image.shape == upright.shape
    assert np.abs(image.astype(int) - upright).max() < 60
    picture = Image.open(io.BytesIO(contents))
    assert np.array_equal(data.as_pixels(picture), image)
    assert picture.getexif()[0x0112] == orientation, "the picture itself stays as it is"
    for form, options in (("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"})):
        deep = Image.fromarray(np.asarray(stored)[..., 0].astype(np.uint16) * 257)
        contents = encode(deep, form, exif=exif, **options)
        assert np.array_equal(decode(contents), upright)
        assert np.array_equal(data.as_pixels(Image.open(io.BytesIO(contents))), upright[..., 0])


def test_a_file_that_is_cut_off(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(encode(Image.new("RGB", (50, 50)), "PNG")[:-30])
    with pytest.raises(ValueError, match="photo.jpg cannot be used: damaged"):
        data.read_image(path)
    with pytest.raises(ValueError, match="The PIL picture cannot be used: damaged"):
        data.read_image(Image.open(path))


def test_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="must be a picture file. Received"):
        data.read_image(tmp_path / "nowhere.jpg")
    with pytest.raises(TypeError, match="or a PIL picture. Received: BytesIO"):
        data.read_image(io.BytesIO())


def test_reading_at_a_fraction(tmp_path):
    write_photo(tmp_path / "a.png", size=(80, 40))
    contents = (tmp_path / "a.png").read_bytes()
    whole = decode(contents).astype(float)
    quarter = decode(contents, 4)
    expected = whole.reshape(10, 4, 20, 4, 3).mean((1, 3))
    assert np.abs(quarter - expected).max() <= 1
    assert [largest_reduction(40, 80, size) for size in (5, 10, 20, 21, 99)] == [8, 4, 2, 1, 1]


COLORS = np.random.default_rng(5).integers(0, 256, (6, 8, 4), np.uint8)
OPAQUE, ALPHA = COLORS[..., :3].astype(float), COLORS[..., 3:] / 255
GREY, PALETTE = COLORS[..., 0], COLORS[:16, 0, :3]
DEEP = np.random.default_rng(6).integers(0, 65536, (6, 8))


def on_white(colors, alpha=ALPHA):
    return colors * alpha + 255 * (1 - alpha)


def raw(mode, values):
    return Image.frombytes(mode, (8, 6), np.ascontiguousarray(values).tobytes())


def ycbcr():
    """Red, green and blue of ITU-T T.871, from luma and two differences of colour."""
    y, cb, cr = np.moveaxis(OPAQUE, -1, 0)
    rgb = y + 1.402 * (cr - 128), y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128)
    return np.stack([*rgb, y + 1.772 * (cb - 128)], -1).clip(0, 255)


def palette(mode, contents):
    image = raw(mode, contents)
    image.putpalette(np.arange(256).repeat(3).reshape(256, 3).astype(np.uint8)[::-1].tobytes())
    return image


def with_transparent_index():
    image = palette("P", GREY)
    image.info["transparency"] = int(GREY[0, 0])
    return image


def lightest_premultiplied():
    """Values that were multiplied with their alpha, which no value can exceed."""
    return np.minimum(COLORS, COLORS[..., 3:])


RGB3 = (255.0 - GREY)[..., None].repeat(3, -1)
# For each mode a picture and what it shows, from the definition of the mode.
MODES = {
    "1": (Image.fromarray(GREY > 127), 255.0 * (GREY > 127)),
    "L": (raw("L", GREY), GREY),
    "LA": (raw("LA", COLORS[..., 2:]), on_white(OPAQUE[..., 2], ALPHA[..., 0])),
    "La": (
        raw("La", lightest_premultiplied()[..., 2:]),
        lightest_premultiplied()[..., 2] + 255.0 - COLORS[..., 3],
    ),
    "P": (palette("P", GREY), RGB3),
    "P with transparency": (with_transparent_index(), np.where(RGB3 == RGB3[0, 0], 255, RGB3)),
    "PA": (palette("PA", COLORS[..., [0, 3]]), on_white(RGB3)),
    "RGB": (raw("RGB", COLORS[..., :3]), OPAQUE),
    "RGBA": (raw("RGBA", COLORS), on_white(OPAQUE)),
    "RGBa": (
        raw("RGBa", lightest_premultiplied()),
        lightest_premultiplied()[..., :3] + 255.0 - COLORS[..., 3:],
    ),
    "RGBX": (raw("RGBX", COLORS), OPAQUE),
    "CMYK": (raw("CMYK", COLORS), (255 - OPAQUE) * (1 - ALPHA)),
    "YCbCr": (raw("YCbCr", COLORS[..., :3]), ycbcr()),
    "HSV": (raw("HSV", COLORS[..., :3]), 255 * hsv_to_rgb(OPAQUE / [256, 255, 255])),
    "LAB": (Image.new("LAB", (8, 6), (128, 128, 128)), np.full((6, 8, 3), 119.0)),
    "I;16": (raw("I;16", DEEP.astype("<u2")), DEEP / 257),
    "I;16L": (raw("I;16L", DEEP.astype("<u2")), DEEP / 257),
    "I;16B": (raw("I;16B", DEEP.astype(">u2")), DEEP / 257),
    "I;16N": (raw("I;16N", DEEP.astype("=u2")), DEEP / 257),
    "I": (raw("I", GREY.astype(np.int32)), GREY),
    "F, 0..1": (raw("F", (GREY / 255).astype(np.float32)), GREY),
    "F, 0..255": (raw("F", GREY.astype(np.float32)), GREY),
}


# TIFF has no transparent value. Pillow 11 writes I to PNG with 16 bits, and YCbCr to TIFF cut off.
FILES = {"P with transparency": ["PNG"], "I": ["TIFF"], "YCbCr": []}


@pytest.mark.parametrize("name", MODES)
def test_every_mode_of_a_picture_and_of_its_file(name):
    image, shown = MODES[name]
    assert image.mode == name.split(",")[0].split(" ")[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pixels = data.as_pixels(image)
    assert pixels.dtype == np.uint8 and pixels.shape == shown.shape
    # Pillow calculates hues with few digits, and divides by alpha and multiplies with it again.
    assert np.abs(pixels - shown).max() <= {"HSV": 4, "La": 2, "RGBa": 2}.get(name, 1)
    assert np.array_equal(
        data.read_image(image), np.asarray(Image.fromarray(pixels).convert("RGB"))
    )
    for form in FILES.get(name, ("PNG", "TIFF")):
        with contextlib.suppress(OSError):  # not every format stores every mode
            contents = encode(image, form)
            assert np.array_equal(data.as_pixels(Image.open(io.BytesIO(contents))), pixels)
            assert np.array_equal(decode(contents), data.read_image(image))


@pytest.mark.parametrize(
    "values, low, high",
    [
        (np.array([[0, 300], [4095, 70]], np.int32), 0, 4095),
        (np.array([[-100, 100]], np.int32), -100, 100),
        (np.array([[-0.5, 1.0]], np.float32), -1, 1),
        (np.array([[0, 1e6]], np.float32), 0, 1e6),
    ],
)
def test_a_guessed_range_is_said(tmp_path, values, low, high):
    image = Image.fromarray(values)
    image.save(tmp_path / "deep.tif")
    words = re.escape(f"black stands for {low:g} and white for {high:g}. To choose, scale")
    for picture in (image, tmp_path / "deep.tif"):
        with pytest.warns(UserWarning, match=words) as caught:
            pixels = data.as_pixels(picture)
        assert caught[0].filename == __file__, "the warning points to the caller's line"
        assert np.abs(pixels - 255 * (values - low) / (high - low)).max() <= 0.51
    with pytest.raises(ValueError, match="no range of its own. .* Save it with 8 or 16 bits"):
        decode((tmp_path / "deep.tif").read_bytes())
    assert "no range" in data.find_bad_images(tmp_path)["deep.tif"]


def test_dark_sixteen_bits_are_said_and_read():
    dark = Image.fromarray(np.full((4, 5), 2570, np.uint16))
    with pytest.warns(UserWarning, match="no value above 2570: black .* 0 and white for 65535"):
        assert (data.as_pixels(dark) == 10).all()
    assert (decode(encode(dark, "PNG")) == 10).all()


def test_a_picture_that_was_closed(tmp_path):
    Image.new("L", (8, 6)).save(tmp_path / "photo.png")
    with Image.open(tmp_path / "photo.png") as read, Image.open(tmp_path / "photo.png") as closed:
        read.load()
    assert data.as_pixels(read).shape == (6, 8)
    with pytest.raises(ValueError, match="was closed before it was decoded|closed image"):
        data.as_pixels(closed)


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_the_first_of_several_frames(tmp_path, form):
    frames = [Image.new("RGB", (8, 6), color) for color in ("black", "white")]
    frames[0].save(tmp_path / "a", form, save_all=True, append_images=frames[1:])
    with pytest.warns(UserWarning, match="a has several frames or pages: the first is read"):
        assert not data.read_image(tmp_path / "a").any()
    assert data.find_bad_images(tmp_path) == {}
    second = Image.open(tmp_path / "a")
    second.seek(1)
    assert (data.read_image(second) > 250).all(), "a PIL picture is the page that it is at"


def test_a_picture_that_holds_no_numbers(tmp_path):
    Image.fromarray(np.array([[0, np.nan]], np.float32)).save(tmp_path / "nan.tif")
    with pytest.raises(ValueError, match="nan.tif cannot be used: it has NaN or infinite values"):
        data.as_pixels(tmp_path / "nan.tif")
