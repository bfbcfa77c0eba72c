"""Duplicates: exact ones, near ones, and none where there are none."""

import shutil
import time

import numpy as np
import pytest
from PIL import Image

from cnnkit import data


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
    assert group.names == ("train/0.jpg", *copies, "validation/small.png")
    assert not group.exact


def test_exact_copies(folder):
    for name in ("coded.jpg", "small.png", "bright.webp"):
        (folder / "validation" / name).unlink()
    assert data.find_duplicates(folder) == [(("train/0.jpg", "validation/copy.jpg"), True)]


def test_plain_pictures_are_the_same_only_byte_by_byte(tmp_path):
    for i, gray in enumerate((10, 10, 200, 202)):
        Image.new("RGB", (40, 40), (gray,) * 3).save(tmp_path / f"{i}.png")
    assert data.find_duplicates(tmp_path) == [(("0.png", "1.png"), True)]


def test_damaged_files_and_empty_folders_have_none(tmp_path):
    assert data.find_duplicates(tmp_path) == []
    (tmp_path / "a.jpg").write_bytes(b"")
    (tmp_path / "b.jpg").write_bytes(b"")
    assert data.find_duplicates(tmp_path) == []
    with pytest.raises(NotADirectoryError, match="Received: folder="):
        data.find_duplicates(tmp_path / "missing")


def test_drawn_pets_are_all_different(tmp_path):
    for i, image in enumerate(data.draw_pets(300, 8)[0]):
        Image.fromarray(image).save(tmp_path / f"{i:03}.png")
    assert data.find_duplicates(tmp_path) == []


def test_the_known_pairs_of_real_photos_and_nothing_else(real_data):
    folder = real_data / "cats_vs_dogs"
    data.find_bad_images(folder)
    start = time.perf_counter()
    found = data.find_duplicates(folder)
    assert time.perf_counter() - start < 20  # a second, from what the check has noted
    pairs = [sorted(name.rsplit("/", 1)[1] for name in group.names) for group in found]
    assert pairs == [["dog.180.jpg", "dog.74.jpg"], ["cat.4126.jpg", "cat.4575.jpg"]]
    assert not any(group.exact for group in found)


def test_the_odd_real_files(real_data):
    found = data.find_duplicates(real_data / "cats_vs_dogs_bad")
    exact = [group.names for group in found if group.exact]
    near = [group.names for group in found if not group.exact]
    assert exact == [("test1_224.jpg", "test1_267.jpg")]
    assert near == [("cat.4126.jpg", "cat.4575.jpg"), ("dog.180.jpg", "dog.74.jpg")]


# Splits


def names_and_labels(n, n_classes=2):
    return [f"photo {i}.jpg" for i in range(n)], [i % n_classes for i in range(n)]


def test_split_has_the_shares_in_every_class():
    names, labels = names_and_labels(6000, 3)
    splits = data.split(names, labels)
    assert sorted(np.concatenate(list(splits.values()))) == list(range(6000))
    for name, share in (("train", 0.7), ("validation", 0.1), ("test", 0.2)):
        counts = np.bincount(np.array(labels)[splits[name]])
        spread = np.sqrt(2000 * share * (1 - share))
        assert np.all(np.abs(counts - 2000 * share) < 4 * spread)


def test_split_is_stable_when_files_are_added_or_moved():
    names, labels = names_and_labels(500)
    before = data.split(names, labels)
    more_names, more_labels = names_and_labels(900)
    order = np.random.default_rng(1).permutation(900)
    after = data.split([more_names[i] for i in order], [more_labels[i] for i in order])
    for name, index in before.items():
        there = {more_names[order[i]] for i in after[name]}
        assert {names[i] for i in index} <= there


def test_split_keeps_groups_together():
    names, labels = names_and_labels(800)
    groups = [i // 4 for i in range(800)]
    splits = data.split(names, labels, groups)
    members = [{groups[i] for i in index} for index in splits.values()]
    assert sum(map(len, members)) == 200 and len(set.union(*members)) == 200


@pytest.mark.parametrize(
    "shares", [(0.5, 0.5), (0.7, 0.3, 0.0), (0.7, 0.2, 0.2), (1.2, -0.1, -0.1)]
)
def test_split_wants_three_shares(shares):
    with pytest.raises(ValueError, match="sum to 1. Received"):
        data.split(*names_and_labels(100), shares=shares)


def test_split_names_what_is_missing():
    names, labels = names_and_labels(200)
    with pytest.raises(ValueError, match="Each file needs.*200, 200, 2"):
        data.split(names, labels, groups=[1, 2])
    with pytest.raises(ValueError, match="split got none of rare. Received: 201 files"):
        data.split([*names, "one.jpg"], ["often"] * 200 + ["rare"])
