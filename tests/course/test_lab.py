"""A student's copies of the notebooks: work survives an update of the course, looking is no work.

`open_lab` is `course.py lab` without JupyterLab, for a checkout in tmp_path.
"""

import copy
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(os.name == "nt", reason="about owners and modes of POSIX")


@pytest.fixture
def open_lab(fresh_course, tmp_path, monkeypatch, capsys):
    """A function that starts the lab in a checkout and returns what is said, as a list of lines."""
    called = []
    monkeypatch.setattr(fresh_course, "ROOT", tmp_path)
    monkeypatch.setattr(fresh_course, "prepare", lambda: "python")
    monkeypatch.setattr(fresh_course, "call", lambda *words, cwd: called.append((words, cwd)) or 0)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    (tmp_path / "home").mkdir()

    def open_lab():
        assert fresh_course.lab(["--no-browser"]) == 0
        words, folder = called[-1]
        assert f"--ServerApp.root_dir={folder}" in words and words[-1] == "--no-browser"
        open_lab.folder = folder
        return capsys.readouterr().out.splitlines()

    open_lab.course = fresh_course
    return open_lab


def save(path, notebook):
    path.write_text(json.dumps(notebook), "utf-8")
    return path.read_bytes()


def write(path, *sources):
    """Write a notebook with these cells of code, in the way of the course; return its bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    empty = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    cells = [empty | {"id": f"c{i}", "source": [source]} for i, source in enumerate(sources)]
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return save(path, notebook)


def look_at(path):
    """Do to a notebook what JupyterLab does when one looks at it, runs it and saves it."""
    notebook = json.loads(path.read_text("utf-8"))
    notebook["metadata"]["kernelspec"]["display_name"] = "Python 3 (cnnkit)"
    notebook["metadata"]["language_info"] = {"name": "python", "version": "3.12.1"}
    for count, cell in enumerate(notebook["cells"], start=1):
        cell |= {"execution_count": count, "outputs": [{"output_type": "stream", "text": "1"}]}
        cell["metadata"] = {"scrolled": True}
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "source": []}
    notebook["cells"].append(empty)  # Shift+Enter in the last cell
    return save(path, notebook)


def solve(path, text="# mine"):
    """Write an answer into a notebook that was looked at."""
    look_at(path)
    notebook = json.loads(path.read_text("utf-8"))
    notebook["cells"][0]["source"].append(f"\n{text}")
    return save(path, notebook)


def contents(folder):
    """The bytes of all files, by their path in the folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def replaced(*names):
    """What is said where the old copies of these are moved aside, for the first time."""
    return [f"{name} has a new edition; yours is kept as .replaced/{name}." for name in names]


# An update


