"""Draw a fully connected network as nodes and lines."""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.patches import Circle

from cnnkit._checks import check_finite, check_positive
from cnnkit.viz._alt_text import after_title, describe, one_line, range_in_words
from cnnkit.viz._colors import signed_colors
from cnnkit.viz._figure import begin, finish

_MAX_UNITS = 10  # of a layer that is drawn whole; of a larger one
_N_ENDS = 4  # units at the top and as many at the bottom
_WIDEST = 3  # points, the line of the largest weight
_COLOR_BAR = 0.9  # inches beside the network
# In inches, which are the units of the axes:
_RADIUS = 0.13
_STEP = 0.36  # from a unit to the next one
_GAP = 1.7  # from a layer to the next one, at least
_MARGIN = 0.15
_BELOW = 0.35  # for the numbers
# In points; a character is about 0.6 of it wide:
_NAME, _CAPTION = 10, 8


def plot_network(n_units, *, names=None, weights=None, ax=None, title=None):
    """Draw a fully connected network: a node for each number, a line for each weight.

    On the left are the inputs, white, and then the units of one layer after the other, grey. A
    layer of more than 10 shows the first 4 and the last 4. Below each layer stands how many units
    it has, and between two layers how many weights and biases connect them.

    Args:
        n_units: How many inputs there are, and how many units in each layer, as `[4, 5, 3]`.
        names: One text for each of them. By default "inputs", "hidden" and "outputs".
        weights: One array of shape `(n_in, n_out)` for each pair of neighbours, as the kernels of
            Keras's `Dense` layers are. Then lines are blue below 0 and red above, all with the same
            range, wider the larger the weight is; a weight of 0 has none. By default all lines are
            grey.
        ax: The `Axes` to draw on. By default a new figure.
        title: The text above.

    Returns:
        The `Axes`. The circle of number 2 of the inputs has the `get_gid()` "unit 0 2". The lines
        from the inputs on are a `LineCollection` with the gid "weights 0", in the order of the
        flattened matrix of the weights that are drawn: lines can be coloured by hand.

    Example:

    >>> from cnnkit import viz
    >>> axes = viz.plot_network([64, 16, 10], names=["pixels", "hidden", "digits"])
    """
    n_units = _check_units(n_units)
    names = _check_names(names, len(n_units))
    weights = _check_weights(weights, n_units)
    captions = [f"{a:,} × {b:,} weights\n+ {b:,} biases" for a, b in _pairs(n_units)]
    captions = [text.replace("+ 1 biases", "+ 1 bias") for text in captions]
    x, left, right = _columns(n_units, names, captions)
    y = [_heights(n) for n in n_units]
    high = max(heights[0] for heights in y) + _RADIUS + _MARGIN
    top = high + _lines(names) * _NAME * 1.2 / 72 + _MARGIN
    size = (right - left, high + _BELOW + top)
    scale = 1 if ax is None else _scale(ax, size)
    ax = begin(ax, (size[0] + _COLOR_BAR * bool(weights), size[1] + 0.3 * bool(title)))
    _draw_lines(ax, x, y, n_units, weights)
    for i, (column, heights) in enumerate(zip(x, y, strict=True)):
        _draw_units(ax, i, column, heights, n_units[i])
    style = dict(ha="center", linespacing=1.2)
    for column, name, n in zip(x, names, n_units, strict=True):
        ax.text(column, high, name, va="baseline", fontsize=_NAME * scale, **style)
        ax.text(column, -high, f"{n:,}", va="top", fontsize=_NAME * scale, **style)
    for middle, text in zip((x[1:] + x[:-1]) / 2, captions, strict=True):
        ax.text(middle, -high, text, va="top", fontsize=_CAPTION * scale, color="0.3", **style)
    ax.set(xlim=(left, right), ylim=(-high - _BELOW, top), aspect="equal")
    ax.set_axis_off()
    describe(ax.figure, after_title(title, _in_words(n_units, names, captions, weights)))
    return finish(ax, title)


def _in_words(n_units, names, captions, weights):
    layers = [f"{one_line(name)} with {n:,}" for name, n in zip(names, n_units, strict=True)]
    between = [one_line(text) for text in captions]
    total = sum((a + 1) * b for a, b in _pairs(n_units))
    words = f"Fully connected network, from left to right: {', '.join(layers)}. "
    words += f"Between them {', then '.join(between)}: {total:,} parameters."
    if weights:
        words += f" The weights are {', then '.join(map(range_in_words, weights))}."
    return words


def _pairs(n_units):
    return list(zip(n_units[:-1], n_units[1:], strict=True))


def _lines(texts):
    return 1 + max(text.count("\n") for text in texts)


