"""The exercises of notebook 07b, honest numbers."""

import math
from functools import partial

import numpy as np

from cnnkit.exercises._exercise import FaultyLine, Function, LineOrder, Number

_rng = np.random.default_rng(7)


# Exercise 7b.1
@Number(
    within=0.5,
    hints=[
        "How many of the 3,000 labels are wrong, before you look at any?",
        "2 of 100 are 60 of 3,000. The 40 suspects hold 30 of them.",
    ],
    mistakes=[
        (60, "These are the wrong ones before you look. 30 of them you have mended."),
        (10, "These are the suspects whose label is right."),
        (20, "40 suspects are not 40 wrong labels: 10 of them were right."),
        (2, "2 of 100: of 3,000 these are 60. How many of them are left?"),
        (2960, "These are the photos that you have not looked at. Most of their labels are right."),
        (2970, "These are all other photos. How many of their labels are wrong?"),
        (2930, "2,960 and 2,930 are photos, and the question is of wrong labels: at first 60."),
    ],
    note="A list of suspects finds the plain ones. No list says that nothing is left.",
)
def labels_left():
    """The wrong labels left of 2 in 100 of 3,000, once 30 of 40 suspects were wrong and mended."""
    return 0.02 * 3000 - 30


def _first_animals(names, n):
    return np.isin(names, np.unique(names)[:n])


def _tested(names, share, rounded=round):
    return _first_animals(names, rounded(share * len(set(names))))


def _in_order_of_appearance(names, share):
    animals = list(dict.fromkeys(names.tolist()))
    return np.isin(names, animals[: round(share * len(animals))])


# Exercise 7b.2
@Function(
    cases=[
        (np.array("Rex Ada Rex Tom Ada Ida Bo Rex Mia Tom Zoe".split()), 0.25),
        (np.array("Bo Bo Ida Ada Bo Max Ada Leo".split()), 0.25),
        (np.array("Mia Mia Mia Mia Bo Leo Ada Mia".split()), 0.5),
    ],
    hints=[
        "`np.unique(names)` gives each name once, sorted. How many of them are tested?",
        "`np.isin(names, some)` says for each name whether it is among `some`.",
    ],
    mistakes=[
        (
            lambda names, share: np.arange(len(names)) < round(share * len(names)),
            "This splits the photos: an animal can stand on both sides.",
        ),
        (
            lambda names, share: names.argsort(kind="stable").argsort() < round(share * len(names)),
            "The photos are sorted, but still the split can run through one animal's photos.",
        ),
        (partial(_tested, rounded=int), "`int` cuts off: use `round`."),
        (partial(_tested, rounded=math.ceil), "This rounds up: use `round`."),
        (
            lambda names, share: _first_animals(names, round(share * len(names))),
            "The share is one of the animals. You took it of the photos.",
        ),
        (lambda *a: ~_tested(*a), "Test and training are exchanged. Mark those of the test."),
        (
            lambda x, share: np.isin(x, np.unique(x)[-round(share * len(set(x))) :]),
            "These are the last of the names. Take the first.",
        ),
        (_in_order_of_appearance, "Sort the different names before you take the first."),
        (
            lambda x, share: np.unique(x, return_index=True)[1][: round(share * len(set(x)))],
            "One entry for each photo: is its animal among those of the test?",
        ),
    ],
    note="So the test asks about animals that the network has never seen.",
)
def group_split(names, share):
    """Whether each photo goes to the test: all photos of the first `share` of the sorted names."""
    animals = np.unique(names)
    return np.isin(names, animals[: round(share * len(animals))])


# Exercise 7b.3
@FaultyLine(
    code="""
    animals = np.unique(names)
    tested = np.random.default_rng(0).permutation(animals)[: len(animals) // 5]
    in_test = np.isin(names, tested)
    scaler = StandardScaler().fit(features)
    x_train, x_test = scaler.transform(features[~in_test]), scaler.transform(features[in_test])
    head = LogisticRegression(C=0.01).fit(x_train, labels[~in_test])
    print(head.score(x_test, labels[in_test]))
    """,
    hints=[
        "Two things are learned here. Which lines call `fit`?",
        "What may be learned from photos of the test?",
    ],
    mistakes=[
        (1, "Each animal once, so that animals can be dealt: right."),
        (2, "It draws a fifth of the animals, not of the photos: right."),
        (3, "All photos of a drawn animal go to the test: right."),
        (5, "Both sides are transformed with one mean and one spread: right. Whose are they?"),
        (6, "The head learns from photos of training alone: right."),
        (7, "It judges animals that the head has not seen: right."),
        (0, "Lines are counted from 1, as they are printed."),
    ],
    note="The mean and the spread are learned, too. Here it costs little. Where few of very many "
    "features are *chosen* on all photos, it can flatter by tens of points.",
)
def leaking_line():
    """The line that learns from photos of the test."""
    return 4


