from decimal import Decimal

import pytest

from cnnkit.viz.animations._sliding_window import check_sides, equals, in_brackets, shown_places


@pytest.mark.parametrize("shape", [(1, 1), (3, 4), (6, 6), (5, 8), (12, 12)])
def test_shown_places(shape):
    places = shown_places(shape, 36)
    every = [(row, column) for row in range(shape[0]) for column in range(shape[1])]
    assert places == sorted(set(places)) and set(places) <= set(every)
    assert len(places) == min(36, len(every))
    assert places[:18] == every[:18] and places[-1] == every[-1]


def test_printed_numbers():
    assert equals(Decimal("0.1") + Decimal("0.2"), "0.3") == "="
    assert equals(Decimal(1) / 3, "0.33") == "≈"
    assert (in_brackets("-1"), in_brackets("1")) == ("(-1)", "1")


def test_sides():
    check_sides(12, 3, 12)
    with pytest.raises(ValueError, match="`image` must have at most 12 rows.*Received: 3 x 13"):
        check_sides(3, 13, 12)
