import keras
import numpy as np
import pytest
from keras import layers
from test_arrays import values_of

from cnnkit.explore import _recorded
from cnnkit.explore._recorded import record
from cnnkit.explore._snapshot import make_snapshot, network

IMAGES = np.random.default_rng(0).uniform(size=(2, 12, 12, 3)).astype(np.float32)


class Subclassed(keras.Model):
    """A model that does not say how its layers are connected."""

    def __init__(self):
        super().__init__(name="subclassed")
        self.conv = layers.Conv2D(4, 3, name="conv")
        self.twice = layers.ReLU(name="twice")
        self.head = layers.Dense(3, name="head")
        self.unused = layers.Dense(3, name="unused")
        self.unused.build((None, 4))

    def call(self, inputs):
        maps = self.twice(self.twice(self.conv(inputs)))
        return self.head(keras.ops.mean(maps, axis=(1, 2)))


@pytest.fixture(scope="module")
def subclassed():
    model = Subclassed()
    model(IMAGES)
    return model, make_snapshot(model, IMAGES)


def test_what_a_subclassed_model_gives_is_recorded(subclassed):
    model, snapshot = subclassed
    by_name = {layer["name"]: layer for layer in snapshot["layers"]}
    assert snapshot["source"] == "recorded"
    assert snapshot["reason"].startswith("'subclassed' is a subclassed model")
    assert by_name["conv"]["shape"] == [10, 10, 4]
    maps = values_of(by_name["conv"]["recorded"])
    np.testing.assert_allclose(maps, model.conv(IMAGES), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(values_of(snapshot["answers"]), model(IMAGES), rtol=1e-4, atol=1e-5)


def test_what_cannot_be_recorded_says_why(subclassed):
    by_name = {layer["name"]: layer for layer in subclassed[1]["layers"]}
    assert "must be a layer that the model calls" in by_name["unused"]["missing"]
    assert "recorded" not in by_name["unused"]
    assert "recorded" in by_name["twice"]  # its first call


def test_large_maps_are_recorded_in_part(monkeypatch):
    monkeypatch.setattr(_recorded, "_BYTES", 3 * 2 * 12 * 12)
    model = keras.Sequential([keras.Input((12, 12, 3)), layers.Conv2D(8, 3, padding="same")])
    found, _ = network(model, IMAGES)
    answers = record(model, IMAGES, found)
    recorded = found[-1]["recorded"]
    assert (recorded["dtype"], recorded["channels"]) == ("uint8", 3)
    assert recorded["shape"] == [2, 12, 12, 3] and found[-1]["shape"] == [12, 12, 8]
    step = (recorded["high"] - recorded["low"]) / 255
    maps = recorded["low"] + step * values_of(recorded)
    assert np.abs(maps - answers[..., :3]).max() <= 0.51 * step


def test_of_long_networks_some_layers_are_left_out(monkeypatch):
    monkeypatch.setattr(_recorded, "MAX_LAYERS", 3)
    chain = [layers.ReLU(name=f"relu_{i}") for i in range(7)]
    model = keras.Sequential([keras.Input((12, 12, 3)), *chain])
    found, _ = network(model, IMAGES)
    record(model, IMAGES, found)
    assert [layer["name"] for layer in found if "recorded" in layer] == [
        "relu_0",
        "relu_3",
        "relu_6",
    ]
    assert found[2]["missing"].startswith("Not recorded")


def test_the_first_convolution_and_the_last_maps_are_never_left_out(monkeypatch):
    monkeypatch.setattr(_recorded, "MAX_LAYERS", 5)
    chain = [layers.ReLU(name=f"relu_{i}") for i in range(12)]
    conv = layers.Conv2D(2, 3, name="conv")
    head = [layers.GlobalAveragePooling2D(), layers.Dense(2), layers.Dense(2, name="last")]
    model = keras.Sequential([keras.Input((12, 12, 3)), chain[0], conv, *chain[1:], *head])
    found, _ = network(model, IMAGES)
    record(model, IMAGES, found)
    recorded = [layer["name"] for layer in found if "recorded" in layer]
    assert len(recorded) == 5 and {"relu_0", "conv", "relu_11", "last"} <= set(recorded)


def test_all_layers_take_one_run(monkeypatch):
    runs = []
    explain = _recorded.explain
    capture_layers = explain.capture_layers

    def counted(*args, **kwargs):
        runs.append(kwargs["layers"])
        return capture_layers(*args, **kwargs)

    monkeypatch.setattr(explain, "capture_layers", counted)
    chain = [layers.Conv2D(2, 3, name=f"conv_{i}") for i in range(4)]
    model = keras.Sequential([keras.Input((12, 12, 3)), *chain])
    found, _ = network(model, IMAGES)
    answers = record(model, IMAGES, found)
    assert len(runs) == 1 and len(runs[0]) == 4
    np.testing.assert_allclose(answers, model(IMAGES), rtol=1e-4, atol=1e-5)
    for layer, given in zip(found[1:], runs[0], strict=True):
        expected = explain.capture(model, IMAGES, layer=given).activations
        np.testing.assert_allclose(values_of(layer["recorded"]), expected, rtol=1e-4, atol=1e-5)


class Broken(layers.Layer):
    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, inputs.dtype)

    def call(self, inputs):
        raise ArithmeticError("no numbers today")


def test_a_model_that_fails_names_the_layer_that_stopped_it():
    first, broken = layers.ReLU(name="first"), Broken(name="broken")
    model = keras.Sequential([keras.Input((12, 12, 3)), first, broken])
    snapshot = make_snapshot(model, IMAGES)
    assert snapshot["answers"] is None
    assert "no numbers today" in snapshot["layers"][-1]["missing"]
    assert "Broken" in snapshot["layers"][-1]["missing"]


def test_layers_with_nan_or_without_images():
    layer = {}
    _recorded._add(layer, np.full((2, 3), np.nan), 2, 1000)
    assert "NaN" in layer["missing"]
    layer = {}
    _recorded._add(layer, np.ones((4, 3)), 2, 1000)
    assert "each image" in layer["missing"]
