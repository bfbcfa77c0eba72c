"""Colab without a hand: the setup cell where cnnkit is not there, and the workflow of the address.

Colab and GitHub are played: by a package `google.colab`, by a bare repository and a program `gh`.
"""

import copy
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest
import yaml
from fresh_environment import make_environment

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
ADDRESS = ADDRESS["Repository"].removeprefix("https://github.com/")
pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="Colab and the workflow's machine are Linux"
)


def redirected(address, folder):
    """Variables by which git finds a repository of GitHub in a folder."""
    names = ("GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0")
    key = f"url.{folder.as_uri()}.insteadOf"
    return dict(zip(names, ("1", key, f"https://github.com/{address}"), strict=True))


def git(folder, *words):
    people = {
        f"GIT_{role}_{key}": "x" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")
    }
    done = subprocess.run(
        ["git", *words], cwd=folder, env=os.environ | people, check=True, capture_output=True
    )
    return done.stdout.decode().strip()


# The setup cell, in Colab

PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "cnnkit"
"""
BACKEND = """
import zipfile

def build_wheel(folder, *_):
    name, info = "cnnkit-{0}-py3-none-any.whl", "cnnkit-{0}.dist-info"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        wheel.write("cnnkit/__init__.py")
        needs = "Metadata-Version: 2.1\\nName: cnnkit\\nVersion: {0}\\nRequires-Dist: numpy>=999\\n"
        wheel.writestr(info + "/METADATA", needs)
        tag = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr(info + "/WHEEL", tag)
        wheel.writestr(info + "/RECORD", "cnnkit/__init__.py,,\\n" + info + "/RECORD,,\\n")
    return name
"""
STARTS = "def load_ipython_extension(shell): print('cnnkit {0} starts')\n"
SESSION = """
import json, os, sys
import google.colab  # as Colab's kernel does
from IPython.core.interactiveshell import InteractiveShell

shell, (folders, cell) = InteractiveShell(colors="NoColor"), json.loads(sys.argv[1])
for folder in folders:
    os.chdir(folder)
    result = shell.run_cell(cell)
    print(json.dumps([folder, result.success]), flush=True)
