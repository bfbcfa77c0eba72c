"""The exercises of notebook 01, images as arrays."""

import numpy as np

from cnnkit.exercises._exercise import FaultyLine, Function, LineOrder, Number, Value

_rng = np.random.default_rng(1)


# Exercise 1.1
@Number(
    within=0.1,
    hints=[
        "uint8 has 256 values. What comes after 255?",
        "After 255 it starts again at 0: the result is the remainder after division by 256.",
    ],
    mistakes=[
        (260, "260 does not fit into 8 bits: uint8 ends at 255."),
        (255, "NumPy does not stop at 255 as a camera does; it starts again at 0."),
        (10, "250 + 10 is 260. The type holds 256 numbers, and begins again at 0."),
        (
            5,
            "260 - 255 is 5. But 255 still fits: the first number to become 0 is 256. How far "
            "beyond it is 260?",
        ),
        (3, "256 becomes 0, 257 becomes 1, and so on."),
        (-252, "uint8 is unsigned: it has no negative numbers."),
        (-6, "It wraps round the other way: 260 is above 255, and begins again at 0."),
        (0, "256 becomes 0; 260 is a little more."),
        (44, "That was 200 + 100, which is 300. Here it is 260."),
        (-246, "uint8 has no negative numbers: after 255 it begins again at 0."),
    ],
)
def overflow():
    """What is 250 + 10 in uint8?"""
    return (250 + 10) % 256


# Exercise 1.2
@FaultyLine(
    code="""
    def mean_difference(a, b):
        # a and b are uint8 photos of the same width
        height = min(len(a), len(b))
        a, b = a[:height], b[:height]
        difference = a - b
        difference = difference.astype("float32")
        return np.abs(difference).mean()
    """,
    hints=[
        "Follow one pixel: let it be 10 in `a` and 12 in `b`. What does each line make of it?",
        "What is 10 - 12 in uint8? And what of that can the next line mend?",
    ],
    mistakes=[
        (6, "The type float32 is right, but this line comes too late: look at what it receives."),
        (7, "The mean of absolute differences is what was asked for. What comes into it?"),
        (3, "`len` counts the rows, and the smaller number of rows is right."),
        (4, "This cuts both photos to the same number of rows, which is right."),
        (2, "A comment calculates nothing. But it says something that matters: the type."),
        (1, "A function of two photos is what was asked for."),
        (0, "Lines are counted from 1, as they are printed."),
    ],
    note="In uint8 10 - 12 is 254. The type must change before the difference is taken.",
)
def faulty_difference():
    """Two uint8 arrays are subtracted, and only then become float32."""
    return 5


