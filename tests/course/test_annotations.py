"""The annotations, as a user's type checker sees them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """\
import keras
import numpy as np
from cnnkit import explain, geometry, study

def accuracy(model: keras.Model, rate: float) -> dict[str, float]:
    return {"accuracy": model.evaluate(np.zeros((8, 32, 32, 3)), np.zeros(8))[1]}

def explained(model: keras.Model, images: np.ndarray) -> np.ndarray:
    height, width = geometry.receptive_field(model, layer="conv", image_size=32).size
    assert height * width < geometry.model_table(model).total_parameters
    maps = explain.grad_cam(model, images, target=3, plus_plus=True)
    return maps * explain.capture(model, images, layer="conv").activations.mean()

results = study.run_study(keras.models.clone_model, accuracy, {"slow": {"rate": 0.1}}, range(3))
low, high = results.interval("slow", "accuracy")
print(low + results.mean("slow", "accuracy"), results.variants[0].upper())
"""
WRONG = [
    ("target=3", '"cat"', "positional"),
    ("plus_plus=True", "plus_plus='++'", "plus_plus"),
    ("image_size=32", 'image_size="32"', "image_size"),
    (".size\n", ".width\n", "width"),
    ("total_parameters", "parameters", "parameters"),
    ('"slow", "accuracy")\nprint', '"slow", 3)\nprint', "interval"),
    ("range(3)", "3", "run_study"),
]


@pytest.fixture(scope="module")
def complaints(tmp_path_factory):
    """What mypy says of the script, and of copies with one wrong piece each, by their numbers."""
    folder = tmp_path_factory.mktemp("user")
    scripts = [SCRIPT]
    for old, new, _ in WRONG:
        assert SCRIPT.count(old) == 1, old
        scripts.append(SCRIPT.replace(old, new))
    files = [folder / f"script_{i}.py" for i in range(len(scripts))]
    for file, script in zip(files, scripts, strict=True):
        file.write_text(script, encoding="utf-8")
    options = ("--follow-imports=silent", "--ignore-missing-imports", "--cache-dir=cache")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *(file.name for file in files)],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1) and not done.stderr, done.stdout + done.stderr
    lines = re.findall(r"(?m)^script_(\d+)\.py:\d+: error: (.*)", done.stdout)
    return [[said for number, said in lines if int(number) == i] for i in range(len(files))]


def test_a_right_script_is_accepted(complaints):
    assert complaints[0] == []


@pytest.mark.parametrize("i", range(len(WRONG)), ids=[new for _, new, _ in WRONG])
def test_a_wrong_call_is_found(complaints, i):
    assert WRONG[i][2] in " ".join(complaints[i + 1])
