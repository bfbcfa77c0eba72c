"""The notebooks: how they open, what they hold, where their links lead, which exercises they use.

Each check takes a notebook (a dictionary) and its path and returns a list of complaints.
`BROKEN` shows each check a notebook with one fault, so that no check passes whatever it is given.
"""

import ast
import copy
import importlib
import inspect
import json
import re
import runpy
import tomllib
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

from cnnkit.exercises._exercise import Exercise

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "docs/template.ipynb"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
METADATA = runpy.run_path(str(ROOT / ".ci/refresh_notebooks.py"))["METADATA"]
STYLE = 'plt.style.use("cnnkit.viz.cnnkit")\nviz.show_alt_text()\n'
TAGS = {"setup", "exercise", "raises-exception", "nbval-skip"}


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def source(cell):
    return "".join(cell["source"])


def prose(notebook):
    return "\n\n".join(source(c) for c in notebook["cells"] if c["cell_type"] == "markdown")


def tags(cell):
    return cell["metadata"].get("tags", [])


def number_of(path):
    """The number as file names have it: "02", or "02b" of a notebook that a course may skip."""
    return path.stem.split("_")[0]


# How a notebook opens


def colab_link(path):
    place = PROJECT["urls"]["Repository"].removeprefix("https://github.com/")
    return (
        f"[Open in Colab](https://colab.research.google.com/github/{place}/blob/main/"
        f"{path.relative_to(ROOT).as_posix()})"
    )


