"""What the axes of a tensor go along, in parts: rows and columns of an image, channels, tokens.

A reshape to tokens makes one axis of rows and columns, and a split into windows makes two axes of
one. So an axis has parts, and each part knows which positions it steps over.
"""

import math
from dataclasses import dataclass, field, replace

from cnnkit.explain._map_places import Place, block, repeated, united

POSITIONS = ("depth", "rows", "columns")  # of volumes; images have the last two, signals the last


@dataclass(frozen=True)
class Part:
    """What an axis goes along; an axis may have several parts, the slowest first.

    Attributes:
        of: "batch", "depth", "rows", "columns" or "channels" of the image; "tokens" for rows and
            columns of which some are left or others were added; "part" for the positions in a part
            of an image; "other", as for the channels of feature maps; "unknown".
        size: How many values it has, or None if that is open.
        stride: How many positions one step is: in windows of 4 rows, 4 from window to window.
        total: How many positions there are in all.
        place: Where on the image these positions lie, for rows and columns; None if that is not
            known.
        shift: By how many positions they are rolled, those at the end going on at the start.
        grid: Of tokens the axis from before others were added, all of it; empty if that is lost.
        before: How many others, as a class token, come before the grid.
    """

    of: str
    size: int | None
    stride: int = 1
    total: int | None = None
    place: Place | None = field(default=None, compare=False)
    shift: int = 0
    grid: tuple = ()
    before: int = 0


# An axis is a tuple of parts. One with a single value goes along nothing: it is empty.
def along(of, size, place=None):
    return () if size == 1 else (Part(of, size, 1, size, place),)


def main_part(axis):
    return axis[0].of if axis else None


def is_batch(axis):
    return [part.of for part in axis] == ["batch"]


def is_of_images(batch):
    """Whether each example is a whole image, or a slice of a volume that is whole in itself."""
    others = batch[1:]
    return main_part(batch) == "batch" and all(
        part.of in POSITIONS and (part.size, part.stride) == (part.total, 1) for part in others
    )


def is_unknown(axis):
    return any(part.of == "unknown" for part in axis)


def is_place(axis):
    """Whether an axis goes along nothing but the rows, or the columns, of a part of an image."""
    is_one = len({part.of for part in axis} - {"other"}) == 1
    return not axis or (is_one and main_part(axis) in (*POSITIONS, "part"))


def is_shifted(axis):
    return any(part.shift for part in axis)


def covers(axis, of):
    """Whether an axis goes along all rows, or all columns, in their order."""
    if not axis or axis[0].of != of or any(part.of != "other" for part in axis[1:]):
        return False
    part = axis[0]
    return not part.shift and (part.size is None or part.size * part.stride == part.total)


def is_whole(axis):
    return any(covers(axis, of) for of in POSITIONS)


def size_of(axis):
    sizes = [part.size for part in axis]
    return None if None in sizes else math.prod(sizes)


def place_of(axis):
    """The `Place` of the positions along an axis; None if it has none, or one that is not known."""
    if not is_whole(axis):
        return None
    n_each = size_of(axis[1:])
    return n_each and repeated(block(axis[0].place, axis[0].stride), n_each)


def cut(axis, size):
    """What is left of an axis, or what it becomes together with others."""
    is_same = not axis or (size_of(axis) == size and size is not None)
    return axis if is_same else changed(axis, size)


def changed(axis, size):
    kinds = {part.of for part in axis}
    if "tokens" in kinds or len(kinds & {*POSITIONS}) > 1:
        return along("tokens", size)
    if kinds <= {"channels"} or kinds <= {"other"} or kinds <= {"part"}:
        return along(axis[0].of, size)
    return along("unknown", size)


def together(axes):
    """What an axis goes along that tensors have in common: of one of them it may be known alone."""
    known = [axis for axis in axes if axis and not {"other", "unknown"} >= {p.of for p in axis}]
    if known:
        is_known = not any(map(is_unknown, axes))
        if all(axis == known[0] for axis in known):
            return tuple(map(_united if is_known else unplaced, *known))
        if any(all(covers(a, of) for a in known) for of in POSITIONS):
            place = united(map(place_of, known)) if is_known else None
            return along(known[0][0].of, size_of(known[0]), place)
        # Tokens of which some are left, as a gate: they weigh the maps, and move nothing.
        placed = [axis for axis in known if not any(map(_is_lost, axis))]
        return together(placed) if len(placed) < len(known) else along("unknown", size_of(known[0]))
    axes = [axis for axis in axes if axis]
    return next(filter(is_unknown, axes), None) or next(iter(axes), ())


def _united(*parts):
    """What is the same part of several tensors."""
    grid = tuple(map(_united, *(part.grid for part in parts)))
    return replace(parts[0], place=united(part.place for part in parts), grid=grid)


def unplaced(part, *others):
    return replace(part, place=None, grid=tuple(map(unplaced, part.grid)))


def _is_lost(part):
    return part.of == "tokens" and not part.grid


def is_grid(axis):
    """Whether an axis goes along all tokens of an image, perhaps with others among them."""
    if len(axis) == 1 and axis[0].grid:
        return True
    names = [of for of in POSITIONS if any(part.of == of for part in axis)]
    return len(names) > 1 and token_grid(axis, names) is not None


def among_others(axis, before, size):
    """The axis of tokens to which others are added, so many of them before."""
    if len(axis) == 1 and axis[0].grid:
        return (replace(axis[0], size=size, total=size, before=axis[0].before + before),)
    return (Part("tokens", size, 1, size, grid=axis, before=before),)


def grid_within(axis, begin, size):
    """What is left of the tokens of a grid, from `begin` on; None if the grid is cut."""
    part = axis[0]
    n = size_of(part.grid)
    if not part.grid or None in (n, begin, size):
        return None
    before = part.before - begin
    if before < 0 or before + n > size:
        no_token = begin + size <= part.before or begin >= part.before + n
        return along("other", size) if no_token else None
    return part.grid if size == n else (replace(part, size=size, total=size, before=before),)


def token_grid(axis, names):
    """The axes of the image along which tokens are laid out.

    Args:
        axis: An axis.
        names: Those of the image, as `("rows", "columns")`.

    Returns:
        `(before, axes)`: how many others come before them, and an axis for each name, in which
        there may be a single position; None if the tokens are not all of a grid, row by row.
    """
    before = 0
    if len(axis) == 1 and axis[0].grid:
        before, axis = axis[0].before, axis[0].grid
    axes = []
    for name in names:
        n = 0
        if axis and axis[0].of == name:
            n = next((i for i, part in enumerate(axis[1:], 1) if part.of in POSITIONS), len(axis))
        axes.append(axis[:n])
        axis = axis[n:]
    fits = not axis and all(
        not each or covers(each, of) for each, of in zip(axes, names, strict=True)
    )
    return (before, axes) if fits and any(axes) else None
