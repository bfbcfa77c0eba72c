"""Folders as archives have them: their splits are found, or it is said what is unclear."""

import shutil

import pytest

from cnnkit import data
from cnnkit.data._folder import split_of
from write_photo import write_photo


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    """A folder with three photos of each of two classes, and another for two more splits."""
    root = tmp_path_factory.mktemp("parts")
    for part in range(3):
        for label, name in enumerate(("ants", "bees")):
            for i in range(3):
                write_photo(root / f"{part}/{name}/{i}.png", seed=100 * part + 10 * label + i)
    return root


def load(folder):
    return data.load_cats_vs_dogs(f"folder:{folder}", image_size=8)


@pytest.mark.parametrize(
    "train, validation, test",
    [
        ("training_set", "validation_set", "test_set"),
        ("Train", "VAL", "Test Images"),
        ("training", "valid", "testing"),
        ("trainset", "dev", "testset"),
        ("seg_train/seg_train", "seg_val", "seg_test/seg_test"),
        ("train2017", "val2017", "test-2017"),
        ("train/training_data/train", "Validation", "tests"),
    ],
)
def test_the_names_of_splits_in_any_spelling(classes, tmp_path, train, validation, test):
    for part, name in enumerate((train, validation, test)):
        shutil.copytree(classes / str(part), tmp_path / "photos" / name)
    photos = load(tmp_path / "photos")
    assert photos.class_names == ["ants", "bees"]
    assert photos.sizes == {"train": 6, "validation": 6, "test": 6}
    for part, split in enumerate(photos.sizes):
        written = {path.read_bytes() for path in (classes / str(part)).glob("*/*")}
        assert {photo.source.read_bytes() for photo in photos.photos[split]} == written


@pytest.mark.parametrize(
    "name", ["trains", "contest", "validity", "trainer", "cats", "setup", "data"]
)
def test_other_words_are_no_splits(name):
    assert split_of(name) is None


def test_a_class_may_be_called_test(classes, tmp_path, capsys):
    """As in a trial, where one group gets the treatment."""
    for i in range(60):
        write_photo(tmp_path / "trial" / "test" / f"{i}.png", seed=i)
        write_photo(tmp_path / "trial" / "control" / f"{i}.png", seed=100 + i)
    write_photo(tmp_path / "trial" / "lost.png")
    assert load(tmp_path / "trial").class_names == ["control", "test"]
    assert "Not in the folder of a class, so ignored: lost.png." in capsys.readouterr().out


@pytest.mark.parametrize(
    "parts, words",
    [
        (["A", "B"], "A, B all hold the folders ants, bees: give the folder of one alone"),
        (
            ["inner"],
            "inner alone holds the folders ants, bees: give source='folder:.*photos/inner'",
        ),
        (["2019", "2020", "2021"], "2019, 2020, 2021 all hold the folders ants, bees"),
        (["train/x", "train/y"], "x, y all hold the folders ants, bees"),
        (["val", "validation"], "photos/val, .*/validation are both called after the validation"),
    ],
)
def test_an_unclear_layout_is_refused(classes, tmp_path, parts, words):
    for part, name in enumerate(parts):
        shutil.copytree(classes / str(part), tmp_path / "photos" / name)
    with pytest.raises(ValueError, match=f"{words}.*Received: source='folder:.*photos'"):
        load(tmp_path / "photos")


def test_the_whole_a_second_time_beside_the_classes(classes, tmp_path):
    shutil.copytree(classes / "0", tmp_path / "photos")
    shutil.copytree(classes / "1", tmp_path / "photos" / "insects")
    with pytest.raises(ValueError, match="insects holds .* ants, bees: is it a copy.*Received: so"):
        load(tmp_path / "photos")


@pytest.mark.parametrize("names", [("trainA", "testA"), ("ants_training", "ants_test")])
def test_splits_in_the_names_of_classes(classes, tmp_path, names):
    for name in names:
        shutil.copytree(classes / "0" / "ants", tmp_path / "photos" / name)
    with pytest.raises(ValueError, match=f"after splits, as {names[1]}, {names[0]} are"):
        load(tmp_path / "photos")


def test_classes_that_are_called_differently_in_another_split(classes, tmp_path):
    shutil.copytree(classes / "0", tmp_path / "photos" / "train")
    shutil.copytree(classes / "1" / "ants", tmp_path / "photos" / "val" / "Ants")
    shutil.copytree(classes / "1" / "bees", tmp_path / "photos" / "val" / "bees")
    with pytest.raises(ValueError, match="train: ants, bees; validation: Ants, bees, in source"):
        load(tmp_path / "photos")


def test_photos_of_a_split_that_are_not_sorted_into_classes(classes, tmp_path):
    """As in Tiny ImageNet: train/n01443537/images, and val/images."""
    for name in ("ants", "bees"):
        target = tmp_path / "photos" / "train" / name / "images"
        shutil.copytree(classes / "0" / name, target)
    shutil.copytree(classes / "1" / "ants", tmp_path / "photos" / "val" / "images")
    with pytest.raises(ValueError, match="train: ants, bees; validation: images, in source"):
        load(tmp_path / "photos")


def test_splits_inside_of_classes(classes, tmp_path):
    for name in ("ants", "bees"):
        shutil.copytree(classes / "0" / name, tmp_path / "photos" / name / "train")
    with pytest.raises(ValueError, match="ants, bees all hold the folders train: put the classes"):
        load(tmp_path / "photos")


def test_masks_beside_the_photos_of_a_class(classes, tmp_path):
    for name in ("healthy", "ill"):
        shutil.copytree(classes / "0" / "ants", tmp_path / "scans" / name / "images")
        shutil.copytree(classes / "0" / "bees", tmp_path / "scans" / name / "masks")
    with pytest.raises(ValueError, match="healthy, ill all hold the folders images, masks"):
        load(tmp_path / "scans")


def test_one_folder_deeper_is_no_doubt(classes, tmp_path):
    for part in "012":
        for name in ("ants", "bees"):
            target = tmp_path / "photos" / ("train", "val", "test")[int(part)] / name / "images"
            shutil.copytree(classes / part / name, target)
    assert load(tmp_path / "photos").sizes == {"train": 6, "validation": 6, "test": 6}


@pytest.mark.parametrize("flat", [["test1"], ["train", "test1"]])
def test_a_split_without_classes_is_refused(classes, tmp_path, flat):
    if "train" not in flat:
        shutil.copytree(classes / "0", tmp_path / "photos" / "train")
    for name in flat:
        write_photo(tmp_path / "photos" / name / "1.png", seed=1)
    words = f"{', '.join(sorted(flat))} in .* holds photos and no folders"
    with pytest.raises(ValueError, match=f"{words}.*Received: source="):
        load(tmp_path / "photos")
