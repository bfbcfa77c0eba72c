import signal
import sys
import threading
import time

import nbformat
import numpy as np
import pytest
from matplotlib import pyplot as plt
from nbclient import NotebookClient

from cnnkit.exercises import _calls
from cnnkit.exercises._calls import capped_output, differs, lock, without_input_and_exit
from cnnkit.exercises._exercise import Function

CASES = [(np.ones(3),), (np.zeros(2),)]
with_timer = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no timer")


@Function(cases=CASES, hints=["Twice."], mistakes=[])
def double(x):
    return 2 * x


@pytest.fixture
def short_limit(monkeypatch):
    assert threading.current_thread() is threading.main_thread(), "only there a timer rings"
    monkeypatch.setattr(_calls, "SECONDS", 0.2)


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
        "Not yet: still running after 0.2 seconds in case 1 of 2, `double(x=[1, 1, 1])`. "
        "Is there a loop that never ends?\n"
    )
    assert capsys.readouterr().out == expected


@with_timer
def test_the_endless_case_is_named(short_limit, capsys):
    assert double.check(endless_for_two) is False
    assert "in case 2 of 2, `double(x=[0, 0])`." in capsys.readouterr().out


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


# Output and input


def test_a_short_print_appears_in_full(capsys):
    def prints(x):
        print("the sum is", x.sum())
        print("a warning", file=sys.stderr, flush=True)
        return 2 * x

    assert double.check(prints) is True
    said = capsys.readouterr()
    assert said.out == "the sum is 3.0\nthe sum is 0.0\nCorrect.\n"
    assert said.err == 2 * "a warning\n"


@with_timer
@pytest.mark.parametrize("stream", ["out", "err"])
def test_an_endless_answer_that_prints_floods_nothing(stream, short_limit, capsys):
    def prints(x):
        while True:
            print("once more", file=getattr(sys, f"std{stream}"))

    assert double.check(prints) is False
    said = capsys.readouterr()
    shown = getattr(said, stream).partition("\n[Your")[0]
    assert len(shown) == _calls.CHARACTERS and set(shown.split("\n")[:-1]) == {"once more"}
    sentence = f"[Your code printed more than {_calls.CHARACTERS:,} characters: the rest is cut.]"
    assert f"{sentence}\nNot yet: still running" in said.out


def test_both_streams_share_what_may_be_printed(capsys):
    with capped_output():
        sys.stdout.write("a" * (_calls.CHARACTERS - 3))
        sys.stderr.writelines(["b", "b", "bbbb"])
        assert sys.stdout.write("unseen") == 6, "as every stream, it says what it was given"
        assert not sys.stdout.isatty(), "in all else it is the stream that it stands for"
    said = capsys.readouterr()
    assert said.err == "bbb" and "unseen" not in said.out and "the rest is cut" in said.out
    print("seen")
    assert capsys.readouterr().out == "seen\n"


