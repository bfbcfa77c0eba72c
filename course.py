"""The course: python3 course.py COMMAND, or on Windows py course.py COMMAND.
The first call fetches the packages into .venv: about a minute and 3 GB.
  lab [ARGS]    open your copies of the notebooks in JupyterLab; ARGS go to JupyterLab
  run [NAMES]   execute all notebooks, or e.g. 07; their pages go to build/course/
  site [NAMES]  build the site of them in build/site/; with --epub an e-book, in build/epub/
  test [ARGS]   check everything; --colab, --backend jax or torch: with those; ARGS go to pytest
  format        format the code, strip the notebooks, refresh their addresses
  bench         run the comparisons of bench/ in an environment of their own
test --lane browser: notebooks in JupyterLab, and the site, in a real browser (Chromium or Chrome),
instead; test --lane docs: the site, a part of which is built"""

import argparse
import contextlib
import hashlib
import html
import itertools
import json
import os
import re
import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from string import Template
from subprocess import DEVNULL, PIPE, STDOUT, Popen, run
from tempfile import TemporaryFile

ROOT = Path(__file__).resolve().parent
FOUND = f"{sys.version_info[0]}.{sys.version_info[1]}"
SUPPORTED = ("3.11", "3.12", "3.13")
PYTHON = FOUND if FOUND in SUPPORTED else "3.12"  # the latter with the help of uv
BASE_PYTHON = getattr(sys, "_base_executable", sys.executable)  # outside of environments
TESTS = ["notebooks", "docs/template.ipynb", "docs/explorer", "tests"]  # the long ones first
BACKEND_TESTS = ["tests/layers", "tests/reference"]  # what works on every backend of Keras
LANES = {  # what `test` leaves out, each with its .venv-LANE
    "browser": ["tests/course/browser"],
    "docs": ["tests/course/site"],
}
PYTEST_OPTIONS = [
    *("--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=300"),
    *("-n", "2", "--dist", "loadfile"),
    "--no-loadscope-reorder",  # else slow files with few tests come last, one by one
]
CHECKING = {"CNNKIT_PROOFS": "strict", "CNNKIT_PROGRESS": "off"}  # for `test` and `run`
CAPTURE = dict(stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, encoding="utf-8", errors="replace")
HINTS = {
    r"No space left|quota exceeded|WinError 112": "The disk is full: make room and try again.",
    r"Read-only file|Permission denied|WinError 5\b": (
        "This folder is read-only: work in a copy, or let its owner run this first."
    ),
    r"ensurepip|named '?venv": "This Python lacks venv: sudo apt install python3-venv, or alike.",
    r"dns error|sending request|NewConnection": "The packages need a connection: try again online.",
}


def explain(text):
    """The line that matters in what a failed step, program or system call said."""
    for pattern, hint in HINTS.items():
        if re.search(pattern, text):
            return hint
    error = re.search(r"\S*error: .*", text, re.I)
    return error[0] if error else text.strip().split("\n")[-1]


# The environments: .venv, and for the options of `test` and for `bench` .venv-NAME


