"""Notebooks in JupyterLab: opened, *Run all*, looked through. The browser reaches nothing else."""

import json
import re
import runpy
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from page_check import CHECKS, animation_faults
from playwright.sync_api import expect

TEMPLATE = "template.ipynb"
NOTEBOOKS = ["02_convolution.ipynb", "07_transfer_learning_cats_vs_dogs.ipynb"]
MILLISECONDS = 300_000  # that a notebook may take
ROOT = Path(__file__).parents[3]
COURSE = runpy.run_path(str(ROOT / "course.py"))
errors_in = COURSE["errors_in"]


@pytest.fixture(scope="module")
def lab(start_course):
    """JupyterLab, on a free port: what it says about itself, and the folder of its notebooks."""
    names, words = [*NOTEBOOKS, f"../docs/{TEMPLATE}"], ("--no-browser", "--ip=127.0.0.1")
    return lab_of(*start_course(names, "lab", *words, "--port=0"))


def lab_of(folder, process):
    """What a JupyterLab says about itself, and the folder of its notebooks, once it runs."""

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
    page = run_all_cells(lab, open_page, request.param)
    yield SimpleNamespace(page=page, path=lab.folder / request.param)
    page.close()


@pytest.fixture(scope="module")
def changed(lab, open_page):
    """The template, likewise, after a student has changed a number of it."""
    path = lab.folder / TEMPLATE
    text = path.read_text(encoding="utf-8").replace("IMAGE_SIZE = 8", "IMAGE_SIZE = 16")
    path.write_text(text, encoding="utf-8")
    page = run_all_cells(lab, open_page, TEMPLATE)
    yield SimpleNamespace(page=page, path=path)
    page.close()


def run_all_cells(lab, open_page, name):
    """Open a notebook, run it, scroll through it and save it. Return its page."""
    place = f"lab/workspaces/{name[:2]}/tree/{name}"  # a workspace each, else all would open
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
    return page


def assert_that_all_ran(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert errors_in(path) == []
    assert all(cell["execution_count"] for cell in cells if cell["cell_type"] == "code")


def test_every_cell_runs_and_none_fails(notebook):
    assert_that_all_ran(notebook.path)


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


def test_setup_and_proofs_are_folded(changed):
    cells = changed.page.locator(".jp-CodeCell")
    folded = cells.filter(has=changed.page.locator(".jp-InputPlaceholder"))
    expect(folded).to_have_count(3)
    expect(folded.locator(".jp-InputArea-editor")).to_have_count(0)


def test_proofs_tell_that_a_number_was_changed_and_the_notebook_runs_on(changed):
    assert_that_all_ran(changed.path)
    told = changed.page.locator(".jp-OutputArea").filter(has_text="does not hold here")
    expect(told.first).to_contain_text("The proof")
    expect(told.first).to_contain_text("the pictures have shape (1797, 16, 16)")


def test_progress_outlives_the_kernel(lab, open_page):
    first, second = ("from cnnkit.exercises import nb01", "nb01.overflow.check(5)"), ()
    for name, cells in (("1_tries.ipynb", first), ("2_looks.ipynb", second)):
        cells = [*cells, "from cnnkit import exercises", "exercises.progress()"]
        notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, lab.folder / name)
        page = run_all_cells(lab, open_page, name)
        row = page.locator(".jp-OutputArea tr").filter(has_text="01, images as arrays")
        expect(row.locator("td").nth(2)).to_have_text("1")
        expect(row.locator("td").last).to_have_text("overflow")
    assert (lab.folder / ".cnnkit_progress.json").exists()
