"""Measure how hard the drawn pets are, and draw their contact sheets.

    python studies/measure_pets.py

writes data/drawn_pets.csv, data/drawn_animals.jpg and data/drawn_knobs.jpg, and prints the table
of data/README.md. Three networks learn from the same 300 drawings of 64 x 64 pixels, with three
seeds each; all are tested on 500 others, as they are and with each knob at 1.
"""

import csv
from functools import partial
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from cnnkit import models
from cnnkit.data import draw_pets
from cnnkit.data._pets import KINDS

FOLDER = Path(__file__).parents[1] / "data"
KNOBS = ("viewpoint", "illumination", "occlusion", "clutter")
SEEDS = (0, 1, 2)
N_TRAIN, N_TEST = 300, 500


def fit(model, learning_rate, epochs, images, labels):
    model.compile(
        keras.optimizers.Adam(learning_rate),
        keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)],
    )
    model.fit(images, labels, 32, epochs, verbose=0)


def train(seed, images, labels):
    """The three networks, by name."""
    keras.utils.set_random_seed(seed)
    scratch = models.small_cnn((64, 64, 3), n_classes=1)
    fit(scratch, 1e-3, 20, images, labels)
    yield "from scratch", scratch
    backbone = models.load_backbone("drawn_animals")
    backbone.trainable = False
    n_features = backbone.output_shape[-1]
    head = keras.Sequential([keras.Input((n_features,)), keras.layers.Dense(1)])
    transfer = models.transfer_model(backbone, head)
    fit(transfer, 1e-3, 40, images, labels)
    yield "frozen backbone", transfer
    backbone.trainable = True
    for layer in backbone.layers:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    fit(transfer, 1e-4, 10, images, labels)
    yield "fine-tuned", transfer


def measure():
    """Rows of network, knob, and the accuracy of each seed."""
    images, labels = draw_pets(N_TRAIN, seed=1)
    tests = {"none": draw_pets(N_TEST, seed=2)}
    tests |= {knob: draw_pets(N_TEST, seed=2, **{knob: 1.0}) for knob in KNOBS}
    found = {}
    for seed in SEEDS:
        for name, model in train(seed, images.astype("float32"), labels):
            for knob, (others, answers) in tests.items():
                logits = model.predict(others.astype("float32"), verbose=0)[:, 0]
                accuracy = np.mean((logits > 0) == answers)
                found.setdefault((name, knob), []).append(round(float(accuracy), 3))
    return [[*key, *accuracies] for key, accuracies in found.items()]


def contact_sheet(name, rows, gap=4):
    """Write rows of images, each an array of shape `(n, size, size, 3)`, as one picture."""
    rows = [np.pad(row, ((0, 0), (0, gap), (0, gap), (0, 0)), constant_values=255) for row in rows]
    sheet = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
    Image.fromarray(sheet[:-gap, :-gap]).save(FOLDER / name, quality=90)


def main():
    animals, _ = draw_pets(40, seed=3, kinds=tuple(KINDS), image_size=96)
    contact_sheet("drawn_animals.jpg", np.split(animals, 4))
    draw = partial(draw_pets, 10, seed=5, image_size=96)
    pets = [draw(**{knob: value})[0] for knob in KNOBS for value in (0.0, 0.5, 1.0)]
    contact_sheet("drawn_knobs.jpg", pets)
    with (FOLDER / "drawn_pets.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["network", "knob at 1", *(f"seed {seed}" for seed in SEEDS)])
        rows = measure()
        writer.writerows(rows)
    for i in range(0, len(rows), 1 + len(KNOBS)):
        cells = [f"{np.mean(r[2:]):.2f} ({min(r[2:]):.2f} to {max(r[2:]):.2f})" for r in rows[i:]]
        print("|", " | ".join([rows[i][0], *cells[: 1 + len(KNOBS)]]), "|")


if __name__ == "__main__":
    main()
