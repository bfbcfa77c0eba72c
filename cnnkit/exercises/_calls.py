"""A call of a student's answer: it must end, ask for nothing, and print little."""

import builtins
import contextlib
import signal
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np

SECONDS = 10  # for one call of an answer
CHARACTERS = 2_000  # that an answer may print during one check
DISPLAYS = 10  # outputs, such as figures, that it may display during one check


def lock(argument):
    """Make all arrays read-only: an answer that changes one raises an error."""
    if isinstance(argument, np.ndarray):
        argument.setflags(write=False)
    elif isinstance(argument, tuple | list):
        for item in argument:
            lock(item)


def differs(argument, former):
    """Whether an array or a list has been changed."""
    if isinstance(argument, np.ndarray):
        may_hold_nan = argument.dtype.kind in "fc"  # of other kinds NumPy does not ask for it
        return not np.array_equal(argument, former, equal_nan=may_hold_nan)
    if isinstance(argument, list | tuple):
        return len(argument) != len(former) or any(map(differs, argument, former))
    # The same object counts as equal: nan does not even equal itself.
    return isinstance(argument, int | float | str) and argument is not former and argument != former


class TimeUp(BaseException):
    """No Exception, so that an answer which catches every Exception does not catch it."""


class InputAsked(BaseException):
    """No Exception, as above."""


@contextlib.contextmanager
def without_input_and_exit():
    """Let `input` raise InputAsked within it, and IPython's `exit` and `quit` SystemExit.

    `input` would wait for ever, a kernel even beyond its restart; the others would end the kernel.
    """
    with _raising(builtins, "input", InputAsked), _raising(_shell(), "ask_exit", SystemExit):
        yield


@contextlib.contextmanager
def _raising(owner, name, error):
    """Let a function of `owner` raise `error` within it; nothing changes where there is none."""
    if not hasattr(owner, name):
        yield
        return

    def refuse(*args, **kwargs):
        raise error

    former = getattr(owner, name)
    setattr(owner, name, refuse)
    try:
        yield
    finally:
        setattr(owner, name, former)


@contextlib.contextmanager
def without_figures_left():
    """Close the figures that were opened within it, if an error ends it.

    A notebook shows every open figure at the end of its cell, and an endless loop opens many.
    """
    before = _figures()
    try:
        yield
    except BaseException:
        for number in _figures() - before:
            sys.modules["matplotlib.pyplot"].close(number)
        raise


def _figures():
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot else set()


def _shell():
    ipython = sys.modules.get("IPython")
    return ipython and ipython.get_ipython()


@contextlib.contextmanager
def capped_output():
    """Let the first of what is printed and displayed within it through; say so if more came.

    An endless loop that prints would fill the page and the memory before its time is up.
    """
    left = SimpleNamespace(characters=CHARACTERS, displays=DISPLAYS)
    try:
        with (
            contextlib.redirect_stdout(_Capped(sys.stdout, left)),
            contextlib.redirect_stderr(_Capped(sys.stderr, left)),
            _capped_displays(left),
        ):
            yield
    finally:
        if left.characters < 0:
            print(f"\n[Your code printed more than {CHARACTERS:,} characters: the rest is cut.]")
        if left.displays < 0:
            print(f"\n[Your code displayed more than {DISPLAYS} outputs: the rest is cut.]")


@contextlib.contextmanager
def _capped_displays(left):
    """Let a kernel send no more outputs than are `left`."""
    publisher = getattr(_shell(), "display_pub", None)
    if not hasattr(publisher, "register_hook"):  # no kernel
        yield
        return

    def pass_on(message):
        left.displays -= 1
        return message if left.displays >= 0 else None

    publisher.register_hook(pass_on)
    try:
        yield
    finally:
        publisher.unregister_hook(pass_on)


class _Capped:
    """A stream that lets no more through than is `left`, which two streams may share."""

    def __init__(self, stream, left):
        self._stream, self._left = stream, left

    def write(self, text):
        through = text[: max(self._left.characters, 0)]
        self._left.characters -= len(text)
        if through:
            self._stream.write(through)
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def __getattr__(self, name):
        return getattr(self._stream, name)


@contextlib.contextmanager
def time_limit(seconds):
    """Raise `TimeUp` within it after some seconds, and again and again if that is caught.

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
        signal.setitimer(signal.ITIMER_REAL, seconds, 0.02)
        try:
            yield
            if time.monotonic() - start >= seconds:  # it rang, and the answer went on
                raise TimeUp
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)  # once more: it may have rung between the two
        signal.signal(signal.SIGALRM, former or signal.SIG_DFL)
        if left:
            left = max(left - (time.monotonic() - start), 0.001)
            signal.setitimer(signal.ITIMER_REAL, left, interval)


def _ring(signum, frame):
    raise TimeUp
