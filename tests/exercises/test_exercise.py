"""Every exercise with its solution, with nothing, and with wrong answers of all kinds."""

import inspect
import subprocess
import sys
import threading
import time

import keras
import numpy as np
import pytest

from cnnkit.exercises import _exercise, nb01, nb02, nb03, nb04, nb05, nb06, nb07
from cnnkit.exercises._exercise import NOT_ATTEMPTED, Exercise

ALL = {
    f"{module.__name__[-4:]}.{name}": item
    for module in (nb01, nb02, nb03, nb04, nb05, nb06, nb07)
    for name, item in vars(module).items()
    if isinstance(item, Exercise)
}
each = pytest.mark.parametrize("exercise", ALL.values(), ids=ALL)


def right_answer(exercise):
    return exercise.answer if exercise.cases else exercise.answer()


def like(exercise, value):
    """An answer of the exercise's kind: `value`, or a function that returns it."""
    return (lambda *args: value) if exercise.cases else value


@each
def test_the_solution_is_right(exercise, capsys):
    assert exercise.check(right_answer(exercise)) is True
    assert capsys.readouterr().out.startswith("Correct.")


@each
def test_not_attempted(exercise, capsys):
    assert exercise.check(...) is False
    assert capsys.readouterr().out == NOT_ATTEMPTED + "\n"
    if exercise.cases:
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
    assert exercise.check(3 if exercise.cases else lambda: 3) is False
    wanted = "function" if exercise.cases else "value"
    assert f"expected a {wanted}. Received: " in capsys.readouterr().out


@each
def test_code_that_raises(exercise, capsys):
    if not exercise.cases:
        pytest.skip("asks for a value")

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
    assert shown.startswith(f"def {exercise.answer.__name__}(") and "@Exercise" not in shown
    assert shown.strip() in inspect.getsource(exercise.answer)
    namespace = {"np": np, "keras": keras, "riddle": nb02.riddle}
    exec(shown, namespace)
    answer = namespace[exercise.answer.__name__]
    assert exercise.check(answer if exercise.cases else answer())


@each
def test_random_numbers_are_not_right(exercise, capsys):
    rng = np.random.default_rng(5)
    right = exercise.answer(*exercise.cases[0]) if exercise.cases else exercise.answer()
    if isinstance(right, str):
        pytest.skip("a choice")
    parts = right if isinstance(right, tuple) and exercise.cases else (right,)
    noise = tuple(rng.normal(size=np.shape(part)) for part in parts)
    assert exercise.check(like(exercise, noise if len(noise) > 1 else noise[0])) is False
    assert "Received: " in capsys.readouterr().out


double = Exercise(hints=["Twice."], mistakes=[], cases=[(np.ones(3),)])(lambda x: 2 * x)


@pytest.fixture
def threads():
    """Those that run before the test: earlier tests may have left some."""
    return set(threading.enumerate())


def no_thread_is_left(threads):
    end = time.monotonic() + 3
    while not threads >= set(threading.enumerate()) and time.monotonic() < end:
        time.sleep(0.05)
    return threads >= set(threading.enumerate())


@pytest.fixture
def one_second(monkeypatch):
    monkeypatch.setattr(_exercise, "SECONDS", 1)


def stubborn(x):
    while True:
        try:
            while True:
                pass
        except Exception:
            pass


def very_stubborn(x):
    tries = 0
    while tries < 5:
        try:
            while True:
                pass
        except:  # noqa: E722
            tries += 1
    return 2 * x


def asleep(x):
    time.sleep(3)
    return 2 * x


@pytest.mark.parametrize("answer", [stubborn, very_stubborn, asleep])
def test_endless_answers_are_stopped(answer, one_second, capsys, threads):
    start = time.monotonic()
    assert double.check(answer) is False
    assert time.monotonic() - start < 4
    assert "TimeoutError: it was still running after 1 seconds" in capsys.readouterr().out
    assert no_thread_is_left(threads)


def test_the_limit_is_ten_seconds():
    assert _exercise.SECONDS == 10


INTERRUPTED = """
import _thread, threading, time
from cnnkit.exercises import nb01

begun = threading.Event()

def answer(x):
    begun.set()
    while True:
        pass

def interrupt():
    begun.wait()
    _thread.interrupt_main()

threading.Thread(target=interrupt).start()
try:
    nb01.quadrants.check(answer)
except KeyboardInterrupt:
    end = time.monotonic() + 5
    while threading.active_count() > 1 and time.monotonic() < end:
        time.sleep(0.01)
    print("interrupted", threading.active_count())
"""


def test_the_students_own_interrupt_passes_and_stops_the_answer():
    # In a process of its own: an interrupt goes to the main thread, and tests may run in others.
    command = [sys.executable, "-c", INTERRUPTED]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout == "interrupted 1\n", done.stderr


def test_answers_that_print_or_leave(capsys):
    def prints(x):
        print("my output")

    assert double.check(prints) is False
    out = capsys.readouterr().out
    assert "my output" in out and "Received: None" in out

    def leaves(x):
        raise SystemExit

    assert double.check(leaves) is False
    assert "Your code raised SystemExit" in capsys.readouterr().out


def test_tensors(capsys):
    assert double.check(lambda x: keras.ops.convert_to_tensor(2 * x)) is True
    assert double.check(lambda x: keras.KerasTensor((3,))) is False
    assert "Not yet: this cannot be read as an answer" in capsys.readouterr().out
    assert double.check(lambda x: map(float, 2 * x)) is False


def test_answers_may_not_change_what_they_get(capsys):
    def in_place(x):
        x *= 2
        return x

    assert double.check(in_place) is False
    assert "ValueError: output array is read-only In `x *= 2`" in capsys.readouterr().out
    assert double.cases[0][0].tolist() == [1, 1, 1]


def test_a_mistake_that_raises_the_same_error_is_recognised(capsys):
    swap = (lambda x: x[5], "Too far.")
    exercise = Exercise(hints=[], mistakes=[swap], cases=[(np.ones(3),)])(lambda x: x[0])
    assert exercise.check(lambda x: x[7]) is False
    out = capsys.readouterr().out
    assert out.startswith("Your code raised IndexError") and out.endswith("Too far.\n")


def test_a_nearly_right_answer_is_told_where_it_is_wrong(capsys):
    def nearly(x):
        return 2 * x + np.array([0, 0, 1])

    assert double.check(nearly) is False
    assert capsys.readouterr().out == "Not yet: 1 of 3 wrong. Received: 3 at (2,)\n"
    assert double.check(lambda x: (2 * x).astype("float32") * (1 + 1e-6)) is True


def test_repr():
    assert repr(nb02.correlate2d) == "<Exercise correlate2d: check(answer), hint(), solution()>"
