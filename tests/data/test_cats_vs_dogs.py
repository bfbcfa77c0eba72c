import shutil
import signal
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from cnnkit import data
from cnnkit._places import cache_dir
from cnnkit.data import DownloadError
from cnnkit.data import _cats_vs_dogs as cats_vs_dogs
from write_photo import write_photo

CLOSED = "http://127.0.0.1:9/photos.zip"


@pytest.fixture(autouse=True)
def no_web(monkeypatch):
    monkeypatch.setattr(cats_vs_dogs, "URL", CLOSED)
    monkeypatch.setattr(cats_vs_dogs, "TFDS_URL", CLOSED)


def load(folder, **options):
    return data.load_cats_vs_dogs(f"folder:{folder}", **{"image_size": 16, **options})


def digests(photos, split):
    return {photo.digest for photo in photos.photos[split]}


def test_what_it_returns(pets, capsys):
    photos = load(pets, batch_size=10)
    assert photos.class_names == ["cat", "dog"]
    assert photos.sizes["train"] == 24
    assert photos.sizes["validation"] + photos.sizes["test"] == 40
    assert min(photos.sizes.values()) >= 10
    assert repr(photos) in capsys.readouterr().out and "\n" not in repr(photos)
    for split in ("train", "validation", "test"):
        batches = list(getattr(photos, split))
        assert [len(labels) for _, labels in batches[:-1]] == [10] * (len(batches) - 1)
        assert sum(len(labels) for _, labels in batches) == photos.sizes[split]
        for images, labels in batches:
            assert images.dtype == "float32" and images.shape[1:] == (16, 16, 3)
            assert 0 <= images.numpy().min() and 100 < images.numpy().max() <= 255
            assert labels.dtype == "int32" and set(labels.numpy()) <= {0, 1}


def test_the_test_split_never_moves(pets):
    before = load(pets)
    write_photo(pets / "validation" / "cats" / "new.jpg", seed=77)
    (pets / "validation" / "dogs" / "3.jpg").rename(pets / "validation" / "dogs" / "renamed.jpg")
    (pets / "validation" / "dogs" / "4.jpg").unlink()
    after = load(pets)
    new = digests(after, "test") ^ digests(before, "test")
    assert len(new) <= 2, "only the added and the removed photo may differ"
    assert not digests(after, "test") & digests(after, "validation")


def test_a_salt_makes_another_cut_always_the_same(pets):
    plain, a, again, b = (load(pets, salt=salt) for salt in ("", "a", "a", "b"))
    assert digests(plain, "test") == digests(load(pets), "test")
    assert digests(a, "test") == digests(again, "test")
    tests = [digests(photos, "test") for photos in (plain, a, b)]
    assert tests[0] != tests[1] != tests[2] != tests[0]
    held_out = digests(plain, "validation") | digests(plain, "test")
    for photos in (a, b):
        assert digests(photos, "train") == digests(plain, "train")
        assert digests(photos, "validation") == held_out - digests(photos, "test")


def test_a_salt_cuts_a_folder_without_splits(tmp_path):
    for label, name in enumerate(("ant", "bee")):
        for i in range(60):
            write_photo(tmp_path / "bugs" / name / f"{i}.png", seed=100 * label + i)
    plain, salted = load(tmp_path / "bugs"), load(tmp_path / "bugs", salt="1")
    for photos in (plain, salted):
        assert sum(photos.sizes.values()) == 120 and 70 <= photos.sizes["train"] <= 97
    for split in plain.sizes:
        assert digests(plain, split) != digests(salted, split)


def test_a_salt_leaves_what_is_split_already_as_it_is(pets):
    drawn = data.load_cats_vs_dogs("drawn", salt="a", verbose=0)
    assert digests(drawn, "test") == digests(data.load_cats_vs_dogs("drawn", verbose=0), "test")
    for salt in (1, None, b"a"):
        with pytest.raises(TypeError, match="`salt` must be a text. Received: salt="):
            load(pets, salt=salt)


def test_a_photo_in_two_splits_stays_in_one(pets):
    before = load(pets)
    twin = before.photos["test"][0].source
    shutil.copy(twin, pets / "train" / twin.parent.name / "twin.jpg")
    shutil.copy(twin, pets / "validation" / twin.parent.name / "twin.jpg")
    after = load(pets)
    assert after.sizes["train"] == before.sizes["train"]
    assert digests(after, "test") == digests(before, "test")


