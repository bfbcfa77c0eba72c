"""The notebooks: how they open, what they hold, where their links lead, which exercises they use.

Each check takes a notebook (a dictionary) and its path and returns a list of complaints.
`BROKEN` shows each check a notebook with one fault, so that no check passes whatever it is given.
"""

import ast
import copy
import dis
import importlib.util
import inspect
import json
import re
import runpy
import sys
import tomllib
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from cnnkit.exercises._exercise import Exercise

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "docs/template.ipynb"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
METADATA = runpy.run_path(str(ROOT / ".ci/refresh_notebooks.py"))["METADATA"]
STYLE = 'plt.style.use("cnnkit.viz.cnnkit")\nviz.show_alt_text()\n'
FOLDS = {"setup", "proof", "hide-input"}  # the tags of cells whose code is folded
TAGS = {"exercise", "raises-exception", "nbval-skip", *FOLDS}
FOLDED = {"jupyter": {"source_hidden": True}, "cellView": "form"}  # in JupyterLab, and in Colab
FIRST = ("00", "01")  # before which there is nothing to remember


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def source(cell):
    return "".join(cell["source"])


def prose(notebook):
    return "\n\n".join(source(c) for c in notebook["cells"] if c["cell_type"] == "markdown")


def tags(cell):
    return cell["metadata"].get("tags", [])


def code_of(cell):
    """The syntax tree of a cell, none of a text."""
    code = source(cell) if cell["cell_type"] == "code" else ""
    return ast.parse(TransformerManager().transform_cell(code))


def number_of(path):
    """The number as file names have it: "02", or "02b" of a notebook that a course may skip."""
    return path.stem.split("_")[0]


def shown_number(path):
    """The number as texts have it: "2", "2b"; "0" of the start page, "N" of the template."""
    return "N" if path == TEMPLATE else number_of(path).lstrip("0") or "0"


# How a notebook opens


def colab_link(path):
    place = PROJECT["urls"]["Repository"].removeprefix("https://github.com/")
    return (
        f"[Open in Colab](https://colab.research.google.com/github/{place}/blob/main/"
        f"{path.relative_to(ROOT).as_posix()})"
    )


def front_matter(notebook, path):
    """Title, link to this file in Colab, You will, Time, Before you start, in this order."""
    text, place, complaints = source(notebook["cells"][0]), 0, []
    for pattern in (
        rf"# {shown_number(path)} · \S",
        re.escape(colab_link(path)) + "$",
        r"\*\*You will\*\*",
        r"\*\*Time\*\* – \d+ min reading \+ \d+ min exercises",
        r"\*\*Before you start\*\* – \S",
    ):
        found = re.compile(f"^{pattern}", re.M).search(text, place)
        place = found.end() if found else place
        complaints += [] if found else [f"front matter: expected {pattern} after {text[:place]!r}"]
    return complaints


def opening(notebook, path):
    """Front matter, setup, imports, then style, seed and constants."""
    first, others = notebook["cells"][:4], notebook["cells"][2:]
    if [cell["cell_type"] for cell in first] != ["markdown", "code", "code", "code"]:
        return ["the first four cells are not front matter, setup, imports and constants"]
    if "setup" not in tags(first[1]):
        return ["cell 2 does not have the tag setup"]
    if any("setup" in tags(cell) for cell in others):
        return ["a later cell has the tag setup"]
    imports = ast.parse(source(first[2])).body
    if not imports or not all(isinstance(node, ast.Import | ast.ImportFrom) for node in imports):
        return ["cell 3 does nothing or more than import"]
    if not source(first[3]).startswith(STYLE):
        return ["cell 4 does not begin with the style and the alternative texts of figures"]
    return []


def setup_cell(notebook, path):
    """The one of the template, which test_wheel.py runs."""
    same = source(notebook["cells"][1]) == source(read(TEMPLATE)["cells"][1])
    return [] if same else ["the setup cell is not the template's"]


# What a notebook holds


def stripped(notebook, path):
    complaints = [] if notebook["metadata"] == METADATA else ["metadata are not the fixed ones"]
    for cell in notebook["cells"]:
        if cell.get("outputs") or cell.get("execution_count") is not None:
            complaints.append(f"{cell['id']} has outputs or a count; course.py format strips it")
        if cell.get("attachments"):
            complaints.append(f"{cell['id']} has attachments")
        if set(cell["metadata"]) - {"tags", *FOLDED}:
            complaints.append(f"{cell['id']} has metadata besides tags and folds")
    return complaints


