"""Notebooks without network: how all are tested, and those with data elsewhere."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from cnnkit._places import data_folder

ROOT = Path(__file__).resolve().parents[2]
OFFLINE = ROOT / ".ci/offline"
HAS_DATA = data_folder() is not None  # asked before conftest.py hides it


@pytest.fixture
def offline(monkeypatch):
    """Programs that are started now reach this machine only, and do see this checkout."""
    monkeypatch.setenv("PYTHONPATH", str(OFFLINE), prepend=os.pathsep)


CELLS = [
    "import socket\nwith socket.create_server(('127.0.0.1', 0)) as server:\n"
    "    socket.create_connection(server.getsockname()).close()\n"
    "    socket.create_connection(('localhost', server.getsockname()[1])).close()",
    "other = socket.socket()\nother.settimeout(0.1)\n"
    "other.connect(('192.0.2.1', 9))",  # an address that nobody has
    "socket.getaddrinfo('example.org', 80)",
    "open('left.txt', 'w').close()",
    "from cnnkit import _places\n"
    "assert {_places.cache_dir().name, _places.keras_home().name} == {'offline'}\n"
    "assert _places.proofs_are_strict()",
]


@pytest.fixture
def check_cells(tmp_path, monkeypatch):
    """A function that has pytest check the first cells as a notebook, and returns what it says."""
    (tmp_path / "pytest.ini").touch()
    shutil.copytree(OFFLINE, tmp_path / ".ci/offline")
    shutil.copy(ROOT / "conftest.py", tmp_path)

    def check(n_cells, *options):
        new = nbformat.v4
        notebook = new.new_notebook(cells=[new.new_code_cell(cell) for cell in CELLS[:n_cells]])
        nbformat.write(notebook, tmp_path / "a.ipynb")
        command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "a.ipynb"]
        done = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True)
        return done.stdout

    return check


@pytest.mark.usefixtures("slow_proof")
def test_notebooks_are_tested_without_network_and_leave_nothing(check_cells):
    said = check_cells(5)
    assert "2 failed, 3 passed, 1 error" in said.splitlines()[-1]
    assert "Tests have no network: 192.0.2.1" in said
    assert "Tests have no network: example.org" in said
    assert "a.ipynb leaves ['left.txt']" in said


@pytest.mark.usefixtures("slow_proof")
def test_online_they_have_network(check_cells):
    said = check_cells(2, "--online")
    assert "1 passed" in said and "Tests have no network" not in said


def run(name, folder):
    """Execute a notebook in an empty folder, and return what it prints."""
    folder.mkdir()
    notebook = nbformat.read(ROOT / "notebooks" / name, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    assert not list(folder.iterdir())  # it leaves nothing
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


@pytest.fixture
def whole_course(slow_proof):
    """Skips a test that belongs to the tests of the notebooks, where these are not run."""
    if not HAS_DATA:  # then these notebooks, like all others, are tested without it
        pytest.skip("CNNKIT_DATA is not set: nbval does the same")


@pytest.mark.usefixtures("whole_course")
def test_notebook_06_runs_whole_on_drawn_pets(tmp_path, offline):
    run("06_augmentation.ipynb", tmp_path / "empty")


@pytest.mark.usefixtures("whole_course")
def test_notebook_07b_runs_whole_on_drawn_pets(tmp_path, offline):
    assert "500 test; cat and dog; 64x64 pixels; drawn pets" in run(
        "07b_honest_numbers.ipynb", tmp_path / "empty"
    )


@pytest.mark.usefixtures("whole_course")
def test_notebook_07_runs_whole_on_drawn_pets(tmp_path, offline):
    printed = run("07_transfer_learning_cats_vs_dogs.ipynb", tmp_path / "empty")
    assert printed.count("the built-in backbone is used, which knows drawings only") == 1
    assert "500 test; cat and dog; 64x64 pixels; drawn pets" in printed
    assert not list((tmp_path / "cache").glob("**/*.h5"))
