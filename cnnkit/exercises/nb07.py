"""The exercises of notebook 07, transfer learning: cats vs dogs."""

import math
from functools import cache, partial

import keras
import numpy as np

from cnnkit.exercises._exercise import Function, Value

_rng = np.random.default_rng(7)


def _first_animals(names, n):
    return np.isin(names, np.unique(names)[:n])


def _tested(names, share, rounded=round):
    return _first_animals(names, rounded(share * len(set(names))))


def _in_order_of_appearance(names, share):
    animals = list(dict.fromkeys(names.tolist()))
    return np.isin(names, animals[: round(share * len(animals))])


# Exercise 7.1
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
        (lambda *a: ~_tested(*a), "These are the photos to train on. Mark those of the test."),
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


_LOGITS = _rng.normal(0.3, 1, size=(40, 1))
_ANIMALS = (_LOGITS[:, 0] + _rng.normal(size=40) > 0.5).astype(int)


# Exercise 7.2
@Function(
    cases=[
        (_LOGITS, _ANIMALS),
        (np.array([[0.3], [-2.0], [5.0], [0.8], [-0.1]]), np.array([1, 0, 1, 0, 1])),
        (np.array([[-0.4]]), np.array([0])),
    ],
    hints=[
        "A probability of one half is a logit of what?",
        "`logits[:, 0]` has the shape of `labels`. Compare only arrays of one shape.",
    ],
    mistakes=[
        (
            lambda logits, labels: np.mean((logits[:, 0] > 0.5) == labels),
            "0.5 is the threshold of a probability. Its logit is 0.",
        ),
        (
            lambda logits, labels: np.mean((logits > 0) == labels),
            "(n, 1) against (n,) compares every photo with every label: n × n numbers.",
        ),
        (
            lambda logits, labels: np.mean((logits > 0.5) == labels),
            "Two slips: 0.5 is no threshold for logits, and (n, 1) against (n,) gives (n, n).",
        ),
        (
            lambda logits, labels: np.mean(logits[:, 0].round() == labels),
            "Rounding is for probabilities. A logit of 5 is a clear 1, not a 5.",
        ),
        (
            lambda logits, labels: np.mean(np.sign(logits[:, 0]) == labels),
            "The sign is -1 or 1, the labels are 0 and 1: no 0 ever counts as right.",
        ),
        (lambda z, y: np.mean(z.argmax(1) == y), "`argmax` over one column is always 0."),
        (
            lambda logits, labels: np.mean((1 / (1 + np.exp(-logits[:, 0])) > 0) == labels),
            "A probability is always above 0: compare it with 0.5.",
        ),
        (lambda z, y: np.mean((z[:, 0] > 0) != y), "This is the share that is wrong."),
        (lambda z, y: sum((z[:, 0] > 0) == y), "This is how many are right. Which share is it?"),
    ],
)
def accuracy_from_logits(logits, labels):
    """The share of photos that logits (n, 1) get right; labels (n,) are 0 or 1."""
    return np.mean((logits[:, 0] > 0) == labels)


# Exercise 7.3
@Value(
    hints=[
        "What is left of 7 × 7 × 1280 after the mean over the places?",
        "`Dense(1)` has a weight for each of its inputs, and a bias.",
    ],
    mistakes=[
        (7 * 7 * 1280 + 1, "This is `Flatten`. The pooling leaves one number for each map."),
        (7 * 7 * 1280, "The pooling leaves one number for each map. And there is a bias."),
        (1280, "The bias is missing."),
        (2562, "This is `Dense(2)`. One logit is enough for two classes."),
        (50, "The mean goes over the 7 × 7 places and leaves the 1280 maps."),
        (1025, "Dropout sets inputs to 0 in training, but all keep their weights."),
        (2560, "There is one bias for the output, not one for each input."),
        (1282, "One output has one bias. Pooling and dropout have no parameters."),
    ],
    note="With `Flatten` they were 62,721.",
)
def head_parameters():
    """The parameters of pooling, dropout of 0.2 and `Dense(1)` on 1280 maps of 7 × 7."""
    return 1280 * 1 + 1


@cache
def _network():
    layers = [
        keras.layers.Conv2D(3, 3),
        keras.layers.BatchNormalization(),
        keras.layers.ReLU(),
        keras.layers.Conv2D(5, 3),
        keras.layers.BatchNormalization(),
        keras.layers.ReLU(),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(7),
    ]
    inputs = outputs = keras.Input((8, 8, 2))
    for layer in layers:
        outputs = layer(outputs)
    return keras.Model(inputs, outputs)


def _load_frozen():
    # On TensorFlow, Keras does nothing when the value is the old one: make it a change.
    _network().trainable = True
    _network().trainable = False
    return _network()


def _load():
    _load_frozen().trainable = True
    return _network()


def _last(layers, n):
    return layers[len(layers) - n :]


def _all(layers, n):
    return layers


