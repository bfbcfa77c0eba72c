from contextlib import nullcontext
from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnkit.reference import (
    batch_norm,
    batch_norm_backward,
    batch_norm_inference,
    group_norm,
    instance_norm,
    layer_norm,
    update_moving,
)

# JAX compiles each shape anew.
MANY = 40 if keras.backend.backend() == "tensorflow" else 10
ALL = [batch_norm, layer_norm, instance_norm, partial(group_norm, groups=2)]


def arrays(*shapes, seed=0, dtype="float32"):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


@st.composite
def cases(draw, smallest=2):
    """Values of each channel with another mean and another spread, weights, and an epsilon."""
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=smallest, max_size=4)))
    x, gamma, beta, mean, spread = arrays(shape, *shape[-1:] * 4, seed=draw(st.integers(0, 9999)))
    return 2 * mean + np.exp(spread) * x, gamma, beta, draw(st.sampled_from([1e-3, 0.1, 1]))


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)


def with_weights(layer, x, gamma, beta):
    if not layer.built:
        layer.build(x.shape)
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    return layer


def layer_output(layer, x, gamma, beta, **options):
    """What a Keras layer with these weights computes, in the layer's dtype.

    The tests of drawn cases take float64, where Keras does: in float32, its own rounding is up to
    1e-4 where a variance is near epsilon.
    """
    x = x.astype(layer.compute_dtype)
    with keras.device("cpu"), float64_of_jax():
        return numbers(with_weights(layer, x, gamma, beta)(x, **options))


def float64_of_jax():
    if keras.backend.backend() != "jax":
        return nullcontext()
    import jax

    return jax.enable_x64(True)


def float32_is_enough(x, epsilon):
    """Whether Keras's BatchNormalization, always in float32, loses few digits."""
    axes = tuple(range(x.ndim - 1))
    return ((x**2).mean(axes) / (x.var(axes) + epsilon)).max() < 30


def test_by_hand():
    x = np.array([[1.0], [2], [3], [6]])  # mean 3, variance (4 + 1 + 0 + 9) / 4 = 3.5
    expected = 10 * (x - 3) / np.sqrt(3.5 + 0.5) + 7
    assert batch_norm(x, [10], [7], epsilon=0.5) == pytest.approx(expected)
    assert layer_norm(x.T, [10] * 4, [7] * 4, epsilon=0.5) == pytest.approx(expected.T)
    assert update_moving([0], [1], x, momentum=0.75) == pytest.approx((0.75, 1.625))
    inference = batch_norm_inference(x, [10], [7], [3], [3.5], epsilon=0.5)
    assert inference == pytest.approx(expected)


@settings(max_examples=MANY, deadline=None)
@given(case=cases())
def test_batch_norm_is_that_of_keras(case):
    x, gamma, beta, epsilon = case
    assume(float32_is_enough(x, epsilon))
    layer = keras.layers.BatchNormalization(epsilon=epsilon)
    expected = layer_output(layer, x, gamma, beta, training=True)
    result = batch_norm(x, gamma, beta, epsilon=epsilon)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, atol=1e-5, rtol=1e-5)


@settings(max_examples=MANY, deadline=None)
@given(case=cases(), momentum=st.floats(0, 1))
def test_averages_and_inference_are_those_of_keras(case, momentum):
    x, gamma, beta, epsilon = case
    assume(float32_is_enough(x, epsilon))
    layer = keras.layers.BatchNormalization(momentum=momentum, epsilon=epsilon)
    channels = x.shape[-1]
    mean, variance = np.zeros(channels, "float32"), np.ones(channels, "float32")
    for step in range(3):
        layer_output(layer, x + step, gamma, beta, training=True)
        mean, variance = update_moving(mean, variance, x + step, momentum=momentum)
        assert mean.dtype == variance.dtype == np.float32
    np.testing.assert_allclose(mean, numbers(layer.moving_mean), atol=1e-5, rtol=1e-5)
    np.testing.assert_allclose(variance, numbers(layer.moving_variance), atol=1e-5, rtol=1e-5)
    layer.moving_variance.assign(variance + 0.01)  # no tiny one, by which float32 would divide
    expected = layer_output(layer, x, gamma, beta, training=False)
    stored = numbers(layer.moving_mean), numbers(layer.moving_variance)
    result = batch_norm_inference(x, gamma, beta, *stored, epsilon=epsilon)
    np.testing.assert_allclose(result, expected, atol=1e-5, rtol=1e-5)


