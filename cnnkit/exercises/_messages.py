"""What to say of a wrong answer: what came, and, of a function, what was expected in which case."""

import inspect

import numpy as np

from cnnkit.exercises._comparison import EXACTNESS, close, fits, numbers, parts, same

_FEW = 8  # numbers of an array that are shown; of more than these, the first that is wrong
_DIGITS = 5  # of each of them, if they are an argument
_WIDE_ARRAY, _WIDE = 40, 60  # characters for an array, and for anything else
_ORDINALS = "first second third fourth fifth sixth seventh eighth".split()
_RETURN = "A function gives back what stands after `return`: is it missing? (`print` only shows.)"
_EXACT = (
    f"It must be exact to {EXACTNESS:g}, or to {100 * EXACTNESS:g} % of its size: let Python "
    "calculate it."
)
NEAR = "That is close, but not exact enough."


def shown_call(function, case):
    """A call as students write it, each argument with its name, and short."""
    pairs = zip(inspect.signature(function).parameters, case, strict=False)
    return f"{function.__name__}({', '.join(f'{name}={shown(item)}' for name, item in pairs)})"


def shown(thing):
    """A short text for an argument, a result, or an answer."""
    if isinstance(thing, np.ndarray) and thing.ndim:
        if (text := _in_full(thing)) and all(len(shown(item)) <= _DIGITS for item in thing.flat):
            return text
        size = "×".join(map(str, thing.shape))
        return f"[{size} array]" if thing.ndim > 1 else f"[array of {size}]"
    if isinstance(thing, list | tuple):
        text = _cut(", ".join(map(shown, thing[:_WIDE])))
        comma = "," if len(thing) == 1 else ""
        return f"[{text}]" if isinstance(thing, list) else f"({text}{comma})"
    if isinstance(thing, float | np.floating):
        return f"{thing + 0.0:.6g}"  # 0, not -0
    if isinstance(thing, np.generic):
        thing = thing.item()
    if callable(thing):
        name = getattr(thing, "__name__", "").lstrip("_")
        return name if name.isidentifier() else "[a function]"
    return _cut(repr(thing))


def _in_full(array):
    """All numbers of a small array in brackets, and no text for a larger one."""
    text = _spelt(array) if array.size <= _FEW else ""
    return text if len(text) <= _WIDE_ARRAY else ""


def _spelt(array):
    return f"[{', '.join(map(_spelt, array))}]" if array.ndim else shown(np.asarray(array)[()])


def _cut(text):
    return text if len(text) <= _WIDE else f"{text[: _WIDE - 4]} ..."


def told_result(received, expected):
    """What a function gave, and what was expected; it follows the call in a sentence."""
    came, wanted, remark = _came(received, expected)
    return f"gave {came}. Expected: {wanted}. {remark}".rstrip()


def _came(received, expected):
    """What came, what was wanted, and a remark."""
    if isinstance(expected, tuple):
        return _came_of_several(received, expected)
    array, right = numbers(received), np.asarray(expected)
    if array is None:
        return _kind(received), _kind(expected), _RETURN if received is None else ""
    if array.shape != right.shape:
        return _kind(received), _kind(expected), ""
    if not fits(array, right):
        return f"numbers of type {array.dtype}", f"pixels, of type {right.dtype}", ""
    if _in_full(array) and _in_full(right):
        return _in_full(array), _in_full(right), _remark(array, right)
    wrong = np.argwhere(~close(array, right)).tolist()
    came, wanted = (shown(those[tuple(wrong[0])]) for those in (array, right))
    things = "values" if right.dtype.kind == "b" else "numbers"
    count = f"{len(wrong)} of {array.size} {things} {'is' if len(wrong) == 1 else 'are'} wrong."
    remark = f"{count} {_remark(array, right)}"
    return f"{came} at {wrong[0]}", f"{wanted} there", remark


