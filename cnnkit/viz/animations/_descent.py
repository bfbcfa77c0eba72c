"""Animate how optimisers walk down the landscape of a loss, step by step."""

from dataclasses import dataclass

import numpy as np

from cnnkit.viz._alt_text import counted, describe, rounded
from cnnkit.viz.animations._animation import MAX_STEPS, Animation
from cnnkit.viz.animations._stage import Stage

_COLORS = ["C0", "C1", "C2", "C3", "C4", "#006d5b"]  # C5 is hardly told from C3
_MARKERS = "osD^vP"  # for those who do not see the colours
_N_LINES = 12  # contours
_RANGE = 100_000  # from the lowest loss that is drawn to the highest
_MARGIN = 0.08  # around the paths, as a share of their extent


@dataclass(frozen=True, eq=False)
class DescentStep:
    """What one frame of `animate_descent` shows.

    Attributes:
        number: Of the step, from 0, the start.
        weights: Array of shape `(paths, 2)`: where each optimiser is.
        losses: Array of shape `(paths,)`: the loss there.
    """

    number: int
    weights: np.ndarray
    losses: np.ndarray


def animate_descent(loss, paths, *, minimum=None):
    """Animate several optimisers that walk down the same loss of two weights.

    On the left the paths grow over contour lines of the loss, with the same scale for both weights.
    Between two neighbouring lines the loss grows by the same factor. On the right the loss of each
    optimiser falls over the steps. In the last frame crosses mark where the paths end.

    Args:
        loss: A function that takes an array of shape `(…, 2)`, pairs of weights, and returns the
            losses, of shape `(…,)`. On the paths they must be finite, none negative, and not all 0.
        paths: A dictionary from the name of an optimiser to its weights after each step: an array
            of shape `(steps + 1, 2)`, the start included. 1 to 6 of them, equally long, with at
            most 35 steps.
        minimum: The pair of weights with the lowest loss, marked with a star; None for no mark.

    Returns:
        An `Animation`, which a notebook plays. Its `steps` are a list with one `DescentStep` a
        frame. It is saved by `.save("descent.gif")`.

    Example:

    >>> import numpy as np
    >>> from cnnkit import viz
    >>> def loss(w):
    ...     return w[..., 0] ** 2 + 10 * w[..., 1] ** 2
    ...
    >>> path = [np.array([4.0, 1.0])]
    >>> for step in range(20):
    ...     path.append(path[-1] - 0.08 * np.array([2, 20]) * path[-1])  # along the slopes
    ...
    >>> animation = viz.animate_descent(loss, {"SGD": np.array(path)}, minimum=(0, 0))
    """
    paths = _check(paths)
    if minimum is not None and np.shape(minimum) != (2,):
        raise ValueError(f"`minimum` must be a pair of weights. Received: minimum={minimum!r}")
    places = np.stack(list(paths.values()), axis=1)  # (steps + 1, paths, 2)
    losses = _losses_at(loss, places)
    steps = [DescentStep(i, *parts) for i, parts in enumerate(zip(places, losses, strict=True))]
    scene = _Scene(loss, list(paths), places, losses, minimum)
    describe(scene.stage.figure, _in_words(list(paths), places, losses))
    return Animation(scene.stage.figure, scene.draw, steps)


def _check(paths):
    paths = {name: np.asarray(path, np.float64) for name, path in paths.items()}
    if not 1 <= len(paths) <= len(_COLORS):
        raise ValueError(f"`paths` must be 1 to {len(_COLORS)}. Received: {len(paths)} paths")
    shapes = {name: path.shape for name, path in paths.items()}
    first, *others = shapes.values()
    if len(first) != 2 or first[1] != 2 or any(shape != first for shape in others):
        raise ValueError(
            "`paths` must be arrays of the same shape, (steps + 1, 2), with the start first. "
            f"Received: {', '.join(f'{name} of shape {shape}' for name, shape in shapes.items())}"
        )
    if not 2 <= first[0] <= MAX_STEPS:
        raise ValueError(
            f"`paths` must have 1 to {MAX_STEPS - 1} steps. Received: {first[0] - 1} steps"
        )
    for name, path in paths.items():
        if not np.isfinite(path).all():
            raise ValueError(f"`paths` must be finite. Received: {name!r}, which has NaN or inf")
    return paths


