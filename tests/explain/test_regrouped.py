"""Axes after reshapes, compared with where the pixels of numbered images get to."""

import numpy as np
import tensorflow as tf
from followed_axes import SHAPE, kind


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
