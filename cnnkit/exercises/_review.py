"""Questions on earlier notebooks, which come back: after a right answer later than a wrong one."""

import inspect
import re
import sys
from datetime import UTC, datetime, timedelta
from textwrap import fill

from cnnkit.exercises._memory import NOTEBOOKS, change, is_past, recall, time_of, utc_now
from cnnkit.exercises._questions import QUESTIONS

N_QUESTIONS = 3
LEFT = timedelta(days=7)  # a notebook that nobody worked on for so long is an earlier one, too
FACTOR, LONGEST = 3, 365  # a right answer makes the days until a question comes back so much more
LETTERS = "abcd"

_NEVER = datetime.min.replace(tzinfo=UTC)
_asked = []  # the names of the questions that this kernel showed last
_unanswered = []  # those of them that nobody has answered since


def review(*answers):
    """Ask three questions on earlier notebooks, and say which answers to them are right.

    `exercises.review()` prints the questions that are due, those longest ago first. Write the
    letters of your answers into the same call, as in `exercises.review("b", "a", "c")`, and run it
    again. A question comes back a day after a wrong answer, and three days, nine days and so on
    after a right one. Each time that they are shown the first answer counts.

    Args:
        answers: A letter for each question that was shown, or all letters in one text or list. To
            answers that are none, a sentence says so. In a kernel that has not shown any question
            yet, as after a restart, it shows them, and no answer counts.

    Example:

    >>> from cnnkit import exercises
    >>> exercises.review()  # prints three questions
    >>> exercises.review("b", "a", "c")  # says which of these answers are right
    """
    if answers and _asked:
        _judge(answers)
        return
    kept = recall()
    _asked[:] = due_questions(kept)[:N_QUESTIONS]
    _unanswered[:] = _asked
    print(_as_text(_asked) if _asked else _when_next(kept))
    if answers and _asked:
        print(
            "\nYour letters did not count, as nothing had been asked yet. Run the cell once more."
        )


def due_questions(kept):
    """The names of the questions that are due, those longest ago first.

    Of equally long ago, as where nothing is remembered: one of each notebook, the latest first.
    """
    now = time_of(utc_now())
    coming = _coming_questions(kept)
    due = [name for name in coming if coming[name] <= now]
    by_notebook = sorted(due, key=lambda name: name.partition(".")[0], reverse=True)
    return sorted(by_notebook, key=lambda name: (_last_seen(name, kept), _place(name)))


def _place(name):
    """Which question on its notebook it is, from 0."""
    notebook = name.partition(".")[0]
    return [other for other in QUESTIONS if other.partition(".")[0] == notebook].index(name)


def _coming_questions(kept):
    """When each question on an earlier notebook is due: at once, if it was never asked."""
    earlier, records = _earlier_notebooks(kept), kept["questions"]
    return {
        name: _due_at(records[name]) if name in records else _NEVER
        for name in QUESTIONS
        if name.partition(".")[0] in earlier
    }


def _due_at(record):
    """When a question is due: at once, if a wrong clock says that it was asked in the future."""
    asked_at = time_of(record["asked_at"])
    return time_of(record["due_at"]) if asked_at <= time_of(utc_now()) else _NEVER


def _last_seen(name, kept):
    """When a question was last asked, else when somebody last worked on its notebook."""
    if name in kept["questions"]:
        return time_of(kept["questions"][name]["asked_at"])
    return _last_work(kept).get(name.partition(".")[0], _NEVER)


def _earlier_notebooks(kept):
    """The notebooks before the furthest one that was begun, and that one if it was left.

    One with a letter, as nb01b, may be skipped: it is asked about if it was begun itself.
    """
    last, now = _last_work(kept), time_of(utc_now())
    begun = {*last, *_open_notebooks()}
    return {
        notebook
        for notebook in NOTEBOOKS
        if (notebook < max(begun, default="") and (notebook[-1].isdigit() or notebook in last))
        or (notebook in last and is_past(last[notebook], LEFT, now))
    }


def _last_work(kept):
    """When each notebook was last worked on; those that were not are missing."""
    last = {}
    for name, work in kept["exercises"].items():
        notebook, at = name.partition(".")[0], time_of(work["last_at"])
        if notebook in NOTEBOOKS:
            last[notebook] = max(last.get(notebook, at), at)
    return last


def _open_notebooks():
    """The notebook that runs in this kernel has imported its exercises, as `nb02`."""
    things = list(vars(sys.modules["__main__"]).values())
    names = [thing.__name__ for thing in things if inspect.ismodule(thing)]
    prefix = "cnnkit.exercises.nb"
    return {name.rpartition(".")[2] for name in names if name.startswith(prefix)}


def _as_text(names):
    lines = [f"Answer by letters in the same call, such as {_example(names)}."]
    for number, name in enumerate(names, 1):
        question, notebook = QUESTIONS[name], name.partition(".")[0].removeprefix("nb").lstrip("0")
        lines += ["", _wrapped(f"{number}. (Notebook {notebook}) {question.text}")]
        pairs = zip(LETTERS, question.choices, strict=False)
        lines += [_wrapped(f"   {letter}. {choice}", indent=6) for letter, choice in pairs]
    return "\n".join(lines)


def _example(names):
    letters = ", ".join(f'"{letter}"' for letter in LETTERS[: len(names)])
    return f"exercises.review({letters})"


def _wrapped(text, indent=3):
    return fill(text, 90, subsequent_indent=" " * indent)


def _judge(answers):
    """Say which answers are right, and count them, once."""
    questions, letters = [QUESTIONS[name] for name in _asked], _letters(answers)
    if not _fit(letters, questions):
        print(
            "Not yet: write the letter of one choice for each of the questions, as in "
            f"{_example(_asked)}. Received: {', '.join(map(repr, answers)):.60}"
        )
        return
    for number, (question, letter) in enumerate(zip(questions, letters, strict=True), 1):
        right = question.right
        verdict = f"Right, {right}" if letter == right else f"Not {letter}, but {right}"
        choice = question.choices[LETTERS.index(right)]
        print(_wrapped(f"{number}. {verdict}: {choice}. {question.why}"))
    if _unanswered:
        given, now = dict(zip(_asked, letters, strict=True)), utc_now()
        change(lambda kept: _count(kept["questions"], given, now))
    _unanswered.clear()


def _letters(answers):
    """The letters of several texts, of one, or of one list."""
    first = answers[0]
    texts = first if len(answers) == 1 and isinstance(first, list | tuple) else answers
    return re.sub(r"[\s,;]", "", "".join(map(str, texts))).lower()


def _fit(letters, questions):
    """Whether each question has a letter of its choices."""
    return len(letters) == len(questions) and all(
        letter in LETTERS[: len(question.choices)]
        for letter, question in zip(letters, questions, strict=True)
    )


def _count(records, given, now):
    """Count the letters given to questions that are due: to others it is not the first answer."""
    for name, letter in given.items():
        new = {"right": 0, "wrong": 0, "days": 1, "asked_at": now, "due_at": now}
        record = records.setdefault(name, new)
        if _due_at(record) > time_of(now):
            continue
        is_right = letter == QUESTIONS[name].right
        days = min(FACTOR * record["days"], LONGEST) if is_right else 1
        record["right" if is_right else "wrong"] += 1
        due = time_of(now) + timedelta(days=days)
        record.update(days=days, asked_at=now, due_at=due.isoformat())


def _when_next(kept):
    coming = _coming_questions(kept)
    if not coming:
        return "No question is due: the first ones come when you begin the next notebook."
    day = min(coming.values()).astimezone()
    return f"No question is due. The next one comes on {day.day} {day:%B %Y}."