def test_n_train(pets):
    everything, some, fewer = (load(pets, n_train=n) for n in (None, 12, 4))
    assert [photo.label for photo in some.photos["train"]].count(0) == 6
    assert digests(fewer, "train") < digests(some, "train") < digests(everything, "train")
    assert digests(some, "test") == digests(everything, "test")
    assert digests(load(pets, n_train=12), "train") == digests(some, "train")
    assert digests(load(pets, n_train=12, seed=1), "train") != digests(some, "train")


@pytest.mark.parametrize("n", [0, 3, 26, -2, 2.0, "all"])
def test_a_wrong_n_train(pets, n):
    with pytest.raises(ValueError, match="`n_train` must be a multiple of 2 up to 24.*Received"):
        load(pets, n_train=n)


def test_a_folder_without_splits(tmp_path):
    for label, name in enumerate(("ant", "bee", "wasps")):
        for i in range(60):
            write_photo(tmp_path / "bugs" / name / f"{i}.png", seed=100 * label + i)
    photos = load(tmp_path / "bugs")
    assert photos.class_names == ["ant", "bee", "wasps"]
    assert sum(photos.sizes.values()) == 180
    assert 110 <= photos.sizes["train"] <= 140 and photos.sizes["test"] > photos.sizes["validation"]
    assert next(iter(photos.train))[0].shape == (32, 16, 16, 3)


def test_names_of_splits_in_capitals_and_other_folders(pets, capsys):
    (pets / "train").rename(pets / "Train")
    (pets / "validation").rename(pets / "VAL")
    write_photo(pets / "extra" / "birds" / "1.jpg", seed=1)
    photos = load(pets)
    assert photos.class_names == ["cat", "dog"] and photos.sizes["train"] == 24
    assert "so ignored: extra." in capsys.readouterr().out


def test_an_empty_class_is_named(pets):
    (pets / "train" / "birds").mkdir()
    with pytest.raises(ValueError, match="the train split got none of birds"):
        load(pets)


def test_n_train_leaves_the_drawn_pets_as_they_are():
    assert data.load_cats_vs_dogs("drawn", n_train=10).sizes["train"] == 10
    assert data.load_cats_vs_dogs("drawn").sizes["train"] == 600


def test_a_folder_with_three_splits(pets):
    (pets / "validation").rename(pets / "val")
    shutil.copytree(pets / "val", pets / "test")
    for i, path in enumerate(sorted(pets.glob("test/*/*"))):
        write_photo(path, seed=3000 + i)
    assert load(pets).sizes == {"train": 24, "validation": 40, "test": 40}


def test_wrong_folders(tmp_path, pets):
    with pytest.raises(NotADirectoryError, match="must be a folder. Received"):
        load(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="at least two classes.*Received: \\[\\]"):
        load(tmp_path / "empty")
    write_photo(tmp_path / "one" / "cats" / "1.jpg")
    with pytest.raises(ValueError, match="at least two classes.*Received: \\['cat'\\]"):
        load(tmp_path / "one")
    write_photo(tmp_path / "one" / "dogs" / "1.jpg", seed=1)
    with pytest.raises(ValueError, match="split got none of .*Received"):
        load(tmp_path / "one")
    shutil.rmtree(pets / "train" / "dogs")
    (pets / "train" / "dogs").mkdir()
    with pytest.raises(ValueError, match="the train split got none of dog"):
        load(pets)


def test_wrong_source():
    with pytest.raises(
        ValueError, match="'auto', 'web', 'tfds', 'drawn' or 'folder:PATH'. Received"
    ):
        data.load_cats_vs_dogs("kaggle")


def test_auto_takes_the_given_folder_first(pets, tmp_path, monkeypatch):
    (tmp_path / "given").mkdir()
    pets.rename(tmp_path / "given" / "cats_vs_dogs")
    monkeypatch.setenv("CNNKIT_DATA", str(tmp_path / "given"))
    photos = data.load_cats_vs_dogs(image_size=16)
    assert photos.sizes["train"] == 24 and "given" in photos.source


def test_without_photos_and_network_one_sentence_says_so(monkeypatch, tmp_path, capsys):
    photos = data.load_cats_vs_dogs()
    failure, sentence, *rest = capsys.readouterr().out.splitlines()
    assert "no connection" in failure and sentence == cats_vs_dogs._NO_PHOTOS
    assert sentence.count(". ") == 0 and repr(photos) in rest
    assert photos.drawn and photos.sizes == {"train": 600, "validation": 500, "test": 500}
    assert photos.image_size == 64 and photos.class_names == ["cat", "dog"]
    monkeypatch.setenv("CNNKIT_DATA", str(tmp_path / "typo"))
    assert data.load_cats_vs_dogs().drawn
    assert "typo has no folder cats_vs_dogs" in capsys.readouterr().out


