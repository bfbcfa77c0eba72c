"""What `check`, `hint` and `solution` do with an answer, the usual mistakes and the hints."""

import inspect
import threading
from ctypes import c_ulong, py_object, pythonapi
from traceback import extract_tb

import numpy as np

SECONDS = 10
NOT_ATTEMPTED = "Not attempted yet: write your answer in place of the `...`."


class Exercise:
    """Decorator of the function that is the answer or, without `cases`, that returns it.

    `cases` are tuples of arguments, `mistakes` pairs of a wrong answer and what to say to it.
    """

    def __init__(self, *, hints, mistakes, cases=None, note=""):
        self.hints, self.mistakes, self.cases, self.note = hints, mistakes, cases, note
        self._hints_left = list(hints)
        for array in [a for case in cases or () for a in case if isinstance(a, np.ndarray)]:
            array.setflags(write=False)  # an answer that changes its arguments raises an error

    def __call__(self, answer):
        self.answer = answer
        return self

    def __repr__(self):
        return f"<Exercise {self.answer.__name__}: check(answer), hint(), solution()>"

    def check(self, answer):
        """Print what to say to `answer`, and return whether it is right. Never raises."""
        try:
            complaint = NOT_ATTEMPTED if answer is ... else self._complaint(answer)
        except Exception as error:  # an answer can be any object, with any fault
            complaint = f"Not yet: this cannot be read as an answer ({type(error).__name__})."
        print(complaint or f"Correct. {self.note}".rstrip())
        return complaint is None

    def hint(self):
        """Print one more hint at each call."""
        print(self._hints_left.pop(0) if self._hints_left else "No more hints; see solution().")

    def solution(self):
        """Print the reference answer, the function that the tests run."""
        print("def " + inspect.getsource(self.answer).rpartition("\ndef ")[2].rstrip())

    def _complaint(self, answer):
        if callable(answer) != bool(self.cases):
            wanted = "function" if self.cases else "value"
            return f"Not yet: expected a {wanted}. Received: {answer!r:.80}"
        if (received := self._outcomes(answer))[0] is ...:
            return NOT_ATTEMPTED
        expected = self._outcomes(self.answer if self.cases else self.answer())
        fault = next(filter(None, map(_fault, received, expected)), None)
        for mistake, text in self.mistakes if fault else ():
            if not any(map(_fault, received, self._outcomes(mistake))):
                return f"{fault} {text}" if "raised" in fault else f"Not yet: {text}"
        return fault

    def _outcomes(self, answer):
        return [_outcome(answer, case) for case in self.cases] if self.cases else [answer]


def _outcome(function, case):
    """What `function` returns for the arguments in `case`, or the error it raises."""
    outcome, done = [], threading.Event()

    def work():  # in a thread, because a thread can be stopped on every system
        try:
            outcome.append(function(*case))
        except BaseException as error:  # `exit()` is an error like another
            outcome.append(error)
        done.set()

    thread = threading.Thread(target=work, daemon=True)
    try:
        thread.start()
        for _ in range(20 * SECONDS):  # short waits: on Windows no interrupt ends a long one
            done.wait(0.05)
    finally:
        while not done.is_set() and len(outcome) < 10:  # often, for answers that catch everything
            outcome.insert(0, TimeoutError(f"it was still running after {SECONDS} seconds"))
            pythonapi.PyThreadState_SetAsyncExc(c_ulong(thread.ident), py_object(SystemExit))
            done.wait(0.1)
    return outcome[0]


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
        return next(filter(None, map(_difference, received, expected)), None)
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
