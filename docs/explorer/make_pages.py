"""Train the networks of notebooks 2 and 3, and write the explorer's page of each.

    .venv/bin/python docs/explorer/make_pages.py build/explorer

Each page shows ten pictures that its network has not seen in training, up to three of them wrong.
"""

import sys
from pathlib import Path

import keras
import numpy as np

from cnnkit import data, explore, models

ANIMALS = ["bear", "fox", "frog", "owl", "pig"]
CROSS_ENTROPY = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def animals():
    """The convolutional network of notebook 2, trained as there on five kinds of animals."""
    parts = [
        data.draw_pets(n, seed=seed, kinds=tuple(ANIMALS), image_size=32, verbose=0)
        for n, seed in ((600, 1), (500, 2))
    ]
    train, test = [(pets.astype("float32") / 127.5 - 1, kinds) for pets, kinds in parts]
    keras.utils.set_random_seed(0)
    options = dict(strides=2, padding="same", activation="relu")
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Conv2D(16, 3, **options),
            keras.layers.Conv2D(32, 3, **options),
            keras.layers.Flatten(),
            keras.layers.Dense(len(ANIMALS)),
        ],
        name="animals",
    )
    model.compile(keras.optimizers.SGD(0.1), CROSS_ENTROPY)
    model.fit(*train, epochs=12, verbose=0)
    return model, *test, ANIMALS


def digits():
    """The small CNN of notebook 3, with digits of 28 x 28 pixels."""
    images, labels = data.load_digits(28)
    images = images[..., None]
    keras.utils.set_random_seed(0)
    model = models.small_cnn()
    model.compile("adam", CROSS_ENTROPY)
    model.fit(images[:1200], labels[:1200], epochs=5, verbose=0)
    return model, images[1200:], labels[1200:], list("0123456789")


def some(model, images, labels):
    """Ten pictures with their labels: up to three that the model gets wrong, then right ones."""
    is_wrong = model.predict(images, verbose=0).argmax(1) != labels
    chosen = [*np.flatnonzero(is_wrong)[:3], *np.flatnonzero(~is_wrong)][:10]
    return images[chosen], labels[chosen]


def main(folder):
    for train in (animals, digits):
        keras.utils.clear_session()  # so that each network's layers are counted from the first on
        model, images, labels, class_names = train()
        images, labels = some(model, images, labels)
        explorer = explore.explore(model, images, class_names, labels)
        explorer.save(Path(folder) / f"{train.__name__}.html")
        print(explorer)


if __name__ == "__main__":
    main(*sys.argv[1:])
