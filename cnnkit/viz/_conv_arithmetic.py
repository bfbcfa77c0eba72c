"""Draw which pixels a convolution reads, and how large its output is."""

import math
from typing import NamedTuple

import numpy as np
from matplotlib.patches import Rectangle

from cnnkit._checks import as_pair
from cnnkit.reference import borders, count_positions, effective_size
from cnnkit.viz._alt_text import (
    after_title,
    describe,
    listed,
    rounded,
    rows_and_columns,
    strides_in_words,
)
from cnnkit.viz._figure import begin, finish

_MAX_SIDE = 32
_GAP = 3  # cells between input and output
_MIN_WIDTH = 12  # cells, so that the formula has room
_ROOM = 0.85  # inches below the input, for texts and the legend
_MAX_NAMED = 6  # rows and columns never read: of more the text gives the number
_INSETS = (0.04, 0.17, 0.3)  # so that cells of several positions show inside each other
_OUTLINE_INSETS = (0.0, 0.07, 0.14)  # and so that their frames do not hide each other
_NAMES = ("first", "second", "last")  # positions that are drawn


class _Axis(NamedTuple):
    """One axis of a convolution."""

    size: int
    border: tuple
    kernel_size: int
    strides: int
    dilation_rate: int

    @property
    def output_size(self):
        return count_positions(*self)

    @property
    def reach(self):
        """How far the kernel reaches from end to end."""
        return effective_size(self.kernel_size, self.dilation_rate)

    def read(self, position):
        """The indices of the inputs that one position of the kernel reads."""
        start = position * self.strides - self.border[0]
        return [start + i * self.dilation_rate for i in range(self.kernel_size)]

    def all_read(self):
        """The indices of the inputs that any position reads, some of them in the border."""
        return {i for position in range(self.output_size) for i in self.read(position)}

    def unread(self):
        """The indices of the inputs that no position reads."""
        return sorted(set(range(self.size)) - self.all_read())

    def formula(self):
        top = f"{self.size} + {sum(self.border)} − {self.reach}"
        return f"⌊({top}) / {self.strides}⌋ + 1 = {self.output_size}"


def plot_conv_arithmetic(
    image_size, kernel_size, *, strides=1, padding="valid", dilation_rate=1, ax=None, title=None
):
    """Draw the input of a convolution, some positions of its kernel, and its output.

    The first, the second and the last position of the kernel have a colour each, named in a legend,
    and so have the outputs that they give; the others are not drawn. The border is dashed, and
    inputs that no position reads are hatched.

    Args:
        image_size: Size of the input: an integer or a pair `(height, width)`.
        kernel_size, strides, dilation_rate: An integer or a pair `(vertical, horizontal)`.
        padding: "valid", "same" (an odd pixel goes to the bottom and to the right, as in Keras), an
            integer, `(vertical, horizontal)` or `((top, bottom), (left, right))`.
        ax: The `Axes` to draw on. By default a new figure.
        title: The text above. By default the formula of the output's size.

    Returns:
        The `Axes`. Each cell is a `Rectangle` whose `get_gid()` is "input", "border", "unread" or
        "output", or for what a position reads and gives "read 0", "gives 0", "read 1" and so on.

    Raises:
        ValueError: If the input with its border has more than 32 rows or columns.

    Example:

    >>> from cnnkit import viz
    >>> axes = viz.plot_conv_arithmetic(7, 3, strides=2, padding=1)
    """
    vertical, horizontal = _axes(image_size, kernel_size, strides, padding, dilation_rate)
    shape = tuple(sum(axis.border) + axis.size for axis in (vertical, horizontal))
    if max(shape) > _MAX_SIDE:
        raise ValueError(
            f"The input and its border must have at most {_MAX_SIDE} rows and columns to be "
            f"drawn: the rule shows with smaller ones too. Received: {shape[0]} x {shape[1]}"
        )
    ax = begin(ax, _figsize(vertical, horizontal))
    offset = horizontal.size + horizontal.border[1] + _GAP  # the column where the output starts
    _draw_input(ax, vertical, horizontal)
    _draw_output(ax, vertical.output_size, horizontal.output_size, offset)
    positions = _positions(vertical.output_size, horizontal.output_size)
    for i, position in positions.items():
        _draw_position(ax, (vertical, horizontal), i, position, offset)
    _name_positions(ax, positions, vertical.output_size * horizontal.output_size)
    _write_sizes(ax, vertical, horizontal, offset)
    ax.set_aspect("equal")
    ax.set_axis_off()
    describe(ax.figure, after_title(title, _in_words(vertical, horizontal)))
    finish(ax, _formulas(vertical, horizontal) if title is None else title)
    ax.title.set(ha="left", x=0)  # above the input, not above the gap
    return ax


