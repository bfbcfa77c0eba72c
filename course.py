"""The course: python3 course.py COMMAND, or on Windows py course.py COMMAND.
The first call fetches the packages into .venv: about a minute and 3 GB.
  lab [ARGS]    open the notebooks in JupyterLab; ARGS go to JupyterLab
  run [NAMES]   execute all notebooks, or e.g. 07; their pages go to build/course/
  test [ARGS]   check everything; --colab, --backend jax or torch: with those; ARGS go to pytest
  format        format the code, strip the notebooks, refresh their addresses
  bench         run the comparisons of bench/ in an environment of their own"""

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from html import escape
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT, Popen, run

ROOT = Path(__file__).resolve().parent
BIN = "Scripts/python.exe" if os.name == "nt" else "bin/python"
FOUND = f"{sys.version_info[0]}.{sys.version_info[1]}"
PYTHON = FOUND if FOUND in ("3.11", "3.12", "3.13") else "3.12"  # the latter with the help of uv
NBVAL = "--nbval-lax --nbval-current-env --nbval-cell-timeout=300 -n 2 --dist loadfile"
NBVAL += " --no-loadscope-reorder"  # else slow files with few tests come last, one by one
CAPTURE = dict(stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, encoding="utf-8", errors="replace")
HINTS = {
    r"No space left|quota exceeded|WinError 112": "The disk is full: make room and try again.",
    r"Read-only file|Permission denied|WinError 5\b": "This folder is read-only: work in a copy.",
    r"ensurepip|named '?venv": "This Python lacks venv: sudo apt install python3-venv, or alike.",
    r"dns error|sending request|NewConnection": "The packages need a connection: try again online.",
}


def explain(text):
    """The line that matters in what a failed step, program or system call said."""
    hints = [hint for pattern, hint in HINTS.items() if re.search(pattern, text)]
    return (hints + re.findall(r"\S*error: .*", text, re.I) + text.strip().split("\n")[-1:])[0]


def stamps(venv):
    """The stamp in an environment, and the one that a complete installation would leave now."""
    files = [*ROOT.glob("requirements*"), ROOT / "pyproject.toml"]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()
    found = {} if (venv / BIN).exists() else {"digest": ""}
    with contextlib.suppress(OSError, ValueError):
        found = found or json.loads((venv / "course.json").read_text())
    return found, {"root": str(ROOT), "python": PYTHON, "digest": digest}


def prepare(name=".venv"):
    """Make sure that an environment is complete, activate it, and return its Python."""
    venv = ROOT / name
    found, wanted = stamps(venv)
    if found != wanted:
        print(f"Preparing {name}: about a minute and 3 GB the first time.")
        (ROOT / "build").mkdir(exist_ok=True)
        with (ROOT / "build/lock").open("w") as lock:  # freed by the system, however we end,
            os.set_inheritable(lock.fileno(), True)  # but after an installer that outlives us
            if os.name == "nt":
                import msvcrt

                msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)
            else:
                import fcntl

                with contextlib.suppress(OSError):  # some network drives have no locks
                    fcntl.flock(lock, fcntl.LOCK_EX)
            found, wanted = stamps(venv)  # another process may just have installed everything
            if found != wanted:
                install(venv, found, wanted)
    os.environ["PATH"] = f"{(venv / BIN).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return venv / BIN


