"""A kernel that remembers: in a folder of its own, with a clock that a test turns."""

from datetime import UTC, datetime, timedelta

import pytest

from cnnkit.exercises import _memory, _review
from cnnkit.exercises._exercise import Value


class Clock:
    """Stands for `utc_now`."""

    def __init__(self):
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def __call__(self):
        return self.now.isoformat(timespec="seconds")

    def wait(self, **time):
        self.now += timedelta(**time)


def make_exercise(name="nb01.overflow"):
    """An exercise that is one of the course by its name, and whose hints nobody has read."""

    def answer():
        return 4

    notebook, _, answer.__name__ = name.partition(".")
    answer.__module__ = f"cnnkit.exercises.{notebook}"
    return Value(hints=["One.", "Two.", "Three."], mistakes=[])(answer)


@pytest.fixture
def exercise(clock):
    return make_exercise()


@pytest.fixture
def other(clock):
    return make_exercise("nb02.output_size")


@pytest.fixture
def clock(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CNNKIT_PROGRESS", "")
    for module, name, empty in (
        (_memory, "_FOLDER", tmp_path),
        (_memory, "_trouble", None),
        (_memory, "_unwritten", []),
        (_review, "_asked", []),
        (_review, "_unanswered", []),
    ):
        monkeypatch.setattr(module, name, empty)
    clock = Clock()
    for module in (_memory, _review):
        monkeypatch.setattr(module, "utc_now", clock)
    return clock
