"""Folders as real people have them: each odd kind of file is read right, or left out and named."""

import os
import signal
import struct
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnkit import data
from cnnkit._places import cache_dir
from cnnkit.data import _bad_images as bad_images
from write_photo import write_photo

PIXELS = np.random.default_rng(3).integers(0, 256, (24, 30, 4), np.uint8)
RGB = Image.fromarray(PIXELS[..., :3])


def smooth(size=(160, 120)):
    return Image.fromarray(data.load_photo("astronaut")).resize(size)


# Pillow warns of what is still within the limit that is stated here.
pytestmark = pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")


def write_good(folder):
    """One file of each odd kind that is a whole picture; its name, and what it shows."""
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    cases = {
        "format png.jpg": ("PNG", RGB, {}),
        "format bmp.jpeg": ("BMP", RGB, {}),
        "format webp.png": ("WEBP", RGB, {"lossless": True}),
        "no extension": ("PNG", RGB, {}),
        "gray.png": ("PNG", RGB.convert("L"), {}),
        "black and white.png": ("PNG", RGB.convert("1"), {}),
        "palette.png": ("PNG", RGB.quantize(16), {}),
        "opaque alpha.png": ("PNG", RGB.convert("RGBA"), {}),
        "animated.gif": ("GIF", RGB.quantize(16), {"save_all": True, "append_images": [RGB] * 3}),
        "sixteen bits.png": ("PNG", Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257), {}),
        "one pixel.png": ("PNG", RGB.resize((1, 1)), {}),
        "Katze mit Hut \u00fc\u00df \u732b.png": ("PNG", RGB, {}),
        "cmyk.jpg": ("JPEG", smooth().convert("CMYK"), {"quality": 95}),
        "turned.jpg": ("JPEG", smooth().rotate(180), {"quality": 95, "exif": exif}),
        "progressive.jpg": ("JPEG", smooth(), {"quality": 95, "progressive": True}),
    }
    folder.mkdir(parents=True)
    for name, (form, image, options) in cases.items():
        image.save(folder / name, form, **options)
    shown = {name: np.asarray(image.convert("RGB")) for name, (_, image, _) in cases.items()}
    shown["sixteen bits.png"] = np.repeat(PIXELS[..., :1], 3, axis=2)
    shown["turned.jpg"] = np.asarray(smooth())
    return shown


