"""The notebooks' form: how they open and end, how long their cells are, where their links lead.

Each check takes a notebook (a dictionary) and its file name and returns a list of complaints.
`BROKEN` shows each check a notebook with one fault, so that no check passes whatever it is given.
"""

import ast
import copy
import importlib
import json
import re
import statistics
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import nbformat
import pytest

from cnnkit.exercises._exercise import Exercise

ROOT = Path(__file__).resolve().parents[2]
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ADDRESS = PROJECT["urls"]["Repository"]
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
NO_VERB = r"(?i:the|an?|this|you|we|how|what|why)\b"
TAGS = {"setup", "exercise", "raises-exception", "nbval-skip"}
SETUP = f"""\
# Does nothing unless this notebook runs in Colab, where it installs cnnkit and nothing else.
import sys

if "google.colab" in sys.modules:
    repository = "{ADDRESS}"
    if "/OWNER/" in repository:
        raise RuntimeError("The owner has not set this repository's address yet: see README.md.")
    %pip install -q --no-deps git+{{repository}}"""


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def source(cell):
    return "".join(cell["source"])


def cells(notebook, kind):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def lines(text):
    return [line for line in text.splitlines() if line.strip()]


def tree(cell):
    """The cell's syntax tree, with magics and shell commands taken for `pass`."""
    return ast.parse(re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", source(cell)))


def badge(name):
    place = ADDRESS.removeprefix("https://github.com/")
    return (
        "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
        f"(https://colab.research.google.com/github/{place}/blob/main/notebooks/{name})"
    )


# How a notebook opens and ends


def front_matter(notebook, name):
    """Title, badge, one sentence, You will, Time, Before you start, in this order."""
    number = "N" if name.startswith("_") else name[:2].lstrip("0")
    shape = [
        ("title `# N · Title`", rf"# {number} · \S.*"),
        ("badge for this file and pyproject's address", re.escape(badge(name))),
        ("one sentence", r"[A-Z](?:(?!\. [A-Z]).)*\."),
        ("**You will**", r"\*\*You will\*\*"),
        (
            "2 to 4 bullets that start with a verb",
            rf"(?:- (?!{NO_VERB})[A-Za-z]+(?<!ing) .+\n){{2,4}}",
        ),
        ("**Time**", r"\*\*Time\*\* – \d+ min reading \+ \d+ min exercises"),
        ("**Before you start**", r"\*\*Before you start\*\* – \S.*"),
    ]
    first = notebook["cells"][0]
    if first["cell_type"] != "markdown":
        return ["the first cell is not the front matter"]
    text = re.sub(r"(?<=\S)\n(?=[^\s*#\[-])", " ", re.sub(r"(?m)^ +", "", source(first)))
    rest, complaints = "\n".join(lines(text)) + "\n", []  # wrapped lines are one
    for what, pattern in shape:
        match = re.match(pattern + ("" if "bullets" in what else r"\n"), rest)
        if match:
            rest = rest[match.end() :]
        else:
            complaints.append(f"front matter: expected {what} at {rest[:40]!r}")
    return complaints if complaints or not rest else [f"front matter: unexpected {rest[:40]!r}"]


def opening(notebook, name):
    """Front matter, setup, imports, then style, seed and constants."""
    start = notebook["cells"][:4]
    if [cell["cell_type"] for cell in start] != ["markdown", "code", "code", "code"]:
        return ["the first four cells are not front matter, setup, imports and constants"]
    complaints = []
    if start[1]["metadata"].get("tags") != ["setup"]:
        complaints.append("cell 2 does not have the one tag setup")
    if [cell for cell in notebook["cells"][2:] if "setup" in cell["metadata"].get("tags", [])]:
        complaints.append("a later cell has the tag setup")
    if not lines(source(start[2])) or not all(
        isinstance(node, ast.Import | ast.ImportFrom) for node in tree(start[2]).body
    ):
        complaints.append("cell 3 does nothing or more than import")
    for needed in ('plt.style.use("cnnkit.viz.cnnkit")', "keras.utils.set_random_seed("):
        if needed not in source(start[3]):
            complaints.append(f"cell 4 lacks {needed}")
    names = [node for node in ast.walk(tree(start[3])) if isinstance(node, ast.Name)]
    names = [node.id for node in names if isinstance(node.ctx, ast.Store)]
    return complaints + [
        f"constant {name} is not in capitals" for name in names if not name.isupper()
    ]


def setup_cell(notebook, name):
    """The same cell in every notebook, with the address of pyproject.toml."""
    found = [source(c) for c in notebook["cells"] if "setup" in c["metadata"].get("tags", [])]
    return [] if found == [SETUP] else ["the setup cell is not the one of all notebooks"]


def ending(notebook, name):
    """The last text: In short with 3 to 5 bullets, then Go further."""
    last = []
    for cell in reversed(notebook["cells"]):
        if cell["cell_type"] != "markdown":
            break
        last.insert(0, source(cell))
    parts = re.split(r"(?m)^(## .+)$", "\n\n".join(last))
    if parts[-4:-1:2] != ["## In short", "## Go further"]:
        return ["the last headings are not In short and Go further"]
    bullets = len(re.findall(r"(?m)^- ", parts[-3]))
    complaints = [] if 3 <= bullets <= 5 else [f"In short has {bullets} bullets, not 3 to 5"]
    return complaints if parts[-1].strip() else [*complaints, "Go further is empty"]


# What a stripped notebook holds


def stripped(notebook, name):
    complaints = [] if notebook["metadata"] == METADATA else ["metadata are not the fixed ones"]
    for cell in notebook["cells"]:
        if cell.get("outputs") or cell.get("execution_count") is not None:
            complaints.append(f"{cell['id']} has outputs or a count; course.py format strips it")
        if cell.get("attachments"):
            complaints.append(f"{cell['id']} has attachments")
        if set(cell["metadata"]) - {"tags"}:
            complaints.append(f"{cell['id']} has metadata besides tags")
    return complaints


def valid(notebook, name):
    """Format 4.5, and an id of its own for each cell."""
    complaints = []
    if (notebook["nbformat"], notebook["nbformat_minor"]) != (4, 5):
        complaints.append("not in format 4.5")
    ids = [cell.get("id", "") for cell in notebook["cells"]]
    if len(set(ids)) < len(ids) or "" in ids:
        complaints.append("cells without an id or with the same one")
    if complaints:
        return complaints
    try:
        nbformat.validate(copy.deepcopy(notebook))
    except nbformat.ValidationError as error:
        return [f"not a valid notebook: {error.message}"]
    return []


def known_tags(notebook, name):
    tags = {tag for cell in notebook["cells"] for tag in cell["metadata"].get("tags", [])}
    return [f"unknown tag {tag}" for tag in sorted(tags - TAGS)]


def no_test_comments(notebook, name):
    """Students read the code: markers for nbval are tags."""
    marker = re.compile(r"#\s*(NBVAL_|PYTEST_VALIDATE)", re.IGNORECASE)
    return [
        f"{c['id']} has a comment for nbval" for c in notebook["cells"] if marker.search(source(c))
    ]


# Exercises


def exercises(notebook, name):
    """Each exercise: a numbered heading, a stub and its check, hint and solution behind a `#`."""
    number, all_cells, found, minutes = name[:2], notebook["cells"], [], 0
    for i, cell in enumerate(all_cells):
        if "exercise" not in cell["metadata"].get("tags", []):
            continue
        expected = rf"### Exercise {number.lstrip('0')}\.{len(found) + 1} · \S.* \((\d+) min\)"
        heading = re.search(expected, source(all_cells[i - 1]))
        if not heading:
            return [f"no heading like {expected} before {cell['id']}"]
        minutes += int(heading[1])
        call = r"(?m)^nb%s\.(\w+)\.check\(\1\);\n# nb%s\.\1\.hint\(\)\n# nb%s\.\1\.solution\(\)\Z"
        call = re.search(call % (3 * (number,)), source(cell))
        if not call or not re.search(r"(= |return )\.\.\.\n", source(cell)):
            return [f"{cell['id']} lacks a stub, its check, or hint and solution behind a #"]
        found.append(call[1])
    if not found:
        return []
    module = importlib.import_module(f"cnnkit.exercises.nb{number}")
    known = [key for key, value in vars(module).items() if isinstance(value, Exercise)]
    complaints = [] if sorted(found) == sorted(known) else [f"exercises {found}, not {known}"]
    said = re.search(r"(\d+) min exercises", source(all_cells[0]))
    same = said and int(said[1]) == minutes
    return complaints if same else [*complaints, f"the exercises take {minutes} min"]


# Length


def code_length(notebook, name):
    lengths = [len(lines(source(cell))) for cell in cells(notebook, "code")]
    median, p90 = (
        statistics.median(lengths),
        statistics.quantiles(lengths, n=10, method="inclusive")[-1],
    )
    complaints = [f"a code cell of {length} lines" for length in lengths if length > 25]
    if median > 5:
        complaints.append(f"the median code cell has {median} lines, more than 5")
    if p90 > 12:
        complaints.append(f"one code cell in ten has {p90:.0f} lines or more, more than 12")
    return complaints


def text_length(notebook, name):
    """About 140 words a cell, and never more than 160; addresses of links do not count."""
    complaints = []
    for cell in cells(notebook, "markdown"):
        n = len(re.findall(r"\w[\w'’.,-]*", re.sub(r"\]\([^)]*\)", "]", source(cell))))
        if n > 160:
            complaints.append(f"{cell['id']} has {n} words, more than 160")
    return complaints


def file_size(notebook, name):
    size = len(json.dumps(notebook, indent=1, ensure_ascii=False).encode())
    return [] if size <= 40_000 else [f"{size:,} bytes, more than 40,000"]


# Imports


def imports(notebook, name):
    """Only in the imports cell; no star, no other name for cnnkit, no `layers` over Keras's."""
    complaints = []
    for i, cell in enumerate(notebook["cells"]):
        nodes = ast.walk(tree(cell)) if cell["cell_type"] == "code" else ()
        for node in nodes:
            if not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            if i > 2:
                complaints.append(f"{cell['id']} imports outside the imports cell")
            for alias in node.names:
                complaints += _faults_of_import(getattr(node, "module", alias.name), alias)
    return complaints


def _faults_of_import(module, alias):
    ours = (module or "").split(".")[0] == "cnnkit"
    if alias.name == "*":
        return [f"star import from {module}"]
    if ours and alias.asname:
        return [f"{alias.name} under another name"]
    return ["cnnkit's layers would hide keras.layers"] if ours and alias.name == "layers" else []


# Links

LINK = re.compile(
    r'\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\[[^\]]+\]:\s+(\S+)|(?:src|href)="([^"]+)"', re.M
)


def plain(text):
    """The text without code, in which brackets are no links and # is no heading."""
    return re.sub(r"(?s)```.*?```|`[^`\n]*`", lambda m: "x" * (m[0][:3] != "```"), text)


def anchors(path):
    """The anchors of a text as GitHub makes them, of a notebook as JupyterLab does."""
    if path.suffix == ".ipynb":
        text = "\n\n".join(source(cell) for cell in cells(read(path), "markdown"))
        return {title.replace(" ", "-") for title in headings(text)}
    slugs = [re.sub(r"[^\w\- ]", "", title.lower()) for title in headings(path.read_text("utf-8"))]
    return {slug.replace(" ", "-") for slug in slugs}


def headings(text):
    text = re.sub(r"(?s)```.*?```", "", text)
    return [title.strip() for title in re.findall(r"(?m)^#{1,6} +(.+)$", text)]


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


def links(notebook, name):
    text = "\n\n".join(source(cell) for cell in cells(notebook, "markdown"))
    return broken_links(text, ROOT / "notebooks" / name)


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
    ending,
    stripped,
    valid,
    known_tags,
    no_test_comments,
    code_length,
    text_length,
    file_size,
    imports,
    links,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_notebook_has_the_form(path, check):
    assert check(read(path), path.name) == []


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
        all_cells = notebook["cells"]
        all_cells[i], all_cells[j] = all_cells[j], all_cells[i]

    return change


def top(key, value):
    return lambda notebook: notebook.update({key: value})


def all_code(text):
    def change(notebook):
        for cell in cells(notebook, "code"):
            cell["source"] = text

    return change


BROKEN = [
    (front_matter, swapped(0, 4), "title"),
    (front_matter, swapped(0, 1), "first cell"),
    (front_matter, replaced(0, "# N ·", "# 3 ·"), "title"),
    (front_matter, replaced(0, "_template.ipynb", "01_other.ipynb"), "badge"),
    (front_matter, replaced(0, "/blob/main/", "/blob/dev/"), "badge"),
    (front_matter, replaced(0, "- load", "- loading"), "verb"),
    (front_matter, replaced(0, "- load", "- How to load"), "verb"),
    (front_matter, replaced(0, "after this notebook.", "after it. And more."), "one sentence"),
    (front_matter, replaced(0, "**You will**", "**You can**"), "You will"),
    (front_matter, replaced(0, "45 min", "45 minutes"), "Time"),
    (front_matter, replaced(0, "**Before you start** –", "**Before**"), "Before"),
    (front_matter, replaced(0, "**Before you start**", "More.\n\n**Before you start**"), "Before"),
    (front_matter, replaced(0, "and slices.", "and slices.\n\nMore."), "unexpected"),
    (opening, swapped(1, 2), "setup"),
    (opening, swapped(3, 4), "first four"),
    (opening, tagged(1, "setup", "exercise"), "one tag"),
    (opening, tagged(5, "setup"), "later cell"),
    (opening, replaced(2, "import keras", "import keras\nkeras.Input((1,))"), "more than import"),
    (opening, put(2, "source", ""), "more than import"),
    (opening, replaced(3, "plt.style.use", "print"), "style"),
    (opening, replaced(3, "keras.utils.set_random_seed(7)", ""), "seed"),
    (opening, replaced(3, "N_SHOWN", "n_shown"), "capitals"),
    (setup_cell, replaced(1, ADDRESS, "https://github.com/somebody/cnnkit"), "setup cell"),
    (setup_cell, replaced(1, " --no-deps", ""), "setup cell"),
    (setup_cell, tagged(1), "setup cell"),
    (ending, replaced(-1, "## Go further", "## Links"), "last headings"),
    (ending, replaced(-1, "## In short", "## Go on\n\n## In short\n\n## More"), "last headings"),
    (ending, replaced(-1, "\n- ", "\n* "), "bullets"),
    (ending, swapped(-1, -3), "last headings"),
    (ending, put(-1, "source", "## In short\n\n- a\n- b\n- c\n\n## Go further\n"), "empty"),
    (stripped, put(2, "execution_count", 1), "a count"),
    (
        stripped,
        put(2, "outputs", [{"output_type": "stream", "name": "stdout", "text": ""}]),
        "outputs",
    ),
    (stripped, put(0, "attachments", {"a.png": {}}), "attachments"),
    (stripped, put(2, "metadata", {"scrolled": True}), "besides tags"),
    (stripped, top("metadata", METADATA | {"widgets": {}}), "fixed"),
    (
        stripped,
        top("metadata", METADATA | {"language_info": {"name": "python", "version": "3"}}),
        "fixed",
    ),
    (valid, top("nbformat_minor", 4), "4.5"),
    (valid, put(2, "id", "setup"), "same"),
    (valid, lambda notebook: notebook["cells"][2].pop("id"), "without an id"),
    (valid, put(2, "id", "a blank"), "not a valid"),
    (known_tags, tagged(5, "keep_output"), "keep_output"),
    (no_test_comments, replaced(5, "ink =", "# NBVAL_SKIP\nink ="), "nbval"),
    (code_length, put(5, "source", "x = 1\n" * 26), "26 lines"),
    (code_length, all_code("x = 1\n" * 6), "median"),
    (code_length, put(5, "source", "x = 1\n" * 25), "one code cell in ten"),
    (text_length, put(4, "source", "word " * 161), "161 words"),
    (file_size, put(4, "source", "é" * 20_000), "more than 40,000"),
    (imports, replaced(2, "import data, viz", "import *"), "star"),
    (imports, replaced(2, "import data, viz", "import (\n    data,\n    layers,\n)"), "hide"),
    (imports, replaced(2, "import data, viz", "import data as d"), "another name"),
    (imports, replaced(2, "import keras", "import cnnkit.layers as layers"), "another name"),
    (imports, replaced(5, "ink =", "import os\nink ="), "outside"),
    (links, replaced(4, "**Predict**", "[Predict](02_nothing.ipynb)"), "nowhere"),
    (links, replaced(4, "**Predict**", "[Predict](#No-such-heading)"), "no such heading"),
    (links, replaced(4, "**Predict**", "![figure](images/nothing.png)"), "nowhere"),
    (links, replaced(4, "**Predict**", '<img src="images/nothing.png">'), "nowhere"),
]


@pytest.mark.parametrize("check, change, complaint", BROKEN)
def test_each_check_finds_its_fault(check, change, complaint):
    notebook = read(ROOT / "notebooks/_template.ipynb")
    assert check(notebook, "_template.ipynb") == []
    change(notebook)
    assert complaint in " ".join(check(notebook, "_template.ipynb"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_exercises_have_the_form(path):
    assert exercises(read(path), path.name) == []


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
    ],
)
def test_faults_of_exercises_are_found(old, new, complaint):
    name = "01_images_as_arrays.ipynb"
    notebook = read(ROOT / "notebooks" / name)
    for cell in notebook["cells"]:
        cell["source"] = source(cell).replace(old, new)
    assert complaint in " ".join(exercises(notebook, name))


def test_front_matter_may_be_wrapped():
    notebook = read(ROOT / "notebooks/_template.ipynb")
    replaced(0, "read a figure", "read a\n  figure")(notebook)
    replaced(0, "says what you", "says\nwhat you")(notebook)
    assert front_matter(notebook, "_template.ipynb") == []


def test_no_check_is_untested():
    assert {case[0] for case in BROKEN} == set(CHECKS)


def run_setup(monkeypatch, address, in_colab):
    """Execute the setup cell and return what it would have handed to pip."""
    if in_colab:
        monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    else:
        monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    cell = source(read(ROOT / "notebooks/_template.ipynb")["cells"][1]).replace(ADDRESS, address)
    code, n = re.subn(r"(?m)^( +)%pip (.+)$", r"\1pip(f'\2')", cell)
    assert n == 1 and address in code
    calls = []
    exec(code, {"pip": calls.append})
    return calls


PLACEHOLDER, REAL = (f"https://github.com/{owner}/cnnkit" for owner in ("OWNER", "someone"))


@pytest.mark.parametrize("address", [PLACEHOLDER, REAL])
def test_setup_does_nothing_outside_colab(monkeypatch, address):
    assert run_setup(monkeypatch, address, in_colab=False) == []


def test_setup_refuses_the_placeholder_in_colab(monkeypatch):
    with pytest.raises(RuntimeError, match="owner has not set"):
        run_setup(monkeypatch, PLACEHOLDER, in_colab=True)


def test_setup_installs_only_cnnkit_in_colab(monkeypatch):
    assert run_setup(monkeypatch, REAL, in_colab=True) == [f"install -q --no-deps git+{REAL}"]


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
    notebooks = {p.name: source(read(p)["cells"][0]) for p in PATHS if p.name[0] != "_"}
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
