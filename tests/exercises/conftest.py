"""A kernel that remembers: in a folder of its own, with a clock that a test turns."""

from datetime import UTC, datetime, timedelta

import pytest

from cnnkit.exercises import _memory, _review


class Clock:
    """Stands for `utc_now`."""

    def __init__(self):
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def __call__(self):
        return self.now.isoformat(timespec="seconds")

    def wait(self, **time):
        self.now += timedelta(**time)


@pytest.fixture
def clock(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CNNKIT_PROGRESS", "")
    for remembered in (_memory._unwritten, _memory._trouble, _review._asked):
        remembered.clear()
    clock = Clock()
    for module in (_memory, _review):
        monkeypatch.setattr(module, "utc_now", clock)
    yield clock
    for remembered in (_memory._unwritten, _memory._trouble, _review._asked):
        remembered.clear()
