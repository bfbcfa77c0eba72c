import contextlib
import gc
import math
import random

import keras
import numpy as np
import psutil
import pytest
import tensorflow as tf

from cnnkit.study import Study, run_study

IMAGES = np.random.default_rng(0).random((24, 8, 8, 1), dtype=np.float32)
LABELS = np.arange(24) % 3
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@pytest.fixture
def no_collection(monkeypatch):
    """Where nothing large is made: searching for garbage takes as long as the rest of a test."""
    nothing = contextlib.nullcontext(lambda and_pass_over: None)
    monkeypatch.setattr("cnnkit.study._runs._quick_collection", lambda: nothing)


uncollected = pytest.mark.usefixtures("no_collection")


class Counting(keras.layers.Layer):
    """Counts how often Python runs through it, so how often it is traced."""

    traced = 0

    def call(self, x):
        Counting.traced += 1
        return x


class Unseeded(keras.layers.Dense):
    """Draws from the global generator of Keras, which is another one for each seed."""

    def __init__(self):
        super().__init__(3)

    def call(self, x):
        return super().call(x + keras.random.normal(keras.ops.shape(x)))


def compiled(model, optimizer="adam"):
    model.compile(optimizer, LOSS, metrics=["accuracy"])
    return model


def functional():
    x = inputs = keras.Input((8, 8, 1))
    x = keras.layers.RandomFlip()(x)
    x = keras.layers.BatchNormalization()(keras.layers.Conv2D(2, 3)(x))
    x = keras.layers.Dropout(0.5)(keras.layers.Flatten()(x))
    return compiled(keras.Model(inputs, keras.layers.Dense(3)(x)))


def without_input(**settings):
    schedule = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=5)
    layers = [keras.layers.Flatten(), Counting(), keras.layers.Dropout(0.5), keras.layers.Dense(3)]
    return compiled(keras.Sequential(layers), keras.optimizers.SGD(schedule, momentum=0.9))


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.flatten, self.dense = keras.layers.Flatten(), keras.layers.Dense(3)
        self.dropout = keras.layers.Dropout(0.5)

    def call(self, x, training=False):
        return self.dense(self.dropout(self.flatten(x), training=training))


def subclassed():
    return compiled(Subclassed(), keras.optimizers.Adagrad(0.1, use_ema=True))


class FromTheWeights(keras.optimizers.SGD):
    """Keeps the weights with which it begins, and stays close to them."""

    def build(self, variables):
        super().build(variables)
        self.first = [self.add_variable_from_reference(v, "first", v) for v in variables]

    def update_step(self, gradient, variable, learning_rate):
        first = self.first[self._get_variable_index(variable)]
        super().update_step(gradient + 0.1 * (variable - first), variable, learning_rate)


def pulled_back_and_unseeded():
    layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), Unseeded()]
    return compiled(keras.Sequential(layers), FromTheWeights(0.1))


def two_layers():
    layers = [keras.layers.Flatten(), keras.layers.Dense(4), keras.layers.Dense(3)]
    return compiled(keras.Sequential([keras.Input((8, 8, 1)), *layers]))


def fit(model, **settings):
    """Shuffles in each way there is, changes the learning rate, stops early."""
    chosen = np.random.permutation(24)  # noqa: NPY002  what `train` may well do
    data = tf.data.Dataset.from_tensor_slices((IMAGES[chosen], LABELS[chosen])).shuffle(24)
    stop = keras.callbacks.EarlyStopping("loss", patience=0)
    options = dict(batch_size=12, verbose=0)
    for images, labels in data.batch(12):
        model.train_on_batch(images, labels)
    if "learning_rate" in {v.name for v in model.optimizer.variables}:  # no schedule
        model.optimizer.learning_rate = 0.5
    model.fit(IMAGES, LABELS, epochs=3, callbacks=[stop], **options)
    return model.evaluate(IMAGES, LABELS, return_dict=True, **options)


def freeze_and_fit(model):
    """Fine-tuning in two phases, the second with another optimiser."""
    model.train_on_batch(IMAGES, LABELS)
    model.layers[-1].trainable = False
    history = compiled(model, "sgd").fit(IMAGES, LABELS, epochs=2, verbose=0).history
    return {name: values[-1] for name, values in history.items()}


def recorded(train, into):
    """A `train` that keeps the state in which it leaves the model and the random generators."""

    def train_and_record(model, **settings):
        metrics = train(model, **settings)
        variables = model.variables + model.optimizer.variables
        states = random.getstate()[1], np.random.get_state()[1]  # noqa: NPY002
        into.append([*map(np.array, variables), *states])
        return metrics

    return train_and_record


