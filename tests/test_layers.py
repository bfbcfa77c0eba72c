import keras
import numpy as np
import pytest
from keras import layers

from cnnkit._layers import find_in, layer_paths, split_call
from cnnkit.explain import capture, find_layer
from cnnkit.geometry import receptive_field


@pytest.fixture(scope="module")
def model():
    """A convolution, and two more within the models "inner" and "middle/inner"."""

    def nested(name, *parts):
        return keras.Sequential([keras.Input((9, 9, 1)), *parts], name=name)

    inner = nested("inner", layers.Conv2D(1, 3, padding="same", name="conv"))
    middle = nested("middle", inner, layers.Conv2D(1, 3, padding="same", name="conv"))
    return nested("outer", layers.ReLU(name="relu"), middle)


def test_paths_in_the_order_of_the_model(model):
    paths = layer_paths(model)
    names = ["relu", "middle", "middle/inner", "middle/inner/conv", "middle/conv"]
    assert list(paths) == names
    assert paths["middle/conv"] is model.get_layer("middle").get_layer("conv")
    with pytest.raises(TypeError, match="`model` must be a Keras model or .* Received: model='m'"):
        layer_paths("m")
    assert layer_paths(layers.Dense(2)) == {}, "which holds no others"
    assert layer_paths(model.get_layer("middle"))["inner/conv"] is paths["middle/inner/conv"]


def test_paths_in_wrappers_and_of_equal_names():
    wrapped = layers.TimeDistributed(layers.Dense(2, name="dense"), name="each")
    assert list(layer_paths(keras.Sequential([keras.Input((3, 4)), wrapped]))) == [
        "each",
        "each/dense",
    ]

    class Twins(keras.Model):
        def __init__(self):
            super().__init__()
            self.one, self.two = layers.ReLU(name="relu"), layers.ReLU(name="relu")

    twins = Twins()
    assert layer_paths(twins) == {"relu": twins.one, "relu#2": twins.two}


@pytest.mark.parametrize(
    "layer, path",
    [
        ("relu", "relu"),
        ("inner", "middle/inner"),
        ("inner/conv", "middle/inner/conv"),
        ("middle/inner/conv", "middle/inner/conv"),
        ("middle/conv", "middle/conv"),
    ],
)
def test_a_whole_path_and_the_end_of_one(model, layer, path):
    paths = layer_paths(model)
    assert find_in(paths, layer, "outer") is paths[path]
    assert find_in(paths, paths[path], "outer") is paths[path]


@pytest.mark.parametrize(
    "layer, words",
    [
        ("pool", "the model 'outer', or one of its names or paths: relu, middle, .*: layer='pool'"),
        ("nv", "Received: layer='nv'"),
        (3, "Received: layer=3"),
        ("conv", "one layer only; this name fits middle/inner/conv, middle/conv. Received"),
        (layers.ReLU(), "must be a layer of the model 'outer'. .* which is none of its layers"),
    ],
)
def test_what_means_no_layer(model, layer, words):
    with pytest.raises(ValueError, match=words):
        find_in(layer_paths(model), layer, "outer")


def test_calls():
    assert split_call(("conv", 1)) == ("conv", 1)
    _, call = split_call(("conv", np.uint8(1)))
    assert call == 1 and type(call) is int
    assert split_call(("conv", None)) == ("conv", None), "which says no call"
    assert split_call("conv") == ("conv", None) and split_call(None) == (None, None)
    assert split_call(("conv", 0, 0)) == (("conv", 0, 0), None), "which is no layer"


@pytest.mark.parametrize("call", [1.0, True, False, -1, "0", np.array(1)])
def test_what_is_no_call(model, call):
    layer = model.get_layer("relu")
    words = r"`layer` must be a layer or a pair `\(layer, call\)`, call an integer of at least 0"
    uses = [
        lambda: split_call((layer, call)),
        lambda: find_layer(model, (layer, call)),
        lambda: capture(model, np.ones((1, 9, 9, 1)), layer=(layer, call)),
        lambda: receptive_field(model, (layer, call)),
    ]
    for use in uses:
        with pytest.raises(ValueError, match=words) as error:
            use()
        assert str(error.value).endswith(f"Received: layer={(layer, call)!r}")
