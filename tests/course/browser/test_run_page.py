"""The page that `course.py run` leaves, opened as a file. The browser reaches no host."""

import pytest
from page_check import CHECKS, animation_faults


@pytest.fixture(scope="module")
def page(start_course, open_page):
    """The page of notebook 2."""
    folder, process = start_course(["02_convolution.ipynb"], "run", "02")
    assert process.wait(600) == 0, (folder / "log").read_text(encoding="utf-8")
    return open_page((folder / "build/course/02_convolution.html").as_uri())


@pytest.mark.parametrize("check", CHECKS)
def test_the_page_is_in_order(page, check):
    assert check(page) == []


def test_the_animation_plays(page):
    assert animation_faults(page) == []
