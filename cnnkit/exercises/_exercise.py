"""The kinds of exercises, and what `check`, `hint`, `solution` and `show` do with each."""

import contextlib
import copy
import inspect
import os
import random
import re
import string
import textwrap
from pathlib import Path
from types import FunctionType

import numpy as np

from cnnkit.exercises import _calls, _memory
from cnnkit.exercises._calls import (
    InputAsked,
    TimeUp,
    capped_output,
    differs,
    lock,
    time_limit,
    without_figures_left,
    without_input_and_exit,
)
from cnnkit.exercises._comparison import numbers, same
from cnnkit.exercises._errors import changes_argument, told_change, told_error
from cnnkit.exercises._messages import NEAR, shown, shown_call, told_result, told_value

NOT_ATTEMPTED = "Not attempted yet: write your answer in place of the `...`."


class Exercise:
    """Decorator of the function that gives, or is, the right answer. Each kind has a class.

    `hints` come one by one, `mistakes` are pairs of a wrong answer and what to say to it, `note` is
    said of a right one.
    """

    def __init__(self, *, hints, mistakes, note=""):
        self.hints, self.mistakes, self.note = hints, mistakes, note
        self.answer = None  # until the decorated function is known
        self.hints_shown = 0
        self._checked = None  # what tells the last answer from others
        self._hinted = None  # the same of the answer to which the last hint was given

    def __call__(self, answer):
        if self.answer is not None:  # a student forgot `.check`
            print(f"Write `.check(…)`: `{self.answer.__name__}.check(…)` judges an answer.")
            return self.check(answer)
        self.answer = answer
        return self

    def __repr__(self):
        show = "show(), " if hasattr(self, "show") else ""
        return f"<Exercise {self.answer.__name__}: {show}check(answer), hint(), solution()>"

    def right_answer(self):
        """The answer that `check` accepts."""
        return self.answer()

    def complaint(self, answer):
        """What to say to a wrong answer, or None."""
        raise NotImplementedError

    def check(self, answer):
        """Print what to say to `answer`, and return whether it is right.

        Never raises an error but KeyboardInterrupt, with which the student stops it.
        """
        try:
            if isinstance(answer, Exercise):
                complaint = "Not yet: this is the exercise itself. Write your answer in its place."
            else:
                complaint = NOT_ATTEMPTED if answer is ... else self.complaint(answer)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # an answer can be any object, with any fault
            complaint = f"Not yet: this cannot be read as an answer ({type(error).__name__})."
        solved = complaint is None
        if complaint != NOT_ATTEMPTED:
            self._checked = _code(answer), complaint
        print(f"Correct. {self.note}".rstrip() if solved else complaint)
        _memory.answered(self, None if complaint == NOT_ATTEMPTED else solved)
        return solved

    def hint(self):
        """Print the hints given so far, and one more if the answer has changed since the last."""
        self.hints_shown = min(max(self.hints_shown, _memory.hints_read(self)), len(self.hints))
        if self.hints_shown == 0 or self._checked not in (None, self._hinted):
            self.hints_shown = min(self.hints_shown + 1, len(self.hints))
            self._hinted = self._checked
        for number, text in enumerate(self.hints[: self.hints_shown], start=1):
            print(f"Hint {number} of {len(self.hints)}: {text}")
        if self.hints_shown < len(self.hints):
            print("For the next hint, change your answer and check it.")
        else:
            print("There are no more hints; see solution().")
        _memory.hint_read(self, self.hints_shown)

    def solution(self):
        """Print the reference answer, the function that the tests run."""
        print(self.solution_text())
        _memory.solution_seen(self)

    def solution_text(self):
        """The code of the reference answer."""
        return "def " + inspect.getsource(self.answer).rpartition("\ndef ")[2].rstrip()


def _code(answer):
    return answer.__code__ if type(answer) is FunctionType else None


class Value(Exercise):
    """Asks for the value that the decorated function returns.

    Where it is a text, it is one of `choices`; capitals and a "the" in front do not matter.
    """

    def __init__(self, *, choices=(), **texts):
        super().__init__(**texts)
        self.choices = choices

    def complaint(self, answer):
        if callable(answer):
            return "Not yet: the answer is a value, not a function. Write what it gives."
        if self.agrees(answer, self.right_answer()):
            return None
        return f"Not yet: {self.usual(answer) or self.told(answer)}{self._listed_choices()}"

    def usual(self, answer):
        """What to say to a usual mistake, or an empty text."""
        return next((text for wrong, text in self.mistakes if self.agrees(answer, wrong)), "")

    def agrees(self, answer, other):
        """Whether an answer says the same as the right one, or as a mistake."""
        if self.choices and isinstance(answer, str):
            return _plain(answer) == _plain(other)
        return same(answer, other)

    def told(self, answer):
        """What to say to an answer that is no usual mistake."""
        if self.choices and not any(self.agrees(answer, choice) for choice in self.choices):
            return f"{shown(answer)} is none of the choices."
        return told_value(answer, self.right_answer())

    def _listed_choices(self):
        listed = ", ".join(f'"{choice}"' for choice in self.choices)
        return f" Choose one of {listed}." if listed else ""


