import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from cnnkit import data, viz


def titles(panels):
    return [axis.get_title() for axis in panels]


def test_a_photo_and_its_three_channels():
    cat = data.load_photo("cat")
    panels = viz.plot_channels(cat)
    assert titles(panels) == ["image", "red", "green", "blue"]
    assert (panels.axes[0, 0].images[0].get_array() == cat).all()
    for i, axis in enumerate(panels.axes[0, 1:]):
        picture = axis.images[0]
        assert (picture.get_array() == cat[..., i]).all() and picture.get_clim() == (0, 255)
        assert picture.get_cmap().name == "gray", "as a grey image, so that channels compare"
        frame, title = to_rgb(axis.spines["top"].get_edgecolor()), to_rgb(axis.title.get_color())
        assert frame == title and frame[i] > 0 and sum(frame) == frame[i], "in its own colour"


def test_alpha_names_and_pil():
    pixels = np.zeros((4, 5, 4), np.uint8)
    assert titles(viz.plot_channels(pixels)) == ["image", "red", "green", "blue", "alpha"]
    picture = Image.fromarray(pixels)  # as its file: what is transparent shows white
    assert titles(viz.plot_channels(picture)) == ["image", "red", "green", "blue"]
    named = viz.plot_channels(np.zeros((4, 5, 3)), titles=["R", "G", "B"])
    assert titles(named) == ["image", "R", "G", "B"]


@pytest.mark.parametrize("n", [1, 2, 5, 8, 9, 20])
def test_feature_maps_share_one_range(n):
    maps = np.random.default_rng(n).uniform(0, 7, (1, 6, 5, n))
    panels = viz.plot_channels(maps)
    assert titles(panels) == [f"channel {i}" for i in range(n)]
    for i, axis in enumerate(panels):
        assert (axis.images[0].get_array() == maps[0, ..., i]).all()
        assert axis.images[0].get_clim() == (0, maps.max())
        assert axis.images[0].get_cmap().name == "viridis"
    assert sum(bool(axis.images) for axis in panels.axes.flat) == n


def test_signed_maps_grey_images_and_dead_maps():
    signed = viz.plot_channels(np.array([[[-3.0, 1.0, 2.0]]]))
    assert titles(signed)[0] == "channel 0", "three maps with a sign are no image"
    assert {axis.images[0].get_clim() for axis in signed} == {(-3, 3)}
    (grey,) = viz.plot_channels(data.load_photo("camera"))
    assert grey.images[0].get_clim() == (0, 255) and grey.images[0].get_cmap().name == "gray"
    (dead,) = viz.plot_channels(np.zeros((4, 4)))
    assert dead.images[0].get_clim() == (0, 1)


def test_bad_input():
    with pytest.raises(ValueError, match=r"`image\[\.\.\., :16\]`. Received: image.shape="):
        viz.plot_channels(np.zeros((4, 4, 65)))
    with pytest.raises(ValueError, match="`titles` must have one text for each of the 3 channels"):
        viz.plot_channels(np.zeros((4, 4, 3)), titles=["red"])
    with pytest.raises(ValueError, match="An image must have shape"):
        viz.plot_channels(np.zeros((2, 4, 4, 3)))


def test_in_words():
    image = np.zeros((2, 4, 3), np.uint8)
    image[0] = 10, 20, 30
    assert viz.plot_channels(image).figure.alt_text == (
        "An image of 2 rows by 4 columns, values from 0 to 30, with black at 0 and white at 255, "
        "and its channels, in grey, with their means: red 5, green 10 and blue 15."
    )
    maps = np.zeros((2, 4, 5))
    maps[..., 1], maps[0, 0, 3] = -0.5, 3
    assert viz.plot_channels(maps, titles=list("abcde")).figure.alt_text == (
        "5 maps of 2 rows by 4 columns, values from −0.5 to 3; on average b is strongest, mean "
        "absolute value 0.5; 3 of them 0 everywhere. Titles: 1: a; 2: b; 3: c; 4: d; 5: e."
    )
    assert viz.plot_channels(0 * maps).figure.alt_text == (
        "5 maps of 2 rows by 4 columns, values all 0."
    )


def test_deep_images_are_drawn_in_their_own_range():
    image = np.linspace(0, 65535, 60).reshape(4, 5, 3)
    panels = viz.plot_channels(image.astype(np.uint16))
    assert {axis.images[0].get_clim() for axis in list(panels)[1:]} == {(0, 65535)}
    with pytest.warns(UserWarning, match="white for 65535. To choose, scale the values yourself"):
        viz.plot_channels(image)