def valid(notebook, path):
    """Format 4.5, and an id of its own for each cell."""
    if (notebook["nbformat"], notebook["nbformat_minor"]) != (4, 5):
        return ["not in format 4.5"]
    ids = [cell.get("id", "") for cell in notebook["cells"]]
    if len(set(ids)) < len(ids) or "" in ids:
        return ["cells without an id or with the same one"]
    try:
        nbformat.validate(copy.deepcopy(notebook))
    except nbformat.ValidationError as error:
        return [f"not a valid notebook: {error.message}"]
    return []


def known_tags(notebook, path):
    """And no comments for nbval, which would skip a cell silently."""
    found = {tag for cell in notebook["cells"] for tag in tags(cell)}
    complaints = [f"unknown tag {tag}" for tag in sorted(found - TAGS)]
    comment = re.compile(r"#\s*(NBVAL_|PYTEST_VALIDATE)", re.IGNORECASE)
    marked = [cell for cell in notebook["cells"] if comment.search(source(cell))]
    return complaints + [f"{cell['id']} has a comment for nbval" for cell in marked]


def heading_order(notebook, path):
    """One title, and below a heading none that skips a level: screen readers go by them."""
    levels = [len(marks) for marks, _ in headings(prose(notebook))]
    complaints = [] if levels.count(1) == 1 else [f"{levels.count(1)} headings of level 1"]
    steps = zip([0, *levels], levels, strict=False)
    return complaints + [f"level {b} comes after {a}" for a, b in steps if b > a + 1]


def alt_text(notebook, path):
    text = plain(prose(notebook))
    silent = re.findall(r"!\[\s*\]\([^)]*\)", text)
    silent += re.findall(r'<img\b(?![^>]*alt="\s*[^"\s])[^>]*>', text)
    return [f"{image} has no alternative text" for image in silent]


# The way of a section


def folded(notebook, path):
    """The setup cell, proofs and drawings have a title and are folded; no other cell is."""
    complaints = []
    for cell in notebook["cells"]:
        title = re.match(r"# @title (Setup|Proof|Drawing): \S", source(cell))
        found = cell["metadata"] if title or FOLDS & set(tags(cell)) else folds_of(cell)
        own = [title[1].lower()] if title and title[1] != "Drawing" else []
        expected = FOLDED | {"tags": [*own, "hide-input"]} if title else {}
        if found != expected:
            complaints.append(f"{cell['id']} has a title or is folded, and lacks the other")
    return complaints


def remembers(notebook, path):
    """From notebook 2 on, the first section asks about earlier notebooks."""
    if number_of(path) in FIRST:
        return []
    heading, questions = notebook["cells"][4:6]
    asks = questions["cell_type"] == "code" and "exercises.review()" in source(questions)
    if source(heading).startswith("## Do you remember?\n") and asks:
        return []
    return ["no section Do you remember? comes first, with exercises.review()"]


def folds_of(cell):
    return {key: cell["metadata"][key] for key in FOLDED if key in cell["metadata"]}


def asserts(node):
    """Whether a node is an assert, or one of NumPy's."""
    return isinstance(node, ast.Assert) or called(node).startswith("assert")


def called(node):
    """The name of what a node calls, or nothing."""
    function = getattr(node, "func", None)
    return getattr(function, "attr", getattr(function, "id", ""))


def proofs(notebook, path):
    """A proof comes after the text that says what it asserts."""
    complaints = []
    for before, cell in pairwise(notebook["cells"]):
        if "proof" not in tags(cell):
            continue
        if before["cell_type"] != "markdown":
            complaints.append(f"{cell['id']} comes after no text")
        if not can_fail(code_of(cell)):
            complaints.append(f"{cell['id']} proves nothing")
    return complaints


def can_fail(node):
    """Whether a node raises or asserts something of a name, and nothing around it catches that."""
    if isinstance(node, ast.Assert):
        return has_names(node.test)
    if asserts(node):
        return has_names(*node.args, *node.keywords)
    if isinstance(node, ast.If) and not has_names(node.test):
        return False
    parts = ast.iter_child_nodes(node)
    if isinstance(node, ast.Try) and node.handlers:
        parts = [*node.handlers, *node.orelse, *node.finalbody]
    return isinstance(node, ast.Raise) or any(map(can_fail, parts))


