"""Convolution as one matrix product: the matrix of a layer whose weights are shared.

A row holds the weights of one output. Row by row, the same kernel moves along (a Toeplitz matrix);
everything else is 0, because each output sees only its neighbourhood.
"""

import numpy as np

from cnnkit._checks import as_numbers, as_pair, check_axes, check_kernel_size, check_positive
from cnnkit.reference._arithmetic import borders, count_positions


def toeplitz1d(kernel, size, *, padding="valid"):
    """Write the cross-correlation of a sequence with a kernel as a matrix.

    Args:
        kernel: Array of shape `(kernel_size,)`.
        size: Length of the sequence.
        padding: Zeros around the sequence: "valid" (none), "same" (the output is as long as the
            input), an integer (on both sides) or `(before, after)`.

    Returns:
        An array `matrix` of shape `(output_size, size)`, float as the kernel or int64, such that
        `matrix @ sequence` is the cross-correlation.

    Example:

    >>> from cnnkit import reference
    >>> matrix = reference.toeplitz1d([1, 0, -1], size=5)
    >>> matrix
    array([[ 1,  0, -1,  0,  0],
           [ 0,  1,  0, -1,  0],
           [ 0,  0,  1,  0, -1]])
    >>> matrix @ [3, 1, 4, 1, 5]
    array([-1,  0, -1])
    """
    (kernel,) = as_numbers(kernel=kernel)
    check_axes(kernel, "kernel", ("kernel_size",))
    check_kernel_size(kernel.shape, "kernel")
    check_positive(size, "size")
    size = int(size)  # a small integer of NumPy would overflow with its border
    ((before, after),) = borders(padding, (size,), kernel.shape, (1,), (1,))
    n_outputs = count_positions(size, (before, after), len(kernel), 1, 1)
    matrix = np.zeros((n_outputs, before + size + after), kernel.dtype)
    start = np.arange(n_outputs)
    for m, weight in enumerate(kernel):
        matrix[start, start + m] = weight
    return matrix[:, before : before + size]  # what meets the zeros of the border is left out


def toeplitz2d(kernel, image_size, *, strides=1, padding="valid", dilation_rate=1):
    """Write the cross-correlation of an image with a kernel as a matrix.

    With strides of 1 the matrix is doubly blocked: it consists of blocks that are Toeplitz matrices
    of one row of the kernel each, and these blocks are arranged as in a Toeplitz matrix.

    Args:
        kernel: Array of shape `(kernel_height, kernel_width)`.
        image_size: An integer for a square image, or a pair `(height, width)`.
        strides, padding, dilation_rate: As in `correlate2d`.

    Returns:
        An array `matrix` of shape `(output_height * output_width, height * width)`, float as the
        kernel or int64, such that `matrix @ image.ravel()` is `correlate2d(...).ravel()`.

    Example:

    >>> import numpy as np
    >>> from cnnkit import reference
    >>> image, kernel = np.arange(16).reshape(4, 4), np.array([[1, 2], [3, 4]])
    >>> matrix = reference.toeplitz2d(kernel, image_size=4)
    >>> matrix.shape
    (9, 16)
    >>> bool((matrix @ image.ravel() == reference.correlate2d(image, kernel).ravel()).all())
    True
    """
    (kernel,) = as_numbers(kernel=kernel)
    check_axes(kernel, "kernel", ("kernel_height", "kernel_width"))
    check_kernel_size(kernel.shape, "kernel")
    height, width = as_pair(image_size, "image_size")
    strides, dilation_rates = as_pair(strides, "strides"), as_pair(dilation_rate, "dilation_rate")
    border = borders(padding, (height, width), kernel.shape, strides, dilation_rates)
    axes = zip((height, width), border, kernel.shape, strides, dilation_rates, strict=True)
    n_rows, n_columns = (count_positions(*axis) for axis in axes)
    (top, bottom), (left, right) = border

    matrix = np.zeros(
        (n_rows, n_columns, top + height + bottom, left + width + right), kernel.dtype
    )
    rows, columns = np.ogrid[:n_rows, :n_columns]
    for (m, n), weight in np.ndenumerate(kernel):
        pixel_rows = rows * strides[0] + m * dilation_rates[0]
        pixel_columns = columns * strides[1] + n * dilation_rates[1]
        matrix[rows, columns, pixel_rows, pixel_columns] = weight
    matrix = matrix[:, :, top : top + height, left : left + width]
    return matrix.reshape(n_rows * n_columns, height * width)
