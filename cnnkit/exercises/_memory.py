"""What is remembered of a student's work: the file `.cnnkit_progress.json`.

It lies in the folder in which the kernel begins, beside the notebooks, and goes nowhere by itself.
No names of people stand in it, and no answers. A student can hand it in as it is:

    {
     "version": 1,
     "exercises": {
      "nb02.output_size": {
       "state": "solved",
       "tries": 3,
       "hints": 1,
       "first_at": "2026-03-02T09:14:05+00:00",
       "last_at": "2026-03-02T09:21:40+00:00",
       "solved_at": "2026-03-02T09:21:40+00:00",
       "solution_at": null
      }
     },
     "questions": {
      "nb01.overflow": {
       "right": 1,
       "wrong": 0,
       "days": 3,
       "asked_at": "2026-03-02T09:25:10+00:00",
       "due_at": "2026-03-05T09:25:10+00:00"
      }
     }
    }

Times are in UTC, and null for what has not happened. Of an exercise, `state` is "solved"; or
"solution seen", if that came first; or "tried", with a wrong answer or a hint. `tries` are the
answers up to the right one, `hints` is how many hints were read. Once solved, an exercise stays as
it is. Whose solution was seen can be solved after all: a day later or more the student puts the
`...` of the stub back and runs it, which makes it "tried" again. A time in the future, from a clock
that was wrong, counts as long past.

Of a question of `review`, `right` and `wrong` count the answers, and `days` lie between the last
one, `asked_at`, and the next time, `due_at`.

Names that are not known here, from another edition of the course, are kept. A file of another
`version` is left alone.
"""

import json
import os
import pkgutil
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from filelock import FileLock

from cnnkit._places import progress_file, write_whole

_MODULES = pkgutil.iter_modules([str(Path(__file__).parent)])
NOTEBOOKS = sorted(module.name for module in _MODULES if module.name.startswith("nb"))
VERSION = 1
STATES = ("tried", "solved", "solution seen")
LOCK_SECONDS = 2  # other kernels hold the lock for milliseconds
TO_FORGET = timedelta(days=1)  # a solution that was seen

_COUNTS = {"exercises": ("tries", "hints"), "questions": ("right", "wrong", "days")}
_TIMES = {
    "exercises": ("first_at", "last_at", "solved_at", "solution_at"),
    "questions": ("asked_at", "due_at"),
}
_MAY_MISS = ("solved_at", "solution_at")
_FOLDER = Path.cwd()  # now: an answer or a `%cd` can change it
_unwritten = []  # changes that the file has not taken yet
_trouble = None  # a text that says why not


def answered(exercise, is_right):
    """Remember an answer: right, wrong, or None if the stub's `...` is still in its place."""
    if is_right is None:
        _remember(exercise, _begin_anew)
    else:
        _remember(exercise, _work, _count_right if is_right else _count_wrong)


def hints_read(exercise):
    """How many of its hints were read, in earlier kernels too."""
    return recall()["exercises"].get(_name(exercise), {"hints": 0})["hints"]


def hint_read(exercise, number):
    """Remember that a hint was read: the first one has the number 1."""
    _remember(exercise, _work, lambda work, _: work.update(hints=max(work["hints"], number)))


def solution_seen(exercise):
    """Remember that the solution was shown."""
    seen = {"state": "solution seen"}
    _remember(exercise, _work, lambda work, now: work.update(seen, solution_at=now))


def change(changed):
    """Let `changed` change what is remembered, now and in the file."""
    if kept_in():
        _unwritten.append(changed)
        recall()


def recall():
    """Write all changes that the file has not taken yet, and return what is remembered.

    Where it cannot be read or written, one sentence says so, once, and this kernel remembers until
    it can.
    """
    path = kept_in()
    if path is None:
        return _nothing()
    try:
        with FileLock(f"{path}.lock", timeout=LOCK_SECONDS):
            kept, n_changes = _read(path), len(_unwritten)
            before = _as_text(kept)
            for changed in _unwritten[:n_changes]:
                changed(kept)
            if (after := _as_text(kept)) != before:
                write_whole(path, after.encode())
            del _unwritten[:n_changes]
            _tell(None)
            return kept
    except _OtherVersion:
        _tell(f"{from_here(path)} is of another edition of the course and stays as it is")
    except (OSError, NotImplementedError) as error:  # the latter: a system without locks
        reason = getattr(error, "strerror", None) or "another program holds it"
        _tell(f"{from_here(path)} cannot be written ({reason})")
    kept = _readable(path)
    for changed in _unwritten:
        changed(kept)
    return kept


def kept_in():
    """The path of the file, or None where nothing is remembered."""
    return progress_file(_FOLDER)


