"""Figures: one Axes to draw on, or several panels."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np

from cnnkit._checks import check_positive

_WIDTH = 10.8  # inches: about what a notebook shows without scrolling
_N_CURVES = 3  # panels with curves in a row, which then is as wide as a notebook,
_CURVE = (_WIDTH / _N_CURVES, 2.7)  # and the size of each


def begin(ax, figsize=None):
    """The `Axes` to draw on: `ax`, or if it is None that of a new figure."""
    return ax or plt.subplots(figsize=figsize, layout="constrained")[1]


def finish(ax, title):
    """Write the title, unless it is None; returns the `Axes`."""
    if title is not None:
        ax.set_title(title)
    return ax


@dataclass(frozen=True, eq=False, repr=False)
class Panels:
    """Several panels of one figure. Iterating over it gives the `Axes` that are in use.

    Attributes:
        figure: The `matplotlib.figure.Figure`.
        axes: A two-dimensional array of `Axes`, spare ones included.
        values: What was drawn, one array a panel.

    Example:

    >>> from cnnkit import data, viz
    >>> pets, labels = data.draw_pets(4, seed=0)
    >>> panels = viz.plot_images(pets)
    >>> for axes, label in zip(panels, labels):
    ...     title = axes.set_title(["cat", "dog"][label])
    ...
    >>> panels.figure.savefig("pets.png")
    """

    figure: plt.Figure
    axes: np.ndarray
    values: list

    def __repr__(self):
        rows, columns = self.axes.shape
        return f"<Panels: {len(self.values)} in {rows} x {columns}>"

    def __iter__(self):
        return iter(self.axes.flat[: len(self.values)])


def new_panels(values, n_cols, size, figure=None, **options):
    """A figure with one empty panel for each of `values`.

    Args:
        values: A list, one for each panel.
        n_cols: Panels in a row.
        size: `(width, height)` of a panel in inches.
        figure: An empty `Figure`, by default a new one of pyplot's.
        **options: As for `Figure.subplots`.

    Returns:
        `Panels`; the spare axes of the last row are hidden.
    """
    n_rows = -(-len(values) // n_cols)
    figure = figure or plt.figure(layout="constrained")
    figure.set_size_inches(n_cols * size[0], n_rows * size[1])
    axes = figure.subplots(n_rows, n_cols, squeeze=False, **options)
    for spare in axes.flat[len(values) :]:
        spare.set_axis_off()
    return Panels(figure, axes, values)


def curve_panels(values, figure=None, **options):
    """Up to three panels in a row with axes for curves; the arguments are those of `new_panels`."""
    return new_panels(values, min(len(values), _N_CURVES), _CURVE, figure, **options)


def image_panels(values, n_cols=None, titled=False):
    """Panels without axes, as high as the images in them are.

    Args:
        values: A list of arrays, one for each panel.
        n_cols: Panels in a row; by default up to eight.
        titled: Whether the panels leave room for a title.

    Returns:
        `Panels`.
    """
    n_cols = min(len(values), 8) if n_cols is None else n_cols
    check_positive(n_cols, "n_cols")
    width = min(_WIDTH / n_cols, 2.7)  # inches
    height = width * max(value.shape[0] / value.shape[1] for value in values)
    height = min(max(height, 0.5 * width), 1.5 * width) + 0.25 * titled
    panels = new_panels(values, n_cols, (width, height))
    for axis in panels:
        axis.set_axis_off()
    return panels


def name_panels(panels, titles):
    """Write small titles above panels, as many as there are."""
    for axis, title in zip(panels, titles or [], strict=False):
        axis.set_title(title, fontsize="small")


def check_titles(titles, n, what="images"):
    """Raise `ValueError` unless `titles` is None or has `n` texts."""
    if titles is not None and (isinstance(titles, str) or len(titles) != n):
        received = repr(titles) if isinstance(titles, str) else f"{len(titles)} titles"
        raise ValueError(
            f"`titles` must have one text for each of the {n} {what}. Received: {received}"
        )
