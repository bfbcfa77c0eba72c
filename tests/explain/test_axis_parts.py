"""Tokens of a grid with others among them, compared with the numbers of the tokens."""

import numpy as np
import pytest

from cnnkit.explain._axis_parts import (
    Part,
    along,
    among_others,
    covers,
    grid_within,
    is_grid,
    is_of_images,
    is_shifted,
    is_whole,
    size_of,
    token_grid,
)

ROWS, COLUMNS = along("rows", 3), along("columns", 4)
GRID = (*ROWS, *COLUMNS)


@pytest.mark.parametrize("seed", range(20))
def test_slices_of_tokens_among_others(seed):
    """The numbers of a row of tokens, the others being -1, say what a slice holds."""
    rng = np.random.default_rng(seed)
    before, after = rng.integers(0, 4, 2)
    numbers = np.concatenate([np.full(before, -1), np.arange(12), np.full(after, -1)])
    axis = among_others(GRID, int(before), len(numbers))
    begin = int(rng.integers(0, before + 1))
    size = int(rng.integers(1, len(numbers) - begin + 1))
    left, found = numbers[begin : begin + size], grid_within(axis, begin, size)
    if (left == -1).all():
        assert found == along("other", size)
    elif len(left[left >= 0]) < 12:
        assert found is None
    else:
        assert token_grid(found, ("rows", "columns")) == (int(left.argmax()) - 11, [ROWS, COLUMNS])
        assert size_of(found) == size


def test_others_are_joined_twice():
    axis = among_others(among_others(GRID, 1, 13), 2, 16)
    assert token_grid(axis, ("rows", "columns")) == (3, [ROWS, COLUMNS]) and is_grid(axis)


def test_what_is_no_grid():
    outer = Part("rows", 3, 2, 6)
    for axis in (
        (),
        (*COLUMNS, *ROWS),
        (*ROWS, Part("columns", 2, 1, 4)),
        along("tokens", 12),
        along("other", 12),
        (*ROWS, *COLUMNS, *along("channels", 2)),
    ):
        assert token_grid(axis, ("rows", "columns")) is None
    assert token_grid((outer, *COLUMNS), ("rows", "columns")) == (0, [(outer,), COLUMNS])
    assert token_grid(COLUMNS, ("rows", "columns")) == (0, [(), COLUMNS]), "of a single row"
    assert not is_grid(ROWS) and is_grid(GRID)


def test_rolled_rows_are_not_in_their_order():
    (rolled,) = (Part("rows", 3, 1, 3, shift=1),)
    assert is_shifted((rolled,)) and not covers((rolled,), "rows") and not is_whole((rolled,))


def test_slices_of_a_volume_are_images():
    batch, window = Part("batch", None), Part("rows", 2, 4, 8)
    assert is_of_images((batch,)) and is_of_images((batch, *along("depth", 5)))
    assert not is_of_images((batch, window)) and not is_of_images(along("depth", 5))
