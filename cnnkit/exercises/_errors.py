"""What Python's and NumPy's errors mean, for those who see them for the first time."""

import re
from traceback import extract_tb

_MEANINGS = (  # of what an error says; groups of the pattern fill the sentence
    (
        r"operands could not be broadcast together",
        "NumPy combines two arrays number by number only if they have the same shape (or 1 where "
        "they differ). A slice that reaches beyond the end of an array comes out shorter.",
    ),
    (
        r"could not broadcast input array from shape (\(.*?\)) into shape (\(.*?\))",
        "What you put in has the shape {0}, and its place has {1}. A slice that reaches beyond "
        "the end of an array comes out shorter.",
    ),
    (
        r"mismatch in its core dimension|shapes .* not aligned",
        "In a matrix product the first array has as many columns as the second one has rows. "
        "Is one of them to be transposed, `.T`?",
    ),
    (
        r"truth value of an array",
        "`if`, `and`, `or` and `not` want one True or False, not an array of them: `&`, `|`, `~` "
        "and `np.where` work place by place, `.any()` and `.all()` make one of many.",
    ),
    (r"inhomogeneous", "The rows of an array must be equally long."),
    (
        r"setting an array element with a sequence",
        "One place of an array holds one number, and was given several.",
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
    (r"cannot reshape", "The new shape must hold as many numbers as the old one."),
    (r"axes don't match array", "`transpose` needs the number of each axis, once."),
    (
        r"slice indices must be integers|cannot be interpreted as an integer|only integer scalar "
        r"arrays|only integers, slices|expected a sequence of integers",
        "Places and sizes are whole numbers. `/` makes a fraction even of 4 / 2; `//` rounds down.",
    ),
    (
        r"Cannot cast ufunc '\w+' output from dtype\('(\w+)'\) to dtype\('(\w+)'\)",
        "The array holds {1}, and the result is {0}, which does not fit into it. `x = x - 1` makes "
        "a new array, `x -= 1` writes into the old one.",
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
_SHAPES = "If this is about arrays, print their shapes before this line: `print(x.shape)`."


def changes_argument(outcome):
    """Whether an outcome is the error from changing an array that is locked."""
    return isinstance(outcome, ValueError) and "read-only" in str(outcome)


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
    line, said = _line(error), str(error).strip().split("\n")[0].rstrip(".")
    told = f"Your code raised {type(error).__name__}" + (f": {said}" if said else "")
    told += f", in `{line}`." if line else "."
    return f"{told} {_meaning(error, said)}".rstrip()


def _line(error):
    """The line of the answer; the first frame is that of whoever called it."""
    return "".join(frame.line or "" for frame in extract_tb(error.__traceback__)[1:2])


def _meaning(error, said):
    for pattern, meaning in _MEANINGS:
        if found := re.search(pattern, said):
            return meaning.format(*found.groups())
    return _SHAPES if isinstance(error, ValueError) else ""
