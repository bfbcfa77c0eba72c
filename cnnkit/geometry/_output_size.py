"""The size of what a convolution or a pooling makes."""

from cnnkit._checks import check_positive
from cnnkit.reference import borders, count_positions


def output_size(
    image_size: int,
    kernel_size: int,
    *,
    strides: int = 1,
    padding: str | int | tuple[int, int] = "valid",
    dilation_rate: int = 1,
) -> int:
    """Compute the size of a convolution's or a pooling's output along one axis.

    It is `floor((image_size + padding - effective kernel) / strides) + 1`, where the effective
    kernel, from its first to its last value, is `(kernel_size - 1) * dilation_rate + 1` (Dumoulin
    and Visin, "A guide to convolution arithmetic for deep learning", 2016, arXiv:1603.07285).

    Args:
        image_size: Size of the image, or of the maps, along this axis.
        kernel_size: Size of the kernel, without its dilation.
        strides: From one position of the kernel to the next.
        padding: "valid" (none), "same" (so much that the output has `ceil(image_size / strides)`
            values), an integer (on both sides) or a pair `(before, after)`.
        dilation_rate: From one value of the kernel to the next.

    Raises:
        ValueError: If a number is wrong, or the kernel does not fit into the padded input.

    Example:

    >>> from cnnkit import geometry
    >>> geometry.output_size(224, 7, strides=2, padding=3)  # ResNet's first convolution
    112
    >>> geometry.output_size(28, 3, padding="valid", dilation_rate=2)
    24
    """
    check_positive(image_size, "image_size")
    check_positive(kernel_size, "kernel_size")
    check_positive(strides, "strides")
    check_positive(dilation_rate, "dilation_rate")
    (border,) = borders(padding, [image_size], [kernel_size], [strides], [dilation_rate])
    return count_positions(image_size, border, kernel_size, strides, dilation_rate)
