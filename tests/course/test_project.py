"""The files around the package agree with each other, and hold nothing that does not belong there.

Each check is a function that returns a list of complaints, and is also shown something wrong.
"""

import copy
import fnmatch
import functools
import importlib.metadata
import io
import os
import pickle
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ["docs/explorer/recorded_network.ipynb", "docs/template.ipynb"]
NOTEBOOKS += sorted(f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb"))
SYSTEM = ("sys_platform", "platform_system", "os_name", "platform_machine")
PLATFORMS = (
    ("linux", "Linux", "posix", "x86_64"),
    ("darwin", "Darwin", "posix", "arm64"),
    ("win32", "Windows", "nt", "AMD64"),
)


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def project():
    return tomllib.loads(text("pyproject.toml"))["project"]


SUPPORTED = SpecifierSet(project()["requires-python"])
PYTHONS = [f"3.{minor}" for minor in range(100) if f"3.{minor}.1" in SUPPORTED]
ENVIRONMENTS = [
    default_environment()
    | dict(zip(SYSTEM, platform, strict=True))
    | {"python_full_version": full, "python_version": python}
    for platform in PLATFORMS
    for python in PYTHONS
    for full in (f"{python}.0", f"{python}.15")
]


def extras_of(project, name):
    """The extras that a file asks for: all, but those of the site only in a lock of their own."""
    alone = {"docs"} - {Path(name).stem}
    return sorted(set(project["optional-dependencies"]) - alone)


def wanted(project):
    """Everything that pyproject.toml asks for, extras included."""
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return [Requirement(line) for group in groups for line in group]


# The lock


def entries(lock):
    """The lock's pins, each as `(requirement, hashes)`."""
    lines = (line.strip() for line in lock.replace("\\\n", " ").splitlines())
    parts = [re.split(r"\s+--hash=", line) for line in lines if line and line[0] != "#"]
    return [(Requirement(head), hashes) for head, *hashes in parts]


def active(lock, environment):
    """The pins that apply in an environment, by name."""
    pins = {}
    for pin, _ in entries(lock):
        if pin.marker is None or pin.marker.evaluate(environment):
            pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    return pins


def version_of(pin):
    return next(iter(pin.specifier)).version


def form_faults(lock):
    """Exact versions with hashes, and no address of a host."""
    complaints = re.findall(
        r"\S*://\S*|(?<![\w-])--(?:extra-)?index-url\b|--find-links|--trusted-host", lock
    )
    for pin, hashes in entries(lock):
        if [specifier.operator for specifier in pin.specifier] != ["=="] or "*" in str(
            pin.specifier
        ):
            complaints.append(f"{pin.name} is not pinned to one version")
        if not hashes or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", h.strip()) for h in hashes):
            complaints.append(f"{pin.name} has no proper hashes")
    return complaints


def pin_faults(lock, project):
    """Every requirement has one pin that satisfies it, on each platform and Python.

    Requirements of requirements are followed as far as the locked version is installed here.
    """
    complaints = set()
    for environment in ENVIRONMENTS:
        pins = active(lock, environment)
        where = f"{environment['sys_platform']}, Python {environment['python_full_version']}"
        complaints |= {f"{name} twice: {where}" for name, found in pins.items() if len(found) > 1}
        todo, seen = [("pyproject.toml", need, "") for need in wanted(project)], set()
        while todo:
            asker, need, extra = todo.pop()
            if need.marker and not need.marker.evaluate(environment | {"extra": extra}):
                continue
            name = canonicalize_name(need.name)
            versions = [version_of(pin) for pin in pins.get(name, [])]
            if not any(need.specifier.contains(version, prereleases=True) for version in versions):
                complaints.add(f"{asker} wants {need}, pinned {versions}: {where}")
            for part in {(name, extra) for extra in ("", *need.extras) if versions} - seen:
                seen.add(part)
                todo += [(name, more, part[1]) for more in requirements_of(name, versions[0])]
    return sorted(complaints)


@functools.cache
def requirements_of(name, version):
    """What the installed distribution asks for, if it is there in this version."""
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return ()
    if distribution.version != version:
        return ()
    return tuple(Requirement(line) for line in distribution.requires or ())


def with_extras_of(name):
    """The project with the extras that a lock holds, and no others."""
    extras = project()["optional-dependencies"]
    own = {extra: extras[extra] for extra in extras_of(project(), name)}
    return project() | {"optional-dependencies": own}


def command_faults(lock, contributing, project):
    """uv's command, in the head of the lock, is the one that CONTRIBUTING gives."""
    command = re.search(r"(?m)^#\s+(uv pip compile .*)$", lock)[1].strip()
    complaints = [] if f"`{command}`" in contributing else ["CONTRIBUTING has another uv command"]
    lowest = re.search(r">=(\d+\.\d+)", project["requires-python"])[1]
    if f"--python-version {lowest} " not in command:
        complaints.append(f"the lock is not made for Python {lowest} and newer")
    extras = re.findall(r"--extra (\S+)", command)
    if sorted(extras) != sorted(project["optional-dependencies"]):
        complaints.append(f"the lock is made with the extras {extras}")
    return complaints


LOCKS = tuple(f"requirements/{name}.lock" for name in ("course", "colab", "browser", "docs"))


@pytest.mark.parametrize("name", LOCKS)
def test_lock_has_exact_versions_with_hashes_and_no_host(name):
    assert form_faults(text(name)) == []
    assert len(entries(text(name))) > 100


def test_colab_lock_has_the_versions_of_colab():
    asked = re.findall(r"^[\w-]+==\S+", text("requirements/colab.txt"), re.M)
    assert len(asked) > 10
    for pin in asked:
        assert re.search(rf"^{re.escape(pin)} ", text("requirements/colab.lock"), re.M), pin


@pytest.mark.parametrize("name", ["browser", "docs"])
def test_locks_of_lanes_have_the_versions_of_the_course(name):
    pins = {name: {str(pin) for pin, _ in entries(text(name))} for name in LOCKS}
    assert pins["requirements/course.lock"] < pins[f"requirements/{name}.lock"]


def test_browser_lock_has_playwright():
    more = tomllib.loads(text("pyproject.toml"))["dependency-groups"]["browser"]
    asked = {"dependencies": more, "optional-dependencies": {}}
    assert pin_faults(text("requirements/browser.lock"), asked) == []


HASH = f"--hash=sha256:{64 * '0'}"
ADDRESS = "https://example.org"


@pytest.mark.parametrize(
    "lock",
    [
        "numpy==2.0",
        f"numpy>=2.0 {HASH}",
        f"numpy==2.* {HASH}",
        "numpy==2.0 --hash=md5:00",
        f"numpy==2.0 {HASH} \\\n    --hash=sha256:00",
        f"numpy @ {ADDRESS} {HASH}",
        f"# --index-url {ADDRESS}\nnumpy==2.0 {HASH}",
    ],
)
def test_a_careless_lock_is_found(lock):
    assert form_faults(f"numpy==2.0 ; sys_platform == 'win32' \\\n    {HASH}\n    # via x\n") == []
    assert form_faults(lock)


@pytest.mark.parametrize("name", LOCKS)
def test_lock_serves_every_platform_and_python(name):
    assert pin_faults(text(name), with_extras_of(name)) == []


def test_the_course_installs_nothing_of_the_site():
    pins = {canonicalize_name(pin.name) for pin, _ in entries(text("requirements/course.lock"))}
    more = [Requirement(line) for line in project()["optional-dependencies"]["docs"]]
    assert more and not pins & {canonicalize_name(need.name) for need in more}


def test_gaps_of_the_lock_are_found():
    asked = {"dependencies": ["numpy>=2; python_version < '3.13'"], "optional-dependencies": {}}
    good = "numpy==2.1 ; python_version < '3.12'\nnumpy==2.2 ; python_version >= '3.12'"
    assert pin_faults(good, asked) == []
    assert "numpy>=2" in pin_faults(good.replace("2.1", "1.9"), asked)[0]
    assert "pinned []" in pin_faults("numpy==2.1 ; sys_platform != 'win32'", asked)[0]
    assert "twice" in pin_faults("numpy==2.1\nnumpy==2.2", asked)[0]
    asked["optional-dependencies"] = {"dev": ["pytest"]}
    assert "wants pytest" in pin_faults(good, asked)[0]


def test_gaps_deep_in_the_lock_are_found():
    version = importlib.metadata.version("pytest")
    asked = {"dependencies": ["pytest"], "optional-dependencies": {}}
    complaints = " ".join(pin_faults(f"pytest=={version}", asked))
    assert "pytest wants pluggy" in complaints and "pytest wants colorama" in complaints
    assert 'colorama>=0.4; sys_platform == "win32", pinned []: linux' not in complaints


@pytest.mark.parametrize("name", LOCKS)
def test_contributing_says_how_the_lock_is_made(name):
    lock, contributing, own = text(name), text("CONTRIBUTING.md"), with_extras_of(name)
    assert command_faults(lock, contributing, own) == []
    assert command_faults(lock, contributing.replace("--universal", ""), own)
    assert command_faults(lock.replace("--python-version 3.11", ""), contributing, own)
    assert command_faults(lock, contributing, own | {"optional-dependencies": {"x": []}})


def test_readme_names_the_pythons():
    assert f"Python {', '.join(PYTHONS[:-1])} or {PYTHONS[-1]}" in text("README.md")


# conda, hooks, CI


def conda_faults(environment, project):
    """environment.yml: name, channel, Python as in pyproject.toml, pip, and the project itself."""
    if set(environment) != {"name", "channels", "dependencies"}:
        return [f"the keys are {sorted(environment)}"]
    complaints = [] if environment["name"] == project["name"] else ["the name is not the project's"]
    if environment["channels"] != ["conda-forge"]:
        complaints.append("the one channel is not conda-forge")
    *names, last = environment["dependencies"]
    pythons = [n.removeprefix("python").strip() for n in names if str(n).startswith("python")]
    if [SpecifierSet(python) for python in pythons] != [SpecifierSet(project["requires-python"])]:
        complaints.append(f"Python is {pythons}, in pyproject.toml {project['requires-python']}")
    if "pip" not in names or len(names) != 2:
        complaints.append(f"conda installs {names}, not python and pip")
    own = re.fullmatch(r"-e \.\[([\w,]+)\]", "".join(last["pip"]) if isinstance(last, dict) else "")
    if not own:
        return [*complaints, "pip does not install the project itself, and only that"]
    unknown = set(own[1].split(",")) ^ set(extras_of(project, "environment.yml"))
    return complaints + [f"extra {name} on one side only" for name in sorted(unknown)]


def test_environment_yml_agrees_with_pyproject():
    assert conda_faults(yaml.safe_load(text("environment.yml")), project()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"prefix": "x"},
        {"name": "x"},
        {"channels": ["defaults"]},
        {"dependencies": ["python >=3.10,<3.14", "pip", {"pip": ["-e .[course,dev]"]}]},
        {"dependencies": ["pip", {"pip": ["-e .[course,dev]"]}]},
        {"dependencies": ["python >=3.11,<3.14", {"pip": ["-e .[course,dev]"]}]},
        {"dependencies": ["python >=3.11,<3.14", "numpy", "pip", {"pip": ["-e .[course,dev]"]}]},
        {"dependencies": ["python >=3.11,<3.14", "pip", {"pip": ["-e .[course,extra]"]}]},
        {"dependencies": ["python >=3.11,<3.14", "pip", {"pip": ["-e .[course,dev]", "numpy"]}]},
        {"dependencies": ["python >=3.11,<3.14", "pip"]},
    ],
)
def test_a_deviating_environment_yml_is_found(change):
    assert conda_faults(yaml.safe_load(text("environment.yml")) | change, project())


