"""Models that are split by hand into what comes before a layer and what comes after it."""

from functools import cache, partial

import explained_models
import keras
import numpy as np
import tensorflow as tf
from keras import layers

from cnnkit.explain import capture, capture_gradients

close = partial(explained_models.close, tolerance=1e-5)


def arrays(found):
    """Those of a `CapturedGradients`, in order."""
    return list(vars(found).values())


def check(model, x, layer, before, after, tolerance=1e-5):
    """Compare with the model's own layers, called one by one, and with TensorFlow's gradients."""
    activations = before(x)
    with tf.GradientTape() as tape:
        tape.watch(activations)
        score = tf.reduce_max(after(activations), axis=1)
    found = capture_gradients(model, x, layer=layer)
    close(found.activations, activations, tolerance=tolerance)
    close(found.gradients, tape.gradient(score, activations), tolerance=tolerance)
    close(found.outputs, model(x, training=False), tolerance=tolerance)
    alone = capture(model, x, layer=layer)
    assert np.array_equal(alone.activations, found.activations)
    assert np.array_equal(alone.outputs, found.outputs)


def chain(*parts):
    def run(x):
        for part in parts:
            x = part(x)
        return x

    return run


def flat(seed=0, shape=(16, 16, 3), conv=None):
    """Rescaling, two convolutions and a softmax head, as a list of layers."""
    keras.utils.set_random_seed(seed)
    return [
        layers.Rescaling(1 / 255),
        layers.Conv2D(5, 3, activation="relu", name="first"),
        conv or layers.Conv2D(4, 3, activation="relu", name="last"),
        layers.GlobalAveragePooling2D(),
        layers.Dropout(0.5),
        layers.Dense(3, activation="softmax", name="head"),
    ]


@cache
def backbone():
    """Built as MobileNetV2 is: a functional model with a residual, and a dot in its name."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False, name="Conv1")(inputs)
    x = layers.ReLU(6)(layers.BatchNormalization()(x))
    y = layers.Conv2D(4, 1)(layers.DepthwiseConv2D(3, padding="same")(x))
    x = layers.Add(name="block_add")([x, y])
    x = layers.BatchNormalization()(layers.Conv2D(6, 1, use_bias=False)(x))
    model = keras.Model(inputs, layers.ReLU(6, name="out_relu")(x), name="mobilenet_0.35")
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.beta.assign(keras.random.normal(layer.beta.shape, stddev=0.5))
    return model


class Subclassed(keras.Model):
    """With one pooling layer for two places, a residual, and operations between the layers."""

    def __init__(self, **options):
        super().__init__(**options)
        self.convs = [layers.Conv2D(4, 3, padding="same", name=f"conv{i}") for i in range(3)]
        self.pool = layers.MaxPooling2D(name="pool")
        self.head = layers.Dense(3)

    def before(self, x):
        x = self.pool(keras.ops.relu(self.convs[0](x / 255)))
        return self.convs[1](x), x

    def after(self, y, x):
        y = self.pool(keras.ops.relu(y) + x)
        return self.head(keras.ops.mean(self.convs[2](y), axis=(1, 2)))

    def call(self, x):
        return self.after(*self.before(x))
