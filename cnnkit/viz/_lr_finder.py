"""Draw a learning-rate range test."""

import math

import numpy as np

from cnnkit.viz._alt_text import after_title, counted, describe, range_in_words, rounded
from cnnkit.viz._figure import begin, finish


def plot_lr_finder(result, *, ax=None, title=None):
    """Draw the loss of each step over its learning rate.

    Args:
        result: The `cnnkit.study.LrRangeTest` that `lr_finder` returned.
        ax: The `Axes` to draw on. By default a new figure.
        title: The text above.

    Returns:
        The `Axes`, with a logarithmic axis of learning rates: the losses pale, the smoothed ones
        over them, and the suggestion, if there is one, as a dashed line.

    Example:

    >>> import numpy as np
    >>> from cnnkit import study, viz
    >>> rates = np.geomspace(1e-6, 1, 50)
    >>> losses = 2.3 - 2 / (1 + (3e-3 / rates) ** 2) + rates  # of `study.lr_finder`, in earnest
    >>> result = study.LrRangeTest(rates, losses, smoothed=losses, suggestion=2e-3)
    >>> axes = viz.plot_lr_finder(result)
    """
    ax = begin(ax)
    ax.plot(result.learning_rates, result.losses, color="C0", alpha=0.35, label="loss of a step")
    ax.plot(result.learning_rates, result.smoothed, color="C0", label="smoothed")
    if not math.isnan(result.suggestion):
        label = f"suggestion: {result.suggestion:.2g}"
        ax.axvline(result.suggestion, color="C2", linestyle="--", label=label)
    ax.set(xscale="log", xlabel="learning rate", ylabel="loss")
    ax.legend()
    describe(ax.figure, after_title(title, _in_words(result)))
    return finish(ax, title)


def _in_words(result):
    rates, smoothed = result.learning_rates, np.asarray(result.smoothed)
    words = (
        f"Loss of {counted(len(rates), 'training step')} with growing learning rates, "
        f"{range_in_words(rates)}: smoothed it begins at {rounded(smoothed[0])}, "
    )
    if np.isfinite(smoothed).any():
        lowest = np.nanargmin(smoothed)
        words += f"is lowest, {rounded(smoothed[lowest])}, at rate {rounded(rates[lowest])}, "
    words += f"and ends at {rounded(smoothed[-1])}. "
    if math.isnan(result.suggestion):
        return f"{words}No rate is suggested, as it never falls."
    return f"{words}It falls fastest at rate {rounded(result.suggestion)}, the suggestion."
