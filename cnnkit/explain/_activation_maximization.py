"""What a channel of a network looks for: images that excite it most, found by gradient ascent.

Erhan, Bengio, Courville and Vincent, "Visualizing higher-layer features of a deep network", 2009;
Mahendran and Vedaldi, "Understanding deep image representations by inverting them", 2015,
arXiv:1412.0035, for the total variation; Olah, Mordvintsev and Schubert, "Feature visualization",
Distill, 2017, doi:10.23915/distill.00007, for the jitter.
"""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from cnnkit._checks import (
    as_generator,
    ascending_pair,
    check_axes,
    check_not_negative,
    check_positive,
)
from cnnkit.explain._engine import check_can_run, trace_of
from cnnkit.explain._logits import before_activation
from cnnkit.explain._recording import one_call, recording, run
from cnnkit.explain._trace import graph_of

_RATE = 0.02  # how far a pixel moves in a step, as a part of the range of values
_NOISE = 0.05  # of the image to start from, likewise
_ACTIVATIONS = ("Relu", "Relu6", "Sigmoid", "Softmax", "Tanh")  # whose gradient can be 0 everywhere


def activation_maximization(
    model: keras.Model,
    channels: int | Sequence[int],
    *,
    layer: str | keras.Layer | tuple | None = None,
    start: np.ndarray | None = None,
    n_steps: int = 128,
    jitter: int = 4,
    total_variation: float = 0.5,
    value_range: tuple[float, float] = (0, 255),
    seed: int | np.random.Generator | None = None,
) -> np.ndarray:
    """Find images that excite channels of a layer, one image for each channel.

    It starts with a grey image with a little noise. Each step moves it by its scaled gradient, so
    that the mean of the channel over all positions grows. What counts is the value before ReLU,
    sigmoid, tanh or softmax, which has a gradient also where the channel is silent. Two measures
    are against patterns of single pixels, which excite networks too: each step sees the image
    shifted by some pixels, and differences between neighbours cost something.

    Args:
        model: A built `keras.Model` of any kind, with one input of shape `(batch, height, width,
            channels)`. It is not changed.
        channels: The number of a channel, or a list of them.
        layer: As in `cnnkit.explain.capture`; a layer without maps has units for channels. None
            means the last layer with maps.
        start: Array of shape `(height, width, channels)` with values in `value_range`, the image to
            start from. It must be given for a model that leaves the size of its images open.
        n_steps: How many steps.
        jitter: The largest shift in pixels.
        total_variation: How much the differences between neighbours cost.
        value_range: `(low, high)`, the values that the model was trained with; those of the images
            found stay within.
        seed: None for other noise and shifts in each call, an integer for the same ones again, or
            a `numpy.random.Generator`.

    Returns:
        A float32 array of shape `(n_channels, height, width, channels)`.

    Raises:
        RuntimeError, TypeError, ValueError: As in `cnnkit.explain.capture`, and a ValueError if the
            model has several inputs, or takes something else than images with the channels last, if
            the layer has no such channel or does not depend on the image, if a setting is out of
            range, or if the size is not known.

    Example:

    >>> from cnnkit import explain, models, viz
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> layer = model.layers[3]  # the second convolution
    >>> images = explain.activation_maximization(model, range(4), layer=layer, n_steps=32, seed=0)
    >>> images.shape
    (4, 64, 64, 3)
    >>> panels = viz.plot_images(images)
    """
    check_positive(n_steps, "n_steps")
    check_not_negative(jitter, "jitter")
    check_not_negative(total_variation, "total_variation")
    low, high = ascending_pair(value_range, "value_range")
    check_can_run(model)
    _check_one_input(model)
    rng, numbers = as_generator(seed), np.atleast_1d(channels)
    if start is None:
        start = _gray(model, rng)
    else:
        start = (_check_start(start) - low) / (high - low)
    images = tf.constant(np.repeat(start[None], max(numbers.size, 1), axis=0), tf.float32)
    trace, _ = trace_of(model, images, layer)
    _check_channels(numbers, trace.forward.structured_outputs[0].shape[-1])
    if trace.axes is None:
        raise ValueError(
            f"`layer` must depend on the image. Received: layer={layer!r}, which does not"
        )
    step = trace.kept(_step_graph)
    for _ in range(n_steps):
        shift = rng.integers(-jitter, jitter + 1, 2)
        images = step(images, numbers, shift, total_variation, low, high)
    return low + (high - low) * images.numpy()


def _step_graph(trace):
    """The graph of one step: from images, in 0..1, and settings to images."""
    reference, layer, call = trace.model, trace.layer, trace.call

    def step(images, channels, shift, total_variation, low, high):
        def excitation(images):
            shown = low + (high - low) * tf.roll(images, shift, axis=(1, 2))
            maps = _before_activation(reference(), layer(), call, shown)
            sums = tf.reduce_sum(maps, axis=tuple(range(1, maps.shape.rank - 1)))
            return tf.gather(sums, channels, batch_dims=1)

        uphill = _gradient(excitation, images)
        size = tf.sqrt(tf.reduce_mean(tf.square(uphill), axis=(1, 2, 3), keepdims=True))
        rough = _gradient(_total_variation, images)
        moved = images + _RATE * (tf.math.divide_no_nan(uphill, size) - total_variation * rough)
        return tf.clip_by_value(moved, 0.0, 1.0)

    settings = [((None,), tf.int64), ((2,), tf.int64), *[((), tf.float32)] * 3]
    return graph_of(step, trace.specs, *[tf.TensorSpec(*setting) for setting in settings])


def _total_variation(images):
    """With the exponent 2, as without it small differences would cost as much as large ones."""
    down, right = images[:, 1:] - images[:, :-1], images[:, :, 1:] - images[:, :, :-1]
    return tf.reduce_sum(tf.square(down)) + tf.reduce_sum(tf.square(right))


def _gradient(function, images):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        value = function(images)
    return tape.gradient(value, images, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def _before_activation(model, layer, call, images):
    """What a layer gives in one of its calls, without its activation function."""
    with recording([layer]) as records:
        run(model, images)
    _, activations = one_call(records, layer, call, images.graph)
    return tf.cast(before_activation(activations, _ACTIVATIONS), tf.float32)


def _check_one_input(model):
    shapes = [tensor.shape for tensor in getattr(model, "inputs", [])]
    if len(shapes) > 1 or any(len(shape) != 4 for shape in shapes):
        raise ValueError(
            "`model` must have one input, images of shape (batch, height, width, channels), as "
            "others cannot be made up. "
            f"Received: the model {model.name!r} with inputs of shape {shapes}"
        )


def _gray(model, rng):
    """A grey image with a little noise, in 0..1, of the size that a model takes."""
    shapes = [tensor.shape for tensor in getattr(model, "inputs", [])]
    if len(shapes) != 1 or None in shapes[0][1:]:
        raise ValueError(
            "`start` must be given, unless the model says the size of its one input, the image. "
            f"Received: start=None and a model with inputs of shape {shapes}"
        )
    return 0.5 + _NOISE * rng.standard_normal(shapes[0][1:])


def _check_start(start):
    start = np.asarray(start, np.float32)
    check_axes(start, "start", ("height", "width", "channels"))
    return start


def _check_channels(channels, n):
    is_list = channels.ndim == 1 and channels.dtype.kind in "iu" and channels.size > 0
    if not is_list or channels.min() < 0 or channels.max() >= n:
        raise ValueError(
            f"`channels` must be the number of a channel, in 0..{n - 1}, or a list of them. "
            f"Received: channels={channels.tolist()}"
        )