def front_matter(notebook, path):
    """Title, link to this file in Colab, You will, Time, Before you start, in this order."""
    number = "N" if path == TEMPLATE else number_of(path).lstrip("0")
    text, place, complaints = source(notebook["cells"][0]), 0, []
    for pattern in (
        rf"# {number} · \S",
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
    if tags(first[1]) != ["setup"]:
        return ["cell 2 does not have the one tag setup"]
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
        if set(cell["metadata"]) - {"tags"}:
            complaints.append(f"{cell['id']} has metadata besides tags")
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


# Exercises


def exercises(notebook, path):
    """Each exercise: a numbered heading, a stub and its check, hint and solution behind a `#`."""
    number, found, minutes = number_of(path), [], 0
    for before, cell in zip(notebook["cells"], notebook["cells"][1:], strict=False):
        if "exercise" not in tags(cell):
            continue
        expected = rf"### Exercise {number.lstrip('0')}\.{len(found) + 1} · \S.* \((\d+) min\)"
        heading = re.search(expected, source(before))
        if not heading:
            return [f"no heading like {expected} before {cell['id']}"]
        minutes += int(heading[1])
        call = r"(?m)^nb%s\.(\w+)\.check\(\1\);\n# nb%s\.\1\.hint\(\)\n# nb%s\.\1\.solution\(\)\Z"
        call = re.search(call % (3 * (number,)), source(cell))
        if not call or not re.search(r"(= |return )\.\.\.\n", source(cell)):
            return [f"{cell['id']} lacks a stub, its check, or hint and solution behind a #"]
        found.append(call[1])
    return exercise_faults(found, minutes, notebook, number) if found else []


def exercise_faults(found, minutes, notebook, number):
    """Every exercise is used once, and the times add up to what the notebook says."""
    module = importlib.import_module(f"cnnkit.exercises.nb{number}")
    known = [key for key, value in vars(module).items() if isinstance(value, Exercise)]
    complaints = [] if sorted(found) == sorted(known) else [f"exercises {found}, not {known}"]
    pattern = r"# Exercise (\S+)\n@(?:.*\n)+?def (\w+)"
    numbered = dict(re.findall(pattern, inspect.getsource(module)))
    if numbered != {f"{int(number)}.{i}": name for i, name in enumerate(found, start=1)}:
        complaints.append(f"nb{number}.py numbers its exercises {numbered}")
    if f"{minutes} min exercises" not in source(notebook["cells"][0]):
        complaints.append(f"the exercises take {minutes} min")
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
    row = re.compile(r"(?m)^\| (\d) \| (.+?) \| .+ \| (.+?) \| (ready|planned) \|$")
    rows = row.findall(readme)
    complaints = [] if [r[0] for r in rows] == list("1234567") else ["the rows are not 1 to 7"]
    expected = {}
    for name, text in notebooks.items():
        title = re.search(r"(?m)^# \d · (.+)$", text)[1]
        minutes = re.search(r"(\d+) min reading \+ (\d+) min exercises", text)
        expected[name[1]] = (f"[{title}](notebooks/{name})", f"{minutes[1]} + {minutes[2]}")
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
    exercises,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", [TEMPLATE, *NOTEBOOKS], ids=lambda path: path.stem)
def test_notebook_is_in_order(path, check):
    assert check(read(path), path) == []


def replaced(i, old, new):
    def change(notebook):
        text = source(notebook["cells"][i])
        assert old in text
        notebook["cells"][i]["source"] = text.replace(old, new)

    return change


def put(i, key, value):
    return lambda notebook: notebook["cells"][i].update({key: value})


def tagged(i, *tags):
    return put(i, "metadata", {"tags": list(tags)})


def swapped(i, j):
    def change(notebook):
        cells = notebook["cells"]
        cells[i], cells[j] = cells[j], cells[i]

    return change


def top(key, value):
    return lambda notebook: notebook.update({key: value})


PRINTED = {"output_type": "stream", "name": "stdout", "text": ""}
BROKEN = [
    (front_matter, swapped(0, 4), "# N"),
    (front_matter, replaced(0, "# N ·", "# 3 ·"), "# N"),
    (front_matter, replaced(0, "docs/template.ipynb", "notebooks/01_other.ipynb"), "colab"),
    (front_matter, replaced(0, "/blob/main/", "/blob/dev/"), "colab"),
    (front_matter, replaced(0, "**You will**", "**You can**"), "You will"),
    (front_matter, replaced(0, "45 min", "45 minutes"), "Time"),
    (front_matter, replaced(0, "**Before you start** –", "**Before**"), "Before"),
    (opening, swapped(0, 1), "first four"),
    (opening, swapped(3, 4), "first four"),
    (opening, swapped(1, 2), "setup"),
    (opening, tagged(1, "setup", "exercise"), "one tag"),
    (opening, tagged(5, "setup"), "later cell"),
    (opening, replaced(2, "import keras", "import keras\nkeras.Input((1,))"), "more than import"),
    (opening, put(2, "source", ""), "more than import"),
    (opening, replaced(3, "viz.show_alt_text()\n", ""), "alternative texts"),
    (setup_cell, replaced(1, " --no-deps", ""), "setup cell"),
    (stripped, put(2, "execution_count", 1), "a count"),
    (stripped, put(2, "outputs", [PRINTED]), "outputs"),
    (stripped, put(0, "attachments", {"a.png": {}}), "attachments"),
    (stripped, put(2, "metadata", {"scrolled": True}), "besides tags"),
    (stripped, top("metadata", METADATA | {"widgets": {}}), "fixed"),
    (valid, top("nbformat_minor", 4), "4.5"),
    (valid, put(2, "id", "setup"), "same"),
    (valid, lambda notebook: notebook["cells"][2].pop("id"), "without an id"),
    (valid, put(2, "id", "a blank"), "not a valid"),
    (known_tags, tagged(5, "keep_output"), "keep_output"),
    (known_tags, replaced(5, "ink =", "# NBVAL_SKIP\nink ="), "nbval"),
    (heading_order, replaced(4, "## Which", "# Which"), "2 headings"),
    (heading_order, replaced(4, "## Which", "### Which"), "level 3 comes after 1"),
    (alt_text, replaced(4, "**Predict**", "![](dot.png)"), "no alternative"),
    (alt_text, replaced(4, "**Predict**", '<img src="dot.png" alt="">'), "no alternative"),
    (links, replaced(4, "**Predict**", "[Predict](02_nothing.ipynb)"), "nowhere"),
    (links, replaced(4, "**Predict**", "[Predict](#No-such-heading)"), "no such heading"),
    (links, replaced(4, "**Predict**", "![figure](images/nothing.png)"), "nowhere"),
    (links, replaced(4, "**Predict**", '<img src="images/nothing.png">'), "nowhere"),
]


@pytest.mark.parametrize("check, change, complaint", BROKEN)
def test_each_check_finds_its_fault(check, change, complaint):
    notebook = read(TEMPLATE)
    assert check(notebook, TEMPLATE) == []
    change(notebook)
    assert complaint in " ".join(check(notebook, TEMPLATE))


@pytest.mark.parametrize(
    "old, new, complaint",
    [
        ("### Exercise 1.3", "### Exercise 1.4", "no heading"),
        ("(2 min)", "", "no heading"),
        ("(2 min)", "(3 min)", "the exercises take 51 min"),
        ("overflow = ...", "overflow = 4", "lacks a stub"),
        ("# nb01.overflow.hint()", "nb01.overflow.hint()", "lacks a stub"),
        ("# nb01.overflow.solution()", "", "lacks a stub"),
        ("nb01.overflow", "nb01.batch_shape", "lacks a stub"),
        ("overflow", "underflow", "not ['overflow'"),
        ("overflow", "underflow", "nb01.py numbers its exercises {'1.1': 'overflow'"),
    ],
)
def test_faults_of_exercises_are_found(old, new, complaint):
    path = ROOT / "notebooks/01_images_as_arrays.ipynb"
    notebook = read(path)
    for cell in notebook["cells"]:
        cell["source"] = source(cell).replace(old, new)
    assert complaint in " ".join(exercises(notebook, path))


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
    notebooks = {path.name: source(read(path)["cells"][0]) for path in NOTEBOOKS}
    assert table_faults((ROOT / "README.md").read_text("utf-8"), notebooks) == []


ROWS = [f"| {i} | Title {i} | it | – | planned |" for i in range(1, 7)]
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
    ],
)
def test_wrong_rows_of_the_table_are_found(old, new, complaint):
    notebooks = {"07_last.ipynb": "# 7 · Last\n\n**Time** – 45 min reading + 30 min exercises"}
    table = "\n".join(ROWS)
    assert table_faults(table, notebooks) == []
    assert complaint in " ".join(table_faults(table.replace(old, new), notebooks))
