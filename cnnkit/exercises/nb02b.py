"""The exercises of notebook 02b, convolution as a matrix, backwards, and losses."""

from functools import partial

import numpy as np

from cnnkit.exercises._exercise import FaultyLine, Function, LineOrder, Number, Value

_rng = np.random.default_rng(22)


# Exercise 2b.1
@Number(
    within=0.5,
    hints=[
        "Each row of the matrix makes one output. How many pixels does an output see?",
        "There are 4 times 4 outputs, and each one sees 9 pixels.",
    ],
    mistakes=[
        (576, "This is the size of the matrix, 16 × 36. Most of its places are zero for ever."),
        (9, "There are 9 different weights, but each of them stands in every row."),
        (324, "With zeros around the image there would be 36 outputs. Here there are 4 × 4."),
        (432, "These are the places that stay zero. The question is for the others."),
        (160, "The biases are not part of the matrix."),
        (16, "This is the number of rows. Each holds 9 weights."),
        (36, "This is the number of columns. Each of the 16 rows holds 9 weights."),
        (81, "This is for a 5 × 5 image, which has 3 × 3 outputs."),
        (1296, "This is the size for an output as large as the image. Without zeros it is 4 × 4."),
        (54, "This is for a 5 × 5 image and Sobel's kernel, which has three zeros."),
        (96, "Sobel's kernel has zeros. This one has nine weights that are learned."),
        (225, "This is the size of the matrix for a 5 × 5 image. Which places hold a weight?"),
    ],
)
def matrix_places():
    """Places that hold a weight in the matrix of a 3 by 3 convolution of a 6 by 6 image."""
    return 4 * 4 * 9


# Exercise 2b.2
@Value(
    hints=[
        "Each of the ten units sees the whole map. How large is a kernel that sees it all?",
        "Keras's order is kernel height, kernel width, input channels, filters.",
    ],
    mistakes=[
        ((1, 1, 32, 10), "A 1 × 1 kernel sees one pixel. These units see all of the map."),
        ((3, 3, 32, 10), "A 3 × 3 kernel sees a part of the map. These units see all of it."),
        ((10, 8, 8, 32), "Right numbers, but Keras has the filters last."),
        ((8, 8, 10, 32), "The input's channels come before the filters."),
        ((10, 32, 8, 8), "Right numbers, but Keras has height and width first."),
        ((32, 8, 8, 10), "Right numbers, but Keras has height and width first, then the channels."),
        ((1, 1, 2048, 10), "So it is on a flattened map. Here the map has height and width."),
        ((32, 10), "This is a layer on one pixel. These units see 8 × 8 of them."),
        ((2048, 10), "This is the Dense layer's own matrix. Which kernel holds the same numbers?"),
        ((8, 8, 32), "This is one filter. Each of the ten units has its own."),
        ((8, 8, 1, 10), "A filter is as deep as its input, which has 32 channels."),
        ((8, 8, 10), "These filters see one channel. The map has 32."),
    ],
    note="The same 20,480 numbers, in the same order.",
)
def dense_as_kernel():
    """The weights' shape of the `Conv2D` that equals `Flatten`, `Dense(10)` on (8, 8, 32)."""
    return 8, 8, 32, 10


