"""The pages of the explorer, of two networks that are trained for them."""

import shutil
import subprocess
import sys

from making.links import ROOT

MADE = ROOT / "build/explorer"
NAMES = ("animals", "digits")


def write_explorers(folder):
    """Put the explorer's pages among the static files; they are made if something has changed."""
    script = ROOT / "docs/explorer/make_pages.py"
    made = [MADE / f"{name}.html" for name in NAMES]
    sources = [script, *ROOT.glob("cnnkit/explore/**/*.*")]
    newest = max(file.stat().st_mtime for file in sources if file.suffix != ".pyc")
    if any(not page.exists() or page.stat().st_mtime < newest for page in made):
        print("Training the networks of the explorer's pages ...")
        MADE.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, script, MADE], check=True)
    place = folder / "_static/explorer"
    place.mkdir(parents=True, exist_ok=True)
    for page in made:
        shutil.copy(page, place)
