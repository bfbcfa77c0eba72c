import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import tensorflow as tf

from cnnkit import data, viz


@pytest.fixture(autouse=True)
def close_figures():
    matplotlib.use("agg")
    yield
    plt.close("all")


def drawn(panels):
    return [axis for axis in panels.axes.flat if axis.images]


@pytest.mark.parametrize("n", range(1, 21))
def test_exactly_n_panels_in_order(n):
    images = np.arange(n, dtype=np.uint8)[:, None, None] * np.ones((1, 3, 4), np.uint8)
    panels = viz.plot_images(images, titles=[str(i) for i in range(n)])
    assert [axis.get_title() for axis in panels] == [str(i) for i in range(n)]
    assert len(drawn(panels)) == n
    for i, axis in enumerate(panels):
        assert (axis.images[0].get_array() == i).all()
    assert not any(axis.axison for axis in panels.axes.flat)


def test_columns_and_repr():
    panels = viz.plot_images(np.zeros((5, 4, 4), np.uint8), n_cols=3)
    assert panels.axes.shape == (2, 3) and repr(panels) == "<Panels: 5 in 2 x 3>"
    assert panels.figure is panels.axes[0, 0].figure


@pytest.mark.parametrize("dtype, top", [("uint8", 255), ("float32", 255), ("float32", 1)])
def test_every_range_gives_the_same_picture(dtype, top):
    ramp = np.linspace(0, 1, 48).reshape(4, 4, 3) * top
    (axis,) = viz.plot_images(ramp.astype(dtype)[None])
    shown = axis.images[0].get_array()
    shown = shown / (255 if shown.dtype == np.uint8 else 1)
    assert np.abs(shown - ramp / top).max() <= 1 / 255


def test_a_dark_uint8_picture_stays_dark():
    (axis,) = viz.plot_images(np.ones((1, 4, 4), np.uint8))
    assert axis.images[0].get_clim() == (0, 255)


def test_tensors_lists_and_single_channels():
    assert len(viz.plot_images(tf.zeros((3, 8, 8, 1))).values) == 3
    mixed = [data.load_photo("cat"), data.load_photo("camera")]
    assert [value.ndim for value in viz.plot_images(mixed).values] == [3, 2]


def test_it_touches_nothing_else():
    before, figures = dict(matplotlib.rcParams), len(plt.get_fignums())
    viz.plot_images(np.zeros((2, 4, 4), np.uint8))
    assert dict(matplotlib.rcParams) == before and len(plt.get_fignums()) == figures + 1


@pytest.mark.parametrize(
    "images, titles, words",
    [
        ([], None, "at least one image. Received: none"),
        (np.zeros((2, 4, 4, 5)), None, r"Received: an image of shape \(4, 4, 5\)"),
        (np.zeros(7), None, r"Received: an image of shape \(\)"),
        (np.zeros((3, 4, 4)), ["one"], "each of the 3 images. Received: 1"),
    ],
)
def test_bad_input(images, titles, words):
    with pytest.raises(ValueError, match=words):
        viz.plot_images(images, titles=titles)
    assert not plt.get_fignums(), "no empty figure stays behind"


def test_the_style_is_found_by_its_name():
    with plt.style.context("cnnkit.viz.cnnkit"):
        colours = plt.rcParams["axes.prop_cycle"].by_key()["color"]
        assert len(colours) == 6 and plt.rcParams["image.cmap"] == "gray"
