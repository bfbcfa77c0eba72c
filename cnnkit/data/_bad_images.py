"""Files of a photo folder that cannot be used, and why; each file is looked at once."""

import contextlib
import hashlib
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from cnnkit._places import cache_dir, write_whole
from cnnkit.data._decode import decode, is_plain_jpeg
from cnnkit.data._formats import abilities, open_image
from cnnkit.data._hashes import perceptual_hash

_VERSION = 3  # of what `examine` finds; a new number makes older notes worthless


def examine(contents):
    """Look at one file as a whole.

    Args:
        contents: The bytes of the file.

    Returns:
        A dictionary: `digest` (SHA-256 of the bytes), and either `height` and `width` (pixels, as
        stored), `plain` (whether TensorFlow's own JPEG decoder may be used) and `hash` (see
        `perceptual_hash`), or `fault`, why the file cannot be used.
    """
    digest = hashlib.sha256(contents).hexdigest()
    try:
        image = open_image(contents)
        plain = is_plain_jpeg(image)
        found = {"height": image.height, "width": image.width, "plain": plain}
        picture = image if plain else Image.fromarray(decode(contents))
        found["hash"] = perceptual_hash(picture)
    except ValueError as error:
        return {"digest": digest, "fault": str(error)}
    except (OSError, SyntaxError, EOFError) as error:
        return {"digest": digest, "fault": f"damaged: {error}"}
    return {"digest": digest} | found


def check_folder(folder, verbose=1):
    """Examine every file below a folder, hidden ones left out.

    What was found is kept in the cache folder; a second call looks only at files whose size or
    time of change differs. With `verbose` 1 a progress bar shows while files are looked at.

    Returns:
        A dictionary from path relative to `folder`, sorted, to what `examine` says.
    """
    folder = Path(folder).expanduser().resolve()
    if not folder.is_dir():
        raise NotADirectoryError(f"`folder` must be a folder. Received: folder={str(folder)!r}")
    notes = _notes_path(folder)
    known = _read_notes(notes)
    stamps = {}
    for path in sorted(_files(folder)):
        status = path.stat() if path.exists() else path.lstat()  # of a link that leads nowhere
        stamps[path.relative_to(folder).as_posix()] = [status.st_size, status.st_mtime_ns]
    new = [name for name, stamp in stamps.items() if known.get(name, {}).get("stamp") != stamp]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda name: _examine_file(folder / name), new)
        if new and verbose:
            bar_options = dict(total=len(new), leave=False, file=sys.stdout)
            results = tqdm(results, "checking files", **bar_options)
        fresh = {
            name: found | {"stamp": stamps[name]} for name, found in zip(new, results, strict=True)
        }
    files = {name: fresh.get(name) or known[name] for name in stamps}
    if fresh or files.keys() != known.keys():
        _write_notes(notes, files)
    return files


def _files(folder):
    """Every file below a folder, hidden ones left out; links are followed, each folder once."""
    visited = set()
    for root, folders, names in os.walk(folder, followlinks=True):
        real = Path(root).resolve()
        if real in visited:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(root, name)
            leads_nowhere = path.is_symlink() and not path.exists()
            if not name.startswith(".") and (path.is_file() or leads_nowhere):
                yield path


def find_bad_images(folder, *, verbose=1):
    """List the files below a folder that `load_cats_vs_dogs` cannot use.

    They are no whole pictures, of a format that is not read, or have values whose range would be a
    guess.

    Args:
        folder: Path of a folder; its sub-folders are searched too, hidden files are not.
        verbose: 1 shows a progress bar while new files are looked at, 0 does not.

    Returns:
        A dictionary from path relative to `folder` to the reason, in the order of the paths. A
        file whose end was overwritten, and still decodes, is not found.

    Example:

    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from cnnkit import data
    >>> Path("birds").mkdir()
    >>> Image.fromarray(data.load_photo("coffee")).save("birds/good.png")
    >>> contents = Path("birds/good.png").read_bytes()
    >>> size = Path("birds/cut.png").write_bytes(contents[:1000])
    >>> list(data.find_bad_images("birds", verbose=0))
    ['cut.png']
    """
    files = check_folder(folder, verbose)
    return {name: found["fault"] for name, found in files.items() if "fault" in found}


def _examine_file(path):
    try:
        os.fspath(path).encode("utf-8")
        return examine(path.read_bytes())
    except UnicodeEncodeError:
        return {"digest": "", "fault": "the name is not UTF-8: rename it"}
    except OSError as error:
        return {"digest": "", "fault": f"cannot be read: {error.strerror}"}
    except Exception as error:  # Pillow raises a dozen kinds for odd files
        return {"digest": "", "fault": f"damaged: {error}"}


def _notes_path(folder):
    key = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    return cache_dir() / "checked" / f"{key}.json"


def _read_notes(path):
    try:
        notes = json.loads(path.read_text(encoding="utf-8"))
        return notes["files"] if notes["version"] == _version() else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _write_notes(path, files):
    files = {name: found for name, found in files.items() if found["digest"]}  # else look again
    with contextlib.suppress(OSError):  # no room, or not allowed: then the next call looks again
        write_whole(path, json.dumps({"version": _version(), "files": files}).encode())


def _version():
    """Notes hold for as long as this stays: another Pillow may read what this one does not."""
    return f"{_VERSION}, {abilities()}"
