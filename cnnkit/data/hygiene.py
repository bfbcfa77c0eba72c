"""What is wrong with the files of a photo folder; each is looked at once."""

import contextlib
import hashlib
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from cnnkit.data.decode import decode, is_plain_jpeg, open_image
from cnnkit.data.download import cache_dir

_VERSION = 1  # of what `examine` finds; a new number makes older notes worthless


def examine(contents):
    """Look at one file as a whole.

    Args:
        contents: The bytes of the file.

    Returns:
        A dictionary: `digest` (SHA-256 of the bytes), and either `height` and `width` (pixels, as
        stored) and `plain` (whether TensorFlow's own JPEG decoder may be used), or `fault`, why
        the file cannot be used.
    """
    digest = hashlib.sha256(contents).hexdigest()
    try:
        image = open_image(contents)
        plain = is_plain_jpeg(image)
        image.load() if plain else decode(contents)
    except ValueError as error:
        return {"digest": digest, "fault": str(error)}
    except (OSError, SyntaxError, EOFError) as error:
        return {"digest": digest, "fault": f"damaged: {error}"}
    return {"digest": digest, "height": image.height, "width": image.width, "plain": plain}


def check_folder(folder):
    """Examine every file below a folder, hidden ones left out.

    What was found is kept in the cache folder; a second call looks only at files whose size or
    time of change differs.

    Returns:
        A dictionary from path relative to `folder`, sorted, to what `examine` says.

    Raises:
        NotADirectoryError: If there is no such folder.
    """
    folder = Path(folder).expanduser().resolve()
    if not folder.is_dir():
        raise NotADirectoryError(f"`folder` must be a folder. Received: folder={str(folder)!r}")
    notes = _notes_path(folder)
    known = _read_notes(notes)
    stamps = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in relative.parts):
            status = path.stat()
            stamps[relative.as_posix()] = [status.st_size, status.st_mtime_ns]
    new = [name for name, stamp in stamps.items() if known.get(name, {}).get("stamp") != stamp]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda name: _examine_file(folder / name), new)
        if new:
            results = tqdm(results, desc="checking files", total=len(new), file=sys.stdout)
        fresh = {
            name: found | {"stamp": stamps[name]} for name, found in zip(new, results, strict=True)
        }
    files = {name: fresh.get(name) or known[name] for name in stamps}
    if fresh or files.keys() != known.keys():
        _write_notes(notes, files)
    return files


def find_bad_images(folder):
    """List the files below a folder that are not whole pictures.

    Args:
        folder: Path of a folder; its sub-folders are searched too, hidden files are not.

    Returns:
        A dictionary from path relative to `folder` to the reason, in the order of the paths.

    Raises:
        NotADirectoryError: If there is no such folder.
    """
    files = check_folder(folder)
    return {name: found["fault"] for name, found in files.items() if "fault" in found}


def _examine_file(path):
    try:
        return examine(path.read_bytes())
    except OSError as error:
        return {"digest": "", "fault": f"cannot be read: {error.strerror}"}


def _notes_path(folder):
    key = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    return cache_dir() / "checked" / f"{key}.json"


def _read_notes(path):
    try:
        notes = json.loads(path.read_text(encoding="utf-8"))
        return notes["files"] if notes["version"] == _VERSION else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _write_notes(path, files):
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps({"version": _VERSION, "files": files}), encoding="utf-8")
        temporary.replace(path)
    except OSError:  # no room, or not allowed: then the next call looks again
        with contextlib.suppress(OSError):
            temporary.unlink()
