"""A network with all of its classifier: what ImageNet's own 1,000 classes say about a photo."""

import hashlib
import os
import shutil
from pathlib import Path

import keras

from cnnkit.data import DownloadError, fetch
from cnnkit.models._backbones import KERAS_WEIGHTS, load_whole
from cnnkit.models._weights import find_weights

_LOCAL_NAME = "mobilenet_0.75_224_top.weights.h5"
_WEIGHTS_URL = KERAS_WEIGHTS + "mobilenet/mobilenet_7_5_224_tf.h5"
_CLASSES = "imagenet_class_index.json"
_CLASSES_URL = f"https://storage.googleapis.com/download.tensorflow.org/data/{_CLASSES}"
_CLASSES_MD5 = "c2c37ea517e94d9795004a39431a14cb"  # the one that Keras checks


def load_imagenet_classifier():
    """Load MobileNet with 0.75 of its channels, trained on ImageNet (Howard et al., 2017).

    The names of the classes are put where `keras.applications.mobilenet.decode_predictions` looks
    for them, so that it needs no network.

    Returns:
        A `keras.Model` from images in 0..255, float32 of shape `(batch, 224, 224, 3)`, to the
        probabilities of 1,000 classes. It has 2,601,976 parameters.

    Raises:
        FileNotFoundError: If the weights or the names cannot be had.
    """
    network = keras.applications.MobileNet(alpha=0.75, weights=None)
    path = find_weights(_LOCAL_NAME, _WEIGHTS_URL, lambda path: load_whole(network, path))
    load_whole(network, path)
    _provide_class_names()
    images = keras.Input((224, 224, 3), name="images")
    pixels = keras.layers.Rescaling(1 / 127.5, offset=-1)(images)
    print(f"mobilenet_0.75 with its classifier: weights from {path}")
    return keras.Model(images, network(pixels), name="imagenet_classifier")


def _provide_class_names():
    keras_home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    place = keras_home / "models" / _CLASSES
    given = Path(os.environ.get("CNNKIT_DATA", "")) / "weights" / _CLASSES
    if given.is_file() and not place.exists():
        try:
            _check_classes(given)
            place.parent.mkdir(parents=True, exist_ok=True)
            temporary = place.with_name(f"{place.name}.{os.getpid()}.part")
            shutil.copyfile(given, temporary)
            temporary.replace(place)
        except ValueError as error:
            print(f"{given} is damaged and was passed over: {error}")
    try:
        fetch(_CLASSES_URL, place, _check_classes, max_size=1_000_000)
    except DownloadError as error:
        raise FileNotFoundError(
            f"The names of ImageNet's classes are not on this machine: {error}. Connect to the "
            f"network, or put {_CLASSES} into the folder weights of CNNKIT_DATA."
        ) from error


def _check_classes(path):
    found = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    if found != _CLASSES_MD5:
        raise ValueError(f"its MD5 is {found} and should be {_CLASSES_MD5}")