@pytest.fixture
def git(monkeypatch):
    """A function that calls git in a folder, without the settings of this machine."""
    if not shutil.which("git"):
        pytest.skip("there is no git")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    person = ["-c", "user.name=x", "-c", "user.email=x@localhost", "-c", "init.defaultBranch=main"]

    def git(folder, *words):
        command = ["git", "-C", str(folder), *person, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    return git


def test_work_survives_an_update_of_the_course(open_lab, git, tmp_path):
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    books = origin / "notebooks"
    for name in ("00_start", "01_looked_at", "02_solved", "03_removed"):
        write(books / f"{name}.ipynb", f"'{name}'", "answer = ...")
    shutil.copy(ROOT / ".gitignore", origin)
    git(origin, "init", "-q")
    git(origin, "add", ".")
    git(origin, "commit", "-qm", "1")
    git(tmp_path, "clone", "-q", str(origin), str(clone))

    open_lab.course.ROOT = clone
    assert open_lab() == []
    mine = clone / "my_notebooks"
    assert open_lab.folder == mine
    originals = contents(clone / "notebooks")
    assert {key: value for key, value in contents(mine).items() if key[0] != "."} == originals
    look_at(mine / "00_start.ipynb")
    trained = look_at(mine / "01_looked_at.ipynb")
    solved = solve(mine / "02_solved.ipynb")

    new = {
        name: write(books / name, "'a new edition'", "answer = ...")
        for name in ("01_looked_at.ipynb", "02_solved.ipynb", "04_added.ipynb")
    }
    (books / "03_removed.ipynb").unlink()
    git(origin, "add", ".")
    git(origin, "commit", "-qm", "2")
    git(clone, "pull", "-q", "--ff-only")
    assert git(clone, "status", "--porcelain") == ""
    beside, stays = "02_solved (new edition).ipynb", "You have changed 02_solved.ipynb: it stays"
    said = [*replaced("01_looked_at.ipynb"), f"{stays}, and its new edition is {beside}."]
    assert open_lab() == said
    after = contents(mine)
    assert after["01_looked_at.ipynb"] == new["01_looked_at.ipynb"]
    assert after[".replaced/01_looked_at.ipynb"] == trained  # with its outputs
    assert after["02_solved.ipynb"] == solved and after[beside] == new["02_solved.ipynb"]
    assert after["03_removed.ipynb"] == originals["03_removed.ipynb"]
    assert after["04_added.ipynb"] == new["04_added.ipynb"]
    assert open_lab() == [] and contents(mine) == after


def names(folder):
    return sorted(path.name for path in folder.glob("*.ipynb"))


def test_each_newer_edition_finds_a_place(open_lab, tmp_path):
    book, mine = tmp_path / "notebooks/02_a.ipynb", tmp_path / "my_notebooks"
    ends = ("", " (new edition)", " (new edition 2)")
    first, second, third = (mine / f"02_a{end}.ipynb" for end in ends)
    write(book, "1")
    open_lab()
    own = solve(first)
    write(book, "2")
    open_lab()
    newer = write(book, "3")
    open_lab()  # a newer edition that nobody has touched is replaced
    assert names(mine) == [second.name, first.name] and second.read_bytes() == newer
    also_own = solve(second)
    newest = write(book, "4")
    assert open_lab()[0].endswith(f"its new edition is {third.name}.")
    assert [path.read_bytes() for path in (first, second, third)] == [own, also_own, newest]
    third.unlink()  # what is thrown away does not come back
    assert open_lab() == [] and not third.exists()
    first.rename(mine / "02_a old.ipynb")  # but a notebook begins anew when its name is free
    assert open_lab() == [] and first.read_bytes() == newest
    assert (mine / "02_a old.ipynb").read_bytes() == own


def test_a_lost_record_costs_no_work(open_lab, tmp_path):
    book, mine = tmp_path / "notebooks/02_a.ipynb", tmp_path / "my_notebooks"
    write(book, "1")
    open_lab()
    for lost in ("", "[1]", "{", "[" * 100_000):
        (mine / ".editions.json").write_text(lost, "utf-8")
        look_at(mine / book.name)
        assert open_lab() == []
    write(book, "2")
    assert open_lab() == replaced(book.name)  # known again, so brought up to date
    assert names(mine) == [book.name]
    own = solve(mine / book.name)
    (mine / ".editions.json").unlink()
    assert len(open_lab()) == 1 and (mine / book.name).read_bytes() == own


def test_work_in_the_folder_of_the_course_is_kept(open_lab, tmp_path):
    book, mine = tmp_path / "notebooks/02_a.ipynb", tmp_path / "my_notebooks"
    write(book, "1")
    open_lab()
    works = []
    for work in ("# mine", "# also mine"):  # in VS Code; then `git checkout notebooks`
        works.append(solve(book, work))
        open_lab()
        write(book, "1")
        open_lab()
    after = contents(mine)
    assert [after[f".replaced/02_a{end}.ipynb"] for end in (" (2)", " (4)")] == works
    assert after[book.name] == book.read_bytes()


def test_where_nothing_can_be_kept_nothing_is_replaced(open_lab, tmp_path):
    book, mine = tmp_path / "notebooks/02_a.ipynb", tmp_path / "my_notebooks"
    write(book, "1")
    open_lab()
    (mine / ".replaced").write_text("a file")
    before = contents(mine)
    write(book, "2")
    (line,) = open_lab()
    assert line.startswith("02_a.ipynb is not brought up to date: ") and ".replaced" in line
    assert contents(mine) == before


STEPS = ["update", "go back", "look", "solve", "solve in the course", "break", "delete", "lose"]
BROKEN = b"{"


@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 2)), max_size=12))
def test_whatever_happens_no_work_is_overwritten(fresh_course, tmp_path_factory, steps):
    fresh_course.ROOT = tmp_path_factory.mktemp("steps")
    book, mine = fresh_course.ROOT / "notebooks/a.ipynb", fresh_course.ROOT / "my_notebooks"
    mine.mkdir()
    write(book, "edition 0")
    fresh_course.hand_out(mine)
    work, edition = {}, 0  # what the student has made, by path
    for number, (step, which) in enumerate(steps):
        paths = sorted(mine.glob("*.ipynb"))
        path = paths[which % len(paths)]
        if step in ("update", "go back"):
            edition += 1 if step == "update" else -1
            write(book, f"edition {edition}")
        elif step == "look" and work.get(path) != BROKEN:
            seen = look_at(path)
            work.update({path: seen} if path in work else {})
        elif step == "solve" and work.get(path) != BROKEN:
            work[path] = solve(path, f"# {number}")
        elif step == "solve in the course":
            solve(book, f"# {number}")
        elif step == "break":
            path.write_bytes(BROKEN)
            work[path] = BROKEN
        elif step == "delete":
            path.unlink()
            work.pop(path, None)
        elif step == "lose":
            (mine / ".editions.json").unlink()
        before = contents(mine)
        before.pop(".editions.json", None)
        fresh_course.hand_out(mine)
        after = contents(mine)
        assert all(after[path.name] == content for path, content in work.items())
        assert set(before.values()) <= set(after.values())  # outputs too, wherever they are
        fresh_course.hand_out(mine)
        assert contents(mine) == after


