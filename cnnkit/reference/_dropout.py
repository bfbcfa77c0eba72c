"""Dropout, as it is done in training.

Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout: A simple way to prevent
neural networks from overfitting", 2014, Journal of Machine Learning Research 15, 1929-1958.
"""

import numpy as np

from cnnkit._checks import as_generator, as_numbers


def dropout(x, rate, *, seed=None):
    """Set values to 0 by chance, each on its own, and scale up the others.

    It is what `keras.layers.Dropout(rate)` computes with `training=True`: inverted dropout. What is
    left is multiplied by `1 / (1 - rate)`, so that the mean over many draws is `x`, and in
    inference there is nothing to do. The paper scales the other way round: nothing in training, and
    the weights by its `p` in inference, section 4. Its `p` is the probability to be kept,
    `1 - rate`.

    Args:
        x: Array of any shape, any numbers.
        rate: The probability of each value to be dropped, in 0..1. 0 drops none, 1 drops all.
        seed: None draws new numbers at each call, an integer repeats them; or a
            `numpy.random.Generator`, which draws.

    Returns:
        An array of the shape of `x`: floats keep their dtype, integers give float64.

    Example:

    >>> import numpy as np
    >>> from cnnkit import reference
    >>> x = np.ones(10_000)
    >>> dropped = reference.dropout(x, 0.2, seed=0)
    >>> np.unique(dropped)
    array([0.  , 1.25])
    >>> bool(abs(dropped.mean() - 1) < 0.02)
    True
    """
    (x,) = as_numbers(x=x)
    if not 0 <= rate <= 1:
        raise ValueError(f"`rate` must be in 0..1. Received: rate={rate!r}")
    rng = as_generator(seed)
    dtype = x.dtype if x.dtype.kind == "f" else np.float64
    if rate == 1:
        return np.zeros(x.shape, dtype)
    is_kept = rng.random(x.shape) >= rate
    return np.where(is_kept, x / (1 - rate), 0).astype(dtype)
