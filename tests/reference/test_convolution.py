import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnkit import reference
from cnnkit.reference import borders, conv2d, conv2d_backward, convolve2d, correlate2d

SOBEL = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
IMAGE = np.array(
    [[9, 1, 2, 2, 7], [10, 3, 10, 5, 1], [2, 6, 10, 10, 9], [10, 10, 5, 8, 10], [7, 10, 9, 10, 7]]
)
SMALL_KERNEL = np.array([[0, 1, -4], [0, 2, 0], [-1, 4, 3]])
SMALL_IMAGE = np.array(
    [[0, 2, 1, 0, 1], [0, 1, 2, 1, 0], [1, 0, 2, 0, 0], [1, 0, 0, 1, 1], [0, 1, 1, 2, 2]]
)


def is_exactly(result, expected):
    return result.dtype == np.int64 and result.tolist() == expected


def test_sobel_by_hand():
    valid = [[-1, -9, 14], [-11, -8, 6], [0, 0, -7]]
    assert is_exactly(correlate2d(IMAGE, SOBEL), valid)
    assert is_exactly(-convolve2d(IMAGE, SOBEL), valid)
    assert correlate2d(IMAGE, SOBEL.T).tolist() == [[-11, -29, -26], [-9, 0, -10], [-12, -2, 3]]
    same = [[-5, 14, -4, -1, 9], [-13, -1, -9, 14, 22], [-25, -11, -8, 6, 33]]
    same += [[-36, 0, 0, -7, 36], [-30, 1, 2, -1, 28]]
    assert is_exactly(correlate2d(IMAGE, SOBEL, padding="same"), same)


def test_another_kernel_by_hand():
    valid = correlate2d(SMALL_IMAGE, SMALL_KERNEL)
    assert is_exactly(valid, [[5, 13, -4], [-8, 5, 8], [-1, 11, 15]])
    assert is_exactly(correlate2d(SMALL_IMAGE, SMALL_KERNEL, strides=2), [[5, -4], [-1, 15]])
    assert is_exactly(correlate2d(SMALL_IMAGE, SMALL_KERNEL, dilation_rate=2), [[11]])
    same = [[3, 14, 12, 2, 1], [-4, 5, 13, -4, 1], [2, -8, 5, 8, 3]]
    same += [[6, -1, 11, 15, 8], [1, 2, -2, 1, 5]]
    assert is_exactly(correlate2d(SMALL_IMAGE, SMALL_KERNEL, padding="same"), same)
    convolved = convolve2d(SMALL_IMAGE, SMALL_KERNEL)
    assert is_exactly(convolved, [[5, 16, -4], [-2, 14, 11], [2, 5, 6]])
    assert convolved[0, 0] == valid[0, 0] and convolved[0, 1] != valid[0, 1]


def test_convolution_does_not_care_which_of_the_two_is_the_kernel():
    full = 2
    swapped = convolve2d(SMALL_KERNEL, SMALL_IMAGE, padding=4)
    assert (convolve2d(SMALL_IMAGE, SMALL_KERNEL, padding=full) == swapped).all()


@pytest.mark.parametrize("size, stride, expected", [(7, 1, 5), (7, 2, 3), (7, 3, 2), (9, 2, 4)])
def test_a_stride_that_does_not_fit_leaves_pixels_out(size, stride, expected):
    assert correlate2d(np.ones((size, size)), SOBEL, strides=stride).shape == (expected, expected)


def test_same_padding_of_the_course():
    assert correlate2d(np.ones((7, 7)), SOBEL, padding=1).shape == (7, 7)


def test_an_image_size_kernel_slides_over_a_larger_image():
    images = np.zeros((1, 100, 100, 3), "float32")
    weights = np.ones((32, 32, 3, 1), "float32")
    assert conv2d(images, weights).shape == (1, 69, 69, 1)
    gradient = np.zeros((1, 69, 69, 1))
    gradient[0, 25, 30] = 1
    seen = np.argwhere(conv2d_backward(gradient, images, weights)[0])
    assert seen.min(axis=0).tolist() == [0, 25, 30, 0]
    assert seen.max(axis=0).tolist() == [0, 56, 61, 2]


