import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnkit.reference import correlate2d, toeplitz1d, toeplitz2d

SOBEL = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
IMAGE = np.array(
    [[9, 1, 2, 2, 7], [10, 3, 10, 5, 1], [2, 6, 10, 10, 9], [10, 10, 5, 8, 10], [7, 10, 9, 10, 7]]
)


def test_a_sequence_by_hand():
    kernel, sequence = [1, 2, 3], [5, 1, 4, 2, 3]
    valid, same = toeplitz1d(kernel, 5), toeplitz1d(kernel, 5, padding="same")
    assert valid.tolist() == [[1, 2, 3, 0, 0], [0, 1, 2, 3, 0], [0, 0, 1, 2, 3]]
    assert (same[1:4] == valid).all()
    assert same[0].tolist() == [2, 3, 0, 0, 0] and same[4].tolist() == [0, 0, 0, 1, 2]
    assert (valid @ sequence).tolist() == [19, 15, 17]
    assert (same @ sequence).tolist() == [13, 19, 15, 17, 8]


@pytest.mark.parametrize("padding", ["valid", "same", (2, 0)])
@pytest.mark.parametrize("size, kernel_size", [(6, 1), (6, 2), (7, 5), (4, 4)])
def test_a_sequence_is_an_image_of_one_row(size, kernel_size, padding):
    rng = np.random.default_rng(0)
    kernel, sequence = rng.standard_normal(kernel_size), rng.standard_normal(size)
    border = padding if isinstance(padding, str) else (0, padding)
    expected = correlate2d(sequence[None], kernel[None], padding=border)[0]
    matrix = toeplitz1d(kernel, size, padding=padding)
    np.testing.assert_allclose(matrix @ sequence, expected, atol=1e-12)


def test_sobel_by_hand():
    matrix = toeplitz2d(SOBEL, (5, 5))
    assert matrix.shape == (9, 25) and np.count_nonzero(matrix) == 54
    assert np.count_nonzero(toeplitz2d(np.ones((3, 3)), (5, 5))) == 81
    assert (matrix == toeplitz2d(SOBEL, 5)).all()
    assert (matrix @ IMAGE.ravel()).tolist() == [-1, -9, 14, -11, -8, 6, 0, 0, -7]


def test_blocks_are_toeplitz_matrices_of_the_rows():
    rng = np.random.default_rng(0)
    kernel = rng.standard_normal((2, 3))
    matrix = toeplitz2d(kernel, (4, 5)).reshape(3, 3, 4, 5)
    for row, image_row in np.ndindex(3, 4):
        offset = image_row - row
        block = toeplitz1d(kernel[offset], 5) if offset in (0, 1) else np.zeros((3, 5))
        assert (matrix[row, :, image_row] == block).all()


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@settings(max_examples=60, deadline=None)
@given(
    pairs,
    pairs,
    pairs,
    st.tuples(st.integers(7, 9), st.integers(7, 9)),
    st.one_of(st.sampled_from(["valid", "same"]), st.tuples(st.integers(0, 2), pairs)),
)
def test_the_product_is_the_cross_correlation(kernel_size, stride, dilation, shape, padding):
    rng = np.random.default_rng(0)
    image, kernel = rng.standard_normal(shape), rng.standard_normal(kernel_size)
    options = dict(strides=stride, padding=padding, dilation_rate=dilation)
    expected = correlate2d(image, kernel, **options)
    matrix = toeplitz2d(kernel, shape, **options)
    assert matrix.shape == (expected.size, image.size)
    np.testing.assert_allclose(matrix @ image.ravel(), expected.ravel(), atol=1e-12)


def test_dtypes():
    assert toeplitz1d([1, 2], 3).dtype == np.int64
    assert toeplitz1d(np.ones(2, "float32"), 3).dtype == np.float32
    assert toeplitz2d(np.ones((2, 2), "float32"), (3, 3)).dtype == np.float32


@pytest.mark.parametrize(
    "arguments, words",
    [
        ((SOBEL, 5), r"`kernel` must have the shape \(kernel_size\).*\(3, 3\)"),
        (([], 5), "`kernel` must have at least one value"),
        (([1, 2], 0), "`size` must be a positive integer. Received: size=0"),
        (([1, 2], 2.5), "Received: size=2.5"),
        (([1, 2, 3], 2), "reaches over 3 values and there are 2"),
        (([1, 2], 5, {"padding": "full"}), "`padding` must be .* \\(before, after\\)"),
    ],
)
def test_wrong_sequences(arguments, words):
    with pytest.raises(ValueError, match=words):
        toeplitz1d(*arguments[:2], **dict(*arguments[2:]))


@pytest.mark.parametrize(
    "arguments, words",
    [
        (([1, 2], (5, 5)), r"`kernel` must have the shape .* of shape \(2,\)"),
        ((SOBEL[:0], (5, 5)), "`kernel` must have at least one value"),
        ((SOBEL, (5, 0)), r"`image_size` must be .* image_size=\(5, 0\)"),
        ((SOBEL, (5, 5, 1)), "`image_size`"),
        ((SOBEL, (5, 2)), "reaches over 3 values and there are 2"),
        ((SOBEL, (5, 5), {"strides": 0}), "`strides`"),
        ((SOBEL, (5, 5), {"padding": "full"}), "`padding` must be .*\\(top, bottom"),
        ((SOBEL, (5, 5), {"dilation_rate": 0}), "`dilation_rate`"),
    ],
)
def test_wrong_images(arguments, words):
    with pytest.raises(ValueError, match=words):
        toeplitz2d(*arguments[:2], **dict(*arguments[2:]))


def test_what_is_no_number():
    for make in (lambda: toeplitz1d(["a"], 3), lambda: toeplitz2d([["a"]], (3, 3))):
        with pytest.raises(TypeError, match="`kernel` must hold integers or floats"):
            make()
