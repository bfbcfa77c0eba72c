"""Draw the results of a study over variants and seeds."""

import numpy as np

from cnnkit.viz._alt_text import (
    after_title,
    counted,
    describe,
    listed,
    range_in_words,
    rounded,
)
from cnnkit.viz._figure import begin, finish
from cnnkit.viz._history import is_higher_better

_N_WITH_RUNS = 6  # variants of which the words tell the single runs


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

    Example:

    >>> from cnnkit import data, study, viz
    >>> results = study.Study.load(data.stored("regularisers.csv"))
    >>> axes = viz.plot_study(results, "validation")
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
    describe(ax.figure, after_title(title, _in_words(study, metric)))
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
        of their 95 % intervals. The numbers have a logarithmic scale. The dots of each further line
        are a little to the right, so that none hides another.

    Example:

    >>> from cnnkit import data, study, viz
    >>> results = study.Study.load(data.stored("transfer.csv"))
    >>> sizes = (50, 200, 1000)
    >>> curves = {
    ...     regime: {n: f"{n} photos, {regime}" for n in sizes} for regime in ("scratch", "frozen")
    ... }
    >>> axes = viz.plot_study_curves(results, "accuracy", curves)
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
            beside = np.full(len(values), number * 1.06**i)
            ax.plot(beside, values, "o", color=color, markersize=3)
    numbers = sorted({number for points in curves.values() for number in points})
    ax.set_xscale("log")
    ax.set_xticks(numbers, [f"{number:,}" for number in numbers])
    ax.minorticks_off()
    ax.set_ylabel(metric.replace("_", " "))
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    describe(ax.figure, after_title(title, _curves_in_words(study, metric, curves)))
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


def _in_words(study, metric):
    n_seeds = [len(study.values(variant, metric)) for variant in study.variants]
    fewest, most = min(n_seeds), max(n_seeds)
    n_runs = counted(most, "run") if fewest == most else f"{fewest} to {most} runs"
    means = _finite_means(study, dict(zip(study.variants, study.variants, strict=True)), metric)
    words = (
        f"{counted(len(n_seeds), 'variant')} compared by mean {metric.replace('_', ' ')}, "
        f"{n_runs} each"
    )
    order = list(means)
    if len(means) > 1:
        _, word = _extreme(means, metric)
        order = sorted(means, key=means.get, reverse=word == "highest")
        words += f", {word} first"
    others = [variant for variant in study.variants if variant not in means]
    parts = [_variant_in_words(study, variant, metric) for variant in [*order, *others]]
    return f"{words}: {'; '.join(parts)}.{_intervals_in_words(study, metric, order)}"


def _intervals_in_words(study, metric, order):
    """Whether the best variant is apart from the others; one seed has no interval."""
    if len(order) < 2:
        return ""
    intervals = {variant: study.interval(variant, metric) for variant in order}
    if not np.isfinite(list(intervals.values())).all():
        return ""
    low, high = intervals.pop(order[0])
    overlapping = [f'"{name}"' for name, (a, b) in intervals.items() if a <= high and low <= b]
    names = listed(overlapping) if overlapping else "no other"
    return f' The 95 % interval of "{order[0]}" overlaps with that of {names}.'


def _finite_means(study, variants, metric):
    """The mean of each variant that has one, from a dictionary from a name to the variant."""
    means = {name: study.mean(variant, metric) for name, variant in variants.items()}
    return {name: mean for name, mean in means.items() if np.isfinite(mean)}


def _extreme(means, metric):
    """Which is the best, as far as the name of the metric tells, and what that is called."""
    if is_higher_better(metric) is False:
        return min(means, key=means.get), "lowest"
    return max(means, key=means.get), "highest"


def _variant_in_words(study, variant, metric):
    values = study.values(variant, metric)
    n_diverged = sum(name == variant for name, _ in study.diverged)
    words = f'"{variant}" {rounded(study.mean(variant, metric))}'
    finite = values[np.isfinite(values)]
    if len(finite) > 1 and len(study.variants) <= _N_WITH_RUNS:
        words += f" (runs {range_in_words(finite)})"
    return f"{words}, {n_diverged} of {len(values)} diverged" if n_diverged else words


def _curves_in_words(study, metric, curves):
    numbers = sorted({number for points in curves.values() for number in points})
    lines = []
    for name, points in curves.items():
        means = [f"{rounded(study.mean(points[n], metric))} at {n:,}" for n in sorted(points)]
        lines.append(f"{name}: {listed(means)}")
    words = (
        f"{counted(len(curves), 'curve')} of mean {metric.replace('_', ' ')} at "
        f"{counted(len(numbers), 'number')}, {range_in_words(numbers)}. {'; '.join(lines)}."
    )
    if len(curves) == 1:
        return words
    shared = [n for n in numbers if all(n in points for points in curves.values())]
    for number in dict.fromkeys([*shared[:1], *shared[-1:]]):
        variants = {name: points[number] for name, points in curves.items()}
        if means := _finite_means(study, variants, metric):
            best, word = _extreme(means, metric)
            words += f' At {number:,} "{best}" is the {word}.'
    return words
