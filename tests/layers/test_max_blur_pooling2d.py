import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from layer_check import check_in_tf_data, check_layer, numbers, tensorflow_only
from scipy import ndimage

from cnnkit.layers import MaxBlurPooling2D

SETTINGS = [
    dict(
        pool_size=(2, 2), strides=(2, 2), kernel_size=3, padding="same", data_format="channels_last"
    ),
    dict(
        pool_size=(3, 2),
        strides=(1, 2),
        kernel_size=4,
        padding="valid",
        data_format="channels_last",
    ),
    dict(
        pool_size=(2, 3),
        strides=(3, 2),
        kernel_size=2,
        padding="same",
        data_format="channels_first",
    ),
]


def images(shape=(3, 9, 8, 6), seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


@pytest.mark.parametrize("arguments", SETTINGS)
def test_as_a_layer(arguments):
    check_layer(MaxBlurPooling2D, arguments, images())


@tensorflow_only
@pytest.mark.parametrize("arguments", SETTINGS)
def test_in_tf_data(arguments):
    check_in_tf_data(MaxBlurPooling2D, arguments, images())


def in_scipy(image, pool_size, strides, kernel_size, padding):
    """Dense maximum, binomial blur and sub-sampling of one map."""
    line = np.poly1d([0.5, 0.5]) ** (kernel_size - 1)
    line = np.atleast_1d(line.coeffs)
    before = [(size - 1) // 2 for size in pool_size]  # with an even size, one more comes after
    origin = [b - size // 2 for b, size in zip(before, pool_size, strict=True)]
    dense = ndimage.maximum_filter(image, pool_size, mode="constant", cval=-np.inf, origin=origin)
    if padding == "valid":
        rows, columns = (n - k + 1 for n, k in zip(image.shape, pool_size, strict=True))
        dense = dense[before[0] :, before[1] :][:rows, :columns]
    shift = (kernel_size - 1) // 2 - kernel_size // 2

    def blur(maps):
        for axis in (0, 1):
            maps = ndimage.correlate1d(maps, line, axis, mode="constant", origin=shift)
        return maps

    blurred = blur(dense) / blur(np.ones_like(dense))
    if padding == "valid":
        first = (kernel_size - 1) // 2
        rows, columns = (n - kernel_size + 1 for n in dense.shape)
        blurred = blurred[first:, first:][:rows, :columns]
    return blurred[:: strides[0], :: strides[1]]


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@settings(max_examples=40, deadline=None)
@given(pairs, pairs, st.integers(1, 5), st.sampled_from(["valid", "same"]), st.integers(0, 1000))
def test_it_is_what_scipy_computes(pool_size, strides, kernel_size, padding, seed):
    maps = images((2, 8, 9, 3), seed)
    outputs = numbers(MaxBlurPooling2D(pool_size, strides, kernel_size, padding)(maps))
    for b, channel in np.ndindex(2, 3):
        expected = in_scipy(
            maps[b, :, :, channel].astype("float64"), pool_size, strides, kernel_size, padding
        )
        np.testing.assert_allclose(outputs[b, :, :, channel], expected, atol=1e-6)


def test_by_hand():
    maps = np.array([[0, 0, 0, 4, 0, 0, 0, 0]], "float32")[None, :, :, None]
    # dense maximum: 0 0 4 4 0 0 0 0; blurred: (0) 1 3 (3) 1 0 0 0
    outputs = numbers(MaxBlurPooling2D((1, 2), (1, 2))(maps))
    np.testing.assert_allclose(outputs[0, 0, :, 0], [0, 3, 1, 0])


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_an_even_map_stays_as_it_is(size, kernel_size):
    outputs = numbers(MaxBlurPooling2D(kernel_size=kernel_size)(np.full((1, size, size, 2), 3.0)))
    np.testing.assert_allclose(outputs, 3, rtol=1e-6)


def test_the_example_of_the_paper():
    """Moved by a pixel, max pooling gives another signal, and this nearly the same."""
    signal = np.tile([0.0, 0, 1, 1], 6)[None, None, :, None]
    moved = np.roll(signal, 1, axis=2)
    results = {}
    for layer in (keras.layers.MaxPooling2D((1, 2)), MaxBlurPooling2D((1, 2), (1, 2))):
        for name, inputs in {"signal": signal, "moved": moved}.items():
            results[type(layer).__name__, name] = numbers(layer(inputs))[0, 0, 2:6, 0].tolist()
    assert results["MaxPooling2D", "signal"] == [0, 1, 0, 1]
    assert results["MaxPooling2D", "moved"] == [1, 1, 1, 1]
    assert results["MaxBlurPooling2D", "signal"] == [0.5, 1, 0.5, 1]
    assert results["MaxBlurPooling2D", "moved"] == [0.75, 0.75, 0.75, 0.75]


def test_without_blur_it_is_max_pooling():
    maps = images((2, 8, 8, 3))
    outputs = numbers(MaxBlurPooling2D(kernel_size=1, padding="valid")(maps))
    assert (outputs == numbers(keras.layers.MaxPooling2D()(maps))).all()


def test_sizes_may_be_unknown():
    inputs = keras.Input((None, None, 2))
    model = keras.Model(inputs, MaxBlurPooling2D()(inputs))
    assert model.output_shape == (None, None, None, 2)
    maps = images((2, 7, 8, 2))
    expected = numbers(MaxBlurPooling2D()(maps))
    np.testing.assert_allclose(model.predict(maps, verbose=0), expected, rtol=1e-6)


def test_channels_first_is_the_same_on_turned_maps():
    maps = images()
    turned = MaxBlurPooling2D(data_format="channels_first")(ops.transpose(maps, (0, 3, 1, 2)))
    expected = numbers(MaxBlurPooling2D()(maps)).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(numbers(turned), expected, rtol=1e-6)


def test_wrong_settings_are_named():
    with pytest.raises(ValueError, match="`kernel_size` must be .* Received: kernel_size=0"):
        MaxBlurPooling2D(kernel_size=0)
    with pytest.raises(ValueError, match="`strides` must be .* Received: strides=0"):
        MaxBlurPooling2D(strides=0)
    with pytest.raises(ValueError, match="kernel must fit"):
        MaxBlurPooling2D(3, kernel_size=3, padding="valid")(keras.Input((4, 4, 1)))
