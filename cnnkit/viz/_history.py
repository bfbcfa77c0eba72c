"""Draw how training went."""

from collections.abc import Mapping

import numpy as np
from matplotlib.ticker import MaxNLocator

from cnnkit._checks import check_positive
from cnnkit.viz._alt_text import after_title, counted, describe, rounded
from cnnkit.viz._figure import begin, finish

# How the names of Keras's losses and metrics end, as far as they tell. (Not "score": a Brier
# score is better when lower.)
_LOWER_IS_BETTER = ("loss", "error", "crossentropy", "hinge", "mse", "mae", "mape", "msle")
_HIGHER_IS_BETTER = ("accuracy", "acc", "auc", "precision", "recall", "io_u", "f1_score")


def plot_history(history, *, metric="loss", validation_freq=None, ax=None, title=None):
    """Draw a metric after each epoch: training solid, validation dashed.

    Args:
        history: What `model.fit` returned, its `history` dictionary, or a `LearningCurves` that
            watched; or a dictionary from a name to one of these, to compare several runs.
        metric: The name of the metric, without `val_`.
        validation_freq: What `fit` got under this name, an integer or a list of epochs counted from
            1, if it did not validate after each epoch: Keras's histories do not know it. A
            `LearningCurves` does. Of several runs, those that did need none, and keep theirs.
        ax: The `Axes` to draw on. By default a new figure.
        title: The text above.

    Returns:
        The `Axes`. Epochs count from 1, and are those of `fit`: with `initial_epoch=5` the first is
        6. Those of a dictionary begin at 1, or are in its column `epoch`, which counts from 0 as in
        the file of Keras's `CSVLogger`. A run without validation has no dashed line.

    Raises:
        ValueError: If there are fewer values than epochs and nothing says to which they belong; if
            a `History` was given to several `fit` that do not follow one another.

    Example:

    >>> from cnnkit import viz
    >>> plain = {"loss": [0.9, 0.5, 0.3, 0.1], "val_loss": [1.0, 0.7, 0.6, 0.8]}
    >>> dropout = {"loss": [1.0, 0.7, 0.5, 0.4], "val_loss": [1.0, 0.7, 0.6, 0.5]}
    >>> axes = viz.plot_history({"plain": plain, "dropout": dropout})  # or what `fit` returned
    """
    runs = as_runs(history, metric)
    drawn = {}
    for name, run in runs.items():
        values = values_of(run)
        # Not of one run alone: then what is given would be wrong.
        is_always = len(runs) > 1 and len(values.get(f"val_{metric}", [])) == len(values[metric])
        drawn[name] = values, epochs_of(run, metric, None if is_always else validation_freq)
    ax = begin(ax)
    for name, (values, epochs) in drawn.items():
        draw_run(ax, values, metric, epochs, f"{name}, " if name else "")
    label_axes(ax, metric)
    ax.legend()
    describe(ax.figure, after_title(title, _in_words(drawn, metric)))
    return finish(ax, title)


def as_runs(history, metric):
    """The runs that someone wants to see a metric of.

    Args:
        history, metric: As in `plot_history`.

    Returns:
        A dictionary from the name of each run, which is "" if there is only one, to what
        `values_of` and `epochs_of` take.
    """
    runs = _by_name(history)
    for name, run in runs.items():
        values = values_of(run)
        if not values.get(metric):
            known = ", ".join(sorted(key for key in values if not key.startswith("val_"))) or "none"
            where = f" of {name!r}" if name else ""
            raise ValueError(
                f"`metric` must be one of the metrics{where}: {known}. Received: metric={metric!r}"
            )
    return runs


def _by_name(history):
    if _is_run(history):
        return {"": history}
    if not isinstance(history, Mapping) or not all(map(_is_run, history.values())):
        raise ValueError(
            "`history` must be what `fit` returned, a dictionary of lists (of a frame, "
            '`frame.to_dict("list")`), or a dictionary from names to these. '
            f"Received: history of type {type(history).__name__}"
        )
    return {str(name): run for name, run in history.items()}


def _is_run(history):
    values = getattr(history, "history", history)
    return isinstance(values, Mapping) and all(
        isinstance(each, list | tuple | np.ndarray) for each in values.values()
    )


def values_of(run):
    """A dictionary from a name to the list of its values."""
    return {name: list(values) for name, values in getattr(run, "history", run).items()}


def epochs_of(run, metric, validation_freq=None):
    """After which epochs a metric was measured, counted from 1.

    Args:
        run, metric, validation_freq: As in `plot_history`, one run.

    Returns:
        A dictionary from the names of the metric in training and, if there is one, in validation to
        lists of integers.
    """
    if hasattr(run, "epochs"):
        return run.epochs
    values = values_of(run)
    epochs = _all_epochs(run, max(map(len, values.values())))
    if len(values[metric]) != len(epochs):
        raise ValueError(
            "`metric` must have a value for each epoch, or `history` be a `viz.LearningCurves`, "
            f"which knows the epochs of each. Received: metric={metric!r} with "
            f"{counted(len(values[metric]), 'value')} in {counted(len(epochs), 'epoch')}"
        )
    n_validations = len(values.get(f"val_{metric}", []))
    if not n_validations:
        return {metric: epochs}
    validated = epochs if validation_freq is None else _validated(epochs, validation_freq)
    if len(validated) != n_validations:
        raise ValueError(
            "`validation_freq` must be what `fit` got, as `history` does not say after which "
            f"epochs it validated. Received: validation_freq={validation_freq!r}, which gives "
            f"{len(validated)} of the epochs {epochs[0]} to {epochs[-1]}, and "
            f"{counted(n_validations, 'value')} of val_{metric}"
        )
    return {metric: epochs, f"val_{metric}": validated}