def _shares(labels, predicted, kind=1):
    """Precision and recall for the class `kind`."""
    hits = np.sum((labels == kind) & (predicted == kind))
    return hits / np.sum(predicted == kind), hits / np.sum(labels == kind)


_TRUE, _SAID = (_rng.uniform(size=(2, 30)) < [[0.4], [0.6]]).astype(int)


# Exercise 7b.4
@Function(
    cases=[
        (_TRUE, _SAID),
        (np.array([1, 1, 1, 0, 0, 0, 0, 1]), np.array([1, 0, 0, 0, 0, 1, 0, 1])),
        (np.array([0, 1, 0, 0, 1]), np.array([1, 1, 1, 0, 1])),
    ],
    hints=[
        "How many photos are dogs *and* are called dogs?",
        "Of all that are *called* dogs, these make the precision; of all that *are* dogs, "
        "the recall.",
    ],
    mistakes=[
        (
            lambda labels, predicted: _shares(predicted, labels),
            "The two are exchanged: precision asks how far to believe the answer *dog*.",
        ),
        (partial(_shares, kind=0), "These are the cats'. Dogs are 1."),
        (
            lambda y, predicted: (np.mean(y == predicted),) * 2,
            "This is the accuracy. It counts cats, too.",
        ),
        (
            lambda y, predicted: (np.mean(y & predicted),) * 2,
            "Do not divide by all photos, but by the dogs: those called so, and those that are.",
        ),
        (
            lambda *a: (_shares(*a)[0], _shares(*a, kind=0)[1]),
            "The second is the share of *cats* that are found (the specificity).",
        ),
        (lambda *a: tuple(1 - np.array(_shares(*a))), "These are the shares of the errors."),
        (
            lambda y, predicted: (np.mean(y & predicted), _shares(y, predicted)[1]),
            "The second is right. The first divides by all photos: divide by those called dog.",
        ),
        (
            lambda y, p: (np.sum(y == p) / np.sum(p), np.sum(y == p) / np.sum(y)),
            "Cats that are called cats are right, but no hits: count the dogs only.",
        ),
        (lambda y, predicted: (np.sum(y & predicted),) * 2, "These are the hits. Of how many?"),
        (
            lambda *a: (_shares(*a)[0], np.mean(a[0] == a[1])),
            "The first is right. The second is the accuracy: of the *dogs*, how many are found?",
        ),
        (
            lambda *a: (np.mean(a[0] == a[1]), _shares(*a)[1]),
            "The second is right. The first is the accuracy: of those *called dogs*, how many are "
            "dogs?",
        ),
    ],
)
def precision_and_recall(labels, predicted):
    """Of photos called dog, the share of dogs; of dogs, the share called so; (n,) of 0 and 1."""
    hits = np.sum((labels == 1) & (predicted == 1))
    return hits / np.sum(predicted == 1), hits / np.sum(labels == 1)


# Exercise 7b.5
@Number(
    within=0.005,
    hints=[
        "Take 10,000 scans. How many are of ill people, and how many of healthy ones?",
        "100 are ill, and 95 of them are found. Of the 9,900 healthy ones a tenth is called ill.",
    ],
    mistakes=[
        (0.95, "This is the recall: how many of the ill are found."),
        (0.9, "This is the share of the healthy that are called healthy."),
        (0.01, "This is the share of the ill in all scans, before anybody has looked."),
        (
            0.905,
            "95 to 10 it would be with as many healthy as ill. There are 99 times as many. "
            "(About this is the accuracy, too: of those *called ill*, how many are?)",
        ),
        (0.095, "95 hits to 990 false alarms: divide by both together."),
        (0.0095, "These are the hits, of all scans. Divide by those that are called ill."),
        (0.913, "Of the ill these are hits, of the healthy false alarms: weigh them, 1 to 99."),
    ],
    note="Ten of eleven who are called ill are healthy. So a find is looked at again.",
)
def rare_precision():
    """The precision for 1 ill of 100, where 95 of 100 ill and 10 of 100 healthy are called ill."""
    hits, false_alarms = 0.01 * 0.95, 0.99 * 0.10
    return hits / (hits + false_alarms)


