"""Fields along one axis, where units take turns."""

import math
from fractions import Fraction

import pytest

from cnnkit.geometry._field import AxisField, NotKnown, joined, through, union, whole

PIXELS = AxisField(((0, 0),), 1)
# Upsampled by 2: units 0 and 1 see pixel 0, units 2 and 3 see pixel 1.
TWICE = AxisField(((0, 0), (0, 0)), 1)


def test_units_take_turns():
    assert [TWICE.of(unit) for unit in (-1, 0, 1, 2, 7)] == [
        (-1,) * 2,
        (0, 0),
        (0, 0),
        (1, 1),
        (3, 3),
    ]
    assert TWICE.stride == Fraction(1, 2)
    # -0.5 to 0 for unit 0, and 0 to 0.5 for unit 1.
    assert TWICE.box == (Fraction(-1, 2), 0)


def test_layers_in_a_row():
    assert through(PIXELS, 2, 1, lambda unit: [unit // 2]) == TWICE
    assert through(TWICE, 1, 2, lambda unit: [2 * unit, 2 * unit + 1]) == PIXELS
    windows = through(TWICE, 1, 3, lambda unit: range(3 * unit, 3 * unit + 2))
    assert windows == AxisField(((0, 0), (1, 2)), 3)
    assert [windows.of(unit) for unit in (2, 3)] == [(3, 3), (4, 5)]


def test_units_that_see_nothing():
    gaps = through(PIXELS, 2, 1, lambda unit: [unit // 2] if unit % 2 == 0 else [])
    assert gaps.of(3) == (math.inf, -math.inf) and gaps.box == (0, 0)
    with pytest.raises(NotKnown, match="its units see no pixel"):
        _ = through(gaps, 1, 2, lambda unit: [2 * unit + 1]).box


def test_the_union_of_units_that_take_turns_differently():
    thirds = AxisField(((0, 2), (1, 3), (2, 5)), 3)
    assert union([PIXELS, thirds]) == AxisField(((0, 2), (1, 3), (2, 5)), 3)
    fours = AxisField(((0, 0), (0, 2), (2, 2), (2, 4)), 4)
    assert union([AxisField(((-1, 1), (1, 1)), 2), fours]).spans == (
        (-1, 1),
        (0, 2),
        (1, 3),
        (2, 4),
    )


def test_all_units_together():
    assert whole(TWICE, 7, 9) == AxisField(((0, 3),), 0)
    wide = AxisField(((-3, 3),), 2)
    everything = whole(wide, 4, 8)
    assert everything == AxisField(((0, 7),), 0)
    assert through(everything, 2, 1, None) is everything is whole(everything, None, None)


def test_paths_stand_once():
    assert joined([("a", "b"), (), ("b", "c")]) == ("a", "b", "c")
