"""Several panels in one figure."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np

_WIDTH = 10.8  # inches: about what a notebook shows without scrolling


@dataclass(repr=False)
class Panels:
    """Several panels of one figure.

    Attributes:
        figure: The `matplotlib.figure.Figure`.
        axes: A two-dimensional array of `Axes`, spare ones included.
        values: What was drawn, one array a panel.
    """

    figure: plt.Figure
    axes: np.ndarray
    values: list

    def __repr__(self):
        rows, columns = self.axes.shape
        return f"<Panels: {len(self.values)} in {rows} x {columns}>"

    def __iter__(self):
        return iter(self.axes.flat[: len(self.values)])


def new_panels(values, n_cols, titled=False):
    """A new figure with one empty panel, without ticks, for each of `values`.

    Args:
        values: A list of arrays, one for each panel.
        n_cols: Panels in a row; by default up to eight.
        titled: Whether the panels leave room for a title.

    Returns:
        `Panels`; the spare axes of the last row are hidden.
    """
    n_cols = n_cols or min(len(values), 8)
    n_rows = -(-len(values) // n_cols)
    width = min(_WIDTH / n_cols, 2.7)  # inches
    height = width * max(value.shape[0] / value.shape[1] for value in values)
    height = min(max(height, 0.5 * width), 1.5 * width) + 0.25 * titled
    figure, axes = plt.subplots(
        n_rows,
        n_cols,
        squeeze=False,
        figsize=(width * n_cols, height * n_rows),
        layout="constrained",
    )
    for axis in axes.flat:
        axis.set_axis_off()
    return Panels(figure, axes, values)


def check_titles(titles, n, name="titles"):
    """Raise `ValueError` unless `titles` is None or has `n` texts."""
    if titles is not None and (isinstance(titles, str) or len(titles) != n):
        received = repr(titles) if isinstance(titles, str) else len(titles)
        raise ValueError(
            f"`{name}` must have one text for each of the {n} images. Received: {received}"
        )
