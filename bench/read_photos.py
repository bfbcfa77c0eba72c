"""Reading photos: the first pass of `load_cats_vs_dogs` against Keras's own directory loader.

Both give all training photos once, as float32 mini-batches of 32 at 224x224. Ours has checked the
folder before, as it has from its second use on; the check of new files is timed by itself.
"""

import os
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import keras

from cnnkit import data

ROUNDS = 3


def seconds(batches):
    start = time.perf_counter()
    n = sum(len(images) for images, _ in batches())
    return time.perf_counter() - start, n


def main(folder):
    cache = TemporaryDirectory()
    os.environ["CNNKIT_CACHE"] = cache.name
    start = time.perf_counter()
    n_bad = len(data.find_bad_images(folder))
    print(f"check of the new folder: {time.perf_counter() - start:.1f} s, {n_bad} bad files")
    times = {"cnnkit": [], "cnnkit, second epoch": [], "keras": []}
    for _ in range(ROUNDS):
        photos = data.load_cats_vs_dogs(f"folder:{folder}")
        times["cnnkit"].append(seconds(lambda photos=photos: photos.train))
        times["cnnkit, second epoch"].append(seconds(lambda photos=photos: photos.train))
        dataset = keras.utils.image_dataset_from_directory(
            folder / "train", image_size=(224, 224), verbose=0
        )
        times["keras"].append(seconds(lambda dataset=dataset: dataset))
    reference = median(t for t, _ in times["keras"])
    for name, rounds in times.items():
        t, n = median(t for t, _ in rounds), rounds[0][1]
        print(f"{name:22} {n / t:7.0f} photos/s, {reference / t:.2f} times as fast as keras")


if __name__ == "__main__":
    if not os.environ.get("CNNKIT_DATA"):
        sys.exit("Set CNNKIT_DATA to a folder with cats_vs_dogs in it.")
    main(Path(os.environ["CNNKIT_DATA"]).absolute() / "cats_vs_dogs")
