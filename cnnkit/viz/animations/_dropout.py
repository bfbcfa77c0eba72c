"""Animate dropout: one step of training after the other, and then inference."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.collections import LineCollection

from cnnkit._checks import as_generator, check_positive
from cnnkit.reference import dropout
from cnnkit.viz._alt_text import (
    counted,
    describe,
    listed,
    range_in_words,
    rounded,
    rows_and_columns,
)
from cnnkit.viz._cells import font_size, write_in_cells
from cnnkit.viz._colors import choose_colors
from cnnkit.viz._images import as_image
from cnnkit.viz._numbers import number_format, number_texts
from cnnkit.viz.animations._animation import MAX_STEPS, Animation
from cnnkit.viz.animations._cell_grid import CellGrid, check_sides
from cnnkit.viz.animations._stage import Stage

_MAX_SIDE = 10
_MAX_LAYERS, _MAX_UNITS = 6, 10


@dataclass(frozen=True, eq=False)
class DropoutStep:
    """What one frame of `animate_dropout` shows.

    Attributes:
        number: Of the step of training, from 1. None in the last frame, which shows inference.
        units: A list of boolean arrays of shape `(units,)`, one for each layer of the network:
            which are kept.
        is_kept: Boolean array of the shape of the feature map: which values are kept.
        output: Array of the same shape, float64: what the dropout layer gives.
    """

    number: int | None
    units: list
    is_kept: np.ndarray
    output: np.ndarray


def animate_dropout(feature_map, *, rate=0.5, layer_sizes=(4, 6, 6, 2), n_steps=8, seed=None):
    """Animate which units and values dropout removes, as `keras.layers.Dropout` does it.

    Each frame but the last is a step of training, with draws of its own: on the left in a dense
    network, whose hidden units vanish together with their connections; on the right in a feature
    map, whose values become 0, hatched, or are multiplied by `1 / (1 - rate)`. The last frame is
    inference: all is there, and nothing is multiplied. The written numbers are rounded. See
    Srivastava et al., "Dropout", 2014, Journal of Machine Learning Research 15, 1929-1958, and
    `cnnkit.reference.dropout`.

    The inputs of the network are kept: what is dropped there nothing else in the network holds, and
    the paper keeps them more often than hidden units, with a probability of 0.8. The outputs are
    the answer, so they are always kept. In the map each value is drawn alone, and neighbours, which
    are alike, can stand in for it; `keras.layers.SpatialDropout2D` drops whole maps instead.

    Args:
        feature_map: One channel of feature maps, in one of the forms that `plot_images` takes, of
            at most 10 rows and columns.
        rate: The probability of each hidden unit and each value to be dropped, at least 0 and
            below 1.
        layer_sizes: The units of each layer of the network, from the inputs to the outputs: 3 to 6
            numbers of at most 10.
        n_steps: How many steps of training, at most 35.
        seed: An integer or a `numpy.random.Generator`, for the same draws each time; None draws
            new numbers.

    Returns:
        An `Animation`, which a notebook plays. Its `steps` are a list with one `DropoutStep` a
        frame. It is saved by `.save("dropout.gif")`.

    Example:

    >>> import numpy as np
    >>> from cnnkit import viz
    >>> feature_map = np.random.default_rng(0).uniform(0, 1, (6, 6))
    >>> animation = viz.animate_dropout(feature_map, rate=0.5, n_steps=4, seed=0)
    """
    feature_map = _check(feature_map, rate, layer_sizes, n_steps)
    rng = as_generator(seed)
    steps = [_step(i + 1, feature_map, rate, layer_sizes, rng) for i in range(n_steps)]
    steps.append(_step(None, feature_map, 0, layer_sizes, rng))
    scene = _Scene(feature_map, rate, layer_sizes)
    describe(scene.stage.figure, _in_words(feature_map, rate, layer_sizes, steps))
    return Animation(scene.stage.figure, scene.draw, steps)


def _in_words(feature_map, rate, layer_sizes, steps):
    *training, _ = steps
    hidden = [np.concatenate(step.units[1:-1]) for step in training]
    dropped = [(~units).sum() for units in hidden], [(~step.is_kept).sum() for step in training]
    numbers = [range_in_words(counts).removeprefix("all ") for counts in dropped]
    return (
        f"Dropout at rate {rate:g} in a dense network with layers of "
        f"{listed(list(map(str, layer_sizes)))} units, and in a feature map of "
        f"{rows_and_columns(feature_map.shape)}, in {counted(len(training), 'training step')} and "
        f"then inference. Each step draws anew which to drop: {numbers[0]} of "
        f"{counted(hidden[0].size, 'hidden unit')} and {numbers[1]} of "
        f"{counted(feature_map.size, 'value')}; the other values are multiplied by "
        f"{rounded(1 / (1 - rate))}. Inference drops nothing and multiplies nothing."
    )


def _check(feature_map, rate, layer_sizes, n_steps):
    feature_map = as_image(feature_map).astype(np.float64)
    if feature_map.ndim != 2:
        raise ValueError(
            "`feature_map` must have one channel: choose one, as in `feature_map[..., 0]`. "
            f"Received: feature_map.shape={feature_map.shape}"
        )
    check_sides(*feature_map.shape, _MAX_SIDE, "`feature_map`")
    if not 0 <= rate < 1:
        raise ValueError(f"`rate` must be at least 0 and below 1. Received: rate={rate!r}")
    for size in layer_sizes:
        check_positive(size, "layer_sizes")
    if not 3 <= len(layer_sizes) <= _MAX_LAYERS or max(layer_sizes) > _MAX_UNITS:
        raise ValueError(
            f"`layer_sizes` must be 3 to {_MAX_LAYERS} numbers of at most {_MAX_UNITS}. "
            f"Received: layer_sizes={layer_sizes!r}"
        )
    check_positive(n_steps, "n_steps")
    if n_steps >= MAX_STEPS:
        raise ValueError(f"`n_steps` must be at most {MAX_STEPS - 1}. Received: n_steps={n_steps}")
    return feature_map


def _step(number, feature_map, rate, layer_sizes, rng):
    # Ones and not the values themselves: a value may be 0 although it is kept.
    factors = [dropout(np.ones(size), rate, seed=rng) for size in layer_sizes[1:-1]]
    inputs, outputs = np.ones(layer_sizes[0], bool), np.ones(layer_sizes[-1], bool)
    units = [inputs, *(factor > 0 for factor in factors), outputs]
    factors = dropout(np.ones(feature_map.shape), rate, seed=rng)
    return DropoutStep(number, units, factors > 0, feature_map * factors)


class _Scene:
    """The network on the left, the feature map in the middle, what dropout makes of it right."""

    def __init__(self, feature_map, rate, layer_sizes):
        self.rate = rate
        titles = {
            "network": "dense network",
            "before": "feature map",
            "after": "feature map after dropout",
        }
        self.stage = Stage([list(titles)], titles, (1.1, 1, 1), 4.2)
        network, before, after = self.stage.panels.values()
        self._draw_network(network, layer_sizes)
        self._draw_maps(before, after, feature_map)

    def _draw_network(self, ax, layer_sizes):
        self.places = [_unit_places(layer, size) for layer, size in enumerate(layer_sizes)]
        last = len(layer_sizes) - 1
        for layer, places in enumerate(self.places):
            text = {0: "inputs", last: "outputs"}.get(layer, "hidden")
            ax.text(layer, -0.06, text, ha="center", va="top")
            # What stays where a unit vanishes.
            ax.scatter(*places.T, s=120, facecolor="white", edgecolor="0.6", linestyle=":")
        self.lines = LineCollection([], color="0.55", linewidth=0.8, zorder=2, animated=True)
        ax.add_collection(self.lines, autolim=False)
        self.units = ax.scatter([], [], s=150, color="C0", zorder=3, animated=True)
        ax.set(xlim=(-0.4, last + 0.4), ylim=(-0.15, 1.02))
        ax.spines[:].set_visible(False)

    def _draw_maps(self, before, after, feature_map):
        scaled = feature_map / (1 - self.rate)
        self.format = number_format([feature_map, scaled])
        colors = choose_colors([scaled])
        texts = [self._texts(feature_map), self._texts(scaled)]
        self.output = CellGrid(after, texts, colors)
        after.patch.set(hatch="///", edgecolor="0.85")  # seen where a value is dropped
        size = min(font_size(before, each) for each in texts)
        write_in_cells(before, before.imshow(feature_map, **colors), texts[0], fontsize=size)

    def draw(self, step):
        """Draw one frame."""
        kept = [places[units] for places, units in zip(self.places, step.units, strict=True)]
        self.units.set_offsets(np.concatenate(kept))
        self.lines.set_segments(_connections(kept))
        values = np.ma.array(step.output, mask=~step.is_kept)
        self.output.show(values, self._texts(step.output))
        self.stage.sentence.set_text(self._sentence(step))

    def _texts(self, values):
        texts = number_texts(values, self.format)
        texts[values == 0] = "0"  # and not "0.00", which might be a small number
        return texts

    def _sentence(self, step):
        if step.number is None:
            return "inference:  nothing is dropped, and nothing is multiplied"
        hidden = np.concatenate(step.units[1:-1])
        scale = 1 / (1 - self.rate)
        sign = "=" if math.isclose(float(f"{scale:.3g}"), scale) else "≈"
        return (
            f"training step {step.number}:  {(~hidden).sum()} of {hidden.size} hidden units and "
            f"{(~step.is_kept).sum()} of {step.is_kept.size} values are dropped; "
            f"the others are multiplied by 1 / (1 - {self.rate:g}) {sign} {scale:.3g}"
        )


def _unit_places(layer, size):
    """The units of a layer, one above the other: an array of shape `(size, 2)`."""
    heights = (np.arange(size) + 0.5) / size
    return np.stack([np.full(size, layer), heights], axis=1)


def _connections(places):
    """A line from each unit to each of the next layer."""
    return [
        (unit, after)
        for layer, next_layer in pairwise(places)
        for unit in layer
        for after in next_layer
    ]