def _in_words(vertical, horizontal):
    size, border, kernel_size, strides, rates = zip(vertical, horizontal, strict=True)
    words = f"Input {rows_and_columns(size)}{_border_in_words((*border[0], *border[1]))}, "
    words += f"kernel {rows_and_columns(kernel_size)}"
    if rates != (1, 1):
        rate = rates[0] if rates[0] == rates[1] else f"{rates[0]} by {rates[1]}"
        reach = rows_and_columns((vertical.reach, horizontal.reach))
        words += f" with dilation rate {rate}, which reaches over {reach}"
    words += f", {strides_in_words(strides).removeprefix('with ')}"
    words += f": output {rows_and_columns((vertical.output_size, horizontal.output_size))}"
    if vertical == horizontal:
        words += f", {_sum_in_words(vertical)}."
    else:
        words += f"; rows {_sum_in_words(vertical)}; columns {_sum_in_words(horizontal)}."
    return f"{words} {_unread_in_words(vertical, horizontal)}"


def _border_in_words(border):
    if len(set(border)) == 1:
        return f" with a border of {border[0]} on each side" if border[0] else ""
    sides = zip(border, ("above", "below", "on the left", "on the right"), strict=True)
    return f" with a border of {listed([f'{n} {side}' for n, side in sides if n])}"


def _sum_in_words(axis):
    """The formula of the output's size, without signs that nobody reads out."""
    border = f" + {sum(axis.border)}" if any(axis.border) else ""
    text = f"({axis.size}{border} − {axis.reach}) / {axis.strides}"
    steps = (axis.size + sum(axis.border) - axis.reach) / axis.strides
    if steps == int(steps):
        return f"{text} + 1"
    return f"for {text} = {rounded(steps)} is rounded down to {int(steps)}, + 1"


def _unread_in_words(vertical, horizontal):
    axes = {"row": vertical, "column": horizontal}
    n_inputs = vertical.size * horizontal.size
    n_unread = n_inputs - math.prod(axis.size - len(axis.unread()) for axis in axes.values())
    if not n_unread:
        return "All inputs are read."
    words = f"Never read (hatched): {n_unread} of {n_inputs}"
    if sum(len(axis.unread()) for axis in axes.values()) > _MAX_NAMED:
        return f"{words}."
    named = [
        f"{noun}{'s' * (len(axis.unread()) > 1)} {listed(list(map(str, axis.unread())))}"
        for noun, axis in axes.items()
        if axis.unread()
    ]
    return f"{words}, {' and '.join(named)}, counted from 0."


def _axes(image_size, kernel_size, strides, padding, dilation_rate):
    sizes = as_pair(image_size, "image_size")
    settings = [
        as_pair(kernel_size, "kernel_size"),
        as_pair(strides, "strides"),
        as_pair(dilation_rate, "dilation_rate"),
    ]
    border = borders(padding, sizes, *settings)
    return [_Axis(*axis) for axis in zip(sizes, border, *settings, strict=True)]


def _figsize(vertical, horizontal):
    height = sum(vertical.border) + vertical.size
    width = sum(horizontal.border) + horizontal.size + _GAP + horizontal.output_size
    side = _side(width)
    return max(width, _MIN_WIDTH) * side, height * side + _ROOM + 0.4


def _side(width):
    """The side of a cell in inches, in a figure of its own."""
    return min(0.32, 10 / width)


def _cell(ax, row, column, gid, inset=0.0, **style):
    """One cell, whose middle is at `(column, row)`."""
    corner, side = inset - 0.5, 1 - 2 * inset
    cell = Rectangle((column + corner, row + corner), side, side, gid=gid, **style)
    ax.add_patch(cell)


