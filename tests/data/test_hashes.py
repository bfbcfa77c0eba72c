"""What a picture looks like in bits: the same after small changes, another for other pictures."""

import numpy as np
import pytest
from PIL import Image

from cnnkit import data
from cnnkit.data._hashes import MAX_DISTANCE, perceptual_hash, similar_pairs


def distance(a, b):
    return (int(a, 16) ^ int(b, 16)).bit_count()


@pytest.fixture
def photo():
    return Image.fromarray(data.load_photo("coffee"))


def test_size_and_brightness_do_not_count_and_the_content_does(photo):
    found = perceptual_hash(photo)
    assert len(found) == 64
    for changed in (photo.resize((90, 70)), photo.point(lambda v: min(255, v + 12))):
        assert distance(found, perceptual_hash(changed)) <= MAX_DISTANCE
    for other in (photo.transpose(0), Image.fromarray(data.load_photo("rocket"))):
        assert distance(found, perceptual_hash(other)) > 80


def test_half_of_the_bits_are_set(photo):
    assert int(perceptual_hash(photo), 16).bit_count() == 127  # of 255, above their median


def test_one_colour_has_no_hash():
    assert perceptual_hash(Image.new("RGB", (40, 30), (7, 80, 90))) == ""


def test_pairs_are_those_within_the_distance(monkeypatch):
    """Against a loop over all pairs; the pairs are compared three rows at a time."""
    monkeypatch.setattr("cnnkit.data._hashes._ROWS", 3)
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (10, 256), dtype=np.uint8)
    bits[4], bits[9] = bits[1], bits[1]
    bits[4, :MAX_DISTANCE] ^= 1
    bits[9, -MAX_DISTANCE - 1 :] ^= 1
    hashes = [np.packbits(row).tobytes().hex() for row in bits]
    hashes.insert(5, "")
    expected = [
        (i, j)
        for i in range(11)
        for j in range(i + 1, 11)
        if hashes[i] and hashes[j] and distance(hashes[i], hashes[j]) <= MAX_DISTANCE
    ]
    assert [tuple(pair) for pair in similar_pairs(hashes)] == expected == [(1, 4)]
    assert similar_pairs(["", ""]).shape == (0, 2)
