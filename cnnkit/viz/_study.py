"""Draw the results of a study over variants and seeds."""

import numpy as np

from cnnkit.viz._figure import begin, finish


def plot_study(study, metric, *, ax=None, title=None):
    """Draw a metric of every run, and its mean and interval for each variant.

    Args:
        study: A `cnnkit.study.Study`.
        metric: The name of the metric.
        ax: The `Axes` to draw on. By default a new figure.
        title: The text above.

    Returns:
        The `Axes`. Each variant has a line, the first one on top: a dot for each seed, and below
        the dots the mean with its 95 % interval, which needs two seeds. Runs that diverged have no
        dot; the name says how many they are.
    """
    if metric not in study.metrics:
        raise ValueError(
            f"`metric` must be one of {', '.join(study.metrics) or 'none'}. "
            f"Received: metric={metric!r}"
        )
    ax = begin(ax)
    for place, variant in enumerate(study.variants):
        _draw_variant(ax, study, variant, metric, place)
    labels = [_label(study, variant, metric) for variant in study.variants]
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)  # downwards
    ax.set_xlabel(metric.replace("_", " "))
    ax.legend(*_legend(ax), loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2)
    return finish(ax, title)


def plot_study_curves(study, metric, curves, *, ax=None, title=None):
    """Draw a metric against a number that the variants differ in, such as that of the photos.

    Args:
        study: A `cnnkit.study.Study`.
        metric: The name of the metric.
        curves: A dictionary from the name of a line to its points: a dictionary from the number,
            above 0, to the name of the variant.
        ax: The `Axes` to draw on. By default a new figure.
        title: The text above.

    Returns:
        The `Axes`. Each line has a dot for each seed, goes through the means, and lies in a band
        of their 95 % intervals. The numbers have a logarithmic scale.
    """
    if not curves or not all(curves.values()):
        raise ValueError(f"`curves` must have lines with points. Received: curves={curves!r}")
    ax = begin(ax)
    for i, (name, points) in enumerate(curves.items()):
        numbers, color = sorted(points), f"C{i}"
        variants = [points[number] for number in numbers]
        means = [study.mean(variant, metric) for variant in variants]
        low, high = np.transpose([study.interval(variant, metric) for variant in variants])
        ax.plot(numbers, means, "-", color=color, label=name)
        ax.fill_between(numbers, low, high, color=color, alpha=0.15, linewidth=0)
        for number, variant in zip(numbers, variants, strict=True):
            values = study.values(variant, metric)
            ax.plot(np.full(len(values), number), values, "o", color=color, markersize=3)
    numbers = sorted({number for points in curves.values() for number in points})
    ax.set_xscale("log")
    ax.set_xticks(numbers, [f"{number:,}" for number in numbers])
    ax.minorticks_off()
    ax.set_ylabel(metric.replace("_", " "))
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return finish(ax, title)


def _draw_variant(ax, study, variant, metric, place):
    values = study.values(variant, metric)
    values = values[np.isfinite(values)]
    heights = np.full(len(values), place - 0.1)
    ax.plot(values, heights, "o", color="C0", alpha=0.6, label="one seed")
    mean, interval = study.mean(variant, metric), study.interval(variant, metric)
    errors = np.abs(np.array([interval]).T - mean)
    label = "mean and 95 % interval"
    ax.errorbar(
        mean, place + 0.15, xerr=errors, fmt="D", markersize=5, capsize=4, color="k", label=label
    )


def _label(study, variant, metric):
    n = len(study.values(variant, metric))
    n_diverged = sum(name == variant for name, _ in study.diverged)
    return f"{variant}\n({n_diverged} of {n} diverged)" if n_diverged else variant


def _legend(ax):
    """Each kind of mark once."""
    handles, labels = ax.get_legend_handles_labels()
    by_label = dict(zip(labels, handles, strict=True))
    return by_label.values(), by_label.keys()