def python_of(venv):
    """The Python in an environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def prepare(name=".venv"):
    """Make sure that an environment is complete, activate it, and return its Python."""
    venv = ROOT / name
    if not is_complete(venv):
        stamp = stamp_of(venv)
        changes = stamp and can_be_mended(stamp)
        cost = "only what has changed" if changes else "about a minute and 3 GB"
        print(f"Preparing {name}: {cost}.")
        (ROOT / "build").mkdir(exist_ok=True)
        with locked(ROOT / "build/lock"):
            if not is_complete(venv):  # another process may just have installed everything
                install(venv)
    python = python_of(venv)
    os.environ["PATH"] = f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return python


@contextlib.contextmanager
def locked(path):
    """Wait until no other process holds the lock on a file, and hold it meanwhile.

    The system frees it, however we end. An installer inherits it, and keeps it if it outlives us.
    """
    with path.open("w") as file:
        os.set_inheritable(file.fileno(), True)
        if not take_lock(file):
            print("Another course.py is preparing an environment: waiting until it is done ...")
            while not take_lock(file):
                time.sleep(0.5)
        yield


def take_lock(file):
    """Take the lock on a file, unless another process holds it; was it free?"""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True  # some network drives have no locks
    return True


def complete_stamp():
    """The stamp that a complete installation leaves: for which folder, Python and packages."""
    files = [file for end in ("lock", "txt") for file in ROOT.glob(f"requirements/*.{end}")]
    files.append(ROOT / "pyproject.toml")
    contents = b"".join(file.read_bytes() for file in sorted(files))
    digest = hashlib.sha256(contents).hexdigest()
    return {"root": str(ROOT), "python": PYTHON, "digest": digest}


def stamp_of(venv):
    """The stamp in an environment: its digest is empty if packages may be half written.

    There is none, {}, where there is no environment, or one that somebody made by hand.
    """
    if python_of(venv).exists():
        with contextlib.suppress(OSError, ValueError):
            return json.loads((venv / "course.json").read_text())
    return {}


def is_complete(venv):
    """Whether an environment holds all that this checkout wants, of the same versions."""
    return stamp_of(venv) == complete_stamp()


def can_be_mended(stamp):
    """Whether an installation can go on from what is there, instead of from nothing.

    Not with packages half written, which look installed, and not in another folder or with
    another Python, whose paths stand in the scripts of an environment.
    """
    same_place = {**stamp, "digest": ""} == {**complete_stamp(), "digest": ""}
    return not stamp or (stamp.get("digest") and same_place)


def requirements_of(venv):
    """What to install into .venv-NAME: its own lock or the course's, NAME.txt, NAME-alone.txt.

    The last is for packages whose own demands would undo the lock: they come without them.
    """
    folder, name = ROOT / "requirements", venv.name[len(".venv-") :] or "course"
    lock, more, alone = (folder / f"{name}{end}" for end in (".lock", ".txt", "-alone.txt"))
    if not lock.exists():
        lock = folder / "course.lock"
    return lock, more, alone


def install(venv):
    """Install everything into an environment: the lock, the project, what else it needs."""
    stamp, file = stamp_of(venv), venv / "course.json"
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < 4 and not stamp.get("digest"):
        sys.exit(f"About 4 GB of disk are needed, {free:.1f} GB are free: make room and try again.")
    make(venv, mend=can_be_mended(stamp))
    file.write_text(json.dumps({**complete_stamp(), "digest": ""}))
    install_packages(python_of(venv), *requirements_of(venv))
    set_up_jupyter(python_of(venv))
    file.write_text(json.dumps(complete_stamp()))


def make(venv, mend):
    """Make an environment anew, or mend the one that is there."""
    if FOUND != PYTHON:
        make_with_uv(venv)
        return
    command = [BASE_PYTHON, "-m", "venv", venv]
    anew = [*command, "--clear"]
    if mend and python_of(venv).exists():
        step(venv.name, command, anew)
    else:
        step(venv.name, anew)


def make_with_uv(venv):
    """Make an environment with a Python that uv finds or fetches, for ours is not supported."""
    uv = shutil.which("uv")
    if not uv:
        own = ROOT / "build/uv"
        if attempt("a place for uv", [BASE_PYTHON, "-m", "venv", own]):
            attempt("uv", [python_of(own), "-m", "pip", "install", "uv"])
        uv = shutil.which("uv", path=str(python_of(own).parent))
    command = [uv, "venv", "--clear", "--seed", "--python", PYTHON, venv]
    if not uv or not attempt(venv.name, command):
        sys.exit(f"Python 3.11, 3.12 or 3.13 is needed, this is {FOUND}: install one and use it.")


def install_packages(python, lock, more, alone):
    """Install with uv, or with pip, which is slower, where uv cannot be had."""
    pip = [python, "-m", "pip", "install"]
    uv = [python, "-m", "uv", "pip", "install", "--compile-bytecode", "--python", python]
    pinned = re.search(r"^uv==[^\s;\\]+", lock.read_text(encoding="utf-8"), re.M)
    attempt("uv", [*pip, "--retries", "1", pinned[0] if pinned else "uv"])
    locked_ones = ["--require-hashes", "-r", lock]
    step(lock.name, [*uv, *locked_ones], [*pip, *locked_ones])
    project = ["--no-deps", "--no-build-isolation", "-e", ROOT]
    step(ROOT.name, [*uv, *project], [*pip, *project])
    if more.exists():  # pip alone reads the settings that name a place with smaller builds
        step(more.name, [*pip, "-r", more])
    if alone.exists():
        step(alone.name, [*pip, "--no-deps", "-r", alone])


def set_up_jupyter(python):
    """Give the kernel its name, and keep JupyterLab from asking whether it may fetch its news."""
    kernel = ["install", "--sys-prefix", "--name", "python3"]
    kernel += ["--display-name", "Python 3 (cnnkit)"]
    step("kernel", [python, "-m", "ipykernel", *kernel])
    news = "@jupyterlab/apputils-extension:announcements"
    attempt("news off", [python, "-m", "jupyterlab.labextensions", "disable", news])


def step(name, *commands):
    """Do a part of the installation in the first way that works, or end with what went wrong."""
    if not any(attempt(name, command) for command in commands):
        sys.exit(explain((ROOT / "build/install.log").read_text(encoding="utf-8")))


def attempt(name, command):
    """Run a command of the installation, leave in install.log what it says; did it work?"""
    begin, said = time.time(), ""
    print(f"  {name} ...", end="\r")
    # The lock must stay open in the child: see `locked`.
    with Popen([str(word) for word in command], close_fds=False, **CAPTURE) as child:
        for line in child.stdout:
            said += line
            if sys.stdout.isatty():
                print(f"  {name}: {line.strip()[:60]:60}", end="\r")
    works = child.returncode == 0
    print(f"  {name}: {'done' if works else 'failed'}, {time.time() - begin:.0f} s{'':60}")
    (ROOT / "build/install.log").write_text(said, encoding="utf-8")
    return works


# The student's copies of the notebooks. A notebook changes as soon as one looks at it, since
# JupyterLab saves it in its own way; an update of the course could not be fetched over that.


def find_students_folder():
    """Where the copies lie: beside the course's notebooks or, where that cannot be, at home.

    It cannot be in a folder of somebody else's, even if we may write there: two would work on the
    same copies.
    """
    beside, at_home = ROOT / "my_notebooks", Path.home() / "cnnkit_notebooks"
    with contextlib.suppress(OSError):
        beside.mkdir(exist_ok=True)
        with TemporaryFile(dir=beside) as ours:
            if os.fstat(ours.fileno()).st_uid == beside.stat().st_uid:
                return beside
    why = "a file" if beside.is_file() else "not yours to write in"
    print(f"{beside} is {why}: your notebooks are in {at_home}.")
    at_home.mkdir(exist_ok=True)
    return at_home


def hand_out(folder):
    """Copy to the student what is new in the course, and never over what they have changed.

    The file .editions.json remembers which edition was put where.
    """
    course, record, editions = ROOT / "notebooks", folder / ".editions.json", {}
    with contextlib.suppress(OSError, ValueError, TypeError, RecursionError):
        editions = dict(json.loads(record.read_text(encoding="utf-8")))
    for file in sorted(course.glob("**/*")):
        name = file.relative_to(course)
        if file.is_file() and not any(part.startswith(".") for part in name.parts):
            try:
                bring(file, folder, name, editions)
            except OSError as error:
                print(f"{name} is not brought up to date: {explain(str(error))}")
    try:
        record.write_text(json.dumps(editions, indent=1), encoding="utf-8")
    except OSError as error:
        print(f"{record} cannot be written: {explain(str(error))}")


def bring(file, folder, name, editions):
    """Put a file of the course into the student's folder, or beside what they made of it there."""
    edition = edition_of(file)
    if not edition:
        print(f"{file} cannot be read as a notebook: it is left out.")
        return
    for place in places_for(name):
        copy, put = folder / place, editions.get(place.as_posix())
        state = state_of(copy, edition, put, comes_back=place == name)
        if state != "theirs":
            break
    if state == "unreadable":
        print(f"{copy} cannot be read as a notebook: it stays. For a fresh one, rename it.")
        return
    if state == "free":
        put_into(folder, place, file)
        if place != name:
            print(f"You have changed {name}: it stays, and its new edition is {place.name}.")
    editions[place.as_posix()] = edition


