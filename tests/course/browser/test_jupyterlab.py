"""Notebooks in JupyterLab: opened, *Run all*, looked through. The browser reaches nothing else."""

import json
import re
import runpy
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from page_check import CHECKS, animation_faults
from playwright.sync_api import expect

NOTEBOOKS = ["02_convolution.ipynb", "07_transfer_learning_cats_vs_dogs.ipynb"]
MILLISECONDS = 300_000  # that a notebook may take
ROOT = Path(__file__).parents[3]
COURSE = runpy.run_path(str(ROOT / "course.py"))
errors_in = COURSE["errors_in"]


@pytest.fixture(scope="module")
def lab(start_course):
    """JupyterLab, on a free port: what it says about itself, and the folder of its notebooks."""
    folder, process = start_course(NOTEBOOKS, "lab", "--no-browser", "--ip=127.0.0.1", "--port=0")

    def said():
        files = folder.glob("jupyter_runtime_dir/jpserver-*.json")
        return [json.loads(text) for text in map(Path.read_text, files) if text]  # at first empty

    while not said():
        assert process.poll() is None, (folder / "log").read_text(encoding="utf-8")
        time.sleep(0.2)
    return SimpleNamespace(folder=folder / "my_notebooks", **said()[0])


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda name: name[:2])
def notebook(request, lab, open_page):
    """A notebook that was run and scrolled through: its page, and the path where it is saved."""
    place = f"lab/workspaces/{request.param[:2]}/tree/{request.param}"  # else both would open
    page = open_page(f"{lab.url}{place}?token={lab.token}")
    page.get_by_text("Python 3 (cnnkit) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    prompts = page.locator(".jp-InputPrompt")
    prompts.filter(has_text=re.compile(r"\[[*\d]")).first.wait_for()
    expect(prompts.filter(has_text="[*]")).to_have_count(0, timeout=MILLISECONDS)
    for cell in page.locator(".jp-Notebook .jp-Cell").all():  # what is far away is not drawn
        cell.scroll_into_view_if_needed()
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)
    yield SimpleNamespace(page=page, path=lab.folder / request.param)
    page.close()


def test_every_cell_runs_and_none_fails(notebook):
    cells = json.loads(notebook.path.read_text(encoding="utf-8"))["cells"]
    assert errors_in(notebook.path) == []
    assert all(cell["execution_count"] for cell in cells if cell["cell_type"] == "code")


@pytest.mark.parametrize("check", CHECKS)
def test_the_page_is_in_order(notebook, check):
    assert check(notebook.page) == []


def test_looking_and_running_is_no_work_that_an_update_keeps(notebook):
    """JupyterLab saves a notebook in its own way, but leaves the text of its cells as it is."""
    original = ROOT / "notebooks" / notebook.path.name
    assert notebook.path.read_bytes() != original.read_bytes()
    assert COURSE["edition_of"](notebook.path) == COURSE["edition_of"](original)


def test_the_start_page_opens_and_leads_on(lab, open_page):
    page = open_page(f"{lab.url}?token={lab.token}")
    page.get_by_role("heading", name="0 · Start here").wait_for()
    page.get_by_role("link", name="Convolution", exact=True).click()
    page.get_by_role("heading", name="2 · Convolution").wait_for()
    assert page.foreign == []


@pytest.mark.parametrize("notebook", NOTEBOOKS[:1], indirect=True, ids=["02"])
def test_the_animation_plays(notebook):
    assert animation_faults(notebook.page) == []
