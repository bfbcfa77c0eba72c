"""The exercises of notebook 05b, tuning."""

import contextlib
from functools import partial

import numpy as np

from cnnkit.exercises._calls import capped_output
from cnnkit.exercises._comparison import same
from cnnkit.exercises._exercise import FaultyLine, Function, LineOrder, Number, Value
from cnnkit.exercises._messages import shown_call

_rng = np.random.default_rng(42)


# Exercise 5b.1
@Value(
    choices=[
        "the number of filters",
        "the biases",
        "dropout's rate",
        "the learning rate",
        "the number of epochs",
        "the size of the mini-batch",
    ],
    hints=[
        "A parameter is changed by gradient descent, in every step.",
        "For which of them is there a slope of the loss?",
    ],
    mistakes=[
        ("the number of filters", "It is set when the network is built, and training keeps it."),
        ("dropout's rate", "It is a number that you write down; no step of training changes it."),
        ("the learning rate", "It says how far a step goes. No step of gradient descent finds it."),
        ("the number of epochs", "It says when training ends. Training does not learn it."),
        ("the size of the mini-batch", "It is chosen before training, and has no slope."),
    ],
    note="Biases are learned, as weights are. All others are chosen.",
)
def the_parameter():
    """The only one of the six that training learns."""
    return "the biases"


# Exercise 5b.2
@Number(
    within=0.0005,
    hints=[
        "Put a = 0.8 and n = 1,000 into the formula.",
        "a (1 - a) is 0.16. Divide by n, then take the root.",
    ],
    mistakes=[
        (0.0003, "This is far too small: take the root of the whole fraction, a (1 - a) / n."),
        (0.4, "This is the root of a (1 - a). It has to be divided by n first."),
        (0.0253, "These are two standard errors. One is asked for."),
        (0.0283, "This has a under the root. There stands a (1 - a)."),
        (0.0231, "This is for 300 digits. Here they are 1,000 photos."),
        (0.2 / 1000**0.5, "This has 1 - a over √n. Under the root stands a (1 - a)."),
    ],
    note="In about 95 of 100 cases the accuracy is at most two of them, 0.025, off the true one.",
)
def photos_error():
    """The standard error of an accuracy of 0.8 on 1,000 photos."""
    return np.sqrt(0.8 * (1 - 0.8) / 1000)


# Exercise 5b.3
@FaultyLine(
    code="""
    best, chosen = 0, None
    for rate in (0.0003, 0.001, 0.003, 0.01):
        model = build(rate)
        model.fit(training_images, training_labels, epochs=40)
        score = accuracy(model, test_images, test_labels)
        if score > best:
            best, chosen = score, model
    report = accuracy(chosen, test_images, test_labels)
    """,
    hints=[
        "Which line is part of learning weights, which of choosing, which of judging?",
        "Which images may be looked at to choose a learning rate?",
    ],
    mistakes=[
        (8, "This is the one number of the test, and right, if nothing has looked there before."),
        (4, "Weights are learned from the training images: right."),
        (2, "Rates that grow by factors: right."),
        (6, "Keep what scores better: right. But the score of which images?"),
        (7, "It remembers the best one: right."),
        (3, "Each rate gets a new network: right."),
        (1, "Any accuracy is at least 0: right."),
        (0, "Lines are counted from 1, as they are printed."),
    ],
    note="The choice belongs to the validation images. Here the test chooses, and then judges.",
)
def leaking_line():
    """The score that chooses is taken from the test."""
    return 5


# Exercise 5b.4
@LineOrder(
    lines=[
        "order = np.random.default_rng(0).permutation(len(images))",
        "parts, scores = np.array_split(order, 5), []",
        "for i in range(5):",
        "    others = np.concatenate(parts[:i] + parts[i + 1 :])",
        "    model = train_new(images[others], labels[others])",
        "    scores.append(accuracy(model, images[parts[i]], labels[parts[i]]))",
        "print(np.mean(scores))",
    ],
    hints=[
        "Before the loop the images are mixed, then dealt into five parts.",
        "In each round: which parts are for training, a new network trained on them, its score.",
        "The mean comes last, when there are five scores.",
    ],
    mistakes=[
        ((2, 1), "`order` must be known before it is dealt into parts."),
        ((3, 2), "Parts and the empty list of scores come once, before the loop."),
        ((4, 3), "`i` is only known in the loop: the loop must begin before."),
        ((5, 4), "`others`, the four parts for training, must be known before."),
        ((6, 5), "The score is that of a trained network, so training comes before."),
        ((7, 6), "The mean is taken over all five scores, after the loop."),
    ],
)
def folds_in_order():
    """Deal the images into parts; each part is left out once, by a new network; then average."""


