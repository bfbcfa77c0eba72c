"""The exercises of notebook 01, images as arrays."""

from functools import partial

import numpy as np

from cnnkit.exercises._exercise import Function, Value

_rng = np.random.default_rng(1)
_IMAGES = _rng.integers(0, 256, (2, 6, 9, 3), np.uint8)
_IMAGES[0, 0, 0] = 0, 7, 255


# Exercise 1.1
@Value(
    hints=[
        "uint8 has 256 values. What comes after 255?",
        "After 255 it starts again at 0: the result is the remainder after division by 256.",
    ],
    mistakes=[
        (260, "260 does not fit into 8 bits: uint8 ends at 255."),
        (255, "NumPy does not stop at 255 as a camera does; it starts again at 0."),
        (5, "256 is the number that becomes 0, not 255."),
        (3, "256 becomes 0, 257 becomes 1, and so on."),
        (-252, "uint8 is unsigned: it has no negative numbers."),
        (0, "256 becomes 0; 260 is a little more."),
    ],
)
def overflow():
    """What is 250 + 10 in uint8?"""
    return (250 + 10) % 256


# Exercise 1.2
@Value(
    hints=[
        "The picture is wide: it has more columns than rows. Which comes first in the shape?",
        "The order is batch, height, width, channels.",
    ],
    mistakes=[
        ((32, 240, 160, 3), "Height comes before width: rows first, as in a matrix."),
        ((32, 3, 160, 240), "This is NCHW. Keras's default has the channels last."),
        ((160, 240, 3, 32), "The batch is the first axis, not the last."),
        ((160, 240, 3), "This is one photo. A mini-batch has an axis more."),
        ((32, 160, 240), "These are grey photos. Colour has an axis of its own."),
        ((240, 160, 3, 32), "The batch is the first axis, and height comes before width."),
        ((32, 3, 240, 160), "The channels come last in Keras, and height comes before width."),
        ((32, 240, 160), "Height comes before width, and colour has an axis of its own."),
        ((240, 160, 3), "This is one photo, and height comes before width."),
    ],
)
def batch_shape():
    """The shape, in Keras's order, of 32 colour photos, each 240 pixels wide and 160 high."""
    return 32, 160, 240, 3


# Exercise 1.6
@Value(
    hints=[
        "How many numbers does one such photo hold? Each unit has a weight for each of them.",
        "4,000 times 3,000 pixels, three channels; and each of the 100 units has a bias too.",
    ],
    mistakes=[
        (3_600_000_000, "You have all the weights. Each of the 100 units also has a bias."),
        (1_200_000_100, "A colour photo has three numbers in each pixel."),
        (1_200_000_000, "Three channels are missing, and the biases."),
        (3_600_000_001, "There is one bias for each unit, not one for the layer."),
        (36_000_000, "That is how many numbers the photo holds. There are 100 units."),
        (12_000_000, "That is how many pixels the photo has. Each holds three numbers."),
        (36_000_100, "Each unit has weights of its own, one for each number of the photo."),
    ],
    note="At 4 bytes each they fill 14.4 GB.",
)
def phone_photo_parameters():
    """The parameters of 100 units that see all of a colour photo of 4,000 by 3,000 pixels."""
    return (4_000 * 3_000 * 3 + 1) * 100


# Exercise 1.8
@Value(
    hints=[
        "Think of the first weight matrix: each of its columns belongs to one number of one pixel.",
        "Shuffle the columns of that matrix in the same way. What comes out of the network?",
    ],
    mistakes=[
        ("worse than a guess", "A network that guesses gets one in five. Why should it do worse?"),
        ("like a guess", "All the pixels are still there, each in the same place in every image."),
        ("much lower", "What does the network know of which pixels are neighbours?"),
        ("much higher", "No information was added."),
        ("it cannot be trained", "The shapes are the same, and so is the number of weights."),
    ],
    note="A fully connected network does not know which pixels are neighbours.",
)
def permuted_accuracy():
    """What a fully connected network gets from pictures with their pixels shuffled."""
    return "the same"


