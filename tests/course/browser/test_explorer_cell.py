"""The explorer as the output of a cell: in JupyterLab after *Run all*, and on the page of a run."""

import pytest
from page_check import host_faults
from playwright.sync_api import expect
from test_jupyterlab import lab_of, run_all_cells

NAME = "recorded_network.ipynb"
WORDS = ("--no-browser", "--ip=127.0.0.1", "--port=0")


def walk(page):
    """Select a map in the explorer of a page; return its frame."""
    page.locator("iframe[srcdoc]").first.scroll_into_view_if_needed()
    frame = page.frame_locator("iframe[srcdoc]").first
    expect(frame.locator("#reason")).to_contain_text("what Keras gave")
    frame.locator('.tile[data-layer="1"]').first.click()
    expect(frame.locator("#sentence")).to_contain_text("of rescaling")
    return next(inner for inner in page.frames if inner.url == "about:srcdoc")


@pytest.fixture(scope="module")
def lab(start_course):
    return lab_of(*start_course([f"../docs/explorer/{NAME}"], "lab", *WORDS))


def test_in_jupyterlab_one_walks_and_reaches_nothing_of_the_server(lab, open_page):
    page = run_all_cells(lab, open_page, NAME)
    frame = walk(page)
    assert frame.evaluate("window.origin") == "null"
    told = "(address) => fetch(address).then(() => 'reached', () => 'stopped')"
    assert page.evaluate(told, f"{lab.url}api/status") == "reached"
    assert frame.evaluate(told, f"{lab.url}api/status") == "stopped"
    with pytest.raises(Exception, match="cross-origin|Blocked"):
        frame.evaluate("parent.document.cookie")
    assert host_faults(page) == []


def test_on_the_page_of_a_run_one_walks_without_a_kernel(start_course, open_page):
    folder, process = start_course([f"../docs/explorer/{NAME}"], "run", "recorded")
    assert process.wait(300) == 0, (folder / "log").read_text(encoding="utf-8")
    page = open_page((folder / "build/course/recorded_network.html").as_uri())
    walk(page)
    assert host_faults(page) == []
