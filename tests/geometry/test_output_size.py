import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from cnnkit.geometry import output_size
from cnnkit.reference import conv2d


@pytest.mark.parametrize(
    "image_size, kernel_size, options, expected",
    [
        (7, 3, {}, 5),
        (7, 3, dict(strides=2), 3),
        (7, 3, dict(strides=3), 2),  # 2.33: the last pixel is left out
        (7, 3, dict(strides=3, padding="same"), 3),
        (7, 3, dict(padding=1), 7),
        (7, 5, dict(padding=2), 7),
        (7, 7, dict(padding=3), 7),
        (9, 3, dict(strides=1), 7),
        (9, 3, dict(strides=2), 4),
        (5, 3, dict(dilation_rate=2), 1),
        (64, 7, {}, 58),
        (32, 5, {}, 28),
        (100, 32, {}, 69),
        (227, 11, dict(strides=4), 55),
        (5, 3, dict(padding=(2, 0)), 5),
        (6, 3, dict(strides=2, padding=(0, 1)), 3),
        (100, 3, dict(padding=np.uint8(100)), 298),
        (100, 3, dict(strides=np.uint8(2)), 49),
    ],
)
def test_output_size_by_hand(image_size, kernel_size, options, expected):
    size = output_size(image_size, kernel_size, **options)
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
def test_output_size_is_that_of_keras(size, kernel_size, strides, padding, dilation_rate):
    strides = strides if dilation_rate == 1 else 1
    if padding == "valid":
        size += (kernel_size - 1) * dilation_rate
    options = dict(strides=strides, padding=padding, dilation_rate=dilation_rate)
    layer = layers.Conv1D(1, kernel_size, **options)
    expected = layer.compute_output_shape((None, size, 1))[1]
    assert output_size(size, kernel_size, **options) == expected
    if dilation_rate == 1:
        pooled = layers.MaxPooling1D(kernel_size, strides, padding)
        assert pooled.compute_output_shape((None, size, 1))[1] == expected


@settings(max_examples=60, deadline=None)
@given(st.integers(7, 20), *[st.integers(1, 3)] * 3, *[st.integers(0, 3)] * 2)
def test_output_size_is_that_of_the_reference(size, kernel_size, stride, dilation, before, after):
    options = dict(strides=stride, padding=(before, after), dilation_rate=dilation)
    expected = output_size(size, kernel_size, **options)
    images, weights = np.zeros((1, size, 5, 1)), np.zeros((kernel_size, 1, 1, 1))
    border, strides, dilations = ((before, after), 0), (stride, 1), (dilation, 1)
    options = dict(strides=strides, padding=border, dilation_rate=dilations)
    maps = conv2d(images, weights, **options)
    assert maps.shape == (1, expected, 5, 1)


@settings(max_examples=300, deadline=None)
@given(
    *[st.integers(1, 127)] * 2,
    *[st.integers(1, 9)] * 2,
    st.one_of(st.sampled_from(["valid", "same"]), st.integers(0, 127)),
    st.sampled_from([np.int8, np.uint8, np.int32, np.uint64]),
)
def test_small_integers_of_numpy_give_the_same(
    size, kernel_size, strides, dilation_rate, padding, small
):
    def size_or_error(image_size, kernel_size, **options):
        try:
            return output_size(image_size, kernel_size, **options)
        except ValueError as error:
            return str(error)

    options = dict(strides=strides, dilation_rate=dilation_rate, padding=padding)
    as_small = {key: n if isinstance(n, str) else small(n) for key, n in options.items()}
    received = size_or_error(small(size), small(kernel_size), **as_small)
    assert received == size_or_error(size, kernel_size, **options)
    assert type(received) in (int, str)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"image_size": 0}, "`image_size` must be a positive integer. Received: image_size=0"),
        ({"image_size": None}, "Received: image_size=None"),
        ({"kernel_size": 2.0}, "`kernel_size` must be a positive integer"),
        ({"strides": 0}, "`strides` must be a positive integer"),
        ({"dilation_rate": -1}, "`dilation_rate` must be a positive integer"),
        ({"padding": "full"}, "`padding` must be"),
        ({"padding": -1}, "`padding` must be"),
        ({"padding": (1, 1, 1)}, "`padding` must be"),
        ({"padding": None}, "`padding` must be"),
        ({"padding": True}, "`padding` must be"),
        ({"padding": np.array([1, 2])}, "`padding` must be .* Received: padding=array"),
        ({"strides": True}, "`strides` must be a positive integer. Received: strides=True"),
        ({"dilation_rate": 4}, "reaches over 9 values and there are 8. .* size=8"),
    ],
)
def test_wrong_sizes(change, words):
    with pytest.raises(ValueError, match=words):
        output_size(**({"image_size": 8, "kernel_size": 3} | change))
