"""The exercises of notebook 04, batch normalisation."""

from functools import partial

import numpy as np

from cnnkit.exercises._exercise import FaultyLine, Function, LineOrder, Number

_rng = np.random.default_rng(4)


def _scaled(x, gamma=1, beta=0, axis=(0, 1, 2), epsilon=1e-3, under_root=True, power=0.5, ddof=0):
    """Normalise over some axes, then scale and shift."""
    mean, variance = x.mean(axis=axis, keepdims=True), x.var(axis=axis, keepdims=True, ddof=ddof)
    deviation = (variance + epsilon) ** power if under_root else variance**power + epsilon
    return gamma * (x - mean) / deviation + beta


_MAPS = _rng.normal(5, 0.3, size=(4, 3, 2, 6))
_GAMMA, _BETA = _rng.uniform(0.5, 2, size=6), _rng.normal(size=6)


# Exercise 4.1
@Number(
    within=0.5,
    hints=[
        "All examples and all places of one channel go into one mean.",
        "32 examples, 14 rows, 14 columns.",
    ],
    mistakes=[
        (32, "This is how many there are for a dense layer. Feature maps have places, too."),
        (196, "These are the places of one example. A mini-batch has 32."),
        (64, "This is the number of means: one for each channel."),
        (401_408, "These are all numbers. Each channel has its own mean."),
        (
            12_544,
            "This is one example with all channels. A mean is of one channel, in all examples.",
        ),
        (2_048, "This counts the channels, and forgets the places."),
        (448, "This is one row of places. There are 14 rows of 14."),
    ],
    note="64 means, each of 6,272 numbers.",
)
def mean_size():
    """Of how many numbers each mean is, for feature maps of shape (32, 14, 14, 64)."""
    return 32 * 14 * 14


# Exercise 4.2
@Function(
    cases=[
        (_MAPS, _GAMMA, _BETA),
        (_rng.normal(size=(3, 4, 5, 2)), np.array([1.0, 3]), np.array([0.0, -1])),
        (np.full((2, 2, 2, 1), 7.0), np.ones(1), np.ones(1)),
    ],
    hints=[
        "There is one mean for each channel: `axis=(0, 1, 2)`.",
        "Divide by `np.sqrt(variance + 1e-3)`, then times gamma, plus beta.",
    ],
    mistakes=[
        (
            partial(_scaled, axis=0),
            "Each pixel has a mean of its own. Take all pixels of a channel together.",
        ),
        (
            partial(_scaled, axis=(1, 2)),
            "Each example is normalised alone: that is instance normalisation.",
        ),
        (
            partial(_scaled, axis=(1, 2, 3)),
            "Each example is normalised alone, all channels together: that is layer normalisation.",
        ),
        (lambda x, gamma, beta: _scaled(x), "gamma and beta are missing."),
        (partial(_scaled, epsilon=1e-30), "epsilon is missing, or is not 1e-3."),
        (
            np.errstate(all="ignore")(partial(_scaled, epsilon=0)),
            "epsilon is missing: a channel that is the same everywhere gives 0/0.",
        ),
        (partial(_scaled, power=1), "Divide by the root of the variance."),
        (partial(_scaled, under_root=False), "Keras adds epsilon to the variance, under the root."),
        (
            partial(_scaled, axis=3),
            "The mean goes over the channels of each pixel. A channel has a mean of its own, over "
            "examples, rows and columns: `axis=(0, 1, 2)`.",
        ),
        (
            partial(_scaled, axis=None),
            "One mean for all channels together. Each channel has its own: `axis=(0, 1, 2)`.",
        ),
        (
            lambda x, gamma, beta: gamma * (_scaled(x) + beta),
            "beta was scaled too. First times gamma, then plus beta.",
        ),
        (partial(_scaled, ddof=1), "The variance divides by n - 1. Keras 3 divides by n."),
        (
            lambda x, gamma, beta: gamma * (x - x.mean(axis=(1, 2))) + beta,
            "An axis too many is left in the mean. Over examples, rows and columns, "
            "`axis=(0, 1, 2)`, it has one number a channel, and fits.",
        ),
    ],
)
def batch_norm(x, gamma, beta):
    """Batch normalisation of `(N, H, W, C)` in training, with epsilon 1e-3."""
    mean = x.mean(axis=(0, 1, 2))  # (C,)
    variance = x.var(axis=(0, 1, 2))
    return gamma * (x - mean) / np.sqrt(variance + 1e-3) + beta


