"""The largest of several channels, as an activation that is learned."""

import keras
from keras import ops

from cnnkit._checks import check_positive


@keras.saving.register_keras_serializable(package="cnnkit")
class Maxout(keras.Layer):
    """Keep the largest of each group of neighbouring channels: pooling across channels.

    After a convolution or a dense layer without activation, each output is the largest of `pieces`
    linear functions, a convex function whose form is learned; with the pieces `x` and 0 it is ReLU.
    (Goodfellow, Warde-Farley, Mirza, Courville and Bengio, "Maxout networks", 2013,
    arXiv:1302.4389, section 3.) For `n` outputs, the layer before needs `n * pieces` channels.

    Args:
        pieces: Positive integer, how many channels become one. It must divide the channels.

    Call arguments:
        inputs: Tensor of shape `(batch, ..., channels)`.

    Output shape:
        `(batch, ..., channels // pieces)`. Output 0 is the largest of the first `pieces` channels.

    Example:

    >>> import keras
    >>> from cnnkit.layers import Maxout
    >>> outputs = Maxout(2)(keras.ops.array([[1.0, 5.0, 4.0, -2.0]]))
    >>> keras.ops.convert_to_numpy(outputs).tolist()
    [[5.0, 4.0]]
    """

    def __init__(self, pieces=2, **kwargs):
        super().__init__(**kwargs)
        check_positive(pieces, "pieces")
        self.pieces = pieces
        self.input_spec = keras.InputSpec(min_ndim=2)

    def call(self, inputs):
        n_outputs = self.compute_output_shape(inputs.shape)[-1]
        groups = ops.reshape(inputs, (*ops.shape(inputs)[:-1], n_outputs, self.pieces))
        return ops.max(groups, axis=-1)

    def compute_output_shape(self, input_shape):
        channels = input_shape[-1]
        if channels is None or channels % self.pieces:
            raise ValueError(
                f"`pieces` must divide the channels. Received: pieces={self.pieces}, inputs of "
                f"shape {tuple(input_shape)}"
            )
        return (*input_shape[:-1], channels // self.pieces)

    def get_config(self):
        return {**super().get_config(), "pieces": self.pieces}
