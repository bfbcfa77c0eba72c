import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from cnnkit import data, viz
from cnnkit.viz._images import as_images


def drawn(panels):
    return [axis for axis in panels.axes.flat if axis.images]


@pytest.mark.parametrize("n", range(1, 21))
def test_exactly_n_panels_in_order(n):
    images = np.arange(n, dtype=np.uint8)[:, None, None] * np.ones((1, 3, 5), np.uint8)
    panels = viz.plot_images(images, titles=[str(i) for i in range(n)])
    assert [axis.get_title() for axis in panels] == [str(i) for i in range(n)]
    assert len(drawn(panels)) == n
    for i, axis in enumerate(panels):
        assert (axis.images[0].get_array() == i).all()
    assert not any(axis.axison for axis in panels.axes.flat)


def test_columns_and_repr():
    panels = viz.plot_images(np.zeros((5, 4, 6), np.uint8), n_cols=3)
    assert panels.axes.shape == (2, 3) and repr(panels) == "<Panels: 5 in 2 x 3>"
    assert panels.figure is panels.axes[0, 0].figure


RAMP = np.linspace(0, 255, 48).round().astype(np.uint8)
SAME = {
    "0..255": (RAMP.astype(np.float32), "auto"),
    "0..1": (RAMP / np.float32(255), "auto"),
    "-1..1": (RAMP / np.float32(127.5) - 1, (-1, 1)),
    "-1..1, found": (RAMP / np.float32(127.5) - 1, "auto"),
    "int64": (RAMP.astype(np.int64), "auto"),
    "float16 in 0..1": ((RAMP / 255).astype(np.float16), "auto"),
}


def shown(images, value_range="auto"):
    """The colours of the first panel."""
    picture = next(iter(viz.plot_images(images, value_range=value_range))).images[0]
    return picture.to_rgba(picture.get_array(), bytes=True)


@pytest.mark.filterwarnings("ignore:The images have negative")
@pytest.mark.parametrize("shape", [(1, 4, 12), (1, 4, 4, 3), (1, 4, 3, 4)])
@pytest.mark.parametrize("name", SAME)
def test_every_range_gives_the_same_picture(name, shape):
    values, value_range = SAME[name]
    error = np.abs(
        shown(values.reshape(shape), value_range).astype(int) - shown(RAMP.reshape(shape))
    )
    assert error.max() <= 2 * ("16" in name)


def test_negative_values_warn_with_the_range():
    with pytest.warns(UserWarning, match="black stands for -2 and white for 2") as caught:
        (axis,) = viz.plot_images(np.array([[[-2.0, 1.0]]]))
    assert axis.images[0].get_clim() == (-2, 2)
    assert caught[0].filename == __file__, "the warning points to the caller's line"


def test_one_range_for_the_whole_batch():
    dark_and_light = np.stack([np.full((3, 5), 0.2), np.full((3, 5), 200.0)])
    assert {axis.images[0].get_clim() for axis in viz.plot_images(dark_and_light)} == {(0, 255)}
    mixed = viz.plot_images(
        [np.full((3, 5), 0.2), np.ones((3, 5), np.uint8), np.eye(3, dtype=bool)]
    )
    assert [axis.images[0].get_clim() for axis in mixed] == [(0, 1), (0, 255), (0, 1)]
    given = viz.plot_images(dark_and_light, value_range=(0, 400))
    assert {axis.images[0].get_clim() for axis in given} == {(0, 400)}


@pytest.mark.parametrize("value_range", ["each", (1, 0), (0, np.inf), 3, (1, 2, 3), ("a", "b")])
def test_bad_value_range(value_range):
    with pytest.raises(ValueError, match="`value_range` must be .* Received: value_range="):
        viz.plot_images(np.zeros((1, 4, 5)), value_range=value_range)


def test_a_dark_uint8_picture_stays_dark():
    (axis,) = viz.plot_images(np.ones((1, 4, 6), np.uint8))
    assert axis.images[0].get_clim() == (0, 255)


def test_tensors_lists_and_single_channels():
    assert len(viz.plot_images(tf.zeros((3, 8, 8, 1))).values) == 3
    mixed = [data.load_photo("cat"), data.load_photo("camera")]
    assert [value.ndim for value in viz.plot_images(mixed).values] == [3, 2]


