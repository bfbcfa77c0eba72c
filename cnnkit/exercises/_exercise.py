"""What `check`, `hint` and `solution` do with an answer, the usual mistakes and the hints."""

import contextlib
import copy
import inspect
import signal
import threading
import time
from traceback import extract_tb

import numpy as np

from cnnkit.exercises import _memory

SECONDS = 10  # for one call of an answer
NOT_ATTEMPTED = "Not attempted yet: write your answer in place of the `...`."


class Exercise:
    """A `Value` or a `Function`: decorator of the function that gives, or is, the right answer.

    `mistakes` are pairs of a wrong answer and what to say to it.
    """

    asks_for = None  # "value" or "function"

    def __init__(self, *, hints, mistakes, note=""):
        self.hints, self.mistakes, self.note = hints, mistakes, note
        self._hints_left = list(hints)

    def __call__(self, answer):
        self.answer = answer
        return self

    def __repr__(self):
        return f"<Exercise {self.answer.__name__}: check(answer), hint(), solution()>"

    def right_answer(self):
        """The answer that `check` accepts."""
        raise NotImplementedError

    def outcomes(self, answer):
        """A list of what is compared with the outcomes of the right answer."""
        raise NotImplementedError

    def check(self, answer):
        """Print what to say to `answer`, and return whether it is right.

        Never raises an error but KeyboardInterrupt, with which the student stops it.
        """
        try:
            complaint = NOT_ATTEMPTED if answer is ... else self._complaint(answer)
        except _TimeUp as time_up:
            complaint = str(time_up)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # an answer can be any object, with any fault
            complaint = f"Not yet: this cannot be read as an answer ({type(error).__name__})."
        print(complaint or f"Correct. {self.note}".rstrip())
        _memory.answered(self, None if complaint == NOT_ATTEMPTED else complaint is None)
        return complaint is None

    def hint(self):
        """Print one more hint at each call."""
        print(self._hints_left.pop(0) if self._hints_left else "No more hints; see solution().")
        _memory.hint_read(self, len(self.hints) - len(self._hints_left))

    def solution(self):
        """Print the reference answer, the function that the tests run."""
        print("def " + inspect.getsource(self.answer).rpartition("\ndef ")[2].rstrip())
        _memory.solution_seen(self)

    def _complaint(self, answer):
        given = "function" if callable(answer) else "value"
        if given != self.asks_for:
            return f"Not yet: expected a {self.asks_for}. Received: {answer!r:.80}"
        received = self.outcomes(answer)
        if received[0] is ...:
            return NOT_ATTEMPTED
        fault = _first_fault(received, self.outcomes(self.right_answer()))
        for mistake, text in self.mistakes if fault else ():
            if not _first_fault(received, self.outcomes(mistake)):
                return f"{fault} {text}" if "raised" in fault else f"Not yet: {text}"
        return fault


class Value(Exercise):
    """Asks for the value that the decorated function returns."""

    asks_for = "value"

    def right_answer(self):
        return self.answer()

    def outcomes(self, answer):
        return [answer]


class Function(Exercise):
    """Asks for a function that does what the decorated one does.

    `cases` are the tuples of arguments with which both are called: with a copy each time, so that
    an answer which changes its arguments changes no other call.
    """

    asks_for = "function"

    def __init__(self, *, cases, **texts):
        super().__init__(**texts)
        self.cases = cases

    def right_answer(self):
        return self.answer

    def outcomes(self, answer):
        """What `answer` returns in each case, or the error that it raises."""
        return [self._outcome(answer, number) for number in range(len(self.cases))]

    def _outcome(self, answer, number):
        case = copy.deepcopy(self.cases[number])
        _lock(case)
        try:
            with _time_limit(SECONDS):
                return answer(*case)
        except _TimeUp:  # none of the other cases is tried
            call = f"{self.answer.__name__}({', '.join(map(_shown, self.cases[number]))})"
            raise _TimeUp(
                f"Not yet: still running after {SECONDS} seconds in case {number + 1} of "
                f"{len(self.cases)}, {call}. Is there a loop that never ends?"
            ) from None
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # `exit()` is an error like another
            return error