def test_the_defaults_are_those_of_keras():
    x, gamma, beta = arrays((4, 3, 3, 6), 6, 6)
    x = x / 30  # so small that epsilon counts
    layer = keras.layers.BatchNormalization()
    expected = layer_output(layer, x, gamma, beta, training=True)
    np.testing.assert_allclose(batch_norm(x, gamma, beta), expected, atol=1e-5)
    mean, variance = update_moving(np.zeros(6), np.ones(6), x)
    np.testing.assert_allclose(mean, numbers(layer.moving_mean), atol=1e-7)
    np.testing.assert_allclose(variance, numbers(layer.moving_variance), atol=1e-6)
    stored = layer.moving_mean, layer.moving_variance
    result = batch_norm_inference(x, gamma, beta, *map(numbers, stored))
    np.testing.assert_allclose(result, numbers(layer(x, training=False)), atol=1e-5)
    for norm, layer in [
        (layer_norm, keras.layers.GroupNormalization(1)),
        (instance_norm, keras.layers.GroupNormalization(-1)),
        (partial(group_norm, groups=3), keras.layers.GroupNormalization(3)),
    ]:
        expected = layer_output(layer, x, gamma, beta)
        np.testing.assert_allclose(norm(x, gamma, beta), expected, atol=1e-5)


@settings(max_examples=MANY, deadline=None)
@given(case=cases(), data=st.data())
def test_group_norm_is_that_of_keras(case, data):
    x, gamma, beta, epsilon = case
    channels = x.shape[-1]
    groups = data.draw(st.sampled_from([n for n in range(1, 6) if channels % n == 0]))
    layer = keras.layers.GroupNormalization(groups, epsilon=epsilon, dtype="float64")
    expected = layer_output(layer, x, gamma, beta)
    result = group_norm(x, gamma, beta, groups=groups, epsilon=epsilon)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, atol=1e-5, rtol=1e-5)
    if groups == 1:
        assert (layer_norm(x, gamma, beta, epsilon=epsilon) == result).all()
    if groups == channels and x.ndim > 2:
        assert (instance_norm(x, gamma, beta, epsilon=epsilon) == result).all()


@settings(max_examples=MANY, deadline=None)
@given(case=cases(), seed=st.integers(0, 9999))
def test_layer_norm_is_that_of_keras_over_all_axes(case, seed):
    x, _, _, epsilon = case
    gamma, beta = arrays(x.shape[1:], x.shape[1:], seed=seed)
    axes = list(range(1, x.ndim))
    layer = keras.layers.LayerNormalization(axes, epsilon=epsilon, dtype="float64")
    expected = layer_output(layer, x, gamma, beta)
    result = layer_norm(x, gamma, beta, epsilon=epsilon)
    np.testing.assert_allclose(result, expected, atol=1e-5, rtol=1e-5)


@settings(max_examples=20, deadline=None)
@given(case=cases())
def test_the_default_of_keras_is_layer_norm_of_each_pixel(case):
    x, gamma, beta, epsilon = case
    layer = keras.layers.LayerNormalization(epsilon=epsilon, dtype="float64")
    expected = layer_output(layer, x, gamma, beta)
    pixels = layer_norm(x.reshape(-1, x.shape[-1]), gamma, beta, epsilon=epsilon)
    np.testing.assert_allclose(pixels.reshape(x.shape), expected, atol=1e-5, rtol=1e-5)


