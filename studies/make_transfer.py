"""Make `data/transfer.csv`: what a trained network brings, by number of photos and what is trained.

Notebook 07 draws this table. Where `CNNKIT_DATA` has no photos,
the rows of the photos are left as they are.
"""

import time
from functools import cache, partial
from itertools import product
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from make_augmentation import layers_for
from sklearn.linear_model import LogisticRegression

from cnnkit import data, models
from cnnkit._places import given
from cnnkit.study import Study, run_study

SEEDS = range(3)
SMALL_SIZE = 48  # pixels, of the network from scratch
SCRATCH_STEPS = {50: 200, 200: 400, 600: 800, 1000: 1000, 2000: 1600}  # of 16 images
SHOWN = 10_000  # features that a new head sees
TUNED = {50: 320, 200: 640, 600: 1280, 1000: 1280, 2000: 1920}  # images that fine-tuning sees
VIEWS = 5  # of each image, where features are augmented
RATE = 5e-5  # of fine-tuning
SIZES = [
    *product(("drawn",), (50, 200, 600)),
    *product(("photos",), (50, 200, 1000, 2000)),
]
REGIMES = ("scratch", "scratch, augmented", "frozen", "frozen, augmented", "last block", "all")
ABLATIONS = [
    *product(("photos",), (2000,), ("frozen, 0..255", "frozen, 0..1", "frozen, BGR")),
    *product(("drawn",), (600,), ("frozen, 0..255", "frozen, 0..1", "frozen, BGR")),
    ("photos", 200, "all, BatchNorm too"),
    ("drawn", 600, "all, BatchNorm too"),
]
RUNS = [(*size, regime) for size in SIZES for regime in REGIMES] + ABLATIONS
VARIANTS = {
    f"{n} {source}, {regime}": {"n": n, "source": source, "regime": regime}
    for source, n, regime in RUNS
}


def build(n, source, regime):
    """A new model for a regime, compiled."""
    if regime.startswith("scratch"):
        augmentation = layers_for("both") if "augmented" in regime else []
        model = models.normalized_cnn((SMALL_SIZE, SMALL_SIZE, 3), augmentation)
        return compiled(model, keras.optimizers.schedules.CosineDecay(3e-3, SCRATCH_STEPS[n]))
    backbone = load_backbone(source)
    head = keras.Sequential(
        [
            keras.Input(backbone.output_shape[-1:]),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(1),
        ]
    )
    if regime.startswith("frozen"):
        return compiled(head, 1e-3)
    if regime == "last block":
        block = split(backbone)[1]
        pooling = keras.layers.GlobalAveragePooling2D()
        layers = [keras.Input(block.input_shape[1:]), block, pooling, head]
        return compiled(keras.Sequential(layers), RATE)
    if regime == "all, BatchNorm too":
        for layer in backbone.layers:
            layer.trainable = True
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.__class__ = keras.layers.BatchNormalization  # the backbone's never learns
    return compiled(models.transfer_model(backbone, head), RATE)


def train(model, n, source, regime):
    """Learn n images; the share of the validation images that it gets right, and seconds."""
    chosen, labels = balanced(load(source)["train"][1], n), load(source)["validation"][1]
    if regime.startswith("scratch"):
        learn, judge = train_scratch(model, chosen, source)
    elif regime.startswith("frozen"):
        learn, judge = train_head(model, chosen, source, regime)
    else:
        learn, judge = fine_tune(model, chosen, source, regime)
    start = time.perf_counter()
    learn()
    seconds = time.perf_counter() - start
    logits = model.predict(judge, batch_size=100, verbose=0)[:, 0]
    return {"accuracy": np.mean((logits > 0) == labels), "seconds": seconds}


def train_scratch(model, chosen, source):
    """A function that trains it on small images, and the images to judge with."""
    order = np.resize(chosen, SCRATCH_STEPS[len(chosen)] * 16)
    x, y = small(source, "train")[order], load(source)["train"][1][order, None]
    return partial(model.fit, x, y, batch_size=16, verbose=0), small(source, "validation")


