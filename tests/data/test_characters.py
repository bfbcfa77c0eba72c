import numpy as np
import pytest

from cnnkit import data


def test_shapes_and_seeds():
    images, labels = data.draw_characters("bdpq", 50, seed=1)
    assert images.shape == (50, 16, 16) and images.dtype == np.uint8 and labels.shape == (50,)
    assert labels.dtype == np.int32
    again, same_labels = data.draw_characters("bdpq", 50, seed=1)
    other, _ = data.draw_characters("bdpq", 50, seed=2)
    assert (images == again).all() and (labels == same_labels).all() and (images != other).any()
    assert set(labels) == {0, 1, 2, 3} and images.max() > 200
    assert len(np.unique(images, axis=0)) == 50
    unseeded = [data.draw_characters("bdpq", 50)[0] for _ in range(2)]
    assert (unseeded[0] != unseeded[1]).any()


def test_arrows_point_where_they_say():
    """Of `<` there is more on the right, where its ends are wide apart."""
    images, labels = data.draw_characters("<>", 40, seed=0)
    for image, label in zip(images > 127, labels, strict=True):
        rows, columns = np.nonzero(image)
        right = columns > (columns.min() + columns.max()) / 2
        assert np.argmin([rows[~right].std(), rows[right].std()]) == label


def test_no_character_is_cut_off():
    images, labels = data.draw_characters("bdpq<>", 300, seed=3)
    ink = images.astype(int).sum(axis=(1, 2))
    for label in range(6):
        assert ink[labels == label].min() > 0.9 * ink[labels == label].max()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("", 3), "`characters` must be a string"),
        (("ab", 0), "`n` must be a positive integer. Received: n=0"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        data.draw_characters(*arguments)


@pytest.mark.parametrize("seed", [-1, 1.5, True, "1"])
def test_wrong_seeds(seed):
    with pytest.raises(ValueError, match=f"`seed` must be None, .* Received: seed={seed!r}"):
        data.draw_characters("ab", 2, seed=seed)