def state_of(copy, edition, put, comes_back):
    """What a place in the student's folder is to an edition, where another one was put before.

    "has it": it holds this edition, or what the student made of it. Or they threw it away: it comes
    back under its own name only. "free": nothing is there, or what was put there before, unchanged.
    "theirs": something else, as any folder or link is. "unreadable": no notebook.
    """
    if not os.path.lexists(copy):
        return "free" if comes_back or put != edition else "has it"
    if copy.is_symlink() or not copy.is_file():
        return "has it" if put == edition else "theirs"
    found = edition_of(copy)
    if not found:
        return "unreadable"
    if edition in (found, put):
        return "has it"
    return "free" if found == put else "theirs"


def put_into(folder, place, file):
    """Copy a file of the course to a place in the student's folder."""
    copy = folder / place
    part = copy.with_name(f".{copy.name}.{os.getpid()}")  # so that no half of it is left
    copy.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(file, part)
        if copy.exists():
            keep(folder, place)
        part.replace(copy)
    finally:
        part.unlink(missing_ok=True)


def keep(folder, place):
    """Move aside what is to be replaced: it may hold outputs, or work done in notebooks/ itself."""
    kept, number = folder / ".replaced" / place, 1
    while os.path.lexists(kept):
        number += 1
        kept = kept.with_stem(f"{place.stem} ({number})")
    kept.parent.mkdir(parents=True, exist_ok=True)
    (folder / place).rename(kept)
    print(f"{place} has a new edition; yours is kept as {kept.relative_to(folder)}.")


