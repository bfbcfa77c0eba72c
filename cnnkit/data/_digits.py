"""Handwritten digits: scikit-learn's small set, which is always there, and MNIST."""

import contextlib
import io
import zipfile
from numbers import Integral

import numpy as np
import sklearn.datasets
from skimage.transform import resize

from cnnkit._places import given

_MNIST_ARRAYS = ("x_train", "y_train", "x_test", "y_test")


def load_digits(image_size=8):
    """Return scikit-learn's 1,797 handwritten digits (Alpaydin and Kaynak, 1998).

    The original pixels count the ink in 4x4 blocks, 0 to 16. Here 16 becomes 255, so that these
    digits, MNIST and photos have one range.

    Args:
        image_size: Height and width in pixels. 8 is the original; any other size is resampled
            with a cubic spline, for example 28, the size of MNIST.

    Returns:
        `(images, labels)`: uint8 of shape `(1797, image_size, image_size)` in 0..255, ink bright
        on black, and int32 of shape `(1797,)` in 0..9.

    Example:

    >>> from cnnkit import data
    >>> images, labels = data.load_digits()
    >>> images.shape, labels.shape, images.dtype
    ((1797, 8, 8), (1797,), dtype('uint8'))
    >>> large, labels = data.load_digits(28)  # as large as those of MNIST
    """
    if not isinstance(image_size, Integral) or image_size < 8:
        raise ValueError(
            f"`image_size` must be an integer of at least 8. Received: image_size={image_size!r}"
        )
    digits = sklearn.datasets.load_digits()
    images = digits.images / 16
    if image_size != 8:
        images = np.stack([resize(image, (image_size, image_size), order=3) for image in images])
    images = np.round(255 * images.clip(0, 1)).astype(np.uint8)
    return images, digits.target.astype(np.int32)


def load_mnist(*, verbose=1):
    """Return MNIST (LeCun and Cortes): 60,000 digits to train on and 10,000 to test.

    `$CNNKIT_DATA/mnist.npz` comes first; without it Keras's own loader, which keeps its download
    in Keras's cache and checks its hash.

    Args:
        verbose: 0 hides the progress bar of the download.

    Returns:
        `((x_train, y_train), (x_test, y_test))`: images uint8 of shape `(n, 28, 28)` in 0..255,
        labels int32 of shape `(n,)` in 0..9.

    Raises:
        RuntimeError: If MNIST is not at hand and cannot be downloaded.

    Example:

    >>> from cnnkit import data
    >>> (x_train, y_train), (x_test, y_test) = data.load_mnist()
    >>> x_train.shape, x_test.shape
    ((60000, 28, 28), (10000, 28, 28))
    """
    path = given("mnist.npz")
    if path:
        return _read_mnist(path)
    import keras

    output = contextlib.nullcontext() if verbose else contextlib.redirect_stdout(io.StringIO())
    try:
        with output:
            train, test = keras.datasets.mnist.load_data()
    except Exception as error:
        raise RuntimeError(
            "MNIST is not on this machine and could not be downloaded: connect to the network "
            "once, put mnist.npz into the folder that CNNKIT_DATA names, or use "
            f"load_digits(image_size=28). Received: {error}"
        ) from error
    return tuple((images, labels.astype(np.int32)) for images, labels in (train, test))


def _read_mnist(path):
    try:
        with np.load(path, allow_pickle=False) as file:
            x_train, y_train, x_test, y_test = (file[name] for name in _MNIST_ARRAYS)
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path} must be an .npz file with the arrays {', '.join(_MNIST_ARRAYS)}. "
            f"Received: {error}"
        ) from error
    for images, labels, n in ((x_train, y_train, 60_000), (x_test, y_test, 10_000)):
        if images.shape != (n, 28, 28) or labels.shape != (n,) or images.dtype != np.uint8:
            raise ValueError(
                f"{path} must hold uint8 images of shape {(n, 28, 28)} and labels of shape {(n,)}. "
                f"Received: {images.dtype} {images.shape} and {labels.shape}"
            )
    return (x_train, y_train.astype(np.int32)), (x_test, y_test.astype(np.int32))