def _uniform_in_log(low, high, uniform):
    return low * (high / low) ** uniform


class _Drawn(Function):
    """Asks for a function that gets its random numbers; one that draws others is told so."""

    def _told(self, answer, place, received, expected, usual):
        with contextlib.suppress(Exception), capped_output():
            if not same(self._outcome(answer, self.cases[place]), received):
                usual = "This draws numbers itself: they are in `uniform` already."
        return super()._told(answer, place, received, expected, usual)


# Exercise 5b.5
@_Drawn(
    cases=[
        (0.0001, 1.0, np.array([0.0, 0.25, 0.5, 0.75, 1.0])),
        (0.001, 0.1, np.array([0.5, 0.1])),
        (16.0, 256.0, np.array([0.5, 0.25, 0.9])),
    ],
    hints=[
        "Draw the power of ten, not the number: from log10(low) to log10(high).",
        "`low_power + uniform * (high_power - low_power)` is the power. Then 10 to that power.",
    ],
    mistakes=[
        (
            lambda low, high, uniform: low + uniform * (high - low),
            "This is even in the numbers: from 0.0001 to 1, nine draws of ten lie above 0.1. Draw "
            "evenly in the powers of ten.",
        ),
        (
            lambda low, high, uniform: 10 ** (low + uniform * (high - low)),
            "`low` and `high` are numbers, not powers of ten: take `np.log10` of both first.",
        ),
        (
            lambda low, high, uniform: np.exp(low + uniform * (high - low)),
            "`low` and `high` are numbers, not powers of ten: take `np.log10` of both, and then "
            "`10 **`.",
        ),
        (
            lambda low, high, uniform: 10 ** (uniform * np.log10(high)),
            "`low` is missing: 0 should become `low`, so the power begins at log10(low).",
        ),
        (
            lambda low, high, uniform: 10**uniform,
            "This goes from 1 to 10. The power should go from log10(low) to log10(high).",
        ),
        (
            lambda low, high, uniform: low * 10**uniform,
            "This covers one factor of ten, from `low` on. The power should go on to log10(high).",
        ),
        (
            lambda low, high, uniform: 10 ** (-4 + 4 * uniform),
            "This is right for 0.0001 to 1 alone. Take both powers from `low` and `high`.",
        ),
        (
            lambda low, high, uniform: np.logspace(low, high),
            "`np.logspace` takes powers of ten, and makes 50 even steps. Use `uniform`.",
        ),
        (
            lambda low, high, uniform: np.logspace(low, high, len(uniform)),
            "`np.logspace` takes powers of ten, and makes even steps. Take those of `uniform`.",
        ),
        (
            lambda low, high, uniform: np.log10(low) + uniform * (np.log10(high) - np.log10(low)),
            "This is the power of ten. Raise 10 to it.",
        ),
        (
            lambda low, high, uniform: np.exp(
                np.log10(low) + uniform * (np.log10(high) - np.log10(low))
            ),
            "`np.exp` belongs to `np.log`. After `np.log10` comes `10 **`.",
        ),
        (
            lambda low, high, uniform: 10 ** (np.log(low) + uniform * (np.log(high / low))),
            "`np.log` belongs to `np.exp`. Before `10 **` take `np.log10`.",
        ),
        (
            lambda low, high, uniform: high * (low / high) ** uniform,
            "This goes from `high` down to `low`: 0 should give `low`.",
        ),
        (
            lambda low, high, uniform: 10 ** (uniform * (np.log10(high) - np.log10(low))),
            "The powers begin at 0. They should begin at log10(low).",
        ),
        (
            lambda low, high, uniform: 10 ** (np.log10(low) + uniform * np.log10(high)),
            "The powers go from log10(low) on, over the *difference* of both powers.",
        ),
        (
            lambda low, high, uniform: np.geomspace(low, high, len(uniform)),
            "These are even steps, a grid. Put the numbers of `uniform` to use.",
        ),
        (
            lambda low, high, uniform: _uniform_in_log(low, high, uniform[:1]),
            "This is one draw. Give one for each number in `uniform`.",
        ),
    ],
    note="Now each factor of ten gets as many draws as any other.",
)
def draw_rates(low, high, uniform):
    """Numbers from `low` to `high`, even in their powers of ten; `uniform` is from 0 to 1."""
    low_power, high_power = np.log10(low), np.log10(high)
    return 10 ** (low_power + uniform * (high_power - low_power))


