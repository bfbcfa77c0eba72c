"""How a reshape changes what the axes of a tensor go along."""

import math
from dataclasses import replace

from cnnkit.explain._axis_parts import Part, along, size_of


def regrouped(axes, sizes):
    """The axes of a tensor after a reshape.

    Args:
        axes: The axes before.
        sizes: The shape afterwards: integers, axes that have that size, and None for one that is
            open.

    Returns:
        The axes afterwards; "unknown" where the parts cannot be assigned.
    """
    parts = [part for axis in axes for part in axis]
    for start in (parts, merged(parts)):
        left = list(start)
        before, after = _take(left, sizes, last=False), []
        if len(before) < len(sizes):
            after = _take(left, sizes[len(before) :], last=True)
        middle = sizes[len(before) : len(sizes) - len(after)]
        if len(middle) < 2:
            return (*before, *(merged(left) for _ in middle), *after)
        if [part.size for part in left] == middle:  # as all of them are open
            return (*before, *((part,) for part in left), *after)
    middle = [size_of(size) if isinstance(size, tuple) else size for size in middle]
    return (*before, *(along("unknown", size) for size in middle), *after)


def _take(parts, sizes, last):
    """Take parts from one end of a list for as many axes, from there on, as is possible."""
    at = -1 if last else 0
    axes = []
    for size in sizes[::-1] if last else sizes:
        axis, needed, rest = [], size, list(parts)
        if isinstance(size, tuple):
            n, needed = len(size), size_of(size)
            own = rest[-n:] if last else rest[:n]
            if tuple(own) == size and n:
                axis, needed = own[:: at or 1], 1
                del rest[slice(-n, None) if last else slice(n)]
        elif not last and not axes and rest and rest[0].of == "batch" and _leads(rest, sizes):
            axis, needed = [rest.pop(0)], 1
        while needed != 1:
            if needed is None or not rest or rest[at].size is None:
                return axes[::-1] if last else axes
            part = rest.pop(at)
            if needed % part.size == 0:
                needed //= part.size
            elif part.size % needed == 0:
                inner_size = needed if last else part.size // needed
                outer, inner = _split(part, inner_size)
                rest.insert(len(rest) if last else 0, outer if last else inner)
                part, needed = (inner if last else outer), 1
            else:
                return axes[::-1] if last else axes
            axis.append(part)
        parts[:] = rest
        axes.append(merged(axis[::-1] if last else axis))
    return axes[::-1] if last else axes


def _leads(parts, sizes):
    """Whether the batch stays alone at the front."""
    rest = size_of(parts[1:])
    return sizes[0] == parts[0].size and (
        rest is None or (None not in sizes[1:] and rest == math.prod(sizes[1:]))
    )


def _split(part, inner_size):
    outer = replace(part, size=part.size // inner_size, stride=part.stride * inner_size)
    pair = outer, replace(part, size=inner_size)
    return [replace(each, of="unknown") for each in pair] if part.of == "tokens" else pair


def merged(parts):
    """Parts side by side, those that belong together as one."""
    axis = []
    for part in parts:
        last = axis[-1] if axis else None
        if last and None not in (last.size, part.size) and last.of == part.of != "batch":
            if part.of in ("other", "unknown"):
                size = last.size * part.size
                axis[-1] = Part(part.of, size, 1, size)
                continue
            if (last.total, last.shift) == (
                part.total,
                part.shift,
            ) and last.stride == part.stride * part.size:
                axis[-1] = replace(part, size=last.size * part.size)
                continue
        axis.append(part)
    return tuple(axis)