# Exercise 2b.3
@Number(
    within=0.01,
    hints=[
        "First forwards: what are z₁ and z₂? And how far is each from its right answer?",
        "δ₁ = z₁ - 5 and δ₂ = z₂ - 12. On each of the two paths multiply, then add.",
    ],
    mistakes=[
        (13, "The sign of δ₂: it is z₂ - 12, and z₂ is below 12."),
        (7, "The sign: a slope is measured uphill, with δ = z - y."),
        (3, "This is the first path alone. The weight reaches the loss by two."),
        (1, "This is δ₁. On each path multiply δ by what the weight was multiplied with, and add."),
        (-10, "This is the second path alone. The weight reaches the loss by two."),
        (
            -1,
            "This is δ₁ + δ₂, or the 3 and the 5 have changed places. On each path multiply δ by "
            "what the weight was multiplied with there.",
        ),
        (
            -14,
            "This multiplies each δ by its z. Multiply it by what the weight was multiplied with.",
        ),
        (-2, "This multiplies δ by the weight, as for the slope in x. Here the weight changes."),
        (-3.5, "The paths are added, not averaged."),
        (-70, "Multiply along a path, and add the paths."),
        (8, "3 + 5 is how fast z₁ + z₂ grows. Each path has a factor of its own, δ₁ or δ₂."),
        (15, "3 · 5 is no sum over paths. Multiply along each path: δ₁ · 3, and δ₂ · 5."),
        (2, "This is the weight. How fast does the loss grow if the weight does?"),
        (2.5, "This is the loss itself. Its slope in w is asked for."),
    ],
    note="1 · 3 + (-2) · 5: so it is for each weight of a kernel, at all places where it was used.",
)
def shared_weight_slope():
    """The slope of the loss in a weight that is used at two places."""
    w, x, y = 2, np.array([3, 5]), np.array([5, 12])
    delta = w * x - y
    return (delta * x).sum()


# Exercise 2b.4
@FaultyLine(
    code="""
    def slope_before(delta, Z_before, kernel):
        # Z_before: what the layer before has added up. Its activation is ReLU
        # delta: the slopes of the loss in what this layer adds up
        padded = np.pad(delta, len(kernel) - 1)
        turned = kernel[::-1, ::-1]
        slope_in_X = reference.correlate2d(padded, turned)
        return slope_in_X * np.maximum(Z_before, 0)
    """,
    hints=[
        "Write the chain of this layer down: Z before, then X, then Z, then L. Which line makes "
        "which step backwards?",
        "Three lines go through the convolution, one through the activation. What is φ, and what "
        "is φ', of ReLU?",
    ],
    mistakes=[
        (4, "This pads on every side with as many zeros as the kernel has rows, less one: right."),
        (5, "Both axes run backwards, so the kernel is turned by 180°: right."),
        (6, "The turned kernel slides over the padded slopes: right."),
        (3, "A comment calculates nothing, and what it says is what the function needs."),
        (2, "A comment calculates nothing. But it says something that matters: the activation."),
        (1, "These three are what the way back needs."),
        (0, "Lines are counted from 1, as they are printed."),
    ],
    note="Backwards one multiplies by the slope φ', here `(Z_before > 0)`, not by φ.",
)
def faulty_backward():
    """It multiplies by ReLU where its slope, 1 or 0, belongs."""
    return 7


# Exercise 2b.5
@LineOrder(
    lines=[
        "Z1 = reference.correlate2d(X, W1)",
        "X1 = np.maximum(Z1, 0)",
        "Z2 = reference.correlate2d(X1, W2)",
        "delta2 = Z2 - Y",
        "slope_in_X1 = reference.correlate2d(np.pad(delta2, 2), W2[::-1, ::-1])",
        "delta1 = slope_in_X1 * (Z1 > 0)",
        "W1_gradient = reference.correlate2d(X, delta1)",
    ],
    hints=[
        "Three lines go forwards, from the image `X` to the last map `Z2`. Which one needs nothing "
        "but what is given?",
        "The first slope is `delta2`, that of the loss in `Z2`. From there it goes back, against "
        "the order of the layers.",
        "Backwards: through the second convolution, through the ReLU, then to the first kernel.",
    ],
    mistakes=[
        ((2, 1), "`X1` is the ReLU of `Z1`: the first convolution must come before."),
        ((3, 2), "The second convolution slides over `X1`, so `X1` must be known before."),
        ((4, 3), "`delta2` is how far `Z2` is from the right answer `Y`: first comes `Z2`."),
        ((5, 4), "This line sends `delta2` back through the second layer: it needs `delta2`."),
        ((6, 5), "`delta1` is made from `slope_in_X1`, which must be known before."),
        ((7, 6), "The slopes of the first kernel need `delta1`."),
    ],
)
def first_kernel_gradient():
    """Forwards through both layers, then backwards through the same in reverse order."""


