"""Pooling that draws one activation of each window."""

from itertools import accumulate

import keras
from keras import ops

from cnnkit.layers._base_pooling2d import BasePooling2D
from cnnkit.reference import borders


@keras.saving.register_keras_serializable(package="cnnkit")
class StochasticPooling2D(BasePooling2D):
    """Draw one activation of each window, a large one more often than a small one.

    In training the activation `a` of a window is drawn with the probability `a / sum(window)`.
    In inference each is weighted with its probability, which gives `sum(window ** 2) /
    sum(window)`. (Zeiler and Fergus, "Stochastic pooling for regularization of deep convolutional
    neural networks", 2013, arXiv:1301.3557, section 3.)

    It belongs after a ReLU, as in the paper: a negative activation counts as 0, so it is never
    drawn, and a window without a positive one gives 0. So does the border of "same" padding.

    Args:
        pool_size: Integer or pair `(vertical, horizontal)`, size of the window.
        strides: Integer or pair, from one window to the next. None means `pool_size`. Where windows
            overlap, each draws for itself.
        padding: "valid" (windows inside of the maps only) or "same" (so many windows that
            `ceil(size / strides)` rows and columns come out, as in Keras's pooling layers).
        data_format: "channels_last" or "channels_first". None means what `keras.config` says.
        seed: Integer, for the same draws each time. None means others each time.

    Call arguments:
        inputs: Tensor of shape `(batch, height, width, channels)`, or
            `(batch, channels, height, width)`, of numbers below 1e19, as they are squared.
        training: Whether to draw (True) or to take the weighted mean (False).

    Output shape:
        As of the inputs, with as many rows and columns as there are windows.

    Example:

    >>> import keras
    >>> from cnnkit.layers import StochasticPooling2D
    >>> window = keras.ops.reshape([1.0, 3.0, 6.0, 2.0], (1, 2, 2, 1))
    >>> float(StochasticPooling2D()(window)[0, 0, 0, 0])  # (1 + 9 + 36 + 4) / 12
    4.166666507720947
    """

    def __init__(
        self, pool_size=2, strides=None, padding="valid", data_format=None, seed=None, **kwargs
    ):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def pool(self, inputs, training):
        # Sums and squares of float16 numbers overflow, and small probabilities would be lost.
        dtype = keras.backend.result_type(inputs.dtype, "float32")
        activations = self._pad(ops.relu(ops.cast(inputs, dtype)))
        outputs = self._draw(activations) if training else self._mean(activations)
        return ops.cast(outputs, inputs.dtype)

    def _pad(self, activations):
        """A border of zeros, which are never drawn."""
        if self.padding == "valid":
            return activations
        sizes = ops.shape(activations)[1:3]
        border = borders(self.padding, sizes, self.pool_size, self.strides, (1, 1))
        return ops.pad(activations, [(0, 0), *border, (0, 0)])

    def _draw(self, activations):
        """One value of each window: the first whose sum with all before it is above a number."""
        values = self._values(activations)
        sums = list(accumulate(values))
        shape, dtype = ops.shape(values[0]), values[0].dtype
        chances = keras.random.uniform(shape, dtype=dtype, seed=self.seed_generator)
        number = chances * sums[-1]
        drawn = values[-1]
        for value, total in reversed(list(zip(values[:-1], sums[:-1], strict=True))):
            drawn = ops.where(total > number, value, drawn)
        return drawn

    def _values(self, activations):
        """The first values of all windows, the second values, and so on: a list of tensors."""
        height, width = self.pool_size
        rows, columns = self.strides
        values = []
        for i in range(height):
            for j in range(width):
                bottom, right = (i - height + 1) or None, (j - width + 1) or None
                values.append(activations[:, i:bottom:rows, j:right:columns])
        return values

    def _mean(self, activations):
        settings = (self.pool_size, self.strides, "valid", "channels_last")
        total = ops.average_pool(activations, *settings)
        squares = ops.average_pool(activations**2, *settings)
        return squares / ops.where(total > 0, total, 1)  # the sizes of the windows cancel

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
