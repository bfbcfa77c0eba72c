"""The exercises of notebook 04b, optimisers."""

from functools import partial

import numpy as np

from cnnkit.exercises._exercise import FaultyLine, Function, LineOrder, Number

_rng = np.random.default_rng(42)


# Exercise 4b.1
@Number(
    within=0.0005,
    hints=[
        "On an even slope the steps of momentum grow. By which factor, in the end?",
        "The factor is 1 / (1 - m). The steps should stay as long as they were, so the rate "
        "shrinks by the same factor.",
    ],
    mistakes=[
        (0.5, "With the same rate the steps would in the end be ten times as long."),
        (5, "The other way round: momentum lengthens the steps, so the rate has to shrink."),
        (0.45, "This multiplies by m. The steps grow by the factor 1 / (1 - m)."),
        (0.5 / 0.9, "This divides by m. The steps grow by the factor 1 / (1 - m)."),
        (0.95, "This is the rate for a slope that changes its sign: there the factor is 1/(1+m)."),
        (0.1, "This divides by 5, which belongs to m = 0.8. Here m is 0.9."),
        (0.005, "This divides by 10 twice."),
    ],
    note="Steps grow by 1 / (1 - 0.9) = 10, so the rate is a tenth.",
)
def steady_rate():
    """The rate with momentum 0.9 whose steps end as long as those of 0.5 without momentum."""
    return 0.5 * (1 - 0.9)


# Exercise 4b.2
@FaultyLine(
    code="""
    def descend(w, gradient, rate, m, n_steps):
        for _ in range(n_steps):
            step = 0
            step = m * step - rate * gradient(w)
            w = w + step
        return w
    """,
    hints=[
        "What does momentum need to remember from one round of the loop to the next?",
        "Follow `step` through two rounds: which value does it have when `m * step` is computed?",
    ],
    mistakes=[
        (4, "This is the formula of momentum, and right. What does it find in `step`?"),
        (5, "The weights move by the step: right."),
        (2, "One round for each step: right."),
        (6, "It returns the last weights: right."),
        (1, "All that momentum needs is given."),
        (0, "Lines are counted from 1, as they are printed."),
    ],
    note="The line belongs before the loop. Here each round forgets the last step.",
)
def faulty_momentum():
    """The step is set to 0 in each round, so that nothing is kept."""
    return 3


# Exercise 4b.3
@Number(
    within=0.005,
    hints=[
        "What is q after nine slopes of 4?",
        "q is 9 · 16 = 144. Divide the slope by its root, and multiply by the rate.",
    ],
    mistakes=[
        (0.6, "This is the first step. Then q grows."),
        (0.6 / 9, "The step shrinks with the root of the number of steps, not with the number."),
        (2.4, "This is a step of gradient descent. AdaGrad divides it by the root of q."),
        (0.6 * 4 / 9, "This divides by 9, the number of steps. Divide by the root of q."),
        (0.05, "The rate is divided by the root of q, and then multiplied by the slope."),
        (0.6 * 4 / 144, "Divide by the root of q, not by q."),
        (0.6 / 8**0.5, "This is the eighth step: q already holds the square of the ninth slope."),
        (0.8, "q adds up the squares of the slopes, 16 each. Then take the rate into account."),
        (0.15, "This takes the root of one square. q holds the squares of all nine slopes."),
        (1.8, "This multiplies by the root of 9. The root stands below the line: divide by it."),
        (0.4, "q adds up the squares of the slopes, 16 each, and not the slopes."),
    ],
    note="0.6 / √9. The size of the slope does not matter.",
)
def ninth_step():
    """The length of AdaGrad's ninth step with slopes of 4 and rate 0.6."""
    q = 9 * 4**2
    return 0.6 * 4 / np.sqrt(q)


# Exercise 4b.4
@LineOrder(
    lines=[
        "mean, squares = 0, 0",
        "for t in range(1, n_steps + 1):",
        "    g = gradient(w)",
        "    mean, squares = 0.9 * mean + 0.1 * g, 0.999 * squares + 0.001 * g**2",
        "    direction = mean / (1 - 0.9**t)",
        "    direction = direction / (np.sqrt(squares / (1 - 0.999**t)) + 1e-7)",
        "    w = w - rate * direction",
    ],
    hints=[
        "Which line is done once, before all steps?",
        "A step begins with the slopes, and both averages take them up. What comes after that?",
        "The direction is first made, from the mean, and then divided. The weights move last.",
    ],
    mistakes=[
        ((2, 1), "The averages begin at 0 once, before the loop."),
        ((3, 2), "The slopes are needed in each step: the loop must begin before."),
        ((4, 3), "The averages take up the slopes `g`, which must be known before."),
        (
            (5, 4),
            "The correction divides the new mean: first both averages are brought up to date.",
        ),
        ((6, 5), "This line divides `direction`, which must be made from the mean before."),
        ((7, 6), "The weights move along the finished direction: that comes last."),
    ],
)
def adam_lines():
    """First what is remembered; in each step slopes, averages, correction, division, the move."""


