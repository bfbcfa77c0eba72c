import json

import keras
import numpy as np
import pytest
from keras import layers
from test_arrays import values_of

from cnnkit import geometry, models
from cnnkit.explore import _recorded, _snapshot
from cnnkit.explore._snapshot import make_snapshot, network

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (3, 28, 28, 1), np.uint8)


@pytest.fixture(scope="module")
def small():
    """A network and its snapshot."""
    model = models.small_cnn()
    return model, make_snapshot(model, IMAGES, list("abcdefghij"), [3, 1, 4])


def test_it_is_json(small):
    assert json.loads(json.dumps(small[1], allow_nan=False)) == small[1]


def test_it_tells_what_geometry_tells(small):
    model, snapshot = small
    assert snapshot["source"] == "computed" and "reason" not in snapshot
    layers = snapshot["layers"]
    assert [layer["inputs"] for layer in layers] == [[], *([i] for i in range(len(layers) - 1))]
    assert sum(layer["parameters"] for layer in layers) == model.count_params()
    for layer, own in zip(layers[1:], model.layers, strict=True):
        assert (layer["name"], layer["type"]) == (own.name, type(own).__name__)
        assert tuple(layer["shape"]) == own.output.shape[1:]
        field = geometry.receptive_field(model, own)
        assert layer["field"]["size"] == list(field.size)
        assert layer["field"]["strides"] == list(field.strides)
        assert layer["field"]["offset"] == list(field.offset)
    assert layers[2]["multiply_adds"] == geometry.multiply_adds(model.layers[1], (28, 28, 1))


def test_weights_and_answers_are_those_of_keras(small):
    model, snapshot = small
    kernel = values_of(snapshot["layers"][-1]["weights"]["kernel"])
    np.testing.assert_array_equal(kernel, model.layers[-1].kernel)
    answers = values_of(snapshot["answers"])
    np.testing.assert_allclose(answers, model(IMAGES, training=False), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "images, dtype, low, high",
    [
        (IMAGES, "uint8", 0, 255),
        (IMAGES.astype(np.float32), "uint8", 0, 255),
        (IMAGES / np.float32(255), "float32", 0, 1),
        (IMAGES / np.float32(127.5) - 1, "float32", -1, 1),
        (IMAGES.astype(np.float32) - 300, "float32", -300, -45),
        (IMAGES.astype(np.float32) * 2, "float32", 0, 510),
    ],
)
def test_images_are_kept_without_loss(images, dtype, low, high):
    found = _snapshot._images(images)
    assert (found["dtype"], found["low"], found["high"]) == (dtype, low, high)
    np.testing.assert_array_equal(values_of(found), images)


def test_a_layer_that_is_called_again_shares_its_weights():
    image, conv = keras.Input((8, 8, 1)), layers.Conv2D(1, 3, padding="same", name="conv")
    inner = keras.Sequential([keras.Input((8, 8, 1)), conv], name="inner")
    model = keras.Model(image, layers.Add()([inner(image), inner(inner(image))]))
    found, reason = network(model, IMAGES[:, :8, :8])
    assert reason is None
    convs = [layer for layer in found if layer["kind"] == "Conv2D"]
    assert [layer["name"] for layer in convs] == ["inner/conv"] * 3
    assert ["weights" in layer for layer in convs] == [True, False, False]
    assert [layer.get("shared") for layer in convs] == [None, *[found.index(convs[0])] * 2]
    assert len(found[-1]["inputs"]) == 2


def test_a_model_that_leaves_sizes_open_gets_those_of_the_images():
    model = keras.Sequential([keras.Input((None, None, 1)), layers.Conv2D(2, 3)])
    found, reason = network(model, IMAGES)
    assert reason is None
    assert found[-1]["shape"] == [26, 26, 2]


def test_large_networks_are_not_computed(monkeypatch, small):
    monkeypatch.setattr(_snapshot, "MAX_WEIGHTS", 98_441)
    found, reason = network(small[0], IMAGES)
    assert reason == "The page computes up to 98,441 weights; this network has 98,442."
    monkeypatch.setattr(_snapshot, "MAX_WEIGHTS", 98_442)
    monkeypatch.setattr(_snapshot, "MAX_MULTIPLY_ADDS", 1_000_000)
    assert "1,000,000 multiply-adds; here are 1,994,240" in network(small[0], IMAGES)[1]


def test_two_hundred_layers():
    chain = [layers.ReLU() for _ in range(200)]
    model = keras.Sequential([keras.Input((6, 6, 1)), *chain])
    found, reason = network(model, IMAGES[:, :6, :6])
    assert reason is None and len(found) == 201


def test_another_kind_of_layer_is_recorded():
    model = keras.Sequential([keras.Input((6, 6, 1)), layers.LayerNormalization(name="normal")])
    snapshot = make_snapshot(model, IMAGES[:, :6, :6])
    assert snapshot["source"] == "recorded"
    assert snapshot["reason"] == ("The page cannot compute 'normal': it is a LayerNormalization.")
    assert snapshot["layers"][-1]["recorded"]["channels"] == 1
    np.testing.assert_array_equal(
        values_of(snapshot["layers"][-1]["recorded"]), values_of(snapshot["answers"])
    )


def test_a_recorded_layer_has_its_weights_where_its_numbers_are_exact(monkeypatch):
    chain = [layers.Conv2D(n, 3, name=f"conv_{n}") for n in (2, 40, 3)]
    model = keras.Sequential([keras.Input((28, 28, 1)), *chain, layers.LayerNormalization()])
    monkeypatch.setattr(
        _recorded, "_BYTES", 4 * 3 * 26 * 26 * 2 * 4
    )  # a share for conv_2 and conv_3
    kept = {x["name"] for x in make_snapshot(model, IMAGES)["layers"] if "weights" in x}
    assert kept == {"conv_2"}  # conv_40 is recorded in part, so conv_3 has no exact input
    monkeypatch.setattr(_snapshot, "_MAX_SHOWN", 19)
    assert not any("weights" in layer for layer in make_snapshot(model, IMAGES)["layers"])


def test_several_outputs():
    image = keras.Input((6, 6, 1))
    model = keras.Model(image, [layers.Flatten()(image), layers.MaxPooling2D()(image)])
    snapshot = make_snapshot(model, IMAGES[:, :6, :6])
    assert sorted(snapshot["outputs"]) == [1, 2]
    assert snapshot["answers"] is None
