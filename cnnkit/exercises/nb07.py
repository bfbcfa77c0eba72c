"""The exercises of notebook 07, transfer learning: cats vs dogs."""

from functools import cache, partial

import numpy as np

from cnnkit.exercises._exercise import FaultyLine, Function, LineOrder, Number, Value

_rng = np.random.default_rng(7)


# Exercise 7.1
@Number(
    within=0.005,
    hints=[
        "A photo counts as an error if its class is not among the first five.",
        "Two of the eight classes stand at a later place than the fifth.",
    ],
    mistakes=[
        (0.75, "This is the share that is right in top-5. The error is the rest."),
        (0.625, "This is the top-1 error: here the first five places count."),
        (0.375, "This is the share with the right class in the first place."),
        (0.125, "One too few: places 6 and 7 are both behind the fifth."),
        (2, "These are the photos that are wrong in top-5. Which share of the eight is it?"),
        (0.5, "How many of the places are larger than 5?"),
    ],
    note="Two of eight. The top-1 error is 0.625.",
)
def top_five_error():
    """The share of photos whose class is not among the first five."""
    places = np.array([1, 3, 1, 7, 2, 6, 1, 4])
    return np.mean(places > 5)


# Exercise 7.2
@Number(
    within=0.5,
    hints=[
        "How many numbers are the maps of one photo?",
        "14 · 14 · 32 numbers of 4 bytes, 2,000 times. A megabyte is a million bytes.",
    ],
    mistakes=[
        (12.544, "These are the millions of numbers. Each takes 4 bytes."),
        (10.24, "These are the 1,280 features at the end. At the cut there are 14 × 14 × 32."),
        (1204.2, "These are the photos' pixels. At the cut there are 14 × 14 × 32 numbers."),
        (1.568, "This is one channel of 32."),
        (3.584, "Each map has 14 rows and 14 columns."),
        (6.272, "4 bytes a number, and 2,000 photos: here something is missing."),
        (50176, "These are kilobytes: a megabyte is a million bytes."),
        (50_176_000, "These are bytes: a megabyte is a million of them."),
        (47.85, "Here a megabyte is a million bytes, not 2²⁰, which are 1,048,576."),
    ],
    note="The photos themselves, as float32, would take 1,204 MB.",
)
def cut_megabytes():
    """Megabytes of 2,000 times 32 maps of 14 x 14, with 4 bytes a number."""
    return 2000 * 14 * 14 * 32 * 4 / 1e6


# Exercise 7.3
@FaultyLine(
    code="""
    def accuracy_of_a_head(to_features, photos):
        features = to_features.predict(photos.train)
        labels = np.array([photo.label for photo in photos.photos["train"]])
        mean, std = features.mean(axis=0), features.std(axis=0) + 1e-6
        head = LogisticRegression(C=0.01).fit((features - mean) / std, labels)
        images, labels = photos.arrays("validation")
        features = (to_features.predict(images) - mean) / std
        return head.score(features, labels)
    """,
    hints=[
        "Nothing raises an error, and the accuracy is about 0.5. What must belong together?",
        "In which order does `photos.train` give the photos, and in which is the list?",
    ],
    mistakes=[
        (3, "These labels are right, in the order of the list. What comes in another order?"),
        (4, "Mean and deviation of the training features, and no division by 0: right."),
        (5, "The head learns standardised features and their labels, if these belong together."),
        (6, "`arrays` gives images and labels in the same order: right."),
        (7, "The validation features are scaled by the training's mean and deviation: right."),
        (8, "`score` is the share that is right: right."),
        (1, "All that the function needs comes in: right."),
        (0, "Lines are counted from 1, as they are printed."),
    ],
    note="`photos.train` is shuffled: features and labels do not belong together. "
    'Write `photos.in_order("train")`.',
)
def faulty_features():
    """The features come shuffled, the labels in order."""
    return 2


# Exercise 7.4
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
        (2, "This is one weight and the bias. Each input of `Dense(1)` has a weight."),
        (1282, "One output has one bias. Pooling and dropout have no parameters."),
    ],
    note="With `Flatten` they were 62,721.",
)
def head_parameters():
    """The parameters of pooling, dropout of 0.2 and `Dense(1)` on 1280 maps of 7 × 7."""
    return 1280 * 1 + 1


_LOGITS = _rng.normal(0.3, 1, size=(40, 1))
_ANIMALS = (_LOGITS[:, 0] + _rng.normal(size=40) > 0.5).astype(int)


# Exercise 7.5
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


def _folded(weights, bias, mean, std, divide=True, sign=-1, scaled=True):
    new = weights / std if divide else weights * std
    return new, bias + sign * (mean @ (new if scaled else weights))