def _last_without_norms(layers, n):
    return _last([x for x in layers if not isinstance(x, keras.layers.BatchNormalization)], n)


def _n_trained(load, n, choose=_last, thaw=True, norms=False):
    """How many parameters are trained if `choose(layers, n)` are trainable, with usual slips."""
    model = load()
    model.trainable = thaw or model.trainable
    chosen = choose(model.layers, n)
    for layer in model.layers:
        norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = layer in chosen and (norms or not norm)
    return sum(w.numpy().size for w in model.trainable_weights)


def _thawed_late(load, n):
    _n_trained(load, n, thaw=False)
    _network().trainable = True
    return sum(w.numpy().size for w in _network().trainable_weights)


# Exercise 7.4
@Function(
    cases=[(_load, 5), (_load_frozen, 6), (_load_frozen, 4), (_load, 0)],
    hints=[
        "A frozen model trains nothing, whatever its layers say. So start with "
        "`model.trainable = True`. (It sets the layers, too: do not end with it.)",
        "Then go through `model.layers` and set `layer.trainable` on each.",
        "`isinstance(layer, keras.layers.BatchNormalization)` finds those that stay frozen.",
    ],
    mistakes=[
        (
            partial(_n_trained, thaw=False),
            "Some models come frozen, and train nothing until `model.trainable = True`.",
        ),
        (
            lambda load, n: 0,
            "Nothing is trained: a model with `trainable = False` trains nothing, whatever its "
            "layers say. Freeze the layers, not the model.",
        ),
        (
            _thawed_late,
            "On a frozen model, `model.trainable = True` sets every layer: it has to come first.",
        ),
        (
            partial(_n_trained, choose=_all, norms=True),
            "All is trained: `model.trainable = True` is the start. Freeze layers after it.",
        ),
        (
            partial(_n_trained, choose=_all, thaw=False, norms=True),
            "You take the models as they come: set `trainable` on the model, then on each layer.",
        ),
        (
            partial(_n_trained, norms=True),
            "BatchNormalization stays frozen, among the last layers as well.",
        ),
        (partial(_n_trained, choose=_all), "The layers before the last n have to be frozen."),
        (
            partial(_n_trained, choose=lambda layers, n: layers[:n]),
            "These are the first layers. The last ones know the most about the old classes.",
        ),
        (
            partial(_n_trained, choose=lambda layers, n: layers[-n:]),
            "Right but for n = 0: -0 is 0, and `layers[-0:]` are all of them. Count from the "
            "front, `layers[len(layers) - n :]`.",
        ),
        (lambda load, n: _n_trained(load, n + 1), "One layer too many."),
        (lambda load, n: _n_trained(load, n - 1), "One layer too few."),
        (
            partial(_n_trained, choose=_last_without_norms),
            "Count every layer, those of BatchNormalization too; these only stay frozen.",
        ),
        (lambda load, n: load().count_params(), "These are all parameters, frozen ones too."),
    ],
)
def unfreeze_last(load, n):
    """How many parameters are trained if, of the model `load()`, only the last `n` layers are."""
    model = load()
    model.trainable = True
    for i, layer in enumerate(model.layers):
        norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = i >= len(model.layers) - n and not norm
    return sum(w.numpy().size for w in model.trainable_weights)


def _shares(labels, predicted, kind=1):
    """Precision and recall for the class `kind`."""
    hits = np.sum((labels == kind) & (predicted == kind))
    return hits / np.sum(predicted == kind), hits / np.sum(labels == kind)


_TRUE, _SAID = (_rng.uniform(size=(2, 30)) < [[0.4], [0.6]]).astype(int)


# Exercise 7.5
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


def _confidence(p_dog):
    return np.maximum(p_dog, 1 - p_dog)


def _gap(p_dog, labels):
    return _confidence(p_dog).mean() - np.mean((p_dog > 0.5) == labels)


_P_DOG = _rng.beta(0.5, 0.5, size=50)
_DOGS = (_rng.uniform(size=50) < 0.3 + 0.4 * _P_DOG).astype(int)


# Exercise 7.6
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


def _error(p, n):
    return np.sqrt(p * (1 - p) / n)


def _row(accuracies, n, over_seeds=np.mean, error=_error):
    means = over_seeds(accuracies, axis=1)
    return np.argmax(means >= means.max() - error(means.max(), n))


def _by_own_errors(accuracies, n):
    means = accuracies.mean(axis=1)
    return np.argmax(means + _error(means, n) >= means.max())


_ACCURACIES = np.array([[0.930, 0.935, 0.925], [0.945, 0.940, 0.950], [0.950, 0.948, 0.952]])


