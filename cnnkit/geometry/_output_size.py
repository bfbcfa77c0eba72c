"""The size of what a convolution or a pooling makes."""

from cnnkit._checks import check_positive
from cnnkit.reference import borders, count_positions


def output_size(size, kernel_size, stride=1, padding="valid", dilation=1):
    """Compute the size of a convolution's or a pooling's output along one axis.

    It is `floor((size + padding - effective kernel) / stride) + 1`, where the effective kernel,
    from its first to its last value, is `(kernel_size - 1) * dilation + 1` (Dumoulin and Visin, "A
    guide to convolution arithmetic for deep learning", 2016, arXiv:1603.07285).

    Args:
        size: Size of the input along this axis.
        kernel_size: Size of the kernel, without its dilation.
        stride: From one position of the kernel to the next.
        padding: "valid" (none), "same" (so much that the output has `ceil(size / stride)` values),
            an integer (on both sides) or a pair `(before, after)`.
        dilation: From one value of the kernel to the next.

    Returns:
        An int, at least 1.

    Raises:
        ValueError: If a number is wrong, or the kernel does not fit into the padded input.
    """
    numbers = {"size": size, "kernel_size": kernel_size, "stride": stride, "dilation": dilation}
    for name, value in numbers.items():
        check_positive(value, name)
    (border,) = borders(padding, [size], [kernel_size], [stride], [dilation])
    return int(count_positions(size, border, kernel_size, stride, dilation))
