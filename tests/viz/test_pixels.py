import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from cnnkit import data, viz


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_every_pixel_has_its_number_at_its_place():
    image = np.arange(12).reshape(3, 4)
    ax = viz.plot_pixels(image, title="numbers")
    for text in ax.texts:
        column, row = text.get_position()
        assert int(text.get_text()) == image[int(row), int(column)]
    assert len(ax.texts) == 12 and ax.get_title() == "numbers"
    assert ax.images[0].get_clim() == (0, 11) and ax.images[0].get_cmap().name == "gray"


@pytest.mark.parametrize(
    "image, fmt, first",
    [
        ([[1.0, 2.0]], None, "1"),
        ([[1.5, -0.001]], None, "1.50"),
        ([[0.0123, 0.01]], None, "0.012"),
        ([[1.5, 2]], ".3f", "1.500"),
        ([[True, False]], None, "1"),
        ([[123.456, 1]], None, "123.5"),
        ([[2e7, 1]], None, "2.0e+07"),
    ],
)
def test_formats(image, fmt, first):
    assert texts(viz.plot_pixels(image, fmt=fmt))[0] == first


def test_no_negative_zero():
    assert texts(viz.plot_pixels([[1.5, -0.001]]))[1] == "0.00"


def test_a_window_keeps_indices_numbers_and_colors():
    photo = data.load_photo("camera")
    ax = viz.plot_pixels(photo, window=(100, 200, 4, 5))
    assert [int(text.get_text()) for text in ax.texts] == photo[100:104, 200:205].ravel().tolist()
    assert list(ax.get_xticks()) == list(range(200, 205))
    assert list(ax.get_yticks()) == list(range(100, 104))
    assert ax.images[0].get_extent() == [199.5, 204.5, 103.5, 99.5]
    assert ax.images[0].get_clim() == (0, 255)
    assert [text.get_position() for text in ax.texts][:2] == [(200, 100), (201, 100)]


@pytest.mark.parametrize(
    "width, window", [(13, (100, 150, 12, 16)), (6.4, (0, 0, 32, 8)), (6.4, (500, 95, 4, 12))]
)
def test_labels_of_rows_and_columns_do_not_meet(width, window):
    axes = plt.subplots(1, 3, figsize=(width, 4), layout="constrained")[1]
    ax = viz.plot_pixels(np.zeros((512, 512)), window=window, ax=axes[2])
    ax.figure.draw_without_rendering()
    for axis, start in ((ax.xaxis, window[1]), (ax.yaxis, window[0])):
        boxes = [label.get_window_extent() for label in axis.get_ticklabels()]
        assert not any(a.overlaps(b) for a, b in zip(boxes[1:], boxes, strict=False))
        assert axis.get_ticklocs()[0] == start and len(boxes) > 1


def test_colors_have_three_numbers():
    cat = data.load_photo("cat")
    ax = viz.plot_pixels(cat, window=(0, 0, 2, 2))
    assert texts(ax)[0].split("\n") == [str(value) for value in cat[0, 0]]
    assert (ax.images[0].get_array() == cat[:2, :2]).all()


def test_signed_values_lie_about_white():
    ax = viz.plot_pixels([[-2.0, 0.5]])
    assert ax.images[0].get_clim() == (-2, 2) and ax.images[0].get_cmap().name == "RdBu_r"
    assert viz.plot_pixels(np.zeros((2, 2))).images[0].get_clim() == (0, 1)


@pytest.mark.parametrize("image", [np.arange(256).reshape(16, 16).astype(np.uint8), "colour"])
def test_numbers_stand_out(image):
    if isinstance(image, str):
        image = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    ax = viz.plot_pixels(image)
    colors = ax.images[0].to_rgba(ax.images[0].get_array())[..., :3].reshape(-1, 3)
    for text, behind in zip(ax.texts, colors, strict=True):
        luminances = sorted(luminance(color) for color in (to_rgb(text.get_color()), behind))
        assert (luminances[1] + 0.05) / (luminances[0] + 0.05) > 4.5  # WCAG's level AA


def luminance(color):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color]
    return np.dot(linear, [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize(
    "image, window, words",
    [
        (np.zeros((33, 4)), None, "`window=.*Received: window=None, image.shape=\\(33, 4\\)"),
        (np.zeros((20, 20, 3)), None, "up to 16 x 16 pixels"),
        (np.zeros((9, 9)), (0, 0, 10, 9), "inside the image"),
        (np.zeros((9, 9)), (-1, 0, 2, 2), "inside the image"),
        (np.zeros((9, 9)), (0, 0, 0, 2), "inside the image"),
        (np.zeros((9, 9)), (0, 0, 2), "top, left, height, width"),
        (np.zeros((9, 9, 2)), None, "1 or 3 channels"),
        (np.zeros((2, 9, 9, 3)), None, "An image must have shape"),
        (np.full((2, 2), np.nan), None, "4 NaN"),
    ],
)
def test_bad_input(image, window, words):
    with pytest.raises(ValueError, match=words):
        viz.plot_pixels(image, window=window)


def test_in_words():
    ax = viz.plot_pixels([[-1.5, 0], [2 / 3, 200]], title="four")
    assert ax.figure.alt_text == (
        "four. The numbers of an image of 2 by 2, values from −1.5 to 200; row by "
        "row: −1.5, 0; 0.7, 200."
    )
    viz.plot_pixels(np.zeros((1, 1), np.uint8), ax=ax)
    assert ax.figure.alt_text.endswith(
        "200. The numbers of an image of 1 by 1, values 0; row by row: 0."
    ), "two plots in one figure"


def test_a_window_in_words():
    image = np.full((9, 12), 5, np.uint8)
    image[4, 3], image[3, 7], image[0, 0] = 9, 2, 255
    assert viz.plot_pixels(image, window=(3, 2, 6, 6)).figure.alt_text == (
        "The numbers of 6 by 6, from row 3 and column 2 on, of an image of 9 rows by "
        "12 columns, values from 2 to 9; the smallest is in row 3, column 7, the largest in row 4, "
        "column 3."
    )
    colors = np.array([[[0, 10, 30], [1, 20, 60]]], np.uint8)
    assert viz.plot_pixels(colors).figure.alt_text == (
        "The numbers of an image of 1 row by 2 columns, values from 0 to 60; the means of red, "
        "green and blue are 0.5, 15 and 45."
    )
