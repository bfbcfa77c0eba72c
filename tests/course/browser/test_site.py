"""A part of the site in a browser: served on this machine, reaching no other, and for everybody."""

import functools
import re
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from page_check import host_faults
from playwright.sync_api import expect

ROOT = Path(__file__).resolve().parents[3]
CHAPTER = "notebooks/02_convolution.html"
PAGES = (
    "index.html",
    CHAPTER,
    "glossary.html",
    "cheat_sheet.html",
    "reference/explain/grad_cam.html",
)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def address():
    """The address of the built part of the site, on this machine."""
    command = [sys.executable, "course.py", "site", "00", "02"]  # those of the lane docs
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    handler = functools.partial(Quiet, directory=ROOT / "build/site_part")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def visit(open_page, address):
    """A function that opens a page of the site; no script on it may fail."""
    faults = []

    def visit(page):
        opened = open_page(address + page)
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.reload()
        return opened

    yield visit
    assert faults == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_nothing_of_other_hosts(visit, name):
    page = visit(name)
    page.wait_for_load_state("networkidle")
    for _ in range(12):  # what is below is fetched when one comes near
        page.mouse.wheel(0, 3000)
        page.wait_for_timeout(50)
    page.wait_for_load_state("networkidle")
    assert host_faults(page) == []


def test_a_request_to_another_host_is_noticed(visit):
    page = visit("index.html")
    page.evaluate("fetch('https://example.invalid/').catch(() => 0)")
    assert host_faults(page) == ["https://example.invalid/"]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_axe_finds_nothing_serious(visit, name, mode):
    page = visit(name)
    page.evaluate(f"localStorage.setItem('mode', '{mode}')")
    page.emulate_media(reduced_motion="reduce")  # no colour on its way to another
    page.reload(wait_until="networkidle")
    expect(page.locator("html")).to_have_attribute("data-theme", mode)
    page.add_style_tag(content="* { transition: none !important; }")
    found = Axe().run(page).response["violations"]
    serious = [fault for fault in found if fault["impact"] in ("serious", "critical")]
    assert [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in serious] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_telephone_need_not_scroll_sideways(visit, name):
    page = visit(name)
    page.set_viewport_size({"width": 400, "height": 800})
    page.wait_for_load_state("networkidle")
    if name == CHAPTER:
        expect(page.locator("mjx-container").first).to_be_visible(timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_formulas_are_typeset_and_animations_play(visit):
    page = visit(CHAPTER)
    expect(page.locator("mjx-container").first).to_be_visible(timeout=60_000)
    frame = page.locator("iframe").first
    frame.scroll_into_view_if_needed()
    inner = page.frame_locator("iframe").first
    picture, play = inner.locator("img"), inner.get_by_role("button", name="Play", exact=True)
    before = picture.get_attribute("src")
    play.click()
    expect(picture).not_to_have_attribute("src", before)


def test_the_keyboard_opens_a_proof_and_a_solution(visit):
    page = visit(CHAPTER)
    for title in ("Proof: three numbers", "Solution"):
        summary = page.locator("summary", has_text=title).first
        content = summary.locator("xpath=..").locator("pre").first
        expect(content).to_be_hidden()
        summary.focus()
        page.keyboard.press("Enter")
        expect(content).to_be_visible()


def test_one_may_skip_to_the_text(visit):
    page = visit(CHAPTER)
    page.keyboard.press("Tab")
    expect(page.locator("#pst-skip-link a")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main-content")


def test_the_search_finds_a_function(visit):
    page = visit("search.html?q=grad_cam")
    result = page.locator("#search-results a", has_text="grad_cam").first
    expect(result).to_be_visible()
    result.click()
    expect(page).to_have_url(re.compile("reference/explain/grad_cam"))


def test_the_explorer_lives_on_the_first_page(visit):
    page = visit("index.html")
    page.locator("iframe.explorer").scroll_into_view_if_needed()
    explorer = page.frame_locator("iframe.explorer")
    explorer.locator(".picture").nth(1).click()
    expect(explorer.locator(".picture").nth(1)).to_have_attribute("aria-pressed", "true")
