import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnkit.layers import StochasticPooling2D
from cnnkit.reference import (
    average_pool2d,
    average_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
    stochastic_pool2d,
)

WINDOW = np.array([[1, 3], [6, 2]])[None, :, :, None]
POOLINGS = [
    (max_pool2d, max_pool2d_backward, keras.ops.max_pool, tf.nn.max_pool2d),
    (average_pool2d, average_pool2d_backward, keras.ops.average_pool, tf.nn.avg_pool2d),
]
FORWARD = [max_pool2d, average_pool2d, stochastic_pool2d]


def arrays(*shapes, dtype="float32", seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def test_the_window_of_the_course():
    assert max_pool2d(WINDOW).item() == 6
    assert average_pool2d(WINDOW).item() == 3
    assert stochastic_pool2d(WINDOW).item() == pytest.approx(50 / 12)


def test_by_hand():
    image = np.array([[1, 2, 3], [4, 9, 6], [7, 8, 5]])[None, :, :, None]
    assert max_pool2d(image, 2, strides=1)[0, :, :, 0].tolist() == [[9, 9], [9, 9]]
    assert max_pool2d(image, 2, padding="same")[0, :, :, 0].tolist() == [[9, 6], [8, 5]]
    average = average_pool2d(image, 2, padding="same")[0, :, :, 0]
    assert average.tolist() == [[4, 4.5], [7.5, 5]], "the border is not counted"
    gradient = max_pool2d_backward(np.ones((1, 2, 2, 1)), image, 2, strides=1)[0, :, :, 0]
    assert gradient.tolist() == [[0, 0, 0], [0, 4, 0], [0, 0, 0]]
    gradient = average_pool2d_backward(np.ones((1, 2, 2, 1)), image, 2, strides=1)[0, :, :, 0]
    assert gradient.tolist() == [[0.25, 0.5, 0.25], [0.5, 1, 0.5], [0.25, 0.5, 0.25]]


@st.composite
def cases(draw):
    """A shape of images, a size of the window, and settings with which it fits."""
    small = st.integers(1, 4)
    pool_size, strides = draw(st.tuples(small, small)), draw(st.none() | st.tuples(small, small))
    padding = draw(st.sampled_from(["valid", "same"]))
    shortest = (1, 1) if padding == "same" else pool_size
    height, width = (n + draw(st.integers(0, 6)) for n in shortest)
    return (
        (draw(small), height, width, draw(small)),
        pool_size,
        dict(strides=strides, padding=padding),
    )


# JAX compiles each shape anew.
MANY = 60 if keras.backend.backend() == "tensorflow" else 15


@pytest.mark.parametrize("pool, backward, in_keras, in_tensorflow", POOLINGS)
@settings(max_examples=MANY, deadline=None)
@given(case=cases(), seed=st.integers(0, 1000), few_values=st.booleans())
def test_maps_and_gradients_are_those_of_keras(
    pool, backward, in_keras, in_tensorflow, case, seed, few_values
):
    shape, size, options = case
    strides, padding = options["strides"] or size, options["padding"]
    (images,) = arrays(shape, seed=seed)
    images = np.round(images) - 3 if few_values else images  # equal and negative values
    pooled = pool(images, size, **options)
    assert pooled.dtype == np.float32
    # With PyTorch, Keras 3.15 counts the edge of the image twice in such a mean.
    if (keras.backend.backend(), pool, padding) != ("torch", average_pool2d, "same"):
        with keras.device("cpu"):
            expected = in_keras(images, size, strides, padding)
            expected = keras.ops.convert_to_numpy(expected)
        np.testing.assert_allclose(pooled, expected, atol=1e-5)
    (gradient,) = arrays(pooled.shape, seed=seed + 1)
    with tf.device("CPU"), tf.GradientTape() as tape:  # whatever the backend
        tensor = tf.Variable(images)
        maps = in_tensorflow(tensor, size, strides, padding.upper())
    np.testing.assert_allclose(pooled, maps, atol=1e-5)
    expected = tape.gradient(maps, tensor, gradient)
    result = backward(gradient, images, size, **options)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(case=cases(), seed=st.integers(0, 1000))
def test_stochastic_pooling_is_that_of_the_layer(case, seed):
    shape, size, options = case
    (images,) = arrays(shape, seed=seed)
    expected = keras.ops.convert_to_numpy(StochasticPooling2D(size, **options)(images))
    np.testing.assert_allclose(stochastic_pool2d(images, size, **options), expected, atol=1e-5)
    drawn = stochastic_pool2d(images, size, **options, training=True, seed=seed)
    assert drawn.dtype == np.float32
    assert (drawn <= np.maximum(max_pool2d(images, size, **options), 0)).all()
    assert np.isin(drawn[drawn > 0], images).all()


def test_draws_follow_the_probabilities():
    many = np.broadcast_to(WINDOW, (1, 2, 2, 24_000))
    drawn = stochastic_pool2d(many, training=True, seed=0)
    shares = np.array([(drawn == value).mean() for value in WINDOW.ravel()])
    assert np.abs(shares - WINDOW.ravel() / 12).max() < 0.015
    generator = np.random.default_rng(0)
    again, other = (stochastic_pool2d(many, training=True, seed=generator) for _ in range(2))
    assert (drawn == again).all() and (drawn != other).any()
    first, second = (stochastic_pool2d(many, training=True) for _ in range(2))
    assert (first != second).any(), "without a seed each call draws anew"


@pytest.mark.parametrize("training", [False, True])
def test_what_is_not_positive_counts_as_zero(training):
    assert not stochastic_pool2d(-np.ones((2, 4, 4, 3)), training=training).any()
    alone = np.array([[-5, 0], [0.5, 0]])[None, :, :, None]
    assert stochastic_pool2d(alone, training=training).item() == 0.5


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_keep_their_dtype(dtype):
    images = np.full((1, 4, 4, 1), 60_000, dtype)
    for pool in FORWARD:
        pooled = pool(images)
        assert pooled.dtype == dtype and (pooled == 60_000).all(), "float16 does not overflow"
    for _, backward, *_ in POOLINGS:
        assert backward(np.ones((1, 2, 2, 1), dtype), images).dtype == dtype


def test_integers_are_exact():
    pixels = np.full((1, 3, 3, 1), 255, np.uint8)
    assert max_pool2d(pixels).dtype == np.int64 and max_pool2d(pixels).item() == 255
    assert max_pool2d(-pixels.astype(int), padding="same").max() == -255
    assert average_pool2d(pixels > 0).dtype == np.float64
    assert average_pool2d(pixels).item() == stochastic_pool2d(pixels).item() == 255
    assert max_pool2d_backward(np.ones((1, 1, 1, 1), int), pixels).dtype == np.int64


def test_the_images_stay_as_they_are():
    (images,) = arrays((1, 4, 4, 2))
    before = images.copy()
    for pool in FORWARD:
        pool(images)
    for _, backward, *_ in POOLINGS:
        backward(np.ones((1, 2, 2, 2)), images)
    assert (images == before).all()


@pytest.mark.parametrize("pool", FORWARD)
@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"images": np.ones((4, 4))}, ValueError, "`images` must have the shape"),
        ({"images": np.full((1, 4, 4, 1), "a")}, TypeError, "`images` must hold"),
        ({"pool_size": 0}, ValueError, "`pool_size` must be .* Received: pool_size=0"),
        ({"strides": 0}, ValueError, "`strides` must be .* Received: strides=0"),
        ({"padding": "full"}, ValueError, "`padding` must be .* Received: padding='full'"),
        ({"padding": (1, 1, 1, 1)}, ValueError, "`padding` must be"),
        ({"padding": np.array([1, 2])}, ValueError, "`padding` must be .*: padding=array"),
        ({"strides": np.array([1, 2])}, ValueError, "`strides` must be .*: strides=array"),
        ({"pool_size": 5}, ValueError, "kernel must fit"),
    ],
)
def test_wrong_arguments_are_named(pool, options, error, message):
    with pytest.raises(error, match=message):
        pool(**{"images": np.ones((1, 4, 4, 1)), **options})


def test_gradients_must_fit():
    for _, backward, *_ in POOLINGS:
        with pytest.raises(ValueError, match=r"`output_gradient` must have .* \(1, 2, 2, 1\)"):
            backward(np.ones((1, 4, 4, 1)), np.ones((1, 4, 4, 1)))


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("seed", [-1, 1.5, True, "1"])
def test_wrong_seeds(seed, training):
    with pytest.raises(ValueError, match=f"`seed` must be None, .* Received: seed={seed!r}"):
        stochastic_pool2d(WINDOW, training=training, seed=seed)