def hook_faults(config, lock):
    """The hooks have the versions of the lock."""
    pins = {pin.name: version_of(pin) for pin, _ in entries(lock)}
    complaints = []
    for repo in config["repos"]:
        name = repo["repo"].rsplit("/", 1)[1].removesuffix("-pre-commit")
        if repo["rev"].removeprefix("v") != pins.get(name):
            complaints.append(f"{name} is {repo['rev']}, in the lock {pins.get(name)}")
    return complaints


def test_hooks_have_the_versions_of_the_lock():
    config, lock = yaml.safe_load(text(".pre-commit-config.yaml")), text("requirements/course.lock")
    assert hook_faults(config, lock) == []
    assert hook_faults(config, lock.replace("\nruff==", "\nruff==9."))
    assert hook_faults(config, lock.replace("\nnbstripout==", "\nnbstripout==9."))


def workflow_faults(workflow, notebooks, project):
    """CI runs every notebook, on Pythons that the project supports, and cannot hang or write."""
    jobs, complaints = workflow["jobs"], []
    if sorted(jobs["notebook"]["strategy"]["matrix"]["notebook"]) != notebooks:
        complaints.append(f"the notebooks are not {notebooks}")
    if workflow["permissions"] != {"contents": "read"} or "permissions" in str(jobs):
        complaints.append("the permissions are not read-only")
    if not workflow["concurrency"]["cancel-in-progress"]:
        complaints.append("an outdated run is not cancelled")
    if not workflow[True].get("schedule"):  # YAML reads the key `on` as true
        complaints.append("there is no weekly run")
    complaints += [f"{name} has no timeout" for name in jobs if "timeout-minutes" not in jobs[name]]
    machines = jobs["unit"]["strategy"]["matrix"]["include"]
    if {m["os"].split("-")[0] for m in machines} != {"ubuntu", "macos", "windows"}:
        complaints.append("a platform is missing")
    pythons = re.findall(r"python(?:-version)?': '([\d.]+)'", str(jobs))
    supported = SpecifierSet(project["requires-python"])
    complaints += [f"Python {p} is not supported" for p in pythons if p not in supported]
    return complaints