_WEIGHTS, _MEAN = _rng.normal(size=5), _rng.normal(1, 1, size=5)
_STD = np.array([0.5, 2.0, 1.5, 0.25, 3.0])


# Exercise 7.6
@Function(
    cases=[
        (_WEIGHTS, 0.5, _MEAN, _STD),
        (np.array([2.0, -1.0]), 0.0, np.array([1.0, 3.0]), np.array([2.0, 0.5])),
    ],
    hints=[
        "Write w · (x − mean) / std + b as a sum, and collect what stands before x.",
        "Before x stands w / std. What does not depend on x is the new bias.",
    ],
    mistakes=[
        (
            lambda w, b, mean, std: (w / std, b),
            "The weights are right. But the mean was subtracted: this goes into the bias.",
        ),
        (
            partial(_folded, sign=1),
            "The mean is subtracted from the features, so it *lowers* w · x: mind the sign.",
        ),
        (
            partial(_folded, scaled=False),
            "The weights are right. The mean, too, was divided by the deviation.",
        ),
        (partial(_folded, divide=False), "Features are *divided* by the deviation."),
        (lambda w, b, mean, std: (w, b - mean @ w), "Divide by the deviation, too."),
        (
            lambda w, b, mean, std: (w / std, b - mean * w / std),
            "The weights are right. The bias is one number: add up over the features.",
        ),
        (
            lambda w, b, mean, std: (w / std, b - np.mean(mean * w / std)),
            "The weights are right. For the bias add up over the features: no mean of them.",
        ),
        (
            lambda w, b, mean, std: (w / std, b - mean / std),
            "The weights are right. In the bias each mean has its weight: multiply, and add up.",
        ),
        (
            lambda w, b, mean, std: ((w - mean) / std, b),
            "This standardises the weights. The features are standardised.",
        ),
        (
            lambda *a: _folded(*a)[::-1],
            "Return the weights first, then the bias.",
        ),
        (lambda w, b, mean, std: (w / std**2, b - mean @ w / std**2), "std is no variance."),
    ],
    note="Two layers that only add up and multiply are one.",
)
def fold_scaling(weights, bias, mean, std):
    """Weights and bias for features as they are, from those for (features - mean) / std."""
    return weights / std, bias - np.sum(weights * mean / std)


# Exercise 7.7
@Number(
    within=1,
    hints=[
        "The standard error is √(p(1 − p)/n), and shall be 0.005. Solve for n.",
        "n = p(1 − p)/0.005².",
    ],
    mistakes=[
        (9.5, "0.005 has to be squared: the standard error is a root."),
        (40_000, "p(1 − p) is missing: 0.95 · 0.05 = 0.0475."),
        (10_000, "This is p = 0.5, a guess. Here p is 0.95."),
        (43.589, "This is the root of the answer."),
        (7299, "This is for a 95 % interval, two standard errors. Here it is one."),
        (3800, "This is for the difference of two accuracies. Here it is one accuracy."),
        (7600, "This is for two standard errors. Here it is one."),
        (38_000, "The error is √(p(1 − p)/n), not √(p/n)."),
        (2000, "The error is √(p(1 − p)/n), not √((1 − p)/n)."),
        (2500, "This is a guess, p = 0.5, and a whole point. Here they are 0.95 and 0.005."),
        (19, "0.0475 / 0.0025: 0.005² is 0.000025."),
        (190, "0.005 has to be squared, and 1 - p is missing: 0.95 · 0.05 = 0.0475."),
        (475, "0.0475 / 0.0001: half a point is 0.005, and 0.005² is 0.000025."),
    ],
    note="Half the error takes four times as many photos.",
)
def photos_needed():
    """How many test photos make the standard error of an accuracy of 0.95 half a point."""
    return 0.95 * (1 - 0.95) / 0.005**2


def _error(p, n):
    return np.sqrt(p * (1 - p) / n)


def _row(accuracies, n, over_seeds=np.mean, error=_error):
    means = over_seeds(accuracies, axis=1)
    return np.argmax(means >= means.max() - error(means.max(), n))


def _by_own_errors(accuracies, n):
    means = accuracies.mean(axis=1)
    return np.argmax(means + _error(means, n) >= means.max())


def _against_single(accuracies, n, first=np.argmax):
    best = accuracies.max()
    return first(accuracies.mean(axis=1) >= best - _error(best, n))


def _good(accuracies, n):
    means = accuracies.mean(axis=1)
    return means >= means.max() - _error(means.max(), n)


_ASKED = "The rule asks how exact n photos make the best mean p: √(p(1 − p)/n)."

