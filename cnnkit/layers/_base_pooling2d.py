"""What pooling layers share: their windows, and the shape that comes out."""

import keras

from cnnkit._checks import as_pair
from cnnkit.reference import borders, count_positions


class BasePooling2D(keras.Layer):
    """A layer that makes one value of each window of each feature map.

    A pooling layer writes `pool`, from and to maps with their channels last, and `window_size` if
    an output depends on more than a window of `pool_size`.

    Args:
        pool_size: Integer or pair `(vertical, horizontal)`, size of the window.
        strides: Integer or pair, from one window to the next. None means `pool_size`.
        padding: "valid" (windows inside of the maps only) or "same" (so many windows that
            `ceil(size / strides)` rows and columns come out).
        data_format: "channels_last" or "channels_first". None means what `keras.config` says.
    """

    def __init__(self, pool_size, strides, padding, data_format, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(padding, str) or padding not in ("valid", "same"):
            raise ValueError(f'`padding` must be "valid" or "same". Received: padding={padding!r}')
        if data_format not in (None, "channels_last", "channels_first"):
            raise ValueError(
                f'`data_format` must be "channels_last", "channels_first" or None. '
                f"Received: data_format={data_format!r}"
            )
        self.pool_size = as_pair(pool_size, "pool_size")
        self.strides = self.pool_size if strides is None else as_pair(strides, "strides")
        self.padding = padding
        self.data_format = data_format or keras.config.image_data_format()
        self.input_spec = keras.InputSpec(ndim=4)

    def call(self, inputs, training=False):
        self.compute_output_shape(inputs.shape)  # raises an error where no window fits
        if self.data_format == "channels_last":
            return self.pool(inputs, training)
        outputs = self.pool(keras.ops.transpose(inputs, (0, 2, 3, 1)), training)
        return keras.ops.transpose(outputs, (0, 3, 1, 2))

    def pool(self, inputs, training):
        raise NotImplementedError

    def compute_output_shape(self, input_shape):
        first = 1 if self.data_format == "channels_last" else 2
        shape = list(input_shape)
        for axis, window, stride in zip((0, 1), self.window_size(), self.strides, strict=True):
            size = shape[first + axis]
            if size is not None:
                (border,) = borders(self.padding, [size], [window], [stride], [1])
                shape[first + axis] = count_positions(size, border, window, stride, dilation_rate=1)
        return tuple(shape)

    def window_size(self):
        return self.pool_size

    def get_config(self):
        config = {
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
        }
        return {**super().get_config(), **config}
