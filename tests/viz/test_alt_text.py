import numpy as np
import pytest

from cnnkit.viz._alt_text import (
    after_title,
    counted,
    listed,
    percent,
    range_in_words,
    rounded,
    row_by_row,
)


@pytest.mark.parametrize(
    "value, text",
    [
        (0, "0"),
        (-0.0, "0"),
        (np.uint8(255), "255"),
        (12345, "12,345"),
        (1797.5, "1800"),
        (254.7, "255"),
        (2 / 3, "0.667"),
        (np.float32(0.1), "0.1"),
        (-0.00012345, "−0.000123"),
        (1e-5, "0.00001"),
        (3.2e-9, "3.20e−09"),
        (1e12, "1.00e+12"),
        (np.nan, "NaN"),
        (-np.inf, "minus infinity"),
    ],
)
def test_numbers_in_three_digits(value, text):
    assert rounded(value) == text


@pytest.mark.parametrize(
    "values, text",
    [
        ([3, -1, 2], "from −1 to 3"),
        ([[0.12345, 0.12346]], "all 0.123"),
        ([5], "5"),
        ([np.nan, 1, np.inf, 2], "from 1 to 2"),
        ([np.nan], "none finite"),
    ],
)
def test_ranges(values, text):
    assert range_in_words(values) == text


@pytest.mark.parametrize(
    "numbers, text",
    [
        ([[1, -3e-5], [2, 0.0193]], "1, 0; 2, 0.019"),
        ([[3e-5, 2e-6]], "0.00003, 0.000002"),
        ([[12345.6, 7]], "12,346, 7"),
        ([[0, 0]], "0, 0"),
    ],
)
def test_numbers_of_one_array(numbers, text):
    assert row_by_row(numbers) == text


def test_how_many():
    texts = [counted(n, "image") for n in (0, 1, np.int64(1), 2, 1200)]
    assert texts == ["0 images", "1 image", "1 image", "2 images", "1,200 images"]
    assert [listed(list(words)) for words in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]


def test_shares():
    texts = [percent(share) for share in (0, 0.004, 0.286, 0.997, 1)]
    assert texts == ["0 %", "less than 1 %", "29 %", "more than 99 %", "100 %"]


@pytest.mark.parametrize(
    "title, text",
    [
        (None, "S."),
        ("", "S."),
        ("valid:\n3 outputs", "valid: 3 outputs. S."),
        ("which?", "which? S."),
    ],
)
def test_a_title_comes_first(title, text):
    assert after_title(title, "S.") == text
