"""The page that `course.py run` leaves, opened as a file. The browser reaches no host."""

import pytest
from page_check import CHECKS, animation_faults
from playwright.sync_api import expect


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


@pytest.fixture(scope="module")
def template(start_course, open_page):
    """The page of the template."""
    folder, process = start_course(["../docs/template.ipynb"], "run", "template")
    assert process.wait(300) == 0, (folder / "log").read_text(encoding="utf-8")
    return open_page((folder / "build/course/template.html").as_uri())


def test_setup_and_proofs_are_folded_behind_their_titles(template):
    titles = template.locator("details > summary").all_inner_texts()
    assert [title.partition(": ")[0] for title in titles] == ["Setup", "Proof", "Proof"]
    assert all(title.partition(": ")[2] for title in titles)
    expect(template.locator(".jp-InputArea-editor", has_text="import numpy")).to_be_visible()


def test_the_keyboard_opens_a_proof(template):
    proof = template.locator("details").last
    code = proof.locator(".jp-InputArea-editor")
    expect(code).to_be_hidden()
    proof.locator("summary").focus()
    template.keyboard.press("Enter")
    expect(code).to_be_visible()
    template.keyboard.press("Enter")
    expect(code).to_be_hidden()
