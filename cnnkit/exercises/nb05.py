"""The exercises of notebook 05, dropout and other remedies against overfitting."""

from functools import partial

import numpy as np

from cnnkit.exercises._comparison import numbers, same
from cnnkit.exercises._exercise import FaultyLine, Function, LineOrder, Number

_rng = np.random.default_rng(5)


# Exercise 5.1
@Number(
    within=0.005,
    hints=[
        "The accuracy compares answers with the labels that are given, right or wrong.",
        "Of the 200 answers, 38 differ from the given label.",
    ],
    mistakes=[
        (1, "All answers are true. But the accuracy compares them with the given labels."),
        (0.19, "This is the share of wrong labels. Her answers differ from just these."),
        (0.8, "This would be right for 40 wrong labels. Here they are 38."),
        (0.1, "This would be a guess."),
        (38, "This many answers differ from the label. How many of 200 agree, as a share?"),
        (162, "This many answers agree with the label. As a share of 200?"),
        (81, "As a share, not in per cent."),
    ],
    note="More than that in training means: some wrong labels were learned.",
)
def accuracy_of_truth():
    """The accuracy, by the given labels, if each of 200 digits is named rightly; 38 are wrong."""
    return (200 - 38) / 200


# Exercise 5.2
@LineOrder(
    lines=[
        "best, waited = np.inf, 0",
        "while waited < 5:",
        "    loss = train_one_epoch(model)",
        "    if loss < best:",
        "        best, waited, weights = loss, 0, model.get_weights()",
        "    else:",
        "        waited = waited + 1",
        "model.set_weights(weights)",
    ],
    hints=[
        "First comes what is needed before the first epoch, last what is done after training.",
        "In an epoch: train and measure, then ask whether it is a new best. If it is, keep it and "
        "wait anew; if not, one more epoch was in vain.",
    ],
    mistakes=[
        ((2, 1), "The loop asks for `waited`, so it must have a value before."),
        ((3, 2), "An epoch is trained in each round of the loop, so after `while`."),
        ((4, 3), "The loss is measured before it is compared."),
        ((5, 4), "The weights are kept only if the loss is a new best, so below `if`."),
        ((8, 2), "The best weights come back after training, at the very end."),
        (
            (8, 7),
            "While it trains, the network goes on with its last weights. The best come back at "
            "the very end.",
        ),
        ((6, 4), "`else` belongs to an `if` that stands before it."),
        ((7, 5), "A new best ends the waiting: `waited` becomes 0. Otherwise it grows by 1."),
        ((6, 5), "What stands below `if loss < best` is done for a new best."),
        ((7, 6), "An epoch is counted as in vain only if it was no new best, below `else`."),
    ],
)
def stopping_order():
    """Train and measure; keep a new best, and wait anew; in the end the best weights come back."""


def _stop(losses, patience, min_delta, limit=0, counted_from=0, keeps_best=False):
    """The patience rule, with the slips of the usual mistakes built in."""
    best, least, waited = 0, losses[0], 0
    for epoch in range(1, len(losses)):
        waited += 1
        if losses[epoch] < least - min_delta:
            best, least, waited = epoch, losses[epoch], 0
        elif keeps_best:  # each loss is compared with the one before it
            least = losses[epoch]
        if waited == patience + limit:
            break
    return best + counted_from


def _never_resets(losses, patience, min_delta):
    best, waited = 0, 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[best] - min_delta:
            best = epoch
        else:
            waited += 1
        if waited == patience:
            break
    return best


def _ties_count(losses, patience, min_delta):
    best = 0
    for epoch in range(1, len(losses)):
        if losses[epoch] <= losses[best] - min_delta:
            best = epoch
        if epoch - best == patience:
            break
    return best


def _lowest(losses, patience, min_delta):
    return int(np.argmin(losses[: _last_epoch(losses, patience, min_delta) + 1]))


def _first_rise(losses, patience, min_delta):
    rises = np.flatnonzero(np.diff(losses) > 0)
    return int(rises[0]) if len(rises) else len(losses) - 1


