"""Images a second of random layers: Keras, albumentations on two threads, and cnnkit.

Batches of 32 float32 images of 160x160x3 from memory, layers in `tf.data` with two parallel calls.
All ways take turns; the table shows medians. Ends with an error below the bounds.
"""

import platform
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import albumentations as A
import cv2
import keras
import numpy as np
import tensorflow as tf

from cnnkit.layers import RandomAffine, RandomColor, RandomWarp

K = keras.layers
BATCH, SIZE, THREADS, ROUNDS, SECONDS = 32, 160, 2, 5, 0.6
IMAGES = np.random.default_rng(0).uniform(0, 255, (BATCH, SIZE, SIZE, 3)).astype("float32")
COLORS = {"brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue": 0.1}


def keras_layers():
    flip, rotate, zoom = K.RandomFlip("horizontal"), K.RandomRotation(0.1), K.RandomZoom(0.2)
    shift, shear = K.RandomTranslation(0.1, 0.1), K.RandomShear(0.1, 0.1)
    factors = {f"{name}_factor": value for name, value in COLORS.items()}
    jitter = K.RandomColorJitter(**factors)
    return {
        "RandomFlip": [flip],
        "RandomRotation": [rotate],
        "RandomZoom": [zoom],
        "RandomTranslation": [shift],
        "flip, rotation, zoom": [flip, rotate, zoom],
        "RandomBrightness": [K.RandomBrightness(0.2)],
        "RandomContrast": [K.RandomContrast(0.2)],
        "RandomColorJitter": [jitter],
        "RandomHue": [K.RandomHue(0.1)],
        "RandomSaturation": [K.RandomSaturation((0.4, 0.6))],
        "RandomElasticTransform": [K.RandomElasticTransform(1.0)],
        "six in a row": [flip, rotate, zoom, shift, shear, jitter],
    }


def cnnkit_layers():
    affine = RandomAffine("horizontal", rotation=0.1, zoom=0.2, translation=0.1, shear=0.1)
    color = RandomColor(**COLORS)
    return {
        "RandomAffine, all settings": [affine],
        "RandomColor, all settings": [color],
        "RandomAffine and RandomColor": [affine, color],
        "RandomWarp, elastic": [RandomWarp(elastic=0.03)],
        "RandomWarp, elastic and lens": [RandomWarp(elastic=0.03, lens=0.2)],
    }


def albumentations_transforms():
    geometry = [
        A.HorizontalFlip(),
        A.Rotate(36, border_mode=cv2.BORDER_REFLECT, p=1),
        A.Affine(scale=(0.8, 1.2), border_mode=cv2.BORDER_REFLECT, p=1),
    ]
    jitter = A.ColorJitter((0.8, 1.2), (0.8, 1.2), (0.8, 1.2), (-0.1, 0.1), p=1)
    # As wide waves as of our spline with points 40 pixels apart, and as high ones.
    elastic = A.ElasticTransform(alpha=325, sigma=23, border_mode=cv2.BORDER_REFLECT, p=1)
    return {
        "flip, rotation, zoom": (geometry, "float32"),
        "flip, rotation, zoom, ColorJitter": ([*geometry, jitter], "float32"),
        "the same in uint8": ([*geometry, jitter], "uint8"),
        "ElasticTransform": ([elastic], "float32"),
    }


def in_tf_data(layers):
    """A function that makes the next batch."""

    def augment(images):
        for layer in layers:
            images = layer(images, training=True)
        return images

    dataset = tf.data.Dataset.from_tensors(tf.constant(IMAGES)).repeat()
    batches = iter(dataset.map(augment, num_parallel_calls=THREADS))
    return lambda: next(batches)


def on_threads(transforms, dtype, pool):
    """A function that makes the next batch, each thread image after image."""
    pipeline = A.Compose(transforms)
    images = list((IMAGES / 255).astype(dtype) if dtype == "float32" else IMAGES.astype(dtype))

    def half(images):
        return [pipeline(image=image)["image"] for image in images]

    return lambda: list(pool.map(half, [images[: BATCH // 2], images[BATCH // 2 :]]))


def speed(make_batch):
    """Images a second, after the batches that were made in advance."""
    for _ in range(THREADS + 1):
        make_batch()
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS or count < 2:
        make_batch()
        count += 1
    return count * BATCH / (time.perf_counter() - start)


def measure(ways):
    speeds = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            speeds[name].append(speed(way))
    return {name: median(values) for name, values in speeds.items()}


def difference_from_keras():
    """Of a rotation by the same angle, in the middle where no edge is seen, of 255."""
    smooth = cv2.GaussianBlur(IMAGES[0], (9, 9), 2)[None]
    ours = RandomAffine(rotation=(0.07, 0.07))(smooth, training=True)
    return np.abs(ours - K.RandomRotation((0.07, 0.07))(smooth, training=True)).max()


def main():
    cv2.setNumThreads(0)  # our two threads are all
    print(f"{platform.machine()}, TensorFlow {tf.__version__}, Keras {keras.__version__}, ", end="")
    print(f"albumentations {A.__version__}, OpenCV {cv2.__version__}; {ROUNDS} rounds")
    with tf.device("CPU"), ThreadPoolExecutor(THREADS) as pool:
        ways = {("Keras", n): in_tf_data(layers) for n, layers in keras_layers().items()}
        for name, (transforms, dtype) in albumentations_transforms().items():
            ways["albumentations", name] = on_threads(transforms, dtype, pool)
        ways |= {("cnnkit", n): in_tf_data(layers) for n, layers in cnnkit_layers().items()}
        speeds = measure(ways)
    for (package, name), value in speeds.items():
        print(f"{package:15} {name:36} {value:8,.0f} images/s")
    print(f"RandomAffine and RandomRotation differ by {difference_from_keras():.4f} of 255")
    sys.exit(not compare(speeds))


def compare(speeds):
    """Print how much faster cnnkit is, and whether that is enough."""
    ours = ("cnnkit", "RandomAffine and RandomColor"), ("cnnkit", "RandomWarp, elastic")
    pairs = [
        (ours[0], ("Keras", "six in a row"), 8),
        (ours[0], ("albumentations", "flip, rotation, zoom, ColorJitter"), 2.5),
        (ours[1], ("Keras", "RandomElasticTransform"), 4),
        (ours[1], ("albumentations", "ElasticTransform"), 4),
    ]
    ratios = [speeds[one] / speeds[other] for one, other, _ in pairs]
    for (one, other, bound), ratio in zip(pairs, ratios, strict=True):
        print(f"{' '.join(one)} / {' '.join(other)}: {ratio:.1f} (bound {bound})")
    return all(ratio >= bound for (*_, bound), ratio in zip(pairs, ratios, strict=True))


if __name__ == "__main__":
    main()
