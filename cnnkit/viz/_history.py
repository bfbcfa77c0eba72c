"""Draw how training went."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from cnnkit.viz._alt_text import after_title, counted, describe, rounded
from cnnkit.viz._figure import begin, finish

# How the names of Keras's losses and metrics end, as far as they tell. (Not "score": a Brier
# score is better when lower.)
_LOWER_IS_BETTER = ("loss", "error", "crossentropy", "hinge", "mse", "mae", "mape", "msle")
_HIGHER_IS_BETTER = ("accuracy", "acc", "auc", "precision", "recall", "io_u", "f1_score")


def plot_history(history, *, metric="loss", ax=None, title=None):
    """Draw a metric after each epoch: training solid, validation dashed.

    Args:
        history: What `model.fit` returned, its `history` dictionary, or a dictionary from a name
            to either, to compare several runs.
        metric: The name of the metric, without `val_`.
        ax: The `Axes` to draw on. By default a new figure.
        title: The text above.

    Returns:
        The `Axes`. Epochs count from 1. A run without validation has no dashed line.
    """
    runs = as_runs(history, metric)
    ax = begin(ax)
    for name, run in runs.items():
        draw_run(ax, run, metric, f"{name}, " if name else "")
    label_axes(ax, metric)
    ax.legend()
    describe(ax.figure, after_title(title, _in_words(runs, metric)))
    return finish(ax, title)


def as_runs(history, metric):
    """The runs that someone wants to see a metric of.

    Args:
        history, metric: As in `plot_history`.

    Returns:
        A dictionary from the name of each run, which is "" if there is only one, to its dictionary
        of metrics.
    """
    runs = _by_name(getattr(history, "history", history))
    for name, run in runs.items():
        if not run.get(metric):
            known = ", ".join(sorted({key.removeprefix("val_") for key in run})) or "none"
            where = f" of {name!r}" if name else ""
            raise ValueError(
                f"`metric` must be one of the metrics{where}: {known}. Received: metric={metric!r}"
            )
    return runs


def _by_name(history):
    if all(isinstance(values, list | tuple) for values in history.values()):
        return {"": history}
    return {str(name): getattr(run, "history", run) for name, run in history.items()}


def draw_run(ax, run, metric, prefix="", epochs=None):
    """Draw a metric of one run: training solid, validation dashed.

    Args:
        ax: The `Axes` to draw on.
        run: Dictionary from a name to a list of values. Without validation there is one line.
        metric: The name of the metric, without `val_`.
        prefix: The begin of the labels.
        epochs: Dictionary from a name to the epochs of its values. By default they count from 1.
    """
    color = None  # the next of the cycle, and then the same
    for name, label, style in (
        (metric, "training", "-"),
        (f"val_{metric}", "validation", "--"),
    ):
        if values := run.get(name):
            at = epochs[name] if epochs else range(1, len(values) + 1)
            marker = "o" if len(values) == 1 else None  # a line through one point is not seen
            options = dict(label=prefix + label, linestyle=style, marker=marker, color=color)
            color = ax.plot(at, values, **options)[0].get_color()


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


def _in_words(runs, metric):
    n_epochs = max(len(run[metric]) for run in runs.values())
    is_gain = is_higher_better(metric)
    words = f"Curves of {metric.replace('_', ' ')} over {counted(n_epochs, 'epoch')}"
    if list(runs) == [""]:
        return f"{words}: {run_in_words(runs[''], metric, is_gain)}."
    parts = [f"{name}: {run_in_words(run, metric, is_gain)}" for name, run in runs.items()]
    return f"{words}, of {counted(len(runs), 'run')}. {'; '.join(parts)}."


def run_in_words(run, metric, is_gain, epochs=None):
    """From where to where a metric of one run goes, and which validation value is the best.

    Args:
        run, metric, epochs: As in `draw_run`.
        is_gain: Whether the metric is better the higher it is; None, if that is not known.
    """
    curves = {"training": metric, "validation": f"val_{metric}"}
    curves = {label: name for label, name in curves.items() if run.get(name)}
    at = {
        name: epochs[name] if epochs else range(1, len(values) + 1) for name, values in run.items()
    }
    words = ", ".join(
        f"{label} {_curve_in_words(run[name], at[name])}" for label, name in curves.items()
    )
    validation = list(run.get(f"val_{metric}") or [])
    finite = [value for value in validation if np.isfinite(value)]
    if is_gain is not None and finite:
        best = max(finite) if is_gain else min(finite)
        words += f", best {rounded(best)} in epoch {at[f'val_{metric}'][validation.index(best)]}"
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