def install(venv, found, wanted):
    """Install everything into an environment, made anew unless its stamp allows to go on."""
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < 4 and not found.get("digest"):
        sys.exit(f"About 4 GB of disk are needed, {free:.1f} GB are free: make room and try again.")
    # Packages half written (digest "") look installed, and scripts contain their path.
    if found and {**wanted, "digest": found["digest"] or "?"} != found:
        shutil.rmtree((venv / BIN).parent, ignore_errors=True)
    make(venv)
    stamp, python = venv / "course.json", venv / BIN
    lock, more = (ROOT / f"requirements{venv.name[5:]}.{kind}" for kind in ("lock", "txt"))
    lock = lock if lock.exists() else ROOT / "requirements.lock"
    stamp.write_text(json.dumps({**wanted, "digest": ""}))
    pip = [python, "-m", "pip", "install"]
    uv = [python, "-m", "uv", "pip", "install", "--compile-bytecode", "--python", python]
    pin = re.findall(r"^uv==[^\s;\\]+", lock.read_text(encoding="utf-8"), re.M) or ["uv"]
    step("uv", [*pip, "--retries", "1", *pin], stop=False)
    project = ["--no-deps", "--no-build-isolation", "-e", ROOT]
    for words in [["--require-hashes", "-r", lock], project]:
        step(words[-1].name, [*uv, *words], [*pip, *words])
    if more.exists():  # pip alone reads the settings that name a place with smaller builds
        step(more.name, [*pip, "-r", more])
    alone = more.with_stem(f"{more.stem}-alone")  # packages whose own demands would undo the lock
    if alone.exists():
        step(alone.name, [*pip, "--no-deps", "-r", alone])
    kernel = "-m ipykernel install --sys-prefix --name python3 --display-name".split()
    step("kernel", [python, *kernel, "Python 3 (cnnkit)"])
    news = "-m jupyterlab.labextensions disable @jupyterlab/apputils-extension:announcements"
    step("news off", [python, *news.split()], stop=False)  # else JupyterLab asks about its news
    stamp.write_text(json.dumps(wanted))


def make(venv):
    """Make or mend an environment, if need be with a Python that uv finds or fetches."""
    base, own = getattr(sys, "_base_executable", sys.executable), ROOT / "build/uv"
    if FOUND == PYTHON:
        mend = [base, "-m", "venv", venv]
        return step(venv.name, *[mend] * (venv / BIN).exists(), [*mend, "--clear"])
    if not shutil.which("uv") and step("a place for uv", [base, "-m", "venv", own], stop=False):
        step("uv", [own / BIN, "-m", "pip", "install", "uv"], stop=False)
    uv = shutil.which("uv") or shutil.which("uv", path=str((own / BIN).parent))
    command = [uv, "venv", "--clear", "--seed", "--python", PYTHON, venv]
    if not uv or not step(venv.name, command, stop=False):
        sys.exit(f"Python 3.11, 3.12 or 3.13 is needed, this is {FOUND}: install one and use it.")


def step(text, *tries, stop=True):
    """Run a part of the installation in the first way that works; tell whether one does."""
    for words in tries:
        begin, said = time.time(), ""
        print(f"  {text} ...", end="\r")
        with Popen([str(word) for word in words], close_fds=False, **CAPTURE) as child:
            for line in child.stdout:
                said += line
                if sys.stdout.isatty():
                    print(f"  {text}: {line.strip()[:60]:60}", end="\r")
        result = "failed" if child.returncode else "done"
        print(f"  {text}: {result}, {time.time() - begin:.0f} s{'':60}")
        (ROOT / "build/install.log").write_text(said, encoding="utf-8")
        if not child.returncode:
            return True
    return stop and sys.exit(explain(said))


def call(*command, **options):
    """Run a program in the foreground."""
    with Popen([str(word) for word in command], **options) as child:
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        try:
            return child.wait()
        finally:  # a Ctrl-C reaches the program too, which ends by itself
            child.wait()


def lab(words):
    """Open the notebooks in JupyterLab."""
    options = ["-y", f"--ServerApp.root_dir={ROOT / 'notebooks'}"]
    options += ["--allow-root"] * (getattr(os, "geteuid", lambda: 1)() == 0)  # else it refuses
    return call(prepare(), "-m", "jupyterlab", *options, *words, cwd=ROOT / "notebooks")


