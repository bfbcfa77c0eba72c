"""The table of a student's progress."""

import importlib
import os
import re
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from cnnkit.exercises import _memory, progress
from cnnkit.exercises._exercise import Exercise
from cnnkit.exercises._memory import NOTEBOOKS, answered, hint_read
from cnnkit.exercises._questions import QUESTIONS
from cnnkit.exercises._review import _count

pytestmark = pytest.mark.usefixtures("clock")


def row(notebook):
    return progress().rows[NOTEBOOKS.index(notebook)]


def exercises_of(notebook):
    """The names and exercises of a notebook."""
    module = importlib.import_module(f"cnnkit.exercises.{notebook}")
    return {name: x for name, x in vars(module).items() if isinstance(x, Exercise)}


def test_each_exercise_stands_in_one_column(clock):
    names = list(exercises_of("nb02"))
    looked_up, hinted, solved, wrong, *_ = exercises_of("nb02").values()
    wrong.check("nonsense")
    clock.wait(days=-1)
    looked_up.solution()
    hint_read(hinted, 2)
    clock.wait(days=2)
    solved.check(solved.right_answer())
    assert asdict(row("nb02")) == {
        **{"notebook": "nb02", "title": "02, convolution", "exercises": len(names)},
        **{"solved": 1, "tried": 2, "solutions_seen": 1, "hints": 2},
        "last_at": datetime(2026, 3, 3, 9, tzinfo=UTC),
        "repeat": (names[0], names[1], names[3]),
    }


def test_it_prints_as_a_table():
    looked_up, hinted, solved, *others = exercises_of("nb01").values()
    hint_read(hinted, 2)
    solved.check(solved.right_answer())
    looked_up.solution()
    first, head, *lines = repr(progress()).splitlines()
    start = "Your progress is kept in the file .cnnkit_progress.json. An exercise whose"
    assert first.startswith(start)
    assert "An exercise whose solution you have seen is not lost" in first
    assert re.split("  +", head) == [
        *("notebook", "solved", "tried", "solution seen", "hints"),
        *("last worked on", "to repeat"),
    ]
    day = f"{datetime(2026, 3, 2, 9, tzinfo=UTC).astimezone():%Y-%m-%d}"
    assert re.split("  +", lines[0]) == [
        *("01, images as arrays", f"1 of {len(others) + 3}", "1", "1", "2"),
        *(day, ", ".join(list(exercises_of("nb01"))[:2])),
    ]
    html = progress()._repr_html_()
    assert f"<caption>{first}</caption>" in html
    assert all(f"<td>{cell}</td>" in html for cell in re.split("  +", lines[0]))


def test_all_notebooks_are_there_before_the_first_try():
    table = progress()
    assert "Nothing is tried yet" in table.note and "due" not in table.note
    assert [row.title[:2] for row in table.rows] == [name[2:4] for name in NOTEBOOKS]
    assert all(re.fullmatch(r"\d\d[a-z]?, [a-z].*", row.title) for row in table.rows)
    assert min(row.exercises for row in table.rows) >= 5
    assert len(repr(table).splitlines()) == len(NOTEBOOKS) + 2


def test_it_counts_the_questions_that_are_due(other):
    other.check(3)
    assert "Questions due: 4; exercises.review()" in progress().note


def test_in_colab_it_says_first_how_long_it_lives(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    first = repr(progress()).splitlines()[0]
    assert first.startswith("In Colab your progress is kept as long as the runtime lives.")


def test_it_says_where_nothing_is_kept(monkeypatch, exercise):
    def fail(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(_memory, "write_whole", fail)
    exercise.check(4)
    assert progress().note.startswith("Only this kernel knows your progress")
    assert row("nb01").solved == 1
    path = Path(".cnnkit_progress.json")
    assert f"{path} cannot be written (Permission denied)." in progress().note
    path.write_text('{"version": 2}', encoding="utf-8")
    assert f"{path} is of another edition of the course" in progress().note
    monkeypatch.setenv("CNNKIT_PROGRESS", "off")
    assert "CNNKIT_PROGRESS is off" in progress().note


def test_unknown_exercises_are_in_no_row(exercise):
    exercise.check(4)
    path = Path(".cnnkit_progress.json")
    path.write_text(path.read_text(encoding="utf-8").replace("overflow", "gone"), encoding="utf-8")
    assert row("nb01").solved == 0 and row("nb01").last_at is None


def test_all_of_the_course_fits_into_a_small_file(clock):
    for notebook in NOTEBOOKS:
        for exercise in exercises_of(notebook).values():
            hint_read(exercise, 2)
            answered(exercise, True)
    _memory.change(lambda kept: _count(kept["questions"], dict.fromkeys(QUESTIONS, "a"), clock()))
    assert 10_000 < Path(".cnnkit_progress.json").stat().st_size < 40_000
    assert all(row.solved == row.exercises for row in progress().rows)


def test_it_names_the_file_from_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    path = Path("..", ".cnnkit_progress.json")
    assert f"kept in the file {path}." in progress().note


@pytest.mark.parametrize("error", [ValueError("another drive"), FileNotFoundError("no folder")])
def test_it_names_the_whole_path_where_none_leads_from_here(error, monkeypatch):
    def fail(path):
        raise error

    monkeypatch.setattr(os.path, "relpath", fail)
    assert f"kept in the file {Path('.cnnkit_progress.json').resolve()}." in progress().note


def test_the_table_needs_no_keras():
    counts = "from cnnkit import exercises; exercises.progress(); import sys; print(*sys.modules)"
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    kernel = [sys.executable, "-c", counts]
    loaded = subprocess.check_output(kernel, env=here, text=True).split()
    assert "cnnkit.exercises.nb07" in loaded and "keras" not in loaded