def test_all_of_the_cases_share_what_may_be_printed(capsys):
    double.check(lambda x: print("a" * (_calls.CHARACTERS // 2 + 10)))
    assert len(capsys.readouterr().out.partition("\n[Your")[0]) == _calls.CHARACTERS


def test_input_is_refused_at_once(capsys, monkeypatch):
    asked = []
    monkeypatch.setattr("builtins.input", lambda *args: asked.append(args) or "7")

    def asks(x):
        while True:
            try:
                return float(input("How often? ")) * x
            except Exception:
                pass

    assert double.check(asks) is False
    assert not asked and input() == "7", "afterwards it is what it was"
    assert capsys.readouterr().out == (
        "Not yet: an answer must not ask for input. All it needs is in its arguments: `x`.\n"
    )


def test_input_comes_back_after_an_error():
    former = input
    with pytest.raises(ZeroDivisionError), without_input_and_exit():
        raise ZeroDivisionError
    assert input is former


@with_timer
def test_figures_of_a_stopped_answer_are_closed(short_limit):
    plt.close("all")
    mine = plt.figure()

    def opens(x):
        plt.figure()
        return endless_for_two(x)

    assert double.check(opens) is False and plt.get_fignums() == [mine.number]
    assert double.check(lambda x: plt.figure() and 2 * x) is True
    assert len(plt.get_fignums()) == 1 + len(CASES), "an answer that ends may draw"
    plt.close("all")


# Arguments


def test_arrays_are_locked_within_lists_and_tuples():
    arrays = np.ones(2), [np.ones(2)], (np.ones(2),)
    lock(arrays)
    for array in (arrays[0], arrays[1][0], arrays[2][0]):
        with pytest.raises(ValueError, match="read-only"):
            array += 1


@pytest.mark.parametrize(
    "now, before, expected",
    [
        (np.ones(2), np.ones(2), False),
        (np.ones(2), np.zeros(2), True),
        (np.array(["a"]), np.array(["b"]), True),
        ([1, (2, 3)], [1, (2, 3)], False),
        ([1], [1, 2], True),
        ([np.ones(2)], [np.zeros(2)], True),
        ([1, (2, 3)], [1, (2, 4)], True),
        (len, len, False),
        (np.array([1, np.nan]), np.array([1, np.nan]), False),
        (np.array([1, np.nan]), np.array([np.nan, 1]), True),
        ([np.nan], [np.nan], False),
    ],
)
def test_changes_are_seen(now, before, expected):
    assert differs(now, before) is expected


# In a kernel

STOPPED = """
def max_pool(image, size):
    while True:
        print("round and round")

nb03.max_pool.check(max_pool);
"""
ASKS = """
def max_pool(image, size):
    return input("Which? ")

nb03.max_pool.check(max_pool);
"""
LEAVES = """
def max_pool(image, size):
    exit()

nb03.max_pool.check(max_pool)
get_ipython().ask_exit.__func__;
"""
SHOWS = """
import matplotlib.pyplot as plt

def max_pool(image, size):
    while True:
        plt.figure(figsize=(0.1, 0.1))
        display(len(plt.get_fignums()))

nb03.max_pool.check(max_pool);
"""
INTERRUPTED = """
import _thread, threading

begun = threading.Event()

def answer(image, size):
    begun.set()
    while True:
        pass

def interrupt():
    begun.wait()
    _thread.interrupt_main()

_calls.SECONDS = 60
threading.Thread(target=interrupt).start()
try:
    nb03.max_pool.check(answer)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.fixture(scope="module")
def outputs():
    """The outputs of the cells of a notebook."""
    setup = "from cnnkit.exercises import _calls, nb03\n_calls.SECONDS = 0.2"
    cells = (setup, STOPPED, ASKS, LEAVES, SHOWS, INTERRUPTED, "print(6 * 7)")
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return [cell.outputs for cell in notebook.cells]


@pytest.fixture
def said(outputs):
    """What the cells print."""
    return ["".join(output.get("text", "") for output in cell) for cell in outputs]


@with_timer
def test_an_endless_answer_in_a_notebook(said):
    assert "after 0.2 seconds in case 1 of 3, `max_pool(image=[6×4 array], size=2)`." in said[1]
    assert "the rest is cut" in said[1] and len(said[1]) < 1.2 * _calls.CHARACTERS
    assert said[6] == "42\n"


def test_input_in_a_notebook(said):
    assert said[2].startswith("Not yet: an answer must not ask for input.")


def test_the_students_own_interrupt_passes_and_stops_the_answer(said):
    assert said[5] == "interrupted\n"


def test_an_answer_that_leaves_does_not_end_the_kernel(said):
    assert said[3].startswith("Your code raised SystemExit, in `exit()`.")


def test_what_an_endless_answer_displays_is_capped(outputs, said):
    kinds = [output.output_type for output in outputs[4]]
    assert kinds.count("display_data") == _calls.DISPLAYS, "no figure comes after the cell's end"
    assert f"Your code displayed more than {_calls.DISPLAYS} outputs: the rest is cut." in said[4]
