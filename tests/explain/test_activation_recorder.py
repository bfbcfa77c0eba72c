import keras
import numpy as np
import pytest
from keras import layers

from cnnkit.explain._activation_recorder import LEVELS, ActivationRecorder

IMAGES = np.random.default_rng(0).uniform(0, 1, (24, 6, 6, 2)).astype(np.float32)
LABELS = np.arange(24) % 3


def small(seed=0, **options):
    keras.utils.set_random_seed(seed)
    parts = [
        layers.Conv2D(3, 3, name="conv"),
        layers.BatchNormalization(name="bn"),
        layers.Dropout(0.5),
        layers.Flatten(),
        layers.Dense(3, name="logits"),
    ]
    model = keras.Sequential([keras.Input((6, 6, 2)), *parts])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), **options)
    return model


def fit(model, *callbacks, epochs=1):
    settings = dict(batch_size=4, epochs=epochs, shuffle=False, verbose=0)
    return model.fit(IMAGES, LABELS, callbacks=list(callbacks), **settings)


class Expected(keras.callbacks.Callback):
    """Calls the layers one by one, after every step."""

    def __init__(self, images, training):
        super().__init__()
        self.images, self.training, self.bn = images, training, []

    def record(self):
        convolved = self.model.get_layer("conv")(self.images)
        bn = self.model.get_layer("bn")
        if self.training:  # its formula, as calling it would move its averages
            array = np.asarray(convolved)
            mean, variance = array.mean(axis=(0, 1, 2)), array.var(axis=(0, 1, 2))
            scaled = (array - mean) / np.sqrt(variance + bn.epsilon)
            normalised = scaled * np.asarray(bn.gamma) + np.asarray(bn.beta)
        else:
            normalised = bn(convolved, training=False)
        self.bn.append(np.percentile(normalised, [5, 25, 50, 75, 95]))

    def on_train_begin(self, logs=None):
        self.record()

    def on_train_batch_end(self, batch, logs=None):
        self.record()


@pytest.mark.parametrize("seed, every, training", [(0, 1, False), (1, 4, True), (2, 5, False)])
def test_quantiles_equal_those_of_the_layers_called_by_hand(seed, every, training):
    n = int(np.random.default_rng(seed).integers(2, 9))
    recorder = ActivationRecorder(IMAGES[:n], layers=["conv", "bn"], every=every, training=training)
    expected = Expected(IMAGES[:n], training)
    fit(small(seed), recorder, expected, epochs=2)
    assert recorder.steps.dtype == np.int64
    assert recorder.steps.tolist() == list(range(0, 13, every)), "across the epochs"
    found = recorder.quantiles["bn"]
    assert list(recorder.quantiles) == ["conv", "bn"] and found.dtype == np.float32
    assert found.shape == (len(recorder.steps), len(LEVELS))
    wanted = np.array(expected.bn)[recorder.steps]
    assert np.abs(found - wanted).max() < 1e-4 < np.ptp(found, axis=0).min()


@pytest.mark.parametrize("training", [False, True])
def test_training_is_not_touched(training):
    alone, watched = small(), small()
    losses = fit(alone, epochs=2).history["loss"]
    recorder = ActivationRecorder(
        IMAGES[:5], layers=["bn", watched.layers[2]], every=1, training=training
    )
    assert fit(watched, recorder, epochs=2).history["loss"] == losses
    for a, b in zip(alone.get_weights(), watched.get_weights(), strict=True):
        assert np.array_equal(a, b)


def test_dropout_is_on_in_training_only():
    model = small()
    name = model.layers[2].name
    for training in (False, True):
        recorder = ActivationRecorder(IMAGES[:5], layers=[name, "bn"], every=6, training=training)
        fit(model, recorder)
        same = recorder.quantiles[name] == recorder.quantiles["bn"]
        assert same.all() == (not training)


def test_a_second_fit_starts_anew():
    recorder = ActivationRecorder(IMAGES[:2], layers=["conv"], every=3)
    assert recorder.steps.shape == (0,) and recorder.quantiles["conv"].shape == (0, 5)
    model = small()
    fit(model, recorder)
    first = recorder.quantiles["conv"]
    fit(model, recorder)
    assert recorder.steps.tolist() == [0, 3, 6]
    assert np.array_equal(recorder.quantiles["conv"][0], first[-1]), "where the first ended"


def test_several_steps_at_once():
    recorder = ActivationRecorder(IMAGES[:2], layers=["conv"], every=3)
    fit(small(steps_per_execution=2), recorder, epochs=2)
    assert recorder.steps.tolist() == [0, 4, 8, 12]


def test_a_layer_in_a_nested_model_and_one_called_twice():
    keras.utils.set_random_seed(0)
    x = inputs = keras.Input((6, 6, 2))
    inner = small()
    dense = layers.Dense(2, name="twice")
    outputs = dense(dense(x)[:, 0, 0]) + layers.Dense(2)(inner(x))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    for training in (False, True):
        chosen = [("twice", 0), (dense, 1), f"{inner.name}/conv", inner.get_layer("bn")]
        recorder = ActivationRecorder(IMAGES[:2], layers=chosen, every=1, training=training)
        model.fit(IMAGES[:2], np.zeros((2, 2)), verbose=0, callbacks=[recorder])
        names = ["twice, call 0", "twice, call 1", f"{inner.name}/conv", "bn"]
        assert list(recorder.quantiles) == names
        assert all(rows.shape == (2, 5) for rows in recorder.quantiles.values())


@pytest.mark.filterwarnings("error")
def test_a_network_that_diverges():
    model = small()
    kernel, bias = model.get_layer("conv").get_weights()
    model.get_layer("conv").set_weights([kernel * np.inf, bias])
    recorder = ActivationRecorder(IMAGES[:2], layers=["conv"])
    fit(model, recorder)
    assert np.isnan(recorder.quantiles["conv"]).all()


@pytest.mark.parametrize(
    "chosen, every, words",
    [
        (["conv"], 0, "`every` must be a positive integer. Received: every=0"),
        ("conv", 1, "`layers` must be a list of layers or names.* Received: layers='conv'"),
        ([], 1, "`layers` must be a list"),
        ([None], 1, r"Received: layers=\[None\]"),
        (["conv", "conv"], 1, "`layers` must have different names; paths"),
    ],
)
def test_bad_input(chosen, every, words):
    with pytest.raises(ValueError, match=words):
        ActivationRecorder(IMAGES, layers=chosen, every=every)


def test_an_unknown_layer_is_told_before_training():
    model = small()
    before = model.get_weights()
    with pytest.raises(ValueError, match="`layer` must be a layer of the model .* layer='pool'"):
        fit(model, ActivationRecorder(IMAGES, layers=["pool"]))
    assert all(map(np.array_equal, before, model.get_weights()))