# What is an edition


def change(*keys, to):
    def change(notebook):
        place = notebook
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = to

    return change


def insert(index, **cell):
    return lambda notebook: notebook["cells"].insert(index, {"cell_type": "code"} | cell)


NOTEBOOK = {
    "metadata": {"kernelspec": {"name": "python3"}},
    "cells": [
        {"cell_type": "markdown", "id": "a", "source": ["# A\n", "b"], "metadata": {}},
        {"cell_type": "code", "id": "b", "source": "x = 1", "metadata": {}, "outputs": []},
    ],
}
LOOKS = [
    change("metadata", to={}),
    change("cells", 1, "outputs", to=[{"output_type": "stream", "text": "1"}]),
    change("cells", 1, "execution_count", to=1),
    change("cells", 1, "metadata", to={"collapsed": True}),
    change("cells", 0, "id", to="c"),
    change("cells", 0, "source", to="# A\nb\n"),
    insert(2, source=[]),
    insert(0, source=" \n"),
]
WORK = [
    change("cells", 1, "source", to="x = 2"),
    change("cells", 1, "source", to=""),
    change("cells", 0, "source", to="#  A\nb"),
    change("cells", 0, "cell_type", to="code"),
    insert(2, source="y"),
    lambda notebook: notebook["cells"].pop(),
    lambda notebook: notebook["cells"].reverse(),
]


@pytest.mark.parametrize("changes, is_same", [(LOOKS, True), (WORK, False)])
def test_only_the_text_of_cells_makes_an_edition(fresh_course, tmp_path, changes, is_same):
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(NOTEBOOK), "utf-8")
    edition = fresh_course.edition_of(path)
    for number, change in enumerate(changes):
        notebook = copy.deepcopy(NOTEBOOK)
        change(notebook)
        assert notebook != NOTEBOOK
        path.write_text(json.dumps(notebook), "utf-8")
        assert (fresh_course.edition_of(path) == edition) == is_same, number


