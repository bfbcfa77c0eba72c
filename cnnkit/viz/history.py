"""Draw how training went."""

import matplotlib.pyplot as plt
from matplotlib.ticker import MaxNLocator


def plot_history(history, metric="loss", *, ax=None, title=None):
    """Draw a metric after each epoch: training solid, validation dashed.

    Args:
        history: What `model.fit` returned, its `history` dictionary, or a dictionary from a name
            to either, to compare several runs.
        metric: The name of the metric, without `val_`.
        ax: The `Axes` to draw on. By default a new figure.
        title: The text above.

    Returns:
        The `Axes`. Epochs count from 1. A run without validation has no dashed line.

    Raises:
        ValueError: If a run has no such metric.
    """
    runs = _runs(history)
    for name, run in runs.items():
        if not run.get(metric):
            known = ", ".join(sorted({key.removeprefix("val_") for key in run})) or "none"
            where = f" of {name!r}" if name else ""
            raise ValueError(
                f"`metric` must be one of the metrics{where}: {known}. Received: metric={metric!r}"
            )
    ax = ax or plt.subplots(layout="constrained")[1]
    for name, run in runs.items():
        _draw_run(ax, run, metric, f"{name}, " if name else "")
    ax.set(xlabel="epoch", ylabel=metric.replace("_", " "))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.legend()
    if title is not None:
        ax.set_title(title)
    return ax


def _runs(history):
    """Dictionaries of metrics by the name of the run, which is "" if there is only one."""
    history = getattr(history, "history", history)
    if all(isinstance(values, list | tuple) for values in history.values()):
        return {"": history}
    return {str(name): getattr(run, "history", run) for name, run in history.items()}


def _draw_run(ax, run, metric, prefix):
    (line,) = _draw_line(ax, run[metric], f"{prefix}training")
    if run.get(f"val_{metric}"):
        label = f"{prefix}validation"
        _draw_line(ax, run[f"val_{metric}"], label, linestyle="--", color=line.get_color())


def _draw_line(ax, values, label, **options):
    marker = "o" if len(values) == 1 else None  # a line through one point is not seen
    return ax.plot(range(1, len(values) + 1), values, label=label, marker=marker, **options)
