"""Take the README's picture of the explorer: a number of a map, and how it is made.

    .venv-browser/bin/python docs/explorer/take_picture.py build/explorer/digits.html

It needs Chromium, and Playwright, which `python3 course.py test --lane browser` installs.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

VIEW = '{"picture":0,"layer":4,"channel":1,"row":6,"column":7}'
PICTURE = Path(__file__).parents[1] / "images/explorer.png"


def main(path):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": 1500, "height": 1250}, color_scheme="light")
        page.goto(f"{Path(path).resolve().as_uri()}#view={VIEW}")
        page.locator('.tile[aria-pressed="true"]').scroll_into_view_if_needed()
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
