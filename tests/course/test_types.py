"""A user's type checker knows what explain, geometry and study take and give."""

from pathlib import Path

import numpy as np
import pytest
from mypy import api

ROOT = Path(__file__).resolve().parents[2]
START = """
import keras
import numpy as np
from cnnkit import explain, geometry, study

images, labels = np.ones((4, 12, 12, 3), np.float32), np.array([0, 1, 0, 1])
"""
RIGHT = """
conv = keras.layers.Conv2D(8, 3, name="conv")
model = keras.Sequential([keras.Input((12, 12, 3)), conv, keras.layers.Flatten()])
model.compile("sgd", "sparse_categorical_crossentropy")
field = geometry.receptive_field(model, ("conv", 0), image_size=12)
middle: float = field.center[0] + field.size[0] / 2
size: int = geometry.output_size(32, 3, strides=2, padding="same")
costs: list[int] = [row.multiply_adds or 0 for row in geometry.model_table(model).rows]
heat: np.ndarray = explain.grad_cam(model, images, target=1, layer="conv")
maps: np.ndarray = explain.capture(model, images, layer=conv).activations
rate: float = study.lr_finder(model, images, labels, n_steps=10).suggestion
"""
WRONG = {
    'geometry.output_size("32", 3)': 'incompatible type "str"; expected "int"  [arg-type]',
    "explain.grad_cam(keras.Model(), images, 1)": "Too many positional arguments",
    'study.lr_finder(keras.Model(), images, labels, n_steps="all")': 'expected "int"  [arg-type]',
}


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    """What mypy says of a program that uses an installed cnnkit: a function."""
    folder = tmp_path_factory.mktemp("types")
    options = ("--config-file=", f"--cache-dir={folder / 'cache'}", "--no-error-summary")
    quiet = ("--follow-imports=silent", "--ignore-missing-imports")  # Keras has no types

    def check(program):
        path = folder / "program.py"
        path.write_text(program)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MYPYPATH", str(ROOT))
            said, errors, _ = api.run([*options, *quiet, str(path)])
        assert not errors
        return said

    return check


def test_a_right_program_passes(check):
    assert check(START + RIGHT) == ""


def test_it_gives_what_the_types_say():
    names = {}
    exec(START + RIGHT, names)
    assert type(names["middle"]) is type(names["rate"]) is float and type(names["size"]) is int
    assert type(names["heat"]) is type(names["maps"]) is np.ndarray


@pytest.mark.parametrize("call", WRONG)
def test_a_wrong_call_is_found(check, call):
    (error,) = (line for line in check(START + call).splitlines() if ": error: " in line)
    assert WRONG[call] in error


def test_attributes_are_known(check):
    """Also where a function returns an object of the package."""
    program = START + "table = geometry.model_table(keras.Model())\ntable.total_params"
    assert '"ModelTable" has no attribute "total_params"' in check(program)