def has_names(*nodes):
    return any(isinstance(part, ast.Name) for node in nodes for part in ast.walk(node))


def needs_no_proof(notebook, path):
    """No later cell uses a name that a proof makes, for a proof may fail."""
    complaints, made = [], set()
    for cell in notebook["cells"]:
        is_proof = "proof" in tags(cell)
        for name, is_stored in global_names(compile(code_of(cell), cell["id"], "exec")):
            if is_stored:
                (made.add if is_proof else made.discard)(name)
            elif name in made and not is_proof:
                complaints.append(f"{cell['id']} uses {name}, which a proof makes")
    return complaints


def global_names(code):
    """Pairs of each global name that code uses and whether it stores it there, in order."""
    for step in dis.get_instructions(code):  # unlike a syntax tree it tells what is local
        if inspect.iscode(step.argval):
            yield from global_names(step.argval)
        elif step.opname.endswith(("_NAME", "_GLOBAL")) and "DELETE" not in step.opname:
            yield step.argval, step.opname.startswith("STORE")


def asserts_elsewhere(notebook, path):
    """Outside of proofs nothing is asserted: a reader would stop at it, or read the answer."""
    cells = [c for c in notebook["cells"] if not {"setup", "proof", "exercise"} & set(tags(c))]
    found = [cell for cell in cells if any(map(asserts, ast.walk(code_of(cell))))]
    return [f"{cell['id']} is no proof" for cell in found]


def predictions(notebook, path):
    """Between a Predict and the next text no code holds the answer."""
    complaints, open_question = [], False
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            open_question = re.search(r"\*\*Predict\b", source(cell))
        elif "setup" in tags(cell):
            continue  # the front matter may speak of a Predict
        elif open_question and any(map(gives_away, ast.walk(code_of(cell)))):
            complaints.append(f"{cell['id']} gives the answer away")
    return complaints


def gives_away(node):
    """Whether a node asserts or raises, or shows a comparison with a number that stands there."""
    shown = [node.value] if isinstance(node, ast.Expr | ast.FormattedValue) else []
    shown += node.args if called(node) in ("print", "display") else []
    stops = asserts(node) or isinstance(node, ast.Raise)
    return stops or any(is_literal(side) for thing in shown for side in sides(thing))


def sides(node):
    """What a node compares."""
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    return node.args if called(node) in ("allclose", "isclose", "array_equal") else []


def is_literal(node):
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


# Exercises


def exercises(notebook, path):
    """Each exercise: a numbered heading, a stub and its check, hint and solution behind a `#`."""
    number, found, minutes = "01" if path == TEMPLATE else number_of(path), [], 0
    for before, cell in pairwise(notebook["cells"]):
        if "exercise" not in tags(cell):
            continue
        expected = rf"### Exercise {shown_number(path)}\.{len(found) + 1} · \S.* \((\d+) min\)"
        heading = re.search(expected, source(before))
        if not heading:
            return [f"no heading like {expected} before {cell['id']}"]
        minutes += int(heading[1])
        call = r"(?m)^nb%s\.(\w+)\.check\(\1\);\n# nb%s\.\1\.hint\(\)\n# nb%s\.\1\.solution\(\)\Z"
        call = re.search(call % (3 * (number,)), source(cell))
        if not call or not re.search(r"(= |return )\.\.\.\n", source(cell)):
            return [f"{cell['id']} lacks a stub, its check, or hint and solution behind a #"]
        found.append(call[1])
    complaints = [] if path == TEMPLATE or not found else unused(found, number)
    if found and f"{minutes} min exercises" not in source(notebook["cells"][0]):
        complaints.append(f"the exercises take {minutes} min")
    return complaints


def unused(found, number):
    """Every exercise of a module is used once, in its order."""
    module = importlib.import_module(f"cnnkit.exercises.nb{number}")
    known = [key for key, value in vars(module).items() if isinstance(value, Exercise)]
    complaints = [] if sorted(found) == sorted(known) else [f"exercises {found}, not {known}"]
    pattern = r"# Exercise (\S+)\n@(?:.*\n)+?def (\w+)"
    numbered = dict(re.findall(pattern, inspect.getsource(module)))
    if numbered != {f"{number.lstrip('0')}.{i}": name for i, name in enumerate(found, start=1)}:
        complaints.append(f"nb{number}.py numbers its exercises {numbered}")
    return complaints


