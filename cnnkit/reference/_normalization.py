"""Normalisation layers, and the gradients of batch normalisation.

All of them subtract a mean and divide by a standard deviation, and then each channel gets a scale
`gamma` and an offset `beta`, which are learnt. They differ in which values share one mean and one
standard deviation, see Wu and He, "Group normalization", 2018, arXiv:1803.08494, section 3:

- `batch_norm`: those of one channel, in all examples. Ioffe and Szegedy, "Batch normalization:
  Accelerating deep network training by reducing internal covariate shift", 2015, arXiv:1502.03167.
- `layer_norm`: those of one example, in all channels. Ba, Kiros and Hinton, "Layer normalization",
  2016, arXiv:1607.06450.
- `instance_norm`: those of one channel of one example. Ulyanov, Vedaldi and Lempitsky, "Instance
  normalization: The missing ingredient for fast stylization", 2016, arXiv:1607.08022.
- `group_norm`: those of some neighbouring channels of one example.

The variance is that of the population: the sum of squares is divided by n, not by n - 1. The
default of `epsilon` is that of the Keras layers, 0.001; Wu and He, and PyTorch, take 0.00001. All
is calculated in float64, and the result is converted.
"""

import numpy as np

from cnnkit._checks import as_numbers, check_gradient, check_positive


def batch_norm(x, gamma, beta, *, epsilon=1e-3):
    """Normalise each channel over the mini-batch, as in training: algorithm 1 of the paper.

    It is what `keras.layers.BatchNormalization()` computes with `training=True`. In inference it is
    `batch_norm_inference`.

    Args:
        x: Array of shape `(batch, ..., channels)`, such as images, feature maps, or the
            `(batch, features)` of a dense layer. Any numbers.
        gamma: Array of shape `(channels,)`, the scale of each channel.
        beta: Array of shape `(channels,)`, its offset.
        epsilon: Is added to the variance, so that nothing is divided by 0. Above 0.

    Returns:
        An array of the shape of `x`: floats keep the dtype of `x`, integers give float64.

    Example:

    >>> import numpy as np
    >>> from cnnkit import reference
    >>> x = np.random.default_rng(0).normal(5, 3, (8, 4, 4, 2))
    >>> normalized = reference.batch_norm(x, gamma=np.ones(2), beta=np.zeros(2))
    >>> abs(normalized.mean(axis=(0, 1, 2))).round(3), normalized.std(axis=(0, 1, 2)).round(3)
    (array([0., 0.]), array([1., 1.]))
    """
    values = _as_values(x)
    gamma, beta = _as_weights(values, gamma=gamma, beta=beta)
    normalized, _ = _normalize(values, _all_but_channels(values), epsilon)
    return _with_dtype_of(x, gamma * normalized + beta)


def batch_norm_backward(output_gradient, x, gamma, *, epsilon=1e-3):
    """Compute the gradients of a loss from its gradient with respect to `batch_norm`'s result.

    The mean and the variance depend on `x` too, so each value moves all others of its channel.
    Ioffe and Szegedy, 2015, section 3, list the gradient in six steps; this is their sum:

        x_gradient = gamma / std * (g - mean(g) - normalized * mean(g * normalized))

    where `g` is `output_gradient` and the means are those of a channel.

    Args:
        output_gradient: Array of the shape of `x`.
        x, gamma, epsilon: As they were in `batch_norm`; `beta` does not matter.

    Returns:
        Three arrays, with the dtype of `output_gradient`, integers give float64: the gradients with
        respect to `x`, of its shape, and to `gamma` and `beta`, of shape `(channels,)`.

    Example:

    >>> import numpy as np
    >>> from cnnkit import reference
    >>> rng = np.random.default_rng(0)
    >>> x, output_gradient = rng.normal(size=(2, 8, 4, 4, 2))
    >>> gradients = reference.batch_norm_backward(output_gradient, x, gamma=np.ones(2))
    >>> [gradient.shape for gradient in gradients]
    [(8, 4, 4, 2), (2,), (2,)]
    """
    values = _as_values(x)
    (gamma,) = _as_weights(values, gamma=gamma)
    (g,) = as_numbers(output_gradient=output_gradient)
    check_gradient(g, values.shape, "`x`")
    g = g.astype(np.float64)
    axes = _all_but_channels(values)
    normalized, std = _normalize(values, axes, epsilon)
    product = g * normalized
    x_gradient = gamma / std * (g - g.mean(axes) - normalized * product.mean(axes))
    gradients = x_gradient, product.sum(axes), g.sum(axes)
    return tuple(_with_dtype_of(output_gradient, gradient) for gradient in gradients)


