"""Make `data/augmentation.csv`: what augmentation brings, by number of images and kind of trouble.

Notebook 06 draws this table, and trains a few of its rows anew. Where `CNNKIT_DATA` has no photos,
the rows of the photos are left as they are.
"""

from functools import cache, partial
from itertools import product
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from cnnkit import data, models
from cnnkit._places import given
from cnnkit.layers import RandomAffine, RandomColor
from cnnkit.study import Study, run_study

BATCH = 16
STEPS = {50: 500, 200: 1000, 1000: 2500}  # with augmentation and without
SEEDS = {50: range(5), 200: range(5), 1000: range(3)}
KNOBS = ("viewpoint", "illumination", "occlusion", "clutter")
VARIANTS = {
    f"{n} {source}, {augment}": {"n": n, "source": source, "augment": augment}
    for source, n, augment in [
        *product(("drawn",), STEPS, ("nothing", "both")),
        *product(("drawn",), (1000,), ("affine", "color", "erasing", "CutMix")),
        *product(("photos",), STEPS, ("nothing", "both")),
    ]
}


def layers_for(augment, seed=None):
    """The augmentation: the layers that stand before the network."""
    if augment == "both":
        affine = RandomAffine("horizontal", 0.1, 0.2, 0.1, 0.1, seed=seed)
        return [affine, RandomColor(0.1, 0.2, 0.2, seed=seed)]
    if augment == "affine":
        return [RandomAffine("horizontal", 0.1, (-0.3, 0.1), 0.15, 0.1)]
    if augment == "color":
        return [RandomColor(0.3, 0.4, 0.5, 0.05)]
    if augment == "erasing":
        return [keras.layers.RandomErasing(scale=(0.02, 0.15), fill_value=0.0)]
    return []


def build(n, augment, **_):
    model = models.normalized_cnn((32, 32, 3), layers_for(augment))
    rate = keras.optimizers.schedules.CosineDecay(3e-3, STEPS[n])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, steps_per_execution=20)
    return model


def train(model, n, source, augment):
    """Learn n images; accuracies on the test sets."""
    (images, labels), tests = load(source)
    chosen = tf.random.shuffle(range(len(images)))[:n].numpy()  # others with each seed
    order = np.resize(chosen, STEPS[n] * BATCH)
    x, y = images[order].astype("float32"), labels[order, None].astype("float32")
    x, y = cut_mix(x, y) if augment == "CutMix" else (x, y)
    model.fit(x, y, batch_size=BATCH, verbose=0)
    return evaluate(model, tests)


def evaluate(model, tests):
    """The share that the network gets right: of each set, and of changed copies of the first."""
    images, labels = tests["test"]
    views = {"test": images, "mirrored": images[:, :, ::-1], "upside down": images[:, ::-1]}
    chance = {name: predict(model, x) for name, x in views.items()}
    draws = [predict(model, changes()(images, training=True)) for _ in range(4)]
    chance["two views"] = (chance["test"] + chance["mirrored"]) / 2
    chance["five views"] = np.mean([chance["test"], *draws], axis=0)
    right = {name: np.mean((p > 0.5) == labels) for name, p in chance.items()}
    knobs = {name: test for name, test in tests.items() if name != "test"}
    return right | {name: np.mean((predict(model, x) > 0.5) == y) for name, (x, y) in knobs.items()}


@cache
def changes():
    """Built once, with a seed: a layer without one would use up random numbers of the run."""
    return keras.Sequential(layers_for("both", seed=0))


def predict(model, images):
    """The probability of the second class, in inference."""
    return keras.ops.sigmoid(model.predict(images, batch_size=500, verbose=0)[:, 0]).numpy()


def cut_mix(images, labels, n=1000):
    """Keras's layer, on n images after the other."""
    layer = keras.layers.CutMix(seed=0)
    parts = [
        {"images": images[i : i + n], "labels": labels[i : i + n]} for i in range(0, len(images), n)
    ]
    mixed = [layer(part, training=True) for part in parts]
    return [np.concatenate([part[key] for part in mixed]) for key in ("images", "labels")]


@cache
def load(source):
    """1,000 images to learn from, with labels, and a dictionary of sets to judge with."""
    if source == "photos":
        splits = data.load_cats_vs_dogs(image_size=32, n_train=1000)
        read = [list(zip(*dataset, strict=True)) for dataset in (splits.train, splits.validation)]
        learn, judge = ([np.concatenate(part) for part in pair] for pair in read)
        return learn, {"test": judge}
    draw = partial(data.draw_pets, image_size=32)
    knobs = {knob: draw(500, seed=2, **{knob: 0.5}) for knob in KNOBS}
    return draw(1000, seed=1), {"test": draw(1000, seed=2), **knobs}


def main(path):
    has_photos = given("cats_vs_dogs") is not None
    for name, settings in VARIANTS.items():
        if has_photos or settings["source"] == "drawn":
            run_study(build, train, {name: settings}, SEEDS[settings["n"]], path)
    print(Study.load(path))


if __name__ == "__main__":
    main(Path(__file__).parents[1] / "data" / "augmentation.csv")