def _last_epoch(losses, patience, min_delta):
    best = _stop(losses, patience, min_delta)
    return min(best + patience, len(losses) - 1)


def _last_or_best(losses, patience, min_delta):
    """The last epoch where patience ends the training, the best one where the list does."""
    best = _stop(losses, patience, min_delta)
    return best + patience if best + patience < len(losses) else best


class _Stopping(Function):
    """Says so if a case gets the epoch at which training stops, whatever the others get."""

    def _told(self, answer, place, received, expected, usual):
        if not usual and same(received, _last_epoch(*self.cases[place])):
            usual = "This is the epoch at which training stops. Return the best one."
        return super()._told(answer, place, received, expected, usual)


# Exercise 5.3
@_Stopping(
    cases=[
        ([0.9, 0.6, 0.7, 0.5, 0.8, 0.7, 0.6, 0.4], 3, 0.0),
        ([0.9, 0.6, 0.7, 0.65, 0.5, 0.8], 2, 0.0),
        ([0.9, 0.6, 0.7, 0.65, 0.5, 0.8], 3, 0.0),
        ([0.9, 0.5, 0.49, 0.48, 0.47, 0.3], 3, 0.1),
        ([0.9, 0.5, 0.45, 0.35, 0.34, 0.33], 4, 0.1),
        ([0.5, 0.4, 0.3, 0.2], 2, 0.0),
        ([0.5, 0.4, 0.4, 0.4, 0.3], 3, 0.0),
        ([1, 0.9, 0.95, 0.8, 0.85, 0.7, 0.75, 0.6], 3, 0.0),
        ([1, 0.75, 0.8, 0.85], 3, 0.25),
    ],
    hints=[
        "Go through the losses. Keep the best epoch so far: `epoch - best` is how long you waited.",
        "A new best has a loss below `losses[best] - min_delta`.",
        "As soon as `epoch - best == patience`, training ends, and what comes later is not seen.",
    ],
    mistakes=[
        (
            lambda losses, patience, min_delta: int(np.argmin(losses)),
            "This sees losses of epochs that were not trained any more.",
        ),
        (_first_rise, "This stops at the first rise, whatever the patience."),
        (_last_epoch, "This is the epoch at which training stops. Return the best one."),
        (
            _last_or_best,
            "Where the patience ends, this is the epoch at which training stops. Return the best "
            "one.",
        ),
        (
            lambda *case: _last_epoch(*case) + 1,
            "This is the epoch at which training stops, counted from 1. Return the best one, as "
            "its index in the list.",
        ),
        (
            lambda losses, patience, min_delta: _last_epoch(losses, patience, 0),
            "This is the epoch at which training stops; return the best one. `min_delta` is "
            "forgotten, too.",
        ),
        (
            lambda losses, patience, min_delta: _stop(losses, patience, 0, counted_from=1),
            "`min_delta` is forgotten. Also, return the index in the list: 0 for the first epoch.",
        ),
        (partial(_stop, counted_from=1), "Return the index in the list: 0 for the first epoch."),
        (
            partial(_stop, limit=1),
            "This waits one epoch too long: after `patience` epochs without a gain it is over.",
        ),
        (
            lambda losses, patience, min_delta: _stop(losses, patience, 0),
            "`min_delta` is forgotten: a gain that is not larger counts as none.",
        ),
        (
            partial(_stop, keeps_best=True),
            "This compares each loss with the one before it. Compare with the best one so far.",
        ),
        (
            _never_resets,
            "This adds up all epochs without a gain. After a gain the waiting starts again at 0.",
        ),
        (
            _lowest,
            "This is the lowest loss. A gain of `min_delta` or less makes no new best, in the "
            "waiting and in the answer.",
        ),
        (
            lambda losses, patience, min_delta: _stop(losses, patience, -min_delta),
            "With `+ min_delta` even a rise may count as a gain. A gain must be below "
            "`losses[best] - min_delta`.",
        ),
        (
            _ties_count,
            "With `<=` a gain of exactly `min_delta` counts. It must be more than that.",
        ),
        (
            lambda losses, patience, min_delta: losses[_stop(losses, patience, min_delta)],
            "This is the loss. Return its index in the list.",
        ),
    ],
)
def early_stop(losses, patience, min_delta):
    """The index of the best loss, if training ends after `patience` epochs without a gain.

    A gain is a loss that is below the best one by more than `min_delta`.
    """
    best = 0
    for epoch in range(len(losses)):
        if losses[epoch] < losses[best] - min_delta:
            best = epoch
        if epoch - best == patience:
            break
    return best


