import numpy as np
import pytest

from cnnkit.exercises._errors import changes_argument, told_change, told_error


def raised(answer, *args):
    """The error of an answer; this frame stands for the one that calls it."""
    try:
        answer(*args)
    except Exception as error:
        return error
    raise AssertionError("no error")


def locked():
    array = np.arange(4.0)
    array.setflags(write=False)
    return array


ERRORS = [  # of code that has x = np.arange(4.0)
    ("x + x[1:]", "shapes (4,) and (3,) do not match"),
    ("x + x[1:]", "A slice that reaches beyond the end"),
    ("np.zeros((4, 3)) + x", "shapes (4,3) and (4,) do not match"),
    ("np.zeros((4, 3)) + x", "`axis=0` makes one for each column. (If it is a sum or"),
    ("np.zeros((4, 3)) + x", "its shape is (4, 1), which fits.)"),
    (
        "np.zeros((4, 3)) - np.zeros((6, 1))",
        "each of 6 rows, as from `axis=1`, and the first has 4",
    ),
    ("np.zeros((4, 3)).__setitem__(0, x[:2])", "shape (2,), and its place has (3,)"),
    ("x @ x[1:]", "as many columns as the second one has rows"),
    ("x @ x[1:]", "transposed, as in `x @ W1.T`?"),
    ("x @ x[1:]", "Or is `*` meant, which multiplies place by place?"),
    ("1 if x > 0 else 0", "want one True or False"),
    ("np.zeros(3).__setitem__(0, x)", "One place of an array holds one number"),
    ("np.array([[1, 2], [3]])", "must be equally long"),
    ("x[4]", "the last of 4 has the number 4 - 1"),
    ("list(x)[4]", "Places are counted from 0, and this list has fewer"),
    ("x[x < 0][0]", "The array is empty: it has no place at all"),
    ("x[0, 0]", "fewer axes than there are indices"),
    ("x.sum(axis=1)", "Axes are counted from 0, and the array has 1 of them"),
    ("x.reshape(3, 2)", "must hold as many numbers as the old one"),
    ("x.transpose(0, 1)", "the number of each axis, once"),
    ("x[: 4 / 2]", "`//` rounds down"),
    ("np.zeros(4 / 2)", "`//` rounds down"),
    ("x[4 / 2]", "`//` rounds down"),
    ("np.arange(3, dtype='int64').__iadd__(0.5)", "holds int64, and the result is float64"),
    ("None + x", "A function without `return` gives None"),
    ("print()[0]", "A function without `return` gives None"),
    ("(lambda: 3)(x)", "as many arguments as its `def` line names"),
    ("(lambda x, y: 3)(x)", "as many arguments as its `def` line names"),
    ("missing", "Nothing is called `missing` so far"),
    ("[1, 2] - [1]", "With a list one cannot calculate"),
    ("np.split(x, 3)", "print their shapes"),
]


@pytest.mark.parametrize("code, meaning", ERRORS, ids=[code for code, _ in ERRORS])
def test_an_error_is_followed_by_what_it_means(code, meaning):
    error = raised(lambda: eval(code, {"np": np, "x": np.arange(4.0)}))
    told = told_error(error)
    text = "" if "core dimension" in str(error) else f": {str(error)[:9]}"
    assert told.startswith(f"Your code raised {type(error).__name__}{text}")
    assert meaning in told and "core dimension" not in told


@pytest.mark.parametrize(
    "code, expected",
    [
        ("np.ones((2, 3)) * np.ones((3, 3))", True),
        ("np.ones((2, 2)) * np.ones((3, 3))", True),
        ("np.ones((2, 3)) * np.ones((3, 2))", False),
        ("np.ones((4, 4)) * np.ones(3)", False),
        ("np.ones((6, 5)) - np.ones((9, 1))", False),
        ("np.ones((4, 3)) - np.ones(4)", False),
        ("np.ones((4, 3)) * np.ones(3)[:, None]", False),
        ("np.zeros(3).__setitem__(slice(1, 5), np.ones(4))", True),
        ("np.zeros((3, 3)).__setitem__(0, np.ones(2))", True),
        ("np.zeros((3, 3)).__setitem__(0, np.ones((3, 3)))", False),
    ],
)
def test_slices_are_named_only_where_one_may_be_too_short(code, expected):
    told = told_error(raised(lambda: eval(code, {"np": np})))
    assert ("A slice that reaches beyond" in told) is expected, told


def test_a_name_without_a_value_and_an_endless_call():
    def forgets(x):
        for row in x[:0]:
            total = row
        return total

    assert "`total` has no value yet at this line" in told_error(raised(forgets, np.ones(2)))

    def calls_itself(x):
        return calls_itself(x)

    assert "calls itself without an end" in told_error(raised(calls_itself, 1))


def test_the_line_is_that_of_the_answer_and_one_line_of_the_error_is_enough():
    def helper(x):
        raise KeyError("first\nsecond")

    def answer(x):
        return helper(x) + 1

    assert told_error(raised(answer, 1)) == (
        "Your code raised KeyError: 'first\\nsecond', in `return helper(x) + 1`."
    )
    assert told_error(raised(lambda: None, 1)).startswith("Your code raised TypeError: ")
    assert told_error(KeyError()) == "Your code raised KeyError."
    assert told_error(TypeError("Sentence.")) == "Your code raised TypeError: Sentence."


def test_what_an_error_says_is_short_and_need_not_be_readable():
    assert len(told_error(ValueError("word " * 40_000))) < 450
    assert len(told_error(ValueError("w" * 199_000))) < 450

    class Mute(ValueError):
        def __str__(self):
            raise KeyError

    assert told_error(Mute()).startswith("Your code raised Mute.")
    assert not changes_argument(Mute())


def test_a_change_of_an_argument_is_told_with_what_to_write():
    def steps(start):
        w = start
        w += 2 * start
        return w

    error = raised(steps, locked())
    assert changes_argument(error)
    assert told_change(error, ["`start`"]) == (
        "you changed `start` in `w += 2 * start`. Write `w = w + 2 * start`, which makes a new "
        "array."
    )

    def scales(x):
        x *= 1 + 2  # three times

    assert "Write `x = x * (1 + 2)`, which" in told_change(raised(scales, locked()), [])

    def centers(x):
        x -= x.mean(axis=0)

    assert "Write `x = x - x.mean(axis=0)`, which" in told_change(raised(centers, locked()), [])

    def does_two_things(x):
        x -= 1; x /= 2  # noqa: E702  # fmt: skip

    told = told_change(raised(does_two_things, locked()), ["`x`"])
    assert told.startswith("you changed `x` in `x -= 1; x /= 2") and "Write" not in told

    def puts(x):
        x[0] = 7

    told = told_change(raised(puts, locked()), [])
    assert told.startswith("you changed an argument in `x[0] = 7`") and "`x.copy()`" in told
    assert changes_argument(raised(np.ndarray.sort, locked()))
    assert not changes_argument(ValueError("x")) and not changes_argument("read-only")
