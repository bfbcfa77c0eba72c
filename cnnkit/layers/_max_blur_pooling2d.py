"""Max pooling that changes little when the image moves by a pixel."""

import math

import keras
import numpy as np
from keras import ops

from cnnkit._checks import check_positive
from cnnkit.layers._base_pooling2d import BasePooling2D


@keras.saving.register_keras_serializable(package="cnnkit")
class MaxBlurPooling2D(BasePooling2D):
    """Max pooling with a blur before values are left out.

    Three steps: the largest value of the window at every pixel, a blur with a binomial kernel
    (1-2-1 in each direction for size 3), and of that every second value. Max pooling is the first
    and the last: without the blur, what comes out depends on whether an edge lies on an even or an
    odd pixel. (Zhang, "Making convolutional networks shift-invariant again", 2019,
    arXiv:1904.11486, section 3.)

    With "same", the border counts nothing in either step: the weights of the kernel inside of the
    map are divided by their sum, as in Keras's average pooling, so that an even map stays as it is.
    The author's own code mirrors the map there.

    Args:
        pool_size: Integer or pair `(vertical, horizontal)`, size of the window of the maximum.
        strides: Integer or pair, distance of the values that are kept. None means `pool_size`.
        kernel_size: Integer, size of the binomial kernel. 1 means no blur.
        padding: "same" (the values at rows and columns 0, strides, 2 * strides, …, so
            `ceil(size / strides)` of each) or "valid" (windows inside of the maps only).
        data_format: "channels_last" or "channels_first". None means what `keras.config` says.

    Call arguments:
        inputs: Tensor of shape `(batch, height, width, channels)`, or
            `(batch, channels, height, width)`.

    Output shape:
        As of the inputs, with as many rows and columns as values are kept.

    Example:

    >>> import keras
    >>> from cnnkit.layers import MaxBlurPooling2D
    >>> tuple(MaxBlurPooling2D()(keras.ops.ones((1, 28, 28, 16))).shape)
    (1, 14, 14, 16)
    """

    def __init__(
        self, pool_size=2, strides=2, kernel_size=3, padding="same", data_format=None, **kwargs
    ):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)
        check_positive(kernel_size, "kernel_size")
        self.kernel_size = kernel_size

    def pool(self, inputs, training):
        maxima = ops.max_pool(inputs, self.pool_size, 1, self.padding, "channels_last")
        blurred = self._blur(maxima)
        if self.padding == "same":
            blurred = blurred / self._blur(ops.ones_like(maxima[:1, :, :, :1]))
        return blurred[:, :: self.strides[0], :: self.strides[1]]

    def _blur(self, maps):
        line = [math.comb(self.kernel_size - 1, i) for i in range(self.kernel_size)]
        kernel = np.outer(line, line) / sum(line) ** 2
        kernel = np.repeat(kernel[:, :, None, None], maps.shape[-1], axis=2)
        kernel = ops.convert_to_tensor(kernel, maps.dtype)
        return ops.depthwise_conv(maps, kernel, 1, self.padding, "channels_last")

    def window_size(self):
        return tuple(size + self.kernel_size - 1 for size in self.pool_size)

    def get_config(self):
        return {**super().get_config(), "kernel_size": self.kernel_size}