@pytest.mark.parametrize(
    "content",
    [b"", b"<<<<<<< HEAD\n{}", b"[]", b"{}", b'{"cells": [1]}', b"\xff\xfe\xff", b"[" * 100_000],
    ids=range(7),
)
def test_what_is_no_notebook_is_left_alone_and_said(open_lab, tmp_path, content):
    books, mine = tmp_path / "notebooks", tmp_path / "my_notebooks"
    for name in ("01_a.ipynb", "02_b.ipynb", "03_c.ipynb"):
        write(books / name, "1")
    open_lab()
    (books / "01_a.ipynb").write_bytes(content)  # in the course
    (mine / "02_b.ipynb").write_bytes(content)  # of the student's
    newer = [write(books / name, "2") for name in ("02_b.ipynb", "03_c.ipynb")]
    why = "cannot be read as a notebook"
    expected = [
        f"{books / '01_a.ipynb'} {why}: it is left out.",
        f"{mine / '02_b.ipynb'} {why}: it stays. For a fresh one, rename it.",
    ]
    assert open_lab() == [*expected, *replaced("03_c.ipynb")]
    assert open_lab() == expected
    assert (mine / "02_b.ipynb").read_bytes() == content
    assert (mine / "03_c.ipynb").read_bytes() == newer[1]
    (mine / "02_b.ipynb").unlink()
    assert open_lab() == expected[:1] and (mine / "02_b.ipynb").read_bytes() == newer[0]


def is_folder(path):
    path.mkdir()
    (path / "file").write_text("mine")


def is_link(path):
    path.symlink_to(path.with_name("nowhere"))


@pytest.mark.parametrize("make", [is_folder, pytest.param(is_link, marks=posix)])
def test_a_folder_or_link_with_the_name_of_a_notebook_stays(open_lab, tmp_path, make):
    mine, beside = tmp_path / "my_notebooks", "01_a (new edition 2).ipynb"
    book = write(tmp_path / "notebooks/01_a.ipynb", "1")
    other = write(tmp_path / "notebooks/02_b.ipynb", "2")
    mine.mkdir()
    make(mine / "01_a.ipynb")
    make(mine / "01_a (new edition).ipynb")
    line = f"You have changed 01_a.ipynb: it stays, and its new edition is {beside}."
    assert open_lab() == [line]
    files = {name: content for name, content in contents(mine).items() if name[0] != "."}
    files = {name: content for name, content in files.items() if not name.endswith("/file")}
    assert files == {beside: book, "02_b.ipynb": other}
    assert (mine / "01_a.ipynb").is_dir() == (make is is_folder)
    assert (mine / "01_a.ipynb").is_symlink() == (make is is_link)
    assert open_lab() == []


@posix
def test_a_link_to_a_notebook_is_the_students(open_lab, tmp_path):
    book, link = tmp_path / "notebooks/01_a.ipynb", tmp_path / "my_notebooks/01_a.ipynb"
    write(book, "1")
    open_lab()
    elsewhere = link.rename(tmp_path / "elsewhere.ipynb")
    link.symlink_to(elsewhere)
    assert open_lab() == []
    write(book, "2")
    assert open_lab()[0].startswith("You have changed 01_a.ipynb: it stays, ")
    assert link.is_symlink()


def test_what_is_in_the_way_costs_one_line(open_lab, tmp_path):
    books, mine = tmp_path / "notebooks", tmp_path / "my_notebooks"
    (books / "images").mkdir(parents=True)
    (books / "images/dot.png").write_bytes(b"1")
    last = write(books / "z.ipynb", "1")
    (mine / ".editions.json").mkdir(parents=True)
    (mine / "images").write_text("a file")
    first, second = open_lab()
    assert first.startswith("images/dot.png is not brought up to date: ")
    assert second.startswith(f"{mine / '.editions.json'} cannot be written: ")
    assert contents(mine) == {"images": b"a file", "z.ipynb": last}


# Files besides notebooks, and where the copies lie