"""


def repository(version):
    """The files of a small cnnkit that says which it is, and needs what is nowhere to be had."""
    return {
        "pyproject.toml": PROJECT,
        "backend.py": BACKEND.format(version),
        "cnnkit/__init__.py": STARTS.format(version),
    }


def write_zip(path, files, root=""):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in files.items():
            file.writestr(root + name, content)
    return path


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """What the setup cell says in each folder, one after the other, and whether it goes well."""
    folder = tmp_path_factory.mktemp("colab")
    (folder / "stub/google/colab").mkdir(parents=True)
    (folder / "stub/google/colab/__init__.py").touch()
    (folder / "tmp").mkdir()
    python, site = make_environment(folder / "environment")
    before = set(site.iterdir())
    places = [folder / name for name in ("nothing", "others", "damaged", "zip", "repacked", "git")]
    for place in places:
        place.mkdir()
    fill(*places[1:])
    notebook = nbformat.read(ROOT / "docs/template.ipynb", as_version=4)
    (cell,) = [c.source for c in notebook.cells if "setup" in c.metadata.get("tags", [])]
    assert f'"https://github.com/{ADDRESS}"' in cell
    said = {}
    for address, names in (("OWNER/cnnkit", places[:-1]), ("Jane-D/cnn.kit", places[-1:])):
        addressed = cell.replace(f'github.com/{ADDRESS}"', f'github.com/{address}"')
        argument = json.dumps([[str(name) for name in names], addressed])
        done = subprocess.run(
            [python, "-c", SESSION, argument],
            env=os.environ
            | redirected("Jane-D/cnn.kit", folder / "git")
            | {"PYTHONPATH": str(folder / "stub"), "IPYTHONDIR": str(folder / "ipython")}
            | {"TMPDIR": str(folder / "tmp"), "PIP_NO_INDEX": "1", "PIP_NO_COMPILE": "1"},
            capture_output=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr
        parts = re.split(r'(?m)^(\["/.*\])$\n', done.stdout)
        for text, end in zip(parts[::2], parts[1::2], strict=False):
            place, success = json.loads(end)
            said[Path(place).name] = (success, text)
    return folder, said, {path.name for path in set(site.iterdir()) - before}


def fill(others, damaged, plain, repacked, served):
    """Put into each folder what a student may have beside the notebook, or GitHub has."""
    other = {"pyproject.toml": PROJECT.replace("cnnkit", "other"), "other/__init__.py": ""}
    write_zip(others / "photos.zip", {"cat.png": "cnnkit"})
    other["my_pyproject.toml"] = PROJECT
    write_zip(others / "other-main.zip", other, root="other-main/")
    whole = write_zip(damaged / "a.zip", repository(0), root="cnnkit-main/").read_bytes()
    (damaged / "a.zip").write_bytes(whole[: len(whole) // 2])
    (damaged / "b.zip").write_bytes(whole.replace(b"def load_", b"def save_"))  # another checksum
    (damaged / "c.zip").write_text("no ZIP at all")
    shutil.copy(others / "photos.zip", plain)
    nested = {f"a/{name}": content for name, content in repository(0).items()}
    write_zip(plain / "cnnkit-main.zip", repository(1) | nested, root="cnnkit-main/")
    for name in ("a.zip", "z.zip"):
        os.utime(write_zip(plain / name, repository(0), root="cnnkit-main/"), (0, 0))
    worst = {f"a folder/{name}": content for name, content in repository(2).items()}
    worst |= {"__MACOSX/a folder/._pyproject.toml": b"\0", "../../up.py": ""}
    worst[str(repacked / "rooted.py")] = ""
    write_zip(repacked / "cnnkit (1).zip", worst)
    for name, content in repository(3).items():
        (served / name).parent.mkdir(exist_ok=True)
        (served / name).write_text(content, encoding="utf-8")
    git(served, "init", "--quiet")
    git(served, "add", ".")
    git(served, "commit", "--quiet", "--message", "x")


@pytest.mark.parametrize(
    "folder, zips",
    [
        ("nothing", "none"),
        ("others", "other-main.zip, photos.zip"),
        ("damaged", "a.zip, b.zip, c.zip"),
    ],
)
def test_without_cnnkit_one_text_says_what_to_do(session, folder, zips):
    _, said, _ = session
    success, text = said[folder]
    assert not success
    first, *steps, last = text.strip().splitlines()
    assert first == "cnnkit is not installed yet, as no ZIP of it lies beside this notebook."
    assert re.findall(r"^\d", "\n".join(steps), re.M) == ["1", "2", "3"] and len(steps) == 4
    found = re.fullmatch(r"ZIPs here that are damaged or not cnnkit: (.*)\.", last)[1]
    assert ", ".join(sorted(found.split(", "))) == zips


def test_a_zip_beside_the_notebook_is_installed_the_newest_one(session):
    _, said, _ = session
    success, text = said["zip"]
    assert success and text.startswith("cnnkit comes from cnnkit-main.zip.\n")
    assert "cnnkit 1 starts" in text


def test_a_zip_packed_anew_is_installed_and_its_paths_lead_nowhere_else(session):
    folder, said, _ = session
    success, text = said["repacked"]
    assert success and "cnnkit 2 starts" in text
    assert [path.name for path in (folder / "repacked").iterdir()] == ["cnnkit (1).zip"]
    assert len(list(folder.rglob("up.py"))) == len(list(folder.glob("tmp/*/up.py"))) == 1


def test_with_an_address_the_repository_is_installed(session):
    _, said, _ = session
    success, text = said["git"]
    assert success and "cnnkit 3 starts" in text and "comes from" not in text


def test_nothing_but_cnnkit_is_installed(session):
    _, _, new = session
    assert new - {"__pycache__"} == {"cnnkit", "cnnkit-3.dist-info"}


# The workflow that proposes the address

GH = """#!/bin/sh
echo "$@" >> "$PLAYED/log"
case "$1 $2" in
"pr list") test ! -e "$PLAYED/opened" || echo 7 ;;
"pr create") test ! -e "$PLAYED/forbidden" && touch "$PLAYED/opened" ;;
esac
"""
BRANCH = "repository-address"
BOOK = "notebooks/01_images_as_arrays.ipynb"


def workflow():
    return yaml.safe_load((ROOT / ".github/workflows/address.yml").read_text(encoding="utf-8"))


def workflow_faults(tree):
    """It runs for pushes to main, not in forks; one job may write, and runs nothing unknown."""
    complaints = [] if tree[True] == {"push": {"branches": ["main"]}} else ["it runs on more"]
    if tree["permissions"] != {"contents": "read"}:
        complaints.append("all jobs may write")
    (job,) = tree["jobs"].values()
    if job["permissions"] != {"contents": "write", "pull-requests": "write"}:
        complaints.append("the job's permissions")
    if job["if"] != "${{ !github.event.repository.fork }}":
        complaints.append("it runs in forks")
    if "timeout-minutes" not in job:
        complaints.append("no timeout")
    for step in job["steps"]:
        if not re.search(r"@[0-9a-f]{40}$", step.get("uses", "@" + 40 * "0")):
            complaints.append(f"{step['uses']} is not pinned")
        if "${{" in step.get("run", ""):
            complaints.append("an expression becomes part of a command")
    return complaints


def test_the_workflow_is_safe():
    assert workflow_faults(workflow()) == []


@pytest.mark.parametrize(
    "change, complaint",
    [
        (lambda tree, job: tree.update({True: {"pull_request_target": {}}}), "more"),
        (lambda tree, job: tree.update(permissions="write-all"), "all jobs"),
        (lambda tree, job: job.update(permissions={"actions": "write"}), "the job's"),
        (lambda tree, job: job.update({"if": True}), "forks"),
        (lambda tree, job: job.pop("timeout-minutes"), "timeout"),
        (lambda tree, job: job["steps"].append({"uses": "actions/checkout@v6"}), "pinned"),
        (lambda tree, job: job["steps"].append({"run": "echo ${{ github.ref }}"}), "expression"),
    ],
)
def test_an_unsafe_workflow_is_found(change, complaint):
    tree = copy.deepcopy(workflow())
    change(tree, tree["jobs"]["propose"])
    assert complaint in " ".join(workflow_faults(tree))


class GitHub:
    """A bare repository, and a machine on which the workflow's own command runs."""

    def __init__(self, folder):
        self.folder, self.remote = folder, folder / "remote.git"
        self.checkout = folder / "checkout"
        for name in (
            ".ci",
            "pyproject.toml",
            "README.md",
            ".gitignore",
            BOOK,
            "docs/template.ipynb",
        ):
            take = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            (self.checkout / name).parent.mkdir(parents=True, exist_ok=True)
            take(ROOT / name, self.checkout / name)
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", self.remote)
        git(self.checkout, "init", "--quiet", "--initial-branch=main")
        self.push("Course")
        (folder / "bin").mkdir()
        python = f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n'  # with no package installed
        for name, program in (("gh", GH), ("python3", python)):
            (folder / "bin" / name).write_text(program)
            (folder / "bin" / name).chmod(0o755)

    def push(self, title):
        git(self.checkout, "add", "--all")
        git(self.checkout, "commit", "--quiet", "--allow-empty", "--message", title)
        git(self.checkout, "push", "--quiet", self.remote, "main")

    def run(self, address="Jane-D/cnn.kit", fork=False):
        """Run what the workflow runs after a push, in an empty folder."""
        workspace = self.folder / "workspace"
        shutil.rmtree(workspace, ignore_errors=True)
        workspace.mkdir()
        event = self.folder / "event.json"
        event.write_text(json.dumps({"repository": {"fork": fork}}))
        (self.folder / "log").write_text("")
        (job,) = workflow()["jobs"].values()
        (step,) = job["steps"]
        return subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=workspace,
            env=redirected(address, self.remote)
            | {"PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
            | {"HOME": str(self.folder), "PLAYED": str(self.folder)}
            | {"GITHUB_REPOSITORY": address, "GITHUB_EVENT_PATH": str(event)},
            capture_output=True,
            encoding="utf-8",
        )

    def heads(self):
        lines = git(self.remote, "for-each-ref", "--format=%(refname:short) %(objectname)")
        return dict(line.split() for line in lines.splitlines())

    def show(self, name):
        return git(self.remote, "show", f"{BRANCH}:{name}")

    def opened(self):
        """How many pull requests the last run opened."""
        return (self.folder / "log").read_text().count("pr create --base main")


