"""The exercises of notebook 02, convolution."""

from functools import partial

import numpy as np

from cnnkit.exercises._exercise import Function, Value

_rng = np.random.default_rng(2)


def _windows(image, shape):
    return np.lib.stride_tricks.sliding_window_view(image, shape)


def _correlate(image, kernel):
    return np.einsum("ijmn,mn->ij", _windows(image, kernel.shape), kernel)


def _same_size(image, kernel):
    h, w = kernel.shape
    return _correlate(np.pad(image, ((h // 2, (h - 1) // 2), (w // 2, (w - 1) // 2))), kernel)


# Exercise 2.1
@Function(
    cases=[
        (_rng.normal(size=(5, 7)), _rng.normal(size=(3, 2))),
        (_rng.normal(size=(4, 4)), _rng.normal(size=(3, 3))),
        (_rng.normal(size=(3, 6)), _rng.normal(size=(1, 3))),
    ],
    hints=[
        "How many rows of output are there? The kernel's first row can lie on rows 0 to H - h.",
        "`window = image[i : i + h, j : j + w]` is what the kernel sees at (i, j).",
        "Multiply window and kernel number by number, and add up: `(window * kernel).sum()`.",
    ],
    mistakes=[
        (
            lambda image, kernel: _correlate(image, kernel[::-1, ::-1]),
            "This is true convolution: the kernel is turned by 180 degrees. Leave it as it is.",
        ),
        (
            lambda image, kernel: _correlate(image, kernel.T),
            "The kernel is transposed: rows and columns are swapped.",
        ),
        (lambda image, kernel: _correlate(image.T, kernel.T).T[::-1], "The output is upside down."),
        (
            lambda image, kernel: _correlate(image, kernel)[:-1, :-1],
            "The last row and the last column are missing: the output has H - h + 1 rows.",
        ),
        (_same_size, "The output is as large as the image. Use no padding here."),
        (
            lambda image, kernel: _windows(image, kernel.shape).sum((2, 3)),
            "This adds the pixels up, all with weight 1. Where is the kernel?",
        ),
        (
            lambda image, kernel: _correlate(image, kernel) / kernel.size,
            "This is the mean of the products. Add them up, and do not divide.",
        ),
        (
            lambda image, kernel: _correlate(image, kernel).astype(int),
            "The fractions are cut off: an array of integers was filled with floats.",
        ),
        (
            lambda image, kernel: _correlate(image, kernel).T,
            "The output is transposed: its rows go with the image's rows.",
        ),
    ],
)
def correlate2d(image, kernel):
    """The cross-correlation of `image` (H, W) and `kernel` (h, w): (H - h + 1, W - w + 1)."""
    h, w = kernel.shape
    rows, columns = image.shape[0] - h + 1, image.shape[1] - w + 1
    output = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            output[i, j] = (image[i : i + h, j : j + w] * kernel).sum()
    return output


# Exercise 2.2
@Value(
    hints=[
        "Rotate W by 180 degrees: its last number comes first.",
        "Rotated it is [[3, 4, -1], [0, 2, 0], [-4, 1, 0]].",
    ],
    mistakes=[
        (13, "This is the cross-correlation. Rotate W by 180 degrees first."),
        (5, "This is the first number (or W is only mirrored). Move one place to the right."),
        (-2, "This is the number below the first. Move to the right."),
        (9, "This is W transposed. Rotate it by 180 degrees instead."),
        (15, "W is rotated and transposed. Only rotate it."),
        (12, "The image was padded. Use no padding here."),
        (0, "Here W lies partly beside X. Begin where all of it lies on X."),
        (8, "Top and bottom are exchanged. Left and right must be, too."),
        (-4, "This is the third number."),
        (-16, "The sign is wrong: rotating does not change signs."),
    ],
    note="13 against 16: this number tells the two apart.",
)
def second_cell():
    """The second cell in the first row of the true convolution of the 5 by 5 example."""
    return (2 * 3 + 1 * 4 + 0 * -1) + (1 * 0 + 2 * 2 + 1 * 0) + (0 * -4 + 2 * 1 + 0 * 0)


# Exercise 2.5
@Function(
    cases=[
        (7, 3, 1, 0, 1),
        (7, 3, 3, 0, 1),
        (32, 5, 1, 2, 1),
        (28, 3, 2, 1, 1),
        (20, 3, 1, 0, 2),
        (21, 4, 3, 2, 2),
    ],
    hints=[
        "How far can the kernel move from its first place to its last one?",
        "It covers (kernel_size - 1) * dilation_rate + 1 pixels of size + 2 * padding. The rest is "
        "the way to go, in steps of `strides`.",
        "Whole steps only, so `//`. And the first place counts too.",
    ],
    mistakes=[
        (
            lambda n, k, s, p, d: (n + 2 * p - (k - 1) * d - 1) // s,
            "One is missing: before the first step the kernel already has a place.",
        ),
        (
            lambda n, k, s, p, d: (n + p - (k - 1) * d - 1) // s + 1,
            "Padding is added on both sides.",
        ),
        (
            lambda n, k, s, p, d: -(-(n + 2 * p - (k - 1) * d - 1) // s) + 1,
            "A step that does not fit is not made: round down.",
        ),
        (
            lambda n, k, s, p, d: (n + 2 * p - k) // s + 1,
            "Dilation spreads the kernel: it covers (kernel_size - 1) * dilation_rate + 1 pixels.",
        ),
        (
            lambda n, k, s, p, d: (n + 2 * p - k * d) // s + 1,
            "There are kernel_size - 1 gaps between the kernel's numbers, not `kernel_size`.",
        ),
        (
            lambda n, k, s, p, d: n + 2 * p - (k - 1) * d,
            "The strides are missing: the kernel goes s pixels at a time.",
        ),
        (lambda n, k, s, p, d: (n - (k - 1) * d - 1) // s + 1, "The padding is missing."),
        (
            lambda n, k, s, p, d: (n + 2 * p - (k - 1) * d) // s + 1,
            "One too much: n pixels have room for n - 1 steps of one pixel.",
        ),
        (
            lambda n, k, s, p, d: (n + 2 * p - k - (k - 1) * d) // s + 1,
            "A dilation rate of 1 leaves no gap: (kernel_size - 1) * dilation_rate + 1 pixels.",
        ),
        (
            lambda n, k, s, p, d: (n + 2 * p - (k - 1) * d - 1) / s + 1,
            "A size is a whole number: frameworks round down.",
        ),
    ],
)
def output_size(size, kernel_size, strides, padding, dilation_rate):
    """Rows (or columns) of the output; `padding` is added on each side."""
    covered = (kernel_size - 1) * dilation_rate + 1
    return (size + 2 * padding - covered) // strides + 1


def _layer(image, weights):
    windows = _windows(image, weights.shape[:3])[:, :, 0]
    return np.einsum("ijmnc,mncf->ijf", windows, weights)


# Exercise 2.6
@Function(
    cases=[
        (_rng.normal(size=(6, 5, 3)), _rng.normal(size=(3, 2, 3, 4)), _rng.normal(size=4)),
        (_rng.normal(size=(4, 4, 2)), _rng.normal(size=(3, 3, 2, 2)), _rng.normal(size=2)),
    ],
    hints=[
        "One filter has one kernel for each channel. What do you do with the maps of all channels?",
        "`window = image[i : i + h, j : j + w]` has the shape (h, w, C), like one filter.",
        "`(window * weights[..., f]).sum() + bias[f]`",
    ],
    mistakes=[
        (lambda image, weights, bias: _layer(image, weights), "The bias was forgotten."),
        (
            lambda image, weights, bias: np.maximum(_layer(image, weights) + bias, 0),
            "The ReLU comes after the convolution. Here return the sums as they are.",
        ),
        (
            lambda image, weights, bias: _layer(image, weights[::-1, ::-1]) + bias,
            "The kernels are turned by 180 degrees. A layer does not turn them.",
        ),
        (
            lambda image, weights, bias: _layer(image, weights) + image.shape[2] * bias,
            "The bias was added once for each input channel. It is added once.",
        ),
        (
            lambda image, weights, bias: _layer(image[..., :1], weights[:, :, :1]) + bias,
            "Only the first channel was used. A filter has a kernel for each of them.",
        ),
        (
            lambda image, weights, bias: np.moveaxis(_layer(image, weights) + bias, -1, 0),
            "The feature maps are the last axis: (rows, columns, filters).",
        ),
        (
            lambda image, weights, bias: (_layer(image, weights) + bias)[None],
            "This is a batch of one image. Give the image alone: three axes.",
        ),
        (
            lambda image, weights, bias: _layer(image[..., -1:], weights[:, :, -1:]) + bias,
            "Only the last channel was used: add the channels up, with `+=`, not `=`.",
        ),
        (lambda x, w, bias: _layer(x, w) + bias[0], "Each filter has a bias of its own."),
        (
            lambda image, weights, bias: (_layer(image, weights) + bias).sum(axis=-1),
            "The feature maps were added up. Each filter makes a map of its own.",
        ),
        (
            lambda image, weights, bias: _layer(image, weights) / image.shape[2] + bias,
            "The channels are added up, not averaged.",
        ),
    ],
)
def conv_layer(image, weights, bias):
    """One image (H, W, C) through weights (h, w, C, F) and bias (F,): (rows, columns, F)."""
    h, w, _, filters = weights.shape
    rows, columns = image.shape[0] - h + 1, image.shape[1] - w + 1
    output = np.zeros((rows, columns, filters))
    for i in range(rows):
        for j in range(columns):
            window = image[i : i + h, j : j + w]  # (h, w, C)
            output[i, j] = np.tensordot(window, weights, axes=3) + bias
    return output


# Exercise 2.4
@Value(
    hints=[
        "Each row of the matrix makes one output. How many pixels does it use?",
        "There are 4 times 4 outputs, and each one has 9 weights.",
    ],
    mistakes=[
        (576, "This is the size of the matrix, 16 x 36. Most of it is zero."),
        (9, "There are 9 different weights, but each of them stands in every row."),
        (324, "With padding there would be 36 rows. Valid has 4 x 4 outputs."),
        (432, "These are the zeros. The question is for the others."),
        (144 + 16, "The bias is not part of the matrix."),
        (16, "This is the number of rows. Each has 9 weights."),
    ],
)
def toeplitz_weights():
    """Places for weights in the matrix of a valid 3 by 3 convolution of a 6 by 6 image."""
    return 4 * 4 * 9


# Exercise 2.7
@Value(
    hints=[
        "Each of the ten units sees the whole map. How large is a kernel that sees it all?",
        "Keras's order is kernel height, kernel width, input channels, filters.",
    ],
    mistakes=[
        ((1, 1, 32, 10), "A 1 x 1 kernel sees one pixel. These units see all of the map."),
        ((3, 3, 32, 10), "A 3 x 3 kernel sees a part of the map. These units see all of it."),
        ((10, 8, 8, 32), "Right numbers, but Keras has the filters last."),
        ((8, 8, 10, 32), "The input's channels come before the filters."),
        ((10, 32, 8, 8), "Right numbers, but Keras has height and width first."),
        ((32, 8, 8, 10), "Right numbers, but Keras has height and width first, then the channels."),
        ((2048, 10), "This is the Dense layer's own matrix. Which kernel holds the same numbers?"),
        ((8, 8, 32), "This is one filter. Each of the ten units has its own."),
    ],
    note="The same 20,480 numbers, in the same order.",
)
def dense_as_kernel():
    """The weights' shape of the `Conv2D` that equals `Flatten`, `Dense(10)` on (8, 8, 32)."""
    return 8, 8, 32, 10


_HIDDEN = np.array([[0.0, 1, 0], [2, 0, -2], [0, -1, 3]])


def riddle(image):
    """What the hidden 3 by 3 kernel makes of `image`, `(H, W)`: `(H - 2, W - 2)`, no padding."""
    return _correlate(np.asarray(image, float), _HIDDEN)


# Exercise 2.3
@Value(
    hints=[
        "Feed the riddle a picture of your own. Which one would show the kernel?",
        "Try a black picture with one white pixel, and look closely at what comes out. Which way "
        "round is it?",
        "Or treat the nine weights as unknowns: each output pixel is one linear equation. "
        "`np.linalg.lstsq` solves them.",
    ],
    mistakes=[
        (
            _HIDDEN[::-1, ::-1],
            "This is the kernel turned by 180 degrees: a white pixel shows it so. Turn it back.",
        ),
        (_HIDDEN.T, "This is the kernel transposed: swap rows and columns."),
        (-_HIDDEN, "All the signs are wrong."),
        (_HIDDEN / _HIDDEN.sum(), "You have scaled it to sum 1. Leave it as it is."),
        (255 * _HIDDEN, "Your white pixel was 255: divide by it."),
        (255 * _HIDDEN[::-1, ::-1], "Your white pixel was 255: divide by it, and turn the result."),
        (_HIDDEN[::-1], "Top and bottom are exchanged."),
        (_HIDDEN[:, ::-1], "Left and right are exchanged."),
    ],
    note="One white pixel brings out the kernel turned round: the impulse response.",
)
def find_kernel():
    """The kernel in `riddle`."""
    impulse = np.zeros((5, 5))
    impulse[2, 2] = 1
    return riddle(impulse)[::-1, ::-1]


def _overwritten(delta, image, kernel):
    """A wrong answer: loops in which `=` stands for `+=`."""
    image_gradient, kernel_gradient = np.zeros(image.shape), None
    for i, j in np.ndindex(delta.shape):
        h, w = kernel.shape
        image_gradient[i : i + h, j : j + w] = delta[i, j] * kernel
        kernel_gradient = delta[i, j] * image[i : i + h, j : j + w]
    return image_gradient, kernel_gradient


def _wrapped(delta, image, kernel):
    """A wrong answer: the formula with negative indices, which NumPy counts from the end."""
    image_gradient = np.zeros(image.shape)
    for i, j in np.ndindex(image.shape):
        for m, n in np.ndindex(kernel.shape):
            if i - m < delta.shape[0] and j - n < delta.shape[1]:
                image_gradient[i, j] += delta[i - m, j - n] * kernel[m, n]
    return image_gradient, _correlate(image, delta)


_cross = correlate2d.answer


def _turned(kernel):
    return kernel[::-1, ::-1]


def _backward(delta, image, kernel, turn=True, of_image=np.array, of_kernel=np.array):
    """Both gradients, each after what a slip makes of it."""
    h, w = kernel.shape
    padded = np.pad(delta, ((h - 1, h - 1), (w - 1, w - 1)))
    image_gradient = _correlate(padded, _turned(kernel) if turn else kernel)
    return of_image(image_gradient), of_kernel(_correlate(image, delta))


# Exercise 2.8
@Function(
    cases=[
        (_rng.normal(size=(3, 4)), _rng.normal(size=(5, 6)), _rng.normal(size=(3, 3))),
        (_rng.normal(size=(4, 2)), _rng.normal(size=(5, 4)), _rng.normal(size=(2, 3))),
    ],
    hints=[
        "output[i, j] += image[i + m, j + n] * kernel[m, n]. Who gets a part of delta[i, j]?",
        "image_gradient[i + m, j + n] += delta[i, j] * kernel[m, n], and the same for the kernel "
        "with the image's pixel.",
        "Four loops are fine. Without them: the kernel's gradient is the image correlated with "
        "delta; the image's is delta, padded with zeros all round, correlated with the kernel "
        "turned by 180 degrees.",
    ],
    mistakes=[
        (
            partial(_backward, turn=False),
            "In the image's gradient the kernel has to be turned by 180 degrees.",
        ),
        (
            partial(_backward, of_kernel=_turned),
            "The kernel's gradient is turned by 180 degrees. Do not turn it.",
        ),
        (
            _overwritten,
            "Each window overwrites what the one before has left. Add up: `+=`, not `=`.",
        ),
        (
            _wrapped,
            "Outside the map delta is 0, but NumPy counts negative indices from the end: leave "
            "them out.",
        ),
        (
            partial(_backward, turn=False, of_kernel=_turned),
            "Both kernels are the wrong way round: turn the one for the image, and only that.",
        ),
        (
            lambda *a: _backward(*a)[::-1],
            "Both are right, in the wrong order: first the image's gradient.",
        ),
        (
            lambda *a: _backward(*a, of_kernel=lambda gradient: gradient / a[0].size),
            "The kernel is shared by all places: its gradient is the sum over them, not the mean.",
        ),
        (
            lambda *a: tuple(-gradient for gradient in _backward(*a)),
            "The sign: a gradient points uphill. It is the optimiser that goes down.",
        ),
        (
            lambda *a: _backward(*a, of_kernel=lambda gradient: gradient + a[2]),
            "Start the gradients at zero, not at the kernel.",
        ),
        (
            partial(_backward, of_image=lambda gradient: gradient[1:-1, 1:-1]),
            "The image's gradient has the image's shape: pixels at the edge count too.",
        ),
        (
            lambda d, image, kernel: (_cross(d, _turned(kernel)), _cross(image, d)),
            "The image's gradient comes out smaller than delta. Before the turned kernel slides "
            "over delta, pad it with zeros: kernel height - 1 rows above and below, kernel width "
            "- 1 columns left and right.",
        ),
    ],
)
def conv_backward(delta, image, kernel):
    """`(image_gradient, kernel_gradient)`, given `delta`, the loss's gradient for the output."""
    image_gradient, kernel_gradient = np.zeros(image.shape), np.zeros(kernel.shape)
    h, w = kernel.shape
    for i in range(delta.shape[0]):
        for j in range(delta.shape[1]):
            image_gradient[i : i + h, j : j + w] += delta[i, j] * kernel
            kernel_gradient += delta[i, j] * image[i : i + h, j : j + w]
    return image_gradient, kernel_gradient
