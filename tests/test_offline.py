"""Notebook 07 on a machine without photos and without network, in a process of its own."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[1] / "notebooks/07_transfer_learning_cats_vs_dogs.ipynb"
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


def test_notebook_07_runs_whole_on_drawn_pets(tmp_path, monkeypatch):
    (tmp_path / "block").mkdir()
    (tmp_path / "block/sitecustomize.py").write_text(BLOCK, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "block"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=120, resources=resources).execute()
    printed = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", [])
    )
    assert printed.count("the built-in backbone is used, which knows drawings only") == 1
    assert "500 test; cat and dog; 64x64 pixels; drawn pets" in printed
    assert not list((tmp_path / "cache").glob("**/*.h5"))