def from_here(path):
    """A path as a student names it, from the current folder; the whole one where that is none."""
    try:
        return os.path.relpath(path)
    except (ValueError, OSError):  # it lies on another drive; the current folder is gone
        return str(path)


def trouble():
    """Why the file had not all that is remembered, last time; None if it had."""
    return _trouble


def time_of(text):
    """A time of the file, with its time zone."""
    return datetime.fromisoformat(text)


def utc_now():
    """The time as it stands in the file."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def is_past(time, least, now):
    """Whether a time is so long ago at least. One in the future is: the clock was wrong then."""
    return not timedelta(0) <= now - time < least


def _remember(exercise, changed, *arguments):
    """Let `changed` change the works on exercises, if this is one of the course."""
    name, now = _name(exercise), utc_now()
    if name:
        change(lambda kept: changed(kept["exercises"], name, now, *arguments))


def _name(exercise):
    """The name in the file, or None for an exercise that is none of the course."""
    module, _, notebook = exercise.answer.__module__.rpartition(".")
    return f"{notebook}.{exercise.answer.__name__}" if module == "cnnkit.exercises" else None


def _tell(why):
    """Say, unless it was said, why the file has not all that is remembered; None if it has."""
    global _trouble
    if why and not _trouble:
        print(f"{why}: only this kernel knows your progress.")
    _trouble = why


def _begin_anew(works, name, now):
    """What was looked up a day ago can be solved after all."""
    work = works.get(name, {"state": "tried"})
    if work["state"] == "solution seen":
        if is_past(time_of(work["solution_at"]), TO_FORGET, time_of(now)):
            work["state"] = "tried"


def _work(works, name, now, step):
    """Take a step in the work on an exercise, unless it is solved."""
    work = works.setdefault(
        name,
        {
            "state": "tried",
            "tries": 0,
            "hints": 0,
            "first_at": now,
            "last_at": now,
            "solved_at": None,
            "solution_at": None,
        },
    )
    if work["state"] != "solved":
        work["last_at"] = now
        step(work, now)


def _count_right(work, now):
    _count_wrong(work, now)
    if work["state"] == "tried":
        work.update(state="solved", solved_at=now)


def _count_wrong(work, _):
    work["tries"] += 1


def _nothing():
    return {"version": VERSION, "exercises": {}, "questions": {}}


def _as_text(kept):
    return json.dumps(kept, indent=1) + "\n"


class _OtherVersion(Exception):
    """The file is one of another edition of the course, and none of our business."""


def _read(path):
    """What the file holds. A damaged one gets another name, and nothing is remembered."""
    try:
        return _parsed(path.read_bytes())
    except FileNotFoundError:
        return _nothing()
    except ValueError:
        names = (path.with_name(f"{path.name}.damaged{number}") for number in count(1))
        aside = next(name for name in names if not name.exists())
        path.rename(aside)
        now = f"It is now called {from_here(aside)}, and your progress begins anew."
        print(f"{from_here(path)} could not be read. {now}")
        return _nothing()


def _readable(path):
    try:
        return _parsed(path.read_bytes())
    except (OSError, ValueError, _OtherVersion):
        return _nothing()


def _parsed(contents):
    """Raises ValueError if these bytes are damaged, _OtherVersion if they are not to be touched."""
    try:
        kept = json.loads(contents)
        _as_text(kept)  # so that it can be written, too
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    version = kept.get("version") if isinstance(kept, dict) else None
    if isinstance(version, int) and version != VERSION:
        raise _OtherVersion
    if version != VERSION or not all(_are_good(kept.get(kind), kind) for kind in _COUNTS):
        raise ValueError("damaged")
    return kept


def _are_good(entries, kind):
    """Whether all exercises, or all questions, have what is used here."""
    return isinstance(entries, dict) and all(_is_good(entry, kind) for entry in entries.values())


def _is_good(entry, kind):
    if not isinstance(entry, dict):
        return False
    counts = [entry.get(name) for name in _COUNTS[kind]]
    times = [entry.get(name) for name in _TIMES[kind] if name not in _MAY_MISS or entry.get(name)]
    return (
        all(isinstance(number, int) and number >= 0 for number in counts)
        and all(map(_is_time, times))
        and (kind == "questions" or _has_state(entry))
    )


def _has_state(work):
    state = work.get("state")
    return state in STATES and (state != "solution seen" or bool(work.get("solution_at")))


def _is_time(text):
    """Whether it has a time zone, and a year of which each system knows the local time."""
    try:
        time = time_of(text)
        return time.tzinfo is not None and 1970 <= time.astimezone(UTC).year < 3000
    except (TypeError, ValueError, OverflowError):
        return False
