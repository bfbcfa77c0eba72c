"""What each operation makes of rows and columns."""

import pytest
import tensorflow as tf
from followed_axes import KERNEL, SHAPE, kind


def tokens(x):
    return tf.reshape(x, (tf.shape(x)[0], -1, SHAPE[-1]))


def heads(x):
    return tf.reshape(tokens(x), (tf.shape(x)[0], -1, 4, 2))


def scores(x):
    q = tf.transpose(heads(x), (0, 2, 1, 3))
    return tf.nn.softmax(tf.matmul(q, q, transpose_b=True))


def attended(x):
    found = tf.matmul(scores(x), tf.transpose(heads(x), (0, 2, 1, 3)))
    return tf.transpose(found, (0, 2, 1, 3))


def loop(x):
    return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y + 1), (0, x))[1]


def dilated(x):
    ones = tf.ones((2, 2, 8, 1))
    return tf.nn.depthwise_conv2d(x, ones, [1] * 4, "SAME", dilations=[2, 2])


def with_class_token(x):
    return tf.concat([tf.zeros((tf.shape(x)[0], 1, SHAPE[-1])), tokens(x)], axis=1)


def windows(x):
    x = tf.transpose(tf.reshape(x, (-1, 2, 2, 3, 2, 8)), (0, 1, 3, 2, 4, 5))
    return tf.reshape(x, (-1, 2, 2, 8))


def from_windows(x):
    x = tf.transpose(tf.reshape(x, (-1, 2, 3, 2, 2, 8)), (0, 1, 3, 2, 4, 5))
    return tf.reshape(x, (-1, 4, 6, 8))


def shifted_windows(x):
    return windows(tf.roll(x, (-1, -2), axis=(1, 2)))


def unshifted(x):
    return tf.roll(from_windows(x), (1, 2), axis=(1, 2))


def coordinate_attention(x):
    """A gate for each row and for each column, computed from both together."""
    rows, columns = tf.reduce_mean(x, 2), tf.reduce_mean(x, 1)
    both = tf.concat([rows, columns], axis=1)
    return x * both[:, :4, None] * both[:, None, 4:]


def heads_of_columns(x):
    return tf.reshape(tf.transpose(x, (0, 2, 1, 3)), (-1, 4, 2, 4))


FUNCTIONS = {
    "convolution": (lambda x: tf.nn.conv2d(x, KERNEL, 2, "SAME"), "maps"),
    "dilated": (dilated, "maps"),
    "dense": (lambda x: tf.tensordot(x, tf.ones((8, 5)), 1), "maps"),
    "resized": (lambda x: tf.image.resize(x, (9, 9)), "maps"),
    "repeated": (lambda x: tf.repeat(tf.repeat(x, 2, axis=1), 3, axis=2), "maps"),
    "space to depth": (lambda x: tf.nn.space_to_depth(x, 2), "maps"),
    "gate": (lambda x: x * tf.reduce_mean(x, axis=(1, 2), keepdims=True), "maps"),
    "function": (lambda x: tf.function(lambda y: tf.nn.relu(y))(x), "maps"),
    "one row": (lambda x: tf.reduce_mean(x, axis=1, keepdims=True), "maps"),
    "heads": (heads, None),
    "scores": (scores, None),
    "attended": (attended, None),
    "attended grid": (lambda x: tf.reshape(attended(x), (-1, 4, 6, 8)), "maps"),
    "einsum": (lambda x: tf.einsum("bnc,chd->bnhd", tokens(x), tf.ones((8, 2, 4))), None),
    "heads with a class token": (lambda x: tf.reshape(with_class_token(x), (-1, 25, 2, 4)), None),
    "transposed": (lambda x: tf.transpose(x, (0, 2, 1, 3)), None),
    "decoder": (lambda x: tf.reshape(tf.reduce_mean(x, axis=(1, 2)), (-1, 2, 2, 2)), None),
    "grid": (lambda x: tf.reduce_mean(x, (1, 2), keepdims=True) + tf.ones((1, 4, 6, 1)), None),
    "windows": (windows, "parts"),
    "a convolution in windows": (lambda x: tf.nn.conv2d(windows(x), KERNEL, 1, "SAME"), "parts"),
    "windows and back": (lambda x: from_windows(windows(x)), "maps"),
    "cropped": (lambda x: x[:, 1:, :-1], "maps"),
    "every second": (lambda x: x[:, 1::2, ::3], "maps"),
    "patches merged": (lambda x: tf.concat([x[:, ::2, ::2], x[:, 1::2, ::2]], axis=3), "maps"),
    "not from the first on": (lambda x: x[:, :, 3::2], "maps"),
    "cut where it is not known": (lambda x: x[:, tf.cast(x[0, 0, 0, 0], tf.int32) :], "unknown"),
    "coordinate attention": (coordinate_attention, "maps"),
    "heads of windows": (lambda x: tf.reshape(windows(x), (-1, 4, 4, 2)), None),
    "heads of columns": (heads_of_columns, None),
    "mirrored": (lambda x: x[:, :, ::-1], "unknown"),
    "rolled": (lambda x: tf.roll(x, 1, axis=1), "unknown"),
    "not the class token": (
        lambda x: tf.reshape(with_class_token(x)[:, 1:], (-1, 4, 6, 8)),
        "maps",
    ),
    "rolled and back": (lambda x: tf.roll(tf.roll(x, 1, axis=1), -1, axis=1), "maps"),
    "rolled and added": (lambda x: x + tf.roll(x, 1, axis=1), "unknown"),
    "shifted windows": (shifted_windows, "unknown"),
    "shifted windows and back": (lambda x: unshifted(shifted_windows(x)), "maps"),
    "loop": (loop, "unknown"),
    "an operation without a rule": (lambda x: tf.reverse(x, [3]), "unknown"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_operations(name):
    function, expected = FUNCTIONS[name]
    assert kind(function) == expected
    assert kind(function, SHAPE) == expected, "also for so many images"
