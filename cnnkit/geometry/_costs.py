"""Parameters and multiply-adds of layers, counted without building or running them."""

import keras

from cnnkit.geometry._cost_rules import count_multiply_adds, count_parameters


def parameters(layer: keras.Layer, input_shape: tuple | list) -> int:
    """Count the numbers that a layer holds: its weights, its biases and what else it keeps.

    Those that are not trained are among them, such as the moving averages of BatchNorm: it is what
    `layer.count_params()` says once the layer is built.

    Args:
        layer: A Keras layer, built or not; it is not changed. Known are all layers of Keras but
            those that run a function or a model of another library; those of `cnnkit.layers`; a
            user's subclasses of these that change no more than how they are constructed; and built
            Sequential and functional models.
        input_shape: Shape of one example, `(height, width, channels)` for images, without the batch
            axis. A list of shapes for a layer that is called with several, in the order of the
            call: `[query, value, key]` for attention. Sizes may be None where they do not matter.

    Raises:
        TypeError: If the parameters of the layer are not known.
        ValueError: If the shape does not suit the layer.

    Example:

    >>> import keras
    >>> from cnnkit import geometry
    >>> geometry.parameters(keras.layers.Conv2D(16, 7), (32, 32, 8))  # 7 * 7 * 8 * 16 + 16
    6288
    >>> geometry.parameters(keras.layers.BatchNormalization(), (32, 32, 16))
    64
    """
    return count_parameters(layer, _as_shapes(input_shape))


def multiply_adds(layer: keras.Layer, input_shape: tuple | list) -> int:
    """Count the products that the convolutions and the matrix products of a layer add up.

    For one example, at inference. A convolution uses each weight once at each position of its
    kernel, also beside the border; a transposed one once at each position of its input; a dense
    layer once for each vector. Recurrent layers and TimeDistributed do so at each step. Attention
    has projections and two products of its inputs with each other, scores and weighted sums, over
    all pairs of positions, masked ones too. Biases, activations, normalisation, pooling, looking
    up, interpolation and all else that treats each value alone count nothing; nor do random layers,
    which change training images only. The blur of `MaxBlurPooling2D` is a convolution.

    Args:
        layer: A Keras layer, as in `parameters`.
        input_shape: As in `parameters`, with all sizes that matter.

    Raises:
        TypeError: If the cost of the layer is not known.
        ValueError: If the shape does not suit the layer, or a kernel does not fit into it.

    Example:

    >>> import keras
    >>> from cnnkit import geometry
    >>> layer = keras.layers.Conv2D(16, 7, padding="same")
    >>> geometry.multiply_adds(layer, (32, 32, 8))  # 32 * 32 * 16 * 7 * 7 * 8
    6422528
    >>> separable = keras.layers.SeparableConv2D(16, 7, padding="same")
    >>> geometry.multiply_adds(separable, (32, 32, 8))  # 32 * 32 * (7 * 7 * 8 + 8 * 16)
    532480
    """
    return count_multiply_adds(layer, _as_shapes(input_shape))


def _as_shapes(input_shape):
    """A list of shapes, of one where one is given."""
    several = isinstance(input_shape, (list, tuple)) and len(input_shape)
    if several and all(isinstance(shape, (list, tuple)) for shape in input_shape):
        return [tuple(shape) for shape in input_shape]
    if not isinstance(input_shape, (list, tuple)):
        raise ValueError(
            "`input_shape` must be a tuple, the shape of one example, or a list of them. "
            f"Received: input_shape={input_shape!r}"
        )
    return [tuple(input_shape)]
