import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from cnnkit.viz import Panels, plot_attributions

RNG = np.random.default_rng(0)
POSITIVE = RNG.uniform(0.5, 2, (3, 6, 8)).astype(np.float32)
SIGNED = POSITIVE - 1.2
BOTH = {"Grad-CAM": POSITIVE, "integrated gradients": SIGNED}


def pictures(n=3, channels=3):
    return RNG.integers(0, 256, (n, 6, 8, channels)).astype(np.uint8)


def artist(ax, gid):
    (found,) = [image for image in ax.images if image.get_gid() == gid]
    return found


def numbers(ax, gid="map"):
    return np.asarray(artist(ax, gid).get_array())


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_row_for_each_image_and_a_column_for_each_method(n):
    images, maps = pictures(n), {name: some[:n] for name, some in BOTH.items()}
    panels = plot_attributions(images, maps)
    assert isinstance(panels, Panels) and panels.axes.shape == (n, 3)
    assert len(panels.values) == 3 * n and len(list(panels)) == 3 * n
    for i in range(n):
        image, positive, signed = panels.axes[i]
        assert np.array_equal(numbers(image, "image"), images[i]) and len(image.images) == 1
        assert np.array_equal(numbers(positive), POSITIVE[i])
        assert np.array_equal(numbers(signed), SIGNED[i])
        for ax in (positive, signed):
            assert np.array_equal(numbers(ax, "image"), images[i].mean(axis=-1))
            assert ax.images[-1].get_gid() == "map"  # on top


def test_colors():
    panels = plot_attributions(pictures(), BOTH)
    limits = [np.percentile(np.abs(some), 99) for some in BOTH.values()]
    for _, positive, signed in panels.axes:
        assert artist(positive, "map").cmap.name == "viridis"
        assert artist(signed, "map").cmap.name == "RdBu_r"
        assert np.allclose(artist(positive, "map").get_clim(), (0, limits[0]))
        assert np.allclose(artist(signed, "map").get_clim(), (-limits[1], limits[1]))


def test_strong_values_hide_the_image():
    panels = plot_attributions(pictures(), {"x": SIGNED})
    for row, values in zip(panels.axes, SIGNED, strict=True):
        alpha, limit = artist(row[1], "map").get_alpha(), np.percentile(np.abs(SIGNED), 99)
        assert np.allclose(alpha, 0.85 * np.minimum(np.abs(values) / limit, 1))


def test_a_range_for_each_map():
    maps = POSITIVE * [[[1]], [[10]], [[0]]]
    panels = plot_attributions(pictures(), maps, shared=False)
    highs = [artist(row[1], "map").get_clim()[1] for row in panels.axes]
    assert np.allclose(highs, [np.percentile(maps[0], 99), np.percentile(maps[1], 99), 1])
    shared = plot_attributions(pictures(), maps)
    assert len({artist(row[1], "map").get_clim() for row in shared.axes}) == 1


def test_signs_are_those_of_all_maps_of_a_method():
    maps = np.stack([SIGNED[0], POSITIVE[1]])
    panels = plot_attributions(pictures(2), maps, shared=False)
    assert {artist(row[1], "map").cmap.name for row in panels.axes} == {"RdBu_r"}


def test_titles_and_how_to_read():
    panels = plot_attributions(pictures(), BOTH, titles=["cat", "dog", "?"])
    assert [row[0].get_title() for row in panels.axes] == ["cat", "dog", "?"]
    assert [ax.get_title() for ax in panels.axes[0]][1:] == list(BOTH)
    below = [" ".join(ax.get_xlabel().split()) for ax in panels.axes[-1]]
    assert below == [
        "",
        "Bright regions raise the score of the class.",
        "Red pixels add to the score, blue ones take from it.",
    ]
    assert not any(ax.get_xlabel() for ax in panels.axes[:-1].flat)
    assert plot_attributions(pictures(), BOTH).axes[0, 0].get_title() == "image"