def _remark(array, right):
    wrong = array[~close(array, right)]
    if np.isnan(wrong).any():
        return "nan, not a number, comes from 0 / 0 and the like."
    if np.isinf(wrong).any():
        return "inf, infinity, comes from a division by 0 or from too large a power."
    near = right.dtype.kind == "f" and close(array, right, 1e-2).all()
    return NEAR if near else ""


def _came_of_several(received, expected):
    count = len(expected)
    items = parts(received, count)
    if items is None and np.shape(numbers(received)) == (count,):
        items = tuple(numbers(received))
    if items is None:
        wanted = f"a tuple of {count}, as from `return {', '.join('abcdefgh'[:count])}`"
        return _kind(received), wanted, _RETURN if received is None else ""
    right = [same(item, other) for item, other in zip(items, expected, strict=True)]
    place = right.index(False)
    came, wanted, remark = _came(items[place], expected[place])
    remark = f"{_told_right(right)} {remark}".strip()
    return f"{count} results. The {_ORDINALS[place]} is {came}", wanted, remark


def _told_right(right):
    """Which of several results are right."""
    *others, last = [name for name, good in zip(_ORDINALS, right, strict=False) if good] or [""]
    if others:
        return f"The {', '.join(others)} and {last} are right."
    return f"The {last} is right." if last else ""


def _kind(thing):
    """What something is, or which number."""
    if thing is None:
        return "None"
    if isinstance(thing, str):
        return f"the text {shown(thing)}"
    if isinstance(thing, list | tuple) and len(thing) <= _FEW:
        return f"the {type(thing).__name__} {shown(thing)}"
    array = numbers(thing)
    if array is None:
        if isinstance(thing, np.ndarray) and thing.dtype.kind == "U":
            return f"an array of texts, of shape {thing.shape}"
        return f"something of type {type(thing).__name__}"
    if array.ndim:
        of = "True and False, of " if array.dtype.kind == "b" else ""
        return f"an array of {of}shape {array.shape}"
    return f"one number, {shown(array[()])}"


def told_value(received, expected, exact=_EXACT):
    """What is wrong with a value, and not what the right one is."""
    array, right = numbers(received), np.asarray(expected)
    if isinstance(expected, str):
        return f"{shown(received)} is not the answer."
    if array is None or array.ndim == 0 and right.ndim > 0:
        quotes = ", without quotation marks" if isinstance(received, str) else ""
        return f"the answer is {_asked(expected)}{quotes}. Received: {shown(received)}"
    if array.shape != right.shape:
        return _told_shape(received, array, expected)
    if right.ndim == 0:
        return _told_number(array, right, exact)
    wrong = np.argwhere(~close(array, right))[0].tolist()
    if isinstance(expected, tuple):
        return f"in {shown(received)} the {_ORDINALS[wrong[0]]} number is wrong."
    return f"the number at {wrong} is wrong, {shown(array[tuple(wrong)])}."


def _asked(expected):
    if isinstance(expected, tuple):
        return "a tuple of numbers, such as `(2, 3)`"
    return "an array of numbers" if np.ndim(expected) else "one number"


def _told_shape(received, array, expected):
    if np.ndim(expected) == 0:
        if array.size == 1:
            return f"write a number without brackets: {array.item()}, not {shown(received)}."
        return f"the answer is one number. Received: {shown(received)}"
    if isinstance(expected, tuple) and array.ndim == 1:
        fewer = "fewer" if len(array) < len(expected) else "more"
        return f"{shown(received)} has {fewer} numbers than the answer."
    shape = f"an array of shape {np.shape(expected)}"
    wanted = _asked(expected) if isinstance(expected, tuple) else shape
    return f"the answer is {wanted}. Received: one of shape {array.shape}."


def _told_number(array, right, exact):
    if np.isnan(array):
        return "nan is not a number."
    told = f"{shown(array[()])} is too {'small' if array < right else 'large'}"
    if right.dtype.kind == "f":
        near = ", but close" if close(array, right, 0.05) else ""
        return f"{told}{near}. {exact}".rstrip()
    return f"{told}." if array == np.round(array) else f"{told}, and the answer is a whole number."
