"""The wheel, installed by the setup cell's command into a fresh environment, and used offline."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tomllib
import types
import zipfile
from pathlib import Path

import nbformat
import pytest
from fresh_environment import make_environment
from IPython.core.inputtransformer2 import TransformerManager

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("pyproject.toml", "README.md", "LICENSE", "cnnkit", "data")
TAKEN = {".csv", ".h5", ".npz"}  # the kinds of stored files that a wheel has
USE = """
import socket
def refuse(*args): raise OSError("no network here")
socket.socket.connect = socket.create_connection = refuse
import importlib, json, pkgutil, sys
from pathlib import Path
import cnnkit
assert Path(cnnkit.__file__).is_relative_to(sys.prefix), cnnkit.__file__
modules = [module.name for module in pkgutil.walk_packages(cnnkit.__path__, "cnnkit.")]
for name in modules:
    importlib.import_module(name)
import matplotlib.pyplot as plt
from cnnkit import data, explore, models
plt.style.use("cnnkit.viz.cnnkit")
images, labels = data.draw_pets(2, seed=0)
models.load_backbone("drawn_animals").predict(images, verbose=0)
assert "</iframe>" in explore.explore(models.normalized_cnn(), images[:, :32, :32])._repr_html_()
stored = data.stored("drawn_animals.weights.h5").parent
assert stored.is_relative_to(sys.prefix)
print(json.dumps([sorted(modules), sorted(path.name for path in stored.iterdir())]))
"""


def run(*command, **options):
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of a copy of the checkout."""
    copy, out = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("wheel")
    for name in PARTS:
        take = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        take(ROOT / name, copy / name)
    options = ("--no-deps", "--no-build-isolation", "--wheel-dir", out)
    run(sys.executable, "-m", "pip", "wheel", *options, copy)
    (file,) = out.glob("cnnkit-*.whl")
    assert file.stat().st_size < 2_000_000
    return file


def test_the_wheel_says_that_it_has_annotations(wheel):
    with zipfile.ZipFile(wheel) as archive:
        assert "cnnkit/py.typed" in archive.namelist()


def test_the_wheel_has_the_page_on_which_animations_play(wheel):
    with zipfile.ZipFile(wheel) as archive:
        assert "cnnkit/viz/animations/_player.html" in archive.namelist()


def setup_cell():
    """The code of the setup cell, as Python."""
    notebook = nbformat.read(ROOT / "docs/template.ipynb", as_version=4)
    (cell,) = [c for c in notebook.cells if "setup" in c.metadata.get("tags", [])]
    return TransformerManager().transform_cell(cell.source)


def pip_commands(code, monkeypatch, colab=True):
    """What the setup cell would have `%pip` do."""
    lines, names = [], {}
    shell = types.SimpleNamespace(
        run_line_magic=lambda magic, line: lines.append((magic, line.format(**names)))
    )
    names["get_ipython"] = lambda: shell
    if colab:
        monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    exec(code, names)
    assert lines.pop() == ("reload_ext", "cnnkit")  # once it is there
    return lines


def test_setup_cell_installs_nothing_outside_colab(monkeypatch):
    assert pip_commands(setup_cell(), monkeypatch, colab=False) == []


@pytest.mark.usefixtures("slow_proof")
def test_setup_cell_installs_what_works_alone_and_offline(wheel, monkeypatch, tmp_path):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address = project["urls"]["Repository"]
    code = setup_cell().replace(f'"{address}"', '"https://github.com/somebody/cnnkit"')
    ((magic, line),) = pip_commands(code, monkeypatch)
    words = shlex.split(line)
    assert magic == "pip" and "--no-deps" in words
    assert words.pop() == "git+https://github.com/somebody/cnnkit"
    python, _ = make_environment(tmp_path / "environment")
    run(sys.executable, "-m", "pip", "--python", python, *words, wheel)
    places = {"CNNKIT_CACHE": str(tmp_path / "cache"), "KERAS_HOME": str(tmp_path / "keras")}
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "CNNKIT_DATA")}
    said = run(python, "-c", USE, cwd=tmp_path, env=environment | places)
    modules, stored = json.loads(said.splitlines()[-1])
    files = [path.relative_to(ROOT).with_suffix("") for path in (ROOT / "cnnkit").rglob("*.py")]
    names = {".".join(path.parts).removesuffix(".__init__") for path in files}
    assert {"cnnkit", *modules} == names
    wanted = {path.name for path in (ROOT / "data").glob("*.*") if path.suffix in TAKEN}
    assert set(stored) == wanted and len(wanted) > 5
