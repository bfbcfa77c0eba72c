import keras
import numpy as np
import pytest
from augmentation_check import (
    check_augmentation,
    check_augmentation_in_tf_data,
    check_boxes,
    check_masks,
    check_targets_in_tf_data,
    make_images,
)
from layer_check import numbers, tensorflow_only
from scipy.interpolate import BSpline
from scipy.ndimage import map_coordinates

from cnnkit.layers import RandomWarp

ARGUMENTS = {
    "elastic": 0.1,
    "points": 4,
    "lens": (-0.2, 0.3),
    "fill_mode": "constant",
    "fill_value": 7.0,
    "bounding_box_format": "xyxy",
    "seed": 3,
}
SCIPY_MODES = {"reflect": "reflect", "constant": "grid-constant", "nearest": "nearest"}


def warped(image, moves, lens, fill_mode):
    """The image with moved control points of SciPy's spline and a lens, read by SciPy."""
    height, width, channels = image.shape
    spline = BSpline.basis_element(np.arange(-2, 3), extrapolate=False)
    points = moves.shape[-1]

    def weights(size):
        places = np.arange(size) - (size - 1) / 2
        distance = (places[:, None] / size + 0.5) * (points - 1) - np.arange(points)
        return np.nan_to_num(spline(distance))

    y, x = np.mgrid[:height, :width] - np.array([height - 1, width - 1])[:, None, None] / 2
    scale = 1 + lens * (y**2 + x**2) / ((height / 2) ** 2 + (width / 2) ** 2)
    down, right = (weights(height) @ field @ weights(width).T for field in moves)
    rows = scale * y + height * down + (height - 1) / 2
    columns = scale * x + width * right + (width - 1) / 2
    layers = [
        map_coordinates(
            image[..., c], [rows, columns], order=1, mode=SCIPY_MODES[fill_mode], cval=99
        )
        for c in range(channels)
    ]
    return np.stack(layers, axis=-1)


def test_as_an_augmentation():
    check_augmentation(RandomWarp, ARGUMENTS)


def test_masks_move_with_their_image():
    check_masks(RandomWarp, ARGUMENTS | {"fill_mode": "nearest"})


def test_boxes_move_with_their_image():
    check_boxes(RandomWarp, ARGUMENTS)


@tensorflow_only
@pytest.mark.usefixtures("slow_proof")
def test_targets_in_tf_data():
    check_targets_in_tf_data(RandomWarp, ARGUMENTS)


@tensorflow_only
def test_in_tf_data():
    check_augmentation_in_tf_data(RandomWarp, ARGUMENTS)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
def test_it_is_the_spline_and_the_lens(fill_mode, seed):
    rng = np.random.default_rng(seed)
    height, width = map(int, rng.integers(5, 30, 2))
    points, elastic = int(rng.integers(2, 7)), float(rng.uniform(0, 0.2))
    lens = float(rng.uniform(-0.3, 0.5))
    images = make_images((2, height, width, 2), seed)
    layer = RandomWarp(elastic, points, (lens, lens), fill_mode, fill_value=99, seed=seed)
    draws = keras.random.SeedGenerator(seed)
    keras.random.uniform((1, 2), seed=draws)  # the lenses
    moves = elastic * numbers(keras.random.normal((2, 2, points, points), seed=draws))
    expected = [warped(*pair, lens, fill_mode) for pair in zip(images, moves, strict=True)]
    np.testing.assert_allclose(numbers(layer(images)), expected, atol=0.1)


def bend(lens):
    """How much farther from the middle a line above it lies in its middle than at its ends."""
    image = np.zeros((81, 81, 1), "float32")
    image[12] = 1
    outputs = numbers(RandomWarp(lens=(lens, lens), fill_mode="constant")(image))[..., 0]
    rows = outputs.argmax(axis=0)
    return rows[[8, -9]].mean() - rows[40]


def test_a_positive_lens_makes_a_barrel_and_a_negative_one_a_pincushion():
    assert bend(0.3) > 1
    assert bend(0.0) == 0
    assert bend(-0.2) < -1


def test_the_spline_halves_the_displacements():
    """Where pixels show their column, a pixel shows how far it was moved."""
    ramp = np.broadcast_to(np.arange(101, dtype="float32")[:, None], (300, 9, 101, 1))
    outputs = numbers(RandomWarp(elastic=0.05, points=9, seed=0)(ramp))
    assert 0.4 < (outputs - ramp)[:, :, 25:76].std() / (0.05 * 101) < 0.6


def test_without_changes_it_gives_the_images():
    images = make_images()
    np.testing.assert_allclose(numbers(RandomWarp()(images)), images, atol=1e-3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"elastic": -0.1}, "`elastic` must be a number that is not .* Received: elastic=-0.1"),
        ({"elastic": (0, 1)}, r"`elastic` must be a number .* Received: elastic=\(0, 1\)"),
        ({"points": 1}, "`points` must be an integer of at least 2. Received: points=1"),
        ({"points": 2.5}, "`points` must be an integer .* Received: points=2.5"),
        ({"lens": 0.5}, "`lens` must be .* not below -0.33.* Received: lens=0.5"),
        ({"fill_mode": "wrap"}, "`fill_mode` must be one of"),
        ({"fill_value": "black"}, "`fill_value` must be a number"),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        RandomWarp(**settings)
