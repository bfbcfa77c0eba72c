"""course.py, run for real: offline, with packages made here, in folders with difficult names."""

import hashlib
import importlib.metadata
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "docs/template.ipynb"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
BIN = "Scripts" if os.name == "nt" else "bin"
ROOMY = "import shutil, types; shutil.disk_usage = lambda p: types.SimpleNamespace(free=9e9)"
FULL = ROOMY.replace("9e9", "2.5e9")
posix = pytest.mark.skipif(os.name == "nt", reason="about signals and modes of POSIX")


def start(folder, *words, python=sys.executable, first=ROOMY, cwd=None, **variables):
    """Start a checkout's course.py, offline. `first` is Python code that runs before it."""
    kept_out = ("PIP_", "UV_", "CNNKIT_PRO")  # what tests and installers are told
    environment = {k: v for k, v in os.environ.items() if not k.startswith(kept_out)}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}
    environment |= {"PIP_NO_COMPILE": "1"}  # quicker
    environment |= {"UV_CACHE_DIR": str(folder.parent / "uv"), "PYTHONIOENCODING": "utf-8"}
    script = str(folder / "course.py")
    code = f"import runpy, sys; sys.argv = {[script, *words]!r}\n{first}\n"
    return subprocess.Popen(
        [python, "-c", f"{code}runpy.run_path({script!r}, run_name='__main__')"],
        cwd=cwd or folder,
        env=environment | {name: str(value) for name, value in variables.items()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        process_group=None if os.name == "nt" else 0,
    )


def finish(process, timeout=120):
    """Wait for a call, and kill what hangs."""
    try:
        process.stdout, process.stderr = process.communicate(timeout=timeout)
    finally:
        process.kill()
    return process


def call(folder, *words, **options):
    """Call course.py and wait for its end."""
    return finish(start(folder, *words, **options))


def assert_one_line(done, *parts):
    """The call failed with one line on stderr, which says certain things."""
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and done.stderr.endswith("\n"), done.stderr
    assert all(part in done.stderr for part in parts), done.stderr


# Packages and checkouts


def make_wheel(folder, name, *, needs="", **modules):
    """A wheel with a few modules, given by their code, and perhaps a package that it needs."""
    info = f"{name}-1.dist-info"
    files = {f"{name}/{module}.py": code for module, code in modules.items()}
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n"
    files[f"{info}/METADATA"] += f"Requires-Dist: {needs}\n" if needs else ""
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-1-py3-none-any.whl", "w") as archive:
        for file, content in files.items():
            archive.writestr(file, content)


def repack(folder, name):
    """A wheel of what is installed here."""
    installed = importlib.metadata.distribution(name)
    stem = f"{name}-{installed.version}"
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as archive:
        for file in installed.files:
            place = f"{stem}.data/scripts/{file.name}" if file.parts[0] == ".." else str(file)
            if file.suffix != ".pyc":
                archive.write(installed.locate_file(file), place)


KERNEL = """
import json, pathlib, sys
folder = pathlib.Path(sys.prefix, "share/jupyter/kernels", sys.argv[sys.argv.index("--name") + 1])
folder.mkdir(parents=True, exist_ok=True)
(folder / "kernel.json").write_text(json.dumps({"display_name": sys.argv[-1]}))
"""
LAB = """
import json, os, sys, time
import cnnkit
print(json.dumps([sys.argv[1:], os.getcwd(), sys.prefix, dict(os.environ)]), flush=True)
time.sleep(60 if "--wait" in sys.argv else 0)
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """Stand-ins for the course's packages, and setuptools as it is."""
    folder = tmp_path_factory.mktemp("wheels")
    make_wheel(folder, "ipykernel", __init__="", __main__=KERNEL)
    make_wheel(folder, "jupyterlab", __init__="", __main__=LAB, labextensions="")
    repack(folder, "setuptools")
    return folder


QUICK_VENV = """
import os, shutil, subprocess, sys
place, made = sys.argv[1], {!r}
if not os.path.exists(made):
    subprocess.run([sys.executable, "-E", "-m", "venv", *sys.argv[1:]], check=True)
    shutil.copytree(place, made, symlinks=True)
else:
    if "--clear" in sys.argv:
        shutil.rmtree(place, ignore_errors=True)
    if not os.path.exists(place):
        shutil.copytree(made, place, symlinks=True)
"""


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """Variables by which `python -m venv` makes one environment, and then copies of it."""
    folder = tmp_path_factory.mktemp("quick")
    (folder / "venv.py").write_text(QUICK_VENV.format(str(folder / "made")), encoding="utf-8")
    return {"PYTHONPATH": folder}


def make_checkout(folder, wheels):
    """A small checkout whose lock names the wheels."""
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    packages = [package.replace(".", "/") for package in setup["packages"]]
    saved = "requirements/.ipynb_checkpoints"  # JupyterLab leaves it when a lock is saved there
    for name in ("notebooks", "data", saved, *packages):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name in ("course.py", "pyproject.toml", "README.md", "LICENSE", "cnnkit/__init__.py"):
        shutil.copy(ROOT / name, folder / name)
    lines = []
    for wheel in sorted(wheels.glob("*.whl")):
        name, version = wheel.name.split("-")[:2]
        lines.append(
            f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"
        )
    (folder / "requirements/course.lock").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def bare(tmp_path, wheels):
    """A checkout without an installation."""
    return make_checkout(tmp_path / "bare", wheels)


@pytest.fixture(scope="module")
def installed(tmp_path_factory, wheels, quick):
    """A checkout after its first call, and what this call said."""
    folder = make_checkout(tmp_path_factory.mktemp("place") / "der Kürs", wheels)
    places = {"PIP_FIND_LINKS": wheels.as_uri(), **quick}
    done = call(folder, "lab", "--no-browser", "--port", "8899", **places)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout


def stamp_of(folder):
    return json.loads((folder / ".venv/course.json").read_text())


def installers(folder):
    """Who installed the packages."""
    files = (folder / ".venv").glob("**/jupyterlab-1.dist-info/INSTALLER")
    return [file.read_text().strip() for file in files]


# Without an installation


def test_alone_it_prints_the_commands(tmp_path):
    done = call(ROOT, cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == ""
    commands = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")]
    assert commands == ["lab", "run", "site", "test", "format", "bench"]


def test_an_unknown_command_prints_them_too():
    done = call(ROOT, "lap")
    assert done.returncode == 2 and done.stdout == call(ROOT).stdout
    assert done.stderr == "There is no command lap.\n"


def test_another_python_is_told_what_is_needed(bare):
    future = f"{ROOMY}; sys.version_info = (3, 14, 0, 'final', 0)"
    future += "; shutil.which = lambda *a, **k: sys.executable"  # a uv that finds no Python
    simulated = call(bare, "lab", first=future)
    assert_one_line(simulated, "3.11, 3.12 or 3.13 is needed", "this is 3.14", "install one")


@pytest.mark.parametrize("minor", [8, 9, 10, 14, 15])
def test_a_python_too_old_or_too_new_is_told_too(bare, minor):
    python = shutil.which(f"python3.{minor}")
    code = "import sys, venv, ensurepip; sys.exit(sys.version_info[1])"
    if not python or subprocess.run([python, "-c", code], capture_output=True).returncode != minor:
        pytest.skip(f"no working Python 3.{minor} on this machine")
    assert call(bare, python=python).stdout == call(bare).stdout
    real = call(bare, "lab", python=python, PATH="")
    assert_one_line(real, "3.11, 3.12 or 3.13 is needed", f"this is 3.{minor}")


@pytest.mark.parametrize(
    "code",
    [
        "print('because ensurepip is not\\navailable'); raise SystemExit(1)",
        "raise SystemExit('No module named venv')",
    ],
)
def test_a_python_without_venv(bare, tmp_path, code):
    (tmp_path / "venv.py").write_text(code, encoding="utf-8")
    done = call(bare, "lab", PYTHONPATH=tmp_path)
    assert_one_line(done, "lacks venv", "apt install python3-venv")


def test_too_little_disk(bare):
    assert_one_line(call(bare, "test", first=FULL), "About 4 GB", "2.5 GB are free", "make room")
    assert not (bare / ".venv").exists()


def test_a_disk_that_fills_up(bare, tmp_path):
    (tmp_path / "venv.py").write_text("raise OSError(28, 'No space left on device')", "utf-8")
    assert_one_line(call(bare, "lab", PYTHONPATH=tmp_path), "The disk is full")


def test_a_simulated_read_only_checkout(bare):
    refuse = "def refuse(*a, **k): raise OSError(30, 'Read-only file system')\n"
    first = f"{refuse}import pathlib; pathlib.Path.mkdir = refuse"
    assert_one_line(call(bare, "lab", first=first), "read-only", "copy")


@posix
@pytest.mark.skipif(os.name != "nt" and os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_checkout(bare):
    bare.chmod(0o555)
    done = call(bare, "lab")
    bare.chmod(0o755)
    assert_one_line(done, "read-only", "copy")


@posix
@pytest.mark.parametrize("command", ["lab", "run"])
def test_a_home_where_nothing_can_be_written(bare, tmp_path, command):
    done = call(bare, command, HOME=tmp_path / "missing")
    assert_one_line(done, f"home folder, {tmp_path / 'missing'}", "set HOME")
    assert not (bare / ".venv").exists()


# The installation


def test_the_first_call_installs(installed):
    folder, said = installed
    assert said.startswith("Preparing .venv: about a minute and 3 GB.")
    assert "uv: failed" in said and installers(folder) == ["pip"]
    stamp = stamp_of(folder)
    assert stamp["root"] == str(folder) and stamp["python"] == "{}.{}".format(*sys.version_info)
    kernel = folder / ".venv/share/jupyter/kernels/python3/kernel.json"
    assert json.loads(kernel.read_text()) == {"display_name": "Python 3 (cnnkit)"}


def test_lab_hands_over_to_jupyterlab(installed):
    folder, said = installed
    words, cwd, prefix, environment = json.loads(said.splitlines()[-1])
    assert words[-3:] == ["--no-browser", "--port", "8899"]
    assert f"--ServerApp.root_dir={folder / 'my_notebooks'}" in words
    assert "--LabApp.default_url=/lab/tree/00_start.ipynb" in words
    assert cwd == str(folder / "my_notebooks") and prefix == str(folder / ".venv")
    assert not {"CNNKIT_PROOFS", "CNNKIT_PROGRESS"} & set(environment)
    assert environment["JUPYTER_PREFER_ENV_PATH"] == "1"
    assert environment["PATH"].startswith(str(folder / ".venv" / BIN))
    root = os.name != "nt" and os.geteuid() == 0
    assert ("--allow-root" in words) == root


def test_the_second_call_starts_at_once(installed, tmp_path):
    folder, _ = installed
    before = stamp_of(folder)
    done = call(folder, "lab", first=FULL, cwd=tmp_path, CNNKIT_DATA="my data")
    assert done.returncode == 0 and done.stdout.count("\n") == 1  # only JupyterLab's
    assert stamp_of(folder) == before
    assert json.loads(done.stdout)[3]["CNNKIT_DATA"] == str(tmp_path / "my data")


WRITE_PROTECTED = """
import pathlib
mkdir = pathlib.Path.mkdir
def refuse(path, *words, **options):
    if str(path).startswith({!r}):
        raise OSError(30, "Read-only file system")
    mkdir(path, *words, **options)
pathlib.Path.mkdir = refuse
"""


def test_a_checkout_that_another_has_prepared_needs_no_writing(installed, tmp_path):
    folder, home = installed[0], tmp_path
    mine = folder / "my_notebooks"
    mine.rename(folder / "put away")
    protected = WRITE_PROTECTED.format(str(folder))
    done = call(folder, "lab", first=protected, HOME=home, USERPROFILE=home)
    (folder / "put away").rename(mine)
    said, jupyterlab = done.stdout.splitlines()
    copies = home / "cnnkit_notebooks"
    assert said == f"{mine} is not yours to write in: your notebooks are in {copies}."
    words, cwd, prefix, _ = json.loads(jupyterlab)
    assert f"--ServerApp.root_dir={copies}" in words
    assert cwd == str(copies) and prefix == str(folder / ".venv")


def test_packages_that_cannot_be_had(bare, quick):
    lock = f"ipykernel==2 --hash=sha256:{64 * '0'}\n"
    (bare / "requirements/course.lock").write_text(lock, encoding="utf-8")
    done = call(bare, "lab", **quick)
    assert_one_line(done, "requirement ipykernel==2")
    assert stamp_of(bare)["digest"] == ""


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


# What a shell starts with `&` is deaf to Ctrl-C, and so would be what it starts in turn.
LISTENING = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_lab_is_stopped_quietly(installed, number):
    folder, _ = installed
    process = start(folder, "lab", "--wait", first=f"{ROOMY}\n{LISTENING}")
    assert process.stdout.readline().startswith("[")  # JupyterLab runs
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # what Ctrl-C does
    else:
        process.send_signal(number)
    done = finish(process, 30)  # its output is closed: JupyterLab, which waits longer, has ended
    assert done.returncode != 0 and "course.py" not in done.stderr


SLOW_PIP = """
import os, pathlib, time
pathlib.Path(os.environ["BLOCK"]).touch()
time.sleep(60)
"""


@posix
@pytest.mark.usefixtures("slow_proof")
def test_an_interrupted_installation_is_repaired(installed, wheels, quick, tmp_path):
    folder, _ = installed
    with (folder / "requirements/course.lock").open("a") as lock:
        lock.write("# changed\n")
    old, block = folder / ".venv/old", tmp_path / "block"
    old.touch()
    (tmp_path / "pip.py").write_text(SLOW_PIP, encoding="utf-8")
    (tmp_path / "venv.py").touch()  # quick, and enough where nothing is to be mended
    process = start(folder, "lab", PYTHONPATH=tmp_path, BLOCK=block)
    wait_for(block.exists)
    assert old.exists()  # a changed lock is no reason to make everything anew
    os.killpg(process.pid, signal.SIGKILL)
    assert finish(process).stdout.startswith("Preparing .venv: only what has changed.")
    (module,) = (folder / ".venv").glob("**/jupyterlab/__main__.py")
    module.unlink()  # as if it had not been copied yet
    done = call(folder, "lab", PIP_FIND_LINKS=wheels.as_uri(), **quick)
    assert done.returncode == 0 and json.loads(done.stdout.splitlines()[-1]), done.stderr
    assert not old.exists() and module.exists()


@pytest.mark.usefixtures("slow_proof")
def test_a_moved_checkout_is_repaired_with_uv(installed, wheels, tmp_path):
    folder = tmp_path / "a b/moved"
    shutil.copytree(installed[0], folder, symlinks=True)
    try:
        repack(tmp_path, "uv")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("this environment was made without uv")
    links = f"{wheels.as_uri()} {tmp_path.as_uri()}"
    places = {"PIP_FIND_LINKS": links, "UV_FIND_LINKS": wheels.as_uri()}
    both = [start(folder, "lab", **places) for _ in range(2)]  # two at the same time
    said = [finish(process).stdout for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("kernel: done" in text for text in said) == 1
    assert sum("waiting until it is done" in text for text in said) == 1
    assert installers(folder) == ["uv"] and stamp_of(folder)["root"] == str(folder)
    assert all(json.loads(text.splitlines()[-1])[2] == str(folder / ".venv") for text in said)


# The commands, in this environment


@pytest.fixture
def course(fresh_course, tmp_path, monkeypatch):
    """course.py as a module, for a checkout under tmp_path and with this environment's Python."""
    module = fresh_course
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "prepare", lambda name=".venv": Path(sys.executable))
    monkeypatch.chdir(tmp_path)
    for name in ("JUPYTER_PREFER_ENV_PATH", "PIP_USER", *module.CHECKING):
        monkeypatch.setenv(name, "")  # so that they are put back
    # jsonschema does without this module, which takes two seconds of each start of Jupyter.
    (tmp_path / ".quick").mkdir()
    (tmp_path / ".quick/rfc3987_syntax.py").write_text("raise ImportError\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / ".quick"))
    handler = signal.getsignal(signal.SIGTERM)
    (tmp_path / "notebooks").mkdir()
    yield module
    signal.signal(signal.SIGTERM, handler)


def write_notebook(path, *sources, tags=()):
    """A notebook with code cells, or text cells where the source begins with "!"."""
    new = nbformat.v4
    cells = [
        new.new_markdown_cell(source)
        if source.startswith(("#", "!"))
        else new.new_code_cell(source)
        for source in sources
    ]
    cells[-1].metadata["tags"] = list(tags)
    nbformat.write(new.new_notebook(cells=cells), path)
    return path.read_bytes()


@pytest.mark.usefixtures("slow_proof")
def test_run_leaves_pages_and_finds_failures(course, tmp_path, capsys):
    books = tmp_path / "notebooks"
    shutil.copytree(ROOT / "docs/pages", tmp_path / "docs/pages")
    (books / "images").mkdir()
    (books / "images/dot.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", "utf-8")
    good = (
        "# A & B\n$$a$$ ![dot](images/dot.svg) [on](02_bad.ipynb)",
        f"import os; print('cwd', os.getcwd(), *map(os.environ.get, {list(course.CHECKING)}))",
        "1 / 0",
    )
    sources = {
        "01_good": write_notebook(books / "01_good.ipynb", *good, tags=["raises-exception"]),
        "02_bad": write_notebook(books / "02_bad.ipynb", "1 / 0", "print('went on')"),
        "03_dead": write_notebook(books / "03_dead.ipynb", "import os; os._exit(1)"),
    }
    write_notebook(books / "01b_other.ipynb", "1 / 0")  # a number is not the start of another one
    assert [path.stem for path in course.find_notebooks(["1b"])] == ["01b_other"]
    assert course.main("run", "1", "02_b", "03") == 1
    pages = tmp_path / "build/course"
    first, *between, last = capsys.readouterr().out.splitlines()
    assert first.startswith("Executing 01_good, 02_bad, 03_dead: ")
    assert last == f"The pages: {pages / 'index.html'}"
    lines = dict(line.split(": ", 1) for line in between)
    assert set(lines) == set(sources)
    assert lines["01_good"].startswith("ok, ")
    assert lines["02_bad"].startswith("FAILED with ZeroDivisionError: division by zero, ")
    assert "FAILED with" in lines["03_dead"] and "died" in lines["03_dead"].lower()
    text = {path.stem: path.read_text(encoding="utf-8") for path in pages.glob("*.html")}
    assert set(text) == {*sources, "index"}
    assert f"cwd {books} strict off" in text["01_good"] and "data:image/svg" in text["01_good"]
    assert 'href="02_bad.html"' in text["01_good"]
    assert "went on" in text["02_bad"]
    assert all(f'href="{name}.html"' in text["index"] for name in sources)
    assert "division by zero" in text["index"] and ">A &amp; B</a>" in text["index"]
    assert "<title>A &amp; B</title>" in text["01_good"]
    scripts = re.findall(r'<script[^>]*src="([^"]*)"', text["01_good"])
    assert scripts == ["mathjax/tex-svg-full.js"] and (pages / scripts[0]).is_file()
    for page in text.values():  # nothing is fetched from another host
        assert "<html lang=" in page and "<title>" in page
        assert not re.search(r'(src="|url\(|import\(|<link[^>]*href=")["\']?(https?:)?//', page)
    assert all((books / f"{n}.ipynb").read_bytes() == content for n, content in sources.items())
    with pytest.raises(SystemExit, match="No notebook begins with 09"):
        course.main("run", "9")


@pytest.mark.usefixtures("slow_proof")
def test_test_checks_everything_and_ends_with_the_summary(course, tmp_path, capfd, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("PYTEST_", "COV_"))]:
        monkeypatch.delenv(name)
    (tmp_path / "tests").mkdir()
    passes = 'import os\n\n\ndef test_a():\n    assert "CNNKIT_PROOFS" in os.environ\n'
    (tmp_path / "tests/test_a.py").write_text(passes, encoding="utf-8")
    for name in ("notebooks/01_a", "docs/template", "docs/explorer/b"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write_notebook(tmp_path / f"{name}.ipynb", "a = 1")
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n", encoding="utf-8")
    (tmp_path / "bad.py").write_text("import os\n", encoding="utf-8")
    assert course.main("test", "-v") != 0
    lines = capfd.readouterr().out.splitlines()
    assert "4 passed" in lines[-1] and any(line.startswith("ruff failed") for line in lines)
    for said in ("F401", "notebooks/01_a::ipynb", "docs/template::ipynb", "docs/explorer/b::ipynb"):
        assert any(said in line for line in lines), said
    (tmp_path / "bad.py").unlink()
    assert course.main("test", "tests/test_a.py::test_a", "-n", "0") == 0
    assert "1 passed" in capfd.readouterr().out.splitlines()[-1]


SAYS = """
import importlib.metadata, json, os, sys
names = {d.name for d in importlib.metadata.distributions()}
extra = sorted(names & {"jaxlike", "strict"})
print(json.dumps([sys.argv[1:], os.environ["KERAS_BACKEND"], extra, sys.prefix]))
"""


@pytest.mark.usefixtures("slow_proof")
def test_another_backend_has_an_environment_and_packages_of_its_own(tmp_path, wheels, quick):
    own = Path(shutil.copytree(wheels, tmp_path / "wheels"))
    for name in ("pytest", "ruff"):
        make_wheel(own, name, __init__="", __main__=SAYS if name == "pytest" else "")
    folder = make_checkout(tmp_path / "course", own)
    make_wheel(own, "jaxlike", __init__="")  # named by the second file only
    (folder / "requirements/jax.txt").write_text("jaxlike==1\n", encoding="utf-8")
    make_wheel(own, "strict", needs="what-nobody-has", __init__="")
    (folder / "requirements/jax-alone.txt").write_text("strict==1\n", encoding="utf-8")
    words = ("test", "--backend", "jax", "-k", "a b")
    variables = {"PIP_FIND_LINKS": own.as_uri(), "KERAS_BACKEND": "torch", **quick}
    done = call(folder, *words, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    asked, backend, extra, prefix = json.loads(done.stdout.splitlines()[-1])
    assert asked[-4:] == ["tests/layers", "tests/reference", "-k", "a b"]
    assert (backend, extra, Path(prefix).name) == ("jax", ["jaxlike", "strict"], ".venv-jax")
    assert not (folder / ".venv").exists()


@pytest.mark.parametrize("option", ["--backend", "--lane"])
def test_an_unknown_backend_or_lane_is_named(course, option, capsys):
    with pytest.raises(SystemExit, match="2"):
        course.main("test", option, "mxnet")
    assert "choose from" in (said := capsys.readouterr().err) and "mxnet" in said


def ci_commands(workflow):
    """What CI has course.py do, as lists of words, on all its machines."""
    for job in workflow["jobs"].values():
        matrix = job.get("strategy", {}).get("matrix", {})
        rows = itertools.product(*matrix.values())
        rows = matrix.get("include") or [dict(zip(matrix, row, strict=True)) for row in rows]
        for row in rows:
            for step in job["steps"]:
                line = step.get("run", "")
                for key, value in row.items():
                    line = line.replace(f"${{{{ matrix.{key} }}}}", value)
                if "course.py " in line:
                    yield line.split("course.py ")[1].split()


@pytest.fixture
def ci_runs(course, monkeypatch):
    """A function from a workflow to each notebook's runs: whether these may download."""
    monkeypatch.setattr(course, "ROOT", ROOT)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")  # so that it is put back
    calls = []
    monkeypatch.setattr(course, "call", lambda *words, **options: calls.append(words) or 0)

    def ci_runs(workflow):
        calls.clear()
        for words in ci_commands(workflow):
            course.main(*words)
        tests = [set(words) for words in calls if "pytest" in words]
        runs = {}
        for path in (TEMPLATE, *NOTEBOOKS):
            asked = {path.relative_to(ROOT).as_posix(), path.parent.name}
            runs[path.name] = sorted("--online" in words for words in tests if asked & words)
        return runs

    return ci_runs


def test_ci_runs_each_notebook_twice_a_push_and_once_with_network(ci_runs):
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    assert all(online == [False, True] for online in ci_runs(workflow).values())
    workflow["jobs"]["unit"]["steps"][-1]["run"] = "python course.py test"  # on four machines
    assert all(len(online) == 6 for online in ci_runs(workflow).values())


def test_two_environments_at_once_are_refused(course, capsys):
    with pytest.raises(SystemExit, match="2"):
        course.main("test", "--lane", "browser", "--colab")
    assert "not allowed with" in capsys.readouterr().err


def test_a_lane_has_an_environment_and_tests_of_its_own(course, monkeypatch):
    prepared, called = [], []
    monkeypatch.setattr(course, "prepare", lambda name: prepared.append(name) or "python")
    monkeypatch.setattr(course, "call", lambda *words: called.append(words) or 0)
    assert course.main("test", "--lane", "browser", "-k", "a b") == 0
    assert prepared == [".venv-browser"]
    assert called[-1][-3:] == ("tests/course/browser", "-k", "a b")
    assert all((ROOT / path).is_dir() for paths in course.LANES.values() for path in paths)


COLAB = "https://colab.research.google.com/github/{}/blob/main/{}.ipynb"


def test_format_carries_the_address(course, tmp_path):
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "1"\n\n[project.urls]\n'
        'Repository = "https://github.com/Jane-D/cnn.kit"\n',
        encoding="utf-8",
    )
    link_to = "[Open in Colab]({})"
    book = tmp_path / "notebooks/02_ü.ipynb"
    title = f"# Übung\n\n{link_to.format(COLAB.format('OWNER/cnnkit', 'notebooks/01_old'))}\n"
    link = f"!go [on]({COLAB.format('OWNER/cnnkit', 'notebooks/03_next')})"
    write_notebook(book, title, link, "1 / 0", tags=["setup"])
    content = nbformat.read(book, 4)
    content.metadata["kernelspec"] = {"name": "other", "display_name": "x"}
    content.cells[2].outputs = [nbformat.v4.new_output("stream", text="1\n")]
    content.cells[2].execution_count = 7
    nbformat.write(content, book)
    template = tmp_path / "docs/template.ipynb"
    template.parent.mkdir()
    setup = 'repository = "https://github.com/OLD/x"\nprint( "ä")'
    write_notebook(template, title, setup, tags=["setup"])
    readme = tmp_path / "README.md"
    plain = "git clone https://github.com/OWNER/cnnkit and https://github.com/keras-team/keras"
    lack = "<!-- no address yet -->\nOWNER\n<!-- end of: no address yet -->\n\n"
    readme.write_text(
        f"{lack}{link_to.format(COLAB.format('OWNER/cnnkit', 'notebooks/01_a'))}\n{plain}\n",
        "utf-8",
    )
    assert course.main("format") == 0
    first = {path: path.read_bytes() for path in (book, template, readme)}
    assert course.main("format") == 0
    assert first == {path: path.read_bytes() for path in (book, template, readme)}
    page = readme.read_text(encoding="utf-8")
    assert COLAB.format("Jane-D/cnn.kit", "notebooks/01_a") in page and "keras-team/keras" in page
    assert "clone https://github.com/Jane-D/cnn.kit and" in page and "OWNER" not in page
    after = nbformat.read(book, 4)
    assert COLAB.format("Jane-D/cnn.kit", "notebooks/02_ü") in after.cells[0].source
    own = COLAB.format("Jane-D/cnn.kit", "docs/template")
    assert own in nbformat.read(template, 4).cells[0].source
    assert COLAB.format("Jane-D/cnn.kit", "notebooks/03_next") in after.cells[1].source
    assert after.cells[2].source == 'repository = "https://github.com/Jane-D/cnn.kit"\nprint("ä")'
    assert after.cells[2].outputs == [] and after.cells[2].execution_count is None
    assert [cell.id for cell in after.cells] == [cell.id for cell in content.cells]
    assert after.metadata == nbformat.read(ROOT / "docs/template.ipynb", 4).metadata
    assert first[book].decode() == nbformat.writes(after) + "\n"


def test_bench_runs_every_script_in_its_environment(course, tmp_path, monkeypatch, capfd):
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench/a.py").write_text("print('a'); raise SystemExit(3)", encoding="utf-8")
    (tmp_path / "bench/b.py").write_text("print('b')", encoding="utf-8")
    asked = []
    monkeypatch.setattr(course, "prepare", lambda name: asked.append(name) or sys.executable)
    assert course.main("bench") == 3
    assert capfd.readouterr().out.split() == ["a", "b"] and asked == [".venv-bench"]


@pytest.mark.parametrize(
    "said, line",
    [
        ("x\nERROR: no such thing\nnotice", "ERROR: no such thing"),
        ("a.b.SomeError: bad\n\n", "a.b.SomeError: bad"),
        ("one\ntwo\n", "two"),
        ("", ""),
        (
            "error: x\nOSError: [Errno 122] Disk quota exceeded",
            "The disk is full: make room and try again.",
        ),
        ("error sending request for url", "The packages need a connection: try again online."),
    ],
)
def test_one_line_explains_an_error(course, said, line):
    assert course.explain(said) == line