# Exercise 4.3
@FaultyLine(
    code="""
    def batch_norm(x, gamma, beta, moving, training):
        # moving: a dictionary with the moving averages of mean and variance
        if training:
            mean, variance = x.mean(axis=0), x.var(axis=0)
            moving["mean"] = 0.9 * moving["mean"] + 0.1 * mean
            moving["variance"] = 0.9 * moving["variance"] + 0.1 * variance
        else:
            mean, variance = x.mean(axis=0), moving["variance"]
        x_hat = (x - mean) / np.sqrt(variance + 1e-3)
        return gamma * x_hat + beta
    """,
    hints=[
        "In which of the two modes may the answer for one example depend on the others?",
        "Four lines look at `training`, or depend on it. Which numbers does the layer need in use?",
    ],
    mistakes=[
        (4, "In training the statistics are those of the mini-batch: right."),
        (5, "Momentum 0.9: nine tenths of the old average stay. Right."),
        (6, "It is the variance that is averaged, not the standard deviation: right."),
        (9, "It takes whichever mean and variance the lines above have chosen: right."),
        (10, "First times gamma, then plus beta: right."),
        (7, "In use other numbers are needed than in training: the branch is right. And in it?"),
        (3, "The two modes differ, so there must be a question like this one."),
        (2, "A comment calculates nothing."),
        (1, "A layer needs all of these."),
        (0, "Lines are counted from 1, as they are printed."),
    ],
    note="The variance is the moving one, but the mean is that of whoever is there.",
)
def faulty_inference():
    """In use it subtracts the mean of the examples at hand."""
    return 8


def _move(mean, variance, x, momentum, swap=False, spread=np.var, axis=0):
    old, new = (1 - momentum, momentum) if swap else (momentum, 1 - momentum)
    return old * mean + new * x.mean(axis), old * variance + new * spread(x, axis)


# Exercise 4.4
@Function(
    cases=[
        (np.zeros(3), np.ones(3), _rng.normal(2, 3, size=(8, 3)), 0.99),
        (_rng.normal(size=2), _rng.uniform(1, 2, size=2), _rng.normal(size=(5, 2)), 0.9),
        (np.zeros(1), np.ones(1), np.array([[1.0], [5]]), 0.5),
    ],
    hints=[
        "With momentum 0.99, which part of the old average remains in Keras?",
        "Two statistics are kept. Is `std` one of them?",
    ],
    mistakes=[
        (partial(_move, swap=True, spread=np.std), "This is the function with both of its faults."),
        (
            partial(_move, spread=np.std),
            "One fault is left: this mixes a variance with a standard deviation.",
        ),
        (
            partial(_move, swap=True),
            "One fault is left: momentum is the share of the old average, not of the new number.",
        ),
        (
            partial(_move, spread=partial(np.var, ddof=1)),
            "The variance divides by n - 1. Keras 3 divides by n.",
        ),
        (lambda m, v, x, momentum: (x.mean(0), x.var(0)), "The old averages are forgotten."),
        (partial(_move, axis=None), "Each feature has its own mean and variance."),
        (
            lambda *a: _move(*a)[::-1],
            "The order is turned round: first the mean, then the variance.",
        ),
    ],
    note="In PyTorch, another library, the first would be no fault: there the momentum is the "
    "share of the new number.",
)
def update_moving(moving_mean, moving_variance, x, momentum):
    """The moving averages after one more mini-batch `(N, features)`, as Keras has them."""
    mean, variance = x.mean(axis=0), x.var(axis=0)
    new_mean = momentum * moving_mean + (1 - momentum) * mean
    new_variance = momentum * moving_variance + (1 - momentum) * variance
    return new_mean, new_variance


# Exercise 4.5
@Number(
    within=0.5,
    hints=[
        "Each step leaves 0.99 of it. So after n steps 0.99 to the power of n is left.",
        "Solve 0.99 ** n < 0.01: n > ln(0.01) / ln(0.99). Round up.",
    ],
    mistakes=[
        (100, "After 100 steps 0.99 ** 100 = 0.37 is left."),
        (99, "Each step takes 1 % of what is left, not of the start."),
        (458, "0.99 ** 458 is a little above 0.01."),
        (299, "0.99 ** 299 is a little below 5 %, not below 1 %."),
        (230, "0.99 ** 230 is 0.1, not 0.01."),
        (44, "This is so with momentum 0.9. Keras has 0.99."),
        (69, "0.99 ** 69 is about a half."),
        (460, "One step fewer is enough: 0.99 ** 459 is below 0.01."),
    ],
    note="With momentum 0.9 it takes 44.",
)
def steps_to_forget():
    """After how many steps, at momentum 0.99, the start counts less than 1 %."""
    return int(np.ceil(np.log(0.01) / np.log(0.99)))