def _backward(
    delta,
    image,
    kernel,
    stride,
    turn=False,
    step=None,
    size=None,
    zeros=np.zeros,
    of_image=None,
    of_kernel=None,
):
    """Both gradients: `of_image` and `of_kernel` are what a slip makes of each."""
    image_gradient, kernel_gradient = zeros(image.shape), zeros(kernel.shape)
    h, w = size or kernel.shape
    stamp = kernel[::-1, ::-1] if turn else kernel
    for i, j in np.ndindex(delta.shape):
        y, x = i * (step or stride), j * (step or stride)
        image_gradient[y : y + h, x : x + w] += delta[i, j] * stamp
        kernel_gradient += delta[i, j] * image[y : y + h, x : x + w]
    of_image, of_kernel = of_image or np.array, of_kernel or np.array
    return of_image(image_gradient), of_kernel(kernel_gradient)


def _overwritten(delta, image, kernel, stride, image_too=True, kernel_too=True):
    """A wrong answer: `=` stands for `+=`."""
    image_gradient, kernel_gradient = _backward(delta, image, kernel, stride)
    h, w = kernel.shape
    for i, j in np.ndindex(delta.shape):
        window = np.s_[i * stride : i * stride + h, j * stride : j * stride + w]
        if image_too:
            image_gradient[window] = delta[i, j] * kernel
        if kernel_too:
            kernel_gradient = delta[i, j] * image[window]
    return image_gradient, kernel_gradient


def _pad_and_turn(delta, image, kernel, stride, zeros=None, square=False):
    """A wrong answer: what is right without a stride; with `zeros`, of one size of kernel alone."""
    h, w = (zeros + 1, zeros + 1) if zeros else kernel.shape
    w = h if square else w

    def slide(image, kernel):
        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
        return np.einsum("ijuv,uv->ij", windows, kernel)

    padded = np.pad(delta, ((h - 1, h - 1), (w - 1, w - 1)))
    return slide(padded, kernel[::-1, ::-1]), slide(image, delta)


def _every_stride(delta, image, kernel, stride):
    """A wrong answer: the place of a window stands for that of its output."""
    h, w = kernel.shape
    gradients = np.zeros(image.shape), np.zeros(kernel.shape)
    for y in range(0, image.shape[0] - h + 1, stride):
        for x in range(0, image.shape[1] - w + 1, stride):
            gradients[0][y : y + h, x : x + w] += delta[y, x] * kernel
            gradients[1][...] += delta[y, x] * image[y : y + h, x : x + w]
    return gradients


def _square(delta, image, kernel, stride, delta_too=False):
    """A wrong answer: all has as many columns as rows."""
    k, n = len(kernel), len(delta) if delta_too else None
    return _backward(delta[:, :n], image, kernel, stride, size=(k, k))


def _windows_back(delta, image, kernel, stride):
    """A wrong answer: what the kernel gets goes to the image as well."""
    image_gradient, (h, w) = np.zeros(image.shape), kernel.shape
    for i, j in np.ndindex(delta.shape):
        window = np.s_[i * stride : i * stride + h, j * stride : j * stride + w]
        image_gradient[window] += delta[i, j] * image[window]
    return image_gradient, _backward(delta, image, kernel, stride)[1]


