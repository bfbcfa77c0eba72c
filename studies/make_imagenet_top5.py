"""Make `data/imagenet_top5.csv`: what ImageNet's classes say about scikit-image's photos."""

import csv
from pathlib import Path

import keras
import tensorflow as tf

from cnnkit import data, models

PHOTOS = ("cat", "coffee", "camera", "rocket", "clock", "retina")


def main(path):
    classifier = models.load_imagenet_classifier()
    rows = [("photo", "first", "second", "third", "fourth", "fifth")]
    for name in PHOTOS:
        image = data.load_photo(name)
        image = image if image.ndim == 3 else image[..., None].repeat(3, axis=-1)
        probabilities = classifier(tf.image.resize(image[None], (224, 224)))
        (top,) = keras.applications.mobilenet.decode_predictions(probabilities, top=5)
        rows.append((name, *(f"{label} {p:.0%}" for _, label, p in top)))
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    main(Path(__file__).parents[1] / "data" / "imagenet_top5.csv")