_FOLD = (
    _rng.normal(size=(4, 3)),
    _rng.normal(size=3),
    _rng.uniform(0.5, 2, size=3),
    _rng.normal(size=3),
    _rng.normal(size=3),
    _rng.uniform(0.1, 4, size=3),
)


def _folded(
    kernel,
    bias,
    gamma,
    beta,
    mean,
    variance,
    keep=True,
    scale_bias=True,
    power=0.5,
    epsilon=1e-3,
    after_root=0,
):
    scale = gamma / ((variance + epsilon) ** power + after_root)
    bias = keep * bias * (scale if scale_bias else 1)
    return kernel * scale, bias - mean * scale + beta


# Exercise 4.6
@Function(
    cases=[_FOLD, (np.eye(2), np.zeros(2), np.ones(2), np.zeros(2), np.zeros(2), np.full(2, 0.01))],
    hints=[
        "Write gamma (x W + b - mean) / s + beta with s the root, and sort: what multiplies x?",
        "With scale = gamma / s, the new kernel is `kernel * scale`, column by column.",
    ],
    mistakes=[
        (
            partial(_folded, keep=False),
            "The kernel is right. The old bias is part of what is normalised.",
        ),
        (partial(_folded, power=1), "Divide by the root of the variance."),
        (
            partial(_folded, power=1, epsilon=0),
            "Divide by the root of variance + ε, with ε = 0.001.",
        ),
        (partial(_folded, epsilon=1e-30), "Keras adds epsilon, 1e-3, to the variance."),
        (
            partial(_folded, epsilon=0, after_root=1e-3),
            "Keras adds epsilon to the variance, under the root.",
        ),
        (lambda w, b, *a: (_folded(w, b, *a)[0], b), "The kernel is right. The bias changes too."),
        (lambda w, *a: (w, _folded(w, *a)[1]), "The bias is right. The kernel changes too."),
        (
            lambda w, b, g, beta, mean, variance: (
                _folded(w - mean, b, g, beta, 0 * mean, variance)[0] + beta,
                _folded(w, b, g, beta, mean, variance)[1],
            ),
            "The bias is right. The kernel is only scaled: mean and beta belong to the bias.",
        ),
        (
            partial(_folded, scale_bias=False),
            "The kernel is right. The old bias is scaled, like the mean.",
        ),
        (
            lambda w, b, g, beta, *a: _folded(w, b, g, 0 * beta, *a),
            "The kernel is right. beta is missing in the bias.",
        ),
        (
            lambda w, b, g, beta, mean, variance: _folded(w, b, g, beta, -mean, variance),
            "The kernel is right. In the bias the mean is subtracted, not added.",
        ),
        (
            lambda w, b, g, beta, mean, variance: _folded(w, b, g, beta, 0 * mean, variance),
            "The kernel is right. In the bias the mean is missing: it is subtracted, and scaled.",
        ),
        (
            lambda w, b, g, beta, *a: _folded(w, b, g / g, beta, *a),
            "gamma is missing: it scales what the division by the root leaves.",
        ),
        (
            lambda w, b, g, beta, m, v: (
                w * (g / np.sqrt(v + 1e-3))[:, None],
                _folded(w, b, g, beta, m, v)[1],
            ),
            "Each unit has a column of the kernel: `kernel * scale` scales the columns.",
        ),
    ],
)
def fold(kernel, bias, gamma, beta, mean, variance):
    """The `(kernel, bias)` of one dense layer that does what dense and normalisation do."""
    scale = gamma / np.sqrt(variance + 1e-3)  # (units,)
    return kernel * scale, (bias - mean) * scale + beta


# Exercise 4.7
@LineOrder(
    lines=[
        "model.add(keras.Input((32, 32, 3)))",
        "model.add(Conv2D(64, 3, use_bias=False))",
        "model.add(BatchNormalization())",
        "model.add(ReLU())",
        "model.add(Flatten())",
        "model.add(Dense(64, use_bias=False))",
        "model.add(BatchNormalization())",
        "model.add(ReLU())",
        'model.add(Dense(1, activation="sigmoid"))',
    ],
    hints=[
        "A picture comes in, one probability goes out: these are the first line and the last.",
        "Each layer without a bias is followed by a normalisation, then by ReLU. `Flatten` stands "
        "between the two threes.",
    ],
    mistakes=[
        ((2, 1), "`Input` says what comes in. It is the first line."),
        ((3, 2), "The convolution comes first, and a normalisation behind it."),
        ((4, 3), "Here the normalisation stands before the ReLU, as in the paper."),
        ((6, 5), "`Dense` gets a vector, so `Flatten` comes before it."),
        ((5, 4), "First convolution, normalisation and ReLU, all three on maps. Then `Flatten`."),
        ((9, 6), "The one unit with a sigmoid gives the answer. It is the last line."),
    ],
)
def network_order():
    """Weights, normalisation, ReLU; flat; weights, normalisation, ReLU; then the one answer."""


