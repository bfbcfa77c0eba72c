"""Small models of all kinds that tests share, and how near what they give must be."""

import functools

import keras
import numpy as np
from keras import layers

from cnnkit import data
from cnnkit._keras import layers_within

SHAPE = (16, 16, 3)


def images(n=2, shape=SHAPE, seed=0):
    """Images with values in 0..255."""
    return np.random.default_rng(seed).uniform(0, 255, (n, *shape)).astype(np.float32)


def close(found, expected, tolerance=1e-4):
    """Equal, and not because both are 0."""
    expected = np.asarray(expected, np.float32)
    largest = np.abs(expected).max()
    assert found.dtype == np.float32 and found.shape == expected.shape and largest > 0
    assert np.abs(found - expected).max() <= tolerance * largest


def parts(seed=0, conv=None):
    """What comes before a head: a list of layers from images to a vector.

    The maps cover an image of an even size evenly, so that a model whose receptive fields are not
    known gives the same as another one.
    """
    keras.utils.set_random_seed(seed)
    return [
        layers.Rescaling(1 / 127.5, offset=-1),
        layers.Conv2D(5, 3, padding="same", activation="relu", name="first"),
        layers.AveragePooling2D(2),
        conv or layers.Conv2D(4, 3, padding="same", activation="relu", name="last"),
        layers.GlobalAveragePooling2D(),
        layers.Dropout(0.5),
    ]


def dense(n=3):
    bias = -0.0086 if n == 1 else 0.0  # so that some images are of each class
    options = dict(
        kernel_initializer="orthogonal", bias_initializer=keras.initializers.Constant(bias)
    )
    return layers.Dense(n, **options, name="scores")


def sequential(some_layers, shape=SHAPE):
    return keras.Sequential([keras.Input(shape), *some_layers])


def functional(some_layers, shape=SHAPE):
    inputs = x = keras.Input(shape)
    for layer in some_layers:
        x = layer(x)
    return keras.Model(inputs, x)


class Counting(layers.Layer):
    """Counts how often its Python code runs."""

    calls = 0

    def call(self, x):
        self.calls += 1  # in a graph, only while it is traced
        return x


def all_layers(model):
    """The model itself, and all layers and models within it."""
    return [model, *layers_within(model, recursive=True)]


class Subclassed(keras.Model):
    """A model without a graph, with an operation for its last step."""

    def __init__(self, some_layers, last=keras.ops.softmax):
        super().__init__()
        self.parts, self.last = some_layers, last

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return self.last(x)


def subclassed(some_layers, **options):
    model = Subclassed(some_layers, **options)
    model(np.zeros((1, *SHAPE), np.float32))
    return model


def new(n=3, shape=SHAPE, build=sequential, conv=None):
    """A model that gives logits, compiled with a loss that says so."""
    return compiled(build([*parts(conv=conv), dense(n)], shape), n)


def compiled(model, n=3):
    losses = keras.losses
    loss = losses.BinaryCrossentropy if n == 1 else losses.SparseCategoricalCrossentropy
    model.compile("sgd", loss(from_logits=True))
    return model


plain = functools.cache(new)  # so that all methods share its traces; whoever changes it takes `new`


def _with_activation(name):
    def build(n):
        last = dense(n)
        last.activation = keras.activations.get(name)
        return sequential([*parts(), last])

    return build


def _operation(function):
    def build(n):
        model = new(n, build=functional)
        return keras.Model(model.inputs, function(model.outputs[0]))

    return build


def _nested(n):
    """A Sequential within a functional model, with its own softmax."""
    inner = sequential([dense(n), layers.Softmax()], (4,))
    return functional([functional(parts()[:4]), *parts()[4:], inner])


def _without_axis(logits):
    return keras.ops.squeeze(keras.ops.sigmoid(logits), axis=-1)


# From the number of units to a model: all ways to write a head.
HEADS = {
    "Dense(softmax)": _with_activation("softmax"),
    "Softmax layer": lambda n: sequential([*parts(), dense(n), layers.Softmax()]),
    "Activation layer": lambda n: functional([*parts(), dense(n), layers.Activation("softmax")]),
    "keras.ops.softmax": _operation(keras.ops.softmax),
    "nested": _nested,
    "subclassed": lambda n: subclassed([*parts(), dense(n)]),
    "logits": new,
    "Dense(2, sigmoid)": _with_activation("sigmoid"),
}
ONE_UNIT = {
    "Dense(1, sigmoid)": _with_activation("sigmoid"),
    "Activation(sigmoid)": lambda n: sequential([*parts(), dense(n), layers.Activation("sigmoid")]),
    "keras.ops.sigmoid": _operation(keras.ops.sigmoid),
    "one logit": new,
    "no axis": lambda n: subclassed(
        [*parts(), dense(n)], last=lambda x: keras.ops.sigmoid(x)[:, 0]
    ),
}


@functools.cache
def with_head(name, n):
    """A model with one of these heads, and the weights of `plain(n)`."""
    model = {**HEADS, **ONE_UNIT}[name](n)
    return with_weights_of(model, plain(n))


class FixedBatch(keras.Model):
    """Uses the batch size as a number, which only known shapes allow."""

    def __init__(self, before, head):
        super().__init__()
        self.parts, self.head = before, head

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return self.after(x)

    def after(self, x):
        return self.head(keras.ops.reshape(x, (x.shape[0], -1)))


@functools.cache
def two_inputs():
    """From an image and a vector to a class and a number: by name, and from a list to the class."""
    keras.utils.set_random_seed(4)
    image, vector = keras.Input(SHAPE, name="image"), keras.Input((2,), name="vector")
    maps = layers.Conv2D(4, 3, activation="relu", name="maps")(layers.Rescaling(1 / 255)(image))
    pooled = layers.GlobalAveragePooling2D()(maps)
    kind = layers.Dense(3, name="kind")(layers.Concatenate()([pooled, layers.Dense(4)(vector)]))
    size = layers.Dense(1, name="size")(vector)
    named = {"image": image, "vector": vector}, {"kind": kind, "size": size}
    return keras.Model(*named), keras.Model([vector, image], kind)


@functools.cache
def reader_of_digits():
    """A trained network with a softmax, and 100 digits that it has not seen, with their classes."""
    keras.utils.set_random_seed(0)
    x, y = data.load_digits()
    x = x[..., None].astype(np.float32)
    options = dict(padding="same", activation="relu")
    model = sequential(
        [
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 3, **options),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, **options),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ],
        (8, 8, 1),
    )
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    model.fit(x[:-100], y[:-100], batch_size=64, epochs=6, verbose=0)
    return model, x[-100:], y[-100:]


def with_weights_of(model, other):
    """`model`, with the weights that another model of the same layers has."""
    model.set_weights(other.get_weights())
    return model