# Exercise 7.7
@Function(
    cases=[
        (_ACCURACIES, 500),
        (_ACCURACIES, 5000),
        (np.array([[0.84, 0.86, 0.88], [0.895, 0.90, 0.905], [0.89, 0.88, 0.87]]), 100),
        (np.array([[0.60, 0.65, 0.61], [0.96, 0.965, 0.955], [0.94, 0.95, 0.96]]), 1000),
        (np.array([[0.70, 0.74], [0.80, 0.84], [0.81, 0.85], [0.77, 0.83]]), 400),
        (np.array([[0.90, 0.90, 0.90], [0.98, 0.80, 0.89], [0.93, 0.94, 0.92]]), 50),
        (np.array([[0.902, 0.902], [0.903, 0.903], [0.92, 0.89]]), 16),
        (np.array([[0.955, 0.957, 0.953], [0.978, 0.98, 0.982]]), 50),
    ],
    hints=[
        "Mean over the seeds: `accuracies.mean(axis=1)`. The best one has p. How far is it sure?",
        "Which means are at least `best - error`? The first of them is the simplest.",
    ],
    mistakes=[
        (
            lambda accuracies, n: np.argmax(accuracies.mean(1)),
            "This is the best. Is there a simpler one that is as good, within the error?",
        ),
        (
            partial(_row, error=lambda p, n: _error(p, n) ** 2),
            "p (1 - p) / n is the variance. The error is its root.",
        ),
        (
            lambda x, n: _row(x, n, error=lambda *_: x.std(1)[x.mean(1).argmax()]),
            "This is how far the seeds differ. All of them saw the same n photos.",
        ),
        (
            partial(_row, error=lambda p, n: 1.96 * _error(p, n)),
            "This is the 95 % interval. The rule takes one standard error.",
        ),
        (
            _by_own_errors,
            "Each row has got its own error. The rule takes one for all: that of the best mean.",
        ),
        (lambda x, n: _row(x, x.shape[1]), "n is the number of photos, not that of the seeds."),
        (partial(_row, over_seeds=np.max), "These are the luckiest seeds. Take the means."),
        (
            lambda x, n: len(x) - 1 - _row(x[::-1], n),
            "This is the last that is good enough. The simplest come first.",
        ),
        (lambda x, n: x[_row(x, n)].mean(), "This is its accuracy. Return the number of its row."),
    ],
    note="The rule of one standard error: do not pay for what may be luck.",
)
def regime(accuracies, n_photos):
    """The first row, from 0, whose mean is within one standard error of the best mean.

    `accuracies` are (regimes, seeds), the simplest regime first, measured on `n_photos` photos.
    """
    means = accuracies.mean(axis=1)
    best = means.max()
    error = np.sqrt(best * (1 - best) / n_photos)
    return np.argmax(means >= best - error)  # the first one that is


def _best(probabilities, k):
    return np.argsort(probabilities, axis=1)[:, len(probabilities[0]) - k :]


def _hits(probabilities, labels, k):
    return _best(probabilities, k) == labels[:, None]


_SOFTMAX = _rng.dirichlet(np.ones(6), size=20).astype("float32")
_CLASSES = _rng.integers(0, 6, 20)


# Exercise 7.8
@Function(
    cases=[
        (_SOFTMAX, _CLASSES, 3),
        (_SOFTMAX, _CLASSES, 1),
        (_SOFTMAX[:7, :4], _CLASSES[:7] % 4, 2),
    ],
    hints=[
        "`np.argsort(probabilities, axis=1)` sorts each row, the smallest first: where are the k "
        "best classes?",
        "Compare them, (n, k), with `labels[:, None]`, (n, 1). A row counts if `any` is equal.",
    ],
    mistakes=[
        (lambda p, y, k: np.mean(p.argmax(1) == y), "This is the top 1, whatever k."),
        (
            lambda p, y, k: np.mean((np.argsort(p, axis=1)[:, :k] == y[:, None]).any(1)),
            "`argsort` begins with the smallest: these are the k worst.",
        ),
        (
            lambda probabilities, labels, k: np.mean(np.isin(labels, _best(probabilities, k))),
            "Each label belongs to its own row. This looks in the rows of all images.",
        ),
        (
            lambda *a: np.mean(_hits(*a)),
            "An image has one right class: do not divide by k as well.",
        ),
        (
            lambda probabilities, labels, k: np.mean(_best(probabilities, k)[:, 0] == labels),
            "This asks for the place k alone. Places 1 to k count.",
        ),
        (lambda p, y, k: np.mean(_hits(p, y, k + 1).any(1)), "This takes one class too many."),
        (lambda *a: np.sum(_hits(*a)), "This is how many are right. Which share is it?"),
        (lambda *a: _hits(*a).any(1), "This says it of each image. Take the mean."),
        (
            lambda probabilities, labels, k: np.mean(np.sort(probabilities, axis=1)[:, -k:].sum(1)),
            "This is how sure it is of its k best. Is the label among them?",
        ),
    ],
)
def top_k(probabilities, labels, k):
    """The share of images whose label is among the `k` most probable classes of (n, classes)."""
    best = np.argsort(probabilities, axis=1)[:, -k:]
    return np.mean((best == labels[:, None]).any(axis=1))
