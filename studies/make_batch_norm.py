"""Make `data/batch_norm.csv`: batch normalisation in mini-batches of 2 to 128, and where it stands.

Notebook 04 draws this table, and trains some of its variants anew.
"""

from pathlib import Path

import keras
import numpy as np
from keras.layers import BatchNormalization, Conv2D, Dense, Flatten, ReLU

from cnnkit import data
from cnnkit.study import run_study

FOLDER = Path(__file__).parents[1] / "data"
NORMS = {"without": False, "with": True}
SIZES = 2, 4, 8, 32, 128
RATES = 0.003, 0.01, 0.03, 0.1, 0.3, 1.0
PLACES = {
    "without": {"norm": False},
    "before ReLU": {},
    "after ReLU": {"after": True},
    "before ReLU, drift": {"drift": True},
}


def split():
    """Digits and labels: 800 to learn from, 200 to choose with, 797 to judge."""
    images, labels = data.load_digits()
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order, ..., None] / 255, labels[order]
    return [(images[part], labels[part]) for part in (np.s_[:800], np.s_[800:1000], np.s_[1000:])]


class Drift(keras.layers.Layer):
    """In training gives each channel another scale and shift at each step."""

    def __init__(self):
        super().__init__()
        self.random = keras.random.SeedGenerator()

    def call(self, x, training=False):
        if not training:
            return x
        shape = (1, 1, 1, x.shape[-1])
        scale = keras.random.uniform(shape, 0.6, 1.4, seed=self.random)
        return scale * x + keras.random.normal(shape, stddev=0.4, seed=self.random)


def build(kind="conv", norm=True, after=False, drift=False, learning_rate=0.1, **_):
    """Four convolutions or two dense layers, each normalised or not, before or after its ReLU."""
    options = dict(padding="same", kernel_initializer="he_normal")
    weights = [Conv2D(8, 3, strides, **options) for strides in (1, 2, 1, 2)]
    if kind == "dense":
        weights = [Dense(64, kernel_initializer="he_normal") for _ in range(2)]
    layers = [keras.Input((8, 8, 1)), *([Flatten()] if kind == "dense" else [])]
    for layer in weights:
        norms = [BatchNormalization(momentum=0.9)] if norm else []
        norms += [Drift()] if drift else []
        layers += [layer, ReLU(), *norms] if after else [layer, *norms, ReLU()]
    model = keras.Sequential([*layers, Flatten(), Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    quick = dict(steps_per_execution=16)  # changes no number
    model.compile(keras.optimizers.SGD(learning_rate), loss, metrics=["accuracy"], **quick)
    return model


def train(model, batch_size=32, epochs=8, **_):
    """Each digit `epochs` times, all in one epoch, as the start of each takes a while."""
    learn, choose, judge = split()
    images, labels = np.tile(learn[0], (epochs, 1, 1, 1)), np.tile(learn[1], epochs)
    model.fit(images, labels, batch_size=batch_size, verbose=0)
    return {"validation": accuracy(model, *choose), "test": accuracy(model, *judge)}


def accuracy(model, images, labels):
    """The share that the network gets right, in inference."""
    return np.mean(model(images).numpy().argmax(axis=1) == labels)


def size_variants():
    """All mini-batches, with and without, at all learning rates."""
    return {
        f"dense {size}, {name}, {rate:g}": dict(
            kind="dense", norm=norm, batch_size=size, learning_rate=rate
        )
        for size in SIZES
        for name, norm in NORMS.items()
        for rate in RATES
    }


def place_variants():
    """50 steps of 32 digits each."""
    return {name: {**settings, "epochs": 2} for name, settings in PLACES.items()}


if __name__ == "__main__":
    print(run_study(build, train, place_variants(), range(40), FOLDER / "batch_norm.csv"))
    print(run_study(build, train, size_variants(), range(10), FOLDER / "batch_norm.csv"))
