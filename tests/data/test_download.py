import os
import signal
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from cnnkit.data import _download as download
from cnnkit.data._download import DownloadError, fetch, unpack

CONTENTS = np.random.default_rng(0).bytes(400_000)


def is_contents(path):
    if Path(path).read_bytes() != CONTENTS:
        raise ValueError("other bytes than expected")


@pytest.fixture(autouse=True)
def short_timeout(monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 1.0)


@pytest.fixture
def target(tmp_path):
    return tmp_path / "new folder" / "file.zip"


def left_over(target):
    return sorted(p.name for p in target.parent.iterdir() if p.suffix != ".lock")


def test_whole_file(server, target, capsys):
    url = server.serve("/file.zip", CONTENTS)
    assert fetch(url, target, is_contents, size=len(CONTENTS)) == target
    assert left_over(target) == ["file.zip"]
    bar = capsys.readouterr().out.split("\r")
    assert "downloading file.zip: " in bar[1] and not "".join(bar[-2:]).strip(), "it vanishes"
    fetch(url, target, is_contents)
    assert len(server.log) == 1, "a whole file is not downloaded again"


def test_silence(server, target, tmp_path, capsys):
    target.parent.mkdir()
    target.write_bytes(b"damaged")
    fetch(server.serve("/file.zip", CONTENTS, "cut"), target, is_contents, verbose=0)
    unpack(make_zip(tmp_path / "a.zip", {"1": b"one"}), tmp_path / "out", {"1": "1"}, verbose=0)
    assert capsys.readouterr() == ("", "")
    is_contents(target)


@pytest.mark.parametrize("size", [None, len(CONTENTS)])
def test_a_cut_is_resumed(server, target, size):
    fetch(server.serve("/f", CONTENTS, "cut"), target, is_contents, size=size)
    (_, first), (_, second) = server.log
    assert first is None and second.startswith("bytes=")
    assert 0 < int(second[6:-1]) <= len(CONTENTS) // 2
    is_contents(target)


def test_a_cut_starts_again_where_the_server_has_no_ranges(server, target):
    fetch(server.serve("/f", CONTENTS, "no ranges"), target, is_contents)
    assert len(server.log) == 2
    is_contents(target)


@pytest.mark.parametrize(
    "manner, words",
    [
        ("always cut", "no connection, or it was cut"),
        ("stall", "silent for 1 seconds"),
        ("html", "web page"),
        ("endless", "expected 400,000 bytes"),
    ],
)
def test_bad_servers(server, target, manner, words):
    with pytest.raises(DownloadError, match=words):
        fetch(server.serve("/f", CONTENTS, manner), target, is_contents, size=len(CONTENTS))
    assert not target.exists()
    if manner != "stall":
        assert all(target.with_name(name).stat().st_size == 0 for name in left_over(target))


def test_wrong_size_is_refused_before_the_body(server, target):
    with pytest.raises(DownloadError, match="expected 123 bytes. Received: 400,000"):
        fetch(server.serve("/f", CONTENTS), target, is_contents, size=123)
    assert left_over(target) == []


def test_too_large_is_refused(server, target):
    with pytest.raises(DownloadError, match="expected 1,000 bytes"):
        fetch(server.serve("/f", CONTENTS), target, is_contents, max_size=1000)
    assert left_over(target) == []


def test_wrong_content_is_refused(server, target):
    with pytest.raises(DownloadError, match="other bytes than expected"):
        fetch(server.serve("/f", bytes(len(CONTENTS))), target, is_contents, size=len(CONTENTS))
    assert left_over(target) == []


def test_absent_file_and_absent_server(server, target):
    with pytest.raises(DownloadError, match="answered 404"):
        fetch(server.serve("/f") + "-not-there", target, is_contents)
    with pytest.raises(DownloadError, match="no connection"):
        fetch("http://127.0.0.1:9/f", target, is_contents)
    assert left_over(target) == []


