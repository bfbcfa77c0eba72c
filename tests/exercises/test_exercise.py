import asyncio
import copy
import signal
import threading
import time

import keras
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from cnnkit.exercises import _exercise, nb02, nb03, nb05
from cnnkit.exercises._exercise import Function

CASES = [(np.ones(3),), (np.zeros(2),)]
double = Function(cases=CASES, hints=["Twice."], mistakes=[])(lambda x: 2 * x)
HAS_TIMER = hasattr(signal, "setitimer")
with_timer = pytest.mark.skipif(not HAS_TIMER, reason="the system has no timer")


@pytest.fixture
def short_limit(monkeypatch):
    assert threading.current_thread() is threading.main_thread(), "only there a timer rings"
    monkeypatch.setattr(_exercise, "SECONDS", 0.2)


def endless(x):
    while True:
        pass


def stubborn(x):
    while True:
        try:
            endless(x)
        except Exception:
            pass


def very_stubborn(x):
    tries = 0
    while tries < 5:
        try:
            endless(x)
        except:  # noqa: E722
            tries += 1
    return 2 * x


def always_wrong(x):
    while True:
        try:
            return x.missing()
        except:  # noqa: E722
            pass


def asleep(x):
    time.sleep(3)
    return 2 * x


def endless_for_two(x):
    return endless(x) if len(x) == 2 else 2 * x


@with_timer
@pytest.mark.parametrize("answer", [endless, stubborn, very_stubborn, always_wrong, asleep])
def test_endless_answers_are_stopped(answer, short_limit, capsys):
    tried = []
    assert double.check(lambda x: tried.append(x) or answer(x)) is False
    assert len(tried) == 1, "the first case ends the check"
    expected = (
        "Not yet: still running after 0.2 seconds in case 1 of 2, <lambda>(array of shape (3,)). "
        "Is there a loop that never ends?\n"
    )
    assert capsys.readouterr().out == expected


@with_timer
def test_the_endless_case_is_named(short_limit, capsys):
    assert double.check(endless_for_two) is False
    assert "in case 2 of 2, <lambda>(array of shape (2,))." in capsys.readouterr().out
    power = Function(cases=[(np.abs, "a" * 99, 3)], hints=[], mistakes=[])(lambda f, s, n: n)
    assert power.check(lambda f, s, n: endless(n)) is False
    assert f"<lambda>(absolute, 'a{'a' * 38}, 3)" in capsys.readouterr().out


@with_timer
def test_the_timer_and_its_handler_are_those_of_before(short_limit, capsys):
    rings = []
    former = signal.signal(signal.SIGALRM, lambda *_: rings.append(time.monotonic()))
    try:
        start, _ = time.monotonic(), signal.setitimer(signal.ITIMER_REAL, 1)
        assert double.check(lambda x: 2 * x) is True and double.check(endless) is False
        left = signal.getitimer(signal.ITIMER_REAL)[0]
        assert rings or 0 < left <= 0.8, "the time went on meanwhile"
        while not rings:
            time.sleep(0.01)
        assert rings[0] - start > 0.99 and signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


@with_timer
def test_no_alarm_comes_late(short_limit):
    def slow(x):
        time.sleep(0.19)
        return 2 * x

    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL, "which would end the process"
    double.check(slow)
    time.sleep(0.1)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_other_threads_have_no_timer():
    said = []
    thread = threading.Thread(target=lambda: said.append(double.check(lambda x: 2 * x)))
    thread.start()
    thread.join()
    assert said == [True]


def test_a_system_without_a_timer(monkeypatch):
    monkeypatch.delattr(signal, "setitimer", raising=False)
    assert double.check(lambda x: 2 * x) is True and double.check(lambda x: x) is False


