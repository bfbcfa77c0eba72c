"""The page, put together from the files of the folder `page`: one file, which reaches nothing.

The scripts are ES modules, which browsers do not load from files. So they are joined to a single
one, without their imports: no two may give the same name to something. A policy in the page allows
this script and this style alone, by their digests, and forbids all requests.
"""

import base64
import functools
import hashlib
import json
import re
from html import escape
from pathlib import Path
from string import Template

_FOLDER = Path(__file__).with_name("page")
SCRIPTS = (  # what a file uses while it is loaded comes before it
    "snapshot.js",
    "engine_values.js",
    "engine_maps.js",
    "engine.js",
    "state.js",
    "elements.js",
    "maps.js",
    "numbers.js",
    "training.js",
    "interventions_edits.js",
    "live.js",
    "network.js",
    "colors.js",
    "folds.js",
    "overview.js",
    "detail_steps.js",
    "detail_numbers.js",
    "field.js",
    "guess.js",
    "detail_views.js",
    "detail.js",
    "why_numbers.js",
    "why.js",
    "inputs.js",
    "inputs_pixels.js",
    "inputs_draw.js",
    "changes.js",
    "interventions.js",
    "sentence.js",
    "workshop.js",
    "tour.js",
    "address.js",
    "main.js",
)
STYLES = ("page.css", "tools.css", "detail.css", "guiding.css")


def make_page(snapshot):
    """The page of a snapshot, as text."""
    script, style = join_scripts(), "".join(map(read_page_file, STYLES))
    policy = (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    # A "<" could end the element, as in a class name "</script>".
    data = json.dumps(snapshot, separators=(",", ":")).replace("<", "\\u003c")
    return Template(read_page_file("page.html")).substitute(
        policy=policy,
        title=escape(f"{snapshot['name']} – network explorer"),
        style=style,
        snapshot=data,
        script=script,
    )


@functools.cache
def join_scripts(names=SCRIPTS):
    """The scripts as one, without what imports and exports among them."""
    return "".join(
        re.sub(r"(?m)^export (?=\w)", "", re.sub(r"(?m)^import [^;]*;\n", "", read_page_file(name)))
        for name in names
    )


def read_page_file(name):
    """The text of a file of the page."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def _digest(text):
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
