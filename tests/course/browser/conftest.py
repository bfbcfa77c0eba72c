"""A browser that reaches nothing but the host of its page, and course.py on copies of notebooks."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[3]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NOWHERE = "http://127.0.0.1:9"  # a proxy that is not there
COURSE = """
import sys
from pathlib import Path
import course
course.ROOT = Path(sys.argv[1])
course.prepare = lambda: Path(sys.executable)
sys.exit(course.main(*sys.argv[2:]))
"""


def pytest_addoption(parser):
    parser.addoption("--no-skips", action="store_true", help="count a skipped test as a failure")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if report.skipped and item.config.getoption("--no-skips"):
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session")
def browser():
    """Chromium: the system's or Playwright's."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        path = found or playwright.chromium.executable_path
        if not Path(path).exists():
            pytest.skip("there is no browser: install chromium, or run playwright install chromium")
        running = playwright.chromium.launch(executable_path=path)
        yield running
        running.close()


@pytest.fixture(scope="module")
def open_page(browser):
    """A function that opens an address in a browser that reaches its host alone.

    It returns Playwright's page; what other hosts were asked for is in its list `foreign`.
    """
    contexts = []

    def open_page(address):
        context = browser.new_context(viewport={"width": 1400, "height": 1000})
        contexts.append(context)
        page = context.new_page()
        page.foreign = []

        def is_foreign(request):
            foreign = urlsplit(request.url).netloc != urlsplit(address).netloc
            page.foreign.extend([request.url] * foreign)
            return foreign

        def gate(route):
            route.abort() if is_foreign(route.request) else route.continue_()

        context.route("**/*", gate)
        page.on("websocket", is_foreign)
        page.set_default_timeout(60_000)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def start_course(tmp_path_factory):
    """A function that starts course.py in a new folder with copies of some notebooks.

    It returns the folder and the process, which has this environment, no photos and no network.
    """
    started = []

    def start(notebooks, *words):
        folder = tmp_path_factory.mktemp("course")
        shutil.copytree(ROOT / "docs", folder / "docs")  # of which pages are made
        (folder / "notebooks").mkdir()
        for name in notebooks:
            shutil.copy(ROOT / "notebooks" / name, folder / "notebooks")
        settings = folder / "jupyter_config_dir/lab/user-settings/@jupyterlab/docmanager-extension"
        settings.mkdir(parents=True)  # JupyterLab asks a question when it saves twice at a time
        (settings / "plugin.jupyterlab-settings").write_text('{"autosave": false}', "utf-8")
        places = ("CNNKIT_CACHE", "KERAS_HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")
        environment = os.environ | {place: str(folder / place.lower()) for place in places}
        environment |= {"HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "NO_PROXY": "127.0.0.1"}
        for name in ("CNNKIT_DATA", "CNNKIT_PROOFS", "CNNKIT_PROGRESS"):  # a student has set none
            environment.pop(name, None)
        with (folder / "log").open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", COURSE, folder, *words],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        started.append(process)
        return folder, process

    yield start
    for process in started:
        process.terminate()
        process.wait(60)