def write_bad(folder):
    """One file of each kind that cannot be used; its name, and a part of the reason."""
    folder.mkdir(parents=True)
    for name, form in (("cut.jpg", "JPEG"), ("cut.png", "PNG"), ("cut.webp", "WEBP")):
        smooth().save(folder / name, form)
        contents = (folder / name).read_bytes()
        (folder / name).write_bytes(contents[: len(contents) * 2 // 3])
    (folder / "empty.jpg").touch()
    (folder / "text.jpg").write_text("This is no picture.", encoding="utf-8")
    (folder / "page.png").write_text("<!doctype html><title>404</title>", encoding="utf-8")
    Image.new("1", (12_000, 9_000)).save(folder / "huge.png")
    reasons = {"cut.jpg": "damaged", "cut.png": "damaged", "cut.webp": "a WEBP picture, damaged"}
    reasons |= {"text.jpg": "begins with 'This is no", "page.png": "begins with '<!doctype html>"}
    return reasons | {"empty.jpg": "empty", "huge.png": "over 100,000,000 pixels: 12,000 x 9,000"}


def test_whole_pictures_are_read_as_they_look(tmp_path):
    shown = write_good(tmp_path / "odd")
    assert data.find_bad_images(tmp_path) == {}
    for name, expected in shown.items():
        with warnings.catch_warnings(action="ignore"):  # of the frames that an animation has more
            image = data.read_image(tmp_path / "odd" / name)
        assert image.shape == expected.shape and image.dtype == np.uint8
        assert np.abs(image.astype(int) - expected).mean() < (5 if "jpg" in name else 0.01), name


def test_what_cannot_be_used_is_listed_with_its_reason(tmp_path):
    reasons = write_bad(tmp_path / "odd")
    found = data.find_bad_images(tmp_path)
    assert sorted(found) == sorted(f"odd/{name}" for name in reasons)
    for name, reason in reasons.items():
        assert reason in found[f"odd/{name}"]


def test_the_loader_takes_the_good_and_counts_the_bad(tmp_path, capsys):
    shown = write_good(tmp_path / "bugs" / "ant")
    reasons = write_bad(tmp_path / "bugs" / "bee")
    for i in range(60):
        write_photo(tmp_path / "bugs" / "ant" / f"a {i}.jpg", seed=i)
        write_photo(tmp_path / "bugs" / "bee" / f"b {i}.jpg", seed=100 + i)
    photos = data.load_cats_vs_dogs(f"folder:{tmp_path / 'bugs'}", image_size=16)
    assert f"{len(reasons)} files left out: bee/cut.jpg (damaged" in capsys.readouterr().out
    names = {photo.source.name for split in photos.photos.values() for photo in split}
    assert set(shown) <= names and not set(reasons) & names
    for _ in range(2):  # from the files, then from memory
        n = 0
        for images, labels in photos.train:
            assert images.shape == (len(labels), 16, 16, 3)
            assert np.isfinite(images).all() and images.numpy().min() >= 0
            n += len(labels)
        assert n == photos.sizes["train"]


def test_odd_exif_loses_no_photo(tmp_path):
    """Without EXIF's own mark nothing is known; a text where a number belongs leaves the rest."""
    smooth().save(tmp_path / "garbage.jpg", quality=95, exif=b"Exif\0\0garbage, not EXIF")
    tags = struct.pack("<HHHIHHHHI", 2, 0x0112, 3, 1, 3, 0, 0x0100, 2, 4) + b"odd\0" + bytes(4)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + tags
    smooth().rotate(180).save(tmp_path / "turned.jpg", quality=95, exif=exif)
    assert data.find_bad_images(tmp_path) == {}
    for name in ("garbage.jpg", "turned.jpg"):
        image = data.read_image(tmp_path / name)
        assert np.abs(image - np.asarray(smooth(), float)).mean() < 5, name


def test_a_jpeg_cut_anywhere_is_never_half_shown(tmp_path):
    smooth().save(tmp_path / "whole.jpg", quality=90)
    contents = (tmp_path / "whole.jpg").read_bytes()
    for i, end in enumerate(np.linspace(0, len(contents) - 3, 40).astype(int)):
        (tmp_path / f"cut {i:02}.jpg").write_bytes(contents[:end])
    assert len(data.find_bad_images(tmp_path)) == 40


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links(tmp_path):
    for name in ("ants", "bees"):
        for i in range(3):
            write_photo(
                tmp_path / "elsewhere" / name / f"{i}.jpg",
                seed=10 * len(list(tmp_path.iterdir())) + i,
            )
    folder = tmp_path / "photos"
    (folder / "bees").mkdir(parents=True)
    (folder / "ants").symlink_to(tmp_path / "elsewhere/ants")  # a whole class
    for i in range(3):
        (folder / "bees" / f"{i}.jpg").symlink_to(tmp_path / f"elsewhere/bees/{i}.jpg")
    (folder / "bees" / "circle").symlink_to(folder)
    (folder / "bees" / "across").symlink_to(tmp_path / "elsewhere/ants")  # there already
    (folder / "bees" / "itself").symlink_to(folder / "bees" / "itself")
    (folder / "bees" / "nowhere.jpg").symlink_to(tmp_path / "gone.jpg")
    assert sorted(data.find_bad_images(folder)) == ["bees/itself", "bees/nowhere.jpg"]
    good = [name for name, found in bad_images.check_folder(folder).items() if "fault" not in found]
    assert good == [f"{name}/{i}.jpg" for name in ("ants", "bees") for i in range(3)]


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss has other units elsewhere")
@pytest.mark.usefixtures("slow_proof")
def test_a_large_picture_takes_bounded_memory(tmp_path):
    """8,000 x 8,000 pixels are 192 MB; no more than a few such arrays may exist at a time."""
    folder = tmp_path / "large"
    folder.mkdir()
    for name in ("large.jpg", "large.png"):
        Image.new("RGB", (8000, 8000), (200, 30, 90)).save(folder / name)
    code = f"""
import resource
from pathlib import Path
from cnnkit import data
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
before = peak()
bad = data.find_bad_images({str(folder)!r})
assert bad == {{}}, bad
for path in sorted(Path({str(folder)!r}).iterdir()):
    image = data.read_image(path)
    assert image.shape == (8000, 8000, 3) and abs(int(image[0, 0, 0]) - 200) < 3
    del image
print("MB", peak() - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.split("MB")[-1]) < 900


def test_the_odd_real_files(real_data):
    bad = data.find_bad_images(real_data / "cats_vs_dogs_bad")
    assert set(bad) == {"cat_labels.csv", "manifest.csv"}
    assert all("in none of the formats that are read" in reason for reason in bad.values())


def load(folder, **options):
    return data.load_cats_vs_dogs(f"folder:{folder}", **{"image_size": 16, **options})


def test_bad_files_are_skipped_counted_and_remembered(pets, capsys, monkeypatch):
    cats = pets / "train" / "cats"
    (cats / "empty.jpg").touch()
    (cats / "text.jpg").write_text("no picture")
    whole = (cats / "1.jpg").read_bytes()
    (cats / "Größe mit Blank.jpg").write_bytes(whole[: len(whole) - 100])
    (cats / "labels.csv").write_text("a,b")
    (cats / ".hidden.jpg").write_text("no picture")
    photos = load(pets)
    output = capsys.readouterr().out
    line = next(line for line in output.splitlines() if "left out" in line)
    assert line.startswith("4 files left out: ") and line.endswith(" and 1 more.")
    assert "train/cats/empty.jpg (the file is empty)" in line
    assert photos.sizes["train"] == 24
    assert len(list(photos.train)) == 1
    faults = data.find_bad_images(pets)
    assert [Path(name).name for name in faults] == [
        "Größe mit Blank.jpg", "empty.jpg", "labels.csv", "text.jpg",
    ]  # fmt: skip
    assert faults["train/cats/Größe mit Blank.jpg"].startswith("damaged: ")

    looked_at = []
    monkeypatch.setattr(
        bad_images,
        "examine",
        lambda contents, look=bad_images.examine: looked_at.append(1) or look(contents),
    )
    assert data.find_bad_images(pets) == faults and not looked_at
    write_photo(cats / "empty.jpg", seed=99)
    assert len(data.find_bad_images(pets)) == 3 and len(looked_at) == 1
    (cats / "text.jpg").unlink()
    assert len(data.find_bad_images(pets)) == 2 and len(looked_at) == 1


def test_another_pillow_looks_again(tmp_path, monkeypatch):
    (tmp_path / "photo.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(50))
    assert "pip install pillow-heif" in data.find_bad_images(tmp_path)["photo.heic"]
    monkeypatch.setattr(bad_images, "examine", lambda contents: {"digest": "new", "hash": ""})
    assert data.find_bad_images(tmp_path), "nothing changed, so nothing is looked at"
    monkeypatch.setattr(bad_images, "abilities", lambda: "one more format")
    assert not data.find_bad_images(tmp_path)


def test_damaged_or_unwritable_notes_do_not_matter(pets, monkeypatch, tmp_path):
    load(pets)
    (notes,) = (cache_dir() / "checked").iterdir()
    notes.write_text("{ half a file")
    assert load(pets).sizes["train"] == 24
    notes.write_text('{"version": 1}')
    assert load(pets).sizes["train"] == 24
    (tmp_path / "a file").touch()
    monkeypatch.setenv("CNNKIT_CACHE", str(tmp_path / "a file"))
    assert load(pets).sizes["train"] == 24


def snapshot(folder):
    """Every file with its content and the time of its last change."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_the_data_folder_is_only_read(pets):
    (pets / "train/cats/bad.jpg").write_bytes(b"")
    before = snapshot(pets)
    if os.name == "posix":
        for path in [pets, *pets.rglob("*")]:
            path.chmod(path.stat().st_mode & ~0o222)
    photos = load(pets)
    list(photos.train)
    data.find_duplicates(pets)
    assert snapshot(pets) == before
    for path in [pets, *pets.rglob("*")]:
        path.chmod(0o755)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
def test_a_full_disk_leaves_older_notes_as_they_were(pets, monkeypatch):
    load(pets)
    before = snapshot(cache_dir() / "checked")
    write_photo(pets / "train/cats/new.jpg", seed=77)

    def full(path, *args, **options):
        with open("/dev/full", "wb") as file:  # noqa: PTH123
            file.write(*args)

    monkeypatch.setattr(Path, "write_bytes", full)
    assert load(pets).sizes["train"] == 25
    assert snapshot(cache_dir() / "checked") == before


KILLED_CHECK = """
import os, signal, sys
from cnnkit import data
from cnnkit.data import _bad_images

seen = []

def examine(contents, examine=_bad_images.examine):
    seen.append(1)
    if len(seen) == 10:
        os.kill(os.getpid(), signal.SIGKILL)
    return examine(contents)

_bad_images.examine = examine
data.find_bad_images(sys.argv[1])
"""


@pytest.mark.skipif(os.name == "nt", reason="about a signal of POSIX")
def test_a_killed_check_leaves_older_notes_as_they_were(pets):
    load(pets)
    before = snapshot(cache_dir() / "checked")
    for i in range(20):
        write_photo(pets / f"train/cats/new {i}.jpg", seed=i)
    killed = subprocess.run([sys.executable, "-c", KILLED_CHECK, str(pets)], capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert snapshot(cache_dir() / "checked") == before
    assert load(pets).sizes["train"] == 44


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_not_utf8_is_left_out(pets, capsys):
    (pets / "train/cats/1.jpg").rename(pets / "train/cats" / os.fsdecode(b"\xe4.jpg"))
    photos = load(pets)
    assert photos.sizes["train"] == 23 and len(list(photos.train)) == 1
    assert "the name is not UTF-8" in capsys.readouterr().out


def test_a_file_that_could_not_be_read_once_is_looked_at_again(pets, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuse)
        assert len(data.find_bad_images(pets)) == 64
    assert data.find_bad_images(pets) == {}
