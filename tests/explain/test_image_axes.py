"""Which axes are rows and columns: of images of any size, of volumes, of signals."""

import pytest
import tensorflow as tf
from followed_axes import KERNEL, axes_of, graph_of, kind

from cnnkit.explain._image_axes import ancestors, image_axes, kind_of_maps, positions_of


def test_images_of_any_size():
    def function(x):
        x = tf.nn.conv2d(x, KERNEL, 2, "SAME")
        x = tf.repeat(tf.repeat(x, 2, axis=1), 3, axis=2)
        return tf.tensordot(x, tf.ones((5, 4)), 1)

    assert kind(function, (None, None, None, 8)) == "maps"


def test_what_does_not_depend_on_the_image():
    def function(x):
        other = tf.zeros_like(x) + tf.cast(tf.shape(x)[1], tf.float32)
        return other, tf.nn.relu(x)

    graph, image, (other, maps) = graph_of(function)
    found = image_axes(graph, image)
    assert other.name not in found and maps.name in found
    assert image.op.name in ancestors([maps]) and maps.op.name not in ancestors([other])


def channels_first(x):
    return tf.nn.conv2d(tf.transpose(x, (0, 2, 3, 1)), tf.ones((3, 3, 3, 5)), 1, "VALID")


@pytest.mark.parametrize("function", [channels_first, lambda x: tf.reshape(x, (-1, 3 * 32 * 32))])
def test_channels_first(function):
    """A window that slides over the last axis; or a shape of which no window says more."""
    with pytest.raises(
        ValueError, match=r"`images` must have the shape \(batch, height, width, ch"
    ):
        axes_of(function, (None, 3, 32, 32))
    last = lambda x: tf.nn.conv2d(x, tf.ones((3, 3, 32, 5)), 1, "VALID")  # noqa: E731
    assert kind(last, (None, 3, 32, 32)) == "maps", "three rows are allowed"


def test_volumes_and_signals():
    volume, signal = (None, 4, 6, 8, 3), (None, 12, 3)
    conv3d = lambda x: tf.nn.conv3d(x, tf.ones((3, 3, 3, 3, 5)), [1, 1, 2, 2, 1], "SAME")  # noqa: E731
    axes = axes_of(conv3d, volume)
    assert kind_of_maps(axes, 3) == "maps" and kind_of_maps(axes, 2) is None
    assert [axis[0].of for axis in positions_of(axes, 3)] == ["depth", "rows", "columns"]
    conv1d = lambda x: tf.nn.conv1d(x, tf.ones((3, 3, 5)), 2, "SAME")  # noqa: E731
    axes = axes_of(conv1d, signal)
    assert kind_of_maps(axes, 1) == "maps" and positions_of(axes, 1)[0][0].size == 6

    def frames(x):
        y = tf.nn.conv2d(tf.reshape(x, (-1, 6, 8, 3)), tf.ones((3, 3, 3, 5)), 2, "SAME")
        return tf.reshape(y, (-1, 4, 3, 4, 5))

    assert kind_of_maps(axes_of(frames, volume), 3) == "maps", "frame by frame"
    tokens = lambda x: tf.reshape(conv3d(x), (-1, 4 * 3 * 4, 5))  # noqa: E731
    axes = axes_of(tokens, volume)
    assert kind_of_maps(axes, 3) == "tokens"
    assert [axis[0].size for axis in positions_of(axes, 3)] == [4, 3, 4]


def test_tokens():
    def tokens(x):
        x = tf.nn.conv2d(x, KERNEL, 2, "SAME")
        x = tf.reshape(x, (tf.shape(x)[0], -1, 5))  # a size that is left open
        return tf.concat([tf.zeros((tf.shape(x)[0], 2, 5)), x], axis=1) + 1.0

    axes = axes_of(tokens)
    assert kind_of_maps(axes) == "tokens"
    assert [axis[0].size for axis in positions_of(axes)] == [2, 3]
    attention = lambda x: tf.matmul(tokens(x), tokens(x), transpose_b=True)  # noqa: E731
    assert kind_of_maps(axes_of(attention)) is None
    columns_first = lambda x: tf.reshape(tf.transpose(x, (0, 2, 1, 3)), (-1, 24, 8))  # noqa: E731
    assert kind_of_maps(axes_of(columns_first)) is None
