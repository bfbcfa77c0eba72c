"""The exercises of notebook 03, pooling."""

import operator
from functools import partial

import numpy as np

from cnnkit.exercises._exercise import FaultyLine, Function, LineOrder, Number, Value

_rng = np.random.default_rng(3)


def _blocks(image, size):
    """The windows of a pooling without overlap: `(rows, columns, size * size)`."""
    rows, columns = image.shape[0] // size, image.shape[1] // size
    cut = image[: rows * size, : columns * size].reshape(rows, size, columns, size)
    return cut.transpose(0, 2, 1, 3).reshape(rows, columns, size * size)


def _padded(image, size):
    """The image with rows and columns that no pixel is less than, so that all windows are full."""
    more = [(0, -length % size) for length in image.shape]
    return np.pad(image, more, constant_values=-np.inf)


def _without_strides(image, size):
    """A wrong answer to 3.2: windows that begin at (i, j), not at (i * size, j * size)."""
    rows, columns = image.shape[0] // size, image.shape[1] // size
    windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
    return windows[:rows, :columns].max((2, 3))


def _reshaped(image, size):
    """A wrong answer to 3.2: as many numbers as a window has, one after another in a row."""
    rows, columns = image.shape[0] // size, image.shape[1] // size
    cut = image[: rows * size, : columns * size]
    return cut.reshape(rows, columns, size * size).max(-1)


def _uncut(image, size):
    """A wrong answer to 3.2: the rows and columns that fill no window are not cut off."""
    rows, columns = image.shape[0] // size, image.shape[1] // size
    return image.reshape(rows, size, columns, size).max((1, 3))


def _square(image, size):
    """A wrong answer to 3.2: as many columns as rows; a window beside the image is empty."""
    rows = image.shape[0] // size
    starts = [size * i for i in range(rows)]
    return np.array([[image[i : i + size, j : j + size].max() for j in starts] for i in starts])