def _lock(argument):
    """Make all arrays read-only: an answer that changes one raises an error."""
    if isinstance(argument, np.ndarray):
        argument.setflags(write=False)
    elif isinstance(argument, (tuple, list)):
        for item in argument:
            _lock(item)


def _shown(argument):
    if isinstance(argument, np.ndarray):
        return f"array of shape {argument.shape}"
    return getattr(argument, "__name__", f"{argument!r:.40}")


class _TimeUp(BaseException):
    """No Exception, so that an answer which catches every Exception does not catch it."""


@contextlib.contextmanager
def _time_limit(seconds):
    """Raise `_TimeUp` within it after some seconds, and again and again if that is caught.

    Windows has no such timer, and it rings in the main thread alone: elsewhere an endless answer
    runs until the student interrupts it. It is stopped nowhere if a bare `except:` catches every
    ring, as in a loop that sleeps within its `try`. That catches the student's interrupt too, so
    only a restart of the kernel ends it.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not hasattr(signal, "setitimer") or not in_main_thread:
        yield
        return
    start, (left, interval) = time.monotonic(), signal.setitimer(signal.ITIMER_REAL, 0)
    former = signal.signal(signal.SIGALRM, _ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)
        try:
            yield
            if time.monotonic() - start >= seconds:  # it rang, and the answer went on
                raise _TimeUp
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)  # once more: it may have rung between the two
        signal.signal(signal.SIGALRM, former or signal.SIG_DFL)
        if left:
            left = max(left - (time.monotonic() - start), 0.001)
            signal.setitimer(signal.ITIMER_REAL, left, interval)


def _ring(signum, frame):
    raise _TimeUp


def _first_fault(received, expected):
    return _first(_fault, received, expected)


def _first(find, received, expected):
    """What `find` says of the first pair of which it says anything."""
    for pair in zip(received, expected, strict=True):  # with `next`, a StopIteration would be lost
        if found := find(*pair):
            return found
    return None


def _fault(received, expected):
    """What is wrong with one outcome, or None. Two errors of the same kind count as equal."""
    if not isinstance(received, BaseException):
        different = isinstance(expected, BaseException) or _difference(received, expected)
        return different and f"Not yet: {different}"
    where = "".join(f" In `{frame.line}`" for frame in extract_tb(received.__traceback__)[1:2])
    told = f"Your code raised {type(received).__name__}: {received}".split("\n")[0] + where
    return None if type(received) is type(expected) else told


def _difference(received, expected):
    """How `received` differs from `expected` by more than 1e-4 (floats: or of its size)."""
    if isinstance(expected, tuple) and any(map(np.ndim, expected)):  # of arrays: item by item
        if not isinstance(received, tuple | list) or len(received) != len(expected):
            return f"expected a tuple of {len(expected)}. Received: {received!r:.80}"
        return _first(_difference, received, expected)
    if isinstance(expected, str):
        return None if received == expected else f"not this answer. Received: {received!r:.80}"
    array, expected = np.asarray(received), np.asarray(expected)
    kinds = "u" if expected.dtype == np.uint8 else "biuf"  # pixels stay pixels
    if array.dtype.kind not in kinds or array.shape != expected.shape:
        received = f"{received!r:.60}, {array.dtype} of shape {array.shape}"
        return f"expected {expected.dtype} of shape {expected.shape}. Received: {received}"
    rtol = 1e-4 if expected.dtype.kind == "f" else 0  # whole numbers are exact
    if (close := np.isclose(array, expected, rtol, 1e-4, equal_nan=True)).all():
        return None
    first = tuple(np.argwhere(~close)[0].tolist())
    place = f" at {first}" if first else ""
    return f"{(~close).sum()} of {close.size} wrong. Received: {array[first]:.12g}{place}"
