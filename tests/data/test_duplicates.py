"""Duplicates: exact ones, near ones, and none where there are none."""

import shutil

import pytest
from PIL import Image

from cnnkit import data
from cnnkit.data import Duplicates


@pytest.fixture
def folder(tmp_path):
    """Six photos, with copies of the first: as it is, re-encoded, smaller, brighter."""
    (tmp_path / "train").mkdir()
    for i, name in enumerate(("astronaut", "camera", "cat", "moon", "coffee", "rocket")):
        photo = Image.fromarray(data.load_photo(name)).resize((160, 120))
        photo.save(tmp_path / "train" / f"{i}.jpg")
    (tmp_path / "validation").mkdir()
    shutil.copy(tmp_path / "train" / "0.jpg", tmp_path / "validation" / "copy.jpg")
    original = Image.open(tmp_path / "train" / "0.jpg")
    original.save(tmp_path / "validation" / "coded.jpg", quality=60)
    original.resize((90, 70)).save(tmp_path / "validation" / "small.png")
    original.point(lambda v: min(255, v + 12)).save(tmp_path / "validation" / "bright.webp")
    return tmp_path


def test_copies_are_found_across_splits(folder):
    (group,) = data.find_duplicates(folder)
    copies = [f"validation/{name}" for name in ("bright.webp", "coded.jpg", "copy.jpg")]
    assert group.members == ("train/0.jpg", *copies, "validation/small.png")
    assert not group.exact


def test_exact_copies(folder):
    for name in ("coded.jpg", "small.png", "bright.webp"):
        (folder / "validation" / name).unlink()
    members = ("train/0.jpg", "validation/copy.jpg")
    assert data.find_duplicates(folder) == [Duplicates(members, exact=True)]


def test_plain_pictures_are_the_same_only_byte_by_byte(tmp_path):
    for i, gray in enumerate((10, 10, 200, 202)):
        Image.new("RGB", (40, 40), (gray,) * 3).save(tmp_path / f"{i}.png")
    assert data.find_duplicates(tmp_path) == [Duplicates(("0.png", "1.png"), True)]


def test_damaged_files_and_empty_folders_have_none(tmp_path):
    assert data.find_duplicates(tmp_path) == []
    (tmp_path / "a.jpg").write_bytes(b"")
    (tmp_path / "b.jpg").write_bytes(b"")
    assert data.find_duplicates(tmp_path) == []
    with pytest.raises(NotADirectoryError, match="Received: folder="):
        data.find_duplicates(tmp_path / "missing")


def test_drawn_pets_are_all_different(tmp_path):
    for i, image in enumerate(data.draw_pets(300, seed=8)[0]):
        Image.fromarray(image).save(tmp_path / f"{i:03}.png")
    assert data.find_duplicates(tmp_path) == []


def test_the_odd_real_files(real_data):
    found = data.find_duplicates(real_data / "cats_vs_dogs_bad")
    exact = [group.members for group in found if group.exact]
    near = [group.members for group in found if not group.exact]
    assert exact == [("test1_224.jpg", "test1_267.jpg")]
    assert near == [("cat.4126.jpg", "cat.4575.jpg"), ("dog.180.jpg", "dog.74.jpg")]
