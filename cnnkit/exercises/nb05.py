"""The exercises of notebook 05, dropout and other remedies against overfitting."""

from functools import partial

import numpy as np

from cnnkit.exercises._exercise import Function, Value

_rng = np.random.default_rng(5)


def _stop(losses, patience, limit=0, counted_from=0):
    """The patience rule, with the slips of the usual mistakes built in."""
    best, waited = 0, 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[best]:
            best, waited = epoch, 0
        else:
            waited += 1
        if waited == patience + limit:
            break
    return best + counted_from


def _first_rise(losses, patience):
    rises = np.flatnonzero(np.diff(losses) > 0)
    return int(rises[0]) if len(rises) else len(losses) - 1


def _last_epoch(losses, patience):
    best = _stop(losses, patience)
    return min(best + patience, len(losses) - 1)


# Exercise 5.1
@Function(
    cases=[
        ([0.9, 0.6, 0.7, 0.5, 0.8, 0.7, 0.6, 0.4], 3),
        ([0.9, 0.6, 0.7, 0.65, 0.5, 0.8], 2),
        ([0.9, 0.6, 0.7, 0.65, 0.5, 0.8], 3),
        ([0.9, 0.5, 0.6, 0.7, 0.6, 0.7, 0.4], 3),
        ([0.5, 0.4, 0.3, 0.2], 2),
        ([0.5, 0.4, 0.4, 0.4, 0.3], 3),
    ],
    hints=[
        "Go through the losses. Keep two numbers: the best epoch so far, and how many epochs ago "
        "that was.",
        "As soon as `epoch - best == patience`, training ends, and what comes later is not seen.",
    ],
    mistakes=[
        (
            lambda losses, patience: int(np.argmin(losses)),
            "This sees losses of epochs that were not trained any more.",
        ),
        (_first_rise, "This stops at the first rise, whatever the patience."),
        (_last_epoch, "This is the epoch at which training stops. Return the best one."),
        (partial(_stop, counted_from=1), "Count the epochs from 0."),
        (
            partial(_stop, limit=1),
            "This waits one epoch too long: after `patience` epochs without a gain it is over.",
        ),
        (
            lambda losses, patience: min(losses[: _last_epoch(losses, patience) + 1]),
            "This is the loss. Return the number of the epoch.",
        ),
    ],
)
def early_stop(losses, patience):
    """The best epoch, from 0, if training ends after `patience` epochs without a better loss."""
    best = 0
    for epoch in range(len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
        if epoch - best == patience:
            break
    return best


_OUTPUTS = _rng.normal(size=(3, 4))
_UNIFORM = _rng.uniform(size=(3, 4))


def _divided_by_rate(x, rate, uniform):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(uniform < rate, 0, x / np.float64(rate))


# Exercise 5.2
@Function(
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
        (lambda x, p, u: x * (u >= p) * (1 - p), "This makes the mean even smaller: divide."),
        (lambda x, rate, uniform: x * (1 - rate), "Nothing is dropped here."),
        (lambda x, rate, uniform: (uniform >= rate) / (1 - rate), "Where is x?"),
    ],
)
def dropout(x, rate, uniform):
    """Inverted dropout of `x`. `uniform` are random numbers in 0..1, of the same shape."""
    return np.where(uniform < rate, 0, x / (1 - rate))


# Exercise 5.3
@Value(
    hints=[
        "Of many ones, which share is left, and what has each become?",
        "0.8 of them are left, each 1 / 0.2.",
    ],
    mistakes=[
        (1, "So it should be. But here it is scaled with 1 / p."),
        (0.8, "This is the mean without any scaling."),
        (5, "This is what each of the ones that are left becomes. Some are 0."),
        (0.25, "The other way round: 0.2 are dropped, and 0.8 are left."),
        (1.25, "This is 1 / (1 - p), the right factor. The question is on the wrong one."),
        (0.2, "This is the share that is dropped."),
    ],
    note="(1 - p) / p: four times too much.",
)
def wrong_mean():
    """The mean of ones after dropout with p = 0.2, if it is scaled with 1 / p."""
    return (1 - 0.2) / 0.2


# Exercise 5.4
@Value(
    hints=["A Keras layer takes the probability to be dropped.", "What is not kept is dropped."],
    mistakes=[
        (0.8, "This is the probability to be kept, as the paper writes it."),
        (1.25, "This is what is left multiplied by."),
        (0.5, "Where does this come from? The paper says 0.8 for the inputs."),
        (0.25, "This is the ratio of dropped to kept."),
        (20, "As a share, not in per cent."),
    ],
)
def keras_rate():
    """`rate` of `keras.layers.Dropout`, for units kept with probability 0.8."""
    return 1 - 0.8


def _softmax(logits):
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


_PASSES = 2 * _rng.normal(size=(5, 3, 4))


