"""Where positions lie, compared with which pixels reach them, and with what Keras's graph says."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from cnnkit.explain._axis_parts import place_of
from cnnkit.explain._image_axes import image_axes
from cnnkit.geometry import receptive_field

N = 36  # rows and columns
ONES = tf.ones((3, 4, 1, 1))


def places(function, shape):
    """The places of rows and columns, for batches of any size."""
    spec = tf.TensorSpec((None, *shape))
    graph = tf.function(function, autograph=False).get_concrete_function(spec).graph
    axes = image_axes(graph, graph.inputs[0])[graph.outputs[0].name]
    return [place_of(axis) for axis in axes[1:3]]


def seen(function, at):
    """Which pixels each position is made from: an array (position, pixel), along one axis."""
    lines = np.eye(N, dtype=np.float32)  # of each image one row, or column, is white
    images = np.broadcast_to(np.expand_dims(lines, (2 - at, 3)), (N, N, N, 1))
    found = function(tf.constant(images)).numpy()
    return (np.abs(found).sum(axis=(2 - at, 3)) > 1e-9).T


def conv(x, strides=1, padding="SAME", dilations=1, kernel=ONES):
    return tf.nn.conv2d(x, kernel, strides, padding, dilations=dilations)


def depthwise(x):
    return tf.nn.depthwise_conv2d(x, ONES, [1] * 4, "SAME", dilations=[2, 3])


def transposed(padding, strides):
    def function(x):
        sizes = [
            s * n + (0 if padding == "SAME" else k - s)
            for n, s, k in zip((N, N), (strides,) * 2, (3, 4), strict=True)
        ]
        return tf.nn.conv2d_transpose(x, ONES, (tf.shape(x)[0], *sizes, 1), strides, padding)

    return function


def keras_transposed(x):
    return ops.conv_transpose(x, ONES, 2, "same")


def resized(size, method):
    return lambda x: tf.image.resize(conv(x), size, method)


def blocks(x):
    """Space to depth by hand, as a shuffle of pixels."""
    x = tf.transpose(tf.reshape(x, (-1, N // 3, 3, N // 2, 2, 1)), (0, 1, 3, 2, 4, 5))
    return tf.reshape(x, (-1, N // 3, N // 2, 6))


def shuffled(x):
    """A channel shuffle, between convolutions."""
    x = conv(x, 2, kernel=tf.ones((3, 3, 1, 4)))
    x = tf.transpose(tf.reshape(x, (-1, N // 2, N // 2, 2, 2)), (0, 1, 2, 4, 3))
    return conv(tf.reshape(x, (-1, N // 2, N // 2, 4)), 2, kernel=tf.ones((3, 3, 4, 1)))


FUNCTIONS = {
    "same": lambda x: conv(conv(x, 2), 2),
    "valid": lambda x: conv(x, (2, 3), "VALID"),
    "explicit": lambda x: conv(x, 2, [[0, 0], [1, 0], [0, 2], [0, 0]]),
    "dilated": lambda x: conv(x, 1, "SAME", (2, 4)),
    "dilated depthwise": lambda x: depthwise(conv(x, 2)),
    "in a function": lambda x: tf.function(lambda y: conv(y, 2))(conv(x, 2)),
    "maxima": lambda x: tf.nn.max_pool2d(x, 3, 2, "SAME"),
    "means": lambda x: tf.nn.avg_pool2d(x, 5, (2, 3), "VALID"),
    "border": lambda x: conv(tf.pad(x, ((0, 0), (3, 0), (0, 5), (0, 0))), 2, "VALID"),
    "cut": lambda x: conv(x, 2)[:, 3:-1, -7:],
    "cut out": lambda x: tf.slice(conv(x, 2), (0, 2, 5, 0), (-1, 6, 6, 1)),
    "every third": lambda x: conv(x)[:, 1::3, 2:30:3],
    "patches merged": lambda x: tf.concat([x[:, ::2, ::2], x[:, 1::2, 1::2]], axis=3),
    "transposed, valid": transposed("VALID", 2),
    "transposed, same": transposed("SAME", 2),
    "transposed, with gaps": transposed("SAME", 4),
    "keras transposed": keras_transposed,
    "nearest": resized((N * 3, N // 2), "nearest"),
    "bilinear": resized((N * 2, N * 3 // 2), "bilinear"),
    "depth to space": lambda x: tf.nn.depth_to_space(conv(x, 2, kernel=tf.ones((3, 3, 1, 4))), 2),
    "space to depth": lambda x: tf.nn.space_to_depth(conv(x, kernel=ONES), 2),
    "repeated": lambda x: tf.repeat(tf.repeat(conv(x, 2), 2, axis=1), 3, axis=2),
    "blocks": blocks,
    "means of blocks": lambda x: tf.reduce_mean(tf.reshape(x, (-1, N // 3, 3, N, 1)), axis=2),
    "channel shuffle": shuffled,
    "einsum": lambda x: tf.einsum("bhwc,cd->bhwd", conv(x, 2), tf.ones((1, 2))),
    "branches": lambda x: conv(x, 2) + conv(x, 2, "SAME", kernel=tf.ones((7, 2, 1, 1))),
    "gate": lambda x: conv(x, 2) * (1 + 0 * tf.reduce_mean(x, axis=(1, 2), keepdims=True)),
    "tokens": lambda x: tf.reshape(
        tf.tensordot(tf.reshape(conv(x, 2), (-1, N * N // 4, 1)), tf.ones((1, 2)), 1),
        (-1, N // 2, N // 2, 2),
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_which_pixels_reach_a_position(name):
    for at, place in enumerate(places(FUNCTIONS[name], (N, N, 1))):
        spans = []
        for position, pixels in enumerate(seen(FUNCTIONS[name], at)):
            pixels = np.flatnonzero(pixels)
            if len(pixels) and 0 < pixels[0] and pixels[-1] < N - 1:  # the image does not cut it
                spans.append(pixels[[0, -1]] - position * float(place.step))
        first, last = np.transpose(spans)
        assert len(spans) > 2
        assert (first.min(), last.max()) == pytest.approx((place.first, place.last))


def test_grouped_convolutions():
    """Keras has them in a function of TensorFlow's."""
    kernel = tf.ones((3, 4, 1, 2))
    grouped = lambda x: ops.conv(tf.repeat(conv(x, 2), 2, axis=3), kernel, 2, "same")  # noqa: E731
    assert places(grouped, (N, N, 1)) == places(lambda x: conv(conv(x, 2), 2), (N, N, 1))


