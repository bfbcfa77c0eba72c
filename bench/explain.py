"""Explanations: cnnkit against tf-keras-vis, tf-explain, xplique and saliency.

One flat functional model, the only kind that all peers take: MobileNetV2 at 96x96 and eight images,
maps of its last layer that has them. With photos in `CNNKIT_DATA` also a classifier of cats and
dogs on a smaller MobileNetV2. All ways take turns, after a first call each; the table shows the
median of each, and how many times that of cnnkit it is. Ends with an error if a peer is faster.

- `agreement`: correlation of a map with one made by hand with a gradient tape, stretched over the
  image; that of cnnkit's Grad-CAM is below 1, as it lies where the receptive fields are.
- `completeness`: by how much the attributions miss the change of the score, as a part of it.
- `off by`: pixels between a spot and the peak of its map, where one cell of 7x7 is active.
"""

import sys
import time
import warnings
from functools import partial
from statistics import median

import keras
import numpy as np
import saliency.core as pair
import tensorflow as tf
import xplique.attributions as xp
import xplique.metrics as xpm
from tf_explain.core import (
    GradCAM,
    IntegratedGradients,
    OcclusionSensitivity,
    SmoothGrad,
    VanillaGradients,
)
from tf_keras_vis import activation_maximization as tkv_maximization
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
from tf_keras_vis.layercam import Layercam
from tf_keras_vis.saliency import Saliency
from tf_keras_vis.scorecam import Scorecam
from tf_keras_vis.utils.scores import CategoricalScore

from cnnkit import explain
from cnnkit._places import given

ROUNDS, SLOW = 15, 5  # fewer rounds for what takes so many seconds altogether
CLASS, PATCH, SAMPLES, STEPS, MAPS = 1, 16, 16, 32, 16
FOUR_TIMES = "tf-keras-vis", "tf-explain"  # Grad-CAM has to be so much faster than these


def make_model(backbone):
    pooled = keras.layers.GlobalAveragePooling2D()(backbone.output)
    return keras.Model(backbone.input, keras.layers.Dense(2, "softmax", name="head")(pooled))


def untrained(images):
    """MobileNetV2 with random weights, and BatchNorms that know the statistics of the images.

    Without those its maps would get weaker with each layer, down to nothing.
    """
    backbone = keras.applications.MobileNetV2(images.shape[1:], include_top=False, weights=None)
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0
    backbone(images, training=True)
    return make_model(backbone)


def cam_ways(model, images, layer):
    """For each class activation map the packages, and a function without arguments."""
    n, score = len(images), CategoricalScore([CLASS] * len(images))
    one_hot = np.eye(2, dtype="float32")[[CLASS] * n]
    where = dict(penultimate_layer=layer, seek_penultimate_conv_layer=False)
    tfe = partial(GradCAM().explain, (images, None), model, CLASS, layer, use_guided_grads=False)
    ours = partial(explain.grad_cam, model, images, target=CLASS, layer=layer)
    return {
        "Grad-CAM": {
            "cnnkit": ours,
            "tf-keras-vis": partial(Gradcam(model), score, images, **where),
            "tf-explain": tfe,
            "xplique": partial(xp.GradCAM(model, conv_layer=layer), images, one_hot),
        },
        "Grad-CAM++": {
            "cnnkit": partial(explain.grad_cam_plus_plus, model, images, target=CLASS, layer=layer),
            "tf-keras-vis": partial(GradcamPlusPlus(model), score, images, **where),
            "xplique": partial(xp.GradCAMPP(model, conv_layer=layer), images, one_hot),
        },
        "LayerCAM": {
            "cnnkit": partial(explain.layer_cam, model, images, target=CLASS, layer=layer),
            "tf-keras-vis": partial(Layercam(model), score, images, **where),
        },
        "HiResCAM": {
            "cnnkit": partial(explain.hires_cam, model, images, target=CLASS, layer=layer),
        },
        "Score-CAM": {
            "cnnkit": partial(
                explain.score_cam, model, images, target=CLASS, layer=layer, n_maps=MAPS
            ),
            "tf-keras-vis": partial(Scorecam(model), score, images, max_N=MAPS, **where),
        },
    }