# Links

LINK = re.compile(
    r'\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\[[^\]]+\]:\s+(\S+)|(?:src|href)="([^"]+)"', re.M
)


def plain(text):
    """The text without code, in which brackets are no links and # is no heading."""
    return re.sub(r"(?s)```.*?```|`[^`\n]*`", lambda m: "x" * (m[0][:3] != "```"), text)


def headings(text):
    """Pairs of marks and title."""
    text = re.sub(r"(?s)```.*?```", "", text)
    return re.findall(r"(?m)^(#{1,6}) +(.+?) *$", text)


def anchors(path):
    """The anchors of a text as GitHub makes them, of a notebook as JupyterLab does."""
    if path.suffix == ".ipynb":
        return {title.replace(" ", "-") for _, title in headings(prose(read(path)))}
    titles = [title.lower() for _, title in headings(path.read_text("utf-8"))]
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def broken_links(text, path):
    """Complaints about the relative links in the text of the file `path`."""
    complaints = []
    for groups in LINK.findall(plain(text)):
        link = next(filter(None, groups))
        if re.match(r"(https?|mailto):", link):
            continue
        place, _, anchor = link.partition("#")
        target = path.parent / unquote(place) if place else path
        if not target.exists():
            complaints.append(f"{path.name}: {link} leads nowhere")
        elif anchor and unquote(anchor) not in anchors(target):
            complaints.append(f"{path.name}: {link} has no such heading")
    return complaints


def links(notebook, path):
    return broken_links(prose(notebook), path)


# README's table


def table_faults(readme, notebooks):
    """Compare README's table with `notebooks`, a dictionary from file name to front matter."""
    row = re.compile(r"(?m)^\| (\d[a-z]?) \| (.+?) \| .+ \| (.+?) \| (ready|planned) \|$")
    rows = row.findall(readme)
    numbers = [r[0] for r in rows]
    is_whole = [n for n in numbers if n.isdigit()] == list("1234567") and numbers == sorted(numbers)
    complaints, expected = [] if is_whole else ["the rows are not 1 to 7"], {}
    for name, text in notebooks.items():
        number, title = re.search(r"(?m)^# (\w+) · (.+)$", text).groups()
        minutes = re.search(r"(\d+) min reading \+ (\d+) min exercises", text)
        expected[number] = (f"[{title}](notebooks/{name})", f"{minutes[1]} + {minutes[2]}")
    complaints += [f"no row {number}" for number in expected if number not in numbers]
    for number, cell, minutes, state in rows:
        if (state == "ready") != (number in expected):
            complaints.append(f"row {number} says {state}")
        elif state == "ready" and (cell, minutes) != expected[number]:
            complaints.append(f"row {number}: {(cell, minutes)}, not {expected[number]}")
        elif state == "planned" and "](" in cell:
            complaints.append(f"row {number} links to a planned notebook")
    return complaints


# The tests

