"""Draw how the activations of layers are distributed while a network is trained."""

import matplotlib.pyplot as plt
import numpy as np

from cnnkit.viz._panels import Panels

_N_COLS = 3
_PANEL = (3.6, 2.7)  # width and height in inches: three in a row are as wide as a notebook


def plot_activations(recorder_or_quantiles, steps=None, *, ax=None, title=None):
    """Draw quantiles of the activations of layers over the steps of training.

    The line is the median; half of the activations are in the dark band, 90 % in the light one. If
    the bands become narrow and stay at 0, the layer is silent; if they drift, the layers behind it
    have to follow (Ioffe and Szegedy, "Batch normalization", 2015, arXiv:1502.03167, figure 1).

    Args:
        recorder_or_quantiles: An `ActivationRecorder` of `cnnkit.explain` after `fit`; or a
            dictionary from the name of a layer to an array of shape `(n, 5)`: the 5, 25, 50, 75 and
            95 % quantiles at each step. A NaN leaves a hole.
        steps: With a dictionary, an array of shape `(n,)`: the steps, in ascending order.
        ax: The `Axes` to draw on, for one layer. By default a new figure with a panel for each
            layer; all have the same axes, so heights can be compared.
        title: The text above. By default each panel has the name of its layer.

    Returns:
        The `Axes`, if `ax` is given, else `Panels`.

    Raises:
        ValueError: If a shape is wrong, nothing is recorded, the steps do not ascend, or `ax` is
            given for several layers.
    """
    steps, quantiles = _check(recorder_or_quantiles, steps)
    if ax is None:
        return _draw_panels(steps, quantiles, title)
    if len(quantiles) > 1:
        raise ValueError(
            "`ax` takes one layer; leave it away, or choose one, as in "
            '`plot_activations({"conv2d": recorder.quantiles["conv2d"]}, recorder.steps, ax=ax)`. '
            f"Received: the layers {', '.join(quantiles)}"
        )
    ((name, values),) = quantiles.items()
    _draw(ax, steps, values, title or name)
    ax.set(xlabel="step", ylabel="activation")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=3)  # off the bands
    return ax


def _draw_panels(steps, quantiles, title):
    n_cols = min(len(quantiles), _N_COLS)
    n_rows = -(-len(quantiles) // n_cols)
    figure, axes = plt.subplots(
        n_rows,
        n_cols,
        squeeze=False,
        sharex=True,
        sharey=True,
        figsize=(n_cols * _PANEL[0], n_rows * _PANEL[1]),
        layout="constrained",
    )
    panels = Panels(figure, axes, list(quantiles.values()))
    for axis, (name, values) in zip(panels, quantiles.items(), strict=True):
        _draw(axis, steps, values, name)
    for axis in axes.flat[len(quantiles) :]:
        axis.set_axis_off()
    for axis in list(panels)[-n_cols:]:  # the lowest of each column, also above a spare one
        axis.tick_params(labelbottom=True)
        axis.set_xlabel("step")
    for axis in axes[:, 0]:
        axis.set_ylabel("activation")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    if title is not None:
        figure.suptitle(title)
    return panels


def _draw(ax, steps, values, title):
    low, lower, median, upper, high = values.T
    marker = "o" if len(steps) == 1 else None  # a line through one point is not seen
    (line,) = ax.plot(steps, median, marker=marker, label="median")
    style = dict(color=line.get_color(), linewidth=0)
    ax.fill_between(steps, lower, upper, alpha=0.5, label="25 to 75 %", **style)
    ax.fill_between(steps, low, high, alpha=0.2, label="5 to 95 %", **style)
    ax.set_title(title)


def _check(recorder_or_quantiles, steps):
    """The steps, and the quantiles by layer, as arrays of float64."""
    quantiles = getattr(recorder_or_quantiles, "quantiles", recorder_or_quantiles)
    steps = getattr(recorder_or_quantiles, "steps", steps)
    if not isinstance(quantiles, dict) or not quantiles:
        raise ValueError(
            "`recorder_or_quantiles` must be an ActivationRecorder, or a dictionary from a name to "
            f"an array. Received: {type(recorder_or_quantiles).__name__}"
        )
    if steps is None:
        raise ValueError("`steps` must be given with a dictionary. Received: steps=None")
    steps = np.asarray(steps, np.float64)
    if steps.ndim != 1 or steps.size == 0 or not (np.diff(steps) > 0).all():
        raise ValueError(
            "`steps` must be at least one number, in ascending order; a recorder has none before "
            f"`fit`. Received: steps={steps}"
        )
    quantiles = {str(name): np.asarray(part, np.float64) for name, part in quantiles.items()}
    for name, values in quantiles.items():
        if values.shape != (len(steps), 5):
            raise ValueError(
                f"`recorder_or_quantiles[{name!r}]` must have shape ({len(steps)}, 5): five "
                f"quantiles at each step. Received: an array of shape {values.shape}"
            )
    return steps, quantiles
