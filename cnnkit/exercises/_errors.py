"""What Python's and NumPy's errors mean, for those who see them for the first time."""

import re
import textwrap
from traceback import extract_tb

_ONE, _TWO = r"(?P<one>\([^()]*\))", r"(?P<two>\([^()]*\))"  # shapes
_MEANINGS = (  # of what an error says; groups of the pattern fill the sentence
    (
        rf"operands could not be broadcast together with shapes {_ONE} {_TWO}$",
        "The shapes {0} and {1} do not match: compared from the last axis on, axes must be equally "
        "long, or one of the two 1.",
    ),
    (
        rf"could not broadcast input array from shape {_ONE} into shape {_TWO}",
        "What you put in has the shape {0}, and its place has {1}.",
    ),
    (
        r"mismatch in its core dimension|shapes .* not aligned",
        "In a matrix product the first array has as many columns as the second one has rows. "
        "Is one of them to be transposed, as in `x @ W1.T`? Or is `*` meant, which "
        "multiplies place by place?",
    ),
    (
        r"truth value of an array",
        "`if`, `and`, `or` and `not` want one True or False, not an array of them: `&`, `|`, `~` "
        "and `np.where` work place by place, `.any()` and `.all()` make one of many.",
    ),
    (
        r"'list' object has no attribute '(\w+)'",
        "A list has no `.{0}`: `np.array([...])` makes an array of it.",
    ),
    (
        r"too many values to unpack \(expected (\d+)",
        "On the left are {0} names, and more came. (A shape has a number for each axis.)",
    ),
    (r"inhomogeneous", "The rows of an array must be equally long."),
    (
        r"setting an array element with a sequence",
        "One place of an array holds one number, and was given several.",
    ),
    (
        r"index -?\d+ is out of bounds for axis \d+ with size 0",
        "The array is empty: it has no place at all. Was nothing found?",
    ),
    (
        r"index -?\d+ is out of bounds for axis \d+ with size (\d+)",
        "Places are counted from 0: the last of {0} has the number {0} - 1.",
    ),
    (r"(list|tuple) index out of range", "Places are counted from 0, and this {0} has fewer."),
    (r"too many indices for array", "The array has fewer axes than there are indices."),
    (
        r"axis -?\d+ is out of bounds for array of dimension (\d+)",
        "Axes are counted from 0, and the array has {0} of them.",
    ),
    (
        r"cannot reshape",
        "The new shape must hold as many numbers as the old one. (`reshape` keeps their order. To "
        "move axes, use `transpose`.)",
    ),
    (r"axes don't match array", "`transpose` needs the number of each axis, once."),
    (
        r"slice indices must be integers|cannot be interpreted as an integer|only integer scalar "
        r"arrays|only integers, slices|expected a sequence of integers",
        "Places and sizes are whole numbers. `/` makes a fraction even of 4 / 2; `//` rounds down.",
    ),
    (
        r"Cannot cast ufunc '\w+' output from dtype\('(\w+)'\) to dtype\('(\w+)'\)",
        "The array holds {1}, and the result is {0}, which does not fit into it. `x = x - 1` makes "
        "a new array, `x -= 1` writes into the old one. (`np.zeros_like(x)` has the type of `x`; "
        "`np.zeros(x.shape)` holds decimals.)",
    ),
    (
        r"NoneType",
        "Something here is None, that is, nothing. A function without `return` gives None, and so "
        "do methods that change their list, such as `append` and `sort`.",
    ),
    (
        r"takes .*\d+ positional argument|missing \d+ required positional|unexpected keyword",
        "A function is called with as many arguments as its `def` line names.",
    ),
    (
        r"^name '(\w+)' is not defined",
        "Nothing is called `{0}` so far. Is it spelt as above, and has the cell that defines it "
        "been run?",
    ),
    (
        r"local variable '(\w+)'",
        "`{0}` has no value yet at this line. Give it one before the loop or the `if`.",
    ),
    (
        r"unsupported operand type\(s\) for .*'(list|tuple)'",
        "With a {0} one cannot calculate: `np.array` makes an array of it.",
    ),
    (r"maximum recursion depth", "The function calls itself without an end."),
)
_LARGEST = re.compile(r"\b(?:np\.)?(max|min)\(")
_SHORT_SLICE = "A slice that reaches beyond the end of an array comes out shorter."
_AXIS_MORE = (
    "One of the two has an axis more at its end: `[..., i]` takes one place of it, as one filter "
    "or one channel."
)
_FIRST_AXIS = (
    "`[{0}]` takes one place of the first axis; `[..., {0}]` takes one of the last, as one filter "
    "or one channel."
)
_OF_EYE = "A row of `np.eye(n)` has n numbers: take as many as the array has columns."
_PLACE_BY_PLACE = "`*` multiplies place by place. A product of matrices is `@`."
_ONE_A_ROW = (
    "The second has one number for each row, as from `axis=1`. `axis=0` makes one for each column. "
    "(If it is a sum or a maximum of each row, add `keepdims=True` there: then its shape is "
    "({0}, 1), which fits.)"
)
_ONE_A_ROW_OF_OTHERS = (
    "The second has one number for each of {0} rows, as from `axis=1`, and the first has {1} rows. "
    "`axis=0` makes one for each column."
)
_SHAPES = "If this is about arrays, print their shapes before this line: `print(x.shape)`."


