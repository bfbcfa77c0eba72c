"""What a figure shows, in words: the alternative text for those who cannot see it."""

import math

import numpy as np

MAX_NUMBERS = 30  # that are read out one by one


def describe(figure, sentence):
    """Add a sentence to the alternative text of a figure, which several plots may share.

    Args:
        figure: A `matplotlib.figure.Figure`, or a part of one, which keeps the text as its
            `alt_text`.
        sentence: What was drawn, how much of it, in which range, and what is to be seen.
    """
    figure = figure.get_figure(root=True)
    earlier = getattr(figure, "alt_text", "")
    figure.alt_text = f"{earlier} {sentence}".strip()


def after_title(title, sentence):
    """A sentence with the title of what it describes before it, unless that is None."""
    title = one_line(title or "")
    end = "" if title.endswith((".", "?", "!")) else "."
    return f"{title}{end} {sentence}" if title else sentence


def one_line(text):
    """A title without its line breaks, which do not matter when it is read."""
    return " ".join(str(text).split())


def counted(n, noun):
    """How many there are of what: "1 image", "2 images"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def percent(share):
    """A share in whole percent: 0 only of what is not there, and 100 only of what is all."""
    if 0 < share < 0.01:
        return "less than 1 %"
    return "more than 99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"


def share_of_them(share):
    """The same as the subject of a sentence: "none of them", "12 % of them", "all of them"."""
    return {0: "none", 1: "all"}.get(share, percent(share)) + " of them"


def rows_and_columns(shape):
    """The size of what has rows and columns, `(rows, columns)`, in words: "3 by 3" of a square."""
    if shape[0] == shape[1]:
        return f"{shape[0]:,} by {shape[1]:,}"
    return f"{counted(shape[0], 'row')} by {counted(shape[1], 'column')}"


def strides_in_words(strides):
    """How far a window moves, `(vertical, horizontal)`."""
    if strides[0] == strides[1]:
        return f"with stride {strides[0]}"
    return f"with strides of {counted(strides[0], 'row')} and {counted(strides[1], 'column')}"


def listed(words):
    """Words in a row, with an "and" before the last one."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def rounded(value):
    """A number in three digits; one that is whole remains as it is. Its minus is one read aloud."""
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else f"{'minus ' * (value < 0)}infinity"
    if value == round(value) and abs(value) < 1e9:
        text = f"{int(value):,}"
    elif not 1e-6 <= abs(value) < 1e6:
        text = f"{value:.2e}"
    else:
        text = np.format_float_positional(value, 3, unique=False, fractional=False, trim="-")
    return text.replace("-", "\N{MINUS SIGN}")


def range_in_words(values):
    """From which number to which the finite values of an array go."""
    values = np.asarray(values, np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        return "none finite"
    low, high = rounded(values.min()), rounded(values.max())
    if low == high:
        return low if values.size == 1 else f"all {low}"
    return f"from {low} to {high}"


def row_by_row(numbers):
    """All numbers of an array of shape `(rows, columns)`; tiny ones beside large ones are 0."""
    numbers = np.asarray(numbers, np.float64)
    n_digits = 3 - math.floor(math.log10(np.abs(numbers).max() or 1.0))
    rows = numbers.round(max(n_digits, 0))
    return "; ".join(", ".join(map(rounded, row)) for row in rows)


def titles_in_order(titles):
    """The titles of panels, numbered from 1, without those that are empty: "" if all are.

    Where they are mostly the same few, each is told once: "dog 4 times (1, 4 to 6)".
    """
    titles = [one_line(title) for title in titles or []]
    known = [f"{i}: {title}" for i, title in enumerate(titles, 1) if title]
    places = {}
    for i, title in enumerate(titles, 1):
        places.setdefault(title, []).append(i)
    places.pop("", None)
    if 2 * len(places) <= len(known):
        known = [
            f"{title} {counted(len(numbers), 'time')} ({_runs(numbers)})"
            for title, numbers in places.items()
        ]
    return f" Titles: {'; '.join(known)}." if known else ""


def _runs(numbers):
    """Ascending whole numbers, three or more in a row as "4 to 6"."""
    starts = [n for n in numbers if n - 1 not in numbers]
    ends = [n for n in numbers if n + 1 not in numbers]
    parts = []
    for a, b in zip(starts, ends, strict=True):
        parts += [f"{a} to {b}"] if b > a + 1 else map(str, range(a, b + 1))
    return ", ".join(parts)


def array_in_words(array):
    """The size of an array of shape `(rows, columns)`, and its numbers or, if many, their range."""
    size = rows_and_columns(array.shape)
    if array.size > MAX_NUMBERS:
        return f"{size}, values {range_in_words(array)}"
    return f"{size}, row by row {row_by_row(array)}"
