"""Where files lie, and how they are written; and where TensorFlow's log goes.

The environment is read here alone, when it is needed. One variable is written, where a notebook
asks for it: TensorFlow hears of its log in no other way.
"""

import contextlib
import logging
import os
from pathlib import Path

_PACKAGE = Path(__file__).parent


def data_folder():
    """The folder of photos and weights that `$CNNKIT_DATA` names, or None if it is not set.

    A relative path counts from the folder in which the process is when this is called.
    """
    return _folder("CNNKIT_DATA")


def given(*parts):
    """The path of a file or folder below `$CNNKIT_DATA`, or None if nothing lies there."""
    folder = data_folder()
    path = folder and folder.joinpath(*parts)
    return path if path and path.exists() else None


def keras_home():
    """The folder of Keras's own downloads: `$KERAS_HOME`, else `~/.keras`."""
    return _folder("KERAS_HOME", "~/.keras")


def cache_dir():
    """The folder for downloads: `$CNNKIT_CACHE`, else `~/.cache/cnnkit`. It may not exist yet."""
    return _folder("CNNKIT_CACHE", "~/.cache/cnnkit")


def progress_file(folder):
    """The file of a student's progress in this folder, or the one to which a link there leads.

    None where `$CNNKIT_PROGRESS` is "off", as in tests and in grading: nothing is remembered there.
    """
    off = os.environ.get("CNNKIT_PROGRESS", "").lower() == "off"
    return None if off else Path(folder, ".cnnkit_progress.json").resolve()


def stored(name):
    """Return the path of a file of the folder `data`, in a wheel as in a checkout.

    Raises:
        FileNotFoundError: If there is no such file; the message lists those that there are.

    Example:

    >>> from cnnkit import data, study
    >>> path = data.stored("augmentation.csv")
    >>> results = study.Study.load(path)
    """
    folder = _PACKAGE / "stored"  # where the wheel puts them
    folder = folder if folder.is_dir() else _PACKAGE.parent / "data"
    names = sorted(path.name for path in folder.glob("*") if path.suffix in (".h5", ".csv", ".npz"))
    if name not in names:
        raise FileNotFoundError(
            f"`name` must be one of {', '.join(names)}. Received: name={name!r}"
        )
    return folder / name


def proofs_are_strict():
    """Whether a proof in a notebook that fails raises, as in tests: `$CNNKIT_PROOFS` is strict."""
    return os.environ.get("CNNKIT_PROOFS") == "strict"


def write_whole(path, contents):
    """Write a file at once: whoever reads it, or interrupts this, finds the old one or the new one.

    Args:
        path: Where the file shall be. Its folder is made.
        contents: Its bytes.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(contents)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


@contextlib.contextmanager
def without_tensorflow_log():
    """Load TensorFlow within it, and its log stays away, for good, from what a notebook shows.

    It writes some lines while it is loaded, whatever it is told: these go nowhere. For the others
    `$TF_CPP_MIN_LOG_LEVEL` becomes 3. Who has set it to something else sees the whole log. Of what
    TensorFlow logs from Python, warnings stay.
    """
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") != "3":
        yield
        return
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)  # of compiled code: what Python writes takes another way in a notebook
    try:
        yield
        logging.getLogger("tensorflow").setLevel(logging.WARNING)  # to notebooks it tells more
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


def in_ci():
    """Whether this runs in continuous integration, where `$CI` is set: nobody looks on there."""
    return bool(os.environ.get("CI"))


def _folder(variable, otherwise=None):
    named = os.environ.get(variable) or otherwise
    return named and Path(named).expanduser().absolute()
