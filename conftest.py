"""Notebooks are tested without network and earlier downloads, and leave nothing behind."""

import os
from pathlib import Path

import pytest

OFFLINE = Path(__file__).parent / ".ci/offline"
os.environ.update(CNNKIT_PROOFS="strict", CNNKIT_PROGRESS="off")  # as `course.py test` does
BEFORE = {}  # what lies beside each notebook when its kernel starts


def pytest_addoption(parser):
    parser.addoption("--online", action="store_true", help="notebooks may download what they need")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    """A notebook's first cell starts its kernel, which takes over the environment."""
    with pytest.MonkeyPatch.context() as patch:
        if item.path.suffix == ".ipynb":
            BEFORE.setdefault(item.path, files_beside(item.path))
            if not item.config.getoption("online"):
                patch.setenv("PYTHONPATH", str(OFFLINE), prepend=os.pathsep)
                for cache in ("CNNKIT_CACHE", "KERAS_HOME"):
                    patch.setenv(cache, str(item.config.rootpath / "build/offline"))
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    result = yield
    last = nextitem is None or nextitem.path != item.path
    if item.path in BEFORE and last:
        left = sorted(files_beside(item.path) - BEFORE[item.path])
        if left:
            pytest.fail(f"{item.path.name} leaves {left}", pytrace=False)
    return result


def files_beside(path):
    return {file.name for file in path.parent.iterdir()} - {".ipynb_checkpoints"}  # JupyterLab's