METHODS = ["grad_cam", "Grad-CAM++", "score cam", "Saliency", "SmoothGrad", "occlusion"]


def test_all_methods_are_known_and_others_described_by_their_signs():
    panels = plot_attributions(pictures(), dict.fromkeys([*METHODS, "mine"], POSITIVE))
    below = [ax.get_xlabel().replace("\n", " ") for ax in panels.axes[-1, 1:]]
    assert len(set(below)) == len(below) and all(text.endswith(".") for text in below)
    assert below[-1] == "The brighter, the more it counts for the class."
    signed = plot_attributions(pictures(), SIGNED).axes[-1, 1]
    assert signed.get_xlabel().replace("\n", " ") == "Red speaks for the class, blue against it."
    assert signed.get_title() == ""


@pytest.mark.parametrize("n", [1, 7])
def test_the_texts_have_room(n):
    maps = {name: POSITIVE[:1] for name in [*METHODS, "x"][:n]}
    panels = plot_attributions(pictures(1), maps)
    panels.figure.canvas.draw()
    whole = panels.figure.bbox
    boxes = [ax.xaxis.label.get_window_extent() for ax in panels.axes[-1, 1:]]
    assert all(whole.y0 <= box.y0 and whole.x0 <= box.x0 and box.x1 <= whole.x1 for box in boxes)
    assert all(left.x1 <= right.x0 for left, right in zip(boxes, boxes[1:], strict=False))


@pytest.mark.filterwarnings("ignore:The images have negative")
def test_every_range_of_values_gives_the_same_picture():
    images = pictures(2)
    others = [images.astype(np.float32), images / 255, images / 127.5 - 1]
    expected = drawn(plot_attributions(images, POSITIVE[:2]))
    for other in others:
        assert np.abs(drawn(plot_attributions(other, POSITIVE[:2])) - expected).max() <= 1
    half = plot_attributions(images / 255, POSITIVE[:2], value_range=(0, 2))
    assert np.abs(drawn(half) - expected).max() > 50


def drawn(panels):
    """The colours of the images, not of the maps: (n, height, width, 4)."""
    found = []
    for ax in panels:
        picture = artist(ax, "image")
        found.append(picture.to_rgba(picture.get_array(), bytes=True))
    return np.array(found, int)


@pytest.mark.parametrize("channels", [1, 4])
def test_other_channels(channels):
    panels = plot_attributions(pictures(3, channels), POSITIVE)
    assert panels.axes.shape == (3, 2)


def test_maps_of_zeros():
    panels = plot_attributions(pictures(), 0 * POSITIVE)
    for row in panels.axes:
        assert (
            artist(row[1], "map").get_clim() == (0, 1)
            and not artist(row[1], "map").get_alpha().any()
        )


def test_no_side_effects():
    before, images, maps = dict(mpl.rcParams), pictures(), POSITIVE.copy()
    kept = images.copy()
    plot_attributions(images, maps)
    assert dict(mpl.rcParams) == before and len(plt.get_fignums()) == 1
    assert np.array_equal(images, kept) and np.array_equal(maps, POSITIVE)


@pytest.mark.parametrize(
    "images, maps, options, error",
    [
        (pictures(), {}, {}, "`maps` must hold at least one method"),
        (pictures(), POSITIVE[:2], {}, "`maps` must have one map for each of the 3 images.* 2 of"),
        (pictures(), {"a": POSITIVE.swapaxes(1, 2)}, {}, r"`maps\['a'\]` must have .* \(6, 8\)"),
        (pictures(), np.full((3, 6, 8), np.nan), {}, "`maps` must hold finite values"),
        (pictures(), POSITIVE, dict(titles=["one"]), "`titles` must have one text for each of"),
        (RNG.uniform(size=(3, 6, 8, 5)), POSITIVE, {}, "`images` must have 1, 3 or 4 channels"),
    ],
)
def test_clear_errors(images, maps, options, error):
    with pytest.raises(ValueError, match=error):
        plot_attributions(images, maps, **options)
    assert not plt.get_fignums()