# Exercise 4b.5
@Number(
    within=0.001,
    hints=[
        "How many numbers does one sum of this convolution add up?",
        "A window has 3 · 3 places and 64 channels, so n = 576. The variance is 2/n.",
    ],
    mistakes=[
        (2 / 576, "This is the variance. The standard deviation is its root."),
        ((2 / 64) ** 0.5, "A window has 3 · 3 places in each of the 64 channels."),
        ((2 / 9) ** 0.5, "A window has 9 places in *each* of the 64 channels."),
        (
            (2 / 1152) ** 0.5,
            "He has 2/n with n = 3 · 3 · 64, the numbers that come in. 1/n has no room for ReLU, "
            "and the 128 filters are what goes out.",
        ),
        (
            (2 / (576 + 1152)) ** 0.5,
            "This is Glorot's. He initialisation counts only what comes in.",
        ),
        ((2 / 128) ** 0.5, "128 is the number of filters. What counts is what one sum adds up."),
        ((2 / (576 * 128)) ** 0.5, "These are all weights. What counts is what one sum adds up."),
        ((2 / 192) ** 0.5, "One sum adds up 3 · 3 numbers of each channel, not 3."),
    ],
)
def he_deviation():
    """The standard deviation that He gives to the weights of a 3 by 3 window with 64 channels."""
    n = 3 * 3 * 64
    return (2 / n) ** 0.5


def _always(gradient, limit):
    with np.errstate(all="ignore"):
        return gradient * (limit / np.linalg.norm(gradient))


def _above(shortened, length=np.linalg.norm):
    """A wrong answer: the right condition, or that of another length, and another shortening."""

    def clip(gradient, limit):
        return shortened(gradient, limit) if length(gradient) > limit else gradient

    return clip


# Exercise 4b.6
@Function(
    cases=[
        (np.array([3.0, -4.0]), 1),
        (np.array([0.3, 0.4]), 1),
        (np.array([0.8, 0.9, -0.7]), 1),
        (np.array([5.0, 0.0, 12.0]), 2),
        (np.zeros(3), 0.5),
    ],
    hints=[
        "There are two cases: at most `limit` long, or longer. What is returned in the first one?",
        "A vector divided by its length has length 1. How long is it then times `limit`?",
    ],
    mistakes=[
        (
            lambda gradient, limit: np.clip(gradient, -limit, limit),
            "Each number is cut off on its own, which changes the direction. Shorten the whole "
            "vector by one factor.",
        ),
        (
            _always,
            "Short gradients are made longer, and of zeros comes NaN. Leave gradients as they are "
            "if they are at most `limit` long.",
        ),
        (
            _above(lambda gradient, limit: gradient / np.linalg.norm(gradient)),
            "What is too long gets the length 1. It should get the length `limit`.",
        ),
        (
            _above(lambda gradient, limit: gradient * limit),
            "This multiplies by `limit`. First divide by the length.",
        ),
        (
            _above(lambda gradient, limit: gradient / limit),
            "This divides by `limit`. Divide by the length, and multiply by `limit`.",
        ),
        (
            _above(_always, length=lambda gradient: np.abs(gradient).max()),
            "You compare the largest number with the limit. The length of the whole vector counts.",
        ),
        (
            _above(_always, length=lambda gradient: gradient.sum()),
            "You compare the sum with the limit. The length is the root of the sum of squares.",
        ),
        (
            _above(
                lambda gradient, limit: gradient * limit / (gradient**2).sum(),
                length=lambda gradient: (gradient**2).sum(),
            ),
            "This takes the sum of the squares for the length. The length is its root.",
        ),
        (
            _above(lambda gradient, limit: limit),
            "This is the limit, one number. Return the gradient, shortened to that length.",
        ),
        (
            _above(lambda gradient, limit: gradient * limit / np.abs(gradient).max()),
            "This divides by the largest number. Divide by the length of the whole vector.",
        ),
        (
            lambda gradient, limit: gradient,
            "This returns the gradient as it is, however long.",
        ),
        (
            _above(lambda gradient, limit: np.full_like(gradient, limit)),
            "All numbers become `limit`. Keep the direction, and change the length alone.",
        ),
        (
            lambda gradient, limit: min(np.linalg.norm(gradient), limit),
            "This is the new length. Return the gradient of that length.",
        ),
    ],
)
def clip(gradient, limit):
    """The gradient, no longer than `limit`."""
    length = np.linalg.norm(gradient)
    if length > limit:
        return gradient * (limit / length)
    return gradient


