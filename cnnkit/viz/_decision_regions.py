"""Draw what a classifier of points in the plane answers where."""

import sys

import numpy as np
from matplotlib.colors import ListedColormap, to_rgb
from scipy.ndimage import label

from cnnkit._checks import check_finite
from cnnkit.viz._alt_text import after_title, counted, describe, percent, range_in_words
from cnnkit.viz._figure import begin, finish

_N_GRID = 300
_MARKERS = "os^DvPX*"


def plot_decision_regions(model, points, labels, *, ax=None, title=None):
    """Draw the class that a model gives to each place, and labelled points on top.

    Args:
        model: A function from points of shape `(n, 2)`, float32, to `n` class indices; or a Keras
            model. Of several outputs the largest counts. One output means class 1 above 0.5 if the
            last layer's activation is sigmoid, and above 0 if it is another.
        points: Array of shape `(n, 2)`.
        labels: Array of `n` integers: the classes, counted from 0.
        ax: The `Axes` to draw on. By default a new figure.
        title: The text above.

    Returns:
        The `Axes`. Each class has a colour and a marker of its own.

    Example:

    >>> import numpy as np
    >>> from cnnkit import viz
    >>> points = np.random.default_rng(0).normal(size=(200, 2))
    >>> labels = (np.hypot(*points.T) > 1).astype(int)
    >>> def model(points):  # or a Keras model
    ...     return (np.abs(points).max(axis=1) > 1).astype(int)
    ...
    >>> axes = viz.plot_decision_regions(model, points, labels)
    """
    points, labels = _check(points, labels)
    horizontal, vertical = (_ends(coordinates) for coordinates in points.T)
    grid = np.meshgrid(np.linspace(*horizontal, _N_GRID), np.linspace(*vertical, _N_GRID))
    places = np.stack([part.ravel() for part in grid], axis=1).astype(np.float32)
    places = np.concatenate([places, points.astype(np.float32)])
    classes, predicted = np.split(_predict(model, places), [_N_GRID**2])
    classes = classes.reshape(_N_GRID, _N_GRID)
    ax = begin(ax, (5, 4.2))
    colors = _colors(1 + max(labels.max(), classes.max()))
    ax.imshow(
        classes,
        cmap=ListedColormap([_lighten(color) for color in colors]),
        vmin=-0.5,
        vmax=len(colors) - 0.5,
        extent=(*horizontal, *vertical),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
    )
    _draw_points(ax, points, labels, colors)
    words = f"{_regions_in_words(classes)} {_points_in_words(points, labels, predicted)}"
    describe(ax.figure, after_title(title, words))
    return finish(ax, title)


def _regions_in_words(classes):
    parts = []
    for i in np.unique(classes):
        pieces, n = label(classes == i)
        edge = np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]])
        n_enclosed = n - np.count_nonzero(np.unique(edge))
        enclosed = f" ({'' if n == 1 else f'{n_enclosed} of them '}enclosed)" if n_enclosed else ""
        area = percent((classes == i).mean())
        parts.append(f"class {i} in {counted(n, 'piece')}{enclosed}, {area} of the area drawn")
    return f"Regions: {'; '.join(parts)}."


def _points_in_words(points, labels, predicted):
    right = predicted == labels
    ends = [[float(f"{end(x):.2g}") for end in (np.min, np.max)] for x in points.T]
    features = f"features {range_in_words(ends[0])}"
    if ends[0] != ends[1]:
        features = ", ".join(f"feature {i} {range_in_words(of)}" for i, of in enumerate(ends))
    return (
        f"{right.sum()} of {counted(len(points), 'point')} ({percent(right.mean())}) in the region "
        f"of their class; the largest class has {percent(np.bincount(labels).max() / len(labels))} "
        f"of the points ({features})."
    )


def _check(points, labels):
    points, labels = np.asarray(points, np.float64), np.asarray(labels)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(f"`points` must have shape (n, 2). Received: points.shape={points.shape}")
    if labels.size != len(points):
        raise ValueError(
            f"`labels` must have one class for each of the {len(points)} points. "
            f"Received: labels.shape={labels.shape}"
        )
    check_finite(points, "points")
    if labels.dtype.kind not in "biuf" or (labels != np.abs(labels.astype(int))).any():
        raise ValueError(
            f"`labels` must be integers from 0. Received: {np.unique(labels)[:5].tolist()}"
        )
    return points, labels.astype(int).ravel()


def _ends(coordinates):
    margin = 0.08 * np.ptp(coordinates) or 1.0
    return coordinates.min() - margin, coordinates.max() + margin


def _predict(model, places):
    """Class indices, of shape `(n,)`."""
    keras = sys.modules.get("keras")  # who has a Keras model has imported Keras
    is_model = keras is not None and isinstance(model, keras.Model)
    classes = _classes_of_model(model, places) if is_model else np.asarray(model(places))
    if classes.shape != (len(places),) or (classes != np.abs(classes.astype(int))).any():
        raise ValueError(
            "`model` must return one class index for each point. "
            f"Received: {classes.dtype} of shape {classes.shape} for {len(places)} points"
        )
    return classes.astype(int)


def _classes_of_model(model, places):
    outputs = np.asarray(model(places, training=False))
    if outputs.shape[-1] > 1:
        return outputs.argmax(axis=-1)
    activation = getattr(model.layers[-1] if model.layers else None, "activation", None)
    threshold = 0.5 if getattr(activation, "__name__", "") == "sigmoid" else 0
    return (outputs[..., 0] > threshold).astype(int)


def _colors(n):
    return [to_rgb(f"C{i}") for i in range(n)]  # of the style


def _lighten(color):
    return tuple(1 - 0.3 * (1 - part) for part in color)


def _draw_points(ax, points, labels, colors):
    for i in np.unique(labels):
        x, y = points[labels == i].T
        marker = _MARKERS[i % len(_MARKERS)]
        style = dict(color=colors[i], edgecolor="white", linewidth=0.6, s=32)
        ax.scatter(x, y, marker=marker, label=f"class {i}", **style)
    ax.set(xlabel="feature 0", ylabel="feature 1")
    ax.grid(False)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=4)
