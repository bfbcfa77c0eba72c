"""Draw how the activations of layers are distributed while a network is trained."""

import numpy as np

from cnnkit.viz._alt_text import after_title, counted, describe, range_in_words, rounded
from cnnkit.viz._figure import curve_panels

_N_IN_WORDS = 6  # layers: of more the text names two


def plot_activations(steps, quantiles, *, ax=None, title=None):
    """Draw quantiles of the activations of layers over the steps of training.

    The line is the median; half of the activations are in the dark band, 90 % in the light one. If
    the bands become narrow and stay at 0, the layer is silent; if they drift, the layers behind it
    have to follow (Ioffe and Szegedy, "Batch normalization", 2015, arXiv:1502.03167, figure 1).

    Args:
        steps: Array of shape `(n,)`: the steps, in ascending order, such as the `steps` of an
            `ActivationRecorder` of `cnnkit.explain` after `fit`.
        quantiles: Dictionary from the name of a layer to an array of shape `(n, 5)`: the 5, 25, 50,
            75 and 95 % quantiles at each step, such as the recorder's `quantiles`. A NaN leaves a
            hole.
        ax: The `Axes` to draw on, for one layer. By default a new figure with a panel for each
            layer; all have the same axes, so heights can be compared.
        title: The text above. By default each panel has the name of its layer.

    Returns:
        The `Axes`, if `ax` is given, else `Panels`.

    Raises:
        ValueError: If `ax` is given for several layers, or nothing is recorded yet.

    Example:

    >>> import numpy as np
    >>> from cnnkit import viz
    >>> steps = np.array([0, 10, 20])  # an `ActivationRecorder` of `cnnkit.explain` gives both
    >>> maps = np.random.default_rng(0).normal(size=(3, 1000)) * [[1], [2], [4]]
    >>> quantiles = np.quantile(maps, (0.05, 0.25, 0.5, 0.75, 0.95), axis=1).T
    >>> panels = viz.plot_activations(steps, {"first": quantiles, "second": quantiles / 2})
    """
    steps, quantiles = _check(steps, quantiles)
    if ax is None:
        return _draw_panels(steps, quantiles, title)
    if len(quantiles) > 1:
        raise ValueError(
            "`ax` takes one layer; leave it away, or choose one, as in "
            '`plot_activations(recorder.steps, {"conv2d": recorder.quantiles["conv2d"]}, ax=ax)`. '
            f"Received: the layers {', '.join(quantiles)}"
        )
    ((name, values),) = quantiles.items()
    _draw(ax, steps, values, title or name)
    ax.set(xlabel="step", ylabel="activation")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=3)  # off the bands
    describe(ax.figure, after_title(title, _in_words(steps, quantiles)))
    return ax


def _draw_panels(steps, quantiles, title):
    panels = curve_panels(list(quantiles.values()), sharex=True, sharey=True)
    for axis, (name, values) in zip(panels, quantiles.items(), strict=True):
        _draw(axis, steps, values, name)
    n_cols = panels.axes.shape[1]
    for axis in list(panels)[-n_cols:]:  # the lowest of each column, also above a spare one
        axis.tick_params(labelbottom=True)
        axis.set_xlabel("step")
    for axis in panels.axes[:, 0]:
        axis.set_ylabel("activation")
    legend = panels.axes[0, 0].get_legend_handles_labels()
    panels.figure.legend(*legend, loc="outside lower center", ncols=3)
    if title is not None:
        panels.figure.suptitle(title)
    describe(panels.figure, after_title(title, _in_words(steps, quantiles)))
    return panels


def _in_words(steps, quantiles):
    n = len(steps)
    words = (
        f"Activations recorded at {counted(n, 'step')}{',' * (n == 1)} {range_in_words(steps)}; "
        f"width is that of the middle 90 %{', at the first step, then at the last' * (n > 1)}."
    )
    if len(quantiles) <= _N_IN_WORDS:
        layers = [_layer_in_words(*layer) for layer in quantiles.items()]
        return f"{words} {'. '.join(layers)}."
    widths = {name: _widths(values)[-1] for name, values in quantiles.items()}
    known = [name for name, width in widths.items() if np.isfinite(width)]
    words += f" There are {len(quantiles)} panels"
    if len(known) < len(widths):
        words += f", {len(widths) - len(known)} without a finite width at the end"
    for kind, choose in {"Narrowest": min, "Widest": max}.items() if known else ():
        name = choose(known, key=widths.get)
        words += f". {kind} at the end is {_layer_in_words(name, quantiles[name])}"
    return f"{words}."


def _layer_in_words(name, values):
    widths = _widths(values)
    width, median = (
        ", then ".join(map(rounded, ends)) for ends in (widths, values[:: len(values) - 1 or 1, 2])
    )
    if all(0 < width < np.inf for width in widths):
        factor = rounded(widths[-1] / widths[0])
        width += f", {factor} times as wide" if factor != "1" else ""
    return f"{name}: width {width}; median {median}"


def _widths(values):
    """The widths of the middle 90 % at the first and at the last step, if these are two."""
    return [high - low for low, *_, high in values[:: len(values) - 1 or 1].tolist()]


def _draw(ax, steps, values, title):
    low, lower, median, upper, high = values.T
    marker = "o" if len(steps) == 1 else None  # a line through one point is not seen
    (line,) = ax.plot(steps, median, marker=marker, label="median")
    style = dict(color=line.get_color(), linewidth=0)
    ax.fill_between(steps, lower, upper, alpha=0.5, label="25 to 75 %", **style)
    ax.fill_between(steps, low, high, alpha=0.2, label="5 to 95 %", **style)
    ax.set_title(title)


def _check(steps, quantiles):
    """The steps, and the quantiles by layer, as arrays of float64."""
    steps = np.asarray(steps, np.float64)
    if steps.ndim != 1 or steps.size == 0 or not (np.diff(steps) > 0).all():
        raise ValueError(
            "`steps` must be at least one number, in ascending order; a recorder has none before "
            f"`fit`. Received: steps={steps}"
        )
    if not isinstance(quantiles, dict) or not quantiles:
        raise ValueError(
            "`quantiles` must be a dictionary, not empty, from a name to an array. "
            f"Received: {type(quantiles).__name__}"
        )
    quantiles = {str(name): np.asarray(part, np.float64) for name, part in quantiles.items()}
    for name, values in quantiles.items():
        if values.shape != (len(steps), 5):
            raise ValueError(
                f"`quantiles[{name!r}]` must have shape ({len(steps)}, 5): five quantiles at each "
                f"step. Received: an array of shape {values.shape}"
            )
    return steps, quantiles