def _draw_input(ax, vertical, horizontal):
    rows, columns = vertical.all_read(), horizontal.all_read()
    for row in range(-vertical.border[0], vertical.size + vertical.border[1]):
        for column in range(-horizontal.border[0], horizontal.size + horizontal.border[1]):
            if not (0 <= row < vertical.size and 0 <= column < horizontal.size):
                style = dict(
                    facecolor="none", edgecolor="0.55", linestyle="--", linewidth=0.7, zorder=1
                )
                _cell(ax, row, column, "border", **style)
                continue
            _cell(ax, row, column, "input", facecolor="0.95", edgecolor="0.5", zorder=2)
            if row not in rows or column not in columns:
                style = dict(facecolor="none", edgecolor="0.55", hatch="/////", linewidth=0)
                _cell(ax, row, column, "unread", **style, zorder=3)


def _draw_output(ax, n_rows, n_columns, offset):
    for row, column in np.ndindex(n_rows, n_columns):
        style = dict(facecolor="0.95", edgecolor="0.5", zorder=2)
        _cell(ax, row, offset + column, "output", **style)


def _positions(n_rows, n_columns):
    """The first, the second and the last position, under 0, 1 and 2, as far as they differ."""
    order = [(0, 0), divmod(1, n_columns), (n_rows - 1, n_columns - 1)]
    return {i: p for i, p in enumerate(order) if p not in order[:i] and p[0] < n_rows}


def _name_positions(ax, positions, n_positions):
    """The legend, below the output and what is written there."""
    for i in positions:
        ax.plot([], [], "s", color=f"C{i}", markersize=7, label=f"{_NAMES[i]} position")
    if len(positions) < n_positions:
        style = dict(color="0.95", markeredgecolor="0.5", markersize=7)
        ax.plot([], [], "s", **style, label="others, not drawn")
    ax.legend(loc="lower right", fontsize="small", handletextpad=0.2, borderaxespad=0)


def _draw_position(ax, axes, i, position, offset):
    color = f"C{i}"  # the style's colours
    rows, columns = (axis.read(at) for axis, at in zip(axes, position, strict=True))
    for row in rows:
        for column in columns:
            style = dict(facecolor=color, edgecolor="white", linewidth=0.8, zorder=4 + i)
            _cell(ax, row, column, f"read {i}", _INSETS[i], **style)
    inset = _OUTLINE_INSETS[i]
    outline = Rectangle(
        (columns[0] - 0.5 + inset, rows[0] - 0.5 + inset),
        columns[-1] - columns[0] + 1 - 2 * inset,
        rows[-1] - rows[0] + 1 - 2 * inset,
        fill=False,
        edgecolor=color,
        linewidth=2,
        zorder=8 - i,
    )
    ax.add_patch(outline)
    row, column = position
    _cell(ax, row, offset + column, f"gives {i}", _INSETS[i], facecolor=color, zorder=4)


def _write_sizes(ax, vertical, horizontal, offset):
    left, bottom = -horizontal.border[0] - 0.5, vertical.size + vertical.border[1] - 0.5
    style = dict(va="top", textcoords="offset points", xytext=(0, -4))
    ax.annotate("\n".join(_settings(vertical, horizontal)), (left, bottom), **style)
    text = f"output {vertical.output_size} × {horizontal.output_size}"
    ax.annotate(text, (offset - 0.5, vertical.output_size - 0.5), **style)
    right = max(offset + horizontal.output_size - 0.3, left + _MIN_WIDTH)
    ax.set_xlim(left - 0.2, right)
    ax.set_ylim(bottom + _ROOM / _side(right - left), -vertical.border[0] - 0.7)


def _settings(vertical, horizontal):
    """The lines below the input; what is as usual goes without saying."""
    yield f"input {vertical.size} × {horizontal.size}"
    yield f"kernel {vertical.kernel_size} × {horizontal.kernel_size}"
    border = *vertical.border, *horizontal.border
    if len(set(border)) == 1 and border[0]:
        yield f"padding {border[0]}"
    elif any(border):
        sides = zip(("above", "below", "left", "right"), border, strict=True)
        yield "padding " + ", ".join(f"{n} {side}" for side, n in sides if n)
    for name, attribute in {"stride": "strides", "dilation": "dilation_rate"}.items():
        values = getattr(vertical, attribute), getattr(horizontal, attribute)
        if values != (1, 1):
            yield f"{name} {values[0]}" if values[0] == values[1] else f"{name} {values}"


def _formulas(vertical, horizontal):
    if vertical == horizontal:
        return vertical.formula()
    return f"rows {vertical.formula()}\ncolumns {horizontal.formula()}"
