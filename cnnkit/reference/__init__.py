"""What convolution and pooling layers compute, written out in plain NumPy.

Nothing here needs Keras or TensorFlow. The results are those of `keras.ops`, so that both can be
compared number by number.
"""

from cnnkit.reference.convolution import conv2d, conv2d_backward, convolve2d, correlate2d
from cnnkit.reference.pooling import (
    average_pool2d,
    average_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
    stochastic_pool2d,
)
from cnnkit.reference.toeplitz import toeplitz1d, toeplitz2d

__all__ = [
    "average_pool2d",
    "average_pool2d_backward",
    "conv2d",
    "conv2d_backward",
    "convolve2d",
    "correlate2d",
    "max_pool2d",
    "max_pool2d_backward",
    "stochastic_pool2d",
    "toeplitz1d",
    "toeplitz2d",
]
