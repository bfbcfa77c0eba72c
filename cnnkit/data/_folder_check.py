"""What is wrong with the files of a photo folder; each is looked at once."""

import contextlib
import hashlib
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from cnnkit.data._decode import decode, is_plain_jpeg, open_image
from cnnkit.data._download import cache_dir
from cnnkit.data._hashes import group_duplicates, perceptual_hash

SPLITS = ("train", "validation", "test")
_VERSION = 2  # of what `examine` finds; a new number makes older notes worthless


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
    for path in sorted(_files(folder)):
        status = path.stat() if path.exists() else path.lstat()  # of a link that leads nowhere
        stamps[path.relative_to(folder).as_posix()] = [status.st_size, status.st_mtime_ns]
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


def find_bad_images(folder):
    """List the files below a folder that are not whole pictures.

    Args:
        folder: Path of a folder; its sub-folders are searched too, hidden files are not.

    Returns:
        A dictionary from path relative to `folder` to the reason, in the order of the paths. A
        file whose end was overwritten, and still decodes, is not found.

    Raises:
        NotADirectoryError: If there is no such folder.
    """
    files = check_folder(folder)
    return {name: found["fault"] for name, found in files.items() if "fault" in found}


def find_duplicates(folder):
    """List the pictures below a folder that are the same, or nearly so: resized, re-encoded.

    Args:
        folder: Path of a folder; its sub-folders, such as `train` and `validation`, are compared
            with each other too.

    Returns:
        A list of `Duplicates`, each with `names` (paths relative to `folder`, sorted) and `exact`
        (whether the files agree in every byte). Mirrored and cut pictures are not found.

    Raises:
        NotADirectoryError: If there is no such folder.
    """
    files = check_folder(folder)
    return group_duplicates({name: found for name, found in files.items() if "hash" in found})


def split(names, labels, groups=None, shares=(0.7, 0.1, 0.2)):
    """Assign files to a training, a validation and a test split.

    Where a file goes depends on its group alone, so it stays there when files are added or
    removed, and all files of one group stay together: photos of one animal, say, or duplicates.
    Each class is cut at the same shares, up to chance: of `n` groups about `sqrt(n * p * (1 - p))`
    more or fewer than `n * p` go to a split with share `p`.

    Args:
        names: What identifies each file and never changes: a name, or better a hash of the
            content, such as `Photo.digest`.
        labels: The class of each file.
        groups: Which group each file belongs to; by default each is alone.
        shares: Of the training, the validation and the test split; they sum to 1.

    Returns:
        A dictionary from `"train"`, `"validation"` and `"test"` to indices into `names`, int64.

    Raises:
        ValueError: If the lengths differ, the shares are wrong, or a split gets none of a class.
    """
    keys = names if groups is None else groups
    if not len(names) == len(labels) == len(keys):
        lengths = (len(names), len(labels), len(keys))
        raise ValueError(f"Each file needs a name, a label and a group. Received: {lengths}")
    if len(shares) != 3 or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
        raise ValueError(f"`shares` must be three, above 0, and sum to 1. Received: {shares}")
    draws = [hashlib.sha256(str(key).encode()).digest()[:8] for key in keys]
    draws = np.array([int.from_bytes(draw) / 2**64 for draw in draws])
    which = np.searchsorted(np.cumsum(shares)[:2], draws, side="right")
    splits = {name: np.flatnonzero(which == i) for i, name in enumerate(SPLITS)}
    for name, index in splits.items():
        missing = set(labels) - {labels[i] for i in index}
        if missing:
            raise ValueError(
                f"Every class needs files in every split, and the {name} split got none of "
                f"{', '.join(map(str, sorted(missing)))}. Received: {len(names)} files in "
                f"{len(set(keys))} groups"
            )
    return splits


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
        return notes["files"] if notes["version"] == _VERSION else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _write_notes(path, files):
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    files = {name: found for name, found in files.items() if found["digest"]}  # else look again
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps({"version": _VERSION, "files": files}), encoding="utf-8")
        temporary.replace(path)
    except OSError:  # no room, or not allowed: then the next call looks again
        with contextlib.suppress(OSError):
            temporary.unlink()