def places_for(name):
    """Where to put a file: under its name, else beside it, under one that no other edition has."""
    yield name
    yield name.with_stem(f"{name.stem} (new edition)")
    for number in itertools.count(2):
        yield name.with_stem(f"{name.stem} (new edition {number})")


def edition_of(file):
    """A digest of a file, of a notebook that of its cells' text, which JupyterLab leaves alone.

    None of a notebook that cannot be read.
    """
    content = file.read_bytes()
    if file.suffix == ".ipynb":
        try:
            cells = json.loads(content)["cells"]
            cells = [(cell["cell_type"], "".join(cell["source"]).strip()) for cell in cells]
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        # Shift+Enter in the last cell adds an empty one.
        content = json.dumps([cell for cell in cells if cell[1]]).encode()
    return hashlib.sha256(content).hexdigest()


# The commands. Each takes the words that follow it and returns the exit status.


def call(*command, **options):
    """Run a program in the foreground and return its exit status."""
    with Popen([str(word) for word in command], **options) as child:
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        try:
            return child.wait()
        finally:  # a Ctrl-C reaches the program too, which ends by itself
            child.wait()


def check_home():
    """End with one line where Jupyter cannot keep its files; it would tell that by a traceback."""
    try:
        with TemporaryFile(dir=Path.home()):
            pass
    except OSError:
        variable = "USERPROFILE" if os.name == "nt" else "HOME"
        sys.exit(
            f"Jupyter keeps its files in your home folder, {Path.home()}, and nothing can be "
            f"written there: set {variable} to a folder of yours and try again."
        )


def lab(words):
    """Open the student's copies of the notebooks in JupyterLab, first the start page."""
    check_home()
    python, folder = prepare(), find_students_folder()
    hand_out(folder)
    options = ["-y", f"--ServerApp.root_dir={folder}"]
    options.append("--LabApp.default_url=/lab/tree/00_start.ipynb")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")  # else it refuses
    return call(python, "-m", "jupyterlab", *options, *words, cwd=folder)