_ACCURACIES = np.array(
    [[0.930, 0.935, 0.925, 0.930], [0.945, 0.940, 0.950, 0.945], [0.950, 0.948, 0.952, 0.950]]
)


# Exercise 7.8
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
            lambda x, n: _row(x, n, error=lambda *_: x.std(1)),
            f"This is how far the seeds of each way differ. {_ASKED}",
        ),
        (
            lambda x, n: _row(x, n, error=lambda *_: x.std()),
            f"This is how far all accuracies differ. {_ASKED}",
        ),
        (
            lambda x, n: _row(x, n, error=lambda *_: x.mean(1).std()),
            f"This is how far the ways differ. {_ASKED}",
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
            lambda x, n: _row(x.T, n),
            "`axis=0` gives a mean for each seed. Take one for each way, over the seeds: axis 1.",
        ),
        (
            _against_single,
            "This compares with the best single number, the luckiest seed. Take the best mean.",
        ),
        (
            partial(_against_single, first=lambda good: np.flatnonzero(good)[0]),
            "Is your best the largest single number? No mean may come near it: take the best mean.",
        ),
        (_good, "This says of each way whether it is good enough. Return the number of the first."),
        (
            lambda x, n: np.flatnonzero(_good(x, n)),
            "These are all that are good enough. Return the first of them, one number.",
        ),
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


@cache
def _network():
    import keras  # here: to count the exercises takes no Keras

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


def _sliced(layers, n):
    return layers[-n:]


def _is_norm(layer):
    import keras

    return isinstance(layer, keras.layers.BatchNormalization)


def _last_without_norms(layers, n):
    return _last([x for x in layers if not _is_norm(x)], n)


def _n_trained(load, n, choose=_last, thaw=True, norms=False, freeze=True):
    """How many parameters are trained if `choose(layers, n)` are trainable, with usual slips."""
    model = load()
    model.trainable = thaw or model.trainable
    chosen = choose(model.layers, n)
    for layer in model.layers if freeze else chosen:
        layer.trainable = layer in chosen and (norms or not _is_norm(layer))
    return sum(w.numpy().size for w in model.trainable_weights)


def _thawed_late(load, n):
    _n_trained(load, n, thaw=False)
    _network().trainable = True
    return sum(w.numpy().size for w in _network().trainable_weights)


_FLAG = (
    "A model has `trainable`, too: with False nothing is trained, whatever its layers say. Begin "
    "with `model.trainable = True`, which sets all its layers."
)


_ZERO = "And for n = 0, `layers[-0:]` are all layers: count from the front."