def test_over_all_axes_is_not_the_default_of_keras():
    x, gamma, beta = arrays((2, 3, 3, 4), 4, 4)
    expected = layer_output(keras.layers.LayerNormalization(), x, gamma, beta)
    assert np.abs(layer_norm(x, gamma, beta) - expected).max() > 0.1


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the tape is TensorFlow's")
@settings(max_examples=40, deadline=None)
@given(case=cases(), seed=st.integers(0, 9999))
def test_gradients_are_those_of_keras(case, seed):
    x, gamma, beta, epsilon = case
    (output_gradient,) = arrays(x.shape, seed=seed)
    layer = keras.layers.BatchNormalization(epsilon=epsilon)
    tensor = tf.Variable(x)
    with tf.device("CPU"), tf.GradientTape() as tape:
        output = with_weights(layer, tensor, gamma, beta)(tensor, training=True)
    sources = [tensor, layer.gamma.value, layer.beta.value]
    expected = tape.gradient(output, sources, output_gradient)
    results = batch_norm_backward(output_gradient, x, gamma, epsilon=epsilon)
    for result, gradient in zip(results, expected, strict=True):
        assert result.dtype == np.float32
        np.testing.assert_allclose(result, gradient, atol=1e-4, rtol=1e-4)


def central_differences(function, x, step=1e-5):
    """The gradient of a function with one number as its result."""
    gradient = np.empty_like(x)
    for place in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[place] = step
        gradient[place] = (function(x + shift) - function(x - shift)) / (2 * step)
    return gradient


@pytest.mark.parametrize("shape", [(6, 3), (2, 4, 3), (2, 2, 3, 2)])
@pytest.mark.parametrize("epsilon", [1e-3, 0.5])
def test_gradients_are_slopes(shape, epsilon):
    channels = shape[-1]
    x, g, gamma, beta = arrays(shape, shape, channels, channels, dtype="float64")
    expected = [
        central_differences(lambda a: (g * batch_norm(a, gamma, beta, epsilon=epsilon)).sum(), x),
        central_differences(lambda a: (g * batch_norm(x, a, beta, epsilon=epsilon)).sum(), gamma),
        central_differences(lambda a: (g * batch_norm(x, gamma, a, epsilon=epsilon)).sum(), beta),
    ]
    for result, slopes in zip(
        batch_norm_backward(g, x, gamma, epsilon=epsilon), expected, strict=True
    ):
        np.testing.assert_allclose(result, slopes, atol=1e-7)


def test_the_gradient_cannot_shift_or_stretch_a_channel():
    x, g = arrays((5, 4, 3), (5, 4, 3), dtype="float64")
    gradient = batch_norm_backward(g, x, np.ones(3), epsilon=1e-12)[0]
    assert gradient.sum((0, 1)) == pytest.approx(0, abs=1e-12)
    assert (gradient * x).sum((0, 1)) == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize(
    "norm, axes", [(batch_norm, (0, 1, 2)), (layer_norm, (1, 2, 3)), (instance_norm, (1, 2))]
)
def test_what_comes_out_is_standardised(norm, axes):
    (x,) = arrays((3, 8, 8, 4), dtype="float64")
    result = norm(100 + 7 * x, np.ones(4), np.zeros(4))
    assert result.mean(axes) == pytest.approx(0, abs=1e-9)
    assert result.std(axes) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("norm", ALL)
def test_equal_values_give_the_offset(norm):
    assert (norm(np.full((2, 3, 3, 4), 255, np.uint8), np.ones(4), np.arange(4)) == range(4)).all()


def test_averages_reach_those_of_the_data():
    x = arrays((50, 3))[0] * 5 + 2
    mean, variance = np.zeros(3), np.ones(3)
    for _ in range(100):
        mean, variance = update_moving(mean, variance, x, momentum=0.9)
    assert mean == pytest.approx(x.mean(0), rel=1e-4)
    assert variance == pytest.approx(x.var(0), rel=1e-3), "divided by n"
    weights = np.ones(3), np.zeros(3)
    training, inference = batch_norm(x, *weights), batch_norm_inference(x, *weights, mean, variance)
    np.testing.assert_allclose(training, inference, atol=1e-3)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_keep_their_dtype(dtype):
    x = np.array([[60_000, 0], [0, 60_000]], dtype)
    gamma, beta = np.ones(2), np.zeros(2)
    for norm in (batch_norm, layer_norm):
        result = norm(x, gamma, beta)
        assert result.dtype == dtype
        assert result == pytest.approx(np.sign(x - 1.0), abs=1e-3), "float16 does not overflow"
    assert batch_norm_inference(x, gamma, beta, gamma, gamma).dtype == dtype
    gradients = batch_norm_backward(np.ones((2, 2), dtype), x, gamma)
    averages = update_moving(beta.astype(dtype), gamma.astype(dtype), np.ones((2, 2)))
    assert {array.dtype for array in (*gradients, *averages)} == {np.dtype(dtype)}