# Exercise 5b.6
@Number(
    within=0.001,
    hints=[
        "How likely is it that all 24 miss?",
        "One draw misses with probability 0.95, and the draws are independent.",
    ],
    mistakes=[
        (1.2, "Probabilities of events that can happen together do not add up."),
        (1.0, "It can go wrong: all 24 may miss."),
        (0.05, "This is one draw."),
        (0.95**24, "This is the probability that all of them miss."),
        (0.05**24, "This is the probability that all of them hit."),
        (24 * 0.05 * 0.95**23, "This is exactly one hit. Several are fine too."),
    ],
    note="And that for any number of hyperparameters.",
)
def hit_rate():
    """How likely at least one of 24 random settings is among the best 5 %."""
    return 1 - 0.95**24


_SCORES = np.array([0.81, 0.86, 0.84, 0.79]), np.array([0.84, 0.79, 0.88, 0.77])


# Exercise 5b.7
@Function(
    cases=[_SCORES, (np.array([0.5, 0.4, 0.9]), np.array([0.6, 0.3, 0.7]))],
    hints=[
        "Which of the two arrays may be looked at to choose?",
        "Choose with the validation scores; then look up one test score.",
    ],
    mistakes=[
        (
            lambda validation, test: test.max(),
            "This chooses with the test scores: then they are no test any more.",
        ),
        (
            lambda validation, test: validation.max(),
            "The best of many is best by luck too. Report a score that did not choose.",
        ),
        (lambda validation, test: int(validation.argmax()), "This says which one. How good is it?"),
        (
            lambda validation, test: test.mean(),
            "This is the mean over all networks. You use one: which, and what is its test score?",
        ),
        (
            lambda validation, test: validation.mean(),
            "This is the mean over all networks, and no test. Which network do you use, and what "
            "is its test score?",
        ),
        (
            lambda validation, test: ((validation + test) / 2).max(),
            "The test scores have a say in this choice. Choose with the validation scores alone.",
        ),
        (
            lambda validation, test: test[validation.max()],
            "`max` gives the score; `argmax` gives its place. An index is the number of a place.",
        ),
        (
            lambda validation, test: validation[test.argmax()],
            "The two are exchanged: choose with validation, report the test.",
        ),
        (lambda validation, test: test.min(), "This is the worst network."),
        (
            lambda validation, test: (validation.max() + test[validation.argmax()]) / 2,
            "A mean of the two is still too good by half the luck. Report the test score alone.",
        ),
    ],
)
def honest_score(validation, test):
    """The test score of the network that is chosen, one score for each network in both arrays."""
    return test[validation.argmax()]


# The four broken networks. An answer returns a network, its input and its labels; it is judged by
# what is wrong with them, not by their numbers, as there are several ways to mend them.

_HEALTHY = "a network that can learn"
_UNSCALED = "large input, with small steps"


class _Symptom(str):
    """What is wrong with an answer: a text that no answer returns itself."""


class _Mended(Function):
    """Asks for a function that returns a compiled network, its input and its labels."""

    def _called(self, answer, arguments, case):
        result = super()._called(answer, arguments, case)
        is_told = result is ... or isinstance(result, BaseException | _Symptom)
        return result if is_told else _Symptom(symptom(result, *case))

    def _told(self, answer, place, received, expected, usual):
        if not isinstance(received, _Symptom):
            return super()._told(answer, place, received, expected, usual)
        gave = f"`{shown_call(self.answer, self.cases[place])}` gave {received}."
        return "Not yet: " + "\n".join(filter(None, [usual, f"{gave} Expected: {expected}."]))


def symptom(result, images, labels):
    """What is wrong with `(model, x, y)`, in a few words."""
    import keras  # here and below: to count the exercises takes no Keras

    is_triple = isinstance(result, tuple) and len(result) == 3
    if not is_triple or not isinstance(result[0], keras.Model):
        return f"{_types(result)}, and not (model, x, labels)"
    model, x, y = result[0], np.asarray(result[1], np.float32), np.asarray(result[2])
    if not model.compiled:
        return "a network that is not compiled"
    if x.shape != (len(images), 64):
        return f"input of another shape than ({len(images)}, 64)"
    if y.shape != labels.shape or not np.isin(y, labels).all():
        return "labels that are no class numbers"
    if not np.array_equal(y, labels[_sources(x, images)]):
        return "labels that belong to other images"
    rate, (low, high) = float(model.optimizer.learning_rate), _rates(model.optimizer)
    if np.ptp(x) == 0 or np.abs(x).max() > 20:
        is_slow = np.ptp(x) > 0 and rate < 0.002
        return _UNSCALED if is_slow else "input that is far from the size of 1"
    kernels = [np.asarray(layer.kernel) for layer in model.layers if hasattr(layer, "kernel")]
    if any(np.ptp(kernel) == 0 for kernel in kernels[:-1]):  # those of the last layer may be 0
        return "hidden weights that are all equal"
    if not low <= rate <= high:
        return f"steps that are too {'small' if rate < low else 'large'}"
    return _HEALTHY


