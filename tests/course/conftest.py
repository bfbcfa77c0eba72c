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
