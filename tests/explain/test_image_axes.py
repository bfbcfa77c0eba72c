"""Which axes are rows and columns, compared with where the pixels of numbered images get to."""

import numpy as np
import pytest
import tensorflow as tf

from cnnkit.explain._image_axes import ancestors, image_axes, kind_of_maps

SHAPE = (3, 4, 6, 8)  # batch, rows, columns, channels


def graph_of(function, shape=(None, *SHAPE[1:])):
    spec = tf.TensorSpec(shape)
    graph = tf.function(function, autograph=False).get_concrete_function(spec).graph
    return graph, graph.inputs[0], graph.structured_outputs


def axes_of(function, shape=(None, *SHAPE[1:])):
    graph, image, output = graph_of(function, shape)
    return image_axes(graph, image)[output.name]


def kind(function, shape=(None, *SHAPE[1:])):
    return kind_of_maps(axes_of(function, shape))


def are_maps(function):
    """Whether example, row and column grow along the first three axes, and along no other."""
    numbers = np.indices(SHAPE).astype(np.float32)
    found = [np.asarray(function(tf.constant(each))) for each in numbers]
    if found[0].ndim != 4 or len(found[0]) != SHAPE[0]:
        return False
    for axis in range(3):
        n = SHAPE[axis] // found[axis].shape[axis]
        steps = np.arange(found[axis].shape[axis]).reshape(
            [-1 if a == axis else 1 for a in range(4)]
        )
        if n == 0 or not (found[axis] // n == steps).all():
            return False
    return True


def random_steps(rng):
    """A few reshapes and transposes, that divide axes and join them again; half of them undone."""
    steps, undone, shape = [], [], list(SHAPE[1:])
    for _ in range(rng.integers(1, 5)):
        what, before = rng.integers(3), list(shape)
        at = int(rng.integers(len(shape)))
        if what == 0 and shape[at] % 2 == 0:
            shape[at : at + 1] = [shape[at] // 2, 2]
        elif what == 1 and at + 1 < len(shape):
            shape[at : at + 2] = [shape[at] * shape[at + 1]]
        else:
            order = [0, *(1 + int(i) for i in rng.permutation(len(shape)))]
            shape = [before[i - 1] for i in order[1:]]
            steps.append((tf.transpose, order))
            undone.append((tf.transpose, np.argsort(order).tolist()))
            continue
        steps.append((tf.reshape, [-1, *shape]))
        undone.append((tf.reshape, [-1, *before]))
    if rng.integers(2):
        return steps + undone[::-1]
    # So that there are four axes.
    return [*steps, (tf.reshape, [-1, *shape[:2], int(np.prod(shape[2:]))])]


def test_reshapes_and_transposes():
    counts = {True: 0, False: 0}
    for seed in range(60):
        steps = random_steps(np.random.default_rng(seed))

        def function(x, steps=steps):
            for operation, argument in steps:
                x = operation(x, argument)
            return x

        expected = are_maps(function)
        assert kind(function) == ("maps" if expected else None), steps
        counts[expected] += 1
    assert min(counts.values()) > 20, "both happen"


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


KERNEL = tf.ones((3, 3, 8, 5))
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
