"""Downloads that survive a stall, a cut, a kill and a second process; archives unpacked safely.

`keras.utils.get_file` returns a half-written file after a kill and waits for ever on a stalled
server, so these few lines are our own.
"""

import contextlib
import shutil
import sys
import zipfile
from pathlib import Path

import requests
from filelock import FileLock, Timeout
from tqdm import tqdm

TIMEOUT = 10.0  # seconds without a byte after which a connection counts as stalled
ATTEMPTS = 3
CHUNK = 1 << 16


class DownloadError(RuntimeError):
    """A file could not be had from the network; the message says what was tried and why not.

    Example:

    >>> import zipfile
    >>> from cnnkit import data
    >>> try:
    ...     path = data.fetch("https://a.invalid/b.zip", "b.zip", zipfile.is_zipfile, verbose=0)
    ... except data.DownloadError:
    ...     print("Without a network, drawn pets do.")
    ...
    Without a network, drawn pets do.
    """


def fetch(url, path, check, size=None, max_size=1 << 30, *, verbose=1):
    """Download a file, or find it whole from an earlier time.

    The bytes go to a temporary name beside `path` and move into place only when `check` has
    passed. An interrupted download goes on where it stopped if the server can. Of several
    processes one downloads and the others wait for it.

    Args:
        url: The address, `https://…`.
        path: Where the file shall be. Its folder is made.
        check: A function of the temporary file's path that raises `ValueError`, with a reason,
            if the content is not what it should be.
        size: The exact number of bytes, if it is known.
        max_size: No more bytes than this are taken from a server.
        verbose: 1 shows a progress bar and says what is waited for, 0 prints nothing.

    Returns:
        `path`.

    Raises:
        DownloadError: If the file cannot be had. Nothing is left at `path`.

    Example:

    >>> import zipfile
    >>> from cnnkit import data
    >>> def check(path):
    ...     if not zipfile.is_zipfile(path):
    ...         raise ValueError("it is no zip file")
    ...
    >>> path = data.fetch("https://example.org/photos.zip", "photos/photos.zip", check, verbose=0)
    """
    path = Path(path)
    part = path.with_name(f"{path.stem}.part{path.suffix}")
    try:
        with _one_process_makes(path, lambda: _passes(check, path, verbose), verbose) as missing:
            if missing:
                _download(url, part, check, size, max_size, verbose)
                part.replace(path)
    except OSError as error:  # requests' errors are OSErrors too
        raise DownloadError(f"{url} could not be downloaded to {path}: {_reason(error)}") from error
    except ValueError as error:
        raise DownloadError(f"{url} did not send the right file: {error}") from error
    return path


def _passes(check, path, verbose):
    if not path.exists():
        return False
    try:
        check(path)
    except ValueError as error:
        if verbose:
            print(f"{path} is damaged, so it is downloaded again: {error}")
        return False
    return True


@contextlib.contextmanager
def _one_process_makes(path, is_there, verbose):
    """Yield whether `path` is missing, and keep other processes out while it is being made."""
    if is_there():
        yield False
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(path.name + ".lock"))
    try:
        lock.acquire(timeout=0.1)
    except Timeout:
        if verbose:
            print(f"Waiting for another process that is making {path.name}.")
        lock.acquire()
    try:
        yield not is_there()
    finally:
        lock.release()


def _download(url, part, check, size, max_size, verbose):
    """Fill `part`, going on after a cut, and check it; a resumed file that fails starts anew."""
    for attempt in range(ATTEMPTS):
        before = part.stat().st_size if part.exists() else 0
        try:
            _receive(url, part, size, max_size, verbose)
            if size is not None and part.stat().st_size != size:
                raise ValueError(f"expected {size:,} bytes. Received: {part.stat().st_size:,}")
            check(part)
            return
        except requests.RequestException as error:
            grown = part.exists() and part.stat().st_size > before
            cut = isinstance(error, requests.exceptions.ChunkedEncodingError)
            if attempt == ATTEMPTS - 1 or not (grown or cut):
                raise
        except ValueError:
            part.unlink(missing_ok=True)
            if not before or attempt == ATTEMPTS - 1:
                raise
        except OSError:  # a full disk: give the space back
            part.unlink(missing_ok=True)
            raise


def _receive(url, part, size, max_size, verbose):
    """Append what is missing of `url` to the file `part`."""
    start = part.stat().st_size if part.exists() else 0
    if size is not None and start >= size:
        return
    # Without "identity" a server may compress, and then neither sizes nor ranges mean the file's.
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        if answer.status_code == 416:
            raise ValueError("the half-written file of an earlier time does not fit")
        answer.raise_for_status()
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            raise ValueError("it sent a web page. A network with a login page does that")
        if answer.status_code != 206:
            start = 0
        total = start + int(answer.headers.get("Content-Length", 0)) or None
        limit = size or max_size
        if total and (total > limit or size and total != size):
            raise ValueError(f"expected {limit:,} bytes. Received: {total:,}")
        bar = tqdm(
            desc=f"downloading {Path(url).name}",
            initial=start,
            total=total or size,
            unit="B",
            unit_scale=True,
            leave=False,
            file=sys.stdout,
            disable=not verbose,
        )
        with part.open("ab" if start else "wb") as file, bar:
            for chunk in answer.iter_content(CHUNK):
                start += len(chunk)
                if start > limit:
                    raise ValueError(f"expected {limit:,} bytes. Received: more")
                file.write(chunk)
                bar.update(len(chunk))


def _reason(error):
    if isinstance(error, requests.HTTPError):
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return f"the server was silent for {TIMEOUT:g} seconds"
    if isinstance(error, requests.RequestException):
        return "no connection, or it was cut"
    return error.strerror or str(error)


def unpack(archive, folder, members, *, verbose=1):
    """Unpack some members of a zip archive as a new folder, or find it whole from an earlier time.

    Args:
        archive: Path of a zip file.
        folder: The folder to make. It appears when everything is in it, and not before.
        members: Maps each wanted name in the archive to its path relative to `folder`.
        verbose: 1 shows a progress bar and says what is waited for, 0 prints nothing.

    Returns:
        `folder`.

    Raises:
        ValueError: If a path leads out of `folder`, or a member is missing or damaged.
    """
    archive, folder = Path(archive), Path(folder)
    part = folder.with_name(folder.name + ".part")
    with _one_process_makes(folder, folder.exists, verbose) as missing:
        if missing:
            shutil.rmtree(part, ignore_errors=True)  # of a process that was killed
            try:
                _extract(archive, part, members, verbose)
                part.replace(folder)
            except (KeyError, zipfile.BadZipFile, EOFError) as error:
                raise ValueError(f"{archive} cannot be unpacked: {error}") from error
            finally:
                shutil.rmtree(part, ignore_errors=True)
    return folder


def _extract(archive, folder, members, verbose):
    bar_options = dict(leave=False, file=sys.stdout, disable=not verbose)
    bar = tqdm(members.items(), "unpacking", **bar_options)
    with zipfile.ZipFile(archive) as file, bar:
        for name, relative in bar:
            target = (folder / relative).resolve()
            if not target.is_relative_to(folder.resolve()):
                raise ValueError(f"paths must stay inside the folder. Received: {relative!r}")
            target.parent.mkdir(parents=True, exist_ok=True)
            with file.open(name) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