# Exercise 5.4
@Number(
    within=0.02,
    hints=[
        "Of many ones, which share is left, and what has each become?",
        "0.8 of them are left, each 1 / 0.2.",
    ],
    mistakes=[
        (1, "So it should be. But here it is scaled with 1 / p."),
        (0.8, "This is the mean without any scaling."),
        (5, "This is what each of the ones that are left becomes. Some are 0."),
        (0.25, "The other way round: 0.2 are dropped, and 0.8 are left."),
        (1.25, "This is 1 / q, the right factor. The question is on the wrong one."),
        (0.2, "This is the share that is dropped."),
    ],
    note="q / p: four times too much.",
)
def wrong_mean():
    """The mean of ones after dropout with p = 0.2, if it is scaled with 1 / p."""
    return (1 - 0.2) / 0.2


# Exercise 5.5
@Number(
    within=0.005,
    hints=["A Keras layer takes the share that is dropped.", "What is not kept is dropped."],
    mistakes=[
        (0.8, "This is the share that is kept, as the paper writes it."),
        (1.25, "This is what is left multiplied by."),
        (0.5, "Where does this come from? The paper says 0.8 for the inputs."),
        (0.25, "This is the ratio of dropped to kept."),
        (20, "As a share, not in per cent."),
    ],
)
def keras_rate():
    """`rate` of `keras.layers.Dropout`, for units kept with probability 0.8."""
    return 1 - 0.8


# Exercise 5.6
@FaultyLine(
    code="""
    class Dropout:
        def __init__(self, rate, rng):
            self.rate, self.rng = rate, rng

        def __call__(self, x, training):
            keep = 1 - self.rate
            if not training:
                return keep * x
            mask = self.rng.random(x.shape) < keep
            return mask * x / keep
    """,
    hints=[
        "Which mean has the output in training, and which in use, if x is all ones?",
        "There are two right ways to make up for what is dropped. How many of them are here?",
    ],
    mistakes=[
        (6, "The keep probability is 1 minus the rate: right."),
        (7, "In use nothing is dropped, so the two modes do differ. But what happens in use?"),
        (9, "`random` gives numbers from 0 to 1; a share of `keep` lies below `keep`. Right."),
        (10, "What is kept is divided by `keep`: inverted dropout, and right."),
        (3, "The layer keeps its rate, and what it draws random numbers with: right."),
        (5, "It has to know the mode: right."),
        (2, "A rate, and something to draw with: that is all it needs."),
        (1, "This is how a class begins."),
        (4, "This line is empty."),
        (0, "Lines are counted from 1, as they are printed."),
    ],
    note="It divides in training and multiplies in use: one of the two is enough.",
)
def faulty_dropout():
    """In use it multiplies by `keep` what training has already made up for."""
    return 8


_OUTPUTS = _rng.normal(size=(3, 4))
_UNIFORM = _rng.uniform(size=(3, 4))


def _divided_by_rate(x, rate, uniform):
    return np.where(uniform < rate, 0, x / np.float64(rate))


class _Masked(Function):
    """Says so if what is kept is scaled rightly, but `uniform` is not what chooses it."""

    def _called(self, answer, arguments, case):
        with np.errstate(divide="ignore", invalid="ignore"):  # the message says so: not NumPy, too
            return super()._called(answer, arguments, case)

    def _told(self, answer, place, received, expected, usual):
        x, rate, _ = self.cases[place]
        output = numbers(received)
        if not usual and output is not None and output.shape == x.shape and (output == 0).any():
            if same(output, np.where(output == 0, 0, x / (1 - rate))):
                usual = (
                    "What is kept is scaled rightly, but others are dropped than `uniform` says. "
                    "Draw no random numbers of your own."
                )
        return super()._told(answer, place, received, expected, usual)


