"""Draw the part of an image that one unit of a feature map sees."""

import math

import numpy as np
from matplotlib.patches import Rectangle

from cnnkit._checks import check_finite
from cnnkit.viz._alt_text import after_title, counted, describe, percent, rows_and_columns
from cnnkit.viz._figure import begin, finish
from cnnkit.viz._images import as_image, check_channels, draw_image
from cnnkit.viz._ranges import value_ranges

_COLOR = "C2"
_ROUNDING = 1e-6  # of strides such as 1/3


def plot_receptive_field(
    field, image, *, value_range="auto", position=None, heat=None, ax=None, title=None
):
    """Draw the receptive field of one unit as a box on an image, dashed outside of the image.

    Args:
        field: A `cnnkit.geometry.ReceptiveField`, as of `geometry.receptive_field(model, layer)`.
        image: A grey or colour image in one of the forms that `plot_images` takes, as large as the
            model takes it.
        value_range: The values `(low, high)` that show black and white, as in `plot_images`.
        position: `(row, column)` of the unit in its feature map. By default the unit whose field
            has its middle nearest to that of the image.
        heat: Array of shape `(height, width)` without negative values: how strongly the unit
            depends on each pixel, such as the effective receptive field.
        ax: The `Axes` to draw on. By default a new figure.
        title: The text above. By default the unit and the size of its field.

    Returns:
        The `Axes`. The lines have `get_gid()` "inside"; the dashed box, drawn only if the field
        leaves the image, has "field"; the middle of the field has "middle".

    Raises:
        ValueError: If the field lies outside of the image.

    Example:

    >>> from cnnkit import data, geometry, models, viz
    >>> pets, labels = data.draw_pets(1, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> field = geometry.receptive_field(model, model.layers[5])  # the third convolution
    >>> axes = viz.plot_receptive_field(field, pets[0], position=(4, 7))
    """
    image = _check(image, heat)
    if position is None:
        position = _middle_unit(field, image.shape)
    (top, height), (left, width) = map(_pixels, field.offset, field.size, field.strides, position)
    _check_overlap(top, left, (height, width), position, image.shape)
    ((low, high),) = value_ranges([image], value_range)
    ax = begin(ax, (4.8, 4.4))
    draw_image(ax, image, low, high)
    _draw_heat(ax, image.shape, heat)
    _draw_box(ax, top, left, height, width, image.shape)
    box = top, left, height, width
    words = _in_words(position, box, image.shape, heat) + _beyond_in_words(field.beyond)
    describe(ax.figure, after_title(title, words))
    if title is None:
        more = ", and more" if field.beyond else ""
        title = f"unit ({position[0]}, {position[1]}) sees {height} × {width} pixels{more}"
    return finish(ax, title)


def _pixels(offset, size, stride, at):
    """First pixel of a unit along one axis, and how many; between pixels begins the next one."""
    start = offset + at * stride
    first, last = math.ceil(start - _ROUNDING), math.floor(start + size - 1 + _ROUNDING)
    return first, last - first + 1


def _beyond_in_words(paths):
    if not paths:
        return ""
    others = f" and {counted(len(paths) - 1, 'other layer')}" if len(paths) > 1 else ""
    return f" By {paths[0]!r}{others} it depends on pixels beyond its field too."


def _in_words(position, box, shape, heat):
    top, left, height, width = box
    bottom, right = min(top + height, shape[0]) - 1, min(left + width, shape[1]) - 1
    seen = [bottom - max(top, 0) + 1, right - max(left, 0) + 1]
    words = (
        f"The unit in row {position[0]}, column {position[1]} of its map, counted from 0, has a "
        f"receptive field of {rows_and_columns((height, width))}: rows {max(top, 0)} to {bottom}, "
        f"columns {max(left, 0)} to {right} of an image of {rows_and_columns(shape)}"
    )
    if seen != [height, width]:
        outside = counted(height - seen[0], "row"), counted(width - seen[1], "column")
        words += f"; {' and '.join(outside)} of the field lie outside of the image"
    return f"{words}.{_heat_in_words(heat, box, seen)}"