def mirrored(x):
    return tf.reverse(conv(x), [1])


NOT_KNOWN = {
    "mirrored": mirrored,
    "mirrored beside": lambda x: tf.concat([conv(x), mirrored(x)], axis=3),
    "other steps": lambda x: x[:, :18, :18] + conv(x, 2),
    "rolled": lambda x: tf.roll(x, 3, axis=1),
    "one of each block": lambda x: tf.reshape(x, (-1, N // 3, 3, N, 1))[:, :, 2],
    "open borders": lambda x: tf.pad(x, tf.fill((4, 2), tf.shape(x)[0])),
    "corners": lambda x: tf.compat.v1.image.resize_bilinear(x, (50, 50), align_corners=True),
}


@pytest.mark.parametrize("name", NOT_KNOWN)
def test_what_is_not_known(name):
    assert places(NOT_KNOWN[name], (N, N, 1))[0] is None


def random_model(seed):
    """A functional model of layers of Keras, with branches."""
    rng = np.random.default_rng(seed)
    inputs = maps = keras.Input((int(rng.integers(60, 80)), int(rng.integers(60, 80)), 2))

    def pair(high):
        return tuple(int(n) for n in rng.integers(1, high, 2))

    def window():
        padding, kernel = str(rng.choice(["same", "valid"])), pair(5)
        return [
            lambda: layers.Conv2D(2, kernel, pair(3), padding),
            lambda: layers.Conv2D(2, kernel, 1, padding, dilation_rate=pair(3)),
            lambda: layers.Conv2D(2, kernel, 2, padding, groups=2),
            lambda: layers.DepthwiseConv2D(kernel, 2, padding),
            lambda: layers.DepthwiseConv2D(kernel, 1, padding, dilation_rate=2),
            lambda: layers.SeparableConv2D(2, kernel, 2, padding),
            lambda: layers.MaxPooling2D(kernel, pair(3), padding),
            lambda: layers.AveragePooling2D(kernel, 2, padding),
            lambda: layers.ZeroPadding2D((pair(4), pair(4))),
            lambda: layers.Cropping2D((pair(3), pair(3))),
        ][rng.integers(10)]()

    def upwards():
        return [
            lambda: layers.UpSampling2D(pair(4)),
            lambda: layers.UpSampling2D(2, interpolation="bilinear"),
            lambda: layers.Conv2DTranspose(2, pair(5), 2, str(rng.choice(["same", "valid"]))),
        ][rng.integers(3)]()

    for _ in range(3):
        maps = window()(maps)
    branch = layers.Conv2D(2, pair(6), padding="same")(maps)
    maps = layers.Add()([maps, layers.BatchNormalization()(branch)])
    maps = layers.Concatenate()([maps, layers.Activation("relu")(maps)])
    return keras.Model(inputs, upwards()(maps) if seed % 2 else maps)


@pytest.mark.parametrize("seed", range(12))
def test_keras_graph_says_the_same(seed):
    model = random_model(seed)
    field = receptive_field(model, model.layers[-1])
    found = places(model, model.input_shape[1:])
    assert 0 not in field.strides
    assert [float(place.middle) for place in found] == pytest.approx(field.center)
    assert [float(place.step) for place in found] == pytest.approx(field.strides)