# Exercise 1.3
@Value(
    hints=[
        "The picture is wide: it has more columns than rows. Which comes first in the shape?",
        "The order is batch, height, width, channels.",
    ],
    mistakes=[
        ((32, 240, 160, 3), "Height comes before width: rows first, as in a matrix."),
        ((32, 3, 160, 240), "This is NCHW. Keras's default has the channels last."),
        ((160, 240, 3, 32), "The batch is the first axis, not the last."),
        (
            (3, 32, 160, 240),
            "In a batch, how many photos there are stands first. The channels stand last.",
        ),
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


_BATCH = _rng.integers(0, 256, (2, 3, 6, 9), np.uint8)


# Exercise 1.4
@Function(
    cases=[(_BATCH,), (_BATCH[:1, :, :4, :4],)],
    hints=[
        "Which place has each of the axes batch, channel, height, width before, and which after?",
        "`images.transpose(...)` takes, for each new axis, the number of the old one. The batch "
        "stays first: `transpose(0, ...)`.",
    ],
    mistakes=[
        (
            lambda images: images.reshape(np.array(images.shape)[[0, 2, 3, 1]]),
            "`reshape` gives the right shape, but reads the numbers in the old order: the channels "
            "are mixed. You need `transpose`.",
        ),
        (lambda images: images, "This is still NCHW."),
        (lambda images: images.T, "`.T` turns all axes round, so the batch comes last."),
        (
            lambda images: images.transpose(0, 3, 1, 2),
            "This is the order for the other direction, from NHWC to NCHW.",
        ),
        (lambda images: images.transpose(0, 3, 2, 1), "The pictures lie on their sides."),
        (lambda images: images.transpose(2, 3, 1, 0), "The batch must stay in front."),
        (
            lambda images: images.transpose(1, 2, 3, 0),
            "The batch must stay in front, and the channels go last: which old axis is which?",
        ),
        (lambda images: images.transpose(0, 2, 1, 3), "The channels are not last yet."),
        (
            lambda images: images.transpose(0, 1, 3, 2),
            "This exchanges height and width. The channels are not last yet.",
        ),
        (lambda images: images[0].transpose(1, 2, 0), "This is the first picture alone."),
        (
            lambda images: images[..., ::-1],
            "This mirrors the pictures, and leaves the axes where they are. You need `transpose`.",
        ),
        (
            lambda images: images[:, ::-1],
            "This makes blue of red, and leaves the axes where they are. You need `transpose`.",
        ),
    ],
)
def to_channels_last(images):
    """A batch in the order NCHW as NHWC."""
    return images.transpose(0, 2, 3, 1)


# Exercise 1.5
@LineOrder(
    lines=[
        "w = np.zeros(2)",
        "for epoch in range(10):",
        "    order = rng.permutation(len(x))",
        "    for start in range(0, len(x), 64):",
        "        chosen = order[start : start + 64]",
        "        error = x[chosen] @ w - y[chosen]",
        "        slope = x[chosen].T @ error / len(chosen)",
        "        w = w - learning_rate * slope",
    ],
    hints=[
        "What stands further to the right lies within the loop before it.",
        "Each line can use only what has been calculated before: the step needs the slope, the "
        "slope needs the error, and the error needs the examples.",
        "First the weights begin at 0. Then, in each epoch, the examples are shuffled, and the "
        "mini-batches taken one after another.",
    ],
    mistakes=[
        ((8, 7), "The step uses `slope`, so the slope must be known before."),
        ((7, 6), "The slope uses `error`, so the error must be known before."),
        ((6, 5), "The error is that of the `chosen` examples: choose them first."),
        ((5, 4), "Which examples are chosen depends on `start`, the variable of the inner loop."),
        ((5, 3), "The mini-batch is cut out of `order`: shuffle first."),
        (
            (4, 3),
            "Shuffled before each mini-batch, some examples would come twice in an epoch and "
            "others never. Shuffle once in each epoch.",
        ),
        ((3, 2), "The examples are shuffled anew in each epoch, so within the loop over epochs."),
        ((2, 1), "Begun at 0 in each epoch, the weights would forget all that they have learned."),
    ],
)
def stochastic_descent():
    """Shuffle in each epoch; then one step downhill for each mini-batch, by its own slope."""


_POINTS = _rng.uniform(-1, 1, (60, 2))
_TINY = 1e-200 * _POINTS  # the product of two such numbers is 0 in float64, unlike their sum
_ON_AXES = np.array([[0.5, 0], [0, -0.5]])


# Exercise 1.6
@Function(
    cases=[(_POINTS,), (3 * _POINTS[:7],), (_ON_AXES,), (_TINY,)],
    hints=[
        "At the point (1, 2) |x1 + x2| is 3 and |x1 - x2| is 1, at (-1, 2) they are 1 and 3. So "
        "what sign has their difference in each quadrant?",
        "Two ReLUs make an absolute value: |s| = max(0, s) + max(0, -s).",
        "Which row of `W1` makes x1 + x2 of a point? Which makes -(x1 + x2), which x1 - x2?",
        "Four hidden units: x1 + x2, -x1 - x2, x1 - x2, x2 - x1. The output adds the first two "
        "and subtracts the others.",
    ],
    mistakes=[
        (
            lambda x: x[:, 0] * x[:, 1] > 0,
            "A product x1 * x2 has the right sign, but no unit multiplies its inputs by each "
            "other. (The numbers of the call below are so tiny that their product becomes 0.) Use "
            "`W1`, ReLU and `W2`.",
        ),
        (
            lambda x: np.abs(x.sum(axis=1)) >= np.abs(x[:, 0] - x[:, 1]),
            "A point on an axis lies in no quadrant, and its sum is 0. True is asked where the sum "
            "is above 0: `>`.",
        ),
        (
            lambda x: x.sum(axis=1) > 0,
            "These are the answers of a straight boundary, x1 + x2 > 0: right in quadrant 1, wrong "
            "in 3, half right in 2 and 4.",
        ),
        (
            lambda x: x[:, 0] < 9,
            "Every point gets True. A sum of absolute values is never below 0: subtract one.",
        ),
        (
            lambda x: np.abs(x[:, 0]) > np.abs(x[:, 1]),
            "This compares |x1| with |x2|, which does not change with the signs of x1 and x2. "
            "Compare |x1 + x2| with |x1 - x2|.",
        ),
        (
            lambda x: np.maximum(0, x @ [1, 1]) > np.maximum(0, x @ [1, -1]),
            "With two hidden units each sum counts only where it is positive. An absolute value "
            "needs two units: max(0, s) and max(0, -s).",
        ),
        (
            lambda x: np.abs(x.sum(axis=1)) < np.abs(x[:, 0] - x[:, 1]),
            "True and False are exchanged: these are quadrants 2 and 4. Reverse the signs of `W2`.",
        ),
        (
            lambda x: np.sum(np.abs(x.sum(axis=1)) - np.abs(x[:, 0] - x[:, 1])) > 0,
            "This is one answer for all points together. `np.sum` adds up everything; `... @ W2` "
            "makes one sum for each point.",
        ),
        (lambda x: (x[:, 0] > 0) & (x[:, 1] > 0), "This is quadrant 1 alone. 3 belongs to it."),
        (lambda x: (x[:, 0] < 0) & (x[:, 1] < 0), "This is quadrant 3 alone. 1 belongs to it."),
        (
            lambda x: x[:, 0] * 0 > 0,
            "Every point gets False. Without max(0, .) between the two matrices the hidden "
            "units cancel out.",
        ),
        (lambda x: x[:, 0] > 0, "This looks at the first coordinate only."),
        (lambda x: x[:, 1] > 0, "This looks at the second coordinate only."),
        (
            lambda x: np.abs(x[:, 0]) > 0,
            "|x1| is above 0 for all points off an axis. Subtract a second absolute value.",
        ),
        (
            lambda x: np.abs(x[:, 1]) > 0,
            "|x2| is above 0 for all points off an axis. Subtract a second absolute value.",
        ),
        (
            lambda x: (np.abs(x.sum(axis=1)) > np.abs(x[:, 0] - x[:, 1]))[:, None],
            "The answers are right, but stand in a column. With a vector `W2`, as `np.array([1, 1, "
            "-1, -1])`, `@ W2` makes one number for each point.",
        ),
        (
            lambda x: np.sign(x[:, 0] * x[:, 1]),
            "These are 1 and -1. True and False come from a comparison with 0: `... > 0`.",
        ),
        (
            lambda x: np.abs(x.sum(axis=1)) - np.abs(x[:, 0] - x[:, 1]),
            "These are the sums. Which of them mean True? Compare with 0.",
        ),
    ],
    note="|x1 + x2| - |x1 - x2| has the sign of x1 * x2.",
)
def quadrants(x):
    """True for points `(n, 2)` in quadrants 1 and 3: a two-layer network, weights by hand."""
    W1 = np.array([[1, 1], [-1, -1], [1, -1], [-1, 1]])  # (hidden units, inputs)
    W2 = np.array([1, 1, -1, -1])
    return np.maximum(0, x @ W1.T) @ W2 > 0


# Exercise 1.7
@Number(
    within=0.5,
    hints=[
        "How many numbers does one such photo hold? Each unit has a weight for each of them.",
        "4,000 times 3,000 pixels, three channels; and each of the 100 units has a bias too.",
    ],
    mistakes=[
        (3_600_000_000, "You have all the weights. Each of the 100 units also has a bias."),
        (1_200_000_100, "A colour photo has three numbers in each pixel."),
        (1_200_000_000, "Three channels are missing, and the biases."),
        (220_500_100, "This is the layer on the photo of 1,050 × 700 pixels."),
        (3_600_000_300, "Each unit has one bias, whatever the number of colours."),
        (12_000_100, "Units multiply: each of the 100 has weights of its own, and sees 3 colours."),
        (3_600_000_001, "There is one bias for each unit, not one for the layer."),
        (3_600_000_003, "A unit has one bias, not one for each colour; and there are 100 units."),
        (14_400_000_400, "These are bytes, 4 for each parameter. How many parameters are there?"),
        (14_400, "These are megabytes. The number of parameters is asked."),
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
    choices=[
        "much higher",
        "the same",
        "much lower",
        "like a guess",
        "worse than a guess",
        "it cannot be trained",
    ],
    hints=[
        "Think of the first weight matrix: each of its columns belongs to one number of one pixel.",
        "Shuffle the columns of that matrix in the same way. What comes out of the network?",
    ],
    mistakes=[
        ("worse than a guess", "A network that guesses gets one in five. Why should it do worse?"),
        ("like a guess", "All the pixels are still there, each in the same place in every image."),
        (
            "much lower",
            "The network would have to know which pixels were neighbours. Look at one unit: it "
            "adds up products. Does the order of the terms change a sum?",
        ),
        ("much higher", "No information was added."),
        ("it cannot be trained", "The shapes are the same, and so is the number of weights."),
    ],
    note="A fully connected network does not know which pixels are neighbours.",
)
def permuted_accuracy():
    """What a fully connected network gets from pictures with their pixels shuffled."""
    return "the same"