def train_head(model, chosen, source, regime):
    """The same on cached features, or on the features of several views of each image."""
    pixels = regime.partition(", ")[2] if "augmented" not in regime else ""
    views = [features(source, "train", pixels)]
    if "augmented" in regime:
        views = [features(source, "train", view=view) for view in range(1, VIEWS + 1)]
    order = np.resize(chosen, SHOWN)
    which = np.arange(SHOWN) // len(chosen) % len(views)  # another view in every epoch
    x, y = np.stack(views)[which, order], load(source)["train"][1][order, None]
    learn = partial(model.fit, x, y, batch_size=64, verbose=0)
    return learn, features(source, "validation", pixels)


def fine_tune(model, chosen, source, regime):
    """The same for a backbone, together with a head that knows its features."""
    inputs = at_cut if regime == "last block" else pixels_of
    labels, order = load(source)["train"][1], np.resize(chosen, TUNED[len(chosen)])
    head = LogisticRegression(C=0.1, max_iter=1000)
    head.fit(features(source, "train")[chosen], labels[chosen])
    model.layers[-1].set_weights([head.coef_.T, head.intercept_])
    x, y = inputs(source, "train")[order], labels[order, None]
    return partial(model.fit, x, y, batch_size=32, verbose=0), inputs(source, "validation")


def compiled(model, rate):
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, steps_per_execution=5)
    return model


def balanced(labels, n):
    """Indices of n images in random order, as many of each class."""
    drawn = tf.random.shuffle(range(len(labels))).numpy()  # others with each seed
    halves = [drawn[labels[drawn] == label][: n // 2] for label in (0, 1)]
    return tf.random.shuffle(np.concatenate(halves)).numpy()


def load_backbone(source):
    return models.load_backbone("mobilenet_v2_0.35" if source == "photos" else "drawn_animals")


def split(backbone):
    """Cut it at the end of the third last residual block."""
    additions = [layer.name for layer in backbone.layers if isinstance(layer, keras.layers.Add)]
    return models.split_backbone(backbone, additions[-3])


@cache
def load(source):
    """From "train" and "validation" to images, uint8 of the size for the backbone, and labels."""
    splits = data.load_cats_vs_dogs("auto" if source == "photos" else "drawn")
    return {
        name: [np.concatenate(part) for part in zip(*as_uint8(dataset), strict=True)]
        for name, dataset in (("train", splits.train), ("validation", splits.validation))
    }


def as_uint8(dataset):
    return [(images.numpy().astype("uint8"), labels.numpy()) for images, labels in dataset]


def pixels_of(source, split_name):
    return load(source)[split_name][0]


@cache
def small(source, split_name):
    """The images at the size of the network from scratch, uint8."""
    images = pixels_of(source, split_name)
    parts = [images[i : i + 100] for i in range(0, len(images), 100)]
    size = (SMALL_SIZE, SMALL_SIZE)
    resized = [tf.image.resize(part, size, antialias=True) for part in parts]
    return np.concatenate(resized).round().astype("uint8")


@cache
def at_cut(source, split_name):
    trunk, _ = split(load_backbone(source))
    return extract(trunk, pixels_of(source, split_name), rescaled)


@cache
def features(source, split_name, pixels="", view=0):
    """The averaged feature maps, of wrong `pixels` or of an augmented `view` on request."""
    backbone = load_backbone(source)
    pooling = keras.layers.GlobalAveragePooling2D()
    model = keras.Sequential([keras.Input(backbone.input_shape[1:]), backbone, pooling])
    prepare = {"": rescaled, "0..255": tf.identity, "0..1": lambda x: x / 255, "BGR": reverse}
    if view:
        augment = keras.Sequential(layers_for("both", seed=view))
        return extract(
            model, pixels_of(source, split_name), lambda x: rescaled(augment(x, training=True))
        )
    return extract(model, pixels_of(source, split_name), prepare[pixels])


def rescaled(images):
    return images / 127.5 - 1


def reverse(images):
    return rescaled(images[..., ::-1])


def extract(model, images, prepare):
    dataset = tf.data.Dataset.from_tensor_slices((images, np.zeros(len(images)))).batch(32)
    dataset = dataset.map(lambda x, y: (prepare(tf.cast(x, tf.float32)), y))
    return models.extract_features(model, dataset)[0]


def main(path):
    has_photos = given("cats_vs_dogs") is not None
    for name, settings in VARIANTS.items():
        if has_photos or settings["source"] == "drawn":
            run_study(build, train, {name: settings}, SEEDS, path)
    print(Study.load(path))


if __name__ == "__main__":
    main(Path(__file__).parents[1] / "data" / "transfer.csv")
