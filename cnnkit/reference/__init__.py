"""What a convolution layer computes, written out in plain NumPy.

Nothing here needs Keras or TensorFlow. The results are those of `keras.ops.conv`, so that both can
be compared number by number.
"""

from cnnkit.reference.convolution import conv2d, conv2d_backward, convolve2d, correlate2d
from cnnkit.reference.toeplitz import toeplitz1d, toeplitz2d

__all__ = [
    "conv2d",
    "conv2d_backward",
    "convolve2d",
    "correlate2d",
    "toeplitz1d",
    "toeplitz2d",
]
