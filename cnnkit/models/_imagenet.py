"""A network with all of its classifier: what ImageNet's own 1,000 classes say about a photo."""

import hashlib
from functools import partial

import keras

from cnnkit._places import given, keras_home, write_whole
from cnnkit.data import DownloadError, fetch
from cnnkit.models._backbones import KERAS_WEIGHTS, load_whole
from cnnkit.models._weights import find_weights, passes

_LOCAL_NAME = "mobilenet_0.75_224_top.weights.h5"
_WEIGHTS_URL = KERAS_WEIGHTS + "mobilenet/mobilenet_7_5_224_tf.h5"
_CLASSES = "imagenet_class_index.json"
_CLASSES_URL = f"https://storage.googleapis.com/download.tensorflow.org/data/{_CLASSES}"
_CLASSES_MD5 = "c2c37ea517e94d9795004a39431a14cb"  # the one that Keras checks


def load_imagenet_classifier(*, verbose=1):
    """Load MobileNet with 0.75 of its channels, trained on ImageNet (Howard et al., 2017).

    The names of the classes are put where `keras.applications.mobilenet.decode_predictions` looks
    for them, so that it needs no network.

    Args:
        verbose: 1 says where the weights are from, and shows progress bars; 0 prints nothing.

    Returns:
        A `keras.Model` from images in 0..255, float32 of shape `(batch, 224, 224, 3)`, to the
        probabilities of 1,000 classes. It has 2,601,976 parameters.

    Raises:
        FileNotFoundError: If the weights or the names cannot be had.

    Example:

    >>> import keras
    >>> from cnnkit import data, models
    >>> cat = data.load_photo("cat")[None, :, 75:375]  # the middle, a square
    >>> cat = keras.ops.convert_to_numpy(keras.ops.image.resize(cat, (224, 224)))
    >>> model = models.load_imagenet_classifier(verbose=0)
    >>> probabilities = model.predict(cat, verbose=0)
    >>> names = keras.applications.mobilenet.decode_predictions(probabilities, top=3)
    """
    network = keras.applications.MobileNet(alpha=0.75, weights=None)
    load = partial(load_whole, network)
    path = find_weights(_LOCAL_NAME, _WEIGHTS_URL, load, verbose)
    load(path)
    _provide_class_names(verbose)
    images = keras.Input((224, 224, 3), name="images")
    pixels = keras.layers.Rescaling(1 / 127.5, offset=-1)(images)
    if verbose:
        print(f"mobilenet_0.75 with its classifier: weights from {path}")
    return keras.Model(images, network(pixels), name="imagenet_classifier")


def _provide_class_names(verbose=1):
    place = keras_home() / "models" / _CLASSES
    path = given("weights", _CLASSES)
    if path and not place.exists() and passes(path, _check_classes, verbose):
        write_whole(place, path.read_bytes())
    try:
        fetch(_CLASSES_URL, place, _check_classes, max_size=1_000_000, verbose=verbose)
    except DownloadError as error:
        raise FileNotFoundError(
            f"The names of ImageNet's classes are not on this machine: {error}. Connect to the "
            f"network, or put {_CLASSES} into the folder weights of CNNKIT_DATA."
        ) from error


def _check_classes(path):
    found = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    if found != _CLASSES_MD5:
        raise ValueError(f"its MD5 is {found} and should be {_CLASSES_MD5}")
