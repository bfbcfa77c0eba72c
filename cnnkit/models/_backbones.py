"""Trained networks without their classifiers, and new heads on them."""

import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from cnnkit._layers import find_in
from cnnkit.data import stored
from cnnkit.models._weights import find_weights

KERAS_WEIGHTS = "https://storage.googleapis.com/tensorflow/keras-applications/"


@keras.saving.register_keras_serializable(package="cnnkit")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's, in inference mode at every call: its moving means and variances never change.

    It has the name of Keras's, after which files of weights are laid out, so that these fit both.
    """

    keras_rules_hold = True  # of sizes and costs, for `geometry`

    def call(self, inputs, training=None, mask=None):
        # `training=False` where the layer is called would not last: `fit` overrides it. Nor does
        # `trainable = False`: whoever sets `trainable` of a whole model sets it here, too.
        return super().call(inputs, training=False, mask=mask)


class _Backbone(NamedTuple):
    build: Callable
    local_name: str
    url: str
    image_size: int = 224


def drawn_animals_cnn(input_shape=(64, 64, 3)):
    """The architecture of the built-in backbone: a small residual network.

    Args:
        input_shape: `(height, width, channels)` of the images, whose values are in -1..1.

    Returns:
        A functional `keras.Model` to feature maps with a side of `height / 16` and 256 channels.

    Example:

    >>> from cnnkit import models
    >>> model = models.drawn_animals_cnn((96, 96, 3))  # with random weights
    >>> model.output_shape
    (None, 6, 6, 256)
    """

    def convolution(x, filters, size=3, strides=1, name=None):
        options = dict(strides=strides, padding="same", use_bias=False)
        x = keras.layers.Conv2D(filters, size, **options, name=f"{name}_conv")(x)
        return keras.layers.BatchNormalization(name=f"{name}_bn")(x)

    def residual(x, name):
        y = keras.layers.ReLU()(convolution(x, x.shape[-1], name=f"{name}_1"))
        y = convolution(y, x.shape[-1], name=f"{name}_2")
        return keras.layers.ReLU()(keras.layers.Add(name=f"{name}_add")([x, y]))

    inputs = keras.Input(input_shape)
    x = keras.layers.ReLU()(convolution(inputs, 24, strides=2, name="stem"))
    for i, filters in enumerate((32, 64, 88), start=1):
        x = keras.layers.ReLU()(convolution(x, filters, strides=2, name=f"down_{i}"))
        x = residual(x, f"block_{i}")
    x = keras.layers.ReLU(name="out_relu")(convolution(x, 256, size=1, name="out"))
    return keras.Model(inputs, x, name="drawn_animals")


_NO_TOP = dict(include_top=False, weights=None)
_BACKBONES = {
    "mobilenet_v2_0.35": _Backbone(
        partial(keras.applications.MobileNetV2, alpha=0.35, **_NO_TOP),
        "mobilenet_v2_0.35_224_no_top.weights.h5",
        KERAS_WEIGHTS
        + "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5",
    ),
    "mobilenet_0.75": _Backbone(
        partial(keras.applications.MobileNet, alpha=0.75, **_NO_TOP),
        "mobilenet_0.75_224_top.weights.h5",
        KERAS_WEIGHTS + "mobilenet/mobilenet_7_5_224_tf_no_top.h5",
    ),
    "drawn_animals": _Backbone(drawn_animals_cnn, "drawn_animals.weights.h5", "", 64),
}


def load_backbone(name="auto", image_size=None, *, verbose=1):
    """Load a trained network without its classifier.

    Args:
        name: `"mobilenet_v2_0.35"` (410,208 parameters; Sandler et al., 2018, with 0.35 of the
            channels) or `"mobilenet_0.75"` (1,832,976 parameters; Howard et al., 2017), both
            trained on ImageNet; `"drawn_animals"`, which comes with this package, trained on
            drawn animals other than cats and dogs; or `"auto"`, the first if its weights can be
            had, else the last.
        image_size: Height and width of its input. `None` stands for those of its training: 224,
            or 64 for drawn animals.
        verbose: 1 says where the weights are from, and shows a progress bar; 0 prints nothing.

    Returns:
        A `keras.Model` from images in -1..1, float32 of shape `(batch, image_size, image_size,
        3)`, to feature maps with a side of `image_size / 32` (drawn animals: `/ 16`). Its
        BatchNorm layers are in inference mode always, whatever is trained and whatever `trainable`
        is set to, also in parts of it and after saving and loading: batches do not change their
        moving means and variances. Their scales and shifts are frozen until `trainable = True`.
        To load a model that was saved with it, import `cnnkit.models` first, which has the layer.

    Raises:
        FileNotFoundError: If its weights cannot be had.

    Example:

    >>> from cnnkit import data, models
    >>> backbone = models.load_backbone("drawn_animals", verbose=0)
    >>> pets, labels = data.draw_pets(4, seed=0)
    >>> backbone.predict(pets / 127.5 - 1, verbose=0).shape
    (4, 4, 4, 256)
    """
    if name == "auto":
        try:
            return load_backbone("mobilenet_v2_0.35", image_size, verbose=verbose)
        except FileNotFoundError as error:
            if verbose:
                print(error, "Until then the built-in backbone is used, which knows drawings only.")
            return load_backbone("drawn_animals", image_size, verbose=verbose)
    if name not in _BACKBONES:
        names = ", ".join(["auto", *_BACKBONES])
        raise ValueError(f"`name` must be one of {names}. Received: name={name!r}")
    backbone = _BACKBONES[name]
    image_size = image_size or backbone.image_size
    model = backbone.build(input_shape=(image_size, image_size, 3))
    load = partial(load_whole, model)
    if backbone.url:
        path = find_weights(backbone.local_name, backbone.url, load, verbose)
    else:
        path = stored(backbone.local_name)
    load(path)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            # Keras's own networks take no layers; a copy of the model would draw from the seeds.
            layer.__class__ = BatchNormalization
            layer.trainable = False
    if verbose:
        print(f"{name}: weights from {path}")
    return model


def load_whole(model, path):
    """Load a weight file, which must fit and hold numbers only; raise ValueError if it does not."""
    try:
        with warnings.catch_warnings():
            # Keras only warns of layers that the file has not.
            warnings.simplefilter("error", UserWarning)
            model.load_weights(path)
    except Exception as error:  # Keras and h5py raise a dozen kinds for a damaged file
        raise ValueError(f"the weights do not fit {model.name}: {error}") from error
    if not all(np.isfinite(weights).all() for weights in model.get_weights()):
        raise ValueError("some weights are infinite or no numbers")


def split_backbone(backbone, layer):
    """Cut a backbone in two after a layer, without copying it.

    Args:
        backbone: A functional `keras.Model`.
        layer: The layer whose output shall pass from the first part to the second, or its name.

    Returns:
        `(trunk, block)`, two models that share their layers with `backbone`:
        `block(trunk(images))` equals `backbone(images)`.

    Raises:
        ValueError: If there is no such layer, or a connection passes it by.

    Example:

    >>> from cnnkit import models
    >>> backbone = models.load_backbone("drawn_animals", verbose=0)
    >>> trunk, block = models.split_backbone(backbone, "down_3_conv")
    >>> trunk.output_shape, block.output_shape
    ((None, 4, 4, 88), (None, 4, 4, 256))
    """
    names = {each.name: each for each in backbone.layers}
    cut = find_in(names, layer, backbone.name).output
    trunk = keras.Model(backbone.input, cut, name="trunk")
    try:
        block = keras.Model(cut, backbone.output, name="block")
    except ValueError:  # newer versions of Keras see by themselves that something passes by
        block = None
    if block is None or any(each in trunk.layers for each in block.layers):
        raise ValueError(
            "`layer` must be a layer through which everything passes, such as the last one of a "
            f"block. Received: layer={layer!r}"
        )
    return trunk, block


def transfer_model(backbone, head):
    """Join a backbone and a head to a classifier of images.

    Args:
        backbone: A model from `load_backbone`, or one that takes the same input.
        head: A model from the averaged feature maps, of shape `(batch, channels)`, to logits.

    Returns:
        A `keras.Model` from images in 0..255, of the size that the backbone takes, to logits.

    Example:

    >>> import keras
    >>> from cnnkit import models
    >>> backbone = models.load_backbone("drawn_animals", verbose=0)
    >>> backbone.trainable = False
    >>> head = keras.Sequential([keras.layers.Dropout(0.2), keras.layers.Dense(1)])
    >>> model = models.transfer_model(backbone, head)
    >>> model.input_shape, model.output_shape
    ((None, 64, 64, 3), (None, 1))
    """
    images = keras.Input(backbone.input_shape[1:], name="images")
    # MobileNet and MobileNetV2 were trained on pixels from -1 to 1.
    maps = backbone(keras.layers.Rescaling(1 / 127.5, offset=-1)(images))
    features = keras.layers.GlobalAveragePooling2D()(maps)
    return keras.Model(images, head(features), name="transfer_model")


def extract_features(model, dataset, description="features", *, verbose=1):
    """Send every image of a dataset through a model once, in inference mode.

    Args:
        model: A `keras.Model`.
        dataset: A `tf.data.Dataset` of `(images, labels)` in mini-batches.
        description: What the progress bar says.
        verbose: 0 hides the progress bar.

    Returns:
        `(features, labels)`, two NumPy arrays: the outputs, of shape `(n, …)`, and the labels, of
        shape `(n,)`, in the order in which the dataset gave them. If the model has several outputs,
        `features` holds them as it does: a list or a dictionary of such arrays.

    Example:

    >>> import keras
    >>> from cnnkit import data, models
    >>> photos = data.load_cats_vs_dogs("drawn", n_train=64, verbose=0)
    >>> backbone = models.load_backbone("drawn_animals", verbose=0)
    >>> ends = keras.layers.Rescaling(1 / 127.5, -1), keras.layers.GlobalAveragePooling2D()
    >>> trunk = keras.Sequential([keras.Input((64, 64, 3)), ends[0], backbone, ends[1]])
    >>> features, labels = models.extract_features(trunk, photos.train, verbose=0)
    >>> features.shape, labels.shape
    ((64, 256), (64,))
    """
    signature = [dataset.element_spec[0]]
    weights = [[w.numpy() for w in model.trainable_variables]]
    weights.append([w.numpy() for w in model.non_trainable_variables])

    def forward(images):
        # With the weights as constants TensorFlow folds BatchNorm into the convolutions.
        constants = tf.nest.map_structure(tf.constant, weights)
        return model.stateless_call(*constants, images, training=False)[0]

    call = tf.function(forward, input_signature=signature).get_concrete_function()
    features, labels = [], []
    # On a processor, a few streams of small chunks stay in its cache.
    chunk = None if tf.config.list_physical_devices("GPU") else 8
    bar_options = dict(unit="batch", leave=False, file=sys.stdout, disable=not verbose)
    bar = tqdm(dataset, description, **bar_options)
    with ThreadPoolExecutor(4) as pool:
        for images, batch_labels in bar:
            size = chunk or len(images)
            chunks = [images[i : i + size] for i in range(0, len(images), size)]
            features += [tf.nest.map_structure(np.asarray, part) for part in pool.map(call, chunks)]
            labels.append(batch_labels.numpy())
    features = tf.nest.map_structure(lambda *parts: np.concatenate(parts), *features)
    return features, np.concatenate(labels)
