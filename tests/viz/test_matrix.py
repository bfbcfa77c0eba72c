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


def test_in_words():
    ax = viz.plot_matrix([[50, 3, 0], [7, 40, 1], [2, 0, 60]], title="mistakes")
    assert ax.figure.alt_text == (
        "mistakes. Matrix of 3 by 3, values from 0 to 60, 7 of 9 not 0; row by row: "
        "50, 3, 0; 7, 40, 1; 2, 0, 60. The largest value off the diagonal, 7, is in row 1, column "
        "0, counted from 0."
    )
    viz.plot_matrix(np.array([[-0.5, 0.25, 0.75], [0, 0, 0]]), ax=ax)
    assert ax.figure.alt_text.endswith(
        "counted from 0. Matrix of 2 rows by 3 columns, values from −0.5 to 0.75, 3 of 6 not 0; "
        "row by row: −0.5, 0.25, 0.75; 0, 0, 0. The largest value, 0.75, is in row 0, column 2, "
        "counted from 0."
    ), "two plots in one figure"


def test_diagonals_in_words():
    assert viz.plot_matrix(toeplitz2d(SOBEL, (5, 5)), blocks=(3, 5)).figure.alt_text == (
        "Matrix of 9 rows by 25 columns, values from −2 to 2, 54 of 225 not 0, in blocks of 3 rows "
        "by 5 columns. Along each diagonal of a block the values are equal."
    )
    assert viz.plot_matrix([[1, 2, 0], [0, 1, 2]]).figure.alt_text.endswith(
        "1, 2, 0; 0, 1, 2. Along each diagonal the values are equal."
    )


@pytest.mark.parametrize(
    "matrix, words",
    [
        ([[7]], "Matrix of 1 by 1, values 7."),
        (np.zeros((40, 40)), "Matrix of 40 by 40, values all 0."),
        (
            [[1, 2]],
            "Matrix of 1 row by 2 columns, values from 1 to 2, 2 of 2 not 0; row by row: 1, 2.",
        ),
        (
            [[True, True], [True, False]],
            "Matrix of 2 by 2, values from 0 to 1, 3 of 4 not 0; row by row: 1, 1; 1, "
            "0. The largest value off the diagonal, 1, is in row 0, column 1, counted from 0.",
        ),
    ],
)
def test_small_and_empty_matrices_in_words(matrix, words):
    assert viz.plot_matrix(matrix).figure.alt_text == words