# Exercise 7b.6
@Number(
    within=0.005,
    hints=[
        "Make all pairs of a dog and a cat: 3 × 4. In how many has the dog the higher score?",
        "The dog with 0.9 is above all four cats, the one with 0.55 above two.",
    ],
    mistakes=[
        (7, "So many pairs are right. Which share of all pairs is it?"),
        (1 / 3, "Divide by all pairs of a dog and a cat, 3 × 4."),
        (7 / 16, "3 dogs and 4 cats make 12 pairs, not 16."),
        (5 / 12, "These are the pairs in which the cat is above."),
        (4 / 7, "This is the accuracy at a threshold of 0.5. Here no threshold is chosen."),
        (5 / 7, "This is the accuracy at another threshold. Here no threshold is chosen."),
        (8 / 12, "One pair too many: the dog with 0.55 is above the cats with 0.4 and 0.2 only."),
        (6 / 12, "One pair too few: the dog with 0.3 is above the cat with 0.2."),
    ],
    note="0.5 would be a guess. Only the order counts: other scores in this order give the same.",
)
def small_auc():
    """The area under the ROC curve of dogs at 0.9, 0.55, 0.3 and cats at 0.8, 0.6, 0.4, 0.2."""
    dogs, cats = np.array([0.9, 0.55, 0.3]), np.array([0.8, 0.6, 0.4, 0.2])
    return np.mean(dogs[:, None] > cats)


def _ranked(labels, scores):
    """The labels, from the highest score to the lowest."""
    return labels[np.argsort(-scores)]


def _precisions(labels):
    """Of labels in their order, the precision at each place."""
    return np.cumsum(labels) / np.arange(1, len(labels) + 1)


def _counted_from_zero(labels, scores):
    ranked = _ranked(labels, scores)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (np.cumsum(ranked) / np.arange(len(ranked)))[ranked == 1].mean()


def _ap(labels, scores, ranked=_ranked, dogs_only=True):
    labels = ranked(labels, scores)
    return _precisions(labels)[(labels == 1) | (not dogs_only)].mean()


_RANKED = _rng.permutation(np.repeat([0, 1], [12, 8]))
_SCORES = _rng.uniform(size=20) + 0.4 * _RANKED


# Exercise 7b.7
@Function(
    cases=[
        (_RANKED, _SCORES),
        (np.array([0, 1, 1, 0, 1, 0]), np.array([0.1, 0.9, 0.4, 0.7, 0.8, 0.3])),
        (np.array([0, 0, 1]), np.array([-1.5, 2.0, 0.5])),
    ],
    hints=[
        "`labels[np.argsort(-scores)]` are the labels, from the highest score to the lowest.",
        "`np.cumsum(ranked)` counts the dogs down to each place. Divide by 1, 2, 3, ...",
        "Take these shares at the places of dogs, `ranked == 1`, and their mean.",
    ],
    mistakes=[
        (
            partial(_ap, ranked=lambda labels, scores: labels),
            "The photos are not sorted yet: the highest score comes first.",
        ),
        (
            partial(_ap, ranked=lambda labels, scores: labels[np.argsort(scores)]),
            "`np.argsort(scores)` begins with the lowest score.",
        ),
        (
            partial(_ap, dogs_only=False),
            "This is the mean over all places. Take those of the dogs.",
        ),
        (
            lambda y, s: _precisions(_ranked(y, s))[_ranked(y, s) == 1].sum(),
            "This is the sum over the dogs. Take the mean.",
        ),
        (
            lambda y, s: (_precisions(_ranked(y, s)) * _ranked(y, s)).mean(),
            "The sum is right. Divide by the number of dogs, not of photos.",
        ),
        (
            lambda y, s: np.mean(s[y == 1][:, None] > s[y == 0]),
            "This is the area under the ROC curve: it compares dogs with cats, pair by pair.",
        ),
        (
            lambda y, s: _precisions(_ranked(y, s))[_ranked(y, s) == 1],
            "These are the precisions at each dog. Take their mean.",
        ),
        (
            lambda y, s: (np.cumsum(_ranked(y, s)) / y.sum())[_ranked(y, s) == 1].mean(),
            "This divides by all dogs, which is the recall. The precision divides by the place.",
        ),
        (
            lambda y, s: _precisions(_ranked(y, s))[y == 1].mean(),
            "`labels == 1` has the places before sorting: ask the sorted labels for their dogs.",
        ),
        (lambda y, s: y[s > 0.5].mean(), "This is the precision at one threshold, 0.5."),
        (
            _counted_from_zero,
            "The first place is number 1, not 0: divide by 1, 2, 3, and so on.",
        ),
        (
            lambda y, s: _ranked(y, s)[: y.sum()].mean(),
            "This is the precision at one place alone. Take it at the place of each dog.",
        ),
    ],
)
def average_precision(labels, scores):
    """The mean, over the dogs (1), of the precision down to each in the order of the scores."""
    ranked = labels[np.argsort(-scores)]
    precision = np.cumsum(ranked) / np.arange(1, len(ranked) + 1)
    return precision[ranked == 1].mean()


