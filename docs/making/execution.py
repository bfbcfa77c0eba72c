"""The executed notebooks: those that there are already, and the others once they are executed.

The site shows drawn pets and the photos of scikit-image: whoever builds it may have photos of cats
and dogs that are not theirs to publish. So its notebooks see neither `$CNNKIT_DATA` nor a network.
"""

import json
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import course  # noqa: E402

EXECUTED = ROOT / "build/course"
MARK = "without photos"  # in the metadata of a notebook that was executed so


def executed(names):
    """Execute what is not executed yet; return the paths, and how those that failed went."""
    notebooks = course.find_notebooks(names)
    missing = [notebook for notebook in notebooks if not is_executed(notebook)]
    if missing:
        shut_off()
        states = course.execute_all(Path(sys.executable), missing, EXECUTED)
        failed = {book.stem: said for book, said in states.items() if said.startswith("FAILED")}
        for notebook in missing:
            if notebook.stem not in failed:
                mark(notebook)
        if failed:
            sys.exit("\n".join(f"{name}: {said}" for name, said in failed.items()))
    copies = [EXECUTED / notebook.name for notebook in notebooks]
    if any(shows_photos(copy) for copy in copies):
        sys.exit("There are photos in an executed notebook: they must not be published.")
    return copies


def shut_off():
    """Take photos, earlier downloads and the network away from all programs started from now on."""
    os.environ.pop("CNNKIT_DATA", None)
    os.environ.update(
        PYTHONPATH=str(ROOT / ".ci/offline"),
        CNNKIT_CACHE=str(ROOT / "build/offline"),
        KERAS_HOME=str(ROOT / "build/offline"),
    )


def is_executed(notebook):
    """Whether a notebook, as it is now, was executed without photos."""
    copy = EXECUTED / notebook.name
    if not copy.exists() or course.edition_of(copy) != course.edition_of(notebook):
        return False
    return MARK in json.loads(copy.read_text("utf-8"))["metadata"].get("cnnkit", "")


def mark(notebook):
    """Write down that a notebook was executed without photos."""
    copy = EXECUTED / notebook.name
    content = json.loads(copy.read_text("utf-8"))
    content["metadata"]["cnnkit"] = MARK
    copy.write_text(json.dumps(content, indent=1, ensure_ascii=False), "utf-8")


def shows_photos(copy):
    """Whether the loader of cats and dogs has found photos, by what it has printed."""
    found = re.findall(r"<PhotoSplits: [^>]*>", copy.read_text("utf-8"))
    return any(not splits.endswith("; drawn pets>") for splits in found)
