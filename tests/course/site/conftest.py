"""A part of the site, built once: start page, notebook 2 and reference; and an e-book."""

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]
CHAPTERS = ("00", "02")


def build(*words):
    """Build something, return what was said and how many seconds it took."""
    begin = time.monotonic()
    command = [sys.executable, "course.py", "site", *CHAPTERS, *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, time.monotonic() - begin


@pytest.fixture(scope="session")
def site():
    """The folder of the built part."""
    print(*build())
    return ROOT / "build/site_part"


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    """The folder of an unpacked e-book."""
    build("--epub", "--no-reference")
    folder = tmp_path_factory.mktemp("book")
    with zipfile.ZipFile(ROOT / "build/epub/cnnkit.epub") as file:
        file.extractall(folder)
    return folder