@pytest.fixture
def github(tmp_path):
    return GitHub(tmp_path)


def assert_proposed(github, done, address, main):
    assert done.returncode == 0, done.stderr
    assert github.heads().keys() == {"main", BRANCH} and github.heads()["main"] == main
    assert git(github.remote, "rev-parse", f"{BRANCH}^") == main  # one commit on top
    project = tomllib.loads(github.show("pyproject.toml"))["project"]
    assert project["urls"]["Repository"] == f"https://github.com/{address}"
    for name in (BOOK, "docs/template.ipynb"):
        book = github.show(name)
        assert f"colab.research.google.com/github/{address}/blob/main/{name}" in book
        assert f'repository = \\"https://github.com/{address}\\"' in book
    assert "OWNER" not in github.show("README.md")
    changed = git(github.remote, "diff", "--name-only", "main", BRANCH).splitlines()
    assert set(changed) <= {"README.md", "pyproject.toml", "docs/template.ipynb", BOOK}


def test_the_first_push_opens_a_pull_request_and_the_next_one_does_nothing(github):
    main = github.heads()["main"]
    assert_proposed(github, github.run(), "Jane-D/cnn.kit", main)
    assert github.opened() == 1
    heads = github.heads()
    assert github.run().returncode == 0
    assert github.heads() == heads and github.opened() == 0


