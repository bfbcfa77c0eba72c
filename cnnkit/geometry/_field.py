"""Receptive fields to calculate with.

Height and width are apart. Along each, all that is needed is which pixels each unit sees: the
first and the last. Units take turns: after upsampling by 2 the even ones see their pixels in
another way than the odd ones, and from then on it is the same again, moved by some pixels.
"""

import math
from dataclasses import dataclass
from fractions import Fraction


class NotKnown(Exception):
    """A receptive field cannot be told; the message is a whole sentence, or the reason alone."""


@dataclass(frozen=True)
class AxisField:
    """Which pixels each unit sees, along one axis.

    Attributes:
        spans: Pairs `(first, last)`, the pixels that units 0, 1, … see. A unit that sees nothing
            has `(inf, -inf)`.
        step: Integer: the units after those of `spans` see the same, moved by so many pixels. 0 if
            all units see the same: then they have no position.
    """

    spans: tuple
    step: int

    @property
    def stride(self):
        """Pixels from one unit to the next, on average."""
        return Fraction(self.step, len(self.spans))

    @property
    def box(self):
        """The smallest span that holds unit 0's and, moved by `stride` for each unit, all others'.

        Raises:
            NotKnown: If no unit sees anything.
        """
        moved = [
            (first - i * self.stride, last - i * self.stride)
            for i, (first, last) in enumerate(self.spans)
            if first <= last
        ]
        if not moved:
            raise NotKnown("its units see no pixel")
        return _around(moved)

    def of(self, unit):
        """The pixels that a unit sees, as `(first, last)`."""
        turns, i = divmod(unit, len(self.spans))
        first, last = self.spans[i]
        return first + turns * self.step, last + turns * self.step


@dataclass(frozen=True)
class Field:
    """A receptive field; `ReceptiveField` says what the words mean.

    Attributes:
        axes: A pair of `AxisField`, `(vertical, horizontal)`.
        misaligned, beyond: Tuples of paths of layers.
    """

    axes: tuple
    misaligned: tuple = ()
    beyond: tuple = ()

    @property
    def has_position(self):
        """Whether units see different pixels, along one axis at least."""
        return any(axis.step for axis in self.axes)


def through(axis, n_units, n_inputs, seen_by):
    """The axis after a layer.

    Args:
        axis: The `AxisField` before it.
        n_units, n_inputs: The layer goes `n_inputs` units ahead for each `n_units` that it makes.
        seen_by: A function from the index of a unit that it makes, of any size, to the indices of
            those that it is made from.
    """
    if not axis.step:
        return axis
    turns = len(axis.spans) // math.gcd(len(axis.spans), n_inputs)
    spans = [_around(map(axis.of, seen_by(unit))) for unit in range(n_units * turns)]
    return AxisField(tuple(spans), axis.step * n_inputs * turns // len(axis.spans))


def union(axes):
    """The smallest field around several of the same stride."""
    n = math.lcm(*(len(axis.spans) for axis in axes))
    spans = [_around(axis.of(unit) for axis in axes) for unit in range(n)]
    return AxisField(tuple(spans), int(n * axes[0].stride))


def whole(axis, n_units, n_pixels):
    """What all units see together, cut at the border of the image."""
    if not axis.step:
        return axis
    first, last = _around(map(axis.of, range(n_units)))
    return AxisField(((max(first, 0), min(last, n_pixels - 1)),), 0)


def joined(paths):
    """One tuple of several, in which each path stands once."""
    return tuple(dict.fromkeys(path for each in paths for path in each))


def _around(spans):
    spans = list(spans)
    first = min((first for first, _ in spans), default=math.inf)
    return first, max((last for _, last in spans), default=-math.inf)