def execute(python, book, pages):
    """Execute a notebook into a copy of it and a page; return its entry for the index."""
    begin, copy, page = time.monotonic(), pages / book.name, pages / f"{book.stem}.html"
    convert = [str(python), "-m", "nbconvert", "--output-dir", str(pages), "--to"]
    options = ["--execute", "--allow-errors", "--ExecutePreprocessor.timeout=300", str(book)]
    html = ["html", "--embed-images", "--CoalesceStreamsPreprocessor.enabled=True", str(copy)]
    done = run([*convert, "notebook", *options], **CAPTURE)
    done = done if done.returncode else run([*convert, *html], **CAPTURE)
    if done.returncode:  # the kernel died, or a cell took too long
        errors = [explain(done.stdout)]
        page.write_text(f"<pre>{escape(done.stdout)}</pre>", encoding="utf-8")
    else:
        cells = json.loads(copy.read_text(encoding="utf-8"))["cells"]
        cells = [c for c in cells if "raises-exception" not in c["metadata"].get("tags", [])]
        said = [output for cell in cells for output in cell.get("outputs", []) if "ename" in output]
        errors = [f"{output['ename']}: {output['evalue']}" for output in said]
    state = f"FAILED with {errors[0].splitlines()[0]}" if errors else "ok"
    state += f", {time.monotonic() - begin:.0f} s"
    print(f"{book.stem}: {state}")
    return f'<li><a href="{page.name}">{book.stem}</a>: {escape(state)}</li>'


def run_all(names):
    """Execute notebooks, two at a time, and leave an index of their pages."""
    python, pages = prepare(), ROOT / "build/course"
    starts = tuple(Path(name).stem.zfill(2) for name in names) or ("",)
    books = sorted(b for b in ROOT.glob("notebooks/[!_.]*.ipynb") if b.stem.startswith(starts))
    books = books or sys.exit(f"No notebook begins with {' or '.join(starts)}.")
    others = shutil.ignore_patterns("*.ipynb", ".*")
    shutil.copytree(ROOT / "notebooks", pages, ignore=others, dirs_exist_ok=True)
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        rows = list(pool.map(lambda book: execute(python, book, pages), books))
    head = "<!doctype html><meta charset='utf-8'><title>The course</title><ul>"
    (pages / "index.html").write_text("\n".join([head, *rows]), encoding="utf-8")
    return int(any("FAILED with" in row for row in rows))


def test(words):
    """Check the style, then the rest in one call of pytest, whose summary comes last."""
    parser = argparse.ArgumentParser("course.py test", add_help=False, allow_abbrev=False)
    parser.add_argument("--colab", action="store_const", const="-colab", default="")
    parser.add_argument("--backend", choices=["jax", "torch"])
    options, words = parser.parse_known_args(words)
    os.environ["KERAS_BACKEND"] = options.backend or "tensorflow"
    python = prepare(f".venv-{options.backend}" if options.backend else f".venv{options.colab}")
    paths = ["tests/layers", "tests/reference"] if options.backend else ["tests", "notebooks"]
    style = call(python, "-m", "ruff", "check") + call(python, "-m", "ruff", "format", "--check")
    print("ruff failed: python3 course.py format mends most of it." if style else "ruff: done")
    paths = [] if any(Path(w.split("::")[0]).exists() for w in words) else paths
    return call(python, "-m", "pytest", *NBVAL.split(), *paths, *words) or style


def tidy(_):
    """Format the code, strip the notebooks and carry the repository's address into them."""
    python, books = prepare(), sorted(ROOT.glob("notebooks/*.ipynb"))
    code = call(python, ".ci/refresh_notebooks.py")
    code += call(python, "-m", "ruff", "check", "--fix") + call(python, "-m", "ruff", "format")
    return code + call(python, "-m", "nbstripout", "--keep-id", *books)


def bench(_):
    """Run every comparison of bench/, one after the other."""
    python = prepare(".venv-bench")
    return max([abs(call(python, file)) for file in sorted(ROOT.glob("bench/*.py"))], default=0)


def main(name="help", *words):
    """Run a command; end what can be foreseen with one line on stderr."""
    commands = {"lab": lab, "run": run_all, "test": test, "format": tidy, "bench": bench}
    if name not in commands:
        print(__doc__)
        return 0 if "help" in name else print(f"There is no command {name}.", file=sys.stderr) or 2
    sys.stdout.reconfigure(errors="replace", line_buffering=True)
    os.environ.update(JUPYTER_PREFER_ENV_PATH="1", PIP_USER="0", TF_CPP_MIN_LOG_LEVEL="3")
    try:
        if os.environ.get("CNNKIT_DATA"):  # made absolute, since kernels run in notebooks/
            os.environ["CNNKIT_DATA"] = str(Path(os.environ["CNNKIT_DATA"]).absolute())
        os.chdir(ROOT)
        return commands[name](words)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        sys.exit(explain(str(error)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
