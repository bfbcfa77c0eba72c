"""Photos that come with scikit-image: no network, no file to look for."""

import skimage.data

_NAMES = (
    "astronaut brick camera cat cell checkerboard chelsea clock coffee coins colorwheel grass "
    "gravel hubble_deep_field immunohistochemistry microaneurysms moon page retina rocket text"
).split()


def photo_names():
    """The names that `load_photo` knows: those whose file is inside scikit-image's wheel.

    Example:

    >>> from cnnkit import data
    >>> "coffee" in data.photo_names()
    True
    """
    return list(_NAMES)


def load_photo(name):
    """Return one of scikit-image's photos.

    Args:
        name: One of `photo_names()`, for example `"cat"` or `"coffee"`.

    Returns:
        A NumPy array, uint8 in 0..255, of shape `(height, width)` for a grey picture and
        `(height, width, 3)` for a colour one.

    Example:

    >>> from cnnkit import data
    >>> data.load_photo("cat").shape
    (300, 451, 3)
    """
    if name not in _NAMES:
        raise ValueError(f"`name` must be one of {', '.join(_NAMES)}. Received: name={name!r}")
    return getattr(skimage.data, name)()
