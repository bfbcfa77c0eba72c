"""How strongly a unit of a layer depends on each pixel, measured with gradients."""

import numpy as np
import tensorflow as tf

from cnnkit.explain._capture import _outputs_through, _run, find_layer


def effective_receptive_field(model, images, layer=None, position=None):
    """Measure how strongly one unit depends on each pixel, as a mean over images.

    The theoretical field says which pixels can change a unit; this one how much they do. It is
    the size of the gradient of the unit (the sum over its channels) with respect to each pixel,
    added up over the pixel's channels (Luo et al., "Understanding the effective receptive field
    in deep convolutional neural networks", 2016, arXiv:1701.04128, section 2).

    Args:
        model: A built `keras.Model` with one input of shape `(batch, height, width, channels)`.
        images: Array of that shape, with the values that the model was trained with, or noise.
        layer: A name, a path or a layer, as in `capture`. None means the last layer with maps.
        position: `(row, column)` of the unit in the map. By default the middle one.

    Returns:
        A float32 array of shape `(height, width)`, 0 or more.

    Raises:
        RuntimeError, TypeError, ValueError: As in `capture`, and a ValueError if the layer gives
            no maps, or `position` lies outside of them.
    """
    layer, outputs = find_layer(model, layer), []

    def record(_, output):
        outputs.append(output)
        return output

    images = tf.convert_to_tensor(np.asarray(images, np.float32))
    with tf.GradientTape() as tape:
        tape.watch(images)
        with _outputs_through(record, [layer]):
            _run(model, images)
        row, column = _check_position(layer, outputs, position)
        unit = tf.cast(outputs[-1][:, row, column], tf.float32)
    gradients = tape.gradient(unit, images, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return tf.reduce_mean(tf.reduce_sum(tf.abs(gradients), axis=-1), axis=0).numpy()


def _check_position(layer, outputs, position):
    shape = outputs[-1].shape if outputs and tf.is_tensor(outputs[-1]) else ()
    if len(shape) != 4:
        raise ValueError(
            "`layer` must give maps of shape (batch, height, width, channels). "
            f"Received: {layer.name!r}, which gives the shape {tuple(shape)}"
        )
    row, column = position or (shape[1] // 2, shape[2] // 2)
    if not (0 <= row < shape[1] and 0 <= column < shape[2]):
        raise ValueError(
            f"`position` must lie in a map of {shape[1]} x {shape[2]}. "
            f"Received: position={position!r}"
        )
    return row, column
