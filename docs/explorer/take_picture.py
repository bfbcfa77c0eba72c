"""Take the README's picture of the explorer: a number of a map, and how it is made.

    .venv-browser/bin/python docs/explorer/take_picture.py build/explorer/digits.html

It needs Chromium, and Playwright, which `python3 course.py test --lane browser` installs.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).parents[1] / "images/explorer.png"


def main(path):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": 1500, "height": 950}, color_scheme="light")
        page.goto(Path(path).resolve().as_uri())
        page.locator("#tour summary").click()
        page.get_by_label("Go to").select_option("What the middle of the last maps sees")
        page.locator("#tour summary").click()
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
