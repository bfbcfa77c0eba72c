"""The NumPy convolution: `reference.conv2d` against `keras.ops.conv`, and both their gradients.

32 float32 images of 64x64x3, 16 filters of 3x3, padding "same", on the CPU. TensorFlow's gradients
include its forward pass, without which there is no tape. Ends with an error above the bounds.
"""

import platform
import sys
import time
from statistics import median

import keras
import numpy as np
import tensorflow as tf

from cnnkit import reference

ROUNDS = 31
BOUNDS = {"forward": 4, "backward": 2}


def tensorflow_gradients(output_gradient, images, weights, bias):
    with tf.GradientTape() as tape:
        tape.watch([images, weights, bias])
        maps = keras.ops.conv(images, weights, padding="same") + bias
    return tape.gradient(maps, [images, weights, bias], output_gradient)


def make_ways():
    """For each direction the two ways to compute it; each gives a list of arrays."""
    rng = np.random.default_rng(0)
    shapes = (32, 64, 64, 16), (32, 64, 64, 3), (3, 3, 3, 16), (16,)
    arrays = [rng.standard_normal(shape, dtype=np.float32) for shape in shapes]
    gradient, images, weights, bias = arrays
    tensors = [tf.constant(array) for array in arrays]
    return {
        "forward": {
            "cnnkit": lambda: [reference.conv2d(images, weights, bias, padding="same")],
            "tensorflow": lambda: [keras.ops.conv(*tensors[1:3], padding="same") + tensors[3]],
        },
        "backward": {
            "cnnkit": lambda: reference.conv2d_backward(gradient, images, weights, padding="same"),
            "tensorflow": lambda: tensorflow_gradients(*tensors),
        },
    }


def largest_difference(ours, theirs):
    """Relative to the largest value."""
    pairs = [(a, np.asarray(b)) for a, b in zip(ours, theirs, strict=True)]
    return max(np.abs(a - b).max() / np.abs(b).max() for a, b in pairs)


def main():
    print(f"{platform.processor() or platform.machine()}, NumPy {np.__version__}, {ROUNDS} rounds")
    too_slow = []
    with tf.device("CPU"):
        for direction, ways in make_ways().items():
            times, results = {name: [] for name in ways}, {}
            for _ in range(ROUNDS + 1):
                for name, way in ways.items():
                    start = time.perf_counter()
                    results[name] = [np.asarray(array) for array in way()]
                    times[name].append(time.perf_counter() - start)
            ours, theirs = (1000 * median(times[name][1:]) for name in ways)
            print(
                f"{direction:8} cnnkit {ours:6.1f} ms, tensorflow {theirs:6.1f} ms, ratio "
                f"{ours / theirs:.2f} (bound {BOUNDS[direction]}), largest difference "
                f"{largest_difference(*results.values()):.0e}"
            )
            if ours > BOUNDS[direction] * theirs:
                too_slow.append(direction)
    sys.exit(f"too slow: {', '.join(too_slow)}" if too_slow else 0)


if __name__ == "__main__":
    main()