def _by_two(image, size):
    """A wrong answer to 3.2: as many windows as there should be, but of 2 by 2."""
    return _blocks(image, 2).max(-1)[: image.shape[0] // size, : image.shape[1] // size]


# Exercise 3.1
@Value(
    hints=["How many windows of 2 fit into 27? What happens to the channels?"],
    mistakes=[
        ((14, 14, 16), "This is padding same. Without padding the last row is left out."),
        ((13, 13, 8), "Pooling works in each channel alone: none is lost."),
        ((13, 13, 32), "The number of channels stays. It is a convolution that could double it."),
        ((13.5, 13.5, 16), "There are only whole windows."),
        ((26, 26, 16), "The stride is 2: the windows do not overlap."),
        ((13, 13), "Each of the channels is pooled, and stays."),
        ((1, 13, 13, 16), "Right, but for a batch of one. Write the shape of the maps alone."),
        ((27, 27, 16), "Pooling makes maps smaller: windows of 2 x 2, two pixels apart."),
    ],
)
def pooled_shape():
    """The shape of a feature map (27, 27, 16) after `MaxPooling2D(2)`."""
    return 27 // 2, 27 // 2, 16


# Exercise 3.2
@Function(
    cases=[
        (_rng.normal(size=(6, 4)), 2),
        (_rng.normal(size=(7, 9)), 3),
        (_rng.normal(size=(5, 5)) - 4, 2),
    ],
    hints=[
        "How many whole windows fit? `height // size` rows of them.",
        "Window (i, j) is `image[i * size : (i + 1) * size, j * size : (j + 1) * size]`.",
    ],
    mistakes=[
        (lambda image, size: _blocks(image, size).mean(-1), "This is average pooling."),
        (lambda image, size: _blocks(image, size).min(-1), "This takes the smallest."),
        (
            lambda x, n: np.lib.stride_tricks.sliding_window_view(x, (n, n)).max((2, 3)),
            "The windows overlap. Here each one begins where the last one ends.",
        ),
        (
            _without_strides,
            "Window (i, j) begins at (i * size, j * size). Here it begins at (i, j): the windows "
            "overlap, and most of the image is left out.",
        ),
        (
            lambda image, size: np.maximum(_blocks(image, size).max(-1), 0),
            "Negative numbers became 0: do not start from 0. The largest of negatives is negative.",
        ),
        (
            lambda image, size: _blocks(image, size)[..., 0],
            "This takes the first number of each window, not the largest.",
        ),
        (lambda image, size: _blocks(image, size).max(-1).T, "The output is transposed."),
        (
            _reshaped,
            "`reshape` takes the numbers row by row, so the `size * size` that come together lie "
            "in one row, not in a square. Cut each window out of the image.",
        ),
        (
            lambda image, size: _blocks(_padded(image, size), size).max(-1),
            "Rows and columns that fill no window are left out: `height // size` rounds down.",
        ),
        (
            _uncut,
            "Cut off the rows and columns that fill no window before you reshape: "
            "`image[: rows * size, : columns * size]`.",
        ),
        (
            lambda image, size: _blocks(image, 2).max(-1),
            "A 2 stands in place of `size`: windows may be 3 x 3 as well.",
        ),
        (
            _by_two,
            "There are as many windows as there should be, but each has 2 x 2 pixels, whatever "
            "`size` is.",
        ),
        (_square, "Height and width may differ: the width is `image.shape[1]`."),
    ],
)
def max_pool(image, size):
    """The largest number of each window of `size` by `size`, `(height // size, width // size)`."""
    rows, columns = image.shape[0] // size, image.shape[1] // size
    output = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            output[i, j] = image[i * size : (i + 1) * size, j * size : (j + 1) * size].max()
    return output


# Exercise 3.3
@Number(
    within=0.01,
    hints=["First the mean of the four, then max(0, .).", "The mean of -4, 2, 2 and 4 is 1."],
    mistakes=[
        (2, "This is the mean after the ReLU. Pool first."),
        (0, "The mean is positive, and ReLU leaves it."),
        (4, "This is the sum, not yet divided by 4; or the largest, as max pooling takes."),
        (3, "The mean keeps the sign of -4: it takes away from the sum."),
        (8 / 3, "ReLU does not take numbers away: there are four."),
        (-4, "This is the smallest. The mean of the four comes first."),
        (8, "This is a sum."),
    ],
    note="1 against 2: average pooling and ReLU may not change places.",
)
def relu_after_average():
    """Average pooling, then ReLU, of a window with -4, 2, 2 and 4."""
    return max(0, (-4 + 2 + 2 + 4) / 4)


# Exercise 3.4
@FaultyLine(
    code="""
    def max_pool_backward(delta, image, size):
        gradient = np.zeros(image.shape)
        for i in range(delta.shape[0]):
            for j in range(delta.shape[1]):
                window = image[i * size : (i + 1) * size, j * size : (j + 1) * size]
                row, column = np.unravel_index(window.argmax(), window.shape)
                gradient[row, column] = delta[i, j]
        return gradient
    """,
    hints=[
        "Take an image of 4 x 4 and windows of 2 x 2. In which rows and columns of `gradient` can "
        "this function write at all?",
        "`row` and `column` are counted from the corner of the window. In the image, window (i, j) "
        "does not begin at row 0 and column 0.",
    ],
    mistakes=[
        (2, "All pixels begin with slope 0, and the winners get theirs later. This is right."),
        (3, "There is one row of windows for each row of `delta`, as it should be."),
        (4, "There is one column of windows for each column of `delta`, as it should be."),
        (5, "This is window (i, j) of the image: windows lie side by side, `size` pixels apart."),
        (
            6,
            "This finds the place of the largest number within the window, which is needed. Is it "
            "the place in the image, too?",
        ),
        (8, "The slopes of all pixels are what was asked for. Are they right?"),
        (1, "A function of `delta`, the image and the size is what was asked for."),
        (0, "Lines are counted from 1, as they are printed."),
    ],
    note="It must be `gradient[i * size + row, j * size + column] = delta[i, j]`.",
)
def faulty_gradient():
    """The winner's place within its window is taken for its place in the image."""
    return 7


# Exercise 3.5
@Function(
    cases=[
        (np.array([1.0, 3, 6, 2]),),
        (np.zeros(4),),
        (np.array([0.5, 0, 0, 0.5]),),
        (_rng.uniform(size=9),),
    ],
    hints=[
        "The probability of each number is the number itself over the sum of the window.",
        "Multiply each number with its probability, and add up. What if the sum is 0?",
    ],
    mistakes=[
        (lambda window: window.mean(), "This is average pooling: all have the same weight."),
        (lambda window: window.max(), "This is max pooling."),
        (lambda window: (window**2).sum(), "The probabilities must add up to one: divide."),
        (
            lambda window: (window * np.exp(window)).sum() / np.exp(window).sum(),
            "This is a softmax. Here the probability is proportional to the number itself.",
        ),
        (
            lambda window: (window**2).sum() / window.sum() if window.any() else np.nan,
            "A window of zeros gives 0/0. Return 0 there.",
        ),
        (
            lambda window: (window**2).sum() / 12,
            "12 is the sum of the one window above. Divide by the sum of the window that is given.",
        ),
        (
            lambda window: np.sqrt((window**2).mean()),
            "This is the root of the mean square. Weigh each number with its probability.",
        ),
        (
            lambda window: (window**2).mean() / max(window.sum(), 1e-9),
            "The probabilities are the weights of the mean already: add up the products, and do "
            "not divide by how many there are.",
        ),
        (
            lambda window: (window**2).mean(),
            "This is the mean of the squares. Divide their sum by the sum of the window.",
        ),
        (
            lambda window: window / max(window.sum(), 1e-9),
            "These are the probabilities. Multiply each with its number, and add up.",
        ),
        (
            lambda window: window * window / max(window.sum(), 1e-9),
            "Each number is weighed. Now add them up: the mean is one number.",
        ),
        (
            lambda window: window.sum() / max(window.sum(), 1e-9),
            "This is 1, all probabilities together. Multiply each with its number first.",
        ),
        (
            lambda window: window[window.argmax()] ** 2 / max(window.sum(), 1e-9),
            "This is the largest number times its probability. Add up those of all numbers.",
        ),
    ],
)
def stochastic_mean(window):
    """What stochastic pooling gives in use: the mean, weighted with the probabilities."""
    total = window.sum()
    return (window * window / total).sum() if total > 0 else 0.0


# Exercise 3.6
@Number(
    within=0.01,
    hints=[
        "Count the places of the kernel. With stride 2 there are half as many rows.",
        "The pooling itself multiplies nothing.",
    ],
    mistakes=[
        (2, "Half as many rows, and half as many columns."),
        (1, "The kernel is at work at every place of the output. How many are there?"),
        (8, "The channels are the same on both sides."),
        (16, "Stride 2 halves each side once."),
        (0.25, "The other way round: which of the two is more work?"),
        (9, "The kernel's size is the same on both sides."),
        (4.5, "The kernel's size is the same on both sides. Compare how many places it has."),
        (3, "So many times as many come on top. How many times as many are they in all?"),
        (37_748_736, "These are the multiply-adds with stride 1. Divide by those with stride 2."),
        (
            9_437_184,
            "These are the multiply-adds with stride 2. How many times as many are the others?",
        ),
    ],
    note="37,748,736 against 9,437,184 multiply-adds.",
)
def strided_saving():
    """Multiply-adds of `Conv2D(64, 3)` and a pool over those of `Conv2D(64, 3, strides=2)`."""
    return (32 * 32) / (16 * 16)


# Exercise 3.7
@Number(
    within=0.5,
    hints=[
        "36 is pooled three times, and a window that is not full is left out: what remains? With "
        "64 channels, how many inputs are that?",
        "64 times 4 times 4 inputs, 128 units, and their biases.",
    ],
    mistakes=[
        (73_856, "This is the layer for 28 x 28, where 3 x 3 is left."),
        (131_072, "The biases are missing."),
        (8_320, "The 4 x 4 places are inputs too, not only the 64 channels."),
        (2_176, "Each of the 64 channels has its 4 x 4 places."),
        (131_136, "There is one bias for each of the 128 units."),
        (204_928, "9 is pooled to 4, not to 5: the last row and column fill no window."),
        (32_896, "2 x 2 places are left after four pools. There are three."),
        (663_680, "9 x 9 places are left after two pools. There are three."),
        (
            166_016,
            "Neither the 36 x 36 pixels come to this layer, nor 4.5 x 4.5 places of 64 maps: pools "
            "have whole windows only, so each one rounds down.",
        ),
        (
            10_616_960,
            "The maps are pooled three times before they come to this layer. What is left of 36?",
        ),
        (
            122_088.5,
            "The parameters do not grow with the pixels: how many places has the last pool?",
        ),
        (1_024, "These are the inputs. Each of the 128 units has a weight for each, and a bias."),
        (155_786, "These are the parameters of the whole network."),
    ],
)
def dense_parameters():
    """The parameters of the first dense layer of the small CNN, had its images 36 by 36 pixels."""
    return (64 * 4 * 4 + 1) * 128


# Exercise 3.8
@LineOrder(
    lines=[
        'keras.layers.Conv2D(16, 5, padding="same"),  # 4 pixels more',
        "keras.layers.MaxPooling2D(2),  # 1 pixel more",
        'keras.layers.Conv2D(32, 3, padding="same"),  # 4 pixels more',
        'keras.layers.Conv2D(48, 3, strides=2, padding="same"),  # 4 pixels more',
        "keras.layers.MaxPooling2D(3, strides=2),  # 8 pixels more",
        'keras.layers.Conv2D(64, 3, padding="same"),  # 16 pixels more',
    ],
    hints=[
        "A layer adds (k - 1) * J pixels. Divide what it adds by k - 1: this is the jump J before "
        "the layer.",
        "J is 1 before the first layer, and doubles after each layer with stride 2; a pool "
        "without `strides` has a stride as large as its window. Where two layers have the same J "
        "before them, the one with stride 1 comes first.",
    ],
    mistakes=[
        (
            (2, 1),
            "The convolution of 5 adds 4 = (5 - 1) * 1: before it no layer has a stride. After the "
            "pool of 2 the jump is 2.",
        ),
        (
            (3, 2),
            "The convolution with 32 filters adds 4 = (3 - 1) * 2: it needs a jump of 2, so the "
            "pool of 2 comes before it.",
        ),
        (
            (4, 2),
            "The convolution with 48 filters adds 4 = (3 - 1) * 2: it needs a jump of 2, so the "
            "pool of 2 comes before it.",
        ),
        (
            (4, 3),
            "The convolutions with 32 and with 48 filters both need a jump of 2. If the one with "
            "strides=2 comes first, the jump is 4 for the other one.",
        ),
        (
            (5, 4),
            "The pool of 3 adds 8 = (3 - 1) * 4: it needs a jump of 4, so two strides of 2 come "
            "before it.",
        ),
        (
            (6, 5),
            "The convolution with 64 filters stands before the pool of 3. It adds 16 = (3 - 1) * "
            "8: it needs a jump of 8, so all three strides of 2 come before it.",
        ),
    ],
    note="The field is 38 pixels wide in the end.",
)
def layer_order():
    """Each layer adds (k - 1) * J pixels, where J is the product of the strides before it."""


def _reach(layers, grow=operator.mul, late=False, whole=False):
    size, jump = 1, 1
    for kernel, stride in layers:
        before, jump = jump, grow(jump, stride)
        size += (kernel - 1 + whole) * (jump if late else before)
    return size


# Exercise 3.9
@Number(
    within=0.01,
    hints=[
        "Under the picture the page names each layer, with how many numbers of a map the pixel can "
        "change. The last line is the second pool's. Neighbours of a pixel may reach more.",
        "The fields are 10 pixels wide, and begin 4 pixels apart. So two or three of them, one "
        "beside the other, cover a pixel.",
    ],
    mistakes=[
        (3, "So many it is along one axis. Rows times columns."),
        (4, "Some pixels reach 2 x 2 numbers. Try their neighbours: which reach most?"),
        (6, "Some pixels reach 2 x 3 numbers. Try their neighbours: which reach most?"),
        (1, "The fields overlap: a pixel lies in several of them."),
        (100, "These are the pixels that one number sees. Here it is the other way round."),
        (10, "So wide is the field of one number. How many numbers have this pixel in theirs?"),
        (6.25, "10/4 = 2.5 fields in a row: some pixels lie in two, and some in three. At most?"),
        (64, "This is the whole map. A number sees 10 x 10 pixels, not all."),
        (16, "This is the second convolution. Its pool comes after it."),
        (8, "So wide is the field of the second convolution. How many numbers cover one pixel?"),
        (25, "Five in a row it would be if fields began 2 pixels apart. They begin 4 apart."),
        (36, "Six in a row are too many: fields of 10 pixels that begin 4 apart."),
        (288, "These are the numbers of all 32 maps. How many are they in one?"),
    ],
    note="Fields of 10 pixels that begin 4 apart: at most three in a row cover a pixel.",
)
def pixel_reaches():
    """Along one axis the fields of three numbers cover a pixel at most: 10 / 4, rounded up."""
    return (-(-10 // 4)) ** 2


# Exercise 3.10
@Number(
    within=0.01,
    hints=[
        "Click the upper left number of a map of the second pool. Which rows of the picture does "
        "the page name, and which columns?",
        "The field is 10 pixels wide, but a part of it lies beside the picture, in the padding.",
    ],
    mistakes=[
        (100, "The field is 10 x 10, but a part of it lies beside the picture. What is left?"),
        (7, "This is how many rows. Rows times columns."),
        (64, "Its field begins beside the picture. Read rows and columns off the page."),
        (16, "The number is in the corner of the second pool. Read off the page what it sees."),
        (36, "Count the first and the last row, too: rows 1 to 7 are seven."),
        (25, "It is more than half of the rows. Read off the page which ones."),
        (9, "So many numbers one pixel reaches. Here one number is clicked: which pixels has it?"),
        (81, "More than one row of the field lies in the padding. Read off the page how many."),
        (70, "Rows and columns are cut off, both."),
        (1024, "This is the whole picture."),
    ],
    note="7 x 7: the rest of its field is padding.",
)
def corner_sees():
    """Of the 10 rows 3 lie above the picture, and so do 3 columns at its left."""
    return (10 - 3) * (10 - 3)


# Exercise 3.11
@Function(
    cases=[
        ([(3, 1), (2, 2), (3, 1), (2, 2), (3, 1), (2, 2)],),
        ([(11, 4), (3, 2), (5, 1)],),
        ([(3, 1)],),
        ([(1, 1), (7, 2)],),
    ],
    hints=[
        "Keep two numbers: the size so far, and the jump, the pixels from one place of the layer "
        "to the next. Both start at 1.",
        "Each layer adds (kernel - 1) * jump. Then the jump grows by its stride.",
    ],
    mistakes=[
        (
            partial(_reach, grow=lambda jump, stride: jump),
            "The strides are missing: after a stride of 2 each step is two pixels wide.",
        ),
        (
            partial(_reach, grow=lambda jump, stride: stride),
            "After a layer the jump is the jump before it times the stride, not the stride alone.",
        ),
        (
            partial(_reach, grow=operator.add),
            "The jump is multiplied by the stride, and not the stride added to it.",
        ),
        (
            partial(_reach, grow=lambda jump, stride: jump + stride - 1),
            "The jump is multiplied by the stride: it does not grow by stride - 1.",
        ),
        (lambda layers: _reach(layers) ** 2, "This is the area. Return one side of the field."),
        (
            partial(_reach, late=True),
            "A layer's own stride does not widen its own window: use the jump from before.",
        ),
        (
            lambda layers: layers[0][0],
            "This is the field after the first layer. Does `return` stand inside the loop?",
        ),
        (lambda layers: sum(k for k, _ in layers), "Windows overlap: they do not add up."),
        (lambda layers: np.prod([k for k, _ in layers]), "Windows overlap: they do not multiply."),
        (
            lambda layers: 1 + sum((k - 1) * stride for k, stride in layers),
            "Each layer adds (k - 1) times the jump *before* it: all strides so far multiplied, "
            "not its own stride.",
        ),
        (lambda layers: _reach(layers) - 1, "One pixel sees itself: the size starts at 1."),
        (
            lambda layers: np.prod([stride for _, stride in layers]),
            "This is the jump after the last layer. How far does one output see?",
        ),
        (
            lambda layers: (_reach(layers), np.prod([stride for _, stride in layers])),
            "The size is right. Return it alone, without the jump.",
        ),
        (
            partial(_reach, whole=True),
            "A kernel of k pixels adds k - 1 jumps, not k: its first pixel is counted already.",
        ),
    ],
)
def receptive_field(layers):
    """The side of the receptive field after `layers`, a list of pairs (kernel size, stride)."""
    size, jump = 1, 1
    for kernel, stride in layers:
        size += (kernel - 1) * jump
        jump *= stride
    return size
