"""Labels that a classifier contradicts, found among blobs and among the known photos."""

import csv

import keras
import numpy as np
import pytest

from cnnkit import data, models


def blobs(n, seed, n_classes=2):
    """Points around one centre for each class."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % n_classes)
    return rng.normal(0, 1, (n, 8)) + 4 * np.eye(8)[labels], labels


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_wrong_labels_come_first(seed, n_classes):
    features, labels = blobs(300, seed, n_classes)
    wrong = np.random.default_rng(seed).choice(300, 10, replace=False)
    noisy = labels.copy()
    noisy[wrong] = (labels[wrong] + 1) % n_classes
    found = data.rank_label_errors(features, noisy, seed=seed)
    order, probabilities = found.order, found.probabilities
    assert len(set(wrong) & set(order[:12])) >= 9
    assert sorted(order) == list(range(300)) and np.all(np.diff(probabilities[order]) >= 0)
    assert probabilities[wrong].max() < np.median(probabilities)


def test_the_cut_follows_the_seed():
    features, labels = blobs(60, 0)

    def probabilities(seed):
        return data.rank_label_errors(features, labels, seed=seed).probabilities

    assert np.array_equal(probabilities(3), probabilities(3))
    assert not np.array_equal(probabilities(3), probabilities(4))
    assert not np.array_equal(probabilities(None), probabilities(None))
    first, again = (probabilities(np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first, again)


def test_nothing_is_learned_from_the_example_itself():
    rng = np.random.default_rng(0)
    features, labels = rng.normal(size=(60, 200)), np.arange(60) % 2
    probabilities = data.rank_label_errors(features, labels, seed=0).probabilities
    # A fit would know all 60.
    assert 0.3 < np.mean(probabilities > 0.5) < 0.7


@pytest.mark.parametrize(
    ("features", "labels", "options", "message"),
    [
        (np.ones((4, 2, 2)), [0, 1, 0, 1], {}, r"\(n, n_features\).*\(4, 2, 2\)"),
        (np.ones((4, 2)), [0, 1, 0], {}, r"labels of shape \(3,\)"),
        (np.ones((4, 2)), [0, 0, 0, 0], {"n_folds": 2}, "two classes"),
        (np.ones((4, 2)), [0, 1, 0, 1], {"n_folds": 3}, "as many examples.*n_folds=3"),
        (np.ones((4, 2)), [0, 1, 0, 1], {"n_folds": 1}, "at least 2"),
        (np.ones((4, 2)), [0, 1, 0, 1], {"n_folds": 0}, "n_folds"),
    ],
)
def test_bad_input(features, labels, options, message):
    with pytest.raises(ValueError, match=message):
        data.rank_label_errors(features, labels, **options)


@pytest.mark.usefixtures("slow_proof")
def test_what_is_known_of_the_real_photos(real_data):
    """Seven are wrong, no photos, or show both animals: they are among the first suspects."""
    with (real_data / "cats_vs_dogs_bad/manifest.csv").open(encoding="utf-8") as file:
        known = {row["file"] for row in csv.DictReader(file) if row["kind"] == "label"}
    photos, backbone = data.load_cats_vs_dogs(), models.load_backbone("mobilenet_v2_0.35")
    few = {  # every third photo, and what is known
        split: [p for i, p in enumerate(found) if i % 3 == 0 or p.source.name in known]
        for split, found in photos.photos.items()
    }
    photos = data.PhotoSplits(few, photos.class_names, photos.source)
    layers = [keras.Input((224, 224, 3)), keras.layers.Rescaling(1 / 127.5, -1), backbone]
    model = keras.Sequential([*layers, keras.layers.GlobalAveragePooling2D()])
    features, labels, names = [], [], []
    for split in ("train", "validation", "test"):
        dataset = photos.in_order(split)
        for values, found in zip(
            (features, labels), models.extract_features(model, dataset), strict=True
        ):
            values.append(found)
        names += [photo.source.name for photo in photos.photos[split]]
    features, labels = np.concatenate(features), np.concatenate(labels)
    order = data.rank_label_errors(features, labels, seed=0).order
    known &= set(names)
    ranks = [rank for rank, i in enumerate(order) if names[i] in known]  # of a thousand
    assert len(known) == 7 and ranks[:2] == [0, 1] and ranks[3] < 12 and ranks[-1] < 100


@pytest.mark.parametrize("seed", [-1, True, 2**32])
def test_wrong_seeds(seed):
    features, labels = blobs(20, 0)
    with pytest.raises(ValueError, match=f"`seed` must be .* Received: seed={seed!r}"):
        data.rank_label_errors(features, labels, seed=seed)
