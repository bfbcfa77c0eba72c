"""Draw how much features change when the image is shifted."""

import itertools

import numpy as np

from cnnkit._checks import check_finite
from cnnkit.viz._alt_text import after_title, describe, range_in_words, rounded
from cnnkit.viz._figure import begin, finish

_STYLES = [("o", "-"), ("s", "--"), ("^", "-."), ("D", ":"), ("v", "-"), ("P", "--")]


def plot_shift_curve(shifts, changes, *, ax=None, title=None):
    """Draw the relative change of features for each shift of the image.

    Args:
        shifts: Array of shape `(n,)`, in pixels.
        changes: Dictionary from a name to an array of shape `(n,)`, the relative change at each
            shift: how far the features move, divided by how large they are. 0 means not at all.
        ax: The `Axes` to draw on. By default a new figure.
        title: The text above.

    Returns:
        The `Axes`. Each name has a colour, a line style and a marker of its own.

    Example:

    >>> import numpy as np
    >>> from cnnkit import viz
    >>> shifts = np.arange(5)
    >>> changes = {"max pooling": [0, 0.2, 0.1, 0.2, 0.1], "with a blur": [0, 0.1, 0.1, 0.1, 0.1]}
    >>> axes = viz.plot_shift_curve(shifts, changes)
    """
    shifts, changes = _check(shifts, changes)
    ax = begin(ax)
    styles = itertools.cycle(_STYLES)
    for (name, values), (marker, line) in zip(changes.items(), styles, strict=False):
        ax.plot(shifts, values, label=name, marker=marker, linestyle=line, markersize=5)
    ax.set(xlabel="shift in pixels", ylabel="relative change of features")
    ax.set_ylim(bottom=0)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=3)  # off the lines
    describe(ax.figure, after_title(title, _in_words(shifts, changes)))
    return finish(ax, title)


def _in_words(shifts, changes):
    """The changes at the largest shift and at the smallest one that is none, the largest first."""
    words = (
        f"Relative change of features when the image is shifted, {range_in_words(shifts)} pixels."
    )
    moved = sorted(np.flatnonzero(shifts), key=lambda i: -abs(shifts[i]))
    for i in dict.fromkeys([*moved[:1], *moved[-1:]]):
        order = sorted(changes, key=lambda name: -changes[name][i])
        parts = [f'"{name}" {rounded(changes[name][i])}' for name in order]
        words += f" At {rounded(shifts[i])}, from the largest on: {', '.join(parts)}."
    return words


def _check(shifts, changes):
    """Everything as arrays of float64."""
    shifts = np.asarray(shifts, np.float64)
    check_finite(shifts, "shifts")
    if shifts.ndim != 1 or shifts.size == 0:
        raise ValueError(f"`shifts` must have shape (n,). Received: shifts.shape={shifts.shape}")
    if not isinstance(changes, dict) or not changes:
        raise ValueError(
            "`changes` must be a dictionary from a name to an array, as in "
            f'`{{"max pooling": values}}`. Received: {type(changes).__name__}'
        )
    changes = {str(name): np.asarray(values, np.float64) for name, values in changes.items()}
    for name, values in changes.items():
        check_finite(values, f"changes[{name!r}]")
        if values.shape != shifts.shape:
            raise ValueError(
                f"`changes[{name!r}]` must hold one number for each of the {len(shifts)} shifts. "
                f"Received: an array of shape {values.shape}"
            )
        if values.min() < 0:
            raise ValueError(
                f"`changes[{name!r}]` must not be negative. Received: {values.min():.4g}"
            )
    return shifts, changes
