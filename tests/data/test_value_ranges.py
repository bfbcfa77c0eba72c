import re

import numpy as np
import pytest

from cnnkit import data

DARK, LIGHT = np.full((2, 2), 0.2), np.full((2, 2), 200.0)


@pytest.mark.parametrize(
    "image, expected",
    [
        (np.ones((2, 2), bool), (0, 1)),
        (np.ones((2, 2), np.uint8), (0, 255)),
        (np.full((2, 2), 5000, np.uint16), (0, 65535)),
        (np.full((2, 2), 5000, ">u2"), (0, 65535)),
        (np.zeros((2, 2), np.uint16), (0, 65535)),
        (np.ones((2, 2), np.int64), (0, 1)),
        (np.full((2, 2), 200, np.int64), (0, 255)),
        (DARK, (0, 1)),
        (LIGHT, (0, 255)),
        (np.full((2, 2), 255.4, np.float32), (0, 255)),
    ],
)
def test_what_is_no_guess(image, expected):
    assert data.value_ranges([image]) == ([expected], "")


@pytest.mark.parametrize(
    "image, expected, words",
    [
        (np.full((2, 2), 4095, np.uint16), (0, 65535), "no value above 4095: black .* for 65535"),
        (np.full((2, 2), 4095, np.int32), (0, 4095), "above 255: black .* 0 and white for 4095"),
        (np.full((2, 2), 4095.5), (0, 4095.5), "above 255: black .* 0 and white for 4095.5"),
        (np.array([[-3, 1]], np.int8), (-3, 3), "negative values: black .* -3 and white for 3"),
        (np.array([[-128, 1]], np.int8), (-128, 128), "black .* -128 and white for 128"),
    ],
)
def test_a_guess_is_said(image, expected, words):
    ranges, guess = data.value_ranges([image])
    assert ranges == [expected]
    assert re.search(words, guess)


def test_images_without_a_range_of_their_own_share_one():
    images = [DARK, LIGHT, np.ones((2, 2), np.uint8), DARK > 0]
    assert data.value_ranges(images) == ([(0, 255)] * 3 + [(0, 1)], "")
    assert data.value_ranges([]) == ([], "")