def test_integers_and_lists():
    assert batch_norm([[0], [2]], [1], [0]).dtype == np.float64
    gradients = batch_norm_backward([[1], [0]], [[0], [2]], [1])
    averages = update_moving([0], [1], [[0], [2]], momentum=0)
    assert {array.dtype for array in (*gradients, *averages)} == {np.dtype(np.float64)}
    assert averages[0].item() == averages[1].item() == 1


def test_nothing_that_was_given_changes():
    given_ = arrays((2, 3, 3, 4), 4, 4, 4) + [np.ones(4)]
    before = [array.copy() for array in given_]
    x, gamma, beta, mean, variance = given_
    for norm in ALL:
        norm(x, gamma, beta)
    batch_norm_inference(x, gamma, beta, mean, variance)
    batch_norm_backward(x, x, gamma)
    update_moving(mean, variance, x)
    assert all((a == b).all() for a, b in zip(given_, before, strict=True))


@pytest.mark.parametrize("norm", ALL)
@pytest.mark.parametrize(
    "wrong, error, words",
    [
        ({"x": np.ones(4)}, ValueError, r"`x` must have the shape .* x of shape \(4,\)"),
        ({"x": np.ones((0, 3, 4))}, ValueError, r"none of them 0. Received: x of shape \(0, 3, 4"),
        ({"x": np.full((2, 3, 4), "a")}, TypeError, "`x` must hold integers or floats"),
        ({"gamma": np.ones(3)}, ValueError, r"`gamma` .* \(4,\).*Received: gamma of shape \(3,\)"),
        ({"beta": 1.0}, ValueError, r"`beta` must have the shape .* beta of shape \(\)"),
        ({"beta": [1j] * 4}, TypeError, "`beta` must hold"),
        ({"epsilon": 0}, ValueError, "`epsilon` must be above 0. Received: epsilon=0"),
    ],
)
def test_wrong_arguments_are_named(norm, wrong, error, words):
    right = {"x": np.ones((2, 3, 4)), "gamma": np.ones(4), "beta": np.zeros(4)}
    with pytest.raises(error, match=words):
        norm(**right | wrong)


@pytest.mark.parametrize(
    "call, words",
    [
        (
            lambda x, w: layer_norm(x, w[:3], w),
            r"`gamma` must have the shape \(4,\) or \(3, 4\). Received: gamma of shape \(3,\)",
        ),
        (lambda x, w: group_norm(x, w, w, groups=3), "number of channels, 4. Received: groups=3"),
        (lambda x, w: group_norm(x, w, w, groups=-1), "`groups` must be a positive .* groups=-1"),
        (lambda x, w: instance_norm(x[:, 0], w, w), r"`x` must have positions.* shape \(2, 4\)"),
        (
            lambda x, w: batch_norm_backward(x[:1], x, w),
            r"`output_gradient` .* \(2, 3, 4\). Received: .* \(1, 3, 4\)",
        ),
        (lambda x, w: batch_norm_backward(x, x, w[:3]), "`gamma` must have the shape"),
        (lambda x, w: batch_norm_backward(x, x, w, epsilon=0), "`epsilon` must be above 0"),
        (lambda x, w: update_moving(w[:3], w, x), "`moving_mean` must have the shape"),
        (lambda x, w: update_moving(w, -w, x), r"`moving_variance` must not be .*\[-1.0, -1.0"),
        (
            lambda x, w: update_moving(w, w, x, momentum=1.5),
            "`momentum` .* in 0..1. .* momentum=1.5",
        ),
        (lambda x, w: update_moving(w, w, x[0, 0]), "`x` must have the shape"),
        (lambda x, w: batch_norm_inference(x, w, w, w, -w), "`moving_variance` must not be"),
        (lambda x, w: batch_norm_inference(x, w, w, w, w, epsilon=0), "`epsilon` must be above 0"),
    ],
)
def test_wrong_settings_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call(np.ones((2, 3, 4)), np.ones(4))