# Exercise 5.7
@_Masked(
    cases=[
        (_OUTPUTS, 0.3, _UNIFORM),
        (_OUTPUTS, 0.0, _UNIFORM),
        (np.ones(6), 0.8, np.array([0.1, 0.9, 0.5, 0.85, 0.3, 0.95])),
    ],
    hints=[
        "`uniform < rate` is true with probability `rate`: these are the ones to drop.",
        "What is left must be larger, so that the mean stays. A share of 1 - rate is left.",
    ],
    mistakes=[
        (
            lambda x, rate, uniform: x * (uniform >= rate),
            "The mean is now smaller in training than in use: scale up what is left.",
        ),
        (
            lambda x, rate, uniform: x * (uniform >= rate) / rate if rate else x,
            "1 / rate is right for 0.5 only. A share of 1 - rate is left.",
        ),
        (
            _divided_by_rate,
            "1 / rate is right for a rate of 0.5 only, and at 0 it divides by 0. A share of "
            "1 - rate is left.",
        ),
        (
            lambda x, rate, uniform: 2 * x * (uniform >= rate),
            "A factor of 2 is right for a rate of 0.5 only. A share of 1 - rate is left.",
        ),
        (lambda x, p, u: x * (u < p) / (1 - p), "This keeps what should be dropped."),
        (
            lambda x, rate, uniform: x * (uniform < 1 - rate) / (1 - rate),
            "This keeps those below 1 - rate: as many, on average, but the wrong ones. Those below "
            "`rate` are dropped.",
        ),
        (
            lambda x, rate, uniform: x * (uniform >= rate) / np.mean(uniform >= rate),
            "This divides by the share that chance has kept this time. Divide by 1 - rate, the "
            "same in every draw.",
        ),
        (
            lambda x, rate, uniform: x[uniform >= rate] / (1 - rate),
            "`x[mask]` leaves out what is dropped. It must become 0, in its place: `x * mask`.",
        ),
        (
            lambda x, rate, uniform: x[uniform >= rate],
            "`x[mask]` leaves out what is dropped. Put 0 in its place, and scale up what is left.",
        ),
        (lambda x, p, u: x * (u >= p) * (1 - p), "This makes the mean even smaller: divide."),
        (lambda x, rate, uniform: x * (1 - rate), "Nothing is dropped here."),
        (lambda x, rate, uniform: (uniform >= rate) / (1 - rate), "Where is x?"),
    ],
)
def dropout(x, rate, uniform):
    """Inverted dropout of `x`. `uniform` are random numbers in 0..1, of the same shape."""
    return np.where(uniform < rate, 0, x / (1 - rate))


# Exercise 5.8
@Number(
    within=0.1,
    hints=[
        "The gain is the variance of the three answers. You do not need the right one.",
        "Their mean is 5. The squared distances from it are 9, 1 and 16.",
    ],
    mistakes=[
        (26, "This is the sum of the squared distances. Take their mean."),
        (13, "The variance over n - 1. Here the mean over all three is meant."),
        (2.94, "This is the standard deviation. The errors are squared, so the gain is, too."),
        (
            29 / 3,
            "This is the mean squared error of the three. By how much is that of their mean less?",
        ),
        (1, "This is the squared error of the mean. How much is it less than that of the three?"),
        (5, "This is the mean of the answers."),
        (
            25,
            "This is the squared error of the mean if 0 is right. The gain is the variance of the "
            "answers, whatever is right.",
        ),
        (0, "They differ, so their mean is better than they are on average."),
    ],
    note="Whatever the right answer is: with 6 it is 9.67 - 1.",
)
def gain_of_mean():
    """By how much the mean of the answers 2, 4 and 9 has a smaller squared error than they have."""
    return ((2 - 5) ** 2 + (4 - 5) ** 2 + (9 - 5) ** 2) / 3


