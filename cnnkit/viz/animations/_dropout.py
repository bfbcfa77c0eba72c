"""Animate dropout: one step of training after the other, and then inference."""

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from cnnkit._checks import check_positive
from cnnkit.reference import dropout
from cnnkit.viz._cells import (
    SIGNED,
    font_size,
    frame,
    number_format,
    number_texts,
    text_colours,
    write_in_cells,
)
from cnnkit.viz._images import as_image
from cnnkit.viz._ranges import symmetric_range
from cnnkit.viz.animations._animation import MAX_FRAMES, Animation
from cnnkit.viz.animations._sliding_window import check_sides

_MAX_SIDE = 10
_MAX_LAYERS, _MAX_UNITS = 6, 10


class DropoutStep(NamedTuple):
    """What one frame of `animate_dropout` shows.

    Attributes:
        is_training: False in the last frame, which shows inference.
        units: A list of boolean arrays of shape `(units,)`, one for each layer of the network:
            which are kept.
        is_kept: Boolean array of the shape of the feature map: which values are kept.
        output: Array of the same shape, float64: what the dropout layer gives.
    """

    is_training: bool
    units: list
    is_kept: np.ndarray
    output: np.ndarray


def animate_dropout(feature_map, rate=0.5, *, layer_sizes=(4, 6, 6, 2), steps=8, seed=None):
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
        feature_map: One channel of feature maps, in one of the forms that `as_images` accepts, of
            at most 10 rows and columns.
        rate: The probability of each hidden unit and each value to be dropped, at least 0 and
            below 1.
        layer_sizes: The units of each layer of the network, from the inputs to the outputs: 3 to 6
            numbers of at most 10.
        steps: How many steps of training, at most 35.
        seed: An integer, for the same draws each time.

    Returns:
        An `Animation`, which a notebook plays. Its `steps` are a list with one `DropoutStep` a
        frame. It is saved by `.save("dropout.gif")`.

    Raises:
        ValueError: If a setting does not fit, a value is not finite, or the map has several
            channels or too many values to show its numbers.
    """
    feature_map = _check(feature_map, rate, layer_sizes, steps)
    rng = np.random.default_rng(seed)
    drawn = [_step(feature_map, rate, layer_sizes, rng, True) for _ in range(steps)]
    drawn.append(_step(feature_map, 0, layer_sizes, rng, False))
    picture = _Picture(feature_map, rate, layer_sizes, drawn)
    animation = Animation(picture.figure, picture.draw, len(drawn))
    animation.steps = drawn
    return animation


def _check(feature_map, rate, layer_sizes, steps):
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
    check_positive(steps, "steps")
    if steps >= MAX_FRAMES:
        raise ValueError(f"`steps` must be at most {MAX_FRAMES - 1}. Received: steps={steps}")
    return feature_map


def _step(feature_map, rate, layer_sizes, rng, is_training):
    # Ones and not the values themselves: a value may be 0 although it is kept.
    factors = [dropout(np.ones(size), rate, seed=rng) for size in layer_sizes[1:-1]]
    inputs, outputs = np.ones(layer_sizes[0], bool), np.ones(layer_sizes[-1], bool)
    units = [inputs, *(factor > 0 for factor in factors), outputs]
    factors = dropout(np.ones(feature_map.shape), rate, seed=rng)
    return DropoutStep(is_training, units, factors > 0, feature_map * factors)


class _Picture:
    """The figure: the network, the feature map, and what dropout makes of it."""

    def __init__(self, feature_map, rate, layer_sizes, steps):
        self.rate, self.steps = rate, steps
        # Not made by pyplot: a notebook would show it a second time, standing still.
        self.figure = Figure(figsize=(11, 4.2), dpi=90, layout="constrained")
        self.network, self.before, self.after = self.figure.subplots(1, 3, width_ratios=(1.1, 1, 1))
        room = self.figure.supxlabel(" ", fontsize=11)
        self._arrange()
        self._draw_network(layer_sizes)
        self._draw_maps(feature_map)
        style = dict(transform=self.figure.transFigure, ha="center", va="bottom", animated=True)
        self.text = self.network.text(*room.get_position(), "", fontsize=11, **style)

    def _arrange(self):
        """Titles, and the layout once and for all: else the panels would tremble."""
        self.network.set_title("dense network")
        self.before.set_title("feature map")
        self.after.set_title("feature map after dropout")
        for ax in self.figure.axes:
            frame(ax)
        self.network.spines[:].set_visible(False)
        self.figure.draw_without_rendering()
        self.figure.set_layout_engine("none")

    def _draw_network(self, layer_sizes):
        self.places = [_unit_places(layer, size) for layer, size in enumerate(layer_sizes)]
        last = len(layer_sizes) - 1
        for layer, places in enumerate(self.places):
            text = {0: "inputs", last: "outputs"}.get(layer, "hidden")
            self.network.text(layer, -0.06, text, ha="center", va="top")
            # What stays where a unit vanishes.
            self.network.scatter(
                *places.T, s=150, facecolor="white", edgecolor="0.6", linestyle=":"
            )
        self.lines = LineCollection([], color="0.55", linewidth=0.8, zorder=2, animated=True)
        self.network.add_collection(self.lines, autolim=False)
        self.units = self.network.scatter([], [], s=150, color="C0", zorder=3, animated=True)
        self.network.set(xlim=(-0.4, last + 0.4), ylim=(-0.15, 1.02))

    def _draw_maps(self, feature_map):
        scaled = feature_map / (1 - self.rate)
        self.format = number_format([feature_map, scaled])
        cmap, low, high = _map_colours(scaled)
        style = dict(cmap=cmap, vmin=low, vmax=high)
        picture = self.before.imshow(feature_map, **style)
        texts = self._texts(feature_map)
        size = min(font_size(self.before, each) for each in (texts, self._texts(scaled)))
        write_in_cells(self.before, picture, texts, fontsize=size)
        self.shown = self.after.imshow(scaled, animated=True, **style)
        self.cells = write_in_cells(self.after, self.shown, texts, fontsize=size, animated=True)
        self.after.patch.set(hatch="///", edgecolor="0.85")  # seen where a value is dropped

    def draw(self, i):
        """Draw frame `i`."""
        step = self.steps[i]
        kept = [places[units] for places, units in zip(self.places, step.units, strict=True)]
        self.units.set_offsets(np.concatenate(kept))
        self.lines.set_segments(_connections(kept))
        self.shown.set_data(step.output)
        colours = np.where(step.is_kept, text_colours(self.shown), "0.3")
        self.shown.set_data(np.ma.array(step.output, mask=~step.is_kept))
        texts = self._texts(step.output)
        for cell, text, colour in zip(self.cells.flat, texts.flat, colours.flat, strict=True):
            cell.set(text=text, color=colour)
        self.text.set_text(self._sentence(i, step))

    def _texts(self, values):
        texts = number_texts(values, self.format)
        texts[values == 0] = "0"  # and not "0.00", which might be a small number
        return texts

    def _sentence(self, i, step):
        if not step.is_training:
            return "inference:  nothing is dropped, and nothing is multiplied"
        hidden = np.concatenate(step.units[1:-1])
        scale = 1 / (1 - self.rate)
        sign = "=" if math.isclose(float(f"{scale:.3g}"), scale) else "≈"
        return (
            f"training step {i + 1}:  {(~hidden).sum()} of {hidden.size} hidden units and "
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


def _map_colours(scaled):
    """The colour map and its range, which the map before and after dropout share."""
    if scaled.min() < 0:
        return SIGNED, *symmetric_range([scaled])
    return "viridis", 0, scaled.max() or 1.0
