"""What to say of a wrong answer: what came, and, of a function, what was expected in which case."""

import inspect

import numpy as np

from cnnkit.exercises._comparison import EXACTNESS, close, fits, numbers, parts, same

_FEW = 8  # numbers that are shown; of more than these, the first that is wrong
_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_RETURN = "A function gives back what stands after `return`: is it missing? (`print` only shows.)"
_EXACT = (
    f"It must be exact to {EXACTNESS:g}, or to {100 * EXACTNESS:g} % of its size: let Python "
    "calculate it."
)


def shown_call(function, case):
    """A call as students write it, each argument with its name, and short."""
    pairs = zip(inspect.signature(function).parameters, case, strict=False)
    return f"{function.__name__}({', '.join(f'{name}={shown(item)}' for name, item in pairs)})"


def shown(thing):
    """A short text for an argument, a result, or an answer."""
    if isinstance(thing, np.ndarray) and thing.ndim:
        text = f"[{', '.join(map(shown, thing))}]" if thing.size <= _FEW else ""
        size = "×".join(map(str, thing.shape)) if thing.ndim > 1 else f"{thing.size}-number"
        return text if 0 < len(text) <= 60 else f"[{size} array]"
    if isinstance(thing, tuple) and any(map(np.ndim, thing)):
        return f"({', '.join(map(shown, thing))})"
    if isinstance(thing, float | np.number | np.bool_):
        return f"{thing:.6g}" if isinstance(thing, float | np.floating) else f"{thing}"
    if callable(thing):
        name = getattr(thing, "__name__", "").lstrip("_")
        return name if name.isidentifier() else "[a function]"
    text = repr(thing)
    return text if len(text) <= 60 else f"{text[:56]} ..."


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
        return _came_in_other_shape(array, right)
    if not fits(array, right):
        return f"numbers of type {array.dtype}", f"pixels, of type {right.dtype}", ""
    wrong = ~close(array, right)
    near = close(array, right, 1e-2).all() and right.dtype.kind == "f"
    remark = "That is close, but not exact enough." if near else ""
    if np.isnan(array[wrong]).any():
        remark = "nan, not a number, comes from 0 / 0 and the like."
    if array.size <= _FEW:
        return shown(array[()]), shown(right[()]), remark
    first = tuple(np.argwhere(wrong)[0].tolist())
    count = f"{wrong.sum()} of {wrong.size} numbers are wrong."
    return f"{shown(array[first])} at {list(first)}", shown(right[first]), f"{count} {remark}"


def _came_of_several(received, expected):
    count = len(expected)
    items = parts(received, count)
    if items is None and np.shape(received) == (count,):  # an array of numbers
        items = tuple(np.asarray(received))
    if items is None:
        names = ", ".join("abcde"[:count])
        remark = _RETURN if received is None else ""
        return _kind(received), f"a tuple of {count}, as from `return {names}`", remark
    right = [same(item, other) for item, other in zip(items, expected, strict=True)]
    place = right.index(False)
    came, wanted, remark = _came(items[place], expected[place])
    good = " and ".join(_ORDINALS[i] for i in range(count) if right[i])
    remark = f"The {good} is right. {remark}" if good else remark
    return f"as the {_ORDINALS[place]} of its {count} results {came}", wanted, remark


def _came_in_other_shape(array, right):
    if right.ndim == 0 and array.size == 1:
        return shown(array), f"{shown(right[()])}, a number without brackets", ""
    came = f"one number, {shown(array[()])}" if array.ndim == 0 else _kind(array)
    return came, _kind(right), ""


def _kind(thing):
    array = numbers(thing)
    if isinstance(thing, str):
        return f"a text, {shown(thing)}"
    if array is not None:
        return f"an array of shape {array.shape}" if array.ndim else f"a number, {shown(array[()])}"
    if isinstance(thing, list | tuple):
        return f"a {type(thing).__name__} that is no array of numbers"
    return "None" if thing is None else f"something of type {type(thing).__name__}"


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
            return (
                f"the answer is a number without brackets, {array.item()}, not {shown(received)}."
            )
        return f"the answer is one number. Received: {shown(received)}"
    if isinstance(expected, tuple) and array.ndim == 1:
        return f"{shown(received)} has not as many numbers as the answer."
    return f"the answer is {_asked(expected)}, but of another shape than {array.shape}."


def _told_number(array, right, exact):
    if np.isnan(array):
        return "nan is no number."
    told = f"{shown(array[()])} is too {'small' if array < right else 'large'}"
    if right.dtype.kind == "f":
        near = ", but close" if close(array, right, 0.05) else ""
        return f"{told}{near}. {exact}".rstrip()
    return f"{told}." if array == np.round(array) else f"{told}, and the answer is a whole number."