# Exercise 4.8
@Number(
    within=0.01,
    hints=[
        "In a batch of one, what is the mean of one number? And its variance?",
        "x minus its mean is 0, whatever x is.",
    ],
    mistakes=[
        (13, "This is gamma times 5, plus beta. But 5 is its own mean."),
        (2, "This is gamma. It multiplies x minus the mean."),
        (5, "This is x. Its mean is subtracted."),
        (0, "x minus the mean is 0. What is added then?"),
        (1, "This would be x̂ if the deviation were as large as x. It is 0."),
        (316.2278, "The variance is 0, but so is x minus the mean."),
        (8, "This is x plus beta. Its mean is subtracted before that."),
        (319.2278, "This divides 5 by the root of ε. But 5 minus its own mean is 0."),
    ],
    note="Whatever the layer gets, it gives beta: it has nothing to learn from.",
)
def batch_of_one():
    """What a dense layer's batch normalisation gives in training for the one example x = 5."""
    gamma, beta = 2.0, 3.0
    return gamma * (5 - 5) / np.sqrt(0 + 1e-3) + beta


def _grouped(x, groups, axis=(1, 2, 4), interleaved=False, **settings):
    n, height, width, channels = x.shape
    if interleaved:
        split = x.reshape(n, height, width, channels // groups, groups)
        return _scaled(split, axis=(1, 2, 3)).reshape(x.shape)
    split = x.reshape(n, height, width, groups, channels // groups)
    return _scaled(split, axis=axis, **settings).reshape(x.shape)


# Exercise 4.9
@Function(
    cases=[
        (_rng.normal(2, 3, size=(2, 3, 3, 6)), 2),
        (_rng.normal(2, 3, size=(3, 2, 4, 8)), 4),
        (_rng.normal(0, 0.05, size=(2, 2, 2, 4)), 2),  # so small that epsilon counts
    ],
    hints=[
        "`x.reshape(N, H, W, groups, C // groups)` puts neighbouring channels into one group.",
        "Then the mean is over height, width and the last axis: `axis=(1, 2, 4), keepdims=True`.",
    ],
    mistakes=[
        (
            partial(_grouped, axis=(0, 1, 2, 4)),
            "The examples are mixed. Here each one is normalised alone.",
        ),
        (partial(_grouped, epsilon=0), "Under the root, ε = 0.001 is added to the variance."),
        (
            partial(_grouped, under_root=False),
            "ε is added to the variance, under the root, not to the standard deviation.",
        ),
        (partial(_grouped, power=1), "Divide by the root of the variance."),
        (
            lambda x, groups: _grouped(x, groups).reshape(*x.shape[:3], groups, -1),
            "The groups are right. At the end, `.reshape(x.shape)` puts them back into one axis.",
        ),
        (lambda x, groups: _scaled(x), "This is batch normalisation."),
        (lambda x, groups: _scaled(x, axis=(1, 2)), "This is instance normalisation."),
        (lambda x, groups: _scaled(x, axis=(1, 2, 3)), "This is layer normalisation."),
        (partial(_grouped, axis=4), "The places of a group go together, too."),
        (
            partial(_grouped, axis=(1, 2, 3)),
            "After the split the last axis counts the channels of a group, the one before it the "
            "groups: each group has a mean of its own.",
        ),
        (
            partial(_grouped, interleaved=True),
            "A group is made of neighbouring channels, not of every second or third.",
        ),
        (
            lambda x, groups: _grouped(x, x.shape[-1] // groups),
            "`groups` is how many groups, not how many channels each one has.",
        ),
    ],
)
def group_norm(x, groups):
    """Group normalisation of `(N, H, W, C)` with epsilon 1e-3, without gamma and beta."""
    n, height, width, channels = x.shape
    split = x.reshape(n, height, width, groups, channels // groups)
    mean = split.mean(axis=(1, 2, 4), keepdims=True)
    variance = split.var(axis=(1, 2, 4), keepdims=True)
    return ((split - mean) / np.sqrt(variance + 1e-3)).reshape(x.shape)
