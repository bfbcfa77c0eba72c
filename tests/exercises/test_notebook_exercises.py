"""Every exercise with its solution, with nothing, and with wrong answers of all kinds."""

import inspect

import keras
import numpy as np
import pytest

from cnnkit.exercises import nb01, nb02, nb03, nb04, nb05, nb06, nb07
from cnnkit.exercises._exercise import NOT_ATTEMPTED, Exercise, Function

ALL = {
    f"{module.__name__[-4:]}.{name}": item
    for module in (nb01, nb02, nb03, nb04, nb05, nb06, nb07)
    for name, item in vars(module).items()
    if isinstance(item, Exercise)
}
FUNCTIONS = {name: item for name, item in ALL.items() if isinstance(item, Function)}
each = pytest.mark.parametrize("exercise", ALL.values(), ids=ALL)


def is_function(exercise):
    return isinstance(exercise, Function)


def like(exercise, value):
    """An answer of the exercise's kind: `value`, or a function that returns it."""
    return (lambda *args: value) if is_function(exercise) else value


@each
def test_the_solution_is_right(exercise, capsys):
    assert exercise.check(exercise.right_answer()) is True
    assert capsys.readouterr().out.startswith("Correct.")


@each
def test_not_attempted(exercise, capsys):
    assert exercise.check(...) is False
    assert capsys.readouterr().out == NOT_ATTEMPTED + "\n"
    if is_function(exercise):
        assert exercise.check(lambda *args: ...) is False
        assert capsys.readouterr().out == NOT_ATTEMPTED + "\n"


@each
def test_each_usual_mistake_gets_its_own_message(exercise, capsys):
    assert len(exercise.mistakes) >= 5 and len(exercise.hints) >= 1
    for answer, text in exercise.mistakes:
        assert exercise.check(answer) is False
        out = capsys.readouterr().out
        assert text in out and out.startswith(("Not yet: ", "Your code raised"))
    assert len({text for _, text in exercise.mistakes}) == len(exercise.mistakes)


@each
@pytest.mark.parametrize(
    "value",
    [None, "seven", [[1.0, 2.0]], np.zeros((2, 3, 4, 5, 6)), {}, (x for x in ()), np.nan, object],
    ids=["None", "text", "list", "shape", "dict", "generator", "nan", "class"],
)
def test_wrong_types_and_shapes_are_told(exercise, value, capsys):
    assert exercise.check(like(exercise, value)) is False
    assert capsys.readouterr().out.startswith("Not yet: ")


@each
def test_functions_for_values_and_values_for_functions(exercise, capsys):
    assert exercise.check(3 if is_function(exercise) else lambda: 3) is False
    wanted = "function" if is_function(exercise) else "value"
    assert f"expected a {wanted}. Received: " in capsys.readouterr().out


@pytest.mark.parametrize("exercise", FUNCTIONS.values(), ids=FUNCTIONS)
def test_code_that_raises(exercise, capsys):
    def answer(*args):
        return 1 / 0

    assert exercise.check(answer) is False
    out = capsys.readouterr().out
    assert out == "Your code raised ZeroDivisionError: division by zero In `return 1 / 0`\n"
    assert exercise.check(lambda: 3) is False  # takes no arguments
    assert "TypeError" in capsys.readouterr().out


@each
def test_hints_end_and_the_solution_is_the_tested_function(exercise, capsys):
    for hint in exercise.hints:
        exercise.hint()
        assert capsys.readouterr().out == hint + "\n"
    exercise.hint()
    assert "No more hints" in capsys.readouterr().out
    exercise.solution()
    shown = capsys.readouterr().out
    assert (
        shown.startswith(f"def {exercise.answer.__name__}(")
        and "@Function" not in shown
        and "@Value" not in shown
    )
    assert shown.strip() in inspect.getsource(exercise.answer)
    namespace = {"np": np, "keras": keras, "riddle": nb02.riddle}
    exec(shown, namespace)
    answer = namespace[exercise.answer.__name__]
    assert exercise.check(answer if is_function(exercise) else answer())


@each
def test_random_numbers_are_not_right(exercise, capsys):
    rng = np.random.default_rng(5)
    right = exercise.outcomes(exercise.right_answer())[0]
    if isinstance(right, str):
        pytest.skip("a choice")
    parts = right if isinstance(right, tuple) and is_function(exercise) else (right,)
    noise = tuple(rng.normal(size=np.shape(part)) for part in parts)
    assert exercise.check(like(exercise, noise if len(noise) > 1 else noise[0])) is False
    assert "Received: " in capsys.readouterr().out
