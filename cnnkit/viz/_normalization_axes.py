"""Draw which values share one mean and one standard deviation in a normalisation layer."""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patches import Rectangle

from cnnkit._checks import check_positive
from cnnkit.viz._alt_text import counted, describe, rows_and_columns
from cnnkit.viz._figure import new_panels

_MAX_SHAPE = (6, 4, 4, 8)  # more is not legible
_SIZE = 2.7  # inches, of a panel
_FIRST, _OTHERS = "C1", "0.82"
_MARGIN = 0.3  # between a set and its outline, where a position has the side 1


def plot_normalization_axes(*, input_shape=(3, 3, 3, 4), groups=2):
    """Draw which values batch, layer, instance and group normalisation put together.

    Each panel shows the feature maps of a mini-batch: a row for each example, a column for each
    channel, and in a map a square for each position. The values in one outline are a set: they
    share a mean and a standard deviation. The first set is orange. Below stands how many sets there
    are. Wu and He, "Group normalization", 2018, arXiv:1803.08494, section 3, define them.

    Layer normalisation is that of the papers, `keras.layers.LayerNormalization(axis=[1, 2, 3])`;
    without `axis` Keras normalises the channels of each position alone.

    Args:
        input_shape: `(batch, height, width, channels)` of the maps, at most `(6, 4, 4, 8)`.
        groups: Of group normalisation: into how many groups the channels are split. It divides
            their number.

    Returns:
        `Panels`, four in a row. Its `values` are four int64 arrays of the given shape: the set in
        which each value is, counted from 0.

    Example:

    >>> from cnnkit import viz
    >>> panels = viz.plot_normalization_axes(input_shape=(3, 3, 3, 4), groups=2)
    """
    _check(input_shape, groups)
    batch, height, width, channels = input_shape
    sizes = {  # of a set: so many examples, and so many channels
        "batch normalisation": (batch, 1),
        "layer normalisation": (1, channels),
        "instance normalisation": (1, 1),
        "group normalisation": (1, channels // groups),
    }
    values = [_set_numbers(input_shape, size) for size in sizes.values()]
    ratio = batch * (height + 1) / (channels * (width + 1))
    # As high as the maps are in their width, and the texts.
    panels = new_panels(values, 4, (_SIZE, _SIZE * min(ratio, 1.5) + 0.9))
    for ax, numbers, (name, size) in zip(panels, panels.values, sizes.items(), strict=True):
        _draw_maps(ax, numbers)
        _outline_sets(ax, input_shape, size)
        _label(ax, numbers)
        ax.set_title(name)
    panels.axes[0, 0].set_ylabel("example")
    describe(panels.figure, _in_words(values, sizes))
    return panels


def _in_words(values, sizes):
    batch, height, width, channels = values[0].shape
    parts = []
    for numbers, (name, (rows, columns)) in zip(values, sizes.items(), strict=True):
        n_sets = int(numbers.max()) + 1
        n_values = numbers.size // n_sets
        parts.append(
            f"{name} takes {counted(n_sets, 'mean')}, each of {counted(n_values, 'value')} from "
            f"{counted(rows, 'example')} and {counted(columns, 'channel')}"
        )
    return (
        f"Which values are normalised together in {counted(batch, 'example')} with "
        f"{counted(channels, 'channel')} of {rows_and_columns((height, width))}: "
        f"{'; '.join(parts)}."
    )


def _check(shape, groups):
    if len(shape) != 4:
        raise ValueError(
            "`input_shape` must be (batch, height, width, channels). "
            f"Received: input_shape={shape!r}"
        )
    for size in shape:
        check_positive(size, "input_shape")
    if any(size > largest for size, largest in zip(shape, _MAX_SHAPE, strict=True)):
        raise ValueError(
            f"`input_shape` must be at most {_MAX_SHAPE}, so that the figure is legible. "
            f"Received: input_shape={shape!r}"
        )
    check_positive(groups, "groups")
    if shape[-1] % groups:
        raise ValueError(
            f"`groups` must divide the number of channels, {shape[-1]}. Received: groups={groups}"
        )


def _set_numbers(shape, size):
    """The set in which each value is: an array of the given shape."""
    batch, _, _, channels = shape
    rows, columns = np.arange(batch) // size[0], np.arange(channels) // size[1]
    numbers = rows[:, None] * (columns.max() + 1) + columns
    return np.broadcast_to(numbers[:, None, None, :], shape).copy()


def _draw_maps(ax, numbers):
    """All maps, one position apart from each other."""
    batch, height, width, channels = numbers.shape
    is_first = np.ma.masked_all((batch, height + 1, channels, width + 1))
    is_first[:, :height, :, :width] = numbers.transpose(0, 1, 3, 2) == 0
    picture = is_first.reshape(batch * (height + 1), channels * (width + 1))
    line = 0.1 * 72 * _SIZE / max(picture.shape)  # points: a tenth of a position
    colors = ListedColormap([_OTHERS, _FIRST])
    ax.pcolormesh(picture, cmap=colors, vmin=0, vmax=1, edgecolor="white", linewidth=line)


def _outline_sets(ax, shape, size):
    """A frame around each set; the orange one comes last, so that no other covers it."""
    batch, height, width, channels = shape
    rows, columns = size
    outline_height = rows * (height + 1) - 1 + 2 * _MARGIN
    outline_width = columns * (width + 1) - 1 + 2 * _MARGIN
    for row in reversed(range(0, batch, rows)):
        for column in reversed(range(0, channels, columns)):
            corner = column * (width + 1) - _MARGIN, row * (height + 1) - _MARGIN
            is_first = row == column == 0
            style = dict(edgecolor=_FIRST if is_first else "0.5", linewidth=2 if is_first else 1)
            ax.add_patch(Rectangle(corner, outline_width, outline_height, fill=False, **style))
    ax.set(xlim=(-0.5, channels * (width + 1) - 0.5), ylim=(batch * (height + 1) - 0.5, -0.5))
    ax.set_aspect("equal")


def _label(ax, numbers):
    batch, height, width, channels = numbers.shape
    n_sets = numbers.max() + 1
    ax.set_xticks(np.arange(channels) * (width + 1) + width / 2, range(channels))
    ax.set_yticks(np.arange(batch) * (height + 1) + height / 2, range(batch))
    ax.set_xlabel(f"channel\nmeans: {n_sets}, of {numbers.size // n_sets} values each")
    ax.tick_params(length=0)
    ax.grid(False)
    ax.spines[:].set_visible(False)