def _plain(text):
    return text.strip().casefold().removeprefix("the ")


class Number(Value):
    """Asks to predict a number: an answer is right if it differs by no more than `within`."""

    def __init__(self, *, within, **texts):
        super().__init__(**texts)
        self.within = within

    def agrees(self, answer, other):
        array = numbers(answer)
        if array is None or array.ndim > 0:
            return False
        difference = abs(float(array) - float(other))  # uint8 would start again at 0
        return difference <= self.within * (1 + 1e-9)  # 0.8 - 0.7 > 0.1

    def usual(self, answer):
        near = [pair for pair in self.mistakes if self.agrees(answer, pair[0])]
        return min(near, key=lambda pair: abs(float(answer) - float(pair[0])), default=(0, ""))[1]

    def told(self, answer):
        right, array = float(self.right_answer()), numbers(answer)
        if self.within < right < 1 and array is not None and self.agrees(array / 100, right):
            return "this is in per cent: write it as a share of 1."
        is_exact = self.within < 1 and right.is_integer()
        exact = (
            ""
            if is_exact
            else f"Accepted is what is at most {self.within:g} from the right answer."
        )
        return told_value(answer, right, exact)


class FaultyLine(Value):
    """Asks for the number of the line of `code`, counted from 1, in which the error is."""

    def __init__(self, *, code, **texts):
        super().__init__(**texts)
        self.lines = textwrap.dedent(code).strip("\n").split("\n")

    def show(self):
        """Print the code, each line with its number."""
        for number, line in enumerate(self.lines, start=1):
            print(f"{number:>2}  {line}".rstrip())

    def agrees(self, answer, other):
        return not isinstance(answer, bool | np.bool_) and super().agrees(answer, other)

    def told(self, answer):
        for number, line in enumerate(self.lines, start=1):
            if self.agrees(answer, number):
                text = f", `{line.strip()}`," if line.strip() else ""
                return f"line {number}{text} is not the one with the error."
        limits = f"from 1 to {len(self.lines)}"
        quotes = ", without quotation marks" if isinstance(answer, str) else ""
        return f"the answer is the number of a line, {limits}{quotes}. Received: {answer!r:.60}"


class LineOrder(Exercise):
    """Asks for the order of `lines`, as a text of the letters with which `show` prints them.

    The lines are given in the right order. A mistake is a pair of their numbers, counted from 1:
    the first of the two comes before the second. The decorated function's docstring says what the
    lines do, and why in this order. Raises ValueError if no two lines differ.
    """

    def __init__(self, *, lines, **texts):
        if len(set(lines)) < 2:
            raise ValueError(f"`lines` must hold two different lines or more. Received: {lines}")
        super().__init__(**texts)
        self.lines = lines
        self.mixed = list(lines)
        shuffle = random.Random("\n".join(lines)).shuffle  # the same each time
        while self.mixed == list(lines):
            shuffle(self.mixed)
        self.letters = string.ascii_uppercase[: len(lines)]

    def right_answer(self):
        left, letters = list(self.mixed), []
        for line in self.lines:
            letters.append(self.letters[left.index(line)])
            left[left.index(line)] = None  # an equal line has a letter of its own
        return "".join(letters)

    def show(self):
        """Print the lines in their mixed order, each with its letter; indents stay."""
        for letter, line in zip(self.letters, self.mixed, strict=True):
            print(f"{letter}  {line}")

    def solution_text(self):
        """The letters and the lines in their right order, and why."""
        right = self.right_answer()
        lines = [f"{letter}  {line}" for letter, line in zip(right, self.lines, strict=True)]
        return "\n".join([right, *lines, inspect.getdoc(self.answer) or ""])

    def complaint(self, answer):
        text = "".join(map(str, answer)) if isinstance(answer, list | tuple) else answer
        letters = re.sub(r"[\s,;>-]", "", text).upper() if isinstance(text, str) else ""
        if sorted(letters) != list(self.letters):
            return (
                f"Not yet: the answer is a text with each of the letters A to {self.letters[-1]} "
                f'once, such as "{self.letters}". Received: {answer!r:.60}'
            )
        order = [self.mixed[self.letters.index(letter)] for letter in letters]
        if order == list(self.lines):
            return None
        for (early, late), told in self.mistakes:
            if order.index(self.lines[early - 1]) < order.index(self.lines[late - 1]):
                return f"Not yet: {told}"
        good = next(i for i, line in enumerate(self.lines) if order[i] != line)
        start = f"{', '.join(letters[:good])} is a right start, but " if good else ""
        return f"Not yet: {start}{letters[good]} does not come {'next' if good else 'first'}."


