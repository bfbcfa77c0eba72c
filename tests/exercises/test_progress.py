"""The table of a student's progress."""

import importlib
import re
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from cnnkit.exercises import _memory, nb01, nb02, progress
from cnnkit.exercises._exercise import Exercise
from cnnkit.exercises._memory import NOTEBOOKS, answered, hint_read
from cnnkit.exercises._questions import QUESTIONS
from cnnkit.exercises._review import _count

pytestmark = pytest.mark.usefixtures("clock")


def row(notebook):
    return progress().rows[NOTEBOOKS.index(notebook)]


def test_each_exercise_stands_in_one_column(clock):
    nb02.output_size.solution()
    clock.wait(days=1)
    hint_read(nb02.toeplitz_weights, 2)
    nb02.dense_as_kernel.check((8, 8, 32, 10))
    clock.wait(days=1)
    nb02.second_cell.check(3)
    assert asdict(row("nb02")) == {
        **{"notebook": "nb02", "title": "02, convolution", "exercises": 8},
        **{"solved": 1, "tried": 2, "solutions_seen": 1, "hints": 2},
        "last_at": datetime(2026, 3, 4, 9, tzinfo=UTC),
        "repeat": ("output_size", "toeplitz_weights", "second_cell"),
    }


def test_it_prints_as_a_table():
    hint_read(nb01.overflow, 2)
    nb01.batch_shape.check((32, 160, 240, 3))
    nb01.phone_photo_parameters.solution()
    first, head, *lines = repr(progress()).splitlines()
    assert first.startswith("Your progress is kept in .cnnkit_progress.json, beside this notebook.")
    assert "An exercise whose solution you have seen is not lost" in first
    assert re.split("  +", head) == [
        *("notebook", "last worked on", "to repeat"),
        *("solved", "tried", "solution seen", "hints"),
    ]
    day = f"{datetime(2026, 3, 2, 9, tzinfo=UTC).astimezone():%Y-%m-%d}"
    n_exercises = row("nb01").exercises
    assert re.split("  +", lines[0]) == [
        *("01, images as arrays", day, "overflow, phone_photo_parameters"),
        *(f"1 of {n_exercises}", "1", "1", "2"),
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


def test_it_counts_the_questions_that_are_due():
    nb01.overflow.check(4)
    nb02.output_size.check(3)
    assert "Questions that are due: 4. exercises.review()" in progress().note


def test_in_colab_it_says_first_how_long_it_lives(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    first = repr(progress()).splitlines()[0]
    assert first.startswith("In Colab your progress is kept as long as the runtime lives.")


def test_it_says_where_nothing_is_kept(monkeypatch):
    def fail(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(_memory, "write_whole", fail)
    nb01.overflow.check(4)
    assert progress().note.startswith("Only this kernel knows your progress")
    assert row("nb01").solved == 1
    monkeypatch.setenv("CNNKIT_PROGRESS", "off")
    assert "CNNKIT_PROGRESS is off" in progress().note


def test_unknown_exercises_are_in_no_row():
    nb01.overflow.check(4)
    path = Path(".cnnkit_progress.json")
    path.write_text(path.read_text(encoding="utf-8").replace("overflow", "gone"), encoding="utf-8")
    assert row("nb01").solved == 0 and row("nb01").last_at is None


def test_all_of_the_course_fits_into_a_small_file(clock):
    for notebook in NOTEBOOKS:
        for exercise in vars(importlib.import_module(f"cnnkit.exercises.{notebook}")).values():
            if isinstance(exercise, Exercise):
                hint_read(exercise, 2)
                answered(exercise, True)
    _memory.change(lambda kept: _count(kept["questions"], dict.fromkeys(QUESTIONS, "a"), clock()))
    assert 10_000 < Path(".cnnkit_progress.json").stat().st_size < 40_000
    assert all(row.solved == row.exercises for row in progress().rows)