# Exercise 4b.7
@Number(
    within=0.003,
    hints=[
        "Put t/T = 1/4 into the formula.",
        "cos(π/4) is 0.707.",
    ],
    mistakes=[
        (0.075, "This is a straight line. A cosine falls slowly at first."),
        (0.1 * (1 + np.cos(45)) / 2, "cos(45) has 45 in radians. A quarter of π is π/4."),
        (
            0.1 * np.cos(np.pi / 8),
            "This is a cosine from 1 to 0, a quarter turn. The formula has half a turn, π t/T, "
            "adds 1 and halves.",
        ),
        (0.1 * 0.7071, "The cosine itself would go down to -1: 1 is added, and all is halved."),
        (0.05, "This is the rate after half of the steps."),
        (0.1 * 0.7071 / 2, "The 1 in front of the cosine is missing."),
        (0.1 * 0.14645, "This is the rate after three quarters of the steps."),
        (0.1 * 1.7071, "The half in front of the formula is missing."),
        (0.85355, "This is the share of the first rate. The first rate is 0.1."),
        (0.025, "A quarter of the steps are gone, not three quarters of the rate."),
        (0.1, "The angle is in radians, π/4. `np.cos` takes radians, too."),
    ],
    note="After a quarter of the steps 85 % of the rate are still there.",
)
def quarter_rate():
    """A cosine schedule from 0.1 on, after a quarter of the steps."""
    return 0.1 * (1 + np.cos(np.pi / 4)) / 2


def _warm(step, n_steps, n_warm, rate, first=1, begin=None, end=None, half=0.5, angle=np.pi):
    """The schedule; each option is a place where a slip is usual."""
    if step < n_warm:
        return rate * (step + first) / n_warm
    begin = n_warm if begin is None else begin
    length = (n_steps if end is None else end(n_steps, n_warm)) - begin
    return rate * half * (1 + np.cos(angle * (step - begin) / length))


def _straight(step, n_steps, n_warm, rate):
    return rate * min((step + 1) / n_warm, (n_steps - step) / (n_steps - n_warm))


def _product(step, n_steps, n_warm, rate):
    warm = min(1, (step + 1) / n_warm)
    return _warm(step, n_steps, 0, rate) * warm


def _one_longer(step, n_steps, n_warm, rate):
    if step == n_warm:
        return rate * (step + 1) / n_warm
    return _warm(step, n_steps, n_warm, rate)


def _whole_cosine(step, n_steps, n_warm, rate):
    right = _warm(step, n_steps, n_warm, rate)
    return right if step < n_warm else 2 * right - rate


def _quarter_turn(step, n_steps, n_warm, rate):
    right = _warm(step, n_steps, n_warm, rate)
    angle = np.pi / 2 * (step - n_warm) / (n_steps - n_warm)
    return right if step < n_warm else rate * np.cos(angle)


def _no_warm_up(step, n_steps, n_warm, rate):
    return rate if step < n_warm else _warm(step, n_steps, n_warm, rate)


