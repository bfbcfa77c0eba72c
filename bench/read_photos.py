"""Reading photos: the first pass of `load_cats_vs_dogs` against Keras's own directory loader.

Both give all photos of the folder as float32 mini-batches of 32 at 224x224; making the loader
counts as part of the first pass. Ours has checked the folder before, as it has from its second use
on; the check of new files is timed by itself.
"""

import os
import sys
import time
from statistics import median
from tempfile import TemporaryDirectory

import keras

from cnnkit import data
from cnnkit._places import given

ROUNDS = 7


def load_ours(folder):
    photos = data.load_cats_vs_dogs(f"folder:{folder}", verbose=0)
    return [photos.train, photos.validation, photos.test]


def load_keras(folder):
    return [
        keras.utils.image_dataset_from_directory(part, image_size=(224, 224), verbose=0)
        for part in sorted(folder.iterdir())
    ]


def photos_per_second(load, folder):
    """The rates of the first and of the second pass."""
    rates, start = [], time.perf_counter()
    datasets = load(folder)
    for _ in range(2):
        n = sum(len(images) for dataset in datasets for images, _ in dataset)
        rates.append(n / (time.perf_counter() - start))
        start = time.perf_counter()
    return rates


def main(folder):
    cache = TemporaryDirectory()
    os.environ["CNNKIT_CACHE"] = cache.name
    start = time.perf_counter()
    n_bad = len(data.find_bad_images(folder))
    print(f"check of the new folder: {time.perf_counter() - start:.1f} s, {n_bad} bad files")
    loaders = {"cnnkit": load_ours, "keras": load_keras}
    rounds = [
        {name: photos_per_second(load, folder) for name, load in loaders.items()}
        for _ in range(ROUNDS)
    ]
    for i, number in enumerate(("first", "second")):
        rates = {name: median(found[name][i] for found in rounds) for name in loaders}
        ratios = [found["cnnkit"][i] / found["keras"][i] for found in rounds]
        print(
            f"{number} pass: cnnkit {rates['cnnkit']:,.0f}, keras {rates['keras']:,.0f} photos/s, "
            f"ratio {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )


if __name__ == "__main__":
    folder = given("cats_vs_dogs")
    main(folder or sys.exit("Set CNNKIT_DATA to a folder with cats_vs_dogs in it."))
