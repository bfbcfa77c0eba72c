"""The notebooks on a machine without photos and without network, in processes of their own."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
BLOCK = """
import socket
_connect = socket.socket.connect
def _refuse(self, address):
    if self.family != getattr(socket, "AF_UNIX", None) and address[0] != "127.0.0.1":
        raise OSError("no network here")
    return _connect(self, address)
socket.socket.connect = _refuse
socket.getaddrinfo = lambda *args, **options: (_ for _ in ()).throw(socket.gaierror("no network"))
"""


def run_offline(name, tmp_path, monkeypatch):
    """Execute a notebook in an empty folder, and return it with its outputs."""
    (tmp_path / "block").mkdir()
    (tmp_path / "block/sitecustomize.py").write_text(BLOCK, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "block"))
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=120, resources=resources).execute()
    return notebook


@pytest.mark.parametrize(
    "name",
    [
        "01_images_as_arrays.ipynb",
        "02_convolution.ipynb",
        "03_pooling.ipynb",
        "04_batchnorm.ipynb",
        "05_dropout.ipynb",
        "06_augmentation.ipynb",
    ],
)
def test_a_notebook_runs_whole(name, tmp_path, monkeypatch):
    run_offline(name, tmp_path, monkeypatch)
    assert {path.name for path in tmp_path.iterdir()} <= {"block", "keras"}  # it leaves nothing


def test_notebook_07_runs_whole_on_drawn_pets(tmp_path, monkeypatch):
    notebook = run_offline("07_transfer_learning_cats_vs_dogs.ipynb", tmp_path, monkeypatch)
    printed = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", [])
    )
    assert printed.count("the built-in backbone is used, which knows drawings only") == 1
    assert "500 test; cat and dog; 64x64 pixels; drawn pets" in printed
    assert not list((tmp_path / "cache").glob("**/*.h5"))
