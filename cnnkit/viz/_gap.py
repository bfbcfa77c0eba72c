"""Draw how much better a network does on what it was trained with than on new examples."""

import numpy as np

from cnnkit.viz._alt_text import after_title, counted, describe
from cnnkit.viz._figure import begin, finish
from cnnkit.viz._history import (
    as_runs,
    draw_run,
    epochs_of,
    is_higher_better,
    label_axes,
    run_in_words,
    values_of,
)


def plot_gap(history, *, metric="loss", mode="auto", ax=None, title=None):
    """Draw a metric in training and in validation, with the gap between them shaded.

    A gap that grows while training goes on is the sign of overfitting (Goodfellow, Bengio and
    Courville, "Deep Learning", 2016, section 5.2). Keras averages the training values over an
    epoch, in which the network changes, and dropout is on: so validation may look better at first.

    Args:
        history: What `model.fit` returned with validation data, or what else `plot_history` takes.
        metric: The name of the metric, without `val_`.
        mode: Whether the best value is the smallest, "min", or the largest, "max", as in Keras's
            `EarlyStopping`. "auto" goes by the name of the metric.
        ax: The `Axes` to draw on. By default a new figure.
        title: The text above.

    Returns:
        The `Axes`. The legend says by how much validation is worse at the end (negative: better),
        and in which epoch, counted from 1, it was best. Without any finite validation value there
        is no best epoch.

    Raises:
        ValueError: If there are several runs, or not one validation value for each epoch.

    Example:

    >>> from cnnkit import viz
    >>> history = {"loss": [0.9, 0.5, 0.3, 0.1], "val_loss": [1.0, 0.7, 0.6, 0.8]}
    >>> axes = viz.plot_gap(history)  # or what `model.fit` returned
    """
    training, validation, epochs = _values(history, metric)
    is_gain = _is_gain(metric, mode)
    run = {metric: training.tolist(), f"val_{metric}": validation.tolist()}
    at = {name: epochs for name in run}
    ax = begin(ax)
    draw_run(ax, run, metric, at)
    gap = training[-1] - validation[-1] if is_gain else validation[-1] - training[-1]
    ax.fill_between(
        epochs,
        training,
        validation,
        color=ax.lines[-1].get_color(),
        alpha=0.2,
        linewidth=0,
        label=f"gap, at the end {gap:.3g}",
    )
    _mark_best(ax, epochs, validation, is_gain)
    label_axes(ax, metric)
    ax.legend()
    sentence = (
        f"Gap in {metric.replace('_', ' ')} between training and validation over "
        f"{counted(len(training), 'epoch')}: {run_in_words(run, metric, is_gain, at)}."
    )
    describe(ax.figure, after_title(title, sentence))
    return finish(ax, title)


def _values(history, metric):
    """Training and validation values, two arrays of float64, and the epochs, counted from 1."""
    runs = as_runs(history, metric)
    if list(runs) != [""]:
        raise ValueError(
            "`history` must be one run: draw several one beside the other, with `ax`. "
            f"Received: a dictionary with the runs {', '.join(runs)}"
        )
    training, validation = (
        np.asarray(values_of(runs[""]).get(name, []), np.float64)
        for name in (metric, f"val_{metric}")
    )
    if training.shape != validation.shape:
        raise ValueError(
            f"`history` must have one value of {metric} and of val_{metric} for each epoch: give "
            "`fit` validation data, and leave `validation_freq` at 1. "
            f"Received: {len(training)} and {len(validation)} values"
        )
    return training, validation, epochs_of(runs[""], metric)[metric]


def _is_gain(metric, mode):
    """Whether the metric is better the higher it is."""
    if mode not in ("auto", "min", "max"):
        raise ValueError(f'`mode` must be "auto", "min" or "max". Received: mode={mode!r}')
    known = is_higher_better(metric)
    if mode == "auto" and known is None:
        raise ValueError(
            f'`mode` must be "min" or "max" for {metric!r}: its name does not tell what is better. '
            'Received: mode="auto"'
        )
    return mode == "max" or (mode == "auto" and known)


def _mark_best(ax, epochs, validation, is_gain):
    is_finite = np.isfinite(validation)
    if is_finite.any():
        losses = np.where(is_finite, -validation if is_gain else validation, np.inf)
        best = losses.argmin()  # the first, where several are equal
        label = f"best validation {validation[best]:.3g}, epoch {epochs[best]}"
        ax.plot(epochs[best], validation[best], "o", color="black", zorder=3, label=label)