SEEDS = [5, 1, 4, 3]  # the fourth is the first for which an optimiser's slots are not made again


def check_renewed_trains_as_new(build, train, seeds):
    renewed, fresh = [], []
    study = run_study(build, recorded(train, renewed), {"a": {}}, seeds)
    keras.utils.set_random_seed(3)
    metrics = recorded(train, fresh)(build())
    for ours, theirs in zip(renewed[-1], fresh[0], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert study.rows[-2:] == [("a", 3, name, value) for name, value in metrics.items()]
    assert not np.array_equal(renewed[0][0], renewed[1][0]), "another seed, other weights"


def test_a_renewed_model_trains_as_a_new_one():
    check_renewed_trains_as_new(functional, fit, SEEDS)


@pytest.mark.usefixtures("slow_proof")
@pytest.mark.parametrize(
    "build, train, seeds",
    [
        (without_input, fit, SEEDS),
        (subclassed, fit, SEEDS),
        (pulled_back_and_unseeded, fit, SEEDS),
        (two_layers, freeze_and_fit, [5, 3]),
    ],
)
def test_so_does_one_of_another_kind(build, train, seeds):
    check_renewed_trains_as_new(build, train, seeds)


def test_each_variant_is_traced_once():
    def train(model, **settings):
        before = Counting.traced
        loss = model.fit(IMAGES, LABELS, epochs=2, verbose=0).history["loss"][-1]
        traced.append(Counting.traced - before)
        return {"loss": loss}

    traced = []
    run_study(without_input, train, {"a": {"rate": 1}, "b": {"rate": 2}}, range(3))
    assert [n > 0 for n in traced] == [True, False, False, True, False, False]


class TwoOptimizers(keras.Model):
    """A `train_step` of its own, with an optimiser that is no part of `model.variables`."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)
        self.other = keras.optimizers.Adam(0.1)

    def build(self, input_shape):
        self.dense.build(input_shape)
        self.other.build(self.dense.trainable_variables)

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        kernel, bias = self.dense.trainable_variables
        self.other.apply([kernel * 0 + 1.0, bias], [kernel, bias])
        return {"loss": keras.ops.sum(kernel)}


@uncollected
def test_a_train_step_of_the_users_is_not_reused():
    def build():
        model = TwoOptimizers()
        model.build((None, 2))
        return compiled(model, "sgd")

    def train(model):
        for _ in range(3):
            model.train_on_batch(np.ones((4, 2)), np.ones(4))
        steps.append(int(model.other.iterations))
        return {"x": 0.0}

    steps = []
    run_study(build, train, {"a": {}}, [0, 1, 2])
    assert steps == [3, 3, 3]


def tiny(**settings):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)  # quicker for so few steps
    return model


def lookup(table):
    """A `train` that trains nothing: it looks up what the variant gives, by the call."""
    calls = []

    def train(model, key):
        calls.append(key)
        result = table[key][calls.count(key) - 1]
        if isinstance(result, Exception):
            raise result
        return result if isinstance(result, dict) else {"accuracy": result}

    return train, calls


VARIANTS = {"plain": {"key": "p"}, "deep": {"key": "d"}}


@uncollected
def test_the_results(capsys):
    table = {"p": [0.1, 0.4, 0.7], "d": [{"accuracy": np.float32(0.5), "loss": 2}, 0.5, 0.5]}
    study = run_study(tiny, lookup(table)[0], VARIANTS, np.arange(3))
    assert study.rows[0] == ("plain", 0, "accuracy", 0.1) and len(study.rows) == 7
    assert study.rows[4] == ("deep", 0, "loss", 2.0)
    assert all(isinstance(row[1], int) and isinstance(row[3], float) for row in study.rows)
    assert study.settings == {"plain": "key='p'", "deep": "key='d'"}
    bar = capsys.readouterr().out.split("\r")
    assert "0/6" in bar[1] and not "".join(bar[-2:]).strip(), "the progress bar vanishes"


@uncollected
def test_diverged_runs(capsys):
    """By a number that is none, or by an arithmetic error: all other runs count."""
    plain = [{"accuracy": 0.1, "loss": math.nan}, FloatingPointError("overflow\nin exp"), 0.5, 0.7]
    deep = [OverflowError("too large"), math.inf, ZeroDivisionError("of a mean"), 0.9]
    train, _ = lookup({"p": plain, "d": deep})
    study = run_study(tiny, train, VARIANTS, range(4))
    assert study.diverged == [("plain", 0), ("plain", 1), ("deep", 0), ("deep", 1), ("deep", 2)]
    assert study.rows[2][:3] == ("plain", 1, "") and math.isnan(study.rows[2][3])
    np.testing.assert_array_equal(study.values("plain", "accuracy"), [np.nan, np.nan, 0.5, 0.7])
    out = capsys.readouterr().out
    assert "plain, seed 1 diverged: FloatingPointError: overflow\n" in out
    assert "deep, seed 2 diverged: ZeroDivisionError: of a mean" in out and out.count(" div") == 3


@pytest.mark.parametrize(
    "error",
    [
        ValueError("rate must be finite, got inf"),
        ValueError("Input contains NaN."),
        tf.errors.InvalidArgumentError(None, None, "Tensor had NaN values"),
    ],
)
def test_words_of_an_error_are_no_divergence(error, tmp_path):
    path = tmp_path / "study.csv"
    train, _ = lookup({"p": [0.1, error]})
    with pytest.raises(type(error), match="inf|NaN") as info:
        run_study(tiny, train, {"a": {"key": "p"}}, [8, 9], path)
    assert info.value.__notes__ == ["This was variant 'a' with seed 9."]
    assert len(Study.load(path).rows) == 1


@uncollected
def test_keras_diverges():
    def train(model):
        model.fit(np.ones((8, 2)), np.ones(8), verbose=0)
        return {"loss": model.evaluate(np.ones((8, 2)), np.ones(8), verbose=0)}

    def build():
        model = tiny()
        model.compile(keras.optimizers.SGD(factor.pop(0)), "mse", run_eagerly=True)
        return model

    factor = [0.01, 1e30, 0.01]
    study = run_study(build, train, {"a": {}}, [0, 1, 2])
    assert study.diverged == [("a", 1)]
    assert np.isfinite(study.values("a", "loss")).tolist() == [True, False, True]


@uncollected
def test_a_run_after_a_broken_one():
    """Keras keeps the validation data of a `fit` that was broken off."""

    class Break(keras.callbacks.Callback):
        def on_test_batch_end(self, batch, logs=None):
            raise FloatingPointError()

    def train(model):
        broken = not seen
        data = (np.full((4, 2), len(seen)), np.ones(4))
        options = dict(validation_data=data, callbacks=[Break()] if broken else [], verbose=0)
        seen.append(model)
        return {"loss": model.fit(np.ones((4, 2)), np.ones(4), **options).history["val_loss"][0]}

    seen = []
    study = run_study(tiny, train, {"a": {}}, [0, 1, 2])
    assert study.diverged == [("a", 0)]
    assert seen[0] is not seen[1] and seen[1] is seen[2]


@uncollected
def test_resume(tmp_path):
    path = tmp_path / "new" / "study.csv"
    train, calls = lookup({"p": [0.1, 0.2, 0.3], "d": [0.4, KeyboardInterrupt(), 0.5, 0.6]})

    def interrupted(model, key):
        if len(calls) == 4:
            calls.append(key)
            raise KeyboardInterrupt
        return train(model, key)

    with pytest.raises(KeyboardInterrupt):
        run_study(tiny, interrupted, VARIANTS, range(3), path)
    assert len(Study.load(path).rows) == 4
    study = run_study(tiny, train, VARIANTS, range(3), str(path))
    assert calls == ["p", "p", "p", "d", "d", "d", "d"]
    assert study.values("deep", "accuracy").tolist() == [0.4, 0.5, 0.6]
    assert Study.load(path).rows == study.rows
    assert run_study(tiny, None, VARIANTS, range(3), path).rows == study.rows
    assert [file.name for file in path.parent.iterdir()] == ["study.csv"]


@uncollected
def test_other_rows_of_the_file_are_kept(tmp_path):
    path = tmp_path / "study.csv"
    train, _ = lookup({"p": [0.1, 0.2, {"loss": 3}], "d": [0.4]})
    run_study(tiny, train, {'"old",\nof\u00e9': {"key": "p"}}, [7, 5], path)
    study = run_study(tiny, train, VARIANTS, [5], path)
    assert study.rows == [("plain", 5, "loss", 3), ("deep", 5, "accuracy", 0.4)]
    stored = Study.load(path)
    assert stored.rows[2:] == study.rows and stored.variants[0] == '"old",\nof\u00e9'
    assert stored.settings["plain"] == "key='p'"


@uncollected
def test_a_file_that_was_cut_off_goes_on(tmp_path):
    path = tmp_path / "study.csv"
    results = [{"accuracy": i / 7, "loss": i} for i in range(3)]
    whole = run_study(tiny, lookup({"p": results})[0], {"a": {"key": "p"}}, range(3), path)
    path.write_bytes(path.read_bytes()[:-5])
    again = run_study(tiny, lookup({"p": results[2:]})[0], {"a": {"key": "p"}}, range(3), path)
    assert again.rows == whole.rows


@uncollected
def test_changed_settings(tmp_path):
    path = tmp_path / "study.csv"
    run = {"a": {"key": "p", "activation": keras.activations.relu}}
    train = lookup({"p": [0.1], "q": [0.2]})[0]
    run_study(tiny, lambda model, activation, key: train(model, key), run, [0], path)
    assert " at 0x" not in path.read_text(), "an address is another in each session"
    with pytest.raises(ValueError, match=r"`variants\['a'\]` must have .* key='p'; .* key='q'"):
        run_study(tiny, train, {"a": {"key": "q", "activation": keras.activations.relu}}, [0], path)


def test_the_users_errors_name_the_run(tmp_path):
    train, _ = lookup({"p": [0.1, KeyError("my mistake")]})
    with pytest.raises(KeyError, match="my mistake") as info:
        run_study(tiny, train, {"a": {"key": "p"}}, [4, 9], tmp_path / "study.csv")
    assert info.value.__notes__ == ["This was variant 'a' with seed 9."]
    assert len(Study.load(tmp_path / "study.csv").rows) == 1
    assert gc.get_freeze_count() == 0 and gc.isenabled()


@pytest.mark.parametrize("enabled", [True, False])
def test_collection_is_as_before(enabled):
    """While a model is built nothing is collected; afterwards the user's choice holds."""
    seen = []

    def build():
        seen.append(gc.isenabled())
        return tiny()

    def train(model):
        seen.append(gc.isenabled())
        return {"loss": 0.0}

    if not enabled:
        gc.disable()
    try:
        run_study(build, train, {"a": {}}, [0, 1])
        assert gc.isenabled() == enabled
    finally:
        gc.enable()
    assert seen == [False, enabled] * 2


SHARED = keras.layers.Dense(1)


def sharing():
    model = keras.Sequential([keras.Input((2,)), SHARED])
    model.compile("sgd", "mse")
    return model


OPTIMIZER = keras.optimizers.SGD()


def one_optimizer():
    model = tiny()
    model.compile(OPTIMIZER, "mse")
    return model


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        (dict(variants={}), ValueError, "`variants` must hold at least one"),
        (dict(variants=["a"]), TypeError, r"`variants` must be .* Received: variants=\['a'\]"),
        (dict(variants={"a": 3}), TypeError, "`variants` must be a dictionary"),
        (dict(variants={3: {}}), ValueError, "each with a name. Received: variants={3: {}}"),
        (dict(seeds=[]), ValueError, r"`seeds` must be different, at least one. .*seeds=\[\]"),
        (dict(seeds=[1, 2, 1]), ValueError, "`seeds` must be different"),
        (dict(seeds=[-1]), ValueError, "`seeds` must be integers of .* Received: -1"),
        (dict(seeds=[True]), ValueError, "`seeds` must be integers of .* Received: True"),
        (dict(seeds=[0.5]), ValueError, "Received: 0.5"),
        (dict(train=lambda model: None), TypeError, "`train` must return a dict.* Received: None"),
        (dict(train=lambda model: {}), TypeError, "`train` must return a dictionary"),
        (dict(train=lambda model: {"a": "b"}), TypeError, "a number by name. Received: {'a': 'b'}"),
        (dict(train=lambda model: {"a": [1]}), TypeError, "`train` must return a number by name"),
        (dict(train=lambda model: {1: 1}), TypeError, "Received: {1: 1}"),
        (dict(build=lambda: 3), TypeError, "`build` must return a keras.Model. Received: int"),
        (dict(build=lambda: keras.Sequential(name="x")), ValueError, "compile its .*Received: 'x'"),
        (dict(build=sharing), ValueError, "new layers and a new optimiser .* twice: .*/kernel"),
        (dict(build=one_optimizer), ValueError, "Received twice: the optimiser"),
    ],
)
def test_bad_input(arguments, error, words):
    good = dict(build=tiny, train=lambda model: {"a": 1}, variants={"a": {}}, seeds=[0, 1])
    with pytest.raises(error, match=words):
        run_study(**good | arguments)


def test_memory_stays_flat():
    """Twenty runs of a model of 4 MB."""

    def build():
        model = keras.Sequential([keras.Input((1000,)), keras.layers.Dense(1000)])
        model.compile(keras.optimizers.SGD(momentum=0.9), "mse")
        return model

    def train(model):
        memory.append(psutil.Process().memory_info().rss / 1024**2)
        return {"loss": model.train_on_batch(x, x)}

    x, memory = np.ones((8, 1000)), []
    run_study(build, train, {"a": {}}, range(20))
    assert memory[19] - memory[4] < 20, "MB; every model kept would be 120"