def _types(result):
    if isinstance(result, tuple):
        return f"({', '.join(type(item).__name__ for item in result)})"
    if isinstance(result, str):
        return f"the text {result!r:.40}"
    is_long = hasattr(result, "compile")  # a network, whose text would be cut off
    return f"one {type(result).__name__}" if is_long else f"{result!r:.40}"


def _sources(x, images):
    """From which image each row of `x` comes: the one with which it varies most alike."""
    pixels = np.asarray(images, np.float32).reshape(len(images), -1)
    with np.errstate(all="ignore"):
        alike = np.corrcoef(x, pixels)[: len(x), len(x) :]
    return np.nan_to_num(alike).argmax(axis=1)


def _rates(optimizer):
    """Between which learning rates it learns these digits."""
    return (0.02, 1.0) if type(optimizer).__name__ == "SGD" else (1e-4, 0.03)


def _with(symptom, images, labels):
    return _Symptom(symptom)


_IMAGES = _rng.integers(0, 256, (30, 8, 8)).astype(np.uint8)
_LABELS = _rng.integers(0, 10, 30).astype(np.int32)
_TOLD = {
    "input that is far from the size of 1": "The sums of the first layer are huge, and so are its "
    "slopes. Which range should the pixels have?",
    _UNSCALED: "With pixels up to 255 and such a small rate it may learn, but new digits are right "
    "less often. Scale the pixels, in place of shrinking the rate.",
    "hidden weights that are all equal": "With equal first weights hidden units are all alike, and "
    "with zeros none of them moves. How does Keras draw them if nothing is said?",
    "steps that are too small": "At this rate the weights hardly move in a few hundred steps.",
    "steps that are too large": "At this rate each step overshoots, and the loss grows.",
    "labels that belong to other images": "The images are in another order than their labels, so "
    "there is nothing to learn.",
    "labels that are no class numbers": "The labels are class numbers: leave them as they are.",
    "input of another shape than (30, 64)": "The network takes 64 numbers for each digit: keep the "
    "`reshape`, and all digits.",
}
_ASKED = dict(
    cases=[(_IMAGES, _LABELS)],
    mistakes=[(partial(_with, symptom), text) for symptom, text in _TOLD.items()],
)


# Exercise 5b.8
@_Mended(
    hints=[
        "The loss at the start is far above 2.3, that of a guess. What makes the outputs so large?",
        "Print `x.max()`: the network gets pixels from 0 to 255. Divide them.",
    ],
    **_ASKED,
)
def first_network(images, labels):
    """The first network, with pixels from 0 to 1."""
    import keras

    x = images.reshape(-1, 64) / 255  # this was missing
    hidden = keras.layers.Dense(64, "relu")
    model = keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.3), loss)
    return model, x, labels


# Exercise 5b.9
@_Mended(
    hints=[
        "The kernel of the first layer has not moved at all, so its slopes are 0. Why?",
        "Change a hidden weight a little. What does the next layer, all of zeros, make of that?",
    ],
    **_ASKED,
)
def second_network(images, labels):
    """The second network, with random first weights."""
    import keras

    x = images.reshape(-1, 64) / 255
    hidden = keras.layers.Dense(64, "relu")  # without kernel_initializer="zeros"
    model = keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.3), loss)
    return model, x, labels


# Exercise 5b.10
@_Mended(
    hints=[
        "The start is right, and the weights move, but not far. What sets how far they move?",
        "SGD with 0.0003 is about a thousand times too slow here. Try 0.3.",
    ],
    **_ASKED,
)
def third_network(images, labels):
    """The third network, with a larger learning rate."""
    import keras

    x = images.reshape(-1, 64) / 255
    hidden = keras.layers.Dense(64, "relu")
    model = keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.3), loss)  # this was 0.0003
    return model, x, labels


# Exercise 5b.11
@_Mended(
    hints=[
        "It learns twenty examples by heart, and yet new digits are no better than a guess. What "
        "if there is no rule from image to label?",
        "Follow both arrays: the images are put into another order. What about the labels?",
    ],
    **_ASKED,
)
def fourth_network(images, labels):
    """The fourth network, with labels in the order of the images."""
    import keras

    order = np.random.default_rng(0).permutation(len(images))
    x = images[order].reshape(-1, 64) / 255
    hidden = keras.layers.Dense(64, "relu")
    model = keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.3), loss)
    return model, x, labels[order]  # this was labels