CHECKS = (
    front_matter,
    opening,
    setup_cell,
    stripped,
    valid,
    known_tags,
    heading_order,
    alt_text,
    links,
    remembers,
    folded,
    proofs,
    asserts_elsewhere,
    needs_no_proof,
    predictions,
    exercises,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", [TEMPLATE, *NOTEBOOKS], ids=lambda path: path.stem)
def test_notebook_is_in_order(path, check):
    assert check(read(path), path) == []


def cell_of(notebook, name):
    return next(cell for cell in notebook["cells"] if cell["id"] == name)


def replaced(name, old, new):
    def change(notebook):
        text = source(cell_of(notebook, name))
        assert old in text
        cell_of(notebook, name)["source"] = text.replace(old, new)

    return change


def added(name, text):
    """A change that adds a line to a cell."""
    return lambda notebook: cell_of(notebook, name)["source"].append(f"\n{text}")


def put(name, key, value):
    return lambda notebook: cell_of(notebook, name).update({key: value})


def marked(name, **metadata):
    """A change of some metadata; None takes one away."""

    def change(notebook):
        cell = cell_of(notebook, name)
        changed = {**cell["metadata"], **metadata}
        cell["metadata"] = {key: value for key, value in changed.items() if value is not None}

    return change


def swapped(*names):
    def change(notebook):
        cells = notebook["cells"]
        i, j = (cells.index(cell_of(notebook, name)) for name in names)
        cells[i], cells[j] = cells[j], cells[i]

    return change


def top(key, value):
    return lambda notebook: notebook.update({key: value})


PRINTED = {"output_type": "stream", "name": "stdout", "text": ""}
PROOF = "# @title Proof: Yes\n"
NO_TITLE = replaced("answer-proof", "@title Proof:", "Proof:")
BROKEN = [
    (front_matter, swapped("front-matter", "question"), "# N"),
    (front_matter, replaced("front-matter", "# N ·", "# 3 ·"), "# N"),
    (front_matter, replaced("front-matter", "docs/template.ipynb", "notebooks/01.ipynb"), "colab"),
    (front_matter, replaced("front-matter", "/blob/main/", "/blob/dev/"), "colab"),
    (front_matter, replaced("front-matter", "**You will**", "**You can**"), "You will"),
    (front_matter, replaced("front-matter", " min reading", " minutes"), "Time"),
    (front_matter, replaced("front-matter", "**Before you start** –", "**Before**"), "Before"),
    (opening, swapped("front-matter", "setup"), "first four"),
    (opening, swapped("constants", "question"), "first four"),
    (opening, swapped("setup", "imports"), "setup"),
    (opening, marked("setup", tags=["hide-input"]), "not have the tag"),
    (opening, marked("figure", tags=["setup"]), "later cell"),
    (opening, added("imports", "keras.Input((1,))"), "more than import"),
    (opening, put("imports", "source", ""), "more than import"),
    (opening, replaced("constants", "viz.show_alt_text()\n", ""), "alternative texts"),
    (setup_cell, replaced("setup", " --no-deps", ""), "setup cell"),
    (stripped, put("imports", "execution_count", 1), "a count"),
    (stripped, put("imports", "outputs", [PRINTED]), "outputs"),
    (stripped, put("front-matter", "attachments", {"a.png": {}}), "attachments"),
    (stripped, marked("imports", scrolled=True), "besides tags"),
    (stripped, top("metadata", METADATA | {"widgets": {}}), "fixed"),
    (valid, top("nbformat_minor", 4), "4.5"),
    (valid, put("imports", "id", "setup"), "same"),
    (valid, lambda notebook: notebook["cells"][2].pop("id"), "without an id"),
    (valid, put("imports", "id", "a blank"), "not a valid"),
    (known_tags, marked("figure", tags=["keep_output"]), "keep_output"),
    (known_tags, added("figure", "# NBVAL_SKIP"), "nbval"),
    (heading_order, replaced("digits", "## Which", "# Which"), "2 headings"),
    (heading_order, replaced("digits", "## Which", "#### Which"), "level 4 comes after"),
    (alt_text, added("question", "![](dot.png)"), "no alternative"),
    (alt_text, added("question", '<img src="dot.png" alt="">'), "no alternative"),
    (links, added("question", "[Predict](02_nothing.ipynb)"), "nowhere"),
    (links, added("question", "[Predict](#No-such-heading)"), "no such heading"),
    (links, added("question", "![figure](images/nothing.png)"), "nowhere"),
    (links, added("question", '<img src="images/nothing.png">'), "nowhere"),
    (remembers, replaced("remember", "## Do you", "## Did you"), "no section"),
    (remembers, swapped("remember-questions", "figure"), "no section"),
    (remembers, swapped("remember-questions", "digits"), "no section"),
    (folded, NO_TITLE, "answer-proof has a title or is folded"),
    (folded, replaced("setup", "# @title Setup: ", "# @title "), "setup has a title or is"),
    (folded, marked("answer-proof", jupyter=None), "lacks the other"),
    (folded, marked("answer-proof", cellView="code"), "lacks the other"),
    (folded, marked("answer-proof", tags=["proof"]), "lacks the other"),
    (folded, marked("setup", tags=["proof", "hide-input"]), "lacks the other"),
    (folded, marked("answer", **FOLDED), "answer has a title or is folded"),
    (folded, marked("answer", tags=["hide-input"]), "answer has a title or is folded"),
    (
        folded,
        replaced("figure", "images, labels", "# @title Drawing: x\nimages, labels"),
        "figure has a title",
    ),
    (proofs, swapped("answer-reading", "answer-proof"), "comes after no text"),
    *[
        (proofs, put("why-proof", "source", PROOF + code), "why-proof proves nothing")
        for code in (
            "print(n)",
            "assert True, f'{n}'",
            "np.testing.assert_equal(1, 1)",
            "if False:\n    raise ValueError(n)",
            "try:\n    assert n == 1\nexcept AssertionError:\n    pass",
        )
    ],
    (asserts_elsewhere, added("figure", "assert N_SHOWN == 10"), "figure is no proof"),
    (asserts_elsewhere, added("figure", "for i in n:\n    assert i"), "figure is no proof"),
    (asserts_elsewhere, added("figure", "np.testing.assert_equal(1, 1)"), "figure is no proof"),
    (asserts_elsewhere, marked("why-proof", tags=[]), "why-proof is no proof"),
    (needs_no_proof, added("why-answer", "print(order)"), "why-answer uses order"),
    (needs_no_proof, added("why-answer", "order = order[:2]"), "why-answer uses order"),
    (needs_no_proof, added("why-answer", "def f():\n    return order"), "why-answer uses order"),
    (needs_no_proof, added("why-proof", "import nb01"), "exercise-answer uses nb01"),
    (needs_no_proof, added("answer-proof", "images = images / 255"), "why-answer uses images"),
    (predictions, added("answer", "assert ink.argmax() == 8"), "answer gives the answer away"),
    (predictions, added("answer", "if ink.argmax() != 8:\n    raise ValueError"), "away"),
    (predictions, added("answer", "print(f'{ink.argmax() == 8}')"), "away"),
    (predictions, added("answer", "display(ink.argmax() == 8)"), "away"),
    (predictions, added("answer", "ink.argmax() == 8"), "gives the answer away"),
    (predictions, added("answer", "print('right:', images.shape == (1797, 8, 8))"), "away"),
    (predictions, added("answer", "print(np.isclose(ink[8], 82.2, 0.1))"), "away"),
    (predictions, swapped("answer", "answer-proof"), "answer-proof gives the answer away"),
]


@pytest.mark.parametrize("check, change, complaint", BROKEN)
def test_each_check_finds_its_fault(check, change, complaint):
    notebook = read(TEMPLATE)
    assert check(notebook, TEMPLATE) == []
    change(notebook)
    assert complaint in " ".join(check(notebook, TEMPLATE))


@pytest.mark.parametrize("code", ["x = a == 8", "a[a == 8]", "print(a == b)", "a[0] == b[0]"])
def test_what_gives_no_answer_away_may_stand_under_a_predict(code):
    assert not any(map(gives_away, ast.walk(ast.parse(code))))


@pytest.mark.parametrize(
    "code",
    [
        "order = 1\nprint(order)",
        "for order in labels:\n    print(order)",
        "print([order for order in labels])",
        "def f(order):\n    return order",
        "labels.order = 1",
    ],
)
def test_a_later_cell_may_make_a_name_of_a_proof_anew(code):
    notebook = read(TEMPLATE)
    added("why-answer", code)(notebook)
    assert needs_no_proof(notebook, TEMPLATE) == []


@pytest.mark.parametrize(
    "code",
    [
        "for i in n:\n    assert i",
        "np.testing.assert_equal(actual=n, desired=1)",
        "if n != 1:\n    raise ValueError",
        "try:\n    f()\nexcept ValueError:\n    pass\nelse:\n    raise AssertionError",
    ],
)
def test_what_can_fail_is_a_proof(code):
    notebook = read(TEMPLATE)
    put("why-proof", "source", PROOF + code)(notebook)
    assert proofs(notebook, TEMPLATE) == []


MODULE = """
from cnnkit.exercises._exercise import Value


# Exercise 99.1
@Value(hints=["Half of it."], mistakes=[(1, "More.")])
def first():
    \"\"\"What is 1 + 1?\"\"\"
    return 2


# Exercise 99.2
@Value(hints=["All of it."], mistakes=[(1, "More.")])
def second():
    \"\"\"What is 2 + 2?\"\"\"
    return 4
"""
EXERCISES = """
**Time** – 9 min reading + 5 min exercises

### Exercise 99.1 · One and one (2 min)
---
first = ...
nb99.first.check(first);
# nb99.first.hint()
# nb99.first.solution()
---
### Exercise 99.2 · Two and two (3 min)
---
second = ...
nb99.second.check(second);
# nb99.second.hint()
# nb99.second.solution()"""


@pytest.fixture
def check_exercises(tmp_path, monkeypatch):
    """A function that checks the exercises of a notebook made of texts, after one replacement."""
    name, file = "cnnkit.exercises.nb99", tmp_path / "nb99.py"
    file.write_text(MODULE, "utf-8")
    spec = importlib.util.spec_from_file_location(name, file)
    monkeypatch.setitem(sys.modules, name, importlib.util.module_from_spec(spec))
    spec.loader.exec_module(sys.modules[name])

    def check(old="", new=""):
        assert old in EXERCISES
        new_cell = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
        sources = EXERCISES.replace(old, new).split("\n---\n")
        cells = [new_cell[i % 2](text) for i, text in enumerate(sources)]
        for cell in cells[1::2]:
            cell.metadata["tags"] = ["exercise"]
        return " ".join(exercises({"cells": cells}, tmp_path / "99_sums.ipynb"))

    assert check() == ""
    return check


@pytest.mark.parametrize(
    "old, new, complaint",
    [
        ("### Exercise 99.2", "### Exercise 99.3", "no heading"),
        ("(2 min)", "", "no heading"),
        ("(2 min)", "(3 min)", "the exercises take 6 min"),
        ("first = ...", "first = 2", "lacks a stub"),
        ("# nb99.first.hint()", "nb99.first.hint()", "lacks a stub"),
        ("# nb99.first.solution()", "", "lacks a stub"),
        ("nb99.first.hint", "nb99.second.hint", "lacks a stub"),
        ("first", "third", "['third', 'second'], not ['first', 'second']"),
        ("first", "second", "['second', 'second'], not ['first', 'second']"),
        ("first", "third", "nb99.py numbers its exercises {'99.1': 'first'"),
    ],
)
def test_faults_of_exercises_are_found(check_exercises, old, new, complaint):
    assert complaint in check_exercises(old, new)


def test_no_check_is_untested():
    assert {case[0] for case in BROKEN} == set(CHECKS) - {exercises}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md"])
def test_links_between_texts_lead_somewhere(name):
    path = ROOT / name
    assert broken_links(path.read_text("utf-8"), path) == []


def test_broken_links_are_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# One, two\n\n```\n# No heading\n```\n", "utf-8")
    good = "[a](page.md#one-two) [b](#one-two) [c](https://example.org) `[d](no)` [e](page.md 'x')"
    assert broken_links(good, tmp_path / "page.md") == []
    for bad in ("[a](no.md)", "[a](page.md#two)", "[a](page.md#no-heading)", "[a]: no.md"):
        assert len(broken_links(bad, page)) == 1, bad
    assert len(broken_links("[![a](no.png)](no.md)", page)) == 2


def test_readme_lists_the_notebooks_as_they_are():
    lessons = [path for path in NOTEBOOKS if number_of(path) != "00"]  # that is the start page
    notebooks = {path.name: source(read(path)["cells"][0]) for path in lessons}
    assert table_faults((ROOT / "README.md").read_text("utf-8"), notebooks) == []


ROWS = [f"| {i} | Title {i} | it | – | planned |" for i in range(1, 7)]
ROWS.insert(4, "| 4b | [More](notebooks/04b_more.ipynb) | it | 5 + 3 | ready |")
ROWS.append("| 7 | [Last](notebooks/07_last.ipynb) | it | 45 + 30 | ready |")


@pytest.mark.parametrize(
    "old, new, complaint",
    [
        ("| 7 |", "| 8 |", "1 to 7"),
        ("[Last]", "[First]", "row 7: "),
        ("07_last", "07_first", "row 7: "),
        ("45 + 30", "45 + 20", "row 7: "),
        ("ready", "planned", "row 7 says planned"),
        ("| – | planned |\n| 7", "| 9 + 9 | ready |\n| 7", "row 6 says ready"),
        ("| Title 2 |", "| [Title 2](notebooks/02_it.ipynb) |", "planned notebook"),
        ("| 4b |", "| 2b |", "1 to 7"),
        ("| 4b |", "| 3b |", "no row 4b"),
    ],
)
def test_wrong_rows_of_the_table_are_found(old, new, complaint):
    notebooks = {"07_last.ipynb": "# 7 · Last\n\n**Time** – 45 min reading + 30 min exercises"}
    notebooks["04b_more.ipynb"] = "# 4b · More\n\n**Time** – 5 min reading + 3 min exercises"
    table = "\n".join(ROWS)
    assert table_faults(table, notebooks) == []
    assert complaint in " ".join(table_faults(table.replace(old, new), notebooks))