def pixel_ways(model, images):
    """The same for maps of pixels."""
    n, score = len(images), CategoricalScore([CLASS] * len(images))
    one_hot = np.eye(2, dtype="float32")[[CLASS] * n]
    batch = (images, None), model, CLASS

    def one_by_one(method, **options):
        return np.array([method(image, output, CLASS, **options) for image in images])

    @tf.function(reduce_retracing=True)
    def gradients(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            chosen = model(images)[:, CLASS]
        return tape.gradient(chosen, images)

    def output(images, call_model_args=None, expected_keys=None):
        images = tf.convert_to_tensor(images, tf.float32)
        return {pair.INPUT_OUTPUT_GRADIENTS: gradients(images).numpy()}

    gradient = pair.GradientSaliency()
    along = dict(x_steps=STEPS, x_baseline=np.zeros_like(images[0]), batch_size=STEPS)
    noisy = dict(stdev_spread=0.2, nsamples=SAMPLES)
    return {
        "saliency": {
            "cnnkit": partial(explain.saliency, model, images, target=CLASS),
            "tf-keras-vis": partial(Saliency(model), score, images),
            "tf-explain": partial(VanillaGradients().explain, *batch),
            "xplique": partial(xp.Saliency(model), images, one_hot),
            "saliency": partial(one_by_one, gradient.GetMask),
        },
        "SmoothGrad": {
            "cnnkit": partial(
                explain.smoothgrad,
                model,
                images,
                target=CLASS,
                n_samples=SAMPLES,
                noise=0.2,
                seed=0,
            ),
            "tf-keras-vis": partial(
                Saliency(model), score, images, smooth_samples=SAMPLES, smooth_noise=0.2
            ),
            "tf-explain": partial(SmoothGrad().explain, *batch, SAMPLES, 0.2),
            "xplique": partial(
                xp.SmoothGrad(model, nb_samples=SAMPLES, noise=0.2), images, one_hot
            ),
            "saliency": partial(one_by_one, gradient.GetSmoothedMask, **noisy),
        },
        "integrated gradients": {
            "cnnkit": partial(
                explain.integrated_gradients, model, images, target=CLASS, n_steps=STEPS
            ),
            "tf-explain": partial(IntegratedGradients().explain, *batch, STEPS),
            "xplique": partial(
                xp.IntegratedGradients(model, steps=STEPS, reducer=None), images, one_hot
            ),
            "saliency": partial(one_by_one, pair.IntegratedGradients().GetMask, **along),
        },
        "occlusion": {
            "cnnkit": partial(explain.occlusion, model, images, target=CLASS, patch_size=PATCH),
            "tf-explain": partial(OcclusionSensitivity(batch_size=64).explain, *batch, PATCH),
            "xplique": partial(
                xp.Occlusion(model, patch_size=PATCH, patch_stride=PATCH, batch_size=64),
                images,
                one_hot,
            ),
        },
    }


def measuring_ways(model, images):
    """The areas under the curves of deletion and insertion, in 20 steps, of the brightness."""
    maps, one_hot = images.mean(axis=-1), np.eye(2, dtype="float32")[[CLASS] * len(images)]
    theirs = [kind(model, images, one_hot, steps=20) for kind in (xpm.Deletion, xpm.Insertion)]
    ours = partial(explain.deletion_insertion, model, images, maps=maps, target=CLASS)
    return {
        "deletion and insertion": {
            "cnnkit": partial(ours, n_random=0),
            "xplique": lambda: [metric(maps) for metric in theirs],
        }
    }


def maximization_ways(model):
    """An image for each of 16 channels by cnnkit, for one output by tf-keras-vis."""
    theirs = tkv_maximization.ActivationMaximization(model)
    return {
        "activation maximisation": {
            "cnnkit": partial(
                explain.activation_maximization,
                model,
                range(16),
                layer="block_6_expand",
                n_steps=50,
                value_range=(-1, 1),
                seed=0,
            ),
            "tf-keras-vis": partial(theirs, CategoricalScore(CLASS), steps=50, input_range=(-1, 1)),
        }
    }


def measure(ways):
    """The seconds of each way in each round, and what it gave; the ways take turns."""
    seconds, results = {name: [] for name in ways}, {}
    for way in 2 * [
        *ways.values()
    ]:  # twice, as xplique changes a model, which others then trace anew
        way()
    for _ in range(ROUNDS):
        for name, way in ways.items():
            if sum(seconds[name]) < SLOW:
                start = time.perf_counter()
                results[name] = way()
                seconds[name].append(time.perf_counter() - start)
    return seconds, results


def by_hand(model, images, layer):
    """Three class activation maps of the logit and its saliency, with a tape on the flat model."""
    head = model.get_layer("head")
    parts = keras.Model(model.inputs, [model.get_layer(layer).output, head.input])
    with tf.GradientTape(persistent=True) as tape:
        images = tf.convert_to_tensor(images)
        tape.watch(images)
        maps, features = parts(images)
        tape.watch(features)
        logit = (features @ head.kernel + head.bias)[:, CLASS]
    weights = tf.reduce_mean(tape.gradient(logit, maps), axis=(1, 2), keepdims=True)
    cam = tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1))
    pixels = tf.reduce_max(tf.abs(tape.gradient(logit, images)), axis=-1)
    products = maps * tape.gradient(logit, maps)
    return {
        "Grad-CAM": cam.numpy(),
        "LayerCAM": tf.nn.relu(tf.reduce_sum(tf.nn.relu(products), axis=-1)).numpy(),
        "HiResCAM": tf.reduce_sum(products, axis=-1).numpy(),
        "saliency": pixels.numpy(),
    }