# Exercise 4b.8
@Function(
    cases=[
        (0, 110, 10, 0.2),
        (9, 110, 10, 0.2),
        (10, 110, 10, 0.2),
        (35, 110, 10, 0.2),
        (60, 110, 10, 0.2),
        (109, 110, 10, 0.2),
        (4, 20, 5, 1.0),
        (20, 50, 4, 0.3),
    ],
    hints=[
        "Two cases: a step in the warm-up, and one after it.",
        "In the warm-up step 0 gets one piece of `rate / n_warm`, step 1 two of them.",
        "After it, how many steps of the cosine are gone, `step - n_warm`, and of how many, "
        "`n_steps - n_warm`?",
    ],
    mistakes=[
        (
            partial(_warm, first=0),
            "Step 0 gets the rate 0, which moves nothing. It should get one piece.",
        ),
        (
            partial(_warm, begin=0),
            "The cosine counts from step 0, so that the rate drops where the warm-up ends. It "
            "begins at step `n_warm`.",
        ),
        (
            partial(_warm, end=lambda n_steps, n_warm: n_steps + n_warm),
            "The cosine takes `n_steps` steps, and would reach 0 too late: only "
            "`n_steps - n_warm` are left for it.",
        ),
        (partial(_warm, half=1), "The half in front of the cosine is missing."),
        (
            _one_longer,
            "The warm-up is one step too long: it has the steps below `n_warm`, so `<`, not `<=`.",
        ),
        (
            lambda step, n_steps, n_warm, rate: (
                rate * (step + 1) / (n_warm + 1)
                if step < n_warm
                else _warm(step, n_steps, n_warm, rate)
            ),
            "The last step of the warm-up, `n_warm - 1`, does not reach `rate`: a piece is "
            "`rate / n_warm`.",
        ),
        (
            _whole_cosine,
            "The cosine itself goes down to -1: add 1, and halve.",
        ),
        (partial(_warm, angle=180), "`np.cos` takes radians: half a turn is `np.pi`, not 180."),
        (partial(_warm, angle=2 * np.pi), "A whole turn goes down and up again: take `np.pi`."),
        (partial(_warm, angle=np.pi / 2), "This cosine ends at half the rate: take `np.pi`."),
        (partial(_warm, angle=1), "The π is missing: the cosine takes `np.pi` times the share."),
        (
            _quarter_turn,
            "This is a quarter of a turn, from 1 to 0. The formula has half a turn, from 1 to -1; "
            "then 1 is added, and all is halved.",
        ),
        (_straight, "This falls along a straight line. A cosine falls slowly, fast, and slowly."),
        (
            _product,
            "The cosine already falls during the warm-up. The two come one after the other.",
        ),
        (_no_warm_up, "During the warm-up the rate is already full. It has to grow."),
        (
            lambda step, n_steps, n_warm, rate: _warm(step, n_steps, n_warm, 1),
            "This is the share of the rate. Multiply it by `rate`.",
        ),
    ],
)
def warm_cosine(step, n_steps, n_warm, rate):
    """The learning rate of a step: a warm-up, then half a cosine."""
    if step < n_warm:
        return rate * (step + 1) / n_warm
    share = (step - n_warm) / (n_steps - n_warm)  # of the cosine that is gone
    return rate * (1 + np.cos(np.pi * share)) / 2


def bowl(w):
    """The slopes of a bowl whose lowest point is at 1."""
    return w - 1


def valley(w):
    """The slopes of a valley that is 20 times as steep in its second weight."""
    return np.array([1, 20]) * w


def _overwritten(start, gradient, rate, decay, n_steps):
    """A wrong answer: the averages themselves are corrected, again in each step."""
    w, mean, squares = start, 0, 0
    for t in range(1, n_steps + 1):
        g = gradient(w)
        mean = (0.9 * mean + 0.1 * g) / (1 - 0.9**t)
        squares = (0.999 * squares + 0.001 * g**2) / (1 - 0.999**t)
        w = w - rate * decay * w - rate * mean / (np.sqrt(squares) + 1e-7)
    return w


def _walk(
    start,
    gradient,
    rate,
    decay,
    n_steps,
    *,
    betas=(0.9, 0.999),
    corrections=(True, True),
    first=1,
    kept=None,
    ahead=False,
    upside_down=False,
    in_gradient=False,
    late=False,
    root=np.sqrt,
    plain=False,
    squared=np.square,
):
    """AdamW; each option is a place where a slip is usual. `kept` is the share that stays."""
    w, mean, squares = start, 0, 0
    kept = 1 - rate * decay if kept is None else kept(rate, decay)
    for t in range(first, n_steps + first):
        g = gradient(w * kept if ahead else w) + (decay * w if in_gradient else 0)
        mean = betas[0] * mean + (1 - betas[0]) * g
        squares = betas[1] * squares + (1 - betas[1]) * squared(g)
        with np.errstate(all="ignore"):
            shares = [1 - beta**t for beta in betas]
            shares = [1 / share for share in shares] if upside_down else shares
            m = mean / shares[0] if corrections[0] else mean
            q = squares / shares[1] if corrections[1] else squares
            step = rate * (g if plain else m) / (root(q) + 1e-7)
        w = (w - step) * kept if late else w * kept - step
    return w


