import os
import subprocess
import sys
from dataclasses import dataclass
from typing import NamedTuple

import pytest

import cnnkit


def python(code, **options):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, **options
    )


def test_import_is_quick_and_imports_nothing_else():
    code = (
        "import sys, time; before = set(sys.modules); start = time.process_time();"
        "import cnnkit; print(time.process_time() - start);"
        "print(*{m.split('.')[0] for m in set(sys.modules) - before} - sys.stdlib_module_names)"
    )
    runs = [python(code).stdout.splitlines() for _ in range(3)]
    assert min(float(seconds) for seconds, _ in runs) < 0.1  # of the processor
    assert {modules for _, modules in runs} == {"cnnkit"}


def test_sub_modules_are_loaded_when_used():
    result = python("import cnnkit; print(cnnkit.reference.effective_size(3, 2))")
    assert result.stdout.strip() == "5"
    assert {*cnnkit.__all__, "__version__"} <= set(dir(cnnkit))
    with pytest.raises(AttributeError, match="no attribute 'layer'"):
        cnnkit.layer  # noqa: B018


def test_importing_it_leaves_the_environment_as_it_is():
    code = "import os; before = dict(os.environ); import cnnkit; print(os.environ == before)"
    result = python(code, env={**os.environ, "CNNKIT_DATA": "my photos"})
    assert result.stdout.strip() == "True"


def test_a_notebook_starts_keras_without_the_log_of_tensorflow():
    start = "import sys, types; sys.ps1 = '>'; import cnnkit"
    start += "; shell = types.SimpleNamespace(input_transformers_post=[], ast_transformers=[])"
    start += "; cnnkit.load_ipython_extension(shell)"
    work = "import keras; import tensorflow as tf; tf.config.list_physical_devices('GPU')"
    work += "; tf.get_logger().info('Assets written to: x')"  # to a prompt, ps1, it says so
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    done = python(f"{start}; {work}; keras.ops.ones(3)", env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def is_documented(thing):
    """Whether somebody wrote a docstring, and not Python, which makes some from lists of fields."""
    made = f"{thing.__name__}("
    return bool(thing.__doc__) and not thing.__doc__.startswith(made)


@pytest.mark.parametrize("room", cnnkit.__all__)
def test_every_public_name_is_documented(room):
    part = getattr(cnnkit, room)
    assert part.__doc__ and part.__all__
    assert [name for name in part.__all__ if not is_documented(getattr(part, name))] == []


def test_a_docstring_made_from_fields_does_not_count():
    class Pair(NamedTuple):
        a: int
        b: int

    @dataclass(frozen=True)
    class Point:
        x: float

    def silent():
        pass

    assert Pair.__doc__ and Point.__doc__
    assert not any(map(is_documented, (Pair, Point, silent)))
    Point.__doc__ = "A place."
    assert is_documented(Point)