def run_all(names):
    """Execute notebooks, two at a time, and leave an index of their pages."""
    check_home()
    os.environ.update(CHECKING)
    python, pages = prepare(), ROOT / "build/course"
    notebooks = find_notebooks(names)
    states = execute_all(python, notebooks, pages)
    print(f"The pages: {write_index(pages, states)}")
    return 1 if any(state.startswith("FAILED") for state in states.values()) else 0


def execute_all(python, notebooks, pages):
    """Execute notebooks, two at a time, into a folder; return how each went."""
    names = ", ".join(notebook.stem for notebook in notebooks)
    print(f"Executing {names}: about a minute each, two at a time ...")
    others = shutil.ignore_patterns("*.ipynb", ".*")
    shutil.copytree(ROOT / "notebooks", pages, ignore=others, dirs_exist_ok=True)
    copy_mathjax(python, pages / "mathjax")
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        running = {book: pool.submit(execute, python, book, pages) for book in notebooks}
    return {book: state.result() for book, state in running.items()}


def site(words):
    """Hand over to docs/build.py, which makes the site of executed notebooks, or an e-book."""
    check_home()
    os.environ.update(CHECKING)
    return call(prepare(".venv-docs"), "docs/build.py", *words)


def find_notebooks(names):
    """The notebooks that begin with one of these names; all, without a name.

    "7" is 07, and "02" is that notebook alone, without 02b.
    """
    notebooks = sorted(ROOT.glob("notebooks/[!.]*.ipynb"))
    if names:
        starts = tuple(start_of_name(Path(name).stem) for name in names)
        notebooks = [notebook for notebook in notebooks if notebook.stem.startswith(starts)]
        if not notebooks:
            sys.exit(f"No notebook begins with {' or '.join(starts)}.")
    return notebooks


def start_of_name(name):
    """How the file of a notebook begins: "7" stands for "07_", "2b" for "02b_"."""
    number = re.fullmatch(r"(\d+)([a-z]?)", name)
    return f"{number[1]:0>2}{number[2]}_" if number else name


def copy_mathjax(python, folder):
    """Put the script that shows formulas beside the pages, so that they fetch nothing."""
    code = "import mathjax; print(mathjax.__path__[0])"
    package = Path(run([str(python), "-c", code], **CAPTURE).stdout.strip(), "static/mathjax")
    folder.mkdir(exist_ok=True)
    for name in ("es5/tex-svg-full.js", "LICENSE"):
        shutil.copy(package / name, folder)


def execute(python, notebook, pages):
    """Execute a notebook into a copy of it and a page; return, and print, how it went."""
    begin = time.monotonic()
    copy, page = pages / notebook.name, pages / f"{notebook.stem}.html"
    convert = [str(python), "-m", "nbconvert", "--output-dir", str(pages), "--to"]
    options = ["--execute", "--allow-errors", "--ExecutePreprocessor.timeout=300"]
    done = run([*convert, "notebook", *options, str(notebook)], **CAPTURE)
    if done.returncode == 0:
        options = ["--embed-images", "--CoalesceStreamsPreprocessor.enabled=True"]
        options += ["--template", "pages"]
        options += [f"--TemplateExporter.extra_template_basedirs={ROOT / 'docs'}"]
        done = run([*convert, "html", *options, str(copy)], **CAPTURE)
    if done.returncode == 0:
        errors = errors_in(copy)
        text = page.read_text(encoding="utf-8")  # its links to notebooks lead to their pages
        page.write_text(re.sub(r'(href="\w+)\.ipynb"', r'\1.html"', text), encoding="utf-8")
    else:  # the kernel died, or a cell took too long
        errors = [explain(done.stdout)]
        head = (
            f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{notebook.stem}</title>"
        )
        page.write_text(f"{head}<pre>{html.escape(done.stdout)}</pre>", encoding="utf-8")
    state = f"FAILED with {errors[0].splitlines()[0]}" if errors else "ok"
    state += f", {time.monotonic() - begin:.0f} s"
    print(f"{notebook.stem}: {state}")
    return state