def test_a_kernel_of_one_pixel_is_a_dense_layer_for_each_pixel():
    images, weights = arrays((2, 5, 4, 3), (1, 1, 3, 6))
    np.testing.assert_allclose(conv2d(images, weights), images @ weights[0, 0])


def test_one_group_for_each_channel_is_a_depthwise_convolution():
    images, weights = arrays((2, 6, 5, 3), (3, 3, 1, 6))
    with keras.device("cpu"):
        expected = keras.ops.depthwise_conv(images, weights.reshape(3, 3, 3, 2), padding="same")
    expected = keras.ops.convert_to_numpy(expected)
    assert_close(conv2d(images, weights, padding="same", groups=3), expected, 1e-5)


def arrays(*shapes, dtype="float64", seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def assert_close(result, expected, tolerance):
    """Closer than `tolerance` times the largest value."""
    expected = np.asarray(expected)
    assert result.shape == expected.shape
    if expected.size:
        assert np.abs(result - expected).max() <= tolerance * max(np.abs(expected).max(), 1e-3)


@st.composite
def cases(draw, max_groups=1, modes=("constant", "reflect", "edge")):
    """Shapes of images and weights, and settings that Keras knows too."""
    small, stride = st.integers(1, 3), draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    dilation = draw(st.tuples(small, small)) if stride == (1, 1) else (1, 1)
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    mode, groups = draw(st.sampled_from(modes)), draw(st.integers(1, max_groups))
    widths = st.tuples(st.integers(0, 3), st.integers(0, 3))
    padding = draw(st.tuples(widths, widths))
    if mode == "constant":
        padding = draw(st.sampled_from(["valid", "same", padding]))
    shortest = [1, 1] if padding == "same" else reach
    if mode == "reflect":
        shortest = [max(n, 4) for n in reach]
    height, width = (n + draw(st.integers(0, 6)) for n in shortest)
    seen, filters = draw(small), draw(small) * groups
    images = (draw(small), height, width, seen * groups)
    settings_ = dict(strides=stride, padding=padding, dilation_rate=dilation, groups=groups)
    return images, (*kernel, seen, filters), settings_ | {"pad_mode": mode}


def conv2d_in_keras(images, weights, strides, padding, dilation_rate, groups, pad_mode):
    if not isinstance(padding, str):
        images, padding = np.pad(images, [(0, 0), *padding, (0, 0)], pad_mode), "valid"
    with keras.device("cpu"):  # a GPU may round to 10 bits
        maps = keras.ops.conv(images, weights, strides, padding, dilation_rate=dilation_rate)
    return keras.ops.convert_to_numpy(maps)


def tensorflow_leaves_zeros(maps, images, weights, strides):
    """Whether TensorFlow's result on a CPU is wrong (2.21): rows but the first are 0."""
    one_column = maps[2] == 1 and maps[1] > 1
    jumps = strides[0] == 1 and strides[1] > 1 and weights[1] > 1
    of_tensorflow = keras.backend.backend() == "tensorflow"
    return of_tensorflow and one_column and jumps and images[3] == 1


def check_against_keras(case, seed):
    images_shape, weights_shape, options = case
    images, weights = arrays(images_shape, weights_shape, dtype="float32", seed=seed)
    maps = conv2d(images, weights, **options)
    assert maps.dtype == np.float32
    assume(not tensorflow_leaves_zeros(maps.shape, images_shape, weights_shape, options["strides"]))
    assert_close(maps, conv2d_in_keras(images, weights, **options), 1e-5)
    (gradient,) = arrays(maps.shape, dtype="float32", seed=seed + 1)
    gradients = conv2d_backward(gradient, images, weights, **options)
    assert {array.dtype for array in gradients} == {np.dtype("float32")}
    assert_close(gradients[0], gradient_of_images(gradient, images, weights, options), 1e-4)
    assert_close(gradients[1], gradient_of_weights(gradient, images, weights, options), 1e-4)
    assert_close(gradients[2], gradient.sum(axis=(0, 1, 2)), 1e-4)


# The maps are linear in the images and in the weights, so that the maps of ones, each in another
# place, are the derivatives. TensorFlow's own gradient of the weights is not asked: for kernels of
# one pixel with strides it writes where it must not (2.21, on a CPU), and ends Python now and then.


def gradient_of_images(gradient, images, weights, options):
    shape = images.shape[1:]
    ones = np.eye(np.prod(shape), dtype="float32").reshape(-1, *shape)
    maps = conv2d_in_keras(ones, weights, **options)
    return np.einsum("pijf,bijf->bp", maps, gradient).reshape(images.shape)


def gradient_of_weights(gradient, images, weights, options):
    groups = options["groups"]
    n = np.prod(weights.shape[:3])
    ones = np.eye(n, dtype="float32").reshape(*weights.shape[:3], n)
    maps = conv2d_in_keras(images, np.tile(ones, groups), **options)
    maps, gradient = (a.reshape(*a.shape[:3], groups, -1) for a in (maps, gradient))
    return np.einsum("bijgw,bijgf->wgf", maps, gradient).reshape(weights.shape)


# JAX compiles each shape anew.
MANY = 80 if keras.backend.backend() == "tensorflow" else 20


@settings(max_examples=MANY, deadline=None)
@given(cases(), st.integers(0, 1000))
def test_maps_and_gradients_are_those_of_keras(case, seed):
    check_against_keras(case, seed)


@settings(max_examples=12, deadline=None)  # each is compiled by XLA
@given(cases(max_groups=3, modes=("constant",)), st.integers(0, 1000))
def test_groups_are_those_of_keras(case, seed):
    check_against_keras(case, seed)


def test_one_column_with_strides():
    """Where TensorFlow is wrong: see `tensorflow_leaves_zeros`."""
    images, weights = arrays((2, 3, 3, 1), (1, 2, 1, 2))
    maps = conv2d(images, weights, strides=(1, 2))
    np.testing.assert_allclose(maps[:, :, 0], images[:, :, :2, 0] @ weights[0, :, 0])


@pytest.mark.parametrize("padding", ["valid", "same", ((1, 0), (2, 1))])
@pytest.mark.parametrize("stride, dilation", [((2, 3), (2, 1)), (2, 2), ((1, 2), (3, 2))])
def test_stride_with_dilation_by_the_definition(stride, dilation, padding):
    images, weights, bias = arrays((2, 8, 9, 4), (2, 3, 2, 6), (6,))
    options = dict(strides=stride, padding=padding, dilation_rate=dilation, groups=2)
    maps = conv2d(images, weights, bias, **options)
    strides, dilations = np.broadcast_to(stride, 2), np.broadcast_to(dilation, 2)
    if padding == "same":
        assert maps.shape[1:3] == tuple(-(-np.array([8, 9]) // strides))
    border = borders(padding, (8, 9), (2, 3), strides, dilations)
    padded = np.pad(images, [(0, 0), *border, (0, 0)])
    for b, i, j, f in np.ndindex(maps.shape):
        total, first = bias[f], 0 if f < 3 else 2  # the first channel that the filter sees
        for m, n, c in np.ndindex(2, 3, 2):
            row, column = i * strides[0] + m * dilations[0], j * strides[1] + n * dilations[1]
            total += padded[b, row, column, first + c] * weights[m, n, c, f]
        assert abs(maps[b, i, j, f] - total) < 1e-12


def central_differences(loss, array, step=1e-3):
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        up, down = array.copy(), array.copy()
        up[index] += step
        down[index] -= step
        gradient[index] = (loss(up) - loss(down)) / (2 * step)
    return gradient


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge"])
@pytest.mark.parametrize("padding", ["valid", "same", ((3, 0), (1, 2))])
@pytest.mark.parametrize("stride, dilation, groups", [(1, 1, 1), ((2, 1), (1, 3), 2), (3, 2, 2)])
def test_gradients_are_finite_differences(stride, dilation, groups, padding, mode):
    options = dict(strides=stride, padding=padding, pad_mode=mode, dilation_rate=dilation)
    options["groups"] = groups
    images, weights, bias = arrays((2, 5, 7, 2), (3, 3, 2 // groups, 4), (4,))
    maps = conv2d(images, weights, bias, **options)
    (factors,) = arrays(maps.shape, seed=1)
    gradients = conv2d_backward(factors, images, weights, **options)
    losses = (
        lambda changed: (conv2d(changed, weights, bias, **options) * factors).sum(),
        lambda changed: (conv2d(images, changed, bias, **options) * factors).sum(),
        lambda changed: (conv2d(images, weights, changed, **options) * factors).sum(),
    )
    for gradient, loss, array in zip(gradients, losses, (images, weights, bias), strict=True):
        assert_close(gradient, central_differences(loss, array), 1e-7)


def test_a_pixels_gradient_sums_over_the_filters():
    """With the gradient of map c in place of that of each map f, it is far off."""
    images, weights = arrays((1, 6, 6, 3), (3, 3, 3, 3))
    (delta,) = arrays((1, 4, 4, 3), seed=1)
    expected = central_differences(lambda x: (conv2d(x, weights) * delta).sum(), images)
    assert_close(conv2d_backward(delta, images, weights)[0], expected, 1e-7)
    for c in range(3):
        same_for_all = np.repeat(delta[..., c : c + 1], 3, axis=3)
        wrong = conv2d_backward(same_for_all, images, weights)[0][..., c]
        error = np.abs(wrong - expected[..., c]).max()
        assert error > 0.5 * np.abs(expected[..., c]).max()


def test_same_padding_can_hold_pixels():
    images, weights = arrays((1, 5, 6, 2), (3, 3, 2, 1))
    for mode in ("reflect", "edge"):
        maps = conv2d(images, weights, padding="same", pad_mode=mode)
        assert (maps == conv2d(images, weights, padding=1, pad_mode=mode)).all()
    edge = conv2d(np.ones((1, 4, 4, 1)), np.ones((3, 3, 1, 1)), padding="same", pad_mode="edge")
    assert (edge == 9).all()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_keep_their_dtype(dtype):
    images, weights, bias = arrays((1, 4, 4, 1), (3, 3, 1, 2), (2,), dtype=dtype)
    maps = conv2d(images, weights, bias)
    assert maps.dtype == dtype
    assert {g.dtype.name for g in conv2d_backward(maps, images, weights)} == {dtype}
    assert correlate2d(images[0, :, :, 0], SOBEL.astype("float16")).dtype == dtype


def test_integers_are_exact():
    pixels = np.full((1, 9, 9, 3), 255, np.uint8)
    ones = np.ones((9, 9, 3, 1), np.int8)
    maps = conv2d(pixels, ones, bias=[1])
    assert maps.dtype == np.int64 and maps.item() == 255 * 243 + 1
    assert conv2d(pixels > 0, ones).item() == 243
    assert conv2d_backward(maps, pixels, ones)[1].dtype == np.int64
    assert correlate2d([[2**53, 1]], [[1, 1]]).item() == 2**53 + 1


def test_tensors_and_empty_batches():
    images, weights = arrays((2, 5, 5, 1), (3, 3, 1, 1))
    assert (conv2d(tf.constant(images), tf.constant(weights)) == conv2d(images, weights)).all()
    assert conv2d(images[:0], weights, padding="same").shape == (0, 5, 5, 1)
    shapes = [g.shape for g in conv2d_backward(np.zeros((0, 3, 3, 1)), images[:0], weights)]
    assert shapes == [(0, 5, 5, 1), (3, 3, 1, 1), (1,)]


def test_nothing_given_is_changed():
    given_ = arrays((2, 3, 3, 1), (2, 5, 5, 1), (3, 3, 1, 1))
    before = [array.copy() for array in given_]
    conv2d(*given_[1:])
    conv2d_backward(*given_)
    assert all((a == b).all() for a, b in zip(given_, before, strict=True))


def test_it_needs_no_framework():
    code = (
        "import sys, cnnkit.reference;"
        "print([m for m in ('keras', 'tensorflow', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
    assert all(getattr(reference, name).__doc__ for name in reference.__all__)


IMAGES, WEIGHTS = np.zeros((2, 5, 4, 4), "float32"), np.zeros((3, 2, 4, 6), "float32")
WRONG = [
    ({"images": IMAGES[0]}, r"`images` must have the shape \(batch.* of shape \(5, 4, 4\)"),
    ({"weights": WEIGHTS[0]}, r"`weights` must have the shape .* of shape \(2, 4, 6\)"),
    ({"weights": WEIGHTS[:0]}, r"`weights` must have at least one value.* of size \(0, 2\)"),
    ({"weights": WEIGHTS[:, :, :3]}, "with 4 channels, weights with 3, groups=1"),
    ({"groups": 2}, "with 4 channels, weights with 4, groups=2"),
    ({"groups": 0}, "`groups` must be a positive integer. Received: groups=0"),
    (
        {"weights": WEIGHTS[:, :, :2, :5], "groups": 2},
        "`groups` must divide the filters. Received: weights with 5 filters, groups=2",
    ),
    ({"strides": 0}, "`strides` must be a positive integer or a pair.* strides=0"),
    ({"strides": 1.5}, "strides=1.5"),
    ({"strides": (1, 2, 3)}, r"strides=\(1, 2, 3\)"),
    ({"dilation_rate": (1, -1)}, r"`dilation_rate` must be .* dilation_rate=\(1, -1\)"),
    ({"padding": "full"}, "`padding` must be \"valid\", .* padding='full'"),
    ({"padding": (0, 0, 0, 0)}, r"Received: padding=\(0, 0, 0, 0\)"),
    ({"pad_mode": "wrap"}, "`pad_mode` must be .*'constant', .* Received: pad_mode='wrap'"),
    (
        {"padding": ((0, 0), (4, 0)), "pad_mode": "reflect"},
        r"narrower than the image. Received: a border of \(4, 0\) around 4 pixels",
    ),
    (
        {"dilation_rate": 3},
        "reaches over 7 values and there are 5. Received: kernel_size=3, dilation_rate=3, size=5",
    ),
]


@pytest.mark.parametrize("change, words", WRONG)
def test_wrong_arguments(change, words):
    arguments = {"images": IMAGES, "weights": WEIGHTS} | change
    with pytest.raises(ValueError, match=words):
        conv2d(**arguments)
    with pytest.raises(ValueError, match=words):
        conv2d_backward(np.zeros((2, 3, 3, 6)), **arguments)


@pytest.mark.parametrize("bias", [np.zeros(5), np.zeros((1, 6)), 0.5])
def test_wrong_bias(bias):
    with pytest.raises(ValueError, match=r"`bias` must have the shape \(6,\)"):
        conv2d(IMAGES, WEIGHTS, bias)


@pytest.mark.parametrize("shape", [(2, 3, 3, 5), (3, 3, 6), (2, 5, 4, 6)])
def test_wrong_output_gradient(shape):
    with pytest.raises(ValueError, match=r"shape of the feature maps, \(2, 3, 3, 6\)"):
        conv2d_backward(np.zeros(shape), IMAGES, WEIGHTS)


@pytest.mark.parametrize("function", [correlate2d, convolve2d])
def test_wrong_image_or_kernel(function):
    with pytest.raises(ValueError, match=r"`image` must have the shape \(height, width\)"):
        function(np.zeros((5, 5, 3)), SOBEL)
    with pytest.raises(ValueError, match="`kernel` must have the shape"):
        function(IMAGE, SOBEL.ravel())
    with pytest.raises(ValueError, match="`kernel` must have at least one value"):
        function(IMAGE, SOBEL[:, :0])
    with pytest.raises(ValueError, match="reaches over 5 values and there are 3"):
        function(SOBEL, IMAGE)


@pytest.mark.parametrize("bad", [np.array("text"), np.zeros(3, complex), [None]])
def test_what_is_no_number(bad):
    for name in ("images", "weights", "bias"):
        arguments = {"images": IMAGES, "weights": WEIGHTS, "bias": np.zeros(6)} | {name: bad}
        with pytest.raises(TypeError, match=f"`{name}` must hold integers or floats. Received"):
            conv2d(**arguments)
    with pytest.raises(TypeError, match="`output_gradient` must hold"):
        conv2d_backward(bad, IMAGES, WEIGHTS)