GREY, COLOR = np.zeros((5, 6), np.uint8), np.zeros((5, 6, 3), np.uint8)
DATASET = tf.data.Dataset.from_tensor_slices((np.zeros((9, 5, 6, 3)), np.zeros(9)))
FORMS = {
    "grey": (GREY, [(5, 6)]),
    "colour": (COLOR, [(5, 6, 3)]),
    "one channel": (GREY[..., None], [(5, 6)]),
    "batch of grey": (np.zeros((2, 5, 6)), [(5, 6)] * 2),
    "batch of colour": (np.zeros((2, 5, 6, 3)), [(5, 6, 3)] * 2),
    "batch of one channel": (np.zeros((2, 5, 6, 1)), [(5, 6)] * 2),
    "feature maps": (np.zeros((2, 5, 6, 8)), [(5, 6, 8)] * 2),
    "tensor": (tf.zeros((2, 5, 6, 3)), [(5, 6, 3)] * 2),
    "bfloat16": (tf.zeros((5, 6), tf.bfloat16), [(5, 6)]),
    "variable": (keras.Variable(COLOR), [(5, 6, 3)]),
    "PIL": (Image.fromarray(COLOR), [(5, 6, 3)]),
    "PIL, palette": (Image.fromarray(COLOR).convert("P"), [(5, 6, 3)]),
    "list": ([GREY, Image.fromarray(COLOR), tf.zeros((1, 2, 3, 1))], [(5, 6), (5, 6, 3), (2, 3)]),
    "generator": ((image for image in [GREY, COLOR]), [(5, 6), (5, 6, 3)]),
    "tuple of images": ((COLOR, GREY), [(5, 6, 3), (5, 6)]),
    "dataset": (DATASET.batch(4), [(5, 6, 3)] * 4),
    "dataset of single images": (DATASET, [(5, 6, 3)]),
    "batch with labels": ((np.zeros((2, 5, 6, 3)), np.zeros((2, 10))), [(5, 6, 3)] * 2),
    "grey batch with labels": ((np.zeros((2, 5, 6)), np.zeros(2)), [(5, 6)] * 2),
    "one image with its label": ((COLOR, np.int64(3)), [(5, 6, 3)]),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_images(name):
    images, shapes = FORMS[name]
    found = as_images(images)
    assert isinstance(found, list) and all(type(image) is np.ndarray for image in found)
    assert [image.shape for image in found] == shapes


def test_paths(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(np.full((5, 6, 3), 7, np.uint8)).save(path)
    for images in (path, str(path), [path, COLOR]):
        assert (as_images(images)[0] == 7).all()
    with pytest.raises(FileNotFoundError, match="no.png"):
        as_images(tmp_path / "no.png")


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK", "I;16", "I;16B", "F"])
def test_a_picture_and_its_file_are_the_same_image(tmp_path, mode):
    grey = np.linspace(0, 255, 60).reshape(6, 10)
    deep = {"I;16": (grey * 257).astype("<u2"), "I;16B": (grey * 257).astype(">u2")}
    if mode in deep:
        picture = Image.frombytes(mode, (10, 6), deep[mode].tobytes())
    else:
        picture = Image.fromarray(grey.astype(np.uint8)).convert("RGB")
        picture = picture.convert(mode, dither=Image.Dither.NONE)
    picture.save(tmp_path / "picture.tif")
    images = as_images([picture, tmp_path / "picture.tif", str(tmp_path / "picture.tif")])
    assert {image.dtype for image in images} == {np.dtype(np.uint8)}
    assert np.array_equal(images[0], images[1]) and np.array_equal(images[0], images[2])
    expected = np.where(grey > 127, 255, 0) if mode == "1" else grey
    assert abs(images[0].mean() - expected.mean()) < 2
    is_grey = mode not in ("P", "RGBA", "CMYK")
    assert images[0].shape == ((6, 10) if is_grey else (6, 10, 3))


def test_a_range_for_more_than_eight_bits(recwarn):
    ramp = np.linspace(0, 65535, 48).reshape(4, 12)
    for dtype, shape in ((">u2", (4, 12)), ("<u2", (4, 4, 3))):
        deep = shown([ramp.reshape(shape).astype(dtype)]).astype(int)
        assert np.abs(deep - shown([ramp.reshape(shape)], (0, 65535))).max() <= 1
    assert not recwarn.list
    for values, white in ((ramp.astype(np.uint16) // 16, 65535), (ramp / 16, 4095.9)):
        with pytest.warns(UserWarning, match=f"white for {white}. To choose, give `value_range="):
            (axis,) = viz.plot_images([values])
        assert axis.images[0].get_clim() == (0, pytest.approx(white, abs=0.1))


def test_values_and_dtype_stay():
    values = np.array([[0, 3], [300, -2]])
    (image,) = as_images(values)
    assert image.dtype == values.dtype and (image == values).all()


@pytest.mark.parametrize(
    "images, titles, words",
    [
        ([], None, "at least one image. Received: none"),
        (np.zeros((2, 4, 4, 5)), None, r"1, 3 or 4 channels. .* image of shape \(4, 4, 5\)"),
        (np.zeros(7), None, r"Received: an image of shape \(7,\)"),
        (np.zeros((0, 4, 5)), None, "at least one image. Received: none"),
        (np.zeros((2, 0, 5)), None, r"Received: an image of shape \(0, 5\)"),
        ([np.zeros((2, 4, 5))] * 2, None, r"1, 3 or 4 channels"),
        ({"image": np.zeros((4, 5))}, None, "Received: dict"),
        (3, None, "Received: int"),
        (DATASET.take(0), None, "at least one image. Received: none"),
        (np.zeros((3, 4, 5)), ["one"], "each of the 3 images. Received: 1 titles"),
        (np.zeros((3, 4, 5)), "one", "each of the 3 images. Received: 'one'"),
        (np.array([[np.nan, np.inf, -np.inf]]), None, "with 1 NaN and 2 infinite values"),
        (np.ones((4, 5), complex), None, "real numbers. Received: .* dtype complex128"),
        (np.full((4, 5), "0.5"), None, "real numbers. Received: .* dtype <U3"),
    ],
)
def test_bad_input(images, titles, words):
    with pytest.raises(ValueError, match=words):
        viz.plot_images(images, titles=titles)
    assert not plt.get_fignums(), "no empty figure stays behind"


def test_the_style_is_found_by_its_name():
    with plt.style.context("cnnkit.viz.cnnkit"):
        colors = plt.rcParams["axes.prop_cycle"].by_key()["color"]
        assert len(colors) == 6 and plt.rcParams["image.cmap"] == "gray"
