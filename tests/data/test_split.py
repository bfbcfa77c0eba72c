"""The split by hash: the same whatever else is there, and no class or group torn apart."""

import numpy as np
import pytest

from cnnkit import data


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