def test_in_words():
    corner, both = np.zeros((2, 6, 8))
    corner[0, :2], corner[5, 7] = (4, 2), 1  # 2 of 48 pixels reach 2
    both[2, 3], both[5, 0], both[0, 7] = -6, 3, 3
    titles = ["cat", "dog"]
    panels = plot_attributions(pictures(2), {"occlusion": [corner, both]}, titles=titles)
    assert panels.figure.alt_text == (
        "2 images of 6 rows by 8 columns, explained by occlusion. Strong is what has at least half "
        "of the largest value of a map. Image 1 (cat): occlusion strong on 4 % of the pixels, most "
        "in the upper left. Image 2 (dog): occlusion strong on 6 % of the pixels, 33 % of them "
        "negative, most in the upper right and the middle, 50 % of its total is negative."
    )
    zeros = plot_attributions(pictures(1), np.zeros((1, 6, 8)))
    assert zeros.figure.alt_text == (
        "1 image of 6 rows by 8 columns, explained by a map. Strong is what has at least half of "
        "the largest value of a map. Image 1: 0 everywhere."
    )


@pytest.mark.parametrize("other, words", [((0, 1), "50 %"), ((3, 4), "0 %"), ((1, 0), "100 %")])
def test_the_overlap_of_two_maps_in_words(other, words):
    maps = {name: np.zeros((1, 6, 8)) for name in "ab"}
    maps["a"][0, :2, 0] = 1
    maps["b"][0, [0, other[0]], [0, other[1]]] = [0 if words == "0 %" else -1, 1]
    text = plot_attributions(pictures(1), maps).figure.alt_text
    assert text.endswith(f"; {words} of the smaller strong part lies in the other.")
    for more in ({"c": maps["a"]}, {"b": 0 * maps["b"]}):
        assert "in the other" not in plot_attributions(pictures(1), maps | more).figure.alt_text


@pytest.mark.parametrize(
    "row, column, place",
    [(0, 3, "upper middle"), (3, 0, "left"), (2, 4, "middle"), (4, 2, "lower left"), (5, 7, None)],
)
def test_places_in_words(row, column, place):
    spot = np.zeros((6, 8))
    spot[row, column] = 1
    text = plot_attributions(pictures(1), spot[None]).figure.alt_text
    assert text.endswith(f", most in the {place or 'lower right'}.")


def test_many_maps_in_words():
    spots = np.zeros((3, 6, 8))
    spots[0, 0, 0] = spots[1, 1, 1] = spots[1, 0, 1] = 1  # the third stays 0
    maps = {"Grad-CAM": spots, "zeros": 0 * spots, "saliency": np.ones((3, 6, 8))}
    assert plot_attributions(pictures(3), maps).figure.alt_text == (
        "3 images of 6 rows by 8 columns, explained by Grad-CAM, zeros and saliency. Strong is "
        "what has at least half of the largest value of a map. Of the pixels are strong: Grad-CAM "
        "2 % to 4 %, in 2 of 3 images most in the upper left; zeros none; saliency 100 %, in 3 of "
        "3 images all over the image."
    )
    corners = np.zeros((3, 6, 8))
    corners[[0, 1, 2], [0, 0, 5], [0, 7, 7]] = 1
    text = plot_attributions(pictures(3), {name: corners for name in "abc"}).figure.alt_text
    assert text.endswith("; c 2 %, in each image elsewhere.")
    signed = corners * np.reshape([-1, 1, -1], (3, 1, 1))
    text = plot_attributions(pictures(3), {"a": signed, "b": corners, "c": corners}).figure.alt_text
    assert "are strong: a 2 %, mostly negative in 2 of 3 images, in each image elsewhere" in text
