import numpy as np
import pytest
from matplotlib.figure import Figure

from cnnkit.viz._colors import choose_colors, signed_colors, text_colors

SIGNED = "RdBu_r"


@pytest.mark.parametrize(
    "arrays, expected",
    [
        ([[1.0, 3.0], [2.0]], ("viridis", 0, 3)),
        ([[0.0]], ("viridis", 0, 1)),
        ([[1.0], [-2.0, 1.0]], (SIGNED, -2, 2)),
        ([[-1.0], [3.0]], (SIGNED, -3, 3)),
        ([np.ones(2, np.uint8)], ("gray", 0, 255)),
    ],
)
def test_the_choice(arrays, expected):
    arrays = [np.asarray(array) for array in arrays]
    cmap, low, high = expected
    assert choose_colors(arrays) == dict(cmap=cmap, vmin=low, vmax=high)


def test_another_map_and_another_limit():
    values = [np.array([1.0, 4.0])]
    assert choose_colors(values, "gray") == dict(cmap="gray", vmin=0, vmax=4)
    assert choose_colors(values, limit=2.0) == dict(cmap="viridis", vmin=0, vmax=2)
    assert choose_colors([-values[0]], limit=2.0) == dict(cmap=SIGNED, vmin=-2, vmax=2)


def test_what_may_be_negative():
    assert signed_colors([np.array([1.0, 4.0])]) == dict(cmap=SIGNED, vmin=-4, vmax=4)
    assert signed_colors([np.zeros(2)]) == dict(cmap=SIGNED, vmin=-1, vmax=1)


def test_texts_stand_out_and_holes_have_grey_ones():
    ax = Figure().subplots()
    values = np.ma.array([[0.0, 1.0, 1.0]], mask=[[False, False, True]])
    assert text_colors(ax.imshow(values, cmap="gray")).tolist() == [["white", "black", "0.3"]]
    colors = np.array([[[0, 0, 0], [255, 255, 255], [0, 0, 255]]], np.uint8)
    assert text_colors(ax.imshow(colors)).tolist() == [["white", "black", "white"]]
