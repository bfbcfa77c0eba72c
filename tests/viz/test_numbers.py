from decimal import Decimal

import numpy as np
import pytest

from cnnkit.viz._numbers import equals, in_brackets, number_format, number_text, number_texts


@pytest.mark.parametrize(
    "values, fmt",
    [
        ([1, -20], ".0f"),
        ([0], ".0f"),
        ([True], ".0f"),
        ([1.5, 20], ".2f"),
        ([100.5], ".1f"),
        ([0.0123], ".3f"),
        ([0.00123], ".4f"),
        ([0.000123], ".1e"),
        ([1e6], ".1e"),
        ([], ".0f"),
    ],
)
def test_one_format_suits_all(values, fmt):
    assert number_format(values) == fmt


def test_texts():
    assert number_texts([[1.5, -0.001]]).tolist() == [["1.50", "0.00"]]
    assert number_texts(np.array([1, 2]), ".1f").tolist() == ["1.0", "2.0"]
    assert number_text(-0.0, ".2f") == "0.00" and number_text(-0.01, ".2f") == "-0.01"


def test_printed_sums():
    assert equals(Decimal("0.1") + Decimal("0.2"), "0.3") == "="
    assert equals(Decimal(1) / 3, "0.33") == "≈"
    assert (in_brackets("-1"), in_brackets("1")) == ("(-1)", "1")