def errors_in(notebook):
    """The errors in the outputs of an executed notebook, but those it shows on purpose."""
    errors = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if "raises-exception" not in cell["metadata"].get("tags", []):
            said = [output for output in cell.get("outputs", []) if "ename" in output]
            errors += [f"{output['ename']}: {output['evalue']}" for output in said]
    return errors


def write_index(pages, states):
    """Write the page that leads to those of the notebooks, and says how each went; return it."""
    lines = []
    for notebook, state in states.items():
        look = ' class="failed"' if state.startswith("FAILED") else ""
        lines.append(f'<li><a href="{notebook.stem}.html">{html.escape(title_of(notebook))}</a>')
        lines.append(f"<span{look}>{notebook.stem}: {html.escape(state)}</span></li>")
    page = Template((ROOT / "docs/pages/contents.html").read_text(encoding="utf-8"))
    index, today = pages / "index.html", date.today()
    text = page.substitute(notebooks="\n".join(lines), date=f"{today.day} {today:%B %Y}")
    index.write_text(text, encoding="utf-8")
    return index


def title_of(notebook):
    """The first heading of a notebook."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "".join(cells[0]["source"]).partition("\n")[0].lstrip("# ")


def test(words):
    """Check the style, then the rest in one call of pytest, whose summary comes last."""
    parser = argparse.ArgumentParser("course.py test", add_help=False, allow_abbrev=False)
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--colab", action="store_true")
    one.add_argument("--backend", choices=["jax", "torch"])
    one.add_argument("--lane", choices=LANES)
    options, words = parser.parse_known_args(words)
    os.environ.update(CHECKING, KERAS_BACKEND=options.backend or "tensorflow")
    environment, paths = ".venv", TESTS
    if options.backend:
        environment, paths = f".venv-{options.backend}", BACKEND_TESTS
    elif options.lane:
        environment, paths = f".venv-{options.lane}", LANES[options.lane]
    elif options.colab:
        environment = ".venv-colab"
    if any(Path(word.split("::")[0]).exists() for word in words):
        paths = []  # the words say what to test
    python = prepare(environment)
    style = call(python, "-m", "ruff", "check") + call(python, "-m", "ruff", "format", "--check")
    print("ruff failed: python3 course.py format mends most of it." if style else "ruff: done")
    return call(python, "-m", "pytest", *PYTEST_OPTIONS, *paths, *words) or style


def tidy(_):
    """Format the code, strip the notebooks and carry the repository's address into them."""
    python = prepare()
    docs = [*ROOT.glob("docs/*.ipynb"), *ROOT.glob("docs/explorer/*.ipynb")]
    notebooks = sorted([*ROOT.glob("notebooks/*.ipynb"), *docs])
    failures = [
        call(python, ".ci/refresh_notebooks.py"),
        call(python, "-m", "ruff", "check", "--fix"),
        call(python, "-m", "ruff", "format"),
        call(python, "-m", "nbstripout", "--keep-id", *notebooks),
    ]
    return sum(failures)


def bench(_):
    """Run every comparison of bench/, one after the other."""
    python = prepare(".venv-bench")
    failures = [abs(call(python, script)) for script in sorted(ROOT.glob("bench/*.py"))]
    return max(failures, default=0)


COMMANDS = {"lab": lab, "run": run_all, "site": site, "test": test, "format": tidy, "bench": bench}


def main(name="help", *words):
    """Run a command; end what can be foreseen with one line on stderr."""
    if name not in COMMANDS:
        print(__doc__)
        if "help" in name:
            return 0
        print(f"There is no command {name}.", file=sys.stderr)
        return 2
    sys.stdout.reconfigure(errors="replace", line_buffering=True)
    os.environ.update(JUPYTER_PREFER_ENV_PATH="1", PIP_USER="0", TF_CPP_MIN_LOG_LEVEL="3")
    try:
        if os.environ.get("CNNKIT_DATA"):  # made absolute, since kernels run in notebooks/
            os.environ["CNNKIT_DATA"] = str(Path(os.environ["CNNKIT_DATA"]).expanduser().absolute())
        os.chdir(ROOT)
        return COMMANDS[name](words)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        sys.exit(explain(str(error)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
