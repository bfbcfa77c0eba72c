"""What layers compute, written out in plain NumPy.

Nothing here needs Keras or TensorFlow. The results are those of `keras.ops`, so that both can be
compared number by number. All functions raise a TypeError if an array does not hold real numbers,
and a ValueError if a shape or a setting is wrong or the kernel does not fit into the image.
"""

from cnnkit.reference._arithmetic import borders, count_positions, effective_size
from cnnkit.reference._convolution import conv2d, conv2d_backward, convolve2d, correlate2d
from cnnkit.reference._dropout import dropout
from cnnkit.reference._normalization import (
    batch_norm,
    batch_norm_backward,
    batch_norm_inference,
    group_norm,
    instance_norm,
    layer_norm,
    update_moving,
)
from cnnkit.reference._pooling import (
    average_pool2d,
    average_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
    stochastic_pool2d,
)
from cnnkit.reference._toeplitz import toeplitz1d, toeplitz2d

__all__ = [
    "average_pool2d",
    "average_pool2d_backward",
    "batch_norm",
    "batch_norm_backward",
    "batch_norm_inference",
    "borders",
    "conv2d",
    "conv2d_backward",
    "convolve2d",
    "correlate2d",
    "count_positions",
    "dropout",
    "effective_size",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "max_pool2d",
    "max_pool2d_backward",
    "stochastic_pool2d",
    "toeplitz1d",
    "toeplitz2d",
    "update_moving",
]
