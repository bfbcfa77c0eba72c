"""How strongly a unit of a layer depends on each pixel, measured with gradients."""

import keras
import numpy as np
import tensorflow as tf

from cnnkit._checks import check_maps
from cnnkit.explain._engine import find_call
from cnnkit.explain._recording import one_call, recording, run


def effective_receptive_field(
    model: keras.Model,
    images: np.ndarray,
    *,
    layer: str | keras.Layer | tuple | None = None,
    position: tuple[int, int] | None = None,
) -> np.ndarray:
    """Measure how strongly one unit depends on each pixel, as a mean over images.

    The theoretical field says which pixels can change a unit; this one how much they do. It is
    the size of the gradient of the unit (the sum over its channels) with respect to each pixel,
    added up over the pixel's channels (Luo et al., "Understanding the effective receptive field
    in deep convolutional neural networks", 2016, arXiv:1701.04128, section 2).

    Args:
        model: A built `keras.Model` with one input of shape `(batch, height, width, channels)`.
        images: Array of that shape, with the values that the model was trained with, or noise.
        layer: As in `capture`. None means the last layer with maps.
        position: `(row, column)` of the unit in the map. By default the middle one.

    Returns:
        A float32 array of shape `(height, width)`, 0 or more.

    Raises:
        RuntimeError, TypeError, ValueError: As in `capture`, and a ValueError if the layer gives
            no maps, or `position` lies outside of them.
    """
    found, call = find_call(model, layer)
    images = tf.convert_to_tensor(np.asarray(images, np.float32))
    with tf.GradientTape() as tape:
        tape.watch(images)
        with recording([found]) as records:
            run(model, images)
        _, maps = one_call(records, found, call)
        check_maps(maps, layer)
        row, column = _check_position(position, maps.shape[1:3])
        unit = tf.cast(maps[:, row, column], tf.float32)
    gradients = tape.gradient(unit, images, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return tf.reduce_mean(tf.reduce_sum(tf.abs(gradients), axis=-1), axis=0).numpy()


def _check_position(position, map_size):
    height, width = map_size
    row, column = position or (height // 2, width // 2)
    if not (0 <= row < height and 0 <= column < width):
        raise ValueError(
            f"`position` must lie in a map of {height} x {width}. Received: position={position!r}"
        )
    return row, column