def _confidence(p_dog):
    return np.maximum(p_dog, 1 - p_dog)


def _gap(p_dog, labels):
    return _confidence(p_dog).mean() - np.mean((p_dog > 0.5) == labels)


_P_DOG = _rng.beta(0.5, 0.5, size=50)
_DOGS = (_rng.uniform(size=50) < 0.3 + 0.4 * _P_DOG).astype(int)


# Exercise 7b.8
@Function(
    cases=[
        (_P_DOG, _DOGS),
        (np.array([0.9, 0.2, 0.4, 0.7]), np.array([1, 0, 1, 0])),
        (np.array([0.6, 0.45, 0.3]), np.array([1, 0, 0])),
    ],
    hints=[
        "With p = 0.1 for dog the network says *cat*. How sure is it of that?",
        "The confidence is the larger of p and 1 - p: `np.maximum`.",
    ],
    mistakes=[
        (
            lambda p_dog, labels: p_dog.mean() - np.mean((p_dog > 0.5) == labels),
            "This is the mean probability of *dog*. A photo with p = 0.1 is called *cat*, and the "
            "network is 90 % sure of that: its confidence is 0.9, not 0.1.",
        ),
        (lambda *a: -_gap(*a), "The sign: more confident than right is positive."),
        (lambda *a: abs(_gap(*a)), "Keep the sign: it tells too sure from too modest."),
        (
            lambda p_dog, labels: p_dog.mean() - labels.mean(),
            "This compares the share of dogs. Compare confidence with accuracy.",
        ),
        (
            lambda p_dog, labels: _confidence(p_dog).mean() - labels.mean(),
            "This subtracts the share of dogs. Which share is right, if *dog* is p > 0.5?",
        ),
        (
            lambda p, y: _confidence(p).mean() - np.where(y == 1, p, 1 - p).mean(),
            "This is the probability of the true class. How many photos are right?",
        ),
        (
            lambda p, y: np.where(y == 1, p, 1 - p).mean() - np.mean((p > 0.5) == y),
            "This takes the mean probability of the true class. The confidence is that of the "
            "answer given, right or wrong.",
        ),
        (lambda p_dog, labels: _confidence(p_dog).mean(), "And how many of them are right?"),
    ],
    note="Above 0 it is too sure of itself, and most networks are.",
)
def calibration_gap(p_dog, labels):
    """Mean confidence minus accuracy, from the probability of dog (n,) and labels (n,) of 0 and 1.

    The calibration error of Guo et al. 2017 (https://arxiv.org/abs/1706.04599), equation 3, with
    one bin and a sign.
    """
    confidence = np.maximum(p_dog, 1 - p_dog)
    return confidence.mean() - np.mean((p_dog > 0.5) == labels)