def test_pictures_come_along(open_lab, tmp_path):
    books, mine = tmp_path / "notebooks", tmp_path / "my_notebooks"
    for name in ("images/dot.png", ".ipynb_checkpoints/a.ipynb", "images/.DS_Store"):
        (books / name).parent.mkdir(parents=True, exist_ok=True)
        (books / name).write_bytes(b"1")
    (books / "images/dot.png").chmod(0o444)  # in a folder that only its owner may change
    open_lab()
    assert set(contents(mine)) == {".editions.json", "images/dot.png"}
    (books / "images/dot.png").chmod(0o644)
    (mine / "images/dot.png").write_bytes(b"mine")
    (books / "images/dot.png").write_bytes(b"2")
    assert open_lab()[0].startswith("You have changed images/dot.png: it stays, ")
    assert (mine / "images/dot.png").read_bytes() == b"mine"
    assert (mine / "images/dot (new edition).png").read_bytes() == b"2"


@posix
@pytest.mark.parametrize("whose", ["another's", "read-only"])
def test_copies_are_at_home_where_another_owns_the_folder(open_lab, tmp_path, whose):
    books, beside = tmp_path / "notebooks", tmp_path / "my_notebooks"
    write(books / "01_a.ipynb", "1")
    beside.mkdir()
    if whose == "read-only":
        beside.chmod(0o555)
        if os.access(beside, os.W_OK):
            pytest.skip("root may write everywhere")
    else:
        try:
            os.chown(beside, 1, -1)
        except PermissionError:
            pytest.skip("only root can give a folder away")
    home = tmp_path / "home/cnnkit_notebooks"
    line = f"{beside} is not yours to write in: your notebooks are in {home}."
    assert open_lab() == [line] and open_lab.folder == home
    own = solve(home / "01_a.ipynb")
    write(books / "01_a.ipynb", "2")
    assert [said[:16] for said in open_lab()] == [line[:16], "You have changed"]
    assert (home / "01_a.ipynb").read_bytes() == own and list(beside.iterdir()) == []


def test_copies_are_at_home_where_a_file_has_the_name_of_the_folder(open_lab, tmp_path):
    beside, home = tmp_path / "my_notebooks", tmp_path / "home/cnnkit_notebooks"
    beside.write_text("a file")
    assert open_lab() == [f"{beside} is a file: your notebooks are in {home}."]


def test_an_interrupted_copy_leaves_no_half_of_it(open_lab, tmp_path, monkeypatch):
    write(tmp_path / "notebooks/01_a.ipynb", "1")

    def stop(source, target):
        target.write_bytes(source.read_bytes()[:9])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(shutil, "copyfile", stop)
        open_lab()
    assert names(tmp_path / "my_notebooks") == []
    assert open_lab() == [] and names(tmp_path / "my_notebooks") == ["01_a.ipynb"]


# The start page

ROW = re.compile(
    r"(?m)^\| (?P<number>\w+) \| \[(?P<title>.+?)\]\((?P<file>\S+)\) \| (?P<learn>.+?) \| "
    r"(?P<minutes>.+?) \| \[Colab\]\((?P<colab>\S+)\) \|$"
)


def start_page_rows():
    cells = json.loads((ROOT / "notebooks/00_start.ipynb").read_text("utf-8"))["cells"]
    return [row.groupdict() for cell in cells for row in ROW.finditer("".join(cell["source"]))]


def test_the_start_page_lists_the_notebooks_as_they_are():
    expected = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb"))[1:]:
        front = "".join(json.loads(path.read_text("utf-8"))["cells"][0]["source"])
        number, title = re.match(r"# (\w+) · (.+)", front).groups()
        minutes = re.search(r"(\d+) min reading (\+ \d+) min exercises", front)
        expected.append(
            {
                "number": number,
                "title": title,
                "file": path.name,
                "minutes": " ".join(minutes.groups()),
                "colab": re.search(r"\[Open in Colab\]\((\S+)\)", front)[1],
            }
        )
    rows = start_page_rows()
    assert [{key: row[key] for key in row if key != "learn"} for row in rows] == expected


def test_the_start_page_and_readme_say_the_same_of_each_notebook():
    readme = (ROOT / "README.md").read_text("utf-8")
    for row in start_page_rows():
        assert f"](notebooks/{row['file']}) | {row['learn']} | " in readme