# Exercise 5.9
@Number(
    within=0.5,
    hints=[
        "A dense layer has a weight for each pair of input and output, and a bias for each output.",
        "784 × 256 + 256, and the way back.",
    ],
    mistakes=[
        (401_408, "The biases are missing: one for each unit of both layers."),
        (200_960, "This is the first layer only."),
        (200_704, "This is the first layer only, and its biases are missing."),
        (201_488, "This is the second layer only."),
        (201_224, "This is half of them: there are two layers, of nearly the same size."),
        (201_744, "The biases of both layers are there, but only one of the two kernels."),
        (401_920, "The 784 outputs have one bias each, and not 256."),
        (402_976, "The 256 hidden units have one bias each, and not 784."),
        (401_664, "The 784 outputs have biases too."),
        (402_192, "The 256 hidden units have biases too."),
        (
            157_351_936,
            "784 · 256 · 784 multiplies two layers. Add them: each has weights of its own.",
        ),
        (803_856, "Dropout adds nothing, and there are only two layers of weights."),
    ],
)
def autoencoder_parameters():
    """The parameters of a dense autoencoder 784-256-784, with dropout after the hidden layer."""
    return (784 + 1) * 256 + (256 + 1) * 784


def _l2(weights, gradient, learning_rate, penalty, slope):
    return weights - learning_rate * (gradient + penalty * slope(weights))


_WEIGHTS, _GRADIENT = _rng.normal(size=(2, 3, 2))


# Exercise 5.10
@Function(
    cases=[
        (_WEIGHTS, _GRADIENT, 0.1, 0.5),
        (_WEIGHTS, 0 * _GRADIENT, 0.1, 0.02),
        (_WEIGHTS, _GRADIENT, 0.3, 0.0),
    ],
    hints=[
        "The gradient of the penalty is added to the gradient of the loss.",
        "What is the derivative of penalty * w ** 2?",
    ],
    mistakes=[
        (partial(_l2, slope=lambda w: w), "The derivative of w ** 2 is 2 w."),
        (partial(_l2, slope=np.sign), "This is L1: its gradient is the sign of the weight."),
        (
            partial(_l2, slope=lambda weights: -2 * weights),
            "With this sign the penalty makes the weights larger.",
        ),
        (partial(_l2, slope=np.square), "This adds the penalty itself. Its gradient is asked for."),
        (
            partial(_l2, slope=lambda weights: np.sum(weights**2)),
            "This adds the penalty itself, one number for all weights. Its gradient is asked for: "
            "a number for each weight.",
        ),
        (
            partial(_l2, slope=lambda weights: 2 * np.sum(weights)),
            "This adds the sum over all weights to each. The slope in one weight depends on this "
            "weight alone.",
        ),
        (
            lambda w, g, r, p: w - r * g - 2 * p * w,
            "The learning rate multiplies the whole gradient, that of the penalty too.",
        ),
        (
            lambda w, g, r, p: w - r * g + 2 * p * w,
            "The slope of the penalty is taken away too, as that of the loss is, and the learning "
            "rate multiplies both.",
        ),
        (
            lambda w, g, r, p: w - r * g - p * w,
            "The derivative of w ** 2 is 2 w, and the learning rate multiplies it too.",
        ),
        (lambda w, g, r, p: -r * (g + 2 * p * w), "This is the change. Where do the weights go?"),
        (
            lambda w, g, r, p: r * (g + 2 * p * w),
            "This is the step only. Take it away from the weights.",
        ),
        (
            lambda w, g, r, p: w + r * (g + 2 * p * w),
            "This goes uphill: the step is taken away from the weights.",
        ),
        (
            lambda w, g, r, p: w - r * g,
            "This is the step without a penalty. Its gradient is added to that of the loss.",
        ),
        (
            lambda w, g, r, p: (w - r * g) * (1 - 2 * r * p),
            "The factor 1 - 2ηλ belongs to the weights as they were before the step. Here it also "
            "shrinks the step.",
        ),
    ],
)
def l2_step(weights, gradient, learning_rate, penalty):
    """The weights after one step down the gradient of loss + penalty * (sum of squared weights)."""
    return weights - learning_rate * (gradient + 2 * penalty * weights)
