"""Photos of a folder as mini-batches: decoded right, in the right order, and read once."""

import shutil

import numpy as np
import pytest
import tensorflow as tf

from cnnkit import data
from cnnkit.data import _pipeline as pipeline
from cnnkit.data._decode import largest_reduction
from write_photo import write_photo


def load(folder, **options):
    return data.load_cats_vs_dogs(f"folder:{folder}", **{"image_size": 16, **options})


def test_labels_and_pixels_belong_together(pets):
    photos = load(pets)
    images, labels = next(iter(photos.validation))
    for image, label, photo in zip(images, labels, photos.photos["validation"], strict=False):
        assert photo.source.parent.name == ["cats", "dogs"][int(label)]
        assert photo.label == label
        assert np.abs(image.numpy().mean((0, 1)) - photo.read().mean((0, 1))).max() < 4


def test_train_is_shuffled_anew_and_reproducibly(pets):
    def labels(photos):
        return [tuple(np.concatenate([y.numpy() for _, y in photos.train])) for _ in range(3)]

    first, second = labels(load(pets)), labels(load(pets))
    assert first == second and len(set(first)) == 3
    assert labels(load(pets, seed=8)) != first
    photos = load(pets)
    order = [np.concatenate([y.numpy() for _, y in photos.validation]) for _ in range(2)]
    assert np.array_equal(*order) and 0 < np.diff(order[0]).astype(bool).sum()


def test_exif_rotation_is_applied(pets):
    upright = write_photo(pets / "upright.png", seed=5, size=(60, 40))
    exif = upright.getexif()
    exif[0x0112] = 6  # shown turned by 90 degrees clockwise
    path = pets / "validation" / "cats" / "turned.jpg"
    upright.rotate(90, expand=True).save(path, exif=exif, quality=98)
    photos = load(pets)
    for split in ("validation", "test"):
        images = np.concatenate([x.numpy() for x, _ in getattr(photos, split)])
        for image, photo in zip(images, photos.photos[split], strict=True):
            if photo.source == path:
                expected = np.asarray(upright.resize((16, 16), 2), np.float32)
                assert photo.read().shape == (40, 60, 3)
                assert np.abs(image - expected).mean() < 4


@pytest.mark.parametrize("size", [(40, 30), (200, 150), (333, 77), (16, 16), (7, 5)])
def test_the_quick_decoder_agrees_with_the_careful_one(tmp_path, size):
    path = tmp_path / "photo.jpg"
    write_photo(path, seed=1, size=size, quality=95)
    reduction = largest_reduction(size[1], size[0], 16)
    files = ([str(path)] * 2, [True] * 2, [reduction] * 2, [True, False])
    both = tf.data.Dataset.from_tensor_slices(files).map(
        lambda *file: pipeline.decode_in_graph(*file, False, 16)
    )
    quick, careful = (image.astype(float) for image in both.as_numpy_iterator())
    assert quick.shape == (16, 16, 3)
    assert np.abs(quick - careful).mean() < 1 and np.abs(quick - careful).max() <= 12


def test_it_is_plain_tensorflow(pets):
    """AutoGraph, which rewrites Python in graphs, now and then leaves a function as it is."""
    read = tf.autograph.experimental.do_not_convert(lambda photos: photos.validation)
    for (a, _), (b, _) in zip(read(load(pets)), load(pets).validation, strict=True):
        assert np.array_equal(a, b)


def test_the_second_epoch_comes_from_memory(pets):
    photos = load(pets)
    next(iter(photos.validation))  # an epoch that ends early is no harm
    first = [(images.numpy(), labels.numpy()) for images, labels in photos.validation]
    assert all(len(images) > 0 and images.max() > 100 for images, _ in first)
    seen = {labels.numpy().tobytes() for _, labels in photos.train}
    shutil.rmtree(pets)
    for (a, labels_a), (b, labels_b) in zip(first, photos.validation, strict=True):
        assert np.array_equal(a, b) and np.array_equal(labels_a, labels_b)
    labels = [labels.numpy() for _, labels in photos.train]
    assert sorted(np.concatenate(labels)) == [0] * 12 + [1] * 12
    assert {part.tobytes() for part in labels} != seen  # shuffled anew


def test_a_split_too_large_for_memory_is_streamed(pets, monkeypatch):
    in_memory = load(pets)
    monkeypatch.setattr(pipeline, "MEMORY_LIMIT", 0)
    streamed = load(pets)
    for (a, labels_a), (b, labels_b) in zip(in_memory.validation, streamed.validation, strict=True):
        assert np.array_equal(a, b) and np.array_equal(labels_a, labels_b)
        assert a.dtype == b.dtype
    seen = np.concatenate([labels.numpy() for _, labels in streamed.train])
    assert sorted(seen) == [0] * 12 + [1] * 12
