import itertools
from functools import partial

import keras
import numpy as np
import pytest
from attribution_check import AttributionCheck
from explained_models import images, plain
from keras import layers

from cnnkit.explain import occlusion


class TestOcclusion(AttributionCheck):
    @pytest.fixture
    def explain(self):
        return partial(occlusion, patch_size=8)


def by_hand(model, x, targets, size, strides, fill):
    """One patch after the other, and one image after the other."""
    maps = np.zeros(x.shape[:3])
    rows, columns = (
        sorted({*range(0, side - p + 1, s), side - p})
        for side, p, s in zip(x.shape[1:], size, strides, strict=False)
    )
    windows = [
        (slice(row, row + size[0]), slice(column, column + size[1]))
        for row, column in itertools.product(rows, columns)
    ]
    for n, image in enumerate(x):
        seen, shown = np.zeros(image.shape[:2]), [image]
        for window in windows:
            covered = image.copy()
            covered[window] = image.mean(axis=(0, 1)) if fill is None else fill
            shown.append(covered)
        score, *others = np.asarray(model(np.stack(shown)))[:, targets[n]]
        for window, other in zip(windows, others, strict=True):
            maps[n][window] += score - other
            seen[window] += 1
        assert seen.min() > 0
        maps[n] /= seen
    return maps


def check(found, expected):
    assert found.dtype == np.float32 and found.shape == expected.shape
    largest = np.abs(expected).max()
    assert largest > 0 and np.abs(found - expected).max() <= 1e-3 * largest


@pytest.mark.parametrize("fill", [None, 40.0, (0, 100, 200)])
@pytest.mark.parametrize("size, strides", [((8, 8), None), ((7, 5), (4, 5)), ((16, 3), (1, 2))])
def test_it_is_the_mean_fall_of_the_score(size, strides, fill):
    model, x, targets = plain(), images(3, seed=len(size)), [2, 0, 1]
    expected = by_hand(model, x, targets, size, strides or size, fill)
    options = dict(patch_size=size, strides=strides, fill=fill)
    check(occlusion(model, x, target=targets, **options), expected)


def test_the_default_patch_is_an_eighth():
    model, x = plain(shape=(33, 9, 1)), images(2, (33, 9, 1))
    check(occlusion(model, x, target=1), by_hand(model, x, [1, 1], (5, 2), (5, 2), None))
    given = occlusion(model, x, target=1, patch_size=(5, 2))
    assert np.array_equal(occlusion(model, x, target=1), given)


def test_a_sum_of_pixels():
    """What a patch holds is what the score loses, down to the last row and column."""
    ones = layers.Dense(2, kernel_initializer="ones")
    model = keras.Sequential([keras.Input((11, 7, 1)), layers.Flatten(), ones])
    x = np.random.default_rng(0).integers(0, 9, (2, 11, 7, 1)).astype(np.float32)
    assert np.allclose(occlusion(model, x, target=1, patch_size=1, fill=0), x[..., 0], atol=1e-3)
    before = x.copy()
    occlusion(model, x, target=1, patch_size=(2, 3), strides=1, fill=5.0)
    assert np.array_equal(x, before)


@pytest.mark.parametrize(
    "options, error",
    [
        (dict(patch_size=17), r"at most the size of the images, \(16, 16\). Received: patch_size="),
        (dict(patch_size=0), "`patch_size` must be a positive integer or a pair"),
        (
            dict(patch_size=4, strides=(2, 5)),
            r"`strides` must be at most the size of a patch, \(4, 4",
        ),
        (dict(strides=-1), "`strides` must be a positive integer or a pair"),
        (
            dict(fill=(1, 2)),
            r"`fill` must be a number, or one for each of the 3 channels. Received",
        ),
    ],
)
def test_wrong_settings(options, error):
    with pytest.raises(ValueError, match=error):
        occlusion(plain(), images(), **options)


def test_the_check_can_fail():
    model, x = plain(), images()
    expected = by_hand(model, x, [1, 1], (8, 8), (8, 8), 0)
    with pytest.raises(AssertionError):
        check(occlusion(model, x, target=1, patch_size=8), expected)  # with the mean colour
