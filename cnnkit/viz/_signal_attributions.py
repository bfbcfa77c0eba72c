"""Draw explanations of signals: their curves, over the colours of a map."""

import numpy as np

from cnnkit._checks import check_axes, check_finite
from cnnkit.viz._alt_text import counted, describe, listed, percent
from cnnkit.viz._attribution_maps import (
    check_maps,
    color_limit,
    draw_map,
    is_strong,
    name_columns,
)
from cnnkit.viz._colors import choose_colors
from cnnkit.viz._figure import check_titles, new_panels

_WIDTH, _HEIGHT = 10.8, 1.8  # inches: of the figure, and of a row


def plot_signals(signals, maps, titles, value_range, shared):
    """As `plot_attributions` for signals of shape `(batch, steps, channels)`."""
    signals = np.asarray(signals, np.float64)
    check_axes(signals, "images", ("batch", "steps", "channels"))
    check_finite(signals, "images")
    maps = check_maps(maps, [signal.shape[:1] for signal in signals], "signals")
    check_titles(titles, len(signals), "signals")
    values = [some[i] for i in range(len(signals)) for some in maps.values()]
    panels = new_panels(values, len(maps), (_WIDTH / len(maps), _HEIGHT), sharex=True)
    for row, signal, i in zip(panels.axes, signals, range(len(signals)), strict=True):
        low, high = _range(signal, value_range)
        extent = -0.5, len(signal) - 0.5, low, high
        for axis, some in zip(row, maps.values(), strict=True):
            ranged = some if shared else some[i : i + 1]
            colors = choose_colors(some, limit=color_limit(ranged))
            draw_map(axis, some[i][None], colors, extent=extent, aspect="auto")
            for line in axis.plot(signal, color="0.2", linewidth=1):
                line.set_gid("signal")
            axis.set(xlim=extent[:2], ylim=extent[2:])
        row[0].set_ylabel(titles[i] if titles else f"signal {i}", fontsize="small")
    name_columns(panels, maps, first=0)
    describe(panels.figure, _in_words(signals, maps))
    return panels


def _range(signal, value_range):
    """From where to where an axis goes, with a little room around what is drawn."""
    if not isinstance(value_range, str):
        return value_range
    low, high = signal.min(), signal.max()
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room


def _in_words(signals, maps):
    names = listed([name for name in maps if name] or ["a map"])
    words = f"{counted(len(signals), 'signal')} of {counted(signals.shape[1], 'step')}, explained "
    words += f"by {names}. Strong is what has at least half of the largest value of a map."
    for i in range(len(signals)):
        parts = [f"{name} {_map_in_words(some[i])}".strip() for name, some in maps.items()]
        words += f" Signal {i}: {'; '.join(parts)}."
    return words


def _map_in_words(values):
    if not values.any():
        return "0 everywhere"
    steps = np.flatnonzero(is_strong(values))
    share = percent(len(steps) / len(values))
    return f"strong on {share} of the steps, between step {steps[0]} and step {steps[-1]}"
