"""Signals with a spike and films with a moving square, and networks for them."""

import keras
import numpy as np
from keras import layers


def network(shape, pool="Average"):
    """Two convolutions, the second with stride 2, and two classes."""
    keras.utils.set_random_seed(0)
    n = len(shape) - 1
    conv = {1: layers.Conv1D, 3: layers.Conv3D}[n]
    return keras.Sequential(
        [
            keras.Input(shape),
            conv(8, 3, padding="same", activation="relu"),
            conv(8, 3, strides=2, padding="same", activation="relu", name="last"),
            getattr(layers, f"Global{pool}Pooling{n}D")(),
            layers.Dense(2),
        ]
    )


def spikes(n, seed):
    """A spike up or down in a noisy signal, and which it is, and where."""
    rng = np.random.default_rng(seed)
    x, at = 0.2 * rng.normal(size=(n, 64, 1)), rng.integers(4, 60, n)
    kinds = rng.integers(0, 2, n)
    x[np.arange(n), at, 0] += np.where(kinds, 3, -3)
    return x.astype(np.float32), kinds, at


def films(n, seed):
    """A square that moves to the right or the left, and which it is, and where it is when."""
    rng = np.random.default_rng(seed)
    x = 0.1 * rng.normal(size=(n, 6, 16, 16, 1)).astype(np.float32)
    rows, kinds = rng.integers(0, 13, n), rng.integers(0, 2, n)
    for film, row, kind in zip(x, rows, kinds, strict=True):
        for t in range(6):
            column = 2 * t + 1 if kind else 11 - 2 * t
            film[t, row : row + 4, column : column + 4] += 1
    return x, kinds, rows


def trained(model, x, kinds, epochs):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(5e-3), loss, metrics=["accuracy"])
    model.fit(x, kinds, batch_size=32, epochs=epochs, verbose=0)
    return model
