import dataclasses
import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf
from captured_models import flat
from explained_models import images, sequential
from keras import layers

from cnnkit.explain._settings import changed, settings_of


@dataclasses.dataclass
class Config:
    alpha: float = 2.0
    of: "Config | None" = None


def reader(factors, offsets=[1.0]):  # noqa: B006
    def read(x, offsets=offsets):
        return x * factors[0] + offsets[0]

    return read


class Own(layers.Layer):
    def __init__(self, **options):
        super().__init__(**options)
        self.alpha, self._beta, self.nan = 2, 0.5, float("nan")
        self.array, self.tensor = np.arange(3.0), tf.constant([1.0])
        self.many, self.named = [1, (2, 3)], {"a": {"b": 1}}
        self.config = Config(of=Config())
        self.config.of.of = self.config  # a circle
        if self.alpha < 0:
            later = 1
        self.function = lambda x: x
        self.reader, self.early = reader([2.0]), lambda: later

    def call(self, x):
        return x


def model():
    """With a layer in a model in a model."""
    inner = sequential([Own(name="own"), layers.Rescaling(2.0, name="scaled")])
    return sequential([inner, layers.RandomRotation(0.1), layers.Dropout(0.5), *flat()])


def assign(layer, name, value):
    setattr(layer, name, value)


def reader_values(own):
    (cell,) = own.reader.__closure__
    return cell.cell_contents, own.reader.__defaults__[0]


CHANGES = {
    "alpha": lambda own: assign(own, "alpha", 3),
    "the type": lambda own: assign(own, "alpha", 2.0),
    "private": lambda own: assign(own, "_beta", 0.25),
    "a new one": lambda own: assign(own, "gamma", 1),
    "no more": lambda own: delattr(own, "alpha"),
    "another array": lambda own: assign(own, "array", np.arange(3.0) + 1),
    "in an array": lambda own: own.array.__setitem__(1, 7.0),
    "a tensor": lambda own: assign(own, "tensor", own.tensor + 1),
    "a list": lambda own: own.many.append(4),
    "a dictionary": lambda own: own.named["a"].update({"b": 2}),
    "an object": lambda own: assign(own.config, "alpha", 1.0),
    "deep in an object": lambda own: assign(own.config.of, "alpha", 1.0),
    "what a function reads": lambda own: reader_values(own)[0].append(1),
    "a default": lambda own: reader_values(own)[1].append(1),
    "a function": lambda own: assign(own, "function", lambda x: x),
    "its call": lambda own: assign(own, "call", lambda x: 2 * x),
    "precision": lambda own: assign(own, "dtype_policy", "mixed_float16"),
    "frozen": lambda own: assign(own, "trainable", False),
}


@pytest.fixture(scope="module")
def changing():
    return model()


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_seen_once(changing, name):
    own = changing.layers[0].get_layer("own")
    before = settings_of(changing)
    assert changed(before, settings_of(changing, before)) == set()
    CHANGES[name](own)
    after = settings_of(changing, before)
    assert {key[0]() for key in changed(before, after)} == {own}
    assert changed(after, settings_of(changing, after)) == set()


KERAS = {
    "scaled": ("scale", 3.0),
    "random_rotation": ("factor", (0.2, 0.2)),
    "dropout": ("rate", 0.1),
    "norm": ("epsilon", 0.1),
    "known": ("mean", tf.constant([[[[5.0]]]])),
    "first": ("padding", "same"),
    "head": ("activation", keras.activations.linear),
}


def test_settings_of_layers_of_keras_are_seen():
    known = layers.Normalization(mean=[1.0] * 3, variance=[1.0] * 3, name="known")
    rotation = layers.RandomRotation(0.1, name="random_rotation")
    norm = layers.BatchNormalization(name="norm")
    inner = sequential([layers.Rescaling(2.0, name="scaled"), rotation, known])
    dropout = layers.Dropout(0.5, name="dropout")
    outer = sequential([inner, *flat()[1:4], dropout, norm, flat()[-1]])
    for name, (setting, value) in KERAS.items():
        layer = (inner if name in {"scaled", "random_rotation", "known"} else outer).get_layer(name)
        before = settings_of(outer)
        setattr(layer, setting, value)
        assert {key[1] for key in changed(before, settings_of(outer, before))} >= {setting}, name


def test_what_is_surely_the_same_is_taken_over_but_lists_are_looked_at():
    norm = layers.BatchNormalization()
    changing = sequential([norm])
    before = settings_of(changing)
    key = weakref.ref(norm)
    assert settings_of(changing, before)[key] is before[key]
    norm._reduction_axes.append(3)  # a list of numbers, in place
    assert changed(before, settings_of(changing, before)) == {(key, "_reduction_axes")}


def test_layers_and_their_order_are_seen():
    changing = sequential([layers.ReLU(name="a"), layers.Activation("tanh", name="b")])
    before = settings_of(changing)
    a, b = changing.layers
    for _ in range(2):
        changing.pop()
    changing.add(b)
    changing.add(a)
    assert "layers" in changed(before, settings_of(changing, before))


class Trained(keras.Model):
    """With a `call` of its own, and a model that has none."""

    def __init__(self):
        super().__init__()
        self.inner = sequential([layers.Flatten(), layers.BatchNormalization()], (2, 2, 1))
        self.parts = [layers.Dropout(0.5), layers.Dense(2, activation="softmax")]

    def call(self, x, training=False):
        x = self.inner(x, training=training)
        for part in self.parts:
            x = part(x)
        return x


def test_what_runs_and_training_change_is_no_setting():
    model, x = Trained(), images(2, (2, 2, 1))
    model(x)
    before = settings_of(model)
    loss = "sparse_categorical_crossentropy"
    model.compile("sgd", loss, metrics=["accuracy"], run_eagerly=True)
    model.fit(x, np.zeros(2), validation_data=(x, np.zeros(2)), verbose=0)
    model.predict(x, verbose=0)
    model.set_weights([2 * weight for weight in model.get_weights()])
    assert changed(before, settings_of(model)) == set()


def test_they_keep_nothing_alive():
    made = model()
    found, references = settings_of(made), [weakref.ref(made), weakref.ref(made.layers[0])]
    del made
    gc.collect()
    assert found and all(reference() is None for reference in references)
