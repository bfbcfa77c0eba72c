"""Make `data/search.csv`: how well a small network does with each of 162 settings, twice.

Notebook 05b lets four strategies look for good settings in this table.
"""

import csv
import itertools
from pathlib import Path

import keras
import numpy as np

from cnnkit import data

RATES = np.geomspace(1e-4, 1, 9)
DROPOUTS = (0, 0.15, 0.3, 0.45, 0.6, 0.75)
UNITS = (16, 64, 256)
SEEDS = (0, 1)
PASSES = 40  # over the 200 digits


def split():
    """200 digits to learn from, with 1 label in 5 wrong, 300 to choose with, 697 to judge."""
    images, labels = data.load_digits()
    rng = np.random.default_rng(0)
    order = rng.permutation(len(images))
    pixels, labels = images[order].reshape(-1, 64) / 255, labels[order]
    wrong = (labels + rng.integers(1, 10, len(labels))) % 10
    noisy = np.where(rng.random(len(labels)) < 0.2, wrong, labels)
    learn, choose, judge = np.s_[:200], np.s_[800:1100], np.s_[1100:]
    return [(pixels[learn], noisy[learn]), *[(pixels[s], labels[s]) for s in (choose, judge)]]


def build(units, dropout):
    """One hidden layer between the pixels and the ten classes."""
    layers = [keras.layers.Dense(units, "relu"), keras.layers.Dropout(dropout)]
    model = keras.Sequential([keras.Input((64,)), *layers, keras.layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, steps_per_execution=20)
    return model


def restart(model, units, dropout, rate):
    """Fresh weights, a fresh optimiser; what TensorFlow has traced is kept."""
    model.set_weights(build(units, dropout).get_weights())
    for variable in model.optimizer.variables:
        variable.assign(keras.ops.zeros_like(variable))
    model.optimizer.learning_rate = rate


def accuracy(model, pixels, labels):
    return np.mean(model(pixels).numpy().argmax(axis=1) == labels)


def main():
    (pixels, labels), choose, judge = split()
    pixels, labels = np.tile(pixels, (PASSES, 1)), np.tile(labels, PASSES)
    path = Path(__file__).parents[1] / "data" / "search.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["rate", "dropout", "units", "seed", "validation", "test"])
        for units, dropout in itertools.product(UNITS, DROPOUTS):
            model = build(units, dropout)
            model.optimizer.build(model.trainable_variables)
            for rate, seed in itertools.product(RATES, SEEDS):
                keras.utils.set_random_seed(seed)
                restart(model, units, dropout, rate)
                model.fit(pixels, labels, batch_size=50, verbose=0)
                scores = [f"{accuracy(model, *part):.4f}" for part in (choose, judge)]
                writer.writerow([f"{rate:.3g}", f"{dropout:.2f}", units, seed, *scores])
            file.flush()


if __name__ == "__main__":
    main()
