import numpy as np
import pytest
from matplotlib.figure import Figure

from cnnkit.viz._cells import cell_side, cells_size, draw_edges, font_size, frame, write_in_cells


def texts(shape, text="0"):
    return np.full(shape, text, object)


def test_cells_shrink_where_there_are_many():
    assert cells_size(2, 4) == pytest.approx((4 * 0.5 + 0.9, 2 * 0.5 + 0.9))
    assert cells_size(32, 4)[1] == pytest.approx(6.5 + 0.9)
    assert cells_size(4, 40)[0] == pytest.approx(9 + 0.9)


@pytest.mark.parametrize("shape, text", [((3, 4), "-0.25"), ((2, 2), "12\n× -3\n= -36")])
def test_each_text_fits_into_its_cell(shape, text):
    figure = Figure(figsize=(4, 3))
    ax = figure.subplots()
    picture = ax.imshow(np.zeros(shape), extent=(9.5, 9.5 + shape[1], 4.5 + shape[0], 4.5))
    written = write_in_cells(ax, picture, texts(shape, text))
    assert written.shape == shape
    figure.draw_without_rendering()  # only then the axes have the proportions of the picture
    width, height = np.abs(np.diff(ax.transData.transform([(0, 0), (1, 1)]), axis=0))[0]
    for (row, column), each in np.ndenumerate(written):
        assert each.get_position() == (10 + column, 5 + row)
        box = each.get_window_extent()
        assert box.width < width and box.height < height


def test_the_side_of_a_cell_is_that_of_the_axes_when_it_is_drawn():
    figure = Figure(figsize=(4, 3))
    ax = figure.subplots()
    ax.imshow(np.zeros((5, 20)))
    figure.draw_without_rendering()
    (left, _), (right, _) = ax.transData.transform([(0, 0), (1, 0)])
    assert cell_side(ax, 5, 20) == pytest.approx((right - left) * 72 / figure.dpi)


def test_long_texts_are_smaller_and_none_is_larger_than_11_points():
    ax = Figure().subplots()
    sizes = [font_size(ax, texts((5, 5), text)) for text in ("0", "0.123456", "0.123456789")]
    assert sizes[0] == 11 > sizes[1] > sizes[2]


def test_a_frame_has_no_ticks():
    ax = Figure().subplots()
    frame(ax)
    assert not list(ax.get_xticks()) and all(spine.get_visible() for spine in ax.spines.values())


def test_edges_lie_between_cells():
    ax = Figure().subplots()
    picture = ax.imshow(np.zeros((2, 3)), extent=(9.5, 12.5, 6.5, 4.5))
    limits = ax.get_xlim(), ax.get_ylim()
    draw_edges(ax, picture)
    (lines,) = ax.collections
    ends = [line.tolist() for line in lines.get_segments()]
    across, *down = ends
    assert across == [[9.5, 5.5], [12.5, 5.5]]
    assert down == [[[x, 4.5], [x, 6.5]] for x in (10.5, 11.5)]
    assert (ax.get_xlim(), ax.get_ylim()) == limits
