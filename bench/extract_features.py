"""Features of a frozen backbone: `models.extract_features` against `Model.predict`.

Random photos and random weights: neither changes the time. The largest difference is printed too.
"""

import time
from statistics import median

import keras
import numpy as np
import tensorflow as tf

from cnnkit import models

N, ROUNDS = 512, 5


def main():
    backbone = keras.applications.MobileNetV2(
        alpha=0.35, input_shape=(224, 224, 3), include_top=False, pooling="avg", weights=None
    )
    images = np.random.default_rng(0).uniform(-1, 1, (N, 224, 224, 3)).astype("float32")
    dataset = tf.data.Dataset.from_tensor_slices((images, np.zeros(N))).batch(32)
    ways = {
        "cnnkit": lambda: models.extract_features(backbone, dataset, verbose=0)[0],
        "predict": lambda: backbone.predict(dataset, verbose=0),
    }
    times, features = {name: [] for name in ways}, {}
    for _ in range(ROUNDS + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            features[name] = way()
            times[name].append(time.perf_counter() - start)
    reference = median(times["predict"][1:])
    for name in ways:
        t = median(times[name][1:])
        print(f"{name:8} {N / t:6.0f} photos/s, {reference / t:.2f} times as fast as predict")
    print("largest difference", np.abs(features["cnnkit"] - features["predict"]).max())


if __name__ == "__main__":
    main()
