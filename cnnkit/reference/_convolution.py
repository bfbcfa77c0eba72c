"""Convolution and its gradients, as a convolution layer computes them.

"Convolution" in deep learning is cross-correlation: the kernel is not rotated (Goodfellow, Bengio
and Courville, "Deep Learning", 2016, section 9.1). `convolve2d` is the convolution of mathematics.

All is done by one matrix product. Every position of the kernel cuts a window out of the image; each
window becomes a column of a matrix, and each filter is the same product with all the columns
(Chellapilla, Puri and Simard, "High performance convolutional neural networks for document
processing", 2006).
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnkit._checks import (
    as_numbers,
    as_pair,
    check_axes,
    check_gradient,
    check_kernel_size,
    check_positive,
)
from cnnkit.reference._arithmetic import borders, count_positions, effective_size
from cnnkit.reference._padding import pad, pad_backward


def correlate2d(image, kernel, *, strides=1, padding="valid", dilation_rate=1):
    """Cross-correlate one grey image with one kernel.

    Row `i`, column `j` of the result is the sum over `m, n` of
    `image[i * strides + m * dilation_rate, j * strides + n * dilation_rate] * kernel[m, n]`.

    Args:
        image: Array of shape `(height, width)`, any numbers.
        kernel: Array of shape `(kernel_height, kernel_width)`.
        strides: Pixels from one position of the kernel to the next: an integer, or a pair
            `(vertical, horizontal)`.
        padding: Zeros around the image: "valid" (none), "same" (so many that the result has
            `ceil(size / strides)` rows and columns), an integer (on every side), or as in Keras's
            `ZeroPadding2D` `(vertical, horizontal)` or `((top, bottom), (left, right))`.
        dilation_rate: Pixels from one value of the kernel to the next: an integer or a pair.

    Returns:
        An array of shape `(output_height, output_width)`: floats keep their dtype, integers give
        exact int64.

    Example:

    >>> from cnnkit import reference
    >>> point = [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    >>> reference.correlate2d(point, [[1, 2, 3], [4, 5, 6], [7, 8, 9]], padding="same")  # it turned
    array([[9, 8, 7],
           [6, 5, 4],
           [3, 2, 1]])
    """
    image, kernel = as_numbers(image=image, kernel=kernel)
    check_axes(image, "image", ("height", "width"))
    check_axes(kernel, "kernel", ("kernel_height", "kernel_width"))
    check_kernel_size(kernel.shape, "kernel")
    images, weights = image[None, :, :, None], kernel[:, :, None, None]
    settings = dict(strides=strides, padding=padding, dilation_rate=dilation_rate)
    return conv2d(images, weights, **settings)[0, :, :, 0]


def convolve2d(image, kernel, *, strides=1, padding="valid", dilation_rate=1):
    """Convolve one grey image with one kernel, in the sense of mathematics.

    This is `correlate2d` with the kernel rotated by 180 degrees: both of its axes are reversed.

    Args:
        image: Array of shape `(height, width)`, any numbers.
        kernel: Array of shape `(kernel_height, kernel_width)`.
        strides, padding, dilation_rate: As in `correlate2d`.

    Returns:
        An array of shape `(output_height, output_width)`, with the dtype as in `correlate2d`.

    Example:

    >>> from cnnkit import reference
    >>> point = [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    >>> reference.convolve2d(point, [[1, 2, 3], [4, 5, 6], [7, 8, 9]], padding="same")  # the kernel
    array([[1, 2, 3],
           [4, 5, 6],
           [7, 8, 9]])
    """
    kernel = np.asarray(kernel)
    check_axes(kernel, "kernel", ("kernel_height", "kernel_width"))
    settings = dict(strides=strides, padding=padding, dilation_rate=dilation_rate)
    return correlate2d(image, kernel[::-1, ::-1], **settings)


def conv2d(
    images,
    weights,
    bias=None,
    *,
    strides=1,
    padding="valid",
    pad_mode="constant",
    dilation_rate=1,
    groups=1,
):
    """Compute the feature maps of a convolution layer, before its activation.

    Each filter is a stack of kernels, one for each channel it sees: it cross-correlates each
    channel with its kernel, adds these up, and adds its bias.

    Args:
        images: Array of shape `(batch, height, width, channels)`, any numbers.
        weights: Array of shape `(kernel_height, kernel_width, channels // groups, filters)`.
        bias: Array of shape `(filters,)`, or None for no bias.
        strides: Pixels from one position of the kernel to the next: an integer, or a pair
            `(vertical, horizontal)`. Unlike in Keras, strides and dilation rate may both be above
            1.
        padding: Border around the images: "valid" (none), "same" (so wide that the maps have
            `ceil(size / strides)` rows and columns; an odd pixel goes to the bottom and to the
            right, as in TensorFlow), an integer (on every side), or as in Keras's `ZeroPadding2D`
            `(vertical, horizontal)` or `((top, bottom), (left, right))`.
        pad_mode: What the border holds, in NumPy's words: "constant" (zeros), "reflect" (the image
            mirrored at its outermost pixels, which are not repeated: `dcb|abcd|cba`) or "edge" (the
            outermost pixels repeated: `aaa|abcd|ddd`). The "reflect" of Keras's `fill_mode` is
            another one: it repeats them.
        dilation_rate: Pixels from one value of the kernel to the next: an integer or a pair.
        groups: Channels and filters are split into as many groups, and each group of filters sees
            only its group of channels. With one group for each channel: a depthwise convolution.

    Returns:
        An array of shape `(batch, output_height, output_width, filters)`: floats keep their dtype,
        integers give exact int64, slowly.

    Example:

    >>> import numpy as np
    >>> from cnnkit import reference
    >>> rng = np.random.default_rng(0)
    >>> images, weights = rng.normal(size=(8, 32, 32, 3)), rng.normal(size=(3, 3, 3, 16))
    >>> reference.conv2d(images, weights, strides=2, padding="same").shape
    (8, 16, 16, 16)
    """
    if bias is None:
        images, weights = as_numbers(images=images, weights=weights)
    else:
        images, weights, bias = as_numbers(images=images, weights=weights, bias=bias)
    _check_shapes(images, weights, groups)
    _check_bias(bias, weights.shape[3])
    strides, dilation_rates = as_pair(strides, "strides"), as_pair(dilation_rate, "dilation_rate")
    border = _border(padding, images.shape[1:3], weights.shape[:2], strides, dilation_rates)
    padded = pad(images.transpose(3, 0, 1, 2), border, pad_mode)
    windows = _windows(padded, weights.shape[:2], strides, dilation_rates)
    products = _columns(windows, groups).swapaxes(1, 2) @ _filter_matrices(weights, groups)
    maps = _join_groups(products, (*windows.shape[3:], weights.shape[3]))
    return maps if bias is None else maps + bias


def conv2d_backward(
    output_gradient,
    images,
    weights,
    *,
    strides=1,
    padding="valid",
    pad_mode="constant",
    dilation_rate=1,
    groups=1,
):
    """Compute the gradients of a loss from its gradient with respect to the maps of `conv2d`.

    A pixel's gradient is the sum, over all filters and all positions whose window holds the pixel,
    of weight times output gradient. A weight's gradient is the sum, over all images and positions,
    of the pixel it meets there times output gradient.

    Args:
        output_gradient: Array of the shape of the maps,
            `(batch, output_height, output_width, filters)`.
        images: Array of shape `(batch, height, width, channels)`.
        weights: Array of shape `(kernel_height, kernel_width, channels // groups, filters)`.
        strides, padding, pad_mode, dilation_rate, groups: As they were in `conv2d`.

    Returns:
        Three arrays, with the dtype as in `conv2d`: the gradients with respect to the images (of
        their shape), the weights (of their shape) and the bias, `(filters,)`.

    Example:

    >>> import numpy as np
    >>> from cnnkit import reference
    >>> rng = np.random.default_rng(0)
    >>> images, weights = rng.normal(size=(8, 32, 32, 3)), rng.normal(size=(3, 3, 3, 16))
    >>> maps = reference.conv2d(images, weights)
    >>> gradients = reference.conv2d_backward(np.ones_like(maps), images, weights)
    >>> [gradient.shape for gradient in gradients]  # of the images, the weights, the bias
    [(8, 32, 32, 3), (3, 3, 3, 16), (16,)]
    """
    output_gradient, images, weights = as_numbers(
        output_gradient=output_gradient, images=images, weights=weights
    )
    _check_shapes(images, weights, groups)
    strides, dilation_rates = as_pair(strides, "strides"), as_pair(dilation_rate, "dilation_rate")
    border = _border(padding, images.shape[1:3], weights.shape[:2], strides, dilation_rates)
    padded = pad(images.transpose(3, 0, 1, 2), border, pad_mode)
    windows = _windows(padded, weights.shape[:2], strides, dilation_rates)
    maps_shape = (*windows.shape[3:], weights.shape[3])
    check_gradient(output_gradient, maps_shape, "the feature maps")

    products = _split_groups(output_gradient, groups)
    matrices = _columns(windows, groups) @ products
    columns = _filter_matrices(weights, groups) @ products.swapaxes(1, 2)

    padded_gradient = np.zeros_like(padded)
    views = _windows(padded_gradient, weights.shape[:2], strides, dilation_rates)
    _add_to_windows(views, columns.reshape(windows.shape))
    images_gradient = pad_backward(padded_gradient, border, pad_mode).transpose(1, 2, 3, 0)
    weights_gradient = _weights_from_matrices(matrices, weights.shape)
    # Axis by axis: one long sum of float32 numbers would lose digits.
    bias_gradient = output_gradient.sum(axis=2).sum(axis=1).sum(axis=0)
    return images_gradient, weights_gradient, bias_gradient


def _border(padding, sizes, kernel_size, strides, dilation_rates):
    """The border `((top, bottom), (left, right))`, with which the kernel fits."""
    border = borders(padding, sizes, kernel_size, strides, dilation_rates)
    for axis in zip(sizes, border, kernel_size, strides, dilation_rates, strict=True):
        count_positions(*axis)  # raises an error where there is none
    return border


def _windows(padded, kernel_size, strides, dilation_rates):
    """What the kernel sees at each position: a view into the maps, which copies nothing.

    From `(channels, batch, height, width)` to
    `(channels, kernel_height, kernel_width, batch, output_height, output_width)`.
    """
    reach = [effective_size(*axis) for axis in zip(kernel_size, dilation_rates, strict=True)]
    windows = sliding_window_view(padded, reach, axis=(2, 3), writeable=True)
    windows = windows[
        :, :, :: strides[0], :: strides[1], :: dilation_rates[0], :: dilation_rates[1]
    ]
    return windows.transpose(0, 4, 5, 1, 2, 3)


def _columns(windows, groups):
    """Each window of all images as a column: `(groups, values in a window, positions)`.

    Channels come first and positions last. So pixels are copied by whole rows of the image, which
    is several times faster than by windows, and one large matrix product is left to do.
    """
    channels, kernel_height, kernel_width, batch, height, width = windows.shape
    n_values = channels // groups * kernel_height * kernel_width
    return windows.reshape(groups, n_values, batch * height * width)


def _add_to_windows(views, windows_gradient):
    """Add to each pixel what it gets from every window that holds it.

    The windows overlap, so they cannot be added at once; those of one place in the kernel do not.
    """
    for row, column in np.ndindex(views.shape[1:3]):
        views[:, row, column] += windows_gradient[:, row, column]


def _filter_matrices(weights, groups):
    """Each filter as a column: `(groups, values in a window, filters // groups)`."""
    height, width, channels, filters = weights.shape
    matrix = weights.transpose(2, 0, 1, 3)  # the order of `_columns`: channel, row, column
    matrix = matrix.reshape(channels * height * width, groups, filters // groups)
    return matrix.transpose(1, 0, 2)


def _weights_from_matrices(matrices, shape):
    """The way back from `_filter_matrices`."""
    height, width, channels, filters = shape
    weights = matrices.transpose(1, 0, 2).reshape(channels, height, width, filters)
    return weights.transpose(1, 2, 0, 3)


def _join_groups(products, shape):
    """From `(groups, positions, filters // groups)` to feature maps of a shape."""
    return products.transpose(1, 0, 2).reshape(shape)


def _split_groups(maps, groups):
    """The way back from `_join_groups`."""
    batch, height, width, filters = maps.shape
    products = maps.reshape(batch * height * width, groups, filters // groups)
    return products.transpose(1, 0, 2)


def _check_shapes(images, weights, groups):
    check_axes(images, "images", ("batch", "height", "width", "channels"))
    check_axes(
        weights, "weights", ("kernel_height", "kernel_width", "channels // groups", "filters")
    )
    check_kernel_size(weights.shape[:2], "weights")
    check_positive(groups, "groups")
    channels, seen, filters = images.shape[3], weights.shape[2], weights.shape[3]
    if channels != seen * groups:
        raise ValueError(
            f"`weights` must have `channels // groups` channels, and `groups` must divide the "
            f"channels. Received: images with {channels} channels, weights with {seen}, "
            f"groups={groups}"
        )
    if filters % groups:
        raise ValueError(
            f"`groups` must divide the filters. Received: weights with {filters} filters, "
            f"groups={groups}"
        )


def _check_bias(bias, n_filters):
    if bias is not None and bias.shape != (n_filters,):
        raise ValueError(
            f"`bias` must have the shape ({n_filters},), one value for each filter. "
            f"Received: bias of shape {bias.shape}"
        )