def agreement(maps, expected):
    """The correlation, at the coarser size of the two."""
    maps = np.asarray(maps, np.float32)
    if maps.ndim == 4:
        maps = np.abs(maps).max(axis=-1)
    if maps.shape[0] != expected.shape[0]:
        return "a picture only"  # tf-explain draws all maps into one
    if maps.shape != expected.shape:
        expected = tf.image.resize(expected[..., None], maps.shape[1:3])[..., 0].numpy()
    return f"{np.corrcoef(maps.ravel(), expected.ravel())[0, 1]:.2f}"


def completeness(model, images, maps):
    """What is missing between the sum of the maps and the change of the score they explain."""
    maps = np.asarray(maps, np.float32).reshape(len(images), -1).sum(axis=1)
    head = model.get_layer("head")
    features = keras.Model(model.inputs, head.input)
    probabilities, logits = [], []
    for batch in (images, np.zeros_like(images)):
        logits.append((features(batch) @ head.kernel + head.bias)[:, CLASS].numpy())
        probabilities.append(model(batch).numpy()[:, CLASS])
    changes = (np.subtract(*scores) for scores in (logits, probabilities))
    return min(np.abs(maps - change).sum() / np.abs(change).sum() for change in changes)


def registration_errors():
    """For each way to make a class activation map how far the peak is from the spot."""
    ones = dict(kernel_initializer="ones", use_bias=False)
    inputs = keras.Input((224, 224, 1))
    maps = keras.layers.Conv2D(MAPS, 1, name="maps", **ones)(
        keras.layers.AveragePooling2D(32)(inputs)
    )
    pooled = keras.layers.GlobalAveragePooling2D()(maps)
    model = keras.Model(inputs, keras.layers.Dense(2, name="head", **ones)(pooled))
    image = np.zeros((1, 224, 224, 1), np.float32)
    image[0, 32:64, 32:64] = 1
    errors = {}
    for method, ways in cam_ways(model, image, "maps").items():
        for package, way in ways.items():
            cam = np.squeeze(np.asarray(way(), np.float32))
            if cam.shape == (224, 224):
                peak = np.argwhere(cam == cam.max()).mean(axis=0)
                errors[method, package] = f"off by {np.abs(peak - 47.5).max():.1f}"
    return errors


def compare(name, model, images, layer, errors):
    """Print the table of a model; whether cnnkit is the fastest everywhere."""
    print(f"\n{name}: {len(images)} images of {images.shape[1]}x{images.shape[2]}")
    expected, good = by_hand(model, images, layer), True
    methods = cam_ways(model, images, layer) | pixel_ways(model, images)
    methods |= measuring_ways(model, images) | maximization_ways(model)
    for method, ways in methods.items():
        seconds, results = measure(ways)
        for package, values in seconds.items():
            notes = [errors.get((method, package), "")]
            if method in expected:
                notes.append(f"agreement {agreement(results[package], expected[method])}")
            if method == "integrated gradients" and package != "tf-explain":
                notes.append(f"{completeness(model, images, results[package]):.0%} incomplete")
            n = min(len(values), len(seconds["cnnkit"]))  # of as many rounds
            times = median(values[:n]) / median(seconds["cnnkit"][:n])
            bound = 4 if method == "Grad-CAM" and package in FOUR_TIMES else 1
            slow = "" if times >= bound else f"  TOO SLOW, bound {bound}"
            good = good and not slow
            row = f"{method:24} {package:13} {median(values):8.3f} s {times:7.2f} times"
            print(row, *filter(None, notes), slow, sep="  ", flush=True)
    return good


def trained_classifier():
    """A classifier of cats and dogs, flat, with images; None without photos."""
    if not given("cats_vs_dogs"):
        return None
    from cnnkit import data, models

    photos = data.load_cats_vs_dogs(image_size=96, n_train=400)
    model = make_model(models.load_backbone("mobilenet_v2_0.35", 96))
    features = keras.Model(model.input, model.get_layer("head").input)
    batches = [(x.numpy() / np.float32(127.5) - 1, y.numpy()) for x, y in photos.train]
    x, y = (np.concatenate(part) for part in zip(*batches, strict=True))
    head = keras.Sequential([keras.Input((features.output_shape[-1],)), model.get_layer("head")])
    head.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    head.fit(features.predict(x, verbose=0), y, epochs=20, verbose=0)
    return model, x[:8]


def main():
    warnings.simplefilter("ignore")  # of the peers
    keras.utils.disable_interactive_logging()
    with tf.device("CPU"):
        print(f"TensorFlow {tf.__version__}, Keras {keras.__version__}; {ROUNDS} rounds")
        keras.utils.set_random_seed(0)
        errors = registration_errors()
        images = np.random.default_rng(0).uniform(-1, 1, (8, 96, 96, 3)).astype("float32")
        good = compare("MobileNetV2", untrained(images), images, "out_relu", errors)
        trained = trained_classifier()
        if trained:
            good &= compare("Cats and dogs", *trained, "out_relu", errors)
    sys.exit(not good)


if __name__ == "__main__":
    main()