def _all_epochs(run, n):
    """The numbers of the `n` epochs, from 1."""
    known = getattr(run, "epoch", None)
    if isinstance(run, Mapping):
        known = run.get("epoch")
    if known is None:
        return list(range(1, n + 1))
    if len(known) == n:
        return [int(epoch) + 1 for epoch in known]
    if len(known) and known[0] == n - len(known):  # `fit` went on where the one before ended
        return list(range(1, n + 1))
    raise ValueError(
        "`history` must be of one `fit`, or of several of which each has the `initial_epoch` at "
        "which the one before ended: Keras's History keeps the epochs of the last one only. "
        "(`history.history` may be drawn, its epochs counted on.) Received: a history of "
        f"{n} epochs, which knows {len(known)}"
    )


def _validated(epochs, validation_freq):
    if isinstance(validation_freq, list | tuple):
        return [epoch for epoch in epochs if epoch in validation_freq]
    check_positive(validation_freq, "validation_freq")
    return [epoch for epoch in epochs if epoch % validation_freq == 0]


def draw_run(ax, run, metric, epochs, prefix=""):
    """Draw a metric of one run: training solid, validation dashed.

    Args:
        ax: The `Axes` to draw on.
        run: Dictionary from a name to a list of values. Without validation there is one line.
        metric: The name of the metric, without `val_`.
        epochs: Dictionary from a name to the epochs of its values.
        prefix: The begin of the labels.
    """
    color = None  # the next of the cycle, and then the same
    for name, label, style in (
        (metric, "training", "-"),
        (f"val_{metric}", "validation", "--"),
    ):
        if values := run.get(name):
            is_finite = np.isfinite(values)
            # A line through single points, as between gaps, is not seen.
            marker = None if (is_finite[1:] & is_finite[:-1]).any() else "o"
            options = dict(label=prefix + label, linestyle=style, marker=marker, color=color)
            color = ax.plot(epochs[name], values, **options)[0].get_color()


def label_axes(ax, metric):
    """Name the axes; epochs are whole numbers."""
    ax.set(xlabel="epoch", ylabel=metric.replace("_", " "))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def is_higher_better(metric):
    """Whether a metric is better the higher it is: a bool, or None if its name does not tell."""
    name = metric.lower().rstrip("_0123456789")  # Keras numbers equal names, as in auc_1
    if not name.endswith(_LOWER_IS_BETTER + _HIGHER_IS_BETTER):
        return None
    return name.endswith(_HIGHER_IS_BETTER)


def _in_words(drawn, metric):
    n_epochs = max(len(values[metric]) for values, _ in drawn.values())
    is_gain = is_higher_better(metric)
    words = f"Curves of {metric.replace('_', ' ')} over {counted(n_epochs, 'epoch')}"
    parts = {
        name: run_in_words(values, metric, is_gain, epochs)
        for name, (values, epochs) in drawn.items()
    }
    if list(parts) == [""]:
        return f"{words}: {parts['']}."
    listed = "; ".join(f"{name}: {part}" for name, part in parts.items())
    return f"{words}, of {counted(len(parts), 'run')}. {listed}."


def run_in_words(run, metric, is_gain, epochs):
    """From where to where a metric of one run goes, and which validation value is the best.

    Args:
        run, metric, epochs: As in `draw_run`.
        is_gain: Whether the metric is better the higher it is; None, if that is not known.
    """
    curves = {"training": metric, "validation": f"val_{metric}"}
    words = ", ".join(
        f"{label} {_curve_in_words(run[name], epochs[name])}"
        for label, name in curves.items()
        if run.get(name)
    )
    validation = list(run.get(f"val_{metric}") or [])
    finite = [value for value in validation if np.isfinite(value)]
    if is_gain is not None and finite:
        best = max(finite) if is_gain else min(finite)
        words += (
            f", best {rounded(best)} in epoch {epochs[f'val_{metric}'][validation.index(best)]}"
        )
    return words + _gap_in_words(run.get(metric, []), validation)


def _curve_in_words(values, epochs):
    words = rounded(values[0])
    if len(values) > 1:
        words = f"from {words} to {rounded(values[-1])}"
    bad = np.flatnonzero(~np.isfinite(values))
    return words + (f" (first not finite in epoch {epochs[bad[0]]})" if len(bad) else "")


def _gap_in_words(training, validation):
    """How far validation is from training, at the end and at first."""
    if len(training) != len(validation) or not np.isfinite([*training, *validation]).all():
        return ""
    gaps = np.subtract(validation, training).round(4)
    first, last = map(_distance_in_words, gaps[[0, -1]])
    if len(gaps) == 1:
        return f"; validation is {last} training"
    return f"; at the end validation is {last} training, at first {first}"


def _distance_in_words(gap):
    if gap == 0:
        return "equal to"
    return f"{rounded(abs(gap))} {'below' if gap < 0 else 'above'}"