def _losses_at(loss, places):
    losses = np.asarray(loss(places), np.float64)
    if losses.shape != places.shape[:-1]:
        raise ValueError(
            f"`loss` must return an array of shape {places.shape[:-1]} for weights of shape "
            f"{places.shape}. Received: an array of shape {losses.shape}"
        )
    if not (np.isfinite(losses) & (losses >= 0)).all() or not losses.any():
        raise ValueError(
            "`loss` must be finite on all paths, at least 0, and not 0 everywhere. Received: "
            f"losses from {losses.min()} to {losses.max()}"
        )
    return losses


class _Scene:
    """The landscape with the paths on the left, the losses over the steps on the right."""

    def __init__(self, loss, names, places, losses, minimum):
        self.names, self.places, self.losses = names, places, losses
        titles = {"landscape": "the loss over two weights", "curves": "the loss over the steps"}
        self.stage = Stage([list(titles)], titles, (1.55, 1), 4.4, framed=False)
        landscape, curves = self.stage.panels.values()
        landscape.set(xlabel="weight 1", ylabel="weight 2")
        highest = losses.max()
        lowest = max(losses[losses > 0].min(), highest / _RANGE)
        curves.set(yscale="log", xlim=(0, len(places) - 1), ylim=(lowest / 2, highest * 2))
        curves.set(xlabel="step", ylabel="loss")
        self.paths, self.curves, self.ends = [], [], []
        for i, name in enumerate(names):
            style = dict(color=_COLORS[i], marker=_MARKERS[i], markersize=4, animated=True)
            self.paths += landscape.plot([], [], linewidth=1.4, label=name, **style)
            self.curves += curves.plot([], [], linewidth=1.4, **style)
            cross = dict(
                color=_COLORS[i], markersize=11, markeredgewidth=3, zorder=4, animated=True
            )
            self.ends += landscape.plot([], [], "x", **cross)
        self.stage.figure.legend(handles=self.paths, loc="outside upper center", ncols=len(names))
        self.stage.settle()
        self._draw_contours(landscape, loss, minimum)

    def _draw_contours(self, ax, loss, minimum):
        points = self.places.reshape(-1, 2)
        points = points if minimum is None else np.concatenate([points, [minimum]])
        limits = _equal_limits(points, ax.get_window_extent())
        x, y = np.meshgrid(*(np.linspace(*limit, 200) for limit in limits))
        heights = np.asarray(loss(np.stack([x, y], axis=-1)), np.float64)
        highest = heights[np.isfinite(heights)].max()
        levels = np.geomspace(highest / _RANGE, highest, _N_LINES)
        ax.contour(x, y, heights, levels, colors="0.75", linewidths=0.8)
        ax.set(xlim=limits[0], ylim=limits[1], aspect="equal")
        if minimum is not None:
            ax.plot(*minimum, "*", color="k", markersize=13)

    def draw(self, step):
        """Draw one frame."""
        last, is_end = step.number + 1, step.number == len(self.places) - 1
        for i, (path, curve, end) in enumerate(
            zip(self.paths, self.curves, self.ends, strict=True)
        ):
            path.set_data(*self.places[:last, i].T)
            curve.set_data(range(last), self.losses[:last, i])
            end.set_data(*(step.weights[i : i + 1] if is_end else np.empty((0, 2))).T)
        self.stage.sentence.set_text(self._sentence(step))

    def _sentence(self, step):
        lowest = step.losses.argmin()
        name, loss = self.names[lowest], step.losses[lowest]
        return f"step {step.number} of {len(self.places) - 1}:  lowest loss {loss:.2g}, {name}"


def _equal_limits(points, box):
    """The limits of both axes that show all points, with the same scale for both."""
    low, high = points.min(axis=0), points.max(axis=0)
    extent = (high - low) * (1 + 2 * _MARGIN)
    scale = max(extent / [box.width, box.height]) or 1 / box.width  # weights a pixel
    half = np.array([box.width, box.height]) * scale / 2
    return np.transpose([(low + high) / 2 - half, (low + high) / 2 + half])


def _in_words(names, places, losses):
    n_steps = len(places) - 1
    start, *others = places[0]
    same = all((other == start).all() for other in others)
    begin = f" from weights {_pair(start)}, loss {rounded(losses[0, 0])}" if same else ""
    ends = [
        f"{name} ends at {_pair(place)}, loss {rounded(loss)}"
        for name, place, loss in zip(names, places[-1], losses[-1], strict=True)
    ]
    return (
        f"{counted(len(names), 'optimiser')} on contour lines of a loss of two weights, "
        f"{counted(n_steps, 'step')}{begin}: {'; '.join(ends)}."
    )


def _pair(weights):
    return f"({', '.join(map(rounded, weights.round(2)))})"
