import numpy as np
import pytest

from cnnkit import viz
from cnnkit.reference import toeplitz2d

SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def test_zeros_are_empty_and_the_rest_has_numbers():
    matrix = toeplitz2d(SOBEL, (5, 5))
    ax = viz.plot_matrix(matrix, title="Sobel")
    picture = ax.images[0]
    assert (np.ma.getmaskarray(picture.get_array()) == (matrix == 0)).all()
    assert picture.get_clim() == (-2, 2) and ax.get_title() == "Sobel"
    written = {text.get_position(): text.get_text() for text in ax.texts if text.get_text()}
    assert written == {(c, r): str(matrix[r, c]) for r, c in np.argwhere(matrix)}


def test_weak_values_differ_from_zeros():
    picture = viz.plot_matrix(np.array([[0.01, -0.01, 0, 2]])).images[0]
    positive, negative, zero, _ = picture.to_rgba(picture.get_array())[0, :, :3]
    assert (zero == 1).all() and min(positive.min(), negative.min()) < 0.9


def test_lines_between_blocks():
    ax = viz.plot_matrix(np.ones((9, 25)), blocks=(3, 5))
    ends = [line.get_xydata() for line in ax.lines]
    assert [xy[0, 1] for xy in ends if xy[0, 1] == xy[1, 1]] == [2.5, 5.5]
    assert [xy[0, 0] for xy in ends if xy[0, 0] == xy[1, 0]] == [4.5, 9.5, 14.5, 19.5]


def test_a_large_matrix_has_a_color_bar_and_no_numbers():
    ax = viz.plot_matrix(toeplitz2d(SOBEL, (8, 8)))
    assert not ax.texts and len(ax.figure.axes) == 2
    assert viz.plot_matrix(np.zeros((2, 2))).images[0].get_clim() == (-1, 1)


@pytest.mark.parametrize(
    "matrix, blocks, words",
    [
        (np.zeros(3), None, r"Received: matrix.shape=\(3,\)"),
        (np.zeros((0, 3)), None, r"Received: matrix.shape=\(0, 3\)"),
        (np.array([[np.nan]]), None, "1 NaN"),
        (np.zeros((9, 25)), (2, 5), r"Received: blocks=\(2, 5\), matrix.shape=\(9, 25\)"),
        (np.zeros((9, 25)), (3,), "`blocks` must be"),
        (np.zeros((9, 25)), (0, 5), "`blocks` must be"),
    ],
)
def test_bad_input(matrix, blocks, words):
    with pytest.raises(ValueError, match=words):
        viz.plot_matrix(matrix, blocks=blocks)