def changes_argument(outcome):
    """Whether an outcome is the error from changing an array that is locked."""
    return isinstance(outcome, ValueError) and "read-only" in _text(outcome)


def told_change(error, names):
    """What to say to an answer that changed the arguments of these names in place."""
    line = _line(error)
    told = f"you changed {' and '.join(names) or 'an argument'}" + (f" in `{line}`" if line else "")
    step = re.fullmatch(r"(\w+) *(\*\*|//|[-+*/@%&|^])= *([^#;]*[^#; ]) *(#.*)?", line)
    if step:
        name, sign, rest, _ = step.groups()
        rest = rest if sign == "+" or re.fullmatch(r"[\w.]+(\([^()]*\))?", rest) else f"({rest})"
        return f"{told}. Write `{name} = {name} {sign} {rest}`, which makes a new array."
    return f"{told}, which belongs to the caller. Change a copy: `x.copy()` makes one of `x`."


def told_error(error):
    """What an error says, the line of the answer in which it rose, and what it means."""
    line, said = _line(error), _text(error).strip().split("\n")[0][:1000].rstrip(".")
    said = textwrap.shorten(said, 300, placeholder=" ...")
    is_clear = said and "core dimension" not in said  # of a matrix product, in NumPy's own terms
    told = f"Your code raised {type(error).__name__}" + (f": {said}" if is_clear else "")
    told += f", in `{line}`." if line else "."
    return f"{told} {_meaning(error, said)}".rstrip()


def _text(error):
    """What an error says. One that a student defines may raise another instead."""
    try:
        return str(error)
    except Exception:
        return ""


def _line(error):
    """The line of the answer; the first frame is that of whoever called it."""
    return "".join(frame.line or "" for frame in extract_tb(error.__traceback__)[1:2])


def _meaning(error, said):
    line = _line(error)
    if found := _LARGEST.search(line) if re.search("scalar index|truth value", said) else None:
        return f"`{found[0]}...)` makes one number. `np.{found[1]}imum(0, x)` works place by place."
    for pattern, meaning in _MEANINGS:
        if found := re.search(pattern, said):
            also = _of_shapes(line, **found.groupdict()) if found.groupdict() else ""
            return f"{meaning.format(*found.groups())} {also}".rstrip()
    return _SHAPES if isinstance(error, ValueError) else ""


def _of_shapes(line, one, two):
    """What two shapes that do not match tell besides."""
    one, two = ([int(size) for size in re.findall(r"\d+", shape)] for shape in (one, two))
    new_axis = "None]" in line  # meant to match place by place
    if "*" in line and not new_axis and len(one) == len(two) == 2 and one[1] == two[0]:
        return _PLACE_BY_PLACE
    if len(one) == 2 and two == one[:1]:
        return _ONE_A_ROW.format(*two)
    if len(one) == len(two) == 2 and two[1] == 1:
        return _ONE_A_ROW_OF_OTHERS.format(two[0], one[0])
    if "np.eye(" in line:
        return _OF_EYE
    if len(one) == len(two) > 2 and (place := re.search(r"\w\[(\w+)\]", line)):
        return _FIRST_AXIS.format(place[1])
    short, long = sorted((one, two), key=len)
    if len(long) == len(short) + 1 > 2 and long[:-1] == short:
        return _AXIS_MORE
    return _SHORT_SLICE if _one_is_short(one, two) else ""


def _one_is_short(one, two):
    """Whether one of two shapes is the other one with some axes cut, as a slice may cut them.

    An axis of length 1 is rather one that was added, as by `[:, None]`.
    """
    pairs = [(a, b) for a, b in zip(one, two, strict=False) if a != b]
    if any(1 in pair for pair in pairs):
        return False
    return len(one) == len(two) and len({a < b for a, b in pairs}) == 1