def update_moving(moving_mean, moving_variance, x, *, momentum=0.99):
    """Move the averages that `batch_norm_inference` needs towards those of a mini-batch.

    As in `keras.layers.BatchNormalization`, `momentum` is the share of the old average:

        moving = momentum * moving + (1 - momentum) * of_this_mini_batch

    In PyTorch it is the share of the new one: Keras's 0.99 is its 0.01. The variance is divided by
    n here too; the paper (algorithm 2) and PyTorch take n - 1.

    Args:
        moving_mean: Array of shape `(channels,)`. Keras starts with zeros.
        moving_variance: Array of shape `(channels,)`, not negative. Keras starts with ones.
        x: Array of shape `(batch, ..., channels)`, what `batch_norm` got.
        momentum: A number in 0..1. After k steps the start still counts `momentum ** k`: with 0.99
            more than a third after 100 steps.

    Returns:
        The new mean and the new variance, two arrays of shape `(channels,)`: floats keep the dtype
        of the old ones, integers give float64. The old ones stay as they are.

    Example:

    >>> import numpy as np
    >>> from cnnkit import reference
    >>> x = np.array([[4.0], [6.0]])
    >>> reference.update_moving(np.zeros(1), np.ones(1), x, momentum=0.9)
    (array([0.5]), array([1.]))
    """
    values = _as_values(x)
    averages = _as_averages(values, moving_mean, moving_variance)
    if not 0 <= momentum <= 1:
        raise ValueError(f"`momentum` must be in 0..1. Received: momentum={momentum!r}")
    axes = _all_but_channels(values)
    new = values.mean(axes), values.var(axes)
    mean, variance = (
        momentum * average + (1 - momentum) * now
        for average, now in zip(averages, new, strict=True)
    )
    return _with_dtype_of(moving_mean, mean), _with_dtype_of(moving_variance, variance)


def batch_norm_inference(x, gamma, beta, moving_mean, moving_variance, *, epsilon=1e-3):
    """Normalise each channel with stored averages, so that no example depends on another.

    It is what `keras.layers.BatchNormalization()` computes with `training=False`: the end of
    algorithm 2 of Ioffe and Szegedy, 2015.

    Args:
        x, gamma, beta, epsilon: As in `batch_norm`.
        moving_mean, moving_variance: Arrays of shape `(channels,)`, as `update_moving` gives them.

    Returns:
        An array of the shape of `x`: floats keep the dtype of `x`, integers give float64.

    Example:

    >>> import numpy as np
    >>> from cnnkit import reference
    >>> x = np.array([[4.0], [6.0]])
    >>> reference.batch_norm_inference(x, [1], [0], moving_mean=[5], moving_variance=[4]).round(3)
    array([[-0.5],
           [ 0.5]])
    """
    values = _as_values(x)
    gamma, beta = _as_weights(values, gamma=gamma, beta=beta)
    mean, variance = _as_averages(values, moving_mean, moving_variance)
    return _with_dtype_of(x, gamma * (values - mean) / _std(variance, epsilon) + beta)


def layer_norm(x, gamma, beta, *, epsilon=1e-3):
    """Normalise each example over all its positions and channels.

    This is the layer normalisation of the papers. On feature maps of shape `(batch, height, width,
    channels)` it is `keras.layers.LayerNormalization(axis=[1, 2, 3])`, and, up to the shape of the
    weights, `GroupNormalization(groups=1)`. The default of Keras, `LayerNormalization()`, has
    `axis=-1`: it normalises the channels of each pixel alone, as in a transformer. That is this
    function on `x.reshape(-1, channels)`. For a dense layer both are the same.

    Args:
        x, epsilon: As in `batch_norm`.
        gamma, beta: Arrays of shape `x.shape[1:]`, a weight for each unit, as in Ba et al., 2016,
            and in Keras's `LayerNormalization`; or of shape `(channels,)`, as in Wu and He, 2018,
            and in Keras's `GroupNormalization`.

    Returns:
        An array of the shape of `x`: floats keep the dtype of `x`, integers give float64.

    Example:

    >>> import numpy as np
    >>> from cnnkit import reference
    >>> maps = np.random.default_rng(0).normal(5, 3, (2, 4, 4, 3))
    >>> normalized = reference.layer_norm(maps, np.ones(3), np.zeros(3))
    >>> abs(normalized.mean(axis=(1, 2, 3))).round(3)  # for each example
    array([0., 0.])
    """
    values = _as_values(x)
    unit_shape = values.shape[1:]
    gamma, beta = _as_weights(values, or_shape=unit_shape, gamma=gamma, beta=beta)
    normalized, _ = _normalize(values, tuple(range(1, values.ndim)), epsilon)
    return _with_dtype_of(x, gamma * normalized + beta)