# Exercise 4b.9
@Function(
    cases=[
        (np.array([4.0, -2.0]), bowl, 0.1, 0.1, 1),
        (np.array([4.0, -2.0]), bowl, 0.1, 0.1, 5),
        (np.array([-4.0, 1.5]), valley, 0.3, 0.05, 20),
        (_rng.normal(size=(2, 3)), bowl, 0.02, 0.2, 30),
        (np.array([1.0, 2.0]), bowl, 0.5, 0.0, 4),
    ],
    hints=[
        "Before the loop: the weights, a mean and a mean of squares, both 0. Count the steps from "
        "1: `for t in range(1, n_steps + 1)`.",
        "In each step: the slopes at `w`; both averages; both divided by their correction; "
        "then the decay and the step.",
        "`w = w - rate * decay * w` is the decay; then comes `w = w - rate * mean_part / "
        "(np.sqrt(square_part) + 1e-7)`, with slopes from before the decay.",
    ],
    mistakes=[
        (
            partial(_walk, in_gradient=True, kept=lambda rate, decay: 1),
            "The decay is in the gradient, where it is averaged and divided. In AdamW it acts on "
            "the weights directly.",
        ),
        (partial(_walk, kept=lambda rate, decay: 1), "This is Adam: the decay is missing."),
        (
            partial(_walk, kept=lambda rate, decay: 1 - decay),
            "The decay is too large: its share is `rate * decay`.",
        ),
        (
            partial(_walk, kept=lambda rate, decay: 1 + rate * decay),
            "The sign of the decay: the weights should shrink.",
        ),
        (partial(_walk, corrections=(False, False)), "The bias corrections are missing."),
        (partial(_walk, corrections=(True, False)), "The mean of the squares is not corrected."),
        (partial(_walk, corrections=(False, True)), "The mean of the slopes is not corrected."),
        (
            partial(_walk, first=0),
            "In the first step `1 - beta**t` is 0, and 0/0 is NaN: count the steps from 1.",
        ),
        (
            _overwritten,
            "The averages are overwritten by what is corrected, so that the next step corrects "
            "them once more. Give the corrected ones names of their own.",
        ),
        (partial(_walk, upside_down=True), "Divide by `1 - beta**t`; do not multiply by it."),
        (
            partial(_walk, ahead=True),
            "The slopes are taken after the decay. Take them at the weights with which the step "
            "begins.",
        ),
        (
            partial(_walk, late=True),
            "The decay comes too late: it takes the weights before the step.",
        ),
        (
            partial(_walk, betas=(0.999, 0.9)),
            "The two β are swapped: 0.9 is for the slopes, 0.999 for their squares.",
        ),
        (partial(_walk, betas=(0.1, 0.001)), "The share of the *old* is 0.9 and 0.999."),
        (
            partial(_walk, root=np.asarray),
            "The root is missing: divide by the root of the squares.",
        ),
        (
            partial(_walk, plain=True),
            "The step takes the slope itself. It should take the corrected mean of the slopes.",
        ),
        (partial(_walk, squared=np.abs), "The second average is one of squares: `g**2`."),
        (
            lambda start, gradient, rate, decay, n_steps: _walk(
                start, lambda w: -gradient(w), rate, decay, n_steps
            ),
            "The sign: this climbs. A step goes against the slope.",
        ),
        (
            lambda *a: _walk(*a[:4], a[4] - 1),
            "This is one step too few: `range(1, n_steps)` stops before `n_steps`.",
        ),
        (
            lambda *a: _walk(*a[:4], 1),
            "This is one step only. Is the `return` inside the loop, or are the averages set back?",
        ),
    ],
)
def descend(start, gradient, rate, decay, n_steps):
    """The weights after `n_steps` steps of AdamW."""
    w, mean, squares = start, 0, 0
    for t in range(1, n_steps + 1):
        g = gradient(w)
        mean = 0.9 * mean + 0.1 * g
        squares = 0.999 * squares + 0.001 * g**2
        corrected = mean / (1 - 0.9**t), squares / (1 - 0.999**t)
        w = w - rate * decay * w  # the decay
        w = w - rate * corrected[0] / (np.sqrt(corrected[1]) + 1e-7)
    return w
