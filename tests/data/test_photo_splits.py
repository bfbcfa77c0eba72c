"""What loaded photos offer: datasets, arrays, duplicates, and a test that counts its uses."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from cnnkit import data
from cnnkit.data._photo_splits import PhotoSplits


def load(folder, **options):
    return data.load_cats_vs_dogs(f"folder:{folder}", **{"image_size": 16, **options})


def test_uses_of_the_test_split_are_counted(pets):
    photos = load(pets)
    repr(photos), list(photos.validation)
    assert photos.test_uses == 0
    list(photos.test)
    assert photos.test_uses == 1
    list(photos.test)
    assert photos.test_uses == 2


def test_in_order_belongs_to_the_list_of_photos(pets):
    photos = load(pets, image_size=64)
    for split in ("train", "validation", "test"):
        labels = np.concatenate([labels for _, labels in photos.in_order(split)])
        assert labels.tolist() == [photo.label for photo in photos.photos[split]]
    assert photos.test_uses == 1
    first = next(iter(photos.in_order("train")))[0][0]
    expected = tf.image.resize(photos.photos["train"][0].read(), (64, 64))
    assert np.abs(first - expected).mean() < 4
    with pytest.raises(ValueError, match="one of train, validation, test. Received: 'val'"):
        photos.in_order("val")


def test_arrays(pets):
    photos = load(pets, image_size=32)
    images, labels = photos.arrays("validation")
    expected = [np.concatenate(part) for part in zip(*photos.validation, strict=True)]
    assert np.array_equal(images, expected[0]) and np.array_equal(labels, expected[1])
    small, _ = photos.arrays("validation", 8)
    blocks = images.reshape(-1, 8, 4, 8, 4, 3).mean(axis=(2, 4))
    assert small.dtype == np.float32 and np.abs(small - blocks).mean() < 6
    assert photos.test_uses == 0
    for size in (33, 0, 2.5):
        with pytest.raises(ValueError, match="image_size"):
            photos.arrays("train", size)


def test_duplicates_of_the_splits_are_found(pets):
    photos = load(pets)
    assert photos.find_duplicates() == []
    for name in ("train/cats/3.jpg", "validation/cats/copy.jpg"):
        photo = Image.fromarray(data.load_photo("cat")).resize((160, 120))
        photo.save(pets / name, quality=95 if "train" in name else 60)
    (group,) = load(pets).find_duplicates()
    assert isinstance(group, data.Duplicates) and not group.exact
    assert {split for split, _ in group.members} in ({"train", "validation"}, {"test", "train"})
    assert {photo.source.name for _, photo in group.members} == {"3.jpg", "copy.jpg"}


@pytest.mark.parametrize("options", [{"image_size": 0}, {"batch_size": 2.5}, {"image_size": "a"}])
def test_wrong_numbers(pets, options):
    with pytest.raises(ValueError, match=f"`{[*options][0]}` must be a positive integer. Received"):
        load(pets, **options)


def test_the_seed_of_splits_is_an_integer_by_name(pets):
    loaded = load(pets)
    parts = loaded.photos, loaded.class_names, loaded.source
    assert PhotoSplits(*parts, 16, 32).seed == 7 and PhotoSplits(*parts, seed=3).seed == 3
    with pytest.raises(TypeError, match="positional"):
        PhotoSplits(*parts, 16, 32, 7)
    for seed in (None, True, np.random.default_rng(0)):
        with pytest.raises(ValueError, match="`seed` must be an integer of .* Received: seed="):
            PhotoSplits(*parts, seed=seed)