def instance_norm(x, gamma, beta, *, epsilon=1e-3):
    """Normalise each channel of each example alone.

    It is `group_norm` with as many groups as channels: `keras.layers.GroupNormalization(groups=-1)`
    (Keras has no layer of this name).

    Args:
        x: Array of shape `(batch, ..., channels)` with one axis of positions or more: a dense layer
            has one value in each channel, which is its own mean.
        gamma, beta, epsilon: As in `batch_norm`.

    Returns:
        An array of the shape of `x`: floats keep the dtype of `x`, integers give float64.

    Example:

    >>> import numpy as np
    >>> from cnnkit import reference
    >>> maps = np.random.default_rng(0).normal(5, 3, (2, 4, 4, 3))
    >>> normalized = reference.instance_norm(maps, np.ones(3), np.zeros(3))
    >>> abs(normalized.mean(axis=(1, 2))).round(3)  # for each example and channel
    array([[0., 0., 0.],
           [0., 0., 0.]])
    """
    shape = np.shape(x)
    if len(shape) == 2:
        raise ValueError(
            "`x` must have positions, (batch, ..., channels): one value alone is its own mean. "
            f"Received: x of shape {shape}"
        )
    return group_norm(x, gamma, beta, groups=shape[-1] if shape else 1, epsilon=epsilon)


def group_norm(x, gamma, beta, *, groups, epsilon=1e-3):
    """Normalise each example over all positions of each group of neighbouring channels.

    It is `keras.layers.GroupNormalization(groups)`, whose default is 32 groups.

    Args:
        x, gamma, beta, epsilon: As in `batch_norm`.
        groups: How many groups, a positive integer that divides the number of channels. 1 is
            `layer_norm` with weights of shape `(channels,)`.

    Returns:
        An array of the shape of `x`: floats keep the dtype of `x`, integers give float64.

    Example:

    >>> import numpy as np
    >>> from cnnkit import reference
    >>> maps = np.random.default_rng(0).normal(5, 3, (2, 4, 4, 8))
    >>> normalized = reference.group_norm(maps, np.ones(8), np.zeros(8), groups=2)
    >>> abs(normalized[..., :4].mean(axis=(1, 2, 3))).round(3)  # the first group of each example
    array([0., 0.])
    """
    values = _as_values(x)
    gamma, beta = _as_weights(values, gamma=gamma, beta=beta)
    check_positive(groups, "groups")
    channels = values.shape[-1]
    if channels % groups:
        raise ValueError(
            f"`groups` must divide the number of channels, {channels}. Received: groups={groups}"
        )
    grouped = values.reshape(*values.shape[:-1], groups, channels // groups)
    axes = (*range(1, values.ndim - 1), values.ndim)  # all but the examples and the groups
    normalized, _ = _normalize(grouped, axes, epsilon)
    return _with_dtype_of(x, gamma * normalized.reshape(values.shape) + beta)


def _normalize(values, axes, epsilon):
    """Values of mean 0 and standard deviation 1 over `axes`, and what they were divided by."""
    mean = values.mean(axes, keepdims=True)
    std = _std(values.var(axes, keepdims=True), epsilon)
    return (values - mean) / std, std


def _std(variance, epsilon):
    if not epsilon > 0:
        raise ValueError(f"`epsilon` must be above 0. Received: epsilon={epsilon!r}")
    return np.sqrt(variance + epsilon)


def _all_but_channels(values):
    return tuple(range(values.ndim - 1))


def _as_values(x):
    """`x` as float64."""
    (x,) = as_numbers(x=x)
    if x.ndim < 2 or x.size == 0:
        raise ValueError(
            "`x` must have the shape (batch, ..., channels), none of them 0. "
            f"Received: x of shape {x.shape}"
        )
    return x.astype(np.float64)


def _as_weights(values, or_shape=None, **weights):
    """Weights as float64: of shape `(channels,)`, or `or_shape` if it is given."""
    shapes = [(values.shape[-1],)]
    if or_shape not in (None, *shapes):
        shapes.append(or_shape)
    arrays = as_numbers(**weights)
    for name, weight in zip(weights, arrays, strict=True):
        if weight.shape not in shapes:
            raise ValueError(
                f"`{name}` must have the shape {' or '.join(map(str, shapes))}. "
                f"Received: {name} of shape {weight.shape}"
            )
    return [weight.astype(np.float64) for weight in arrays]


def _as_averages(values, moving_mean, moving_variance):
    averages = dict(moving_mean=moving_mean, moving_variance=moving_variance)
    moving_mean, moving_variance = _as_weights(values, **averages)
    if moving_variance.min() < 0:
        raise ValueError(
            "`moving_variance` must not be negative. "
            f"Received: moving_variance={moving_variance.tolist()}"
        )
    return moving_mean, moving_variance


def _with_dtype_of(array, result):
    """The result with the dtype of an array that was given, if that holds floats."""
    dtype = np.asarray(array).dtype
    return result.astype(dtype if dtype.kind == "f" else np.float64)
