"""Train the built-in backbone on drawings of eight kinds of animals, cats and dogs not among them.

    python studies/make_backbone.py

writes data/drawn_animals.weights.h5 and prints how well a linear head on it tells cats from dogs.

The animals are fantasies: the ears of one kind, the eyes of a second, the mouth of a third. The
network tells of which kind each is, so it has to look at every part.
"""

import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression

from cnnkit import models
from cnnkit.data import draw_pets
from cnnkit.data._pets import KINDS, draw_face

OTHERS = [kind for kind in KINDS if kind not in ("cat", "dog")]
PARTS = {
    "ears": (),  # whatever is not named below
    "eyes": ("eyes", "iris", "pupil"),
    "mouth": ("muzzle", "nose", "nose_color", "mouth", "nostrils", "beak", "tongue", "whiskers"),
}
WEIGHTS = Path(__file__).parents[1] / "data" / "drawn_animals.weights.h5"
SIZE = 64
GROUP = 250  # images with the same setting of the knobs
N_GROUPS = 128
EPOCHS = 6
FIRST_SEED = 1_000_000  # far from the seeds of lessons


def fantasy(labels, rng):
    """A face with parts of three kinds, given by their labels."""
    ears, *others = (KINDS[OTHERS[label]](rng) for label in labels)
    taken = {
        name: getattr(other, name)
        for other, names in zip(others, list(PARTS.values())[1:], strict=True)
        for name in names
    }
    return replace(ears, **taken)


def draw_group(i):
    """Images with one random setting of the knobs, mirrored and with their colours exchanged at
    random: otherwise green alone would make a frog, and no shape had to be learned."""
    rng = np.random.default_rng(FIRST_SEED + i)
    names = ("viewpoint", "illumination", "occlusion", "clutter")
    knobs = {name: float(0.6 * rng.random() * (rng.random() < 0.2)) for name in names}
    labels = rng.integers(len(OTHERS), size=(GROUP, len(PARTS)))
    images = np.empty((GROUP, SIZE, SIZE, 3), np.uint8)
    for j in range(GROUP):
        seed = [FIRST_SEED + i, j]
        images[j] = recolor(rng, draw_face(partial(fantasy, labels[j]), seed, SIZE, **knobs))
    mirrored = rng.random(GROUP) < 0.5
    images[mirrored] = images[mirrored, :, ::-1]
    return images, labels


def recolor(rng, image):
    """Exchange red, green and blue, and make some pictures gray."""
    image = image[..., rng.permutation(3)]
    if rng.random() < 0.2:
        image = np.repeat(image.mean(axis=-1, keepdims=True), 3, axis=-1)
    return image


def to_input(images):
    return images.astype("float32") / 127.5 - 1


def train(backbone, images, labels):
    features = keras.layers.GlobalAveragePooling2D()(backbone.output)
    features = keras.layers.Dropout(0.2)(features)
    logits = {part: keras.layers.Dense(len(OTHERS), name=part)(features) for part in PARTS}
    classifier = keras.Model(backbone.input, logits)
    steps = EPOCHS * (len(images) // 64)
    classifier.compile(
        keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(2e-3, steps), 1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics={part: "accuracy" for part in PARTS},
    )
    targets = {part: labels[:, i] for i, part in enumerate(PARTS)}
    classifier.fit(to_input(images), targets, 64, EPOCHS, verbose=2)


def standardize(backbone, images):
    """Scale the outputs so that the pooled features spread like 1: then a head trains at the usual
    learning rates. ReLU lets a positive factor pass."""
    factor = 1 / pool(backbone, images).std()
    batchnorm = backbone.get_layer("out_bn")
    batchnorm.gamma.assign(batchnorm.gamma * factor)
    batchnorm.beta.assign(batchnorm.beta * factor)


def pool(backbone, images):
    return backbone.predict(to_input(images), verbose=0).mean(axis=(1, 2))


def main():
    start = time.perf_counter()
    with ProcessPoolExecutor() as workers:
        groups = list(workers.map(draw_group, range(N_GROUPS)))
    images, labels = (np.concatenate(parts) for parts in zip(*groups, strict=True))
    print(f"{len(images):,} images of {', '.join(OTHERS)}: {time.perf_counter() - start:.0f} s")
    keras.utils.set_random_seed(0)
    backbone = models.drawn_animals_cnn((SIZE, SIZE, 3))
    train(backbone, images, labels)
    standardize(backbone, images[:1000])
    backbone.save_weights(WEIGHTS)
    print(
        f"{WEIGHTS.name}: {backbone.count_params():,} parameters, {WEIGHTS.stat().st_size:,} bytes"
    )
    head = LogisticRegression(max_iter=1000)
    pets, kinds = draw_pets(300, seed=1, image_size=SIZE)
    others, other_kinds = draw_pets(1000, seed=2, image_size=SIZE)
    head.fit(pool(backbone, pets), kinds)
    accuracy = head.score(pool(backbone, others), other_kinds)
    print(f"a linear head from 300 drawn cats and dogs: {accuracy:.3f} of 1,000 others right")
    print(f"{time.perf_counter() - start:.0f} s in all")


if __name__ == "__main__":
    main()
