"""How strongly a unit of a layer depends on each pixel, measured with gradients."""

from functools import partial

import keras
import numpy as np
import tensorflow as tf

from cnnkit.explain._engine import trace_of
from cnnkit.explain._inputs import Inputs, as_inputs, image_at
from cnnkit.explain._layout import Grid, as_maps
from cnnkit.explain._logits import before_activation
from cnnkit.explain._recording import one_call, recording, run
from cnnkit.explain._trace import as_it_is, graph_of


def effective_receptive_field(
    model: keras.Model,
    images: Inputs,
    *,
    layer: str | keras.Layer | tuple | None = None,
    position: tuple[int, ...] | None = None,
    image: int | str | None = None,
    grid: Grid = None,
    prefix: int | None = None,
) -> np.ndarray:
    """Measure how strongly one unit depends on each pixel, as a mean over images.

    The theoretical field says which pixels can change a unit; this one how much they do. It is
    the size of the gradient of the unit (the sum over its channels) with respect to each pixel,
    added up over the pixel's channels (Luo et al., "Understanding the effective receptive field
    in deep convolutional neural networks", 2016, arXiv:1701.04128, section 2). Of a softmax, whose
    sum over the channels is always 1, it is the field of what comes before.

    Args:
        model: A built `keras.Model` of any kind, with the channels last.
        images: As in `grad_cam`, or noise.
        layer: As in `capture`. None means the last layer with maps of the image.
        position: `(row, column)` of the unit in the map. By default the middle one.
        image: Of which of the inputs are the pixels, as in `grad_cam`.
        grid, prefix: How tokens are laid out as maps, as in `grad_cam`.

    Returns:
        A float32 array of shape `(height, width)`, 0 or more; of a volume `(depth, height, width)`,
        of a signal `(steps,)`.

    Raises:
        RuntimeError, TypeError, ValueError: As in `capture`, and a ValueError if the layer gives
            no maps of the image, or `position` lies outside of them.

    Example:

    >>> import numpy as np
    >>> from cnnkit import explain, models
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> noise = np.random.default_rng(0).uniform(0, 255, (8, 64, 64, 3))
    >>> field = explain.effective_receptive_field(model, noise, layer=model.layers[5])
    >>> field.shape
    (64, 64)
    >>> rows, columns = np.nonzero(field)
    >>> int(np.ptp(rows) + 1), int(np.ptp(columns) + 1)  # it can see 18 x 18 pixels
    (18, 18)
    """
    inputs = as_inputs(images, image)
    at = image_at(inputs, image)
    trace, tensors = trace_of(model, inputs, layer, image=image)
    maps, _ = trace.capture(tensors)
    laid_out = partial(
        as_maps,
        layer=layer,
        trace=trace,
        n_images=len(tf.nest.flatten(inputs)[at]),
        grid=grid,
        prefix=prefix,
    )
    laid_out(maps)

    def gradients(inputs):
        pixels = tf.nest.flatten(inputs)[at]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(pixels)
            with recording([trace.layer()]) as records:
                run(model, inputs)
            _, maps = one_call(records, trace.layer(), trace.call, pixels.graph)
            maps = laid_out(before_activation(maps, ("Softmax",)))
            at_position = _check_position(position, tuple(maps.shape[1:-1]))
            unit = tf.cast(maps[:, *at_position], tf.float32)
        return tape.gradient(unit, pixels, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    # In a graph, as TensorFlow outside of one computes the gradients of the kernels as well.
    specs = tf.nest.map_structure(as_it_is, tensors)
    per_pixel = tf.abs(graph_of(gradients, specs)(tensors))
    return tf.reduce_mean(tf.reduce_sum(per_pixel, axis=-1), axis=0).numpy()


def _check_position(position, map_size):
    at = tuple(n // 2 for n in map_size) if position is None else tuple(position)
    if len(at) != len(map_size) or not all(0 <= i < n for i, n in zip(at, map_size, strict=True)):
        raise ValueError(
            f"`position` must lie in a map of {' x '.join(map(str, map_size))}. "
            f"Received: position={position!r}"
        )
    return at
