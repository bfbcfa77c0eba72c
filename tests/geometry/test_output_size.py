import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from cnnkit.geometry import output_size
from cnnkit.reference import conv2d


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ((7, 3), 5),
        ((7, 3, 2), 3),
        ((7, 3, 3), 2),  # 2.33: the last pixel is left out
        ((7, 3, 3, "same"), 3),
        ((7, 3, 1, 1), 7),
        ((7, 5, 1, 2), 7),
        ((7, 7, 1, 3), 7),
        ((9, 3, 1), 7),
        ((9, 3, 2), 4),
        ((5, 3, 1, "valid", 2), 1),
        ((64, 7), 58),
        ((32, 5), 28),
        ((100, 32), 69),
        ((227, 11, 4), 55),
        ((5, 3, 1, (2, 0)), 5),
        ((6, 3, 2, (0, 1)), 3),
    ],
)
def test_output_size_by_hand(arguments, expected):
    size = output_size(*arguments)
    assert size == expected and type(size) is int


def test_maps_shrink_until_no_kernel_fits():
    sizes = [32]
    while sizes[-1] >= 5:
        sizes.append(output_size(sizes[-1], 5))
    assert sizes == [32, 28, 24, 20, 16, 12, 8, 4]
    with pytest.raises(ValueError, match="reaches over 5 values and there are 4"):
        output_size(4, 5)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 7),
    st.integers(1, 4),
    st.sampled_from(["valid", "same"]),
    st.integers(1, 3),
)
def test_output_size_is_that_of_keras(size, kernel_size, stride, padding, dilation):
    stride = stride if dilation == 1 else 1
    if padding == "valid":
        size += (kernel_size - 1) * dilation
    layer = layers.Conv1D(1, kernel_size, stride, padding, dilation_rate=dilation)
    expected = layer.compute_output_shape((None, size, 1))[1]
    assert output_size(size, kernel_size, stride, padding, dilation) == expected
    if dilation == 1:
        pooled = layers.MaxPooling1D(kernel_size, stride, padding)
        assert pooled.compute_output_shape((None, size, 1))[1] == expected


@settings(max_examples=60, deadline=None)
@given(st.integers(7, 20), *[st.integers(1, 3)] * 3, *[st.integers(0, 3)] * 2)
def test_output_size_is_that_of_the_reference(size, kernel_size, stride, dilation, before, after):
    expected = output_size(size, kernel_size, stride, (before, after), dilation)
    images, weights = np.zeros((1, size, 5, 1)), np.zeros((kernel_size, 1, 1, 1))
    border, strides, dilations = ((before, after), 0), (stride, 1), (dilation, 1)
    maps = conv2d(images, weights, None, strides, border, "zero", dilations)
    assert maps.shape == (1, expected, 5, 1)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"size": 0}, "`size` must be a positive integer. Received: size=0"),
        ({"size": None}, "Received: size=None"),
        ({"kernel_size": 2.0}, "`kernel_size` must be a positive integer"),
        ({"stride": 0}, "`stride` must be a positive integer"),
        ({"dilation": -1}, "`dilation` must be a positive integer"),
        ({"padding": "full"}, "`padding` must be"),
        ({"padding": -1}, "`padding` must be"),
        ({"padding": (1, 1, 1)}, "`padding` must be"),
        ({"padding": None}, "`padding` must be"),
        ({"dilation": 4}, "reaches over 9 values and there are 8. .* size=8"),
    ],
)
def test_wrong_sizes(change, words):
    with pytest.raises(ValueError, match=words):
        output_size(**({"size": 8, "kernel_size": 3} | change))
