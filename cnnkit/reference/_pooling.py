"""Pooling and its gradients, as a pooling layer computes them.

Max and average pooling: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 9.3.
Stochastic pooling: Zeiler and Fergus, "Stochastic pooling for regularization of deep convolutional
neural networks", 2013, arXiv:1301.3557.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnkit._checks import as_generator, as_numbers, as_pair, check_axes, check_gradient
from cnnkit.reference._arithmetic import borders, count_positions


def max_pool2d(images, pool_size=2, *, strides=None, padding="valid"):
    """Keep the largest value of each window of each channel.

    Args:
        images: Array of shape `(batch, height, width, channels)`, any numbers.
        pool_size: Size of the window: an integer, or a pair `(vertical, horizontal)`.
        strides: Pixels from one window to the next: an integer or a pair. None means `pool_size`.
        padding: "valid" (windows inside of the images only) or "same" (so many windows that
            `ceil(size / strides)` rows and columns come out; the border counts nothing).

    Returns:
        An array of shape `(batch, output_height, output_width, channels)`: floats keep their dtype,
        integers give int64.

    Example:

    >>> import numpy as np
    >>> from cnnkit import reference
    >>> images = np.arange(16).reshape(1, 4, 4, 1)
    >>> reference.max_pool2d(images, 2)[0, :, :, 0]
    array([[ 5,  7],
           [13, 15]])
    """
    windows = _windows_of_images(images, pool_size, strides, padding, fill="lowest")
    return windows.max(axis=-1)


def max_pool2d_backward(output_gradient, images, pool_size=2, *, strides=None, padding="valid"):
    """Compute the gradient of a loss from its gradient with respect to the result of `max_pool2d`.

    The largest value of a window gets its whole gradient; of equal ones the first, row by row.

    Args:
        output_gradient: Array of shape `(batch, output_height, output_width, channels)`.
        images, pool_size, strides, padding: As they were in `max_pool2d`.

    Returns:
        An array of the shape of the images, with the dtype of `output_gradient`; integers give
        int64.

    Example:

    >>> import numpy as np
    >>> from cnnkit import reference
    >>> images = np.arange(16).reshape(1, 4, 4, 1)
    >>> gradient = np.array([1, 2, 3, 4]).reshape(1, 2, 2, 1)
    >>> reference.max_pool2d_backward(gradient, images, 2)[0, :, :, 0]
    array([[0, 0, 0, 0],
           [0, 1, 0, 2],
           [0, 0, 0, 0],
           [0, 3, 0, 4]])
    """
    windows = _windows_of_images(images, pool_size, strides, padding, fill="lowest")
    (output_gradient,) = as_numbers(output_gradient=output_gradient)
    check_gradient(output_gradient, windows.shape[:4], "the pooled maps")
    is_largest = np.arange(windows.shape[-1]) == windows.argmax(axis=-1)[..., None]
    shares = np.where(is_largest, output_gradient[..., None], 0)
    return _add_up(shares, np.shape(images), pool_size, strides, padding)


def average_pool2d(images, pool_size=2, *, strides=None, padding="valid"):
    """Take the mean of each window of each channel.

    Args:
        images, pool_size, strides, padding: As in `max_pool2d`. With "same" the mean is that of the
            pixels in the window: the border is not counted.

    Returns:
        An array of shape `(batch, output_height, output_width, channels)`: floats keep their dtype,
        integers give float64.

    Example:

    >>> import numpy as np
    >>> from cnnkit import reference
    >>> images = np.arange(16).reshape(1, 4, 4, 1)
    >>> reference.average_pool2d(images, 2)[0, :, :, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    windows = _windows_of_images(images, pool_size, strides, padding, fill=0)
    counts = _count_pixels(images, pool_size, strides, padding)
    return (windows.sum(axis=-1, dtype=np.float64) / counts).astype(_float_dtype(windows))


def average_pool2d_backward(output_gradient, images, pool_size=2, *, strides=None, padding="valid"):
    """Compute the gradient of a loss from its gradient with respect to `average_pool2d`'s result.

    Each pixel of a window gets the same share of its gradient.

    Args:
        output_gradient: Array of shape `(batch, output_height, output_width, channels)`.
        images, pool_size, strides, padding: As they were in `average_pool2d`. Of the images only
            the shape matters.

    Returns:
        An array of the shape of the images, with the dtype of `output_gradient`; integers give
        float64.

    Example:

    >>> import numpy as np
    >>> from cnnkit import reference
    >>> images = np.arange(16).reshape(1, 4, 4, 1)
    >>> gradient = np.array([4, 8, 12, 16]).reshape(1, 2, 2, 1)
    >>> reference.average_pool2d_backward(gradient, images, 2)[0, :, :, 0]
    array([[1., 1., 2., 2.],
           [1., 1., 2., 2.],
           [3., 3., 4., 4.],
           [3., 3., 4., 4.]])
    """
    windows = _windows_of_images(images, pool_size, strides, padding, fill=0)
    (output_gradient,) = as_numbers(output_gradient=output_gradient)
    check_gradient(output_gradient, windows.shape[:4], "the pooled maps")
    counts = _count_pixels(images, pool_size, strides, padding)
    share = (output_gradient / counts).astype(_float_dtype(output_gradient))
    shares = np.broadcast_to(share[..., None], windows.shape)
    return _add_up(shares, np.shape(images), pool_size, strides, padding)


def stochastic_pool2d(
    images, pool_size=2, *, strides=None, padding="valid", training=False, seed=None
):
    """Draw one value of each window of each channel, a large one more often than a small one.

    A value `a` has the probability `a / sum(window)`. A negative value counts as 0, so it is never
    drawn, and a window without a positive one gives 0.

    Args:
        images, pool_size, strides, padding: As in `max_pool2d`.
        training: Whether to draw (True) or, as in inference, to take the mean of the values
            weighted with their probabilities, `sum(window ** 2) / sum(window)` (False).
        seed: None draws new numbers at each call, an integer repeats them; or a
            `numpy.random.Generator`, which draws. Only training uses it.

    Returns:
        An array of shape `(batch, output_height, output_width, channels)`: floats keep their dtype,
        integers give float64.

    Example:

    >>> import numpy as np
    >>> from cnnkit import reference
    >>> window = np.array([1, 3, 6, 2]).reshape(1, 2, 2, 1)
    >>> drawn = reference.stochastic_pool2d(window, 2, training=True, seed=0)  # 6 half of the times
    >>> reference.stochastic_pool2d(window, 2).round(2).item()  # (1 + 9 + 36 + 4) / 12
    4.17
    """
    windows = _windows_of_images(images, pool_size, strides, padding, fill=0)
    rng = as_generator(seed)
    values = np.maximum(windows, 0).astype(np.float64)
    if training:
        sums = values.cumsum(axis=-1)
        numbers = rng.random(sums.shape[:-1]) * sums[..., -1]
        drawn = (sums > numbers[..., None]).argmax(axis=-1)  # the first that is above
        pooled = np.take_along_axis(values, drawn[..., None], axis=-1)[..., 0]
    else:
        total = values.sum(axis=-1)
        pooled = (values**2).sum(axis=-1) / np.where(total > 0, total, 1)
    return pooled.astype(_float_dtype(windows))


def _windows_of_images(images, pool_size, strides, padding, fill):
    """The values of each window of checked images, row by row along a last axis."""
    (images,) = as_numbers(images=images)
    check_axes(images, "images", ("batch", "height", "width", "channels"))
    if isinstance(fill, str):  # so low that no maximum is in the border
        fill = -np.inf if images.dtype.kind == "f" else np.iinfo(images.dtype).min
    pool_size, strides, border = _settings(images.shape, pool_size, strides, padding)
    padded = np.pad(images, [(0, 0), *border, (0, 0)], constant_values=fill)
    windows = _windows(padded, pool_size, strides)
    return windows.reshape(*windows.shape[:4], pool_size[0] * pool_size[1])


def _windows(padded, pool_size, strides):
    """A view: `(batch, output_height, output_width, channels, pool_height, pool_width)`."""
    windows = sliding_window_view(padded, pool_size, axis=(1, 2), writeable=True)
    return windows[:, :: strides[0], :: strides[1]]


def _settings(shape, pool_size, strides, padding):
    """Size of the window, strides, and the border with which the window fits: three pairs."""
    if not isinstance(padding, str) or padding not in ("valid", "same"):
        raise ValueError(f'`padding` must be "valid" or "same". Received: padding={padding!r}')
    pool_size = as_pair(pool_size, "pool_size")
    strides = pool_size if strides is None else as_pair(strides, "strides")
    border = borders(padding, shape[1:3], pool_size, strides, (1, 1))
    for axis in zip(shape[1:3], border, pool_size, strides, (1, 1), strict=True):
        count_positions(*axis)  # raises an error where there is none
    return pool_size, strides, border


def _count_pixels(images, pool_size, strides, padding):
    """How many pixels each window holds, without the border."""
    ones = np.ones((1, *np.shape(images)[1:3], 1))
    return _windows_of_images(ones, pool_size, strides, padding, fill=0).sum(axis=-1)


def _add_up(shares, shape, pool_size, strides, padding):
    """Give each pixel what it gets from every window that holds it.

    The windows may overlap, so they cannot be added at once; those of one place in the window do
    not.
    """
    pool_size, strides, border = _settings(shape, pool_size, strides, padding)
    (top, bottom), (left, right) = border
    batch, height, width, channels = shape
    padded = np.zeros((batch, top + height + bottom, left + width + right, channels), shares.dtype)
    views = _windows(padded, pool_size, strides)
    for row, column in np.ndindex(pool_size):
        views[..., row, column] += shares[..., row * pool_size[1] + column]
    return padded[:, top : top + height, left : left + width]


def _float_dtype(array):
    return array.dtype if array.dtype.kind == "f" else np.float64
