"""How far a student is: a table of the notebooks, from what is remembered."""

import importlib
import sys
from dataclasses import dataclass
from datetime import datetime

from cnnkit._tables import ShownAsTable, Table
from cnnkit.exercises._exercise import Exercise
from cnnkit.exercises._memory import NOTEBOOKS, from_here, kept_in, recall, time_of, trouble
from cnnkit.exercises._review import due_questions

_TITLES = (
    *("notebook", "solved", "tried", "solution seen", "hints"),
    *("last worked on", "to repeat"),
)


@dataclass(frozen=True)
class NotebookProgress:
    """The exercises of one notebook. Each is solved, tried, looked up, or none of these yet.

    A list of them makes a table: `pandas.DataFrame(progress.rows)` has a column for each attribute.

    Attributes:
        notebook: The name of its module of exercises, as "nb02".
        title: Its number and what it is about.
        exercises: How many it has.
        solved: How many of them are solved.
        tried: How many have a wrong answer or a hint read, and no more.
        solutions_seen: For how many the solution was seen before they were solved.
        hints: How many hints were read.
        last_at: When the student last worked on one of them, or None.
        repeat: The names of those tried and those looked up, longest ago first.

    Example:

    >>> from cnnkit import exercises
    >>> row = exercises.progress().rows[0]
    >>> row.notebook, row.exercises - row.solved >= 0
    ('nb01', True)
    """

    notebook: str
    title: str
    exercises: int
    solved: int
    tried: int
    solutions_seen: int
    hints: int
    last_at: datetime | None
    repeat: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class Progress(ShownAsTable):
    """The progress in all notebooks, which prints as a table, in a notebook as one of HTML.

    Attributes:
        rows: A `NotebookProgress` for each notebook.
        note: Where it is kept, and what is next.

    Example:

    >>> from cnnkit import exercises
    >>> progress = exercises.progress()
    >>> to_repeat = [name for row in progress.rows for name in row.repeat]
    >>> text = str(progress)  # what `print(progress)` shows
    """

    rows: tuple[NotebookProgress, ...]
    note: str

    def __repr__(self):
        *lines, note = super().__repr__().splitlines()
        return "\n".join([note, *lines])  # where it is kept comes first

    def _table(self):
        cells = [
            (
                *(row.title, f"{row.solved} of {row.exercises}", str(row.tried)),
                *(str(row.solutions_seen), str(row.hints)),
                *(_day(row.last_at), ", ".join(row.repeat)),
            )
            for row in self.rows
        ]
        return Table(_TITLES, cells, self.note, n_text_columns=1)


def progress():
    """Return a `Progress`: a table of what is solved, tried and to be repeated in each notebook.

    It is read from `.cnnkit_progress.json` in the folder in which the kernel began.

    Example:

    >>> from cnnkit import exercises
    >>> progress = exercises.progress()  # ends a cell as a table
    >>> [row.notebook for row in progress.rows][:3]
    ['nb01', 'nb01b', 'nb02']
    """
    kept = recall()
    rows = tuple(_row(notebook, kept["exercises"]) for notebook in NOTEBOOKS)
    return Progress(rows, " ".join([_where(), *_what_next(rows, len(due_questions(kept)))]))


def _row(notebook, works):
    module = importlib.import_module(f"cnnkit.exercises.{notebook}")
    names = [name for name, thing in vars(module).items() if isinstance(thing, Exercise)]
    known = {name: works[f"{notebook}.{name}"] for name in names if f"{notebook}.{name}" in works}
    states = [work["state"] for work in known.values()]
    open_names = [name for name, work in known.items() if work["state"] != "solved"]
    return NotebookProgress(
        notebook=notebook,
        title=module.__doc__.strip().removeprefix("The exercises of notebook ").rstrip("."),
        exercises=len(names),
        solved=states.count("solved"),
        tried=states.count("tried"),
        solutions_seen=states.count("solution seen"),
        hints=sum(work["hints"] for work in known.values()),
        last_at=max((time_of(work["last_at"]) for work in known.values()), default=None),
        repeat=tuple(sorted(open_names, key=lambda name: time_of(known[name]["last_at"]))),
    )


def _where():
    if kept_in() is None:
        return "Nothing is remembered here: the environment variable CNNKIT_PROGRESS is off."
    if trouble():
        return f"Only this kernel knows your progress: {trouble()}."
    if "google.colab" in sys.modules:
        return "In Colab your progress is kept as long as the runtime lives."
    return f"Your progress is kept in the file {from_here(kept_in())}."


def _what_next(rows, n_due):
    """Sentences on what a student can do next."""
    if not any(row.last_at for row in rows):
        yield "Nothing is tried yet: each exercise that you check is counted here."
    if any(row.solutions_seen for row in rows):
        yield (
            "An exercise whose solution you have seen is not lost: a day later, put ... back into "
            "its cell, run it, and write the answer anew."
        )
    if n_due:
        yield f"Questions due: {n_due}; exercises.review() asks up to three at a time."


def _day(time):
    return f"{time.astimezone():%Y-%m-%d}" if time else "-"
