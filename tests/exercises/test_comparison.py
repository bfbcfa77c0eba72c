import asyncio

import numpy as np
import pytest

from cnnkit.exercises._comparison import numbers, parts, same

TWO = np.ones((2, 3)), np.zeros(4)


@pytest.mark.parametrize(
    "received, expected",
    [
        (4, 4),
        (4.0, 4),
        (True, 1),
        (np.float32(0.1), 0.1),
        (1000.05, 1000.0),
        (1e-5, 0.0),
        ([1, 2], (1, 2)),
        (np.array([1, 2]), (1, 2)),
        ([1.0, np.nan], np.array([1, np.nan])),
        (list(TWO), TWO),
        ("the same", "the same"),
        (np.uint8(7), np.uint8(7)),
        (IndexError("here"), IndexError("there")),
    ],
)
def test_the_same(received, expected):
    assert same(received, expected)


@pytest.mark.parametrize(
    "received, expected",
    [
        (5, 4),
        (1_000_000_001, 1_000_000_000),  # whole numbers are exact
        (1000.3, 1000.0),
        (3e-4, 0.0),
        ([4], 4),
        (4, [4]),
        ("4", 4),
        (4j, 4),
        (None, 0),
        (np.nan, 0),
        ([[1, 2], [3]], np.ones((2, 2))),
        (TWO[:1], TWO),
        ((TWO[0], TWO[0]), TWO),
        (np.stack([TWO[1], TWO[1]]), (TWO[1], TWO[1])),
        ("The same", "the same"),
        (["a"], "a"),
        (7, np.uint8(7)),
        (IndexError(), ValueError()),
        (IndexError(), 3),
        (3, IndexError()),
    ],
)
def test_not_the_same(received, expected):
    assert not same(received, expected)


@pytest.mark.parametrize("error", [StopIteration, GeneratorExit, asyncio.CancelledError])
def test_errors_of_an_odd_object_come_out(error):
    """None is lost on the way, so that no odd object passes for the right answer."""

    def raises(*args, **kwargs):
        raise error

    odd = type("Odd", (), {"__array__": raises})()
    for received, expected in ((odd, 3), ((odd, odd), TWO)):
        with pytest.raises((error, RuntimeError)):
            same(received, expected)


def test_parts_and_numbers():
    assert parts([1, 2], 2) == (1, 2) and parts([1, 2], 3) is None and parts("ab", 2) is None
    assert numbers([True, 2]).tolist() == [1, 2] and numbers("2") is None and numbers({}) is None