def workflow():
    return yaml.safe_load(text(".github/workflows/ci.yml"))


def test_ci_runs_every_notebook():
    assert workflow_faults(workflow(), NOTEBOOKS, project()) == []


def drop(*keys):
    def change(tree):
        for key in keys[:-1]:
            tree = tree[key]
        del tree[keys[-1]]

    return change


@pytest.mark.parametrize(
    "change, complaint",
    [
        (drop("jobs", "notebook", "strategy", "matrix", "notebook", 0), "notebooks"),
        (lambda tree: tree.update(permissions="write-all"), "read-only"),
        (lambda tree: tree["jobs"]["unit"].update(permissions={}), "read-only"),
        (lambda tree: tree["concurrency"].update({"cancel-in-progress": False}), "cancelled"),
        (drop(True, "schedule"), "weekly"),
        (drop("jobs", "unit", "timeout-minutes"), "unit has no timeout"),
        (drop("jobs", "unit", "strategy", "matrix", "include", -1), "platform"),
        (
            lambda tree: tree["jobs"]["notebook"]["steps"][1]["with"].update(
                {"python-version": "3.9"}
            ),
            "3.9",
        ),
    ],
)
def test_a_deviating_workflow_is_found(change, complaint):
    broken = copy.deepcopy(workflow())
    notebooks = sorted(broken["jobs"]["notebook"]["strategy"]["matrix"]["notebook"])
    assert workflow_faults(broken, notebooks, project()) == []
    change(broken)
    assert complaint in " ".join(workflow_faults(broken, notebooks, project()))