@pytest.mark.parametrize("junk", [100_000, len(CONTENTS), 500_000])
@pytest.mark.parametrize("size", [None, len(CONTENTS)])
def test_a_half_file_of_something_else_is_replaced(server, target, junk, size):
    target.parent.mkdir()
    target.with_name("file.part.zip").write_bytes(bytes(junk))
    fetch(server.serve("/f", CONTENTS), target, is_contents, size=size)
    is_contents(target)
    assert left_over(target) == ["file.zip"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_full_disk(server, target):
    target.parent.mkdir()
    target.with_name("file.part.zip").symlink_to("/dev/full")
    with pytest.raises(DownloadError, match="No space left on device"):
        fetch(server.serve("/f", CONTENTS), target, is_contents)
    assert left_over(target) == []


def test_a_folder_that_cannot_be_made(server, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DownloadError, match="could not be downloaded to"):
        fetch(server.serve("/f", CONTENTS), tmp_path / "file" / "f.zip", is_contents)


FETCH = """
import sys
from pathlib import Path
from cnnkit.data._download import fetch

def check(path):
    if path.stat().st_size != 400_000:
        raise ValueError("size")

print(fetch(sys.argv[1], Path(sys.argv[2]), check))
"""


def start(script, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="POSIX signals")
def test_a_killed_download_goes_on(server, target):
    url = server.serve("/f", CONTENTS, "slow")
    process = start(FETCH, url, target)
    part = target.with_name("file.part.zip")
    assert server.stalled.wait(60)
    deadline = time.time() + 10
    while not (part.exists() and part.stat().st_size >= 65_536) and time.time() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=20)
    assert not target.exists() and part.stat().st_size > 0
    server.go_on.set()
    server.serve("/f", CONTENTS)
    fetch(url, target, is_contents)
    assert server.log[-1][1] is not None, "it went on where the killed one stopped"
    assert left_over(target) == ["file.zip"]


def test_two_processes_download_once(server, target):
    url = server.serve("/f", CONTENTS, "slow")
    first = start(FETCH, url, target)
    assert server.stalled.wait(60)
    second = start(FETCH, url, target)
    line = second.stdout.readline()
    server.go_on.set()
    outputs = [process.communicate(timeout=60)[0] for process in (first, second)]
    assert first.returncode == second.returncode == 0, outputs
    assert line == "Waiting for another process that is making file.zip.\n"
    assert len(server.log) == 1
    is_contents(target)


def make_zip(path, members):
    with zipfile.ZipFile(path, "w") as file:
        for name, contents in members.items():
            file.writestr(name, contents)
    return path


def test_unpack(tmp_path):
    archive = make_zip(tmp_path / "a.zip", {"x/1": b"one", "x/2": b"two", "README": b"no"})
    folder = unpack(archive, tmp_path / "out", {"x/1": "1", "x/2": "deep/2"})
    assert (folder / "1").read_bytes() == b"one" and (folder / "deep/2").read_bytes() == b"two"
    assert sorted(p.name for p in folder.rglob("*") if p.is_file()) == ["1", "2"]
    (folder / "1").write_bytes(b"mine")
    unpack(archive, folder, {"x/1": "1"})
    assert (folder / "1").read_bytes() == b"mine", "an existing folder is left alone"


@pytest.mark.parametrize("escape", ["../evil", "/evil", "a/../../evil", "../out.part-2/evil"])
def test_unpack_stays_inside(tmp_path, escape):
    archive = make_zip(tmp_path / "a.zip", {"good": b"", escape: b"evil"})
    with pytest.raises(ValueError, match="inside the folder"):
        unpack(archive, tmp_path / "in" / "out", {"good": "good", escape: escape})
    assert not (tmp_path / "in" / "out").exists()
    assert not list(tmp_path.rglob("evil")) and not Path("/evil").exists()


def test_unpack_a_damaged_archive_leaves_nothing(tmp_path):
    members = {f"{i}": CONTENTS[:5000] for i in range(20)}
    archive = make_zip(tmp_path / "a.zip", members)
    damaged = bytearray(archive.read_bytes())
    damaged[60_000] ^= 1
    archive.write_bytes(damaged)
    with pytest.raises(ValueError, match="Bad CRC-32"):
        unpack(archive, tmp_path / "out", {name: name for name in members})
    with pytest.raises(ValueError, match="cannot be unpacked"):
        unpack(archive, tmp_path / "out", {"not in it": "x"})
    archive.write_bytes(damaged[:50_000])
    with pytest.raises(ValueError, match="not a zip file"):
        unpack(archive, tmp_path / "out", {"0": "0"})
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix != ".lock") == ["a.zip"]


def test_unpack_twice_at_once(tmp_path):
    members = {f"{i}": CONTENTS[:5000] for i in range(200)}
    archive = make_zip(tmp_path / "a.zip", members)
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(unpack, archive, tmp_path / "out", {n: n for n in members})
            for _ in range(2)
        ]
        assert {job.result() for job in jobs} == {tmp_path / "out"}
    assert len(list((tmp_path / "out").iterdir())) == 200