# Exercise 2b.6
@Function(
    cases=[
        # Whole numbers come first: who keeps to their type should hear of it before all else.
        (_rng.normal(size=(3, 4)), _rng.integers(9, size=(5, 6)), _rng.integers(9, size=(3, 3)), 1),
        (_rng.normal(size=(2, 3)), _rng.normal(size=(5, 6)), _rng.normal(size=(2, 2)), 2),
        (_rng.normal(size=(2, 2)), _rng.normal(size=(5, 6)), _rng.normal(size=(2, 3)), 3),
    ],
    hints=[
        "Which window of the image did output (i, j) see? With stride 2 it begins at row 2 * i.",
        "Begin with `image_gradient = np.zeros(image.shape)` and `kernel_gradient = "
        "np.zeros(kernel.shape)`, and go through all (i, j) of `delta` in two loops.",
        "Each output stamps its `delta[i, j] * kernel` onto the window of `image_gradient` that it "
        "saw, and gives `delta[i, j]` times its window of `image` to `kernel_gradient`. Both "
        "are added up.",
    ],
    mistakes=[
        (
            partial(_backward, step=1),
            "The windows begin at (i, j). With a stride they begin at (i * stride, j * stride).",
        ),
        (
            _every_stride,
            "Loop over the places (i, j) of `delta`: the window of each begins at (i * stride, "
            "j * stride) of the image.",
        ),
        (
            lambda *a: (_backward(*a)[0], _backward(np.ones(a[0].shape), *a[1:])[1]),
            "The image's gradient is right. In the kernel's, each window counts δ times: "
            "`delta[i, j] * window`.",
        ),
        (
            _pad_and_turn,
            "Pad and turn is right for stride 1 alone. With a stride, let each output send its "
            "share back to the window that it saw.",
        ),
        (
            partial(_pad_and_turn, square=True),
            "Pad and turn is right for stride 1 alone, and this one for square kernels. Let each "
            "output stamp its share onto the window that it saw.",
        ),
        (
            lambda delta, *others: _backward(delta[:, : len(delta)], *others),
            "`len(delta)` is the number of rows. The columns are `delta.shape[1]`.",
        ),
        (
            _square,
            "`len(kernel)` is the number of its rows. It may have more columns or fewer: "
            "`h, w = kernel.shape`.",
        ),
        (
            partial(_square, delta_too=True),
            "Neither `kernel` nor `delta` need be square: `len` is the number of rows, and "
            "`.shape` has rows and columns.",
        ),
        (
            lambda *a: _backward(*a, zeros=partial(np.zeros, dtype=a[1].dtype)),
            "`np.zeros_like(image)` has the type of `image`, and `np.zeros_like(kernel)` that of "
            "`kernel`: in this call whole numbers, and δ is none. `np.zeros(image.shape)` holds "
            "decimals.",
        ),
        (
            partial(_backward, size=(3, 3)),
            "A window is as large as the kernel, `kernel.shape`, which is not always 3 × 3.",
        ),
        (
            partial(_pad_and_turn, zeros=2),
            "Pad and turn with two zeros on each side is right for stride 1 and a kernel of 3 × 3. "
            "Here let each output stamp its share onto the window that it saw.",
        ),
        (
            partial(_backward, turn=True),
            "The kernel must not be turned when it is stamped: the weight that met a pixel on the "
            "way forwards meets it on the way back.",
        ),
        (
            _overwritten,
            "Each window overwrites what the one before has left. Add up: `+=`, not `=`.",
        ),
        (
            partial(_overwritten, image_too=False),
            "The image's gradient is right. The kernel's is that of the last place alone: add up, "
            "with `+=`.",
        ),
        (
            partial(_overwritten, kernel_too=False),
            "The kernel's gradient is right. In the image's, each window overwrites what the one "
            "before has left: where stamps overlap, they add up, with `+=`.",
        ),
        (
            _windows_back,
            "The kernel's gradient is right. What goes back to a pixel is `delta` times the "
            "weight that it met, not times the pixel.",
        ),
        (
            lambda *a: (_backward(*a)[0], _backward(*a, step=1)[1]),
            "The image's gradient is right. For the kernel's, too, the windows of the image begin "
            "at (i * stride, j * stride).",
        ),
        (
            lambda *a: (_backward(*a)[0], _pad_and_turn(*a)[1]),
            "The image's gradient is right. For the kernel's, sliding `delta` over the image is "
            "right for stride 1 alone. With a stride, add up `delta[i, j]` times the window that "
            "this output saw.",
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
            "The sign: a gradient points uphill. It is the step that goes down.",
        ),
        (
            lambda *a: _backward(*a, of_kernel=lambda gradient: gradient + a[2]),
            "Begin the kernel's gradient at zero, not at the kernel.",
        ),
        (
            lambda *a: _backward(*a, of_image=lambda gradient: gradient + a[1]),
            "Begin the image's gradient at zero, not at the image.",
        ),
        (
            lambda *a: _backward(*a, of_kernel=lambda gradient: gradient[::-1, ::-1]),
            "The kernel's gradient is turned by 180 degrees. Do not turn it.",
        ),
        (lambda *a: _backward(*a)[0], "This is the image's gradient alone. Return both."),
    ],
)
def conv_backward(delta, image, kernel, stride):
    """`(image_gradient, kernel_gradient)`, given the slopes `delta` of the loss in the output."""
    image_gradient, kernel_gradient = np.zeros(image.shape), np.zeros(kernel.shape)
    h, w = kernel.shape
    for i in range(delta.shape[0]):
        for j in range(delta.shape[1]):
            y, x = i * stride, j * stride  # where the window of this output begins
            image_gradient[y : y + h, x : x + w] += delta[i, j] * kernel
            kernel_gradient += delta[i, j] * image[y : y + h, x : x + w]
    return image_gradient, kernel_gradient


