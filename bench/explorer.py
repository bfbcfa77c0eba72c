"""The explorer's pages of notebook 2's and 3's networks: how large they are, and how fast.

With ten pictures each. "opened" is the time from the request until all is drawn, the median of five
openings; "a stroke" from a movement of the mouse until the picture with its answer is drawn, the
median and the longest of 40. It needs Chromium, which Playwright or the system has. Ends with an
error if a page is larger than 1.5 MB, opens in over a second or answers to a stroke in over 100 ms.
"""

import runpy
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

import keras
from playwright.sync_api import sync_playwright

PAGES = Path(__file__).parents[1] / "docs/explorer/make_pages.py"
BOUNDS = {"MB": 1.5, "opened": 1000, "stroke": 100}
READY = """() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => {
  const [{ loadEventEnd }] = performance.getEntriesByType("navigation");
  done(Math.max(loadEventEnd, ...performance.getEntriesByType("paint").map((e) => e.startTime)));
})))"""
LISTEN = """() => {
  window.times = [];
  addEventListener("pointermove", () => {
    const start = performance.now();
    requestAnimationFrame(() => setTimeout(() => times.push(performance.now() - start)));
  }, true);
}"""


def opening(browser, address):
    """Milliseconds until a page is drawn, in a browser that has not seen it."""
    page = browser.new_page()
    page.goto(address)
    time = page.evaluate(READY)
    page.close()
    return time


def strokes(browser, address):
    """Milliseconds from a movement of the mouse until its answer is drawn."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.goto(address)
    pad = page.locator("#drawing .pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.evaluate(LISTEN)
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    for i in range(40):
        share = (i + 1) / 41
        page.mouse.move(box["x"] + share * box["width"], box["y"] + share * box["height"])
        page.wait_for_function(f"times.length > {i}")
    page.mouse.up()
    times = page.evaluate("times")
    if page.locator("#drawing .restore").is_disabled():
        sys.exit("the pen draws nothing")
    page.close()
    return times


def main():
    found = shutil.which("chromium") or shutil.which("google-chrome")
    too_much = False
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        runpy.run_path(str(PAGES))["main"](folder)
        browser = playwright.chromium.launch(executable_path=found)
        print(f"Keras {keras.__version__}, Chromium {browser.version}")
        print("page             MB   opened   a stroke: median, longest")
        for path in sorted(Path(folder).glob("*.html")):
            opened = median(opening(browser, path.as_uri()) for _ in range(5))
            times = strokes(browser, path.as_uri())
            size = path.stat().st_size / 1e6
            shown = f"{path.stem:12} {size:6.2f} {opened:5.0f} ms"
            print(f"{shown} {median(times):13.0f} ms {max(times):6.0f} ms")
            measured = {"MB": size, "opened": opened, "stroke": median(times)}
            too_much |= any(measured[name] > bound for name, bound in BOUNDS.items())
        browser.close()
    sys.exit("too large or too slow" if too_much else 0)


if __name__ == "__main__":
    main()
