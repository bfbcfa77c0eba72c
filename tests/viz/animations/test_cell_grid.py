import numpy as np
import pytest
from matplotlib.figure import Figure

from cnnkit.viz._numbers import number_texts
from cnnkit.viz.animations._cell_grid import (
    CellGrid,
    Outline,
    OutputGrid,
    check_sides,
    draw_numbers,
    shown_places,
)

GREY = dict(cmap="gray", vmin=0, vmax=9)


def new_axes(n=1):
    axes = Figure().subplots(1, n, squeeze=False)[0]
    return axes[0] if n == 1 else axes


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_cells_show_other_values_and_texts():
    ax, values = new_axes(), np.arange(6.0).reshape(2, 3) * 1.8
    grid = CellGrid(ax, [number_texts(values)], GREY)
    for shown in (values, values[::-1]):
        grid.show(shown, number_texts(shown))
        assert (ax.images[0].get_array() == shown).all()
        assert texts(ax) == number_texts(shown).ravel().tolist()
        is_light = np.array([text.get_color() == "black" for text in ax.texts])
        assert (is_light == (shown.ravel() > 4.5)).all(), "dark on light cells, light on dark ones"
    assert all(artist.get_animated() for artist in (*ax.texts, *ax.images, *ax.collections))


def test_a_hole_has_a_grey_text():
    ax = new_axes()
    grid = CellGrid(ax, [np.full((1, 2), "0", object)], GREY)
    grid.show(np.ma.array([[1.0, 2.0]], mask=[[True, False]]), np.array([["a", "b"]]))
    assert [(t.get_text(), t.get_color()) for t in ax.texts] == [("a", "0.3"), ("b", "white")]


def test_the_longest_text_fits():
    short, long = np.full((9, 9), "0", object), np.full((9, 9), "-0.123 = 1", object)
    grids = [CellGrid(new_axes(), texts, GREY) for texts in ([short], [short, long], [long])]
    sizes = [grid.texts[0, 0].get_fontsize() for grid in grids]
    assert sizes[0] > sizes[1] == sizes[2]


def test_the_output_so_far():
    ax, output = new_axes(), np.arange(6.0).reshape(2, 3)
    grid = OutputGrid(ax, output, GREY)
    grid.show(1, 0)
    assert texts(ax) == ["0", "1", "2", "3", "", ""]
    assert ax.images[0].get_array().mask.ravel().tolist() == [False] * 4 + [True] * 2
    assert ax.patches[0].get_xy() == (-0.5, 0.5)


def test_an_outline_moves():
    ax = new_axes()
    outline = Outline(ax, 2, 3, inset=0.1, edgecolor="C2")
    outline.move(4, 7)
    (patch,) = ax.patches
    assert patch.get_xy() == pytest.approx((6.6, 3.6)) and patch.get_animated()
    assert (patch.get_width(), patch.get_height()) == pytest.approx((2.8, 1.8))


def test_numbers_of_all_channels_have_one_format_and_size():
    axes, channels = new_axes(2), np.array([[[1.0, 2]], [[0.5, -12]]])
    draw_numbers(axes, channels, dict(cmap="gray"))
    assert [texts(ax) for ax in axes] == [["1.00", "2.00"], ["0.50", "-12.00"]]
    assert len({text.get_fontsize() for ax in axes for text in ax.texts}) == 1


@pytest.mark.parametrize("shape", [(1, 1), (3, 4), (6, 6), (5, 8), (12, 12)])
def test_shown_places(shape):
    places = shown_places(shape, 36)
    every = [(row, column) for row in range(shape[0]) for column in range(shape[1])]
    assert places == sorted(set(places)) and set(places) <= set(every)
    assert len(places) == min(36, len(every))
    assert places[:18] == every[:18] and places[-1] == every[-1]


def test_sides():
    check_sides(12, 3, 12)
    with pytest.raises(ValueError, match="`image` must have at most 12 rows.*Received: 3 x 13"):
        check_sides(3, 13, 12)
