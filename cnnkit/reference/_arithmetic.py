"""Convolution arithmetic: how wide a border is, how far a kernel reaches, how often it fits in.

Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
arXiv:1603.07285.
"""

from cnnkit._checks import is_integer


def effective_size(kernel_size, dilation_rate):
    """From the first to the last value that a dilated kernel touches, along one axis.

    Example:

    >>> from cnnkit import reference
    >>> reference.effective_size(3, 2)
    5
    """
    return (_plain(kernel_size) - 1) * _plain(dilation_rate) + 1


def _plain(size):
    """An integer of NumPy as one of Python, as `uint8` overflows; layers give tensors too."""
    return int(size) if is_integer(size) else size


def borders(padding, sizes, kernel_sizes, strides, dilation_rates):
    """The widths of the border along each axis.

    Args:
        padding: "valid" (no border), "same" (so much that `ceil(size / strides)` values come out;
            where it is odd, one more comes after than before, as in TensorFlow), an integer (on
            every side), or for each axis an integer or a pair: for images `(vertical, horizontal)`
            or `((top, bottom), (left, right))`, for one axis `(before, after)`.
        sizes, kernel_sizes, strides, dilation_rates: One integer for each axis.

    Returns:
        A list of pairs `(before, after)`, one for each axis: integers of Python, but for "same" and
        sizes that are tensors.

    Example:

    >>> from cnnkit import reference
    >>> reference.borders("same", (28, 28), (3, 4), (1, 1), (1, 1))
    [(1, 1), (1, 2)]
    >>> reference.borders((2, 0), (28, 28), (3, 3), (1, 1), (1, 1))
    [(2, 2), (0, 0)]
    """
    axes = list(zip(sizes, kernel_sizes, strides, dilation_rates, strict=True))
    if isinstance(padding, str) and padding == "valid":
        return [(0, 0)] * len(axes)
    if isinstance(padding, str) and padding == "same":
        return [_same_border(*axis) for axis in axes]
    if is_integer(padding) or len(axes) == 1:
        widths = [_as_widths(padding)] * len(axes)
    elif isinstance(padding, (tuple, list)) and len(padding) == len(axes):
        widths = [_as_widths(axis) for axis in padding]
    else:
        widths = [None]
    if None in widths:
        raise ValueError(
            f'`padding` must be "valid", "same", {_own_widths(len(axes))}, all at least 0. '
            f"Received: padding={padding!r}"
        )
    return widths


def _same_border(size, kernel_size, strides, dilation_rate):
    size, strides = _plain(size), _plain(strides)
    n_outputs = -(-size // strides)  # rounded up
    last_start = (n_outputs - 1) * strides
    total = last_start + effective_size(kernel_size, dilation_rate) - size
    total = (total + abs(total)) // 2  # at least 0; layers give tensors, which `max` refuses
    return total // 2, total - total // 2


def _as_widths(padding):
    """What is given for one axis as a pair `(before, after)`, or None if it is neither form."""
    pair = (padding, padding) if is_integer(padding) else padding
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        return None
    is_width = (is_integer(width) and width >= 0 for width in pair)
    return (int(pair[0]), int(pair[1])) if all(is_width) else None


def _own_widths(n_axes):
    """The forms that `borders` accepts besides words, for an error message."""
    if n_axes == 1:
        return "an integer or a pair (before, after)"
    if n_axes == 2:
        return "an integer, (vertical, horizontal) or ((top, bottom), (left, right))"
    return f"an integer, or {n_axes} integers or pairs (before, after)"


def count_positions(size, border, kernel_size, strides, dilation_rate):
    """How many positions a kernel has along one axis: the size of the output.

    Args:
        size: Size of the input without its border.
        border: A pair `(before, after)`.
        kernel_size, strides, dilation_rate: Positive integers.

    Raises:
        ValueError: If the kernel is larger than the input with its border.

    Example:

    >>> from cnnkit import reference
    >>> reference.count_positions(28, (1, 1), kernel_size=3, strides=2, dilation_rate=1)
    14
    """
    padded = _plain(border[0]) + _plain(size) + _plain(border[1])
    reach = effective_size(kernel_size, dilation_rate)
    if reach > padded:
        raise ValueError(
            f"The kernel must fit into the padded image, but along one axis it reaches over "
            f"{reach} values and there are {padded}. Received: kernel_size={kernel_size}, "
            f"dilation_rate={dilation_rate}, size={size}, border=({border[0]}, {border[1]})"
        )
    return (padded - reach) // _plain(strides) + 1
