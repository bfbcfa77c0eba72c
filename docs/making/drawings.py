"""The pictures of the reference: what the examples in the docstrings draw."""

import contextlib
import doctest
import hashlib
import inspect
import json
import re
from tempfile import TemporaryDirectory

from making.links import ROOT
from making.pictures import as_files

STYLE = "cnnkit.viz.cnnkit"
KEPT = ROOT / "build/drawings"  # for the next time, as long as an example stays the same
PETS = """
from cnnkit import data, layers, viz
pets, _ = data.draw_pets(3, seed=0)
"""
POOLED = (
    PETS
    + """
gray = pets.mean(axis=-1, keepdims=True)
pooled = layers.{}(4, strides=4)(gray, **{})
panels = viz.plot_images([*gray[..., 0], *pooled.numpy()[..., 0]], n_cols=3)
"""
)
MORE = {  # for those whose example draws nothing
    "layers.RandomAffine": PETS
    + "affine = layers.RandomAffine('horizontal', 0.1, 0.2, 0.1, 0.1, seed=0)\n"
    + "panels = viz.plot_augmentations(affine, pets)",
    "layers.MaxBlurPooling2D": POOLED.format("MaxBlurPooling2D", "{}"),
    "layers.StochasticPooling2D": POOLED.format("StochasticPooling2D", "{'training': True}"),
    "layers.Maxout": """
import matplotlib.pyplot as plt, numpy as np
from cnnkit import layers
x = np.linspace(-2, 2, 101)
sums = np.stack([-x, 0.5 * x], axis=1)
plt.plot(x, sums, ":", label=["first sum", "second sum"])
plt.plot(x, layers.Maxout(2)(sums.astype("float32")), label="Maxout(2)")
plt.gca().set(xlabel="input", ylabel="output")
plt.legend()
""",
}
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
        code = MORE.get(name) or example_of(thing)
        if name in MORE or DRAWS.search(code):
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
    with TemporaryDirectory() as folder, contextlib.chdir(folder), plt.style.context(STYLE):
        exec(code, made)  # it stands in a docstring of ours, and may save a file
        shown = [as_bundle(plt.figure(number))[0]["text/html"] for number in plt.get_fignums()]
    plt.close("all")
    moving = [thing for thing in made.values() if isinstance(thing, viz.Animation)]
    return shown + [animation._repr_html_() for animation in moving]