# Exercise 7b.9
@LineOrder(
    lines=[
        "head = LogisticRegression(C=100).fit(x_train, y_train)",
        "z = head.decision_function(x_validation)",
        "losses = [log_loss(y_validation, sigmoid(z / T)) for T in temperatures]",
        "T = temperatures[np.argmin(losses)]",
        "p_dog = sigmoid(head.decision_function(x_test) / T)",
        "print(T, log_loss(y_test, p_dog))",
    ],
    hints=[
        "What is learned from the training photos, chosen on those for validation, reported of "
        "the test's?",
        "A logit `z` needs a trained head, a loss needs logits, and the lowest loss needs losses.",
    ],
    mistakes=[
        ((2, 1), "The head gives logits once it has learned."),
        ((3, 2), "The losses are computed from `z`, the logits of the validation photos."),
        ((4, 3), "The lowest of the losses is asked for before there are any."),
        ((5, 4), "The test's logits are divided by `T`, which has to be chosen first."),
        ((6, 5), "It prints the loss of `p_dog` before there is one."),
    ],
    note="The test's photos come after the last choice.",
)
def temperature_order():
    """Learn on the training photos, choose T on the validation photos, report on the test's."""


# Exercise 7b.10
@Number(
    within=1.5,
    hints=[
        "For which N is 0.99 to the power of N equal to 0.05? Logarithms bring N down.",
        "N log 0.99 = log 0.05, so N is `np.log(0.05) / np.log(0.99)`.",
    ],
    mistakes=[
        (5, "0.99^5 is 0.95: all five are right in 95 of 100 cases. Ask for 5 of 100."),
        (100, "0.99^100 is 0.37: that is not rare at all."),
        (20, "0.99^20 is 0.82: that happens most of the time."),
        (69, "0.99^69 is a half. It should be 0.05."),
        (458, "0.99^458 is 0.01: this is one case in a hundred. Five are asked for."),
        (58, "This is for 0.95 in place of 0.99."),
        (300, "3 / 0.01 is a rule of thumb. Solve 0.99^N = 0.05 exactly: N is a little smaller."),
        (15, "0.99^15 is 0.86. Take the logarithm of both sides of 0.99^N = 0.05."),
        (math.log(0.05), "This is log 0.05 alone. Divide it by log 0.99."),
        (95, "0.99^95 is 0.38. Solve 0.99^N = 0.05."),
    ],
    note="About 3 / (1 - a): the rule of three. For 0.999 it takes 3,000 photos without an error.",
)
def all_right():
    """The photos for which 0.99 to the power of their number is 0.05."""
    return np.log(0.05) / np.log(0.99)


def _apart(first, second, labels):
    is_right, other = first == labels, second == labels
    return np.sum(is_right & ~other), np.sum(other & ~is_right)


_LABELS = _rng.integers(0, 2, size=40)
_FIRST, _SECOND = (
    np.where(_rng.uniform(size=40) < share, _LABELS, 1 - _LABELS) for share in (0.8, 0.65)
)


# Exercise 7b.11
@Function(
    cases=[
        (_FIRST, _SECOND, _LABELS),
        (
            np.array([1, 0, 1, 0, 1, 0]),
            np.array([0, 0, 0, 1, 1, 0]),
            np.array([1, 0, 1, 1, 0, 1]),
        ),
        (np.array([1, 1, 0, 1]), np.array([0, 1, 0, 0]), np.array([0, 1, 0, 1])),
    ],
    hints=[
        "`first == labels` is True where the first is right. `~` turns True and False round.",
        "`np.sum(a & b)` counts where both are True.",
    ],
    mistakes=[
        (
            lambda a, b, y: (np.sum(a == y), np.sum(b == y)),
            "So many are right of each. Leave out those that both get right.",
        ),
        (
            lambda a, b, y: (np.sum(a != y), np.sum(b != y)),
            "These are the errors of each. Count where one is right and the other is wrong.",
        ),
        (
            lambda *a: _apart(*a)[::-1],
            "The other way round: first those that only the first gets right.",
        ),
        (
            lambda a, b, y: (np.sum(a != b),) * 2,
            "Here the two differ. Which of them is right each time?",
        ),
        (lambda a, b, y: np.sum(a != b), "So often they differ. Return two numbers, one for each."),
        (
            lambda a, b, y: (np.sum(a != b), np.sum(a == b)),
            "So often they differ, and so often they agree. Where they differ, who is right?",
        ),
        (
            lambda a, b, y: (np.sum((a == y) & (b == y)), np.sum((a != y) & (b != y))),
            "Here both are right, or both wrong. Such photos cannot tell the two apart.",
        ),
        (
            lambda a, b, y: (np.mean((a == y) & (b != y)), np.mean((b == y) & (a != y))),
            "These are shares. Return how many.",
        ),
        (
            lambda a, b, y: (np.sum((a == 1) & (b == 0)), np.sum((a == 0) & (b == 1))),
            "This compares the answers with each other. Compare each with the labels.",
        ),
        (
            lambda a, b, y: np.subtract(*_apart(a, b, y)),
            "This is their difference. Return both numbers.",
        ),
    ],
)
def only_one_right(first, second, labels):
    """How many photos only the first gets right, and how many only the second."""
    is_right, other = first == labels, second == labels
    return np.sum(is_right & ~other), np.sum(other & ~is_right)