def _cropped(images, size, axes=(1, 2), end=0, shift=0):
    top, left = ((images.shape[axis] - size + shift) // 2 for axis in axes)
    return images[:, top : top + size + end, left : left + size + end]


# Exercise 1.4
@Function(
    cases=[(_IMAGES, 4), (_IMAGES, 3), (_rng.integers(0, 256, (3, 8, 8, 1), np.uint8), 2)],
    hints=[
        "The batch and the channels stay whole. Only two axes are cut.",
        "The first row is `(height - size) // 2`. And the last?",
        "`images[:, top : top + size, left : left + size]`",
    ],
    mistakes=[
        (
            lambda images, size: images[:, :size, :size],
            "This is the upper left corner. The crop starts at `(height - size) // 2`.",
        ),
        (
            lambda images, size: _cropped(images[None], size)[0],
            "The first axis is the batch: rows are axis 1 and columns axis 2.",
        ),
        (lambda images, size: images[:, -size:, -size:], "This is the lower right corner."),
        (partial(_cropped, axes=(2, 1)), "Height and width are swapped: axis 1 has the rows."),
        (partial(_cropped, end=-1), "A slice does not include its end: `a[2:5]` has 3 elements."),
        (
            partial(_cropped, shift=1),
            "One pixel too low or too far right: the larger margin belongs at the bottom and on "
            "the right, so round down.",
        ),
        (lambda x, n: x[:, (x.shape[1] - n) // 2 :][:, :n], "The rows are cut. Now the columns."),
    ],
)
def center_crop(images, size):
    """The middle `size` by `size` pixels of each image in a batch, `(batch, size, size, C)`."""
    top = (images.shape[1] - size) // 2
    left = (images.shape[2] - size) // 2
    return images[:, top : top + size, left : left + size]


# Exercise 1.3
@Function(
    cases=[(_IMAGES,), (_IMAGES[:1, :4, :4],)],
    hints=[
        "The numbers move with their pixels. Which function of NumPy puts axes in a new order?",
        "`np.transpose(images, ...)` with the old axis for each new place; batch stays 0.",
    ],
    mistakes=[
        (
            lambda images: images.reshape(np.array(images.shape)[[0, 3, 1, 2]]),
            "`reshape` gives the right shape, but reads the numbers in the old order: "
            "the channels are mixed. You need a transpose.",
        ),
        (lambda images: images, "This is still NHWC."),
        (lambda images: images.transpose(0, 3, 2, 1), "The pictures lie on their sides."),
        (lambda images: images.transpose(3, 0, 1, 2), "The batch must stay in front."),
        (lambda images: images.transpose(0, 2, 1, 3), "The channels are still last."),
        (lambda images: images[0].transpose(2, 0, 1), "This is the first picture alone."),
    ],
)
def to_channels_first(images):
    """A batch in the order NHWC as NCHW."""
    return images.transpose(0, 3, 1, 2)


def _standardized(train, other, axis=0, spread=np.std, shift=True, epsilon=0):
    mean, std = train.mean(axis), spread(train, axis) + epsilon
    return (other - mean * shift) / np.where(std == 0, 1, std)


def _both(train, test, **slip):
    return tuple(_standardized(train, images, **slip) for images in (train, test))


def _without_check(train, test, own=False):
    with np.errstate(invalid="ignore", divide="ignore"):
        test_by = test if own else train
        return ((train - train.mean(0)) / train.std(0), (test - test_by.mean(0)) / test_by.std(0))


def _leak(train, test):
    together = np.concatenate([train, test])
    return _standardized(together, train), _standardized(together, test)


_TRAIN, _TEST = _rng.normal(90, 30, (12, 5)), _rng.normal(140, 60, (6, 5))
_TRAIN[:, 2], _TEST[:, 2] = 7, (7, 7, 7, 7, 9, 9)  # as a pixel at the edge of a scan


# Exercise 1.5
@Function(
    cases=[(_TRAIN, _TEST), (_TRAIN[:5], _TEST)],
    hints=[
        "`train.mean(axis=0)` has one mean for each pixel.",
        "The test set is seen through the eyes of the training set: the same mean, the same std.",
        "Some pixel may never change. What do you divide by then? `np.where(std == 0, 1, std)`",
    ],
    mistakes=[
        (
            lambda train, test: (_standardized(train, train), _standardized(test, test)),
            "The test set was standardised with its own mean and deviation. In use, examples "
            "come one by one: only the training set's statistics are known.",
        ),
        (
            partial(_without_check, own=True),
            "The test set was standardised with its own statistics; take the training set's. "
            "And one pixel never changes: 0/0 is NaN.",
        ),
        (
            _leak,
            "The mean and the deviation are those of both sets together. The test set must not "
            "take part: it stands for pictures still to come.",
        ),
        (
            _without_check,
            "One training pixel is always the same: its deviation is 0, and 0/0 is NaN.",
        ),
        (
            lambda train, test: tuple(map(np.nan_to_num, _without_check(train, test))),
            "Where the training pixel never changes, a test pixel may. Your result explodes there: "
            "divide by 1 instead of 0.",
        ),
        (
            partial(_both, epsilon=1e-8),
            "Where the training pixel never changes, a test pixel may, and by a tiny number it is "
            "divided to a huge one. Divide by 1 there.",
        ),
        (
            partial(_both, axis=None),
            "You took one mean for all pixels. Here each pixel has its own: `axis=0`.",
        ),
        (partial(_both, spread=np.var), "Divide by the standard deviation, not by the variance."),
        (
            partial(_both, spread=partial(np.std, ddof=1)),
            "This is the deviation with N - 1. The notebook divides by N, NumPy's default.",
        ),
        (partial(_both, shift=False), "The mean was not subtracted."),
        (
            lambda train, test: (_standardized(train, train), test),
            "The test set was left as it is; the network would not recognise it.",
        ),
    ],
)
def standardize(train, test):
    """Both sets, `(n, pixels)`, standardised pixel by pixel with the training set's statistics."""
    mean, std = train.mean(axis=0), train.std(axis=0)
    std = np.where(std == 0, 1, std)
    return (train - mean) / std, (test - mean) / std


_POINTS = _rng.uniform(-1, 1, (60, 2))


# Exercise 1.7
@Function(
    cases=[(_POINTS,), (3 * _POINTS[:7],)],
    hints=[
        "Call the coordinates a and b. |a + b| is larger than |a - b| in quadrants 1 and 3, and "
        "smaller in 2 and 4.",
        "Two ReLUs make an absolute value: |s| = max(0, s) + max(0, -s).",
        "Four hidden units: a + b, -a - b, a - b, b - a. The output adds the first two and "
        "subtracts the others.",
    ],
    mistakes=[
        (
            lambda x: x.sum(axis=1) > 0,
            "This is linear: right in quadrant 1, wrong in 3, half right in 2 and 4.",
        ),
        (lambda x: np.logical_xor(*(x.T < 0)), "These are quadrants 2 and 4: reverse the sign."),
        (lambda x: (x[:, 0] > 0) & (x[:, 1] > 0), "This is quadrant 1 alone. 3 belongs to it."),
        (lambda x: (x[:, 0] < 0) & (x[:, 1] < 0), "This is quadrant 3 alone. 1 belongs to it."),
        (
            lambda x: x[:, 0] * 0 > 0,
            "Every point gets False. Without max(0, .) the hidden units cancel out.",
        ),
        (lambda x: x[:, 0] > 0, "This looks at the first coordinate only."),
        (
            lambda x: np.abs(x.sum(axis=1)) - np.abs(x[:, 0] - x[:, 1]),
            "These are the sums. Which of them mean True? Compare with 0.",
        ),
    ],
    note="|a + b| - |a - b| has the sign of a * b.",
)
def quadrants(x):
    """True for points `(n, 2)` in quadrants 1 and 3: a two-layer network, weights by hand."""
    W1 = np.array([[1, 1], [-1, -1], [1, -1], [-1, 1]])  # (hidden units, inputs)
    W2 = np.array([1, 1, -1, -1])
    return np.maximum(0, x @ W1.T) @ W2 > 0
