"""Notebook 07 on a machine without photos and without network, in a process of its own."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from cnnkit.data.cats_vs_dogs import _NO_PHOTOS

NOTEBOOK = Path(__file__).parents[1] / "notebooks/07_transfer_learning_cats_vs_dogs.ipynb"


def test_notebook_07_ends_in_one_clear_sentence(tmp_path, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert "CNNKIT_DATA" not in os.environ and not list(tmp_path.iterdir())
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    with pytest.raises(CellExecutionError) as caught:
        client.execute()
    assert caught.value.ename == "FileNotFoundError" and caught.value.evalue == _NO_PHOTOS
    stopped = [cell for cell in notebook.cells if cell.get("execution_count")][-1]
    assert stopped.source.startswith("photos = data.load_cats_vs_dogs(")
    printed = "".join(o.get("text", "") for o in stopped.outputs if o.get("name") == "stdout")
    assert "could not be downloaded" in printed and len(printed.strip().splitlines()) == 1