STOPPED = """
def quadrants(x):
    while True:
        pass

nb01.quadrants.check(quadrants);
"""
INTERRUPTED = """
import _thread, threading

begun = threading.Event()

def answer(x):
    begun.set()
    while True:
        pass

def interrupt():
    begun.wait()
    _thread.interrupt_main()

_exercise.SECONDS = 60
threading.Thread(target=interrupt).start()
try:
    nb01.quadrants.check(answer)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.fixture(scope="module")
def said():
    """What the cells of a notebook print."""
    setup = "from cnnkit.exercises import _exercise, nb01\n_exercise.SECONDS = 0.2"
    cells = (setup, STOPPED, INTERRUPTED, "print(6 * 7)")
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return ["".join(output.get("text", "") for output in c.outputs) for c in notebook.cells]


@with_timer
def test_an_endless_answer_in_a_notebook(said):
    assert "after 0.2 seconds in case 1 of 2, quadrants(array of shape (60, 2))." in said[1]
    assert said[3] == "42\n"


def test_the_students_own_interrupt_passes_and_stops_the_answer(said):
    assert said[2] == "interrupted\n"


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


def pops_layers(layers):
    size, jump = 1, 1
    while layers:
        kernel, stride = layers.pop(0)
        size, jump = size + (kernel - 1) * jump, jump * stride
    return size


def pops_losses(losses, patience):
    best, epoch, least = 0, 0, losses[0]
    while losses and epoch - best < patience:
        loss = losses.pop(0)
        best, least = (epoch, loss) if loss < least else (best, least)
        epoch += 1
    return best


@pytest.mark.parametrize(
    "exercise, answer", [(nb03.receptive_field, pops_layers), (nb05.early_stop, pops_losses)]
)
def test_an_answer_that_empties_its_list_spoils_nothing(exercise, answer, capsys):
    cases = copy.deepcopy(exercise.cases)
    for _ in range(2):
        exercise.check(answer)
        assert exercise.check(lambda *args: 1) is False
        assert exercise.check(exercise.right_answer()) is True
    assert exercise.cases == cases
    assert nb03.receptive_field.check(pops_layers) is True, "judged by what it returns"
    for mistake, text in exercise.mistakes:
        assert exercise.check(mistake) is False and text in capsys.readouterr().out


def test_mistakes_and_reference_get_copies_too(capsys):
    def second(numbers, x):
        numbers.pop(0)
        return numbers.pop(0)

    mistakes = [(lambda numbers, x: numbers.pop(0), "No.")]
    exercise = Function(cases=[([1, 2, 3], np.ones(2))], hints=[], mistakes=mistakes)(second)
    for _ in range(3):
        assert exercise.check(lambda numbers, x: numbers.pop(0)) is False
        assert exercise.check(lambda numbers, x: numbers[1]) is True
        assert capsys.readouterr().out == "Not yet: No.\nCorrect.\n"
    numbers, x = exercise.cases[0]
    assert numbers == [1, 2, 3] and x.flags.writeable, "they are left as they are"


def test_arrays_within_a_list_may_not_be_changed_either(capsys):
    def in_place(arrays):
        arrays[0] += 1
        return arrays[0]

    exercise = Function(cases=[([np.ones(2)],)], hints=[], mistakes=[])(lambda a: a[0] + 1)
    for _ in range(2):
        assert exercise.check(in_place) is False
        assert "output array is read-only In `arrays[0] += 1`" in capsys.readouterr().out


@pytest.mark.parametrize(
    "error", [GeneratorExit, SystemExit, BaseException, asyncio.CancelledError, StopIteration]
)
def test_no_error_comes_out(error, capsys):
    def raises(*args):
        raise error("mine")

    assert double.check(raises) is False
    assert f"Your code raised {error.__name__}: mine In `raise error" in capsys.readouterr().out
    odd = type("Odd", (), {"__array__": raises, "__repr__": raises})()
    assert double.check(odd) is False and double.check(lambda x: odd) is False
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2 and all("Not yet: this cannot be read as an ans" in line for line in said)


def test_interrupts_come_out():
    def raises(*args):
        raise KeyboardInterrupt

    for answer in (raises, type("Odd", (), {"__repr__": raises})()):
        with pytest.raises(KeyboardInterrupt):
            double.check(answer)


def test_a_mistake_that_raises_the_same_error_is_recognised(capsys):
    swap = (lambda x: x[5], "Too far.")
    exercise = Function(hints=[], mistakes=[swap], cases=[(np.ones(3),)])(lambda x: x[0])
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