# Exercise 7b.12
@Number(
    within=0.002,
    hints=[
        "Eight tosses. What is the chance of no head, and of exactly one?",
        "1 + 8 of the 256 ways have at most one head. As many have at most one tail.",
    ],
    mistakes=[
        (9 / 256, "This is one side. Seven to one the other way would have been as striking."),
        (16 / 256, "And eight to none is more uneven still: it counts, too."),
        (8 / 256, "This is exactly seven to one. More uneven ones, and the other side, count too."),
        (2 / 256, "This is eight to none, on both sides. Seven to one counts, too."),
        (1 / 256, "This is eight to none, on one side."),
        (0.125, "One of eight is the share, not its chance: count the 256 ways of eight tosses."),
        (0.875, "Seven of eight is the share, not its chance."),
    ],
    note="So 7 to 1 may be luck: above 0.05. 8 to 1 has 0.039.",
)
def luck_of_eight():
    """The chance that eight tosses of a coin split 7 to 1 or more unevenly, either way."""
    return 2 * (1 + 8) / 2**8  # 8 to 0 in one way, 7 to 1 in eight, and as many the other way


_SHOTS = _rng.uniform(0, 255, size=(30, 4, 4, 1))
_SHOTS[:14, :2] += 150
_BRIGHT = np.r_[np.ones(12), np.zeros(3), np.ones(2), np.zeros(13)].astype(int)


def _top_is_bright(images):
    return (images[:, :2].mean(axis=(1, 2, 3)) > 200).astype(int)


def _whole_is_bright(images):
    return (images.mean(axis=(1, 2, 3)) > 140).astype(int)


def _turned(images):
    return images[:, ::-1]


def _grey(images):
    return np.full_like(images, 127)


def _loss(predict, images, labels, change):
    return np.mean(predict(images) == labels) - np.mean(predict(change(images)) == labels)


# Exercise 7b.13
@Function(
    cases=[
        (_top_is_bright, _SHOTS, _BRIGHT, _turned),
        (_whole_is_bright, _SHOTS, _BRIGHT, _turned),
        (_whole_is_bright, _SHOTS, _BRIGHT, _grey),
    ],
    hints=[
        "Two accuracies: `np.mean(predict(images) == labels)` is the first.",
        "The second asks about `change(images)`. The labels stay.",
    ],
    mistakes=[
        (lambda *a: -_loss(*a), "The sign: what is lost is before minus after."),
        (
            lambda f, x, y, change: np.mean(f(change(x)) == y),
            "This is the accuracy on the changed images. How much less is it than before?",
        ),
        (lambda f, x, y, change: np.mean(f(x) == y), "This is the accuracy before the change."),
        (
            lambda f, x, y, change: np.mean(f(x) != f(change(x))),
            "So many answers change. Some of them become right.",
        ),
        (
            lambda f, x, y, change: np.sum(f(x) == y) - np.sum(f(change(x)) == y),
            "This is how many are lost. Which share is it?",
        ),
        (
            lambda f, x, y, change: 1 - np.mean(f(change(x)) == y) / np.mean(f(x) == y),
            "This is relative to the accuracy before. Subtract one accuracy from the other.",
        ),
        (lambda f, x, y, change: np.mean(f(change(x)) != y), "These are the errors after it."),
        (
            lambda f, x, y, change: np.mean(f(x) == y) - np.mean(f(change(x)) == f(x)),
            "The second compares with the answers before the change. Compare with the labels.",
        ),
        (
            lambda f, x, y, change: np.mean(f(x) == y) - np.mean(change(f(x)) == y),
            "`change` takes images, not answers: first change the images, then ask `predict`.",
        ),
    ],
    note="A change that should not matter, but costs, shows what the network hangs on.",
)
def lost_by(predict, images, labels, change):
    """How much accuracy `predict` loses if the images are changed, and their labels stay."""
    before = np.mean(predict(images) == labels)
    return before - np.mean(predict(change(images)) == labels)