class Function(Exercise):
    """Asks for a function that does what the decorated one does.

    `cases` are the tuples of arguments with which both are called: with a copy each time, so that
    an answer which changes its arguments changes no other call.
    """

    def __init__(self, *, cases, **texts):
        super().__init__(**texts)
        self.cases = cases

    def right_answer(self):
        return self.answer

    def complaint(self, answer):
        if not callable(answer):
            call = f"check({self.answer.__name__})"
            return f"Not yet: the answer is a function, as in `{call}`. Received: {answer!r:.60}"
        try:
            with without_input_and_exit(), without_figures_left(), capped_output():
                received = self.outcomes(answer)
        except _Stopped as stopped:  # none of the other cases is tried
            return f"Not yet: {stopped}"
        if received[0] is ...:
            return NOT_ATTEMPTED
        expected = self.outcomes(self.answer)
        if _all_same(received, expected):
            return None
        usual = (text for m, text in self.mistakes if _all_same(received, self.outcomes(m)))
        place = [same(*pair) for pair in zip(received, expected, strict=True)].index(False)
        return self._told(answer, place, received[place], expected[place], next(usual, ""))

    def outcomes(self, answer):
        """What `answer` returns in each case, or the error that it raises."""
        return [self._outcome(answer, case) for case in self.cases]

    def _outcome(self, answer, case):
        arguments = copy.deepcopy(case)
        lock(arguments)
        return self._called(answer, arguments, case)

    def _called(self, answer, arguments, case):
        try:
            with time_limit(_calls.SECONDS):
                return answer(*arguments)
        except (TimeUp, InputAsked) as stop:
            raise _Stopped(self._told_stop(stop, case)) from None
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # `exit()` is an error like another
            return error

    def _told_stop(self, stop, case):
        if isinstance(stop, InputAsked):
            names = ", ".join(f"`{name}`" for name in inspect.signature(self.answer).parameters)
            return f"an answer must not ask for input. All it needs is in its arguments: {names}."
        number = [case is other for other in self.cases].index(True) + 1
        return (
            f"still running after {_calls.SECONDS} seconds in case {number} of {len(self.cases)}, "
            f"`{shown_call(self.answer, case)}`. Is there a loop that never ends?"
        )

    def _told(self, answer, place, received, expected, usual):
        """What to say where the outcome of a case is wrong; `usual` is the text of a mistake."""
        case = self.cases[place]
        call, changed = shown_call(self.answer, case), self._changed(answer, case, received)
        if changes_argument(received):
            return f"Not yet: {told_change(received, changed)}"
        if isinstance(received, BaseException):
            return f"{told_error(received)} The call was `{call}`. {usual}".rstrip()
        also = f"Your function also changes {' and '.join(changed)}: work on a copy."
        result = told_result(received, expected)
        if usual:  # which says what is wrong: not the exactness
            result = result.removesuffix(NEAR).rstrip()
        told = [usual, f"`{call}` {result}", also if changed else ""]
        return "Not yet: " + "\n".join(filter(None, told))

    def _changed(self, answer, case, received):
        """The names of the arguments that `answer` changes: of lists, and of arrays if it tried."""
        if not (changes_argument(received) or any(isinstance(item, list) for item in case)):
            return []
        arguments = copy.deepcopy(case)  # not locked
        with (
            without_input_and_exit(),
            Path(os.devnull).open("w") as nowhere,
            contextlib.redirect_stdout(nowhere),
            contextlib.redirect_stderr(nowhere),
            contextlib.suppress(_Stopped),
            without_figures_left(),
        ):
            self._called(answer, arguments, case)
        names = [f"`{name}`" for name in inspect.signature(self.answer).parameters]
        triples = list(zip(names, arguments, case, strict=False))
        changed = [name for name, now, before in triples if differs(now, before)]
        arrays = [name for name, now, _ in triples if isinstance(now, np.ndarray)]
        only_array = len(arrays) == 1 and changes_argument(received)  # another error came first
        return arrays if only_array else changed


class _Stopped(Exception):
    """Why a call was ended."""


def _all_same(outcomes, others):
    return all(same(*pair) for pair in zip(outcomes, others, strict=True))