def test_a_rename_and_later_pushes_update_the_same_pull_request(github):
    github.run()
    first = github.heads()
    assert_proposed(github, github.run("Jane-D/course"), "Jane-D/course", first["main"])
    assert github.heads()[BRANCH] != first[BRANCH] and github.opened() == 0
    github.push("A further commit")
    main = github.heads()["main"]
    assert main != first["main"]
    assert_proposed(github, github.run("Jane-D/course"), "Jane-D/course", main)


def test_only_our_own_address_is_replaced_whatever_it_ends_in():
    with_address = runpy.run_path(str(ROOT / ".ci/refresh_notebooks.py"))["with_address"]
    colab = "https://colab.research.google.com/github/"
    ours = "[Open in Colab](" + colab + "{0}/blob/main/a) https://github.com/{0}, github.com/{0}/b"
    others = f" [Colab]({colab}Ann/cats/blob/main/a) github.com/Ann/cats github.com/Joe/course-b"
    text = ours.format("Joe/course") + others
    for address in ("Joe/course-", "Jane-D/cnn.kit"):
        text = with_address(text, address)
        assert text == ours.format(address) + others


def test_where_the_address_is_right_nothing_is_proposed(github):
    github.run()
    git(github.remote, "update-ref", "refs/heads/main", BRANCH)  # merged
    git(github.remote, "update-ref", "-d", f"refs/heads/{BRANCH}")
    heads = github.heads()
    done = github.run()
    assert done.returncode == 0 and github.heads() == heads
    assert "pr" not in (github.folder / "log").read_text()


def test_a_fork_proposes_nothing(github):
    heads = github.heads()
    done = github.run("Joe/cnn.kit", fork=True)
    assert done.returncode == 0 and github.heads() == heads
    assert "pr" not in (github.folder / "log").read_text()


def test_a_pull_request_that_is_not_allowed_is_told(github):
    (github.folder / "forbidden").touch()
    done = github.run()
    assert done.returncode == 1 and BRANCH in github.heads()
    assert "Allow GitHub Actions to create and approve pull requests" in done.stderr
    assert f"https://github.com/Jane-D/cnn.kit/compare/main...{BRANCH}" in done.stderr


@pytest.mark.parametrize("address", ['x/y" $(touch "$HOME/owned")', "x/y\nz", "x"])
def test_an_address_that_is_none_is_refused(github, address):
    heads = github.heads()
    done = github.run(address)
    assert done.returncode and github.heads() == heads
    assert "GITHUB_REPOSITORY must be OWNER/NAME." in done.stderr
    assert not (github.folder / "owned").exists()


def test_readme_speaks_of_a_missing_address_only_while_it_is_missing():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert ("OWNER" in readme) == ADDRESS.startswith("OWNER/")
