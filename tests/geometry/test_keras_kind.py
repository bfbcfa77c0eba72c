"""A user's class follows the rules of the class of Keras or of `cnnkit.layers`, or none."""

import keras
import pytest
from keras import layers, ops

from cnnkit.geometry import receptive_field
from cnnkit.geometry._keras_kind import keras_kind
from cnnkit.layers import RandomAffine


class SmallConv(layers.Conv2D):
    """A convolution with other arguments."""

    def __init__(self, filters, twice=False, **kwargs):
        super().__init__(filters, (3, 5) if twice else 3, **kwargs)
        self.twice = twice

    def get_config(self):
        return {**super().get_config(), "twice": self.twice}

    @classmethod
    def from_config(cls, config):
        return cls(config["filters"], config["twice"])

    def describe(self):
        return "a method that Keras does not call"


class Again(SmallConv):
    pass


class Documented:
    """A class beside, of which Keras knows nothing."""

    def __repr__(self):
        return "documented"


class Mixed(Documented, layers.Conv2D):
    pass


def changed(kind, **methods):
    return type("Changed", (kind,), methods)


def nothing(self, *args, **kwargs):
    return args[0]


KNOWN = [
    (SmallConv(1), layers.Conv2D),
    (Again(1, twice=True), layers.Conv2D),
    (Mixed(1, 3), layers.Conv2D),
    (layers.Conv2D(1, 3), layers.Conv2D),
    (layers.Conv2DTranspose(1, 3), layers.Conv2DTranspose),
    (changed(keras.Layer)(), keras.Layer),
    (RandomAffine(), RandomAffine),
    (changed(RandomAffine)(), RandomAffine),
]
CHANGED = [
    changed(layers.Conv2D, call=nothing)(1, 3),
    changed(layers.Conv2D, __call__=nothing)(1, 3),
    changed(layers.Conv2D, compute_output_shape=nothing)(1, 3),
    changed(layers.Conv2D, convolution_op=nothing)(1, 3),
    changed(layers.Conv2D, build=nothing)(1, 3),
    changed(changed(SmallConv, call=nothing))(1),
    type("Mixed", (changed(object, call=nothing), layers.Conv2D), {})(1, 3),
    changed(layers.ReLU, call=nothing)(),
    changed(RandomAffine, transform_images=nothing)(),
]


@pytest.mark.parametrize("layer, kind", KNOWN)
def test_the_class_of_keras(layer, kind):
    assert keras_kind(layer) is kind


@pytest.mark.parametrize("layer", CHANGED)
def test_classes_that_may_do_anything(layer):
    assert keras_kind(layer) is None


def test_a_function_of_keras():
    inputs = keras.Input((2,))
    model = keras.Model(inputs, ops.relu(inputs))
    assert keras_kind(model.operations[-1]).__name__ == "Relu"


def test_receptive_fields_of_subclasses():
    convs = [SmallConv(2), Again(2, twice=True), Mixed(2, 3, strides=2)]
    relu = changed(layers.ReLU)()
    model = keras.Sequential([keras.Input((16, 16, 1)), *convs, relu])
    plain = [layers.Conv2D(2, 3), layers.Conv2D(2, (3, 5)), layers.Conv2D(2, 3, strides=2)]
    expected = receptive_field(keras.Sequential([keras.Input((16, 16, 1)), *plain]))
    assert receptive_field(model, relu) == expected