@pytest.mark.skipif(os.name == "nt" or not shutil.which("bash"), reason="needs bash")
@pytest.mark.parametrize("furnished", [True, False])
def test_ci_run_hands_over_to_course_py(tmp_path, furnished):
    """With data beside the checkout, a browser and node on the machine, and without all of them."""
    root, data, programs = (tmp_path / name for name in ("a b/checkout", "a b/shared/data", "bin"))
    shutil.copytree(ROOT / ".ci", root / ".ci")
    show = "print(os.getcwd(), *sys.argv, os.getenv('CNNKIT_DATA'), sep='|', flush=True)"
    script = f"import os, sys\n{show}\nsys.exit(3 if 'browser' in sys.argv else 0)\n"
    (root / "course.py").write_text(script, encoding="utf-8")
    programs.mkdir()
    for name in ("bash", "dirname"):
        (programs / name).symlink_to(shutil.which(name))
    (programs / "python3").symlink_to(sys.executable)
    for name in ("chromium", "node") if furnished else ("apt-get",):
        (programs / name).write_text('#!/bin/sh\necho "apt|$*"\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    if furnished:
        data.mkdir(parents=True)
    environment = {k: v for k, v in os.environ.items() if k != "CNNKIT_DATA"} | {"CDPATH": "/"}
    done = subprocess.run(
        [root / ".ci/run"],
        cwd=tmp_path,
        env=environment | {"PATH": str(programs)},
        capture_output=True,
        text=True,
    )
    place = [str(root.resolve()), "course.py", "test"]
    found = str(data.resolve()) if furnished else "None"
    expected = [
        [*place, found],
        [*place, "--lane", "docs", found],
        [*place, "--lane", "browser", "--no-skips", found],
    ]
    if not furnished:
        expected = [["apt", "update"], ["apt", "install -y chromium nodejs"], *expected]
    assert [line.split("|") for line in done.stdout.splitlines()] == expected, done.stderr
    assert done.returncode == 3


def site_faults(workflow):
    """The site is built as on any machine, and only the job that publishes it may write."""
    jobs, complaints = workflow["jobs"], []
    commands = [step.get("run", "") for step in jobs["build"]["steps"]]
    if workflow["permissions"] != {"contents": "read"} or "permissions" in jobs["build"]:
        complaints.append("who builds may write")
    if jobs["publish"]["permissions"] != {"pages": "write", "id-token": "write"}:
        complaints.append("who publishes may do more than that")
    if "run" in str(jobs["publish"]["steps"]) or jobs["publish"]["needs"] != "build":
        complaints.append("who publishes runs something of its own")
    if commands.count("python course.py site") != 1 or "CNNKIT_DATA" in str(workflow):
        complaints.append("the site is not built by course.py, or with photos")
    return complaints


def test_the_site_is_published_with_few_permissions():
    workflow = yaml.safe_load(text(".github/workflows/site.yml"))
    assert site_faults(workflow) == []
    for change in (
        lambda tree: tree.update(permissions="write-all"),
        lambda tree: tree["jobs"]["publish"]["permissions"].update(contents="write"),
        lambda tree: tree["jobs"]["publish"]["steps"].append({"run": "x"}),
        lambda tree: tree["jobs"]["build"].update(env={"CNNKIT_DATA": "x"}),
    ):
        broken = copy.deepcopy(workflow)
        change(broken)
        assert site_faults(broken)


# Texts


def test_licence_names_both_licences():
    licence = text("LICENSE")
    for needed in ("MIT License", "CC BY 4.0", "/licenses/by/4.0/"):
        assert needed in licence
    assert project()["license"] == "MIT AND CC-BY-4.0"
    assert project()["license-files"] == ["LICENSE"]


def test_changelog_knows_the_version():
    version = re.search(r'__version__ = "(.+)"', text("cnnkit/__init__.py"))[1]
    assert re.search(rf"(?m)^## {re.escape(version)} \(", text("CHANGELOG.md"))


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load(text("CITATION.cff"))
    version = re.search(r'__version__ = "(.+)"', text("cnnkit/__init__.py"))[1]
    assert citation["version"] == version and citation["title"].startswith(project()["name"])
    assert text("docs/citing.md").count(version) == 2
    assert " AND ".join(citation["license"]) == project()["license"]


def address_faults(page, address):
    """The repository's address stands in pyproject.toml; texts may only repeat it."""
    found = re.findall(r"https://github\.com/[\w.-]+/cnnkit\b", page)
    return [other for other in found if other != address]


def test_texts_have_the_address_of_pyproject():
    address = project()["urls"]["Repository"]
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md"):
        assert address_faults(text(name), address) == []
    assert address_faults(f"{address} https://github.com/another/cnnkit", address)


# What is in the repository. The patterns are written so that they do not find themselves.

LARGEST = 3_000_000  # bytes
HOSTS = r"(?i)\b(?:pyp[i]\.org|pythonhoste[d]\.org|anacond[a]\.(?:org|com)|npmj[s]\.(?:org|com))\b"
HOMES = r"/hom[e]/\w|/User[s]/\w|(?<![\w.])/roo[t]/|(?i:[a-z]:[\\/]+user[s][\\/])"
PICKLED = {".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth", ".ckpt", ".sav"}


def repository_files():
    """The files of the checkout that git tracks or would; without git, all but the ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
        names = done.stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        patterns = [line.rstrip("/") for line in text(".gitignore").splitlines()] + [".git"]
        names = [str(path.relative_to(ROOT)) for path in walk(ROOT, patterns)]
    return sorted(ROOT / name for name in set(names) if name and (ROOT / name).is_file())


def walk(folder, ignored):
    for path in folder.iterdir():
        if not any(fnmatch.fnmatch(path.name, pattern) for pattern in ignored):
            yield from walk(path, ignored) if path.is_dir() else [path]


def content_faults(name, content):
    """Complaints about one file: its size, stored objects, addresses in its text."""
    complaints = [f"{name} has {len(content):,} bytes"] if len(content) > LARGEST else []
    if Path(name).suffix.lower() in PICKLED or holds_pickle(content):
        complaints.append(f"{name} holds pickled objects")
    try:
        page = content.decode()
    except UnicodeDecodeError:
        return complaints
    for what, pattern in (("a registry's address", HOSTS), ("somebody's home folder", HOMES)):
        complaints += [f"{name} names {what}: {m[0]}" for m in re.finditer(pattern, page)]
    return complaints


def holds_pickle(content):
    """Whether bytes are a pickle, an array of objects, or an archive with one of these inside."""
    if re.match(rb"\x80[\x02-\x05][\s\S]*\.\Z", content):
        return True
    if content.startswith(b"\x93NUMPY"):
        try:
            np.load(io.BytesIO(content), allow_pickle=False)
        except ValueError:
            return True
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inside = [(Path(name).suffix, archive.read(name)) for name in archive.namelist()]
        return any(suffix in PICKLED or holds_pickle(member) for suffix, member in inside)
    return False


def test_repository_holds_nothing_foreign():
    files = repository_files()
    assert ROOT / "pyproject.toml" in files
    complaints = [content_faults(f.relative_to(ROOT).as_posix(), f.read_bytes()) for f in files]
    assert sum(complaints, []) == []


def test_files_are_found_without_git(monkeypatch):
    def no_git(*args, **kwargs):
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "run", no_git)
    names = {path.relative_to(ROOT).as_posix() for path in repository_files()}
    assert {"pyproject.toml", ".ci/run", "tests/course/test_project.py"} <= names
    assert not any(name.startswith((".venv/", ".git/", "build/")) for name in names)


def saved(save, *arrays, **named):
    file = io.BytesIO()
    save(file, *arrays, **named)
    return file.getvalue()


OBJECTS = np.array([None], dtype=object)


@pytest.mark.parametrize(
    "name, content",
    [
        ("big.txt", b"x" * (LARGEST + 1)),
        ("a.pkl", b""),
        ("a.bin", pickle.dumps([1])),
        ("a.npy", saved(np.save, OBJECTS)),
        ("a.npz", saved(np.savez, good=np.ones(2), bad=OBJECTS)),
        ("a.npz", saved(np.savez_compressed, bad=OBJECTS)),
        ("a.py", "/".join(["", "home", "someone", "x"]).encode()),
        ("a.py", "/".join(["", "Users", "someone"]).encode()),
        ("a.py", "/".join(["", "root", "x"]).encode()),
        ("a.py", "\\".join(["C:", "Users", "x"]).encode()),
        ("a.lock", ".".join(["files", "python" + "hosted", "org"]).encode()),
        ("a.md", ("https://" + ".".join(["pypi", "org"])).encode()),
    ],
)
def test_foreign_content_is_found(name, content):
    assert content_faults(name, content)


def test_harmless_content_passes():
    for array in (np.ones(3), np.array(["text"])):
        assert content_faults("a.npy", saved(np.save, array)) == []
        assert content_faults("a.npz", saved(np.savez, array)) == []
    assert content_faults("a.png", b"\x89PNG\r\n\x1a\n\xff") == []
    assert content_faults("a.md", b"~/.cache/cnnkit, C:\\cnnkit, httpx, /tmp") == []
