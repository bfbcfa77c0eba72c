"""Draw how training went."""

from matplotlib.ticker import MaxNLocator

from cnnkit.viz._figure import begin, finish


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