def _heat_in_words(heat, box, seen):
    if heat is None:
        return ""
    heat = np.asarray(heat, np.float64)
    strongest = np.argwhere(heat == heat.max())
    if not heat.any():
        return " The unit depends on none of the pixels."
    where = f"{len(strongest):,} pixels alike"
    if len(strongest) == 1:
        where = "the pixel in row {}, column {}".format(*strongest[0])
    top, left, height, width = box
    rows, columns = _inner(top, height, heat.shape[0]), _inner(left, width, heat.shape[1])
    part = "its pixels" if seen == [height, width] else "its pixels in the image"
    return (
        f" The unit depends most on {where}. The inner half of the field's rows and columns has "
        f"{percent(rows @ heat @ columns / heat.sum())} of the dependence, and "
        f"{percent(rows.sum() * columns.sum() / np.prod(seen))} of {part}."
    )


def _inner(start, size, n):
    """How much of each of n pixels lies in the inner half of a field along one axis."""
    return np.diff(np.clip(np.arange(n + 1), start + size / 4, start + 3 * size / 4))


def _check(image, heat):
    image = as_image(image)
    check_channels(image, "image")
    if heat is not None:
        heat = np.asarray(heat)
        check_finite(heat, "heat")
        if heat.shape != image.shape[:2] or heat.min() < 0:
            raise ValueError(
                f"`heat` must have the shape of the image, {image.shape[:2]}, and no negative "
                f"values. Received: heat.shape={heat.shape}, smallest {heat.min(initial=0):.4g}"
            )
    return image


def _middle_unit(field, shape):
    """The unit whose field is in the middle; where all units see the same, the first."""
    axes = zip(shape, field.size, field.strides, field.offset, strict=False)
    return tuple(
        max(0, round(((n - size) / 2 - offset) / stride)) if stride else 0
        for n, size, stride, offset in axes
    )


def _check_overlap(top, left, size, position, shape):
    is_inside = all(
        start < n and start + length > 0
        for start, length, n in zip((top, left), size, shape[:2], strict=True)
    )
    if not is_inside or min(size) < 1:
        raise ValueError(
            "`position` must be a unit that sees a part of the image. "
            f"Received: position={tuple(position)}, whose field starts at row {top}, column "
            f"{left} of an image of shape {shape}"
        )


def _draw_heat(ax, shape, heat):
    if heat is not None:
        heat = np.asarray(heat, np.float64) / (np.max(heat) or 1.0)
        # Strong heat covers the image, weak heat lets it show.
        picture = ax.imshow(heat, cmap="viridis", vmin=0, vmax=1, alpha=0.85 * np.sqrt(heat))
        picture.set_gid("heat")
    ax.set_axis_off()  # a frame would be taken for the edge of the image
    ax.add_patch(Rectangle((-0.5, -0.5), *shape[1::-1], fill=False, edgecolor="0.6"))


def _draw_box(ax, top, left, height, width, shape):
    x, y = (left - 0.5, left + width - 0.5), (top - 0.5, top + height - 0.5)
    edges = (-0.5, shape[1] - 0.5), (-0.5, shape[0] - 0.5)  # of the image
    (x_in, y_in) = (np.clip(ends, *edge) for ends, edge in zip((x, y), edges, strict=True))
    if tuple(x_in) != x or tuple(y_in) != y:
        style = dict(fill=False, edgecolor=_COLOR, linestyle="--", linewidth=1.5, gid="field")
        ax.add_patch(Rectangle((x[0], y[0]), width, height, **style))
    style = dict(color=_COLOR, linewidth=2, solid_capstyle="projecting", gid="inside")
    for at in x:
        if edges[0][0] <= at <= edges[0][1]:
            ax.plot([at, at], y_in, **style)
    for at in y:
        if edges[1][0] <= at <= edges[1][1]:
            ax.plot(x_in, [at, at], **style)
    ax.plot(
        np.mean(x), np.mean(y), "+", color=_COLOR, markersize=9, markeredgewidth=2, gid="middle"
    )
    margin = 0.03 * max(*shape[:2], height, width)
    ax.set_xlim(min(x[0], edges[0][0]) - margin, max(x[1], edges[0][1]) + margin)
    ax.set_ylim(max(y[1], edges[1][1]) + margin, min(y[0], edges[1][0]) - margin)