def _width(text, size):
    return 0.6 * size / 72 * max(map(len, text.split("\n")))


def _columns(n_units, names, captions):
    """Where the layers are, so far apart that no text meets another, and where the ends are."""
    above = np.array([_width(name, _NAME) for name in names]) / 2
    below = np.array([_width(f"{n:,}", _NAME) for n in n_units]) / 2
    between = np.array([_width(text, _CAPTION) for text in captions])
    gaps = np.maximum(above[1:] + above[:-1], below[1:] + below[:-1] + between + _MARGIN)
    x = np.concatenate([[0], np.cumsum(np.maximum(gaps + _MARGIN, _GAP))])
    ends = np.maximum(np.maximum(above, below), _RADIUS) + _MARGIN
    return x, (x - ends).min(), (x + ends).max()


def _scale(ax, size):
    """How much smaller than planned texts must be on an `Axes` that is smaller than planned."""
    box, figure_size = ax.get_position(), ax.figure.get_size_inches()
    # Before a figure is laid out, an Axes has about a fifth less than it will have.
    return min(
        1.25 * box.width * figure_size[0] / size[0], box.height * figure_size[1] / size[1], 1
    )


def _is_short(n):
    return n > _MAX_UNITS


def _shown(n):
    """Which of the units of a layer are drawn."""
    return np.r_[:_N_ENDS, n - _N_ENDS : n] if _is_short(n) else np.arange(n)


def _heights(n):
    """Where the units that are drawn are, from the top; those in the middle are left out."""
    n_places = 2 * _N_ENDS + 1 if _is_short(n) else n
    heights = _STEP * ((n_places - 1) / 2 - np.arange(n_places))
    return np.delete(heights, _N_ENDS) if _is_short(n) else heights


def _draw_units(ax, i, x, heights, n):
    style = dict(facecolor="white" if i == 0 else "0.85", edgecolor="0.2", linewidth=0.9, zorder=3)
    for unit, y in zip(_shown(n), heights, strict=True):
        ax.add_patch(Circle((x, y), _RADIUS, gid=f"unit {i} {unit}", **style))
    if _is_short(n):
        ax.plot([x] * 3, [0.09, 0, -0.09], ".", color="0.2", markersize=3, gid="left out")


def _draw_lines(ax, x, y, n_units, weights):
    colors = signed_colors(weights) if weights else {}
    norm = Normalize(colors.get("vmin"), colors.get("vmax"))
    for i, (n_in, n_out) in enumerate(_pairs(n_units)):
        ends = [[(x[i], a), (x[i + 1], b)] for a in y[i] for b in y[i + 1]]
        lines = LineCollection(ends, zorder=1, gid=f"weights {i}")
        if not weights:
            lines.set(color="0.6", linewidth=0.6)
        else:
            drawn = weights[i][np.ix_(_shown(n_in), _shown(n_out))].ravel()
            lines.set(array=drawn, cmap=colors["cmap"], norm=norm)
            lines.set_linewidth(_WIDEST * np.abs(drawn) / norm.vmax)
        ax.add_collection(lines)
    if weights:
        bar = ScalarMappable(norm, colors["cmap"])
        ax.figure.colorbar(bar, ax=ax, fraction=0.05, pad=0.02, shrink=0.6, label="weight")


def _check_units(n_units):
    n_units = [n_units] if np.ndim(n_units) != 1 else list(n_units)
    if len(n_units) < 2:
        raise ValueError(
            "`n_units` must have at least two numbers, of inputs and of outputs, as [4, 3]. "
            f"Received: n_units={n_units}"
        )
    for n in n_units:
        check_positive(n, "n_units")
    return [int(n) for n in n_units]


def _check_names(names, n):
    if names is None:
        hidden = ["hidden"] if n == 3 else [f"hidden {i}" for i in range(1, n - 1)]
        return ["inputs", *hidden, "outputs"]
    if isinstance(names, str) or len(names) != n:
        raise ValueError(
            f"`names` must have one text for each of the {n} entries of `n_units`. "
            f"Received: names={names!r}"
        )
    return [str(name) for name in names]


def _check_weights(weights, n_units):
    """A list of arrays, float64, or an empty one."""
    if weights is None:
        return []
    weights = [np.asarray(part, np.float64) for part in weights]
    shapes, wanted = [part.shape for part in weights], _pairs(n_units)
    if shapes != wanted:
        turned = [shape[::-1] for shape in shapes] == wanted
        raise ValueError(
            f"`weights` must be a list of arrays of the shapes {wanted}"
            f"{': turn yours with `.T`' * turned}. Received: the shapes {shapes[:6]}"
        )
    for part in weights:
        check_finite(part, "weights")
    return weights
