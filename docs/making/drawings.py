"""The pictures of the reference: what the examples in the docstrings draw."""

import doctest
import hashlib
import inspect
import json
import re

from making.links import ROOT
from making.pictures import as_files

KEPT = ROOT / "build/drawings"  # for the next time, as long as an example stays the same
DRAWS = re.compile(r"\b(?:plot|animate)_\w+\(")


def drawings(things, folder):
    """From a name, such as `viz.plot_matrix`, to the HTML of the pictures that its example draws.

    Args:
        things: From names to what they stand for.
        folder: Where the sources of the site lie.
    """
    KEPT.mkdir(parents=True, exist_ok=True)
    drawn = {}
    for name, thing in things.items():
        code = example_of(thing)
        if DRAWS.search(code):
            drawn[name] = [as_files(page, folder, "../..") for page in pictures_of(code)]
    return drawn


def example_of(thing):
    """The code of the example in a docstring; "" without one."""
    docstring = inspect.getdoc(thing) or ""
    return "".join(example.source for example in doctest.DocTestParser().get_examples(docstring))


def pictures_of(code):
    """The HTML of the pictures that an example draws, a list."""
    record = KEPT / f"{hashlib.sha256(code.encode()).hexdigest()[:16]}.json"
    if not record.exists():
        record.write_text(json.dumps(run(code)), "utf-8")
    return json.loads(record.read_text("utf-8"))


def run(code):
    """Run an example, and return the HTML of what it draws, as a notebook would show it."""
    import matplotlib.pyplot as plt

    from cnnkit import viz
    from cnnkit.viz._show_alt_text import as_bundle

    plt.close("all")
    made = {}
    with plt.style.context("cnnkit.viz.cnnkit"):
        exec(code, made)  # it stands in a docstring of ours
        shown = [as_bundle(plt.figure(number))[0]["text/html"] for number in plt.get_fignums()]
    plt.close("all")
    moving = [thing for thing in made.values() if isinstance(thing, viz.Animation)]
    return shown + [animation._repr_html_() for animation in moving]