def test_drawn_pets_are_what_draw_pets_draws():
    photos = data.load_cats_vs_dogs("drawn")
    images, labels = data.draw_pets(600, seed=0)
    drawn = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    for images, labels in photos.train:
        for image, label in zip(images.numpy(), labels.numpy(), strict=True):
            assert drawn.pop(image.astype(np.uint8).tobytes()) == label
    assert not drawn
    small = data.load_cats_vs_dogs("drawn", image_size=32, n_train=50)
    assert small.sizes["train"] == 50
    assert digests(small, "test") == digests(photos, "test")
    everything = [digests(photos, split) for split in photos.sizes]
    assert len(set.union(*everything)) == 1600


@pytest.mark.parametrize("source", ["web", "tfds"])
def test_a_source_asked_for_by_name(source, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    with pytest.raises(DownloadError, match="could not"):
        data.load_cats_vs_dogs(source)


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """A small archive in the layout of the real one, and the package told so."""
    folder = tmp_path / "photos"
    path = tmp_path / "photos.zip"
    names = [
        f"cats_and_dogs_filtered/{split}/{kind}s/{kind}.{i}.jpg"
        for split, n in (("train", 12), ("validation", 40))
        for kind in ("cat", "dog")
        for i in range(n)
    ]
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("cats_and_dogs_filtered/vectorize.py", "print()")
        for i, name in enumerate(names):
            write_photo(folder / name, seed=i)
            file.write(folder / name, name)
    monkeypatch.setattr(cats_vs_dogs, "ARCHIVE_BYTES", path.stat().st_size)
    monkeypatch.setattr(cats_vs_dogs, "ARCHIVE_PHOTOS", len(names))
    return path


@pytest.mark.parametrize("source", ["web", "auto"])
def test_from_the_web_once(archive, server, monkeypatch, source):
    monkeypatch.setattr(cats_vs_dogs, "URL", server.serve("/p.zip", archive.read_bytes(), "cut"))
    photos = data.load_cats_vs_dogs(source, image_size=16)
    assert photos.sizes["train"] == 24 and photos.source == "cats_and_dogs_filtered"
    requests = len(server.log)
    assert data.load_cats_vs_dogs(source, image_size=16).sizes == photos.sizes
    assert len(server.log) == requests
    left = [p.name for p in cache_dir().iterdir() if p.suffix != ".lock"]
    assert sorted(left) == ["cats_and_dogs_filtered", "checked"]
    assert not list(cache_dir().rglob("vectorize.py"))


def test_silence(pets, archive, server, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(cats_vs_dogs, "_drawn", {})
    monkeypatch.setattr(cats_vs_dogs, "_DRAWN_SIZES", dict.fromkeys(cats_vs_dogs.SPLITS, 10))
    (pets / "train/cats/bad.jpg").touch()
    (pets / "birds").mkdir()
    assert load(pets, verbose=0).sizes["train"] == 24
    monkeypatch.setenv("CNNKIT_DATA", str(tmp_path / "typo"))
    assert data.load_cats_vs_dogs(verbose=0).drawn
    monkeypatch.setattr(cats_vs_dogs, "URL", server.serve("/p.zip", archive.read_bytes()))
    assert data.load_cats_vs_dogs("web", image_size=16, verbose=0).sizes["train"] == 24
    assert capsys.readouterr() == ("", "")


def test_a_wrong_archive_is_refused(archive, server, monkeypatch):
    contents = bytearray(archive.read_bytes())
    contents[3000] ^= 1
    monkeypatch.setattr(cats_vs_dogs, "URL", server.serve("/p.zip", bytes(contents)))
    with pytest.raises(DownloadError, match="is damaged|no zip archive"):
        data.load_cats_vs_dogs("web")
    monkeypatch.setattr(cats_vs_dogs, "URL", server.serve("/q.zip", archive.read_bytes()))
    monkeypatch.setattr(cats_vs_dogs, "ARCHIVE_PHOTOS", 3000)
    with pytest.raises(DownloadError, match="expected 3,000 photos. Received: 104"):
        data.load_cats_vs_dogs("web")
    monkeypatch.setattr(cats_vs_dogs, "ARCHIVE_BYTES", 68_606_236)
    with pytest.raises(DownloadError, match="expected 68,606,236 bytes"):
        data.load_cats_vs_dogs("web")
    assert not (cache_dir() / "cats_and_dogs_filtered").exists()
    assert not list(cache_dir().glob("*.zip"))


KILLED_UNPACKING = """
import os, shutil, signal, sys
from cnnkit import data
from cnnkit.data import _cats_vs_dogs as cats_vs_dogs

cats_vs_dogs.URL, cats_vs_dogs.ARCHIVE_BYTES = sys.argv[1], int(sys.argv[2])
cats_vs_dogs.ARCHIVE_PHOTOS = int(sys.argv[3])
unpacked = []

def copy(source, sink, copy=shutil.copyfileobj):
    unpacked.append(1)
    if len(unpacked) == 50:
        os.kill(os.getpid(), signal.SIGKILL)
    copy(source, sink)

shutil.copyfileobj = copy
data.load_cats_vs_dogs("web", image_size=16)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="POSIX signals")
def test_a_killed_unpacking_leaves_a_working_cache(archive, server, monkeypatch):
    url = server.serve("/p.zip", archive.read_bytes())
    monkeypatch.setattr(cats_vs_dogs, "URL", url)
    numbers = str(archive.stat().st_size), "104"
    command = [sys.executable, "-c", KILLED_UNPACKING, url, *numbers]
    killed = subprocess.run(command, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    part = cache_dir() / "cats_and_dogs_filtered.part"
    assert len([path for path in part.rglob("*.jpg") if path.stat().st_size]) == 49
    assert not (cache_dir() / "cats_and_dogs_filtered").exists()
    photos = data.load_cats_vs_dogs("web", image_size=16)
    assert photos.sizes["train"] == 24 and sum(photos.sizes.values()) == 104
    assert len(list((cache_dir() / "cats_and_dogs_filtered").rglob("*.jpg"))) == 104
    assert not part.exists()


def test_the_whole_set_through_tensorflow_datasets(tmp_path, monkeypatch, server):
    """The real builder reads a small archive in the original layout, with its 1,738 bad files."""
    import tensorflow_datasets as tfds

    path = tmp_path / "kaggle.zip"
    with zipfile.ZipFile(path, "w") as file:
        for i in range(120):
            kind = ("Cat", "Dog")[i % 2]
            photo = tmp_path / "p" / f"{i}.jpg"
            write_photo(photo, seed=i)
            file.write(photo, f"PetImages/{kind}/{i}.jpg")
        for i in range(1738):
            file.writestr(f"PetImages/Cat/{1000 + i}.jpg", b"nothing of a JPEG")
        file.writestr("readme[1].txt", "hello")
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    monkeypatch.setattr(cats_vs_dogs, "TFDS_URL", server.serve("/kaggle.zip"))
    monkeypatch.setattr(tfds.download.DownloadManager, "download", lambda self, url: path)
    photos = data.load_cats_vs_dogs("tfds", image_size=16)
    assert photos.class_names == ["cat", "dog"] and sum(photos.sizes.values()) == 120
    assert photos.sizes["train"] > 70 and min(photos.sizes.values()) > 4
    images, labels = next(iter(photos.validation))
    assert images.shape[1:] == (16, 16, 3) and images.numpy().max() > 100
    monkeypatch.setattr(cats_vs_dogs, "TFDS_URL", CLOSED)
    again = data.load_cats_vs_dogs("tfds", image_size=16)
    assert digests(again, "test") == digests(photos, "test")


@pytest.mark.usefixtures("slow_proof")
def test_the_real_photos(real_data):
    """In one test, as the first look at three thousand files takes a while."""
    photos = data.load_cats_vs_dogs(image_size=32)
    assert photos.sizes == {"train": 2000, "validation": 508, "test": 492}
    assert [photo.label for photo in photos.photos["train"]].count(0) == 1000
    first = sorted(digests(photos, "test"))[0]
    assert first.startswith("0"), first
    assert not data.find_bad_images(real_data / "cats_vs_dogs")
    found = data.find_duplicates(real_data / "cats_vs_dogs")
    pairs = [sorted(name.rsplit("/", 1)[1] for name in group.members) for group in found]
    assert pairs == [["dog.180.jpg", "dog.74.jpg"], ["cat.4126.jpg", "cat.4575.jpg"]]
    assert not any(group.exact for group in found)


@pytest.mark.parametrize("seed", [None, -1, True, 7.0, 2**32, np.random.default_rng(0)])
def test_the_seed_of_a_split_is_an_integer(pets, seed):
    with pytest.raises(ValueError, match=r"`seed` must be an integer of 0..2\*\*32-1. .*: seed="):
        load(pets, seed=seed)
    with pytest.raises(ValueError, match="`seed` must be"):
        load("nowhere", seed=seed)  # said before any photo is looked for
    assert len(list(load(pets, seed=np.int64(3)).train)) > 0
