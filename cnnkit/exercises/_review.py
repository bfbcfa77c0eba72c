"""Questions on earlier notebooks, which come back: after a right answer later than a wrong one."""

import inspect
import sys
from datetime import UTC, datetime, timedelta
from textwrap import fill

from cnnkit.exercises._memory import NOTEBOOKS, change, recall, time_of, utc_now
from cnnkit.exercises._questions import QUESTIONS

N_QUESTIONS = 3
LEFT = timedelta(days=7)  # a notebook that nobody worked on for so long is an earlier one, too
FACTOR, LONGEST = 3, 365  # a right answer makes the days until a question comes back so much more
LETTERS = "abcd"

_asked = []  # the names of the questions that this kernel showed last


def review(*answers):
    """Ask three questions on earlier notebooks, and say which answers to them are right.

    `exercises.review()` prints the questions that are due, those longest ago first. Write the
    letters of your answers into the same call, as in `exercises.review("b", "a", "c")`, and run it
    again. A question comes back a day after a wrong answer, and three days, nine days and so on
    after a right one. Each time the first answer counts.

    Args:
        answers: A letter for each question that was shown. In a kernel that has not shown any yet,
            as after a restart, it shows them, and no answer counts.

    Raises:
        ValueError: If there are not as many answers as questions, or if one is no letter of theirs.
    """
    if answers and _asked:
        _judge([str(answer).strip().lower() for answer in answers])
        return
    kept = recall()
    _asked[:] = due_questions(kept)[:N_QUESTIONS]
    print(_as_text(_asked) if _asked else _when_next(kept))


def due_questions(kept):
    """The names of the questions that are due, those longest ago first."""
    now = time_of(utc_now())
    coming = _coming_questions(kept)
    return sorted(
        (name for name in coming if coming[name] <= now), key=lambda name: _last_seen(name, kept)
    )


def _coming_questions(kept):
    """When each question on an earlier notebook is due: at once, if it was never asked."""
    earlier, records = _earlier_notebooks(kept), kept["questions"]
    never = datetime.min.replace(tzinfo=UTC)
    return {
        name: time_of(records[name]["due_at"]) if name in records else never
        for name in QUESTIONS
        if name.partition(".")[0] in earlier
    }


def _last_seen(name, kept):
    """When a question was last asked, else when somebody last worked on its notebook."""
    if name in kept["questions"]:
        return time_of(kept["questions"][name]["asked_at"])
    never = datetime.min.replace(tzinfo=UTC)
    return _last_work(kept).get(name.partition(".")[0], never)


def _earlier_notebooks(kept):
    """The notebooks before the furthest one that was begun, and that one if it was left."""
    last, now = _last_work(kept), time_of(utc_now())
    begun = {*last, *_open_notebooks()}
    return {
        notebook
        for notebook in NOTEBOOKS
        if notebook < max(begun, default="") or (notebook in last and now - last[notebook] >= LEFT)
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
    letters = ", ".join(f'"{letter}"' for letter in LETTERS[: len(names)])
    lines = [f"Answer by letters in the same call, such as exercises.review({letters})."]
    for number, name in enumerate(names, 1):
        question, notebook = QUESTIONS[name], name.partition(".")[0].removeprefix("nb").lstrip("0")
        lines += ["", _wrapped(f"{number}. (Notebook {notebook}) {question.text}")]
        pairs = zip(LETTERS, question.choices, strict=False)
        lines += [_wrapped(f"   {letter}. {choice}", indent=6) for letter, choice in pairs]
    return "\n".join(lines)


def _wrapped(text, indent=3):
    return fill(text, 90, subsequent_indent=" " * indent)


def _judge(letters):
    """Say which answers are right, and count them."""
    questions = [QUESTIONS[name] for name in _asked]
    if not _fit(letters, questions):
        raise ValueError(
            f"`answers` must be {len(questions)} letters, for each question that of a choice. "
            f"Received: answers={letters}"
        )
    for number, (question, letter) in enumerate(zip(questions, letters, strict=True), 1):
        right = question.right
        verdict = f"Right, {right}" if letter == right else f"Not {letter}, but {right}"
        choice = question.choices[LETTERS.index(right)]
        print(_wrapped(f"{number}. {verdict}: {choice}. {question.why}"))
    given, now = dict(zip(_asked, letters, strict=True)), utc_now()
    change(lambda kept: _count(kept["questions"], given, now))


def _fit(letters, questions):
    """Whether each question has a letter of its choices."""
    return len(letters) == len(questions) and all(
        letter in list(LETTERS[: len(question.choices)])
        for letter, question in zip(letters, questions, strict=True)
    )


def _count(records, given, now):
    """Count the letters given to questions that are due: to others it is not the first answer."""
    for name, letter in given.items():
        new = {"right": 0, "wrong": 0, "days": 1, "asked_at": now, "due_at": now}
        record = records.setdefault(name, new)
        if time_of(record["due_at"]) > time_of(now):
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
