"""Numbers as they are written in figures."""

import math
from decimal import Decimal

import numpy as np


def number_format(values):
    """The format that suits all `values`: integers as integers, else two or three digits."""
    values = np.abs(np.asarray(values, np.float64))
    largest = values.max(initial=0)
    if largest < 1e6 and (values == np.round(values)).all():
        return ".0f"
    if not 1e-3 <= largest < 1e6:
        return ".1e"
    if largest >= 100:
        return ".1f"
    return ".2f" if largest >= 0.1 else f".{1 - math.floor(math.log10(largest))}f"


def number_text(value, fmt):
    """A number as text, without the minus of "-0.00"."""
    text = format(value, fmt)
    return text.lstrip("-") if float(text) == 0 else text


def number_texts(values, fmt=None):
    """All numbers of an array as text, in one format: an object array of the same shape."""
    values = np.asarray(values, np.float64)
    fmt = fmt or number_format(values)
    texts = np.empty(values.shape, object)
    for where, value in np.ndenumerate(values):
        texts[where] = number_text(value, fmt)
    return texts


def equals(value, text):
    """An equals sign if a number, a `Decimal`, is the printed one, and else "≈"."""
    return "=" if value == Decimal(text) else "≈"


def in_brackets(number):
    """A printed number, in brackets if it is negative."""
    return f"({number})" if number.startswith("-") else number