# Exercise 5.5
@Function(
    cases=[
        (_PASSES,),
        (np.repeat(_PASSES[:1], 4, axis=0),),
        (np.log([[[0.5, 0.4, 0.1]], [[0.5, 0.1, 0.4]]]),),  # the likeliest is always sure
    ],
    hints=[
        "First a softmax over the last axis. Then mean and standard deviation over the passes.",
        "The passes are axis 0. The mean has shape (images, classes): its argmax is the class.",
        "`probabilities.std(axis=0)[np.arange(n_images), mean.argmax(axis=1)]` picks one number "
        "for each image.",
    ],
    mistakes=[
        (
            lambda logits: _summary(_softmax(logits.mean(axis=0)), _softmax(logits)),
            "This averages the logits. Average the probabilities.",
        ),
        (
            lambda logits: _summary(logits.mean(axis=0), logits),
            "These are logits. A softmax turns them into probabilities.",
        ),
        (
            lambda logits: (_softmax(logits).mean(axis=0), _softmax(logits).std(axis=0)),
            "The spread has a number for each class. Only that of the likeliest is asked for.",
        ),
        (
            lambda logits: _summary(_softmax(logits).mean(0), _softmax(logits), np.var),
            "This is the variance: take its root.",
        ),
        (
            lambda logits: (_softmax(logits).mean(axis=1), _softmax(logits).std(axis=1).max(-1)),
            "This averages over the images. The passes are axis 0.",
        ),
        (
            lambda x: (_softmax(x).mean(axis=0), _softmax(x).std(axis=0).max(axis=1)),
            "This is the largest spread of any class. Take that of the likeliest class.",
        ),
        (
            lambda x: (_softmax(x).mean(axis=0), _softmax(x).std(axis=0).mean(axis=1)),
            "This is the mean spread of all classes. Take that of the likeliest class.",
        ),
        (lambda x: _summary(_softmax(x).mean(0), _softmax(x))[::-1], "First the mean."),
        (lambda x: _softmax(x).mean(axis=0), "The mean is right. Return the spread too."),
        (lambda x: _summary(_softmax(x).mean(0), _softmax(x))[1], "Return the mean too, first."),
    ],
)
def summarize(logits):
    """Mean probabilities (images, classes) and spread (images,) of `logits`.

    `logits` has shape (passes, images, classes). The spread is the standard deviation over the
    passes, for the class with the largest mean.
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities = powers / powers.sum(axis=-1, keepdims=True)
    mean = probabilities.mean(axis=0)
    likeliest = np.arange(len(mean)), mean.argmax(axis=1)
    return mean, probabilities.std(axis=0)[likeliest]


def _likeliest(probabilities):
    mean = probabilities.mean(axis=0)
    return np.arange(len(mean)), mean.argmax(axis=1)


def _summary(mean, values, spread=np.std):
    return mean, spread(values, axis=0)[_likeliest(values)]


# Exercise 5.6
@Value(
    hints=[
        "A dense layer has a weight for each pair of input and output, and a bias for each output.",
        "784 × 256 + 256, and the way back.",
    ],
    mistakes=[
        (401_408, "The biases are missing: one for each unit of both layers."),
        (200_960, "This is the first layer only."),
        (402_432, "Only one of the layers, or not all of its outputs, have biases here."),
        (401_664, "The 784 outputs have biases too."),
        (402_192, "The 256 hidden units have biases too."),
        (803_856, "Dropout adds nothing, and there are only two layers of weights."),
    ],
)
def autoencoder_parameters():
    """The parameters of a dense autoencoder 784-256-784, with dropout after the hidden layer."""
    return (784 + 1) * 256 + (256 + 1) * 784


def _l2(weights, gradient, rate, penalty, slope):
    return weights - rate * (gradient + penalty * slope(weights))


_WEIGHTS, _GRADIENT = _rng.normal(size=(2, 3, 2))


# Exercise 5.7
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
            lambda w, gradient, rate, penalty: w - rate * gradient - 2 * penalty * w,
            "The learning rate multiplies the whole gradient, that of the penalty too.",
        ),
        (lambda w, g, r, p: -r * (g + 2 * p * w), "This is the change. Where do the weights go?"),
    ],
)
def l2_step(weights, gradient, rate, penalty):
    """The weights after one step down the gradient of loss + penalty * (sum of squared weights)."""
    return weights - rate * (gradient + 2 * penalty * weights)


_SCORES = np.array([0.81, 0.86, 0.84, 0.79]), np.array([0.80, 0.82, 0.85, 0.76])


# Exercise 5.9
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
        (lambda validation, test: test.mean(), "You use one of the networks, not all."),
        (
            lambda validation, test: validation[test.argmax()],
            "The two are exchanged: choose with validation, report the test.",
        ),
        (lambda validation, test: test.min(), "This is the worst network."),
    ],
)
def honest_score(validation, test):
    """The test score of the network that is chosen, one score for each network in both arrays."""
    return test[validation.argmax()]


# Exercise 5.8
@Value(
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
        (100 * (1 - 0.95**24), "This is in per cent: write it as a share of 1."),
    ],
    note="And that for any number of hyperparameters.",
)
def hit_rate():
    """How likely at least one of 24 random settings is among the best 5 %."""
    return 1 - 0.95**24
