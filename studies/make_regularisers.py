"""Make `data/regularisers.csv`: what each remedy against overfitting brings, over ten seeds.

Notebook 05 draws this table, and trains two of its variants anew.
"""

from pathlib import Path

import keras
import numpy as np

from cnnkit import data
from cnnkit.study import run_study

FOLDER = Path(__file__).parents[1] / "data"
EPOCHS, BATCH = 75, 50
# The strengths did best on the digits to choose with, of two to four that were tried.
VARIANTS = {
    "nothing": {},
    "dropout": {"dropout": 0.7},
    "30 % of the units": {"units": 77},
    "L1": {"l1": 3e-3},
    "L2": {"l2": 3e-2},
    "weight decay": {"decay": 5.0},
    "early stopping": {"patience": 5},
    "batch norm": {"batch_norm": True},
    "four times the data": {"n": 800},
    "right labels": {"wrong": False},
    "right labels, dropout": {"wrong": False, "dropout": 0.7},
    "8 units": {"units": 8},
    "8 units, dropout": {"units": 8, "dropout": 0.7},
}


def split(n=200, wrong=True):
    """Pixels and labels: n to learn from, 300 to choose with, 697 to judge. 1 label in 5 is wrong.

    Only what is learned from has wrong labels, so that the other two tell the truth.
    """
    images, labels = data.load_digits()
    rng = np.random.default_rng(0)
    order = rng.permutation(len(images))
    pixels, labels = images[order].reshape(-1, 64) / 255, labels[order]
    mistaken = (labels + rng.integers(1, 10, len(labels))) % 10
    noisy = np.where(rng.random(len(labels)) < 0.2, mistaken, labels) if wrong else labels
    learn, choose, judge = np.s_[:n], np.s_[800:1100], np.s_[1100:]
    return (pixels[learn], noisy[learn]), *[(pixels[s], labels[s]) for s in (choose, judge)]


def build(units=256, dropout=0, l1=0, l2=0, decay=0, batch_norm=False, **_):
    """Two hidden layers between the pixels and the ten classes."""
    penalty = keras.regularizers.L1L2(l1, l2) if l1 or l2 else None
    layers = [keras.Input((64,))]
    for _ in range(2):
        layers.append(keras.layers.Dense(units, kernel_regularizer=penalty))
        layers += [keras.layers.BatchNormalization(momentum=0.9)] if batch_norm else []
        layers += [keras.layers.ReLU(), keras.layers.Dropout(dropout)]
    model = keras.Sequential([*layers, keras.layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(2e-3, weight_decay=decay), loss, metrics=["accuracy"])
    return model


def train(model, n=200, wrong=True, patience=None, **_):
    """The same number of steps for all; accuracies, and the loss on the digits to judge with."""
    learn, choose, judge = split(n, wrong)
    if patience is None:  # all epochs as one, because in so short ones the start takes most time
        passes = EPOCHS * 200 // n
        pixels, labels = np.tile(learn[0], (passes, 1)), np.tile(learn[1], passes)
        model.fit(pixels, labels, batch_size=BATCH, verbose=0)
    else:
        stop = keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)
        options = dict(validation_data=choose, validation_batch_size=300, callbacks=[stop])
        model.fit(*learn, batch_size=BATCH, epochs=EPOCHS, verbose=0, **options)
    results = {"training": accuracy(model, *learn), "validation": accuracy(model, *choose)}
    losses = keras.losses.sparse_categorical_crossentropy(judge[1], model(judge[0]), True)
    return results | {"test": accuracy(model, *judge), "test loss": float(losses.numpy().mean())}


def accuracy(model, pixels, labels):
    """The share that the network gets right, in inference."""
    return np.mean(model(pixels).numpy().argmax(axis=1) == labels)


if __name__ == "__main__":
    print(run_study(build, train, VARIANTS, range(10), FOLDER / "regularisers.csv"))