# Exercise 7.9
@Function(
    cases=[(_load, 5), (_load_frozen, 6), (_load_frozen, 4), (_load, 0)],
    hints=[
        "A frozen model trains nothing, whatever its layers say. So start with "
        "`model.trainable = True`. (It sets the layers, too: do not end with it.)",
        "Then go through `model.layers` and set `layer.trainable` on each.",
        "`isinstance(layer, keras.layers.BatchNormalization)` finds those that stay frozen.",
    ],
    mistakes=[
        (partial(_n_trained, thaw=False), f"Some models come frozen. {_FLAG}"),
        (
            partial(_n_trained, thaw=False, norms=True),
            f"Some models come frozen. {_FLAG} And BatchNormalization stays frozen.",
        ),
        (
            partial(_n_trained, thaw=False, freeze=False),
            f"Some models come frozen. {_FLAG} And the layers before the last n have to be frozen.",
        ),
        (
            partial(_n_trained, thaw=False, choose=_all),
            f"Some models come frozen. {_FLAG} And only the last n layers are to be trained.",
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
            partial(_n_trained, freeze=False),
            "The layers before the last n have to be frozen, too: `model.trainable = True` has set "
            "them all.",
        ),
        (
            partial(_n_trained, choose=lambda layers, n: layers[:n]),
            "These are the first layers. The last ones know the most about the old classes.",
        ),
        (
            partial(_n_trained, choose=_sliced),
            "Right but for n = 0: -0 is 0, and `layers[-0:]` are all of them. Count from the "
            "front, `layers[len(layers) - n :]`.",
        ),
        (
            partial(_n_trained, choose=_sliced, freeze=False),
            f"The layers before the last n have to be frozen. {_ZERO}",
        ),
        (
            partial(_n_trained, choose=_sliced, freeze=False, thaw=False),
            f"Some models come frozen. {_FLAG} Freeze the layers before the last n. {_ZERO}",
        ),
        (
            partial(_n_trained, choose=_sliced, norms=True),
            f"BatchNormalization stays frozen, among the last layers as well. {_ZERO}",
        ),
        (
            partial(_n_trained, choose=_sliced, norms=True, thaw=False),
            f"Some models come frozen. {_FLAG} BatchNormalization stays frozen. {_ZERO}",
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
    import keras

    model = load()
    model.trainable = True
    for i, layer in enumerate(model.layers):
        norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = i >= len(model.layers) - n and not norm
    return sum(w.numpy().size for w in model.trainable_weights)


# Exercise 7.10
@LineOrder(
    lines=[
        "photos = data.load_cats_vs_dogs()",
        "x, y = features_of(photos, 'train')",
        "heads = {C: learn(x, y, C) for C in (0.001, 0.01, 0.1)}",
        "best = max(heads, key=lambda C: accuracy(heads[C], photos, 'validation'))",
        "heads[best].save('best.keras')",
        "print(accuracy(heads[best], photos, 'test'))",
    ],
    hints=[
        "Learn on one part, choose on another. What comes last?",
        "Nothing is to be decided after the test: choose and save before it.",
    ],
    mistakes=[
        ((2, 1), "There must be photos before there are features of them."),
        ((3, 2), "The heads learn from the features: these come first."),
        ((4, 3), "Choose among the heads when there are some."),
        ((5, 4), "`best` is not known yet: choose first."),
        ((6, 4), "`best` is not known yet: choose first. And the test comes last."),
        ((6, 5), "The test comes last: save what is chosen before you know its number."),
    ],
)
def order_of_work():
    """Features, three heads, the choice on validation photos, then the one test of what is kept."""


def _cam(maps, weights, rectify=True, over=-1):
    total = np.sum(maps * weights, axis=over)
    return np.maximum(total, 0) if rectify else total


_MAPS = np.maximum(_rng.normal(size=(2, 3, 4, 5)), 0)
_HEAD = np.array([0.5, -1.0, 0.3, -0.2, 0.8])


# Exercise 7.11
@Function(
    cases=[(_MAPS, _HEAD), (_MAPS[:1, :2, :, :2], np.array([1.0, -2.0]))],
    hints=[
        "`maps * weights` multiplies each map by its weight, as channels are the last axis.",
        "Add up over the channels, then set what is below 0 to 0: `np.maximum(…, 0)`.",
    ],
    mistakes=[
        (
            partial(_cam, rectify=False),
            "What is below 0 in the *sum* speaks for the other class: set it to 0, at the end.",
        ),
        (
            lambda maps, weights: np.maximum(maps * weights, 0).sum(axis=-1),
            "First add up, then leave out what is below 0. A map that speaks against the class "
            "must be able to take something away.",
        ),
        (
            lambda maps, weights: np.maximum((maps * weights).mean(axis=-1), 0),
            "Add up over the channels, do not take the mean.",
        ),
        (
            lambda maps, weights: np.maximum(maps.sum(axis=-1), 0),
            "Each map has to be multiplied by its weight.",
        ),
        (
            lambda maps, weights: np.abs(_cam(maps, weights, rectify=False)),
            "What is below 0 becomes 0. It does not change its sign.",
        ),
        (
            lambda maps, weights: (maps * weights).sum(axis=(1, 2)),
            "This adds up over the places. Add up over the channels, and keep the places.",
        ),
        (
            lambda maps, weights: _cam(maps, -weights),
            "The sign is turned: this shows what speaks for the other class.",
        ),
        (lambda maps, weights: maps * weights, "Add up over the channels: one map for a photo."),
        (
            lambda maps, weights: np.maximum(maps * weights, 0),
            "Before you leave out what is below 0, add up over the channels: one map for a photo.",
        ),
        (
            lambda maps, weights: np.maximum((maps * weights).sum(axis=(1, 2)), 0),
            "What is added up here are the places: keep them, and add up over the channels.",
        ),
        (
            lambda maps, weights: maps.mean(axis=(1, 2)) @ weights,
            "This is the logit but for b: the pooling has lost the places. Keep them.",
        ),
        (
            lambda maps, weights: np.maximum(maps.mean(axis=(1, 2)) @ weights, 0),
            "The pooling has lost the places. Add up over the channels only.",
        ),
        (
            lambda maps, weights: _cam(maps, weights) / maps[0, ..., 0].size,
            "Right up to a factor: leave out the division by the number of places.",
        ),
        (
            lambda maps, weights: _cam(maps, weights) / _cam(maps, weights).max(),
            "Right up to a factor: do not divide by the largest value.",
        ),
    ],
    note="For this network that is Grad-CAM, up to a factor.",
)
def class_activation(maps, weights):
    """Where maps (n, H, W, K) speak for a class with one weight a map, (K,): (n, H, W)."""
    return np.maximum((maps * weights).sum(axis=-1), 0)
