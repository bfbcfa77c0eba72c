import keras
import numpy as np
import pytest

from cnnkit import viz
from cnnkit.layers import RandomAffine, RandomColor

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 6, 8, 3), dtype=np.uint8)
BRIGHTER = keras.layers.RandomBrightness((0.2, 0.2))  # adds 51 of 255


def pictures(panels):
    return [[axis.images[0].get_array() for axis in row] for row in panels.axes]


def test_rows_are_images_and_columns_are_draws():
    panels = viz.plot_augmentations(RandomAffine(translation=0.3, seed=0), IMAGES, n=4)
    assert panels.axes.shape == (3, 5) and len(panels.values) == 15
    layer = RandomAffine(translation=0.3, seed=0)
    for row, image in zip(pictures(panels), IMAGES, strict=True):
        assert (row[0] == image).all()
        draws = layer(np.stack([image] * 4), training=True)
        assert (np.stack(row[1:]) == keras.ops.convert_to_numpy(draws)).all()
        assert len(np.unique(row, axis=0)) == 5
    assert [axis.get_title() for axis in panels.axes[0]] == ["original", "", "", "", ""]


@pytest.mark.parametrize(
    "augmentation",
    [
        BRIGHTER,
        keras.Sequential([BRIGHTER]),
        [RandomAffine(), BRIGHTER],
        lambda batch: np.minimum(batch.astype(float) + 51, 255),
    ],
)
def test_layers_models_lists_and_functions(augmentation):
    image = IMAGES[0].astype("float32")  # Keras's layer overflows in uint8
    (row,) = pictures(viz.plot_augmentations(augmentation, image, n=2))
    for draw in row[1:]:
        np.testing.assert_allclose(draw, np.minimum(IMAGES[0] + 51.0, 255), atol=1)


def test_the_originals_decide_the_range():
    """The famous mistake, images of 0 to 1 in a layer for 0 to 255, is seen."""
    images = IMAGES / np.float32(255)
    (row,) = pictures(viz.plot_augmentations(BRIGHTER, images[:1], n=1))
    assert (row[0] == IMAGES[0]).all() and (row[1] == 255).all()
    (row,) = pictures(viz.plot_augmentations(BRIGHTER, images[:1], n=1, value_range=(0, 255)))
    assert abs(row[1].astype(int) - 51).max() <= 1


def test_grey_images_of_two_sizes():
    images = [np.eye(5, dtype="float32"), np.eye(9, dtype="float32")]
    panels = viz.plot_augmentations(RandomColor(contrast=0.5, value_range=(0, 1)), images, n=2)
    assert [value.shape for value in panels.values] == [(5, 5)] * 3 + [(9, 9)] * 3


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="`n` must be a positive integer. Received: n=0"):
        viz.plot_augmentations(RandomAffine(), IMAGES, n=0)
    with pytest.raises(ValueError, match="`images` must hold at least one image"):
        viz.plot_augmentations(RandomAffine(), [])
    with pytest.raises(ValueError, match="one image of each. Received: 1 images for 3 in a batch"):
        viz.plot_augmentations(lambda batch: batch[:1], IMAGES, n=3)


def test_in_words():
    images = np.full((2, 4, 6, 3), 100, np.uint8)
    assert viz.plot_augmentations(BRIGHTER, images, n=3).figure.alt_text == (
        "2 images of 4 rows by 6 columns, each followed by 3 random draws of RandomBrightness. "
        "Mean change of a draw: all 20 % of the range from black to white."
    )

    def crop(batch):
        return batch[:, 1:]

    assert viz.plot_augmentations([BRIGHTER, crop], images[:1], n=1).figure.alt_text == (
        "1 image of 4 rows by 6 columns, each followed by 1 random draw of RandomBrightness, then "
        "crop."
    ), "pixels of another size cannot be compared"


def test_draws_beyond_the_range_in_words():
    images = np.full((1, 4, 6, 3), 100, np.uint8)
    options = dict(value_range=(0, 255), n=2)
    text = viz.plot_augmentations(lambda batch: batch + 510.0, images, **options).figure.alt_text
    assert text.endswith(
        "Mean change of a draw: all 2 times the range from black to white. 2 of 2 draws white "
        "everywhere."
    )
    text = viz.plot_augmentations(lambda batch: batch * 0, images, **options).figure.alt_text
    assert text.endswith("2 of 2 draws black everywhere.")