# Exercise 2b.7
@Number(
    within=0.05,
    hints=[
        "What is the probability of each class, if all are equal?",
        "1,000 = 10 · 10 · 10. What does that mean for the logarithm?",
    ],
    mistakes=[
        (2.302585, "This is for ten classes."),
        (
            0.001,
            "A loss near 0 would mean that the right class has probability 1. Here it has 1/1000, "
            "and the loss is minus the logarithm of that.",
        ),
        (1000, "This is how many classes there are. Which probability has each of them?"),
        (-np.log(1000), "The sign: the loss is *minus* the logarithm of the probability."),
        (3, "This is the logarithm to base 10. `log` is the natural one, to base e."),
        (np.log2(1000), "This is the logarithm to base 2. `log` is the natural one, to base e."),
        (230.2585, "A hundred times as many classes do not make the loss a hundred times as high."),
        (23.02585, "The logarithm makes of ten times as many classes one summand more."),
        (4.60517, "This is for 100 classes."),
    ],
    note="Three times ln 10. A first loss far above that means that something is wrong.",
)
def thousand_classes():
    """The cross-entropy of 1,000 equal probabilities."""
    return np.log(1000)


def _softmax(scores, axis=1, of=np.max, largest_axis=1):
    """Softmax after subtracting what `of` gives for each row, or for all."""
    with np.errstate(all="ignore"):
        powers = np.exp(scores - of(scores, axis=largest_axis, keepdims=True))
        return powers / powers.sum(axis=axis, keepdims=True)


def _nothing(scores, axis, keepdims):
    return 0


def _minus_right(probabilities, labels):
    return (probabilities - np.eye(probabilities.shape[1])[labels]) / len(labels)


def _minus_columns(scores, labels):
    gradient = _softmax(scores)
    gradient[:, labels] -= 1
    return gradient / len(labels)


