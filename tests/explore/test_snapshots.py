import copy

import keras
import numpy as np
import pytest
from keras import layers
from test_arrays import values_of

from cnnkit.explore import Snapshots, _snapshots, explore
from cnnkit.explore._snapshots import training

IMAGES = np.random.default_rng(0).random((6, 6, 6, 1), np.float32)
LABELS = np.arange(6) % 3


def build():
    chain = [layers.Conv2D(2, 3), layers.BatchNormalization(), layers.Flatten(), layers.Dense(3)]
    model = keras.Sequential([keras.Input((6, 6, 1)), *chain])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, run_eagerly=True)  # quicker for so few steps
    return model


@pytest.fixture(scope="module")
def trained():
    """A model after two epochs, its `Snapshots`, and its weights at the beginning."""
    keras.utils.set_random_seed(0)
    model, snapshots = build(), Snapshots()
    first = model.get_weights()
    model.fit(IMAGES, LABELS, epochs=2, verbose=0, callbacks=[snapshots])
    return model, snapshots, first


def test_the_page_gets_the_weights_of_each_epoch(trained):
    model, snapshots, first = trained
    own = model.get_weights()
    entries = training(snapshots, model, IMAGES)
    assert [entry["epoch"] for entry in entries] == [0, 1, 2]
    assert "weights" not in entries[-1] and entries[-1]["logs"]["loss"] > 0
    assert entries[0]["logs"] == {} and list(entries[1]["logs"]) == ["loss"]
    for name, wanted in [("kernel", first[0]), ("bias", first[1])]:
        found = entries[0]["weights"][1][name]
        step = (found["high"] - found["low"]) / 65535
        values = found["low"] + values_of(found) * step
        np.testing.assert_allclose(values, wanted, atol=step + 1e-7)
    assert all(map(np.array_equal, model.get_weights(), own))


def test_a_second_fit_goes_on_counting_and_a_changed_network_is_no_epoch(trained):
    model, snapshots, _ = trained
    other = build()
    other.set_weights(model.get_weights())
    snapshots = copy.copy(snapshots)
    snapshots._states = list(snapshots._states)
    other.fit(IMAGES, LABELS, verbose=0, callbacks=[snapshots])
    assert repr(snapshots) == "<Snapshots of 4 states>"
    other.set_weights(model.get_weights())
    entries = training(snapshots, other, IMAGES)
    assert [entry["epoch"] for entry in entries] == [0, 1, 2, 3, None]


def test_of_a_long_training_some_epochs_are_chosen(trained, monkeypatch):
    model, snapshots, _ = trained
    monkeypatch.setattr(_snapshots, "_MAX_EPOCHS", 2)
    many = copy.copy(snapshots)
    many._states = [_snapshots._State(epoch, model.get_weights(), {}) for epoch in range(9)]
    assert [entry["epoch"] for entry in training(many, model, IMAGES)] == [0, 7, 8]


def test_what_is_not_a_training_of_this_network(trained, monkeypatch):
    model, snapshots, first = trained
    with pytest.raises(TypeError, match="must be a cnnkit.explore.Snapshots. Received"):
        explore(model, IMAGES, snapshots=[first])
    with pytest.raises(ValueError, match="must have seen a training: model.fit"):
        explore(model, IMAGES, snapshots=Snapshots())
    other = keras.Sequential([keras.Input((6, 6, 1)), layers.Flatten(), layers.Dense(3)])
    with pytest.raises(ValueError, match="of the training of 'sequential.*other shapes"):
        explore(other, IMAGES, snapshots=snapshots)
    broken = copy.copy(snapshots)
    broken._states = [_snapshots._State(1, [w * np.nan for w in first], {})]
    with pytest.raises(ValueError, match="NaN or infinite weights after epoch 1"):
        explore(model, IMAGES, snapshots=broken)
    monkeypatch.setattr(_snapshots, "MAX_WEIGHTS", 10)
    with pytest.raises(ValueError, match="up to 10 weights for Snapshots. Received: 'seq"):
        model.fit(IMAGES, LABELS, verbose=0, callbacks=[Snapshots()])


def test_a_recorded_network_has_no_slider():
    model = keras.Sequential([keras.Input((6, 6, 1)), layers.Flatten(), layers.UnitNormalization()])
    snapshots = Snapshots()
    snapshots._states = [_snapshots._State(0, model.get_weights(), {})]
    with pytest.raises(ValueError, match="that the page computes. The page cannot compute 'unit"):
        explore(model, IMAGES, snapshots=snapshots)
