"""Images a second of random layers: Keras, albumentations on two threads, and cnnkit.

Batches of 32 float32 images of 160x160x3 from memory, layers in `tf.data` with two parallel calls;
where it says so, each image with a segmentation mask and 8 bounding boxes. All ways take turns; the
table shows medians. Below it stands how far masks and boxes of the same changes differ from those
of albumentations. Ends with an error below the bounds.
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
MASKS = (IMAGES[..., :1] > 128).astype("uint8")
CORNERS = np.random.default_rng(1).uniform(0, SIZE, (BATCH, 8, 2, 2)).astype("float32")
BOXES = np.sort(CORNERS, axis=2).reshape(BATCH, 8, 4)  # "xyxy"
LABELS = np.tile(np.arange(8, dtype="int32"), (BATCH, 1))
DATA = {"images": IMAGES, "segmentation_masks": MASKS}
DATA["bounding_boxes"] = {"boxes": BOXES, "labels": LABELS}
BOX_PARAMS = A.BboxParams(format="pascal_voc", label_fields=["labels"])
WITH_TARGETS = ", with mask and boxes"
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
        "flip, rotation, zoom" + WITH_TARGETS: [
            K.RandomFlip("horizontal", bounding_box_format="xyxy"),
            K.RandomRotation(0.1, bounding_box_format="xyxy"),
            K.RandomZoom(0.2, bounding_box_format="xyxy"),
        ],
    }


def cnnkit_layers():
    affine = RandomAffine("horizontal", rotation=0.1, zoom=0.2, translation=0.1, shear=0.1)
    color = RandomColor(**COLORS)
    settings = {"rotation": 0.1, "zoom": 0.2, "bounding_box_format": "xyxy"}
    return {
        "RandomAffine, all settings": [affine],
        "RandomColor, all settings": [color],
        "RandomAffine and RandomColor": [affine, color],
        "RandomWarp, elastic": [RandomWarp(elastic=0.03)],
        "RandomWarp, elastic and lens": [RandomWarp(elastic=0.03, lens=0.2)],
        "RandomAffine" + WITH_TARGETS: [RandomAffine("horizontal", **settings)],
        "RandomWarp" + WITH_TARGETS: [RandomWarp(elastic=0.03, bounding_box_format="xyxy")],
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
        "flip, rotation, zoom" + WITH_TARGETS: (geometry, "float32"),
        "ElasticTransform" + WITH_TARGETS: ([elastic], "float32"),
    }


def in_tf_data(layers, data):
    """A function that makes the next batch."""

    def augment(data):
        for layer in layers:
            data = layer(data, training=True)
        return data

    dataset = tf.data.Dataset.from_tensors(keras.tree.map_structure(tf.constant, data)).repeat()
    batches = iter(dataset.map(augment, num_parallel_calls=THREADS))
    return lambda: next(batches)


def on_threads(transforms, dtype, pool, with_targets):
    """A function that makes the next batch, each thread image after image."""
    images = list((IMAGES / 255).astype(dtype) if dtype == "float32" else IMAGES.astype(dtype))
    pipeline = A.Compose(transforms)
    examples = [{"image": image} for image in images]
    if with_targets:
        pipeline = A.Compose(transforms, bbox_params=BOX_PARAMS)
        targets = zip(MASKS, BOXES, LABELS, strict=True)
        for example, (mask, boxes, labels) in zip(examples, targets, strict=True):
            example |= {"mask": mask, "bboxes": boxes, "labels": labels}

    def half(examples):
        return [pipeline(**example) for example in examples]

    return lambda: list(pool.map(half, [examples[: BATCH // 2], examples[BATCH // 2 :]]))


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


def differences_from_albumentations():
    """Of boxes in pixels, and of masks as a share of pixels, for changes that both can be told.

    These boxes stay in the image. Of others ours is the box of the part that is seen, that of
    albumentations the box of the whole, cut off.
    """
    middle = {"boxes": 60 + BOXES[:4] / 4, "labels": LABELS[:4]}
    data = {"images": IMAGES[:4], "segmentation_masks": MASKS[:4], "bounding_boxes": middle}
    border = {"border_mode": cv2.BORDER_REFLECT, "p": 1}
    pairs = [
        ({"rotation": (0.07, 0.07)}, A.Rotate((25.2, 25.2), **border)),
        ({"zoom": (0.2, 0.2)}, A.Affine(scale=(1.2, 1.2), **border)),
        ({"translation": (0.1, 0.1)}, A.Affine(translate_percent=(0.1, 0.1), **border)),
    ]
    for settings, transform in pairs:
        layer = RandomAffine(**settings, bounding_box_format="xyxy")
        ours = keras.tree.map_structure(np.asarray, layer(data, training=True))
        pipeline = A.Compose([transform], bbox_params=BOX_PARAMS)
        boxes, masks = [], []
        for image, mask, corners, labels in zip(
            IMAGES[:4] / 255, MASKS[:4], middle["boxes"], middle["labels"], strict=True
        ):
            theirs = pipeline(image=image, mask=mask, bboxes=corners, labels=labels)
            boxes.append(np.abs(theirs["bboxes"] - ours["bounding_boxes"]["boxes"][len(boxes)]))
            masks.append(theirs["mask"] != ours["segmentation_masks"][len(masks)])
        yield ", ".join(settings), np.max(boxes), np.mean(masks)


def main():
    cv2.setNumThreads(0)  # our two threads are all
    print(f"{platform.machine()}, TensorFlow {tf.__version__}, Keras {keras.__version__}, ", end="")
    print(f"albumentations {A.__version__}, OpenCV {cv2.__version__}; {ROUNDS} rounds")
    with tf.device("CPU"), ThreadPoolExecutor(THREADS) as pool:
        layers = {("Keras", name): row for name, row in keras_layers().items()}
        layers |= {("cnnkit", name): row for name, row in cnnkit_layers().items()}
        ways = {}
        for (package, name), row in layers.items():
            ways[package, name] = in_tf_data(row, DATA if WITH_TARGETS in name else IMAGES)
        for name, (transforms, dtype) in albumentations_transforms().items():
            has_targets = WITH_TARGETS in name
            ways["albumentations", name] = on_threads(transforms, dtype, pool, has_targets)
        speeds = measure(ways)
    for (package, name), value in speeds.items():
        print(f"{package:15} {name:44} {value:8,.0f} images/s")
    print(f"RandomAffine and RandomRotation differ by {difference_from_keras():.4f} of 255")
    for name, boxes, masks in differences_from_albumentations():
        print(f"{name}: boxes differ from albumentations by {boxes:.3f} pixels, ", end="")
        print(f"masks in {masks:.2%} of the pixels")
    sys.exit(not compare(speeds))


def compare(speeds):
    """Print how much faster cnnkit is, and whether that is enough."""
    ours = ("cnnkit", "RandomAffine and RandomColor"), ("cnnkit", "RandomWarp, elastic")
    moving = [("cnnkit", name + WITH_TARGETS) for name in ("RandomAffine", "RandomWarp")]
    pairs = [
        (ours[0], ("Keras", "six in a row"), 8),
        (ours[0], ("albumentations", "flip, rotation, zoom, ColorJitter"), 2.5),
        (ours[1], ("Keras", "RandomElasticTransform"), 4),
        (ours[1], ("albumentations", "ElasticTransform"), 4),
        (moving[0], ("Keras", "flip, rotation, zoom" + WITH_TARGETS), 4),
        (moving[0], ("albumentations", "flip, rotation, zoom" + WITH_TARGETS), 2.5),
        (moving[1], ("albumentations", "ElasticTransform" + WITH_TARGETS), 4),
    ]
    ratios = [speeds[one] / speeds[other] for one, other, _ in pairs]
    for (one, other, bound), ratio in zip(pairs, ratios, strict=True):
        print(f"{' '.join(one)} / {' '.join(other)}: {ratio:.1f} (bound {bound})")
    return all(ratio >= bound for (*_, bound), ratio in zip(pairs, ratios, strict=True))


if __name__ == "__main__":
    main()
