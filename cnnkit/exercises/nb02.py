"""The exercises of notebook 02, convolution."""

from functools import partial

import numpy as np

from cnnkit.exercises._exercise import FaultyLine, Function, LineOrder, Number, Value

_rng = np.random.default_rng(2)


def _windows(image, shape):
    return np.lib.stride_tricks.sliding_window_view(image, shape)


def _correlate(image, kernel):
    return np.einsum("ijmn,mn->ij", _windows(image, kernel.shape), kernel)


def _same_size(image, kernel):
    h, w = kernel.shape
    return _correlate(np.pad(image, ((h // 2, (h - 1) // 2), (w // 2, (w - 1) // 2))), kernel)


# Exercise 2.1
@Number(
    within=0.01,
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
        (14, "This is the second number of the second row, one row too low."),
        (0, "Here W lies partly beside X. Begin where all of it lies on X."),
        (8, "Top and bottom are exchanged. Left and right must be, too."),
        (-4, "This is the third number."),
        (-16, "The sign is wrong: rotating does not change signs."),
        (
            -13,
            "Rotating does not change signs. And this is the cross-correlation, turned negative.",
        ),
        (10, "These are three of the nine products. Add all of them up."),
    ],
    note="13 against 16: this number tells the two apart.",
)
def second_cell():
    """The second cell in the first row of the true convolution of the 5 by 5 example."""
    return (2 * 3 + 1 * 4 + 0 * -1) + (1 * 0 + 2 * 2 + 1 * 0) + (0 * -4 + 2 * 1 + 0 * 0)


def _left_over(output, shape):
    """A wrong answer: room for as many numbers as the image has, which are not all filled."""
    larger = np.zeros(shape[:2] + output.shape[2:])
    larger[: output.shape[0], : output.shape[1]] = output
    return larger


def _only_first(output):
    """A wrong answer: the loop ends after the first number."""
    alone = np.zeros_like(output)
    alone[0, 0] = output[0, 0]
    return alone


def _as_if_square(image, kernel):
    """A wrong answer: the rows are counted, and taken for the columns too."""
    k = len(kernel)
    output = np.zeros((len(image) - k + 1,) * 2)
    for i, j in np.ndindex(output.shape):
        output[i, j] = (image[i : i + k, j : j + k] * kernel).sum()
    return output


# Exercise 2.2
@Function(
    cases=[
        (_rng.normal(size=(5, 7)), _rng.normal(size=(3, 2))),
        (_rng.normal(size=(4, 4)), _rng.normal(size=(3, 3))),
        (_rng.normal(size=(3, 6)), _rng.normal(size=(1, 3))),
        (np.arange(12, dtype=np.uint8).reshape(3, 4) ** 2, np.full((2, 3), 0.3)),
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
            lambda image, kernel: _left_over(_correlate(image, kernel), image.shape),
            "The output is as large as the image, and its last rows and columns stay 0: it has "
            "H - h + 1 rows and W - w + 1 columns.",
        ),
        (
            lambda image, kernel: _only_first(_correlate(image, kernel)),
            "All numbers but the first are 0. Is `return` within the loop?",
        ),
        (
            _as_if_square,
            "Images and kernels need not be square: rows are `shape[0]`, columns `shape[1]`.",
        ),
        (
            lambda image, kernel: _windows(image, kernel.shape).sum((2, 3)),
            "This adds the pixels up, all with weight 1. Where is the kernel?",
        ),
        (
            lambda image, kernel: (_windows(image, kernel.shape) @ kernel).sum((2, 3)),
            "Here window and kernel are multiplied number by number: with `*`, not `@`.",
        ),
        (
            lambda image, kernel: np.correlate(image.ravel(), kernel.ravel()),
            "A window has rows and columns: in a flattened image those below are far away. Slide "
            "a window `image[i : i + h, j : j + w]`.",
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
            lambda image, kernel: _correlate(image, kernel).astype(image.dtype),
            "The fractions are cut off: with `image.dtype` the output of a whole-number image "
            "holds whole numbers. `np.zeros((rows, columns))` holds floats.",
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


_HIDDEN = np.array([[0.0, 1, 0], [2, 0, -2], [0, -1, 3]])


def riddle(image):
    """What the hidden 3 by 3 kernel makes of `image`, `(H, W)`: `(H - 2, W - 2)`, no padding."""
    image = np.asarray(image, float)
    if image.ndim != 2 or min(image.shape) < 3:
        raise ValueError(
            "`image` must be a grey image of 3 by 3 pixels or more, `(H, W)`. Received: an array "
            f"of shape {image.shape}"
        )
    return _correlate(image, _HIDDEN)


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
        (
            _HIDDEN[::-1, ::-1].T,
            "This is what a white pixel shows, transposed. Turn it by 180 degrees instead.",
        ),
        (-_HIDDEN, "All the signs are wrong."),
        (_HIDDEN / _HIDDEN.sum(), "You have scaled it to sum 1. Leave it as it is."),
        (255 * _HIDDEN, "Your white pixel was 255: divide by it."),
        (255 * _HIDDEN[::-1, ::-1], "Your white pixel was 255: divide by it, and turn the result."),
        (_HIDDEN[::-1], "Top and bottom are exchanged."),
        (_HIDDEN[:, ::-1], "Left and right are exchanged."),
    ],
    note="One white pixel brings out the kernel turned round. A single pixel is called an impulse, "
    "and what comes out the impulse response.",
)
def find_kernel():
    """The kernel in `riddle`."""
    impulse = np.zeros((5, 5))
    impulse[2, 2] = 1
    return riddle(impulse)[::-1, ::-1]


# Exercise 2.4
@FaultyLine(
    code="""
    def moves_with_its_input(image, kernel):
        moved = np.roll(image, 3, axis=1)
        before = correlate2d(image, kernel)
        after = correlate2d(moved, kernel)
        after = after[:, 3:]
        before = before[:, 3:]
        return np.allclose(after, before)
    """,
    hints=[
        "Column 10 of the image is column 13 of the moved one. Which column of `after` has to be "
        "compared with column 10 of `before`?",
        "`after[:, 3:]` begins with column 3 of `after`. Which column of `before` belongs to it?",
    ],
    mistakes=[
        (2, "This moves the image to the right by three columns, as it should."),
        (3, "This is the feature map of the image, which is needed."),
        (4, "This is the feature map of the moved image, which is needed."),
        (
            5,
            "The first three columns see what has come in again at the left. To leave them out "
            "is right.",
        ),
        (7, "`allclose` tells whether two arrays agree up to rounding. Do the right ones come in?"),
        (1, "A function of an image and a kernel is what was asked for."),
        (0, "Lines are counted from 1, as they are printed."),
    ],
    note="It must be `before[:, :-3]`. As it stands, the function asks for invariance: a map that "
    "stays where it is.",
)
def faulty_shift():
    """Both maps are cut at the left, so the map is expected to stay and not to move."""
    return 6


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
            lambda n, k, s, p, d: round((n + 2 * p - (k - 1) * d - 1) / s) + 1,
            "`round` goes to the nearest whole number. A step that does not fit is not made: `//`.",
        ),
        (
            lambda n, k, s, p, d: (n + 2 * p - (k - 1) * d - 1 + 1) // s,
            "The 1 for the first place comes after the division by the strides.",
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


# Exercise 2.6
@Number(
    within=0.5,
    hints=[
        "How many weights has one filter? It has a kernel for each of the 16 channels.",
        "One filter has 5 * 5 * 16 weights and one bias, and there are 32 filters.",
    ],
    mistakes=[
        (12_800, "You have all the weights. Each filter also has a bias."),
        (832, "A filter has one kernel for each of the 16 channels, not one for all."),
        (800, "A filter has one kernel for each of the 16 channels; and it has a bias."),
        (12_801, "There is one bias for each filter, not one for the layer."),
        (12_816, "The biases belong to the filters, not to the channels that come in."),
        (13_312, "A filter has one bias, not one for each of its kernels."),
        (401, "This is one filter. The layer has 32."),
        (400, "These are the weights of one filter. The layer has 32, each with a bias."),
        (2_592, "A kernel of 5 x 5 has 25 weights."),
        (4_640, "The kernels have 5 x 5 weights, not 3 x 3."),
        (432, "Each of the 32 filters has a kernel of its own for each channel: 25 * 16 * 32."),
        (2_432, "The input has 16 channels, not 3."),
        (
            524_288,
            "32 x 32 is the size of the maps, which does not count. A kernel has 5 x 5 weights, "
            "the same at each place.",
        ),
        (13_107_232, "The same weights work at each place: the image's size does not count, here."),
        (13_139_968, "The same weights work at each place: the image's size does not count."),
        (13_107_200, "These are the multiply-adds. The weights are the same at each place."),
    ],
    note="The size of the image plays no part.",
)
def layer_parameters():
    """The parameters of 32 filters of 5 by 5 on 16 channels."""
    return (5 * 5 * 16 + 1) * 32


# Exercise 2.7
@LineOrder(
    lines=[
        "keras.Input((32, 32, 3)),",
        'keras.layers.Conv2D(16, 3, activation="relu"),  # 448 parameters',
        'keras.layers.Conv2D(8, 3, activation="relu"),  # 1,160 parameters',
        'keras.layers.Conv2D(32, 3, activation="relu"),  # 2,336 parameters',
        'keras.layers.Conv2D(24, 1, activation="relu"),  # 792 parameters',
        "keras.layers.Flatten(),",
        "keras.layers.Dense(5),",
    ],
    hints=[
        "A layer's parameters tell how many channels come in: take the biases off, and divide by "
        "the filters and by the weights of one kernel.",
        "448 - 16 = 432 = 16 filters x 9 weights x 3 channels: this layer sees the colour image. "
        "It hands on 16 channels. Which layer has parameters for 16?",
    ],
    mistakes=[
        ((2, 1), "The input comes first."),
        (
            (3, 2),
            "1,160 - 8 = 8 x 9 x 16: this layer needs 16 channels, so it comes after the one with "
            "16 filters.",
        ),
        (
            (4, 3),
            "2,336 - 32 = 32 x 9 x 8: this layer needs 8 channels, so it comes after the one with "
            "8 filters.",
        ),
        (
            (5, 4),
            "792 - 24 = 24 x 1 x 32: this layer needs 32 channels, so it comes after the one with "
            "32 filters.",
        ),
        ((6, 5), "A convolution needs rows and columns. Flatten lays them in one row: later."),
        ((7, 6), "Dense takes a row of numbers, so the maps are flattened first."),
    ],
)
def layer_order():
    """Each convolution has parameters for as many channels as the layer before it has filters."""


def _layer(image, weights):
    windows = _windows(image, weights.shape[:3])[:, :, 0]
    return np.einsum("ijmnc,mncf->ijf", windows, weights)


# Exercise 2.8
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
        (
            lambda image, weights, bias: (
                np.stack(
                    [
                        _layer(image[..., c : c + 1], weights[:, :, c : c + 1])
                        for c in range(image.shape[2])
                    ],
                    axis=2,
                )
                + bias
            ),
            "These are maps for each channel and each filter. Add the channels up.",
        ),
        (lambda x, w, bias: _layer(x, w) + bias[0], "Each filter has a bias of its own."),
        (
            lambda image, weights, bias: _left_over(_layer(image, weights) + bias, image.shape),
            "The output is as large as the image, and its last rows and columns stay 0: it has "
            "H - h + 1 rows and W - w + 1 columns.",
        ),
        (
            lambda image, weights, bias: _only_first(_layer(image, weights) + bias),
            "All numbers but the first are 0. Is `return` within the loop?",
        ),
        (
            lambda image, weights, bias: (_layer(image, weights) + bias).sum(axis=-1),
            "The feature maps were added up. Each filter makes a map of its own.",
        ),
        (
            lambda image, weights, bias: _layer(image, weights).sum(-1, keepdims=True) + bias,
            "Each map is a sum over all filters. One filter at a time: `weights[..., f]`.",
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
            for f in range(filters):
                output[i, j, f] = (window * weights[..., f]).sum() + bias[f]
    return output


# Exercise 2.9
@Number(
    within=0.01,
    hints=[
        "Press the right arrow key again and again, and watch the numbers under the maps of the "
        "second convolution. When do nearly all of them fall to a few per cent?",
        "The maps of the first convolution move by one place for two pixels. The second one has a "
        "stride of 2, too: by how many places must its input move?",
    ],
    mistakes=[
        (1, "After one pixel not even the maps of the first convolution have moved along."),
        (2, "After two pixels the maps of the first convolution have. Those of the second?"),
        (3, "Three is no multiple of the first stride. Watch one more step."),
        (8, "After eight they have moved along too, by two places. Is there a smaller number?"),
        (16, "After sixteen too. When do they move along for the first time?"),
        (0, "Where nothing moves, nothing is to be seen. Press the right arrow key."),
        (5, "The number under the maps is smallest one step earlier."),
        (6, "Six is three places of the first maps, which is no multiple of the second stride."),
    ],
    note="The strides are multiplied: 2 · 2.",
)
def second_moves_along():
    """The strides of both convolutions are 2: the picture must move by two places of two pixels."""
    return 2 * 2


# Exercise 2.10
@Value(
    choices=["none", "one", "two", "about half", "all, or nearly all"],
    hints=[
        "Under each map stands by how much it has changed.",
        "How deep is a filter of the second convolution: how many of the 16 maps does it read?",
    ],
    mistakes=[
        ("none", "The maps of the second convolution are made of those of the first."),
        (
            "one",
            "A map does not belong to one map of the layer before: a filter is as deep as its "
            "input, and reads all 16.",
        ),
        ("all", "Write one of the choices, word by word."),
        ("two", "32 maps are made of 16, but not two of each: a filter reads all 16."),
        (
            "about half",
            "Is the map that you have switched off a bright one? Then count those under which "
            "stands 0 %.",
        ),
    ],
    note="Each filter has a kernel for each of the 16 maps. (A map that is dark here may stay so.)",
)
def channel_less():
    """Each filter of the second convolution reads all maps of the first."""
    return "all, or nearly all"


# Exercise 2.11
@Value(
    choices=[
        "as accurate as on whole pictures",
        "about as accurate as the fully connected network",
        "like a guess",
        "worse than a guess",
        "it cannot be trained",
    ],
    hints=[
        "What does a window of 3 x 3 pixels see in a shuffled picture?",
        "The pixels in a window are no neighbours any more. What is left that a network can learn "
        "from? Think of what the fully connected network learns from.",
    ],
    mistakes=[
        (
            "as accurate as on whole pictures",
            "A window now holds nine pixels from anywhere. Edges and spots are gone.",
        ),
        (
            "like a guess",
            "Each pixel still has a place of its own, the same in all pictures, and the last layer "
            "has weights for each place. That is what the fully connected network learns from.",
        ),
        ("worse than a guess", "A network that guesses gets one in five. Why do worse?"),
        ("it cannot be trained", "The shapes are the same, and so is the number of weights."),
    ],
    note="What it had above the fully connected network came from neighbours.",
)
def shuffled_convolution():
    """What a convolutional network gets from pictures with their pixels shuffled."""
    return "about as accurate as the fully connected network"


def _costs(height, width, channels, layers, step=lambda n, s: -(-n // s), **slip):
    """Parameters and multiply-adds, with one slip of those that are usual."""
    parameters = multiply_adds = 0
    for filters, strides in layers:
        weights = 3 * 3 * slip.get("depth", channels) * filters
        before, after = (height, width), (step(height, strides), step(width, strides))
        places = np.prod(before if slip.get("early") else after)
        added = weights + (0 if slip.get("no_bias") else filters)
        parameters += added
        multiply_adds += (added if slip.get("biases_too") else weights) * places
        channels = channels if slip.get("same_channels") else filters
        height, width = before if slip.get("same_size") else after
    return parameters, multiply_adds


def _last_alone(height, width, channels, layers):
    all_of_them = np.array(_costs(height, width, channels, layers))
    return tuple(all_of_them - _costs(height, width, channels, layers[:-1]))


# Exercise 2.12
@Function(
    cases=[
        (32, 32, 3, [(16, 2), (32, 2)]),
        (28, 20, 1, [(8, 1)]),
        (7, 5, 4, [(6, 3), (2, 2), (5, 1)]),
    ],
    hints=[
        "Go through the layers. Each changes three numbers for the next one: height, width and "
        "channels.",
        "With `same` and a stride the height becomes `-(-height // strides)`, which rounds up.",
        "A layer has `9 * channels * filters` weights, and a bias for each filter. Each weight is "
        "used at `height * width` places of its output.",
    ],
    mistakes=[
        (partial(_costs, no_bias=True), "The biases were forgotten: one for each filter."),
        (
            partial(_costs, same_channels=True),
            "The next layer sees as many channels as this one has filters.",
        ),
        (partial(_costs, depth=1), "A filter has a kernel for each channel of its input."),
        (
            partial(_costs, same_size=True),
            "A stride makes the map smaller, also for the next layer.",
        ),
        (
            partial(_costs, early=True),
            "A weight is used once for each number of its map: count the places of the output.",
        ),
        (
            partial(_costs, step=lambda n, s: n),
            "The strides were forgotten: with `same` the size is divided by them, rounded up.",
        ),
        (
            partial(_costs, step=lambda n, s: n // s),
            "With `same` the size is rounded up: 7 with stride 3 gives 3. `-(-n // s)` does it.",
        ),
        (
            partial(_costs, step=lambda n, s: n / s),
            "A size is a whole number: n / s is rounded up. `-(-n // s)` does it.",
        ),
        (
            partial(_costs, step=lambda n, s: (n - 3) // s + 1),
            "This is the size without padding. With `same` it is n / s, rounded up.",
        ),
        (
            partial(_costs, biases_too=True),
            "A bias is only added: the multiply-adds are those of the weights.",
        ),
        (
            lambda height, width, channels, layers: _costs(height, height, channels, layers),
            "Height and width differ: work out each on its own.",
        ),
        (lambda *case: _costs(*case)[::-1], "Both are right, in the wrong order."),
        (
            _last_alone,
            "These are the costs of the last layer alone. Add up over all layers, with `+=`.",
        ),
        (
            lambda height, width, channels, layers: _costs(height, width, channels, layers[:1]),
            "These are the costs of the first layer alone. Is `return` within the loop?",
        ),
    ],
)
def costs(height, width, channels, layers):
    """`(parameters, multiply_adds)` of 3 by 3 convolutions with `same`: `(filters, strides)`."""
    parameters = multiply_adds = 0
    for filters, strides in layers:
        weights = 3 * 3 * channels * filters
        height, width = -(-height // strides), -(-width // strides)
        parameters = parameters + weights + filters
        multiply_adds = multiply_adds + weights * height * width
        channels = filters
    return parameters, multiply_adds
