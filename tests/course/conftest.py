"""Lanes of `course.py test` are no part of the rest: they run where they are asked for."""

import importlib.util
from pathlib import Path

import pytest

collect_ignore = ["browser", "site"]


@pytest.fixture
def fresh_course():
    """course.py as a module of the test's own, which may change what it holds."""
    path = Path(__file__).resolve().parents[2] / "course.py"
    spec = importlib.util.spec_from_file_location("course", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def few_pets(tmp_path, monkeypatch):
    """An empty folder to work in, with few pets where no photos are; figures are closed behind."""
    import matplotlib.pyplot as plt  # here, as most tests need neither

    from cnnkit.data import _cats_vs_dogs

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_cats_vs_dogs, "_DRAWN_SIZES", dict(train=64, validation=32, test=32))
    monkeypatch.setattr(_cats_vs_dogs, "_drawn", {})
    yield
    plt.close("all")