# Exercise 2b.8
@Function(
    cases=[
        (_rng.normal(size=(4, 3)), np.array([0, 2, 2, 1])),
        (np.array([[1000.0, 1001, 1002], [3, 1, 2]]), np.array([2, 0])),
        (_rng.normal(size=(4, 4)) * 3, np.array([3, 3, 0, 1])),  # as many classes as rows
    ],
    hints=[
        "For one example the gradient is ŷ - y. How is ŷ computed so that no power overflows?",
        "Each row has a largest score of its own: `scores.max(axis=1, keepdims=True)`. Divide each "
        "row by its own sum, again with `axis=1, keepdims=True`.",
        "`gradient[np.arange(n), labels] -= 1` subtracts 1 in each row, in the column of its "
        "label. The loss is a mean over n examples, so all is divided by n.",
    ],
    mistakes=[
        (
            lambda scores, labels: _minus_right(_softmax(scores, of=_nothing), labels),
            "A power of e overflows, and the result is NaN: subtract the largest score of each row "
            "first.",
        ),
        (
            lambda scores, labels: _minus_right(_softmax(scores, largest_axis=None), labels),
            "You subtract the largest score of the whole batch. In a row with much smaller ones "
            "all powers become 0, and 0/0 is NaN. Each row has a largest score of its own.",
        ),
        (
            lambda scores, labels: _minus_right(_softmax(scores, axis=0, largest_axis=0), labels),
            "The probabilities of one example add up to 1, so add along `axis=1`.",
        ),
        (
            lambda scores, labels: _minus_right(
                _softmax(scores, axis=None, largest_axis=None), labels
            ),
            "You divide by the sum over the whole batch. Each row has a sum of its own.",
        ),
        (
            lambda scores, labels: _minus_right(_softmax(scores), labels) * len(labels),
            "The loss is the mean over the examples, so each has the weight 1/n.",
        ),
        (
            lambda scores, labels: _minus_right(_softmax(scores), labels) / scores.shape[1],
            "The mean is over the examples, not over their classes as well: divide by n alone.",
        ),
        (
            lambda scores, labels: -_minus_right(_softmax(scores), labels),
            "The sign: this points downhill. The gradient is ŷ - y.",
        ),
        (
            lambda scores, labels: _softmax(scores) / len(labels),
            "These are the probabilities, divided by n. The right answers y are not subtracted.",
        ),
        (
            lambda scores, labels: _softmax(scores),
            "These are the probabilities. The gradient is ŷ - y, divided by n.",
        ),
        (
            lambda scores, labels: (_softmax(scores) - labels[:, None]) / len(labels),
            "A label is the number of a class, and is not subtracted itself. y is 1 in the column "
            "of the right class, and 0 in the others.",
        ),
        (
            lambda scores, labels: (_softmax(scores) - labels) / len(labels),
            "A label is the number of a class, and is not subtracted itself: y is 1 in the column "
            "of the right class. (Here `keepdims` is no help.)",
        ),
        (
            lambda scores, labels: _softmax(scores) - labels,
            "A label is the number of a class, and is not subtracted itself: y is 1 in the column "
            "of the right class. (Here `keepdims` is no help.) Then divide by n.",
        ),
        (
            lambda scores, labels: _minus_right(_softmax(scores), labels).sum(axis=0),
            "This adds up the rows. Each score has a slope of its own: keep all rows, and divide "
            "by n.",
        ),
        (
            lambda scores, labels: -np.log(_softmax(scores)[np.arange(len(labels)), labels]).mean(),
            "This is the loss, one number. Its slopes are asked for, one for each score.",
        ),
        (
            lambda scores, labels: (
                _minus_right(_softmax(scores) / len(labels), labels) * len(labels)
            ),
            "You divide the probabilities by n before 1 is subtracted. Divide the difference.",
        ),
        (
            lambda scores, labels: -np.log(_softmax(scores)[np.arange(len(labels)), labels]),
            "These are the losses, one for each example. Their slopes are asked for, one for each "
            "score.",
        ),
        (
            _minus_columns,
            "`gradient[:, labels]` means these columns in *all* rows. One place in each row is "
            "`gradient[np.arange(n), labels]`.",
        ),
        (
            lambda scores, labels: _minus_right(scores, labels),
            "These are the scores themselves less y. First make probabilities of them.",
        ),
    ],
)
def score_gradient(scores, labels):
    """The gradient of the mean cross-entropy in the scores `(n, C)`, for labels `(n,)`."""
    n = len(labels)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))  # the largest is 1
    gradient = powers / powers.sum(axis=1, keepdims=True)  # the probabilities
    gradient[np.arange(n), labels] -= 1  # less 1 for the right class
    return gradient / n
