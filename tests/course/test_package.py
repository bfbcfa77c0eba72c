import os
import subprocess
import sys

import pytest

import cnnkit


def python(code, **options):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, **options
    )


def test_import_is_quick_and_imports_no_framework():
    code = (
        "import sys, time; start = time.perf_counter(); import cnnkit;"
        "print(time.perf_counter() - start);"
        "print([m for m in ('keras', 'tensorflow', 'numpy', 'matplotlib') if m in sys.modules])"
    )
    seconds, modules = min(python(code).stdout.splitlines() for _ in range(3))
    assert float(seconds) < 0.1 and modules == "[]"


def test_sub_modules_are_loaded_when_used():
    result = python("import cnnkit; print(cnnkit.data.load_digits()[0].shape)")
    assert result.stdout.strip() == "(1797, 8, 8)"
    assert {*cnnkit.__all__, "__version__"} <= set(dir(cnnkit))
    with pytest.raises(AttributeError, match="no attribute 'layer'"):
        cnnkit.layer  # noqa: B018


def test_importing_it_leaves_the_environment_as_it_is():
    code = "import os; before = dict(os.environ); import cnnkit; print(os.environ == before)"
    result = python(code, env={**os.environ, "CNNKIT_DATA": "my photos"})
    assert result.stdout.strip() == "True"


@pytest.mark.parametrize("module", [name for name in cnnkit.__all__ if name != "exercises"])
def test_every_public_name_is_documented(module):
    part = getattr(cnnkit, module)
    assert part.__doc__
    names = getattr(part, "__all__", None) or [
        name
        for name, value in vars(part).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == part.__name__
    ]
    assert names and all(getattr(part, name).__doc__ for name in names)
