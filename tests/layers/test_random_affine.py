import keras
import numpy as np
import pytest
from augmentation_check import (
    SIGNATURES,
    check_augmentation,
    check_augmentation_in_tf_data,
    check_boxes,
    check_masks,
    check_targets_in_tf_data,
    make_images,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_check import numbers, tensorflow_only
from scipy.ndimage import map_coordinates
from skimage.transform import AffineTransform

from cnnkit.layers import RandomAffine

ARGUMENTS = {
    "flip": "horizontal_and_vertical",
    "rotation": 0.1,
    "zoom": (-0.2, 0.3),
    "translation": 0.1,
    "shear": 0.2,
    "fill_mode": "constant",
    "fill_value": 7.0,
    "bounding_box_format": "xyxy",
    "seed": 3,
}
EXAMPLES = 25 if keras.backend.backend() == "tensorflow" else 5
SCIPY_MODES = {"reflect": "reflect", "constant": "grid-constant", "nearest": "nearest"}


def fixed(**settings):
    """A layer whose draws are known."""
    pairs = {name: (value, value) for name, value in settings.items() if name != "fill_mode"}
    return RandomAffine(**pairs, fill_mode=settings.get("fill_mode", "reflect"), fill_value=99)


def moved(image, rotation=0.0, zoom=0.0, translation=0.0, shear=0.0, fill_mode="reflect", order=1):
    """The image under a product of elementary matrices of scikit-image, read by SciPy."""
    height, width, channels = image.shape
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    steps = [
        AffineTransform(translation=-middle),
        AffineTransform(scale=1 + zoom),
        AffineTransform(np.array([[1, shear, 0], [0, 1, 0], [0, 0, 1]])),
        AffineTransform(rotation=-2 * np.pi * rotation),  # its y points down
        AffineTransform(translation=middle + translation * np.array([width, height])),
    ]
    matrix = np.linalg.multi_dot([step.params for step in reversed(steps)])
    y, x = np.mgrid[:height, :width].reshape(2, -1)
    columns, rows, _ = np.linalg.inv(matrix) @ [x, y, np.ones_like(x)]
    layers = [
        map_coordinates(
            image[..., c], [rows, columns], order=order, mode=SCIPY_MODES[fill_mode], cval=99
        )
        for c in range(channels)
    ]
    return np.stack(layers, axis=-1).reshape(image.shape)


def test_as_an_augmentation():
    check_augmentation(RandomAffine, ARGUMENTS)


@tensorflow_only
@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
def test_in_tf_data(fill_mode):
    signatures = SIGNATURES if fill_mode == "constant" else SIGNATURES[1:2]
    check_augmentation_in_tf_data(RandomAffine, ARGUMENTS | {"fill_mode": fill_mode}, signatures)


def test_masks_move_with_their_image():
    check_masks(RandomAffine, ARGUMENTS | {"fill_mode": "reflect", "fill_value": 0.0})


def test_boxes_move_with_their_image():
    settings = {"rotation": 0.5, "zoom": (-0.4, 0.6), "translation": 0.4, "shear": 0.5}
    check_boxes(RandomAffine, ARGUMENTS | settings)


@tensorflow_only
def test_targets_in_tf_data():
    check_targets_in_tf_data(RandomAffine, ARGUMENTS)


@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
def test_masks_are_read_at_the_nearest_pixel(fill_mode):
    mask = np.random.default_rng(0).integers(0, 200, (9, 14, 1), "uint8")
    changes = dict(rotation=0.07, zoom=-0.3, translation=0.21, shear=0.17, fill_mode=fill_mode)
    data = {"images": make_images((9, 14, 3)), "segmentation_masks": mask}
    outputs = fixed(**changes)(data, training=True)
    assert (numbers(outputs["segmentation_masks"]) == moved(mask, **changes, order=0)).all()
    np.testing.assert_allclose(
        numbers(outputs["images"]), moved(data["images"], **changes), atol=0.05
    )


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "rotation": st.floats(-1, 1),
            "zoom": st.floats(-0.5, 1),
            "translation": st.floats(-1.5, 1.5),
            "shear": st.floats(-1, 1),
            "fill_mode": st.sampled_from(list(SCIPY_MODES)),
        }
    ),
    st.tuples(*[st.integers(1, 12)] * 2, st.integers(1, 4)),
)
def test_it_is_the_composed_transform(changes, shape):
    image = make_images((1, *shape))[0].astype("float64")
    outputs = numbers(fixed(**changes)(image, training=True))
    np.testing.assert_allclose(outputs, moved(image, **changes), atol=0.05)


@tensorflow_only
@pytest.mark.parametrize(
    ("layer", "changes"),
    [
        (keras.layers.RandomRotation((0.07, 0.07)), {"rotation": 0.07}),
        (keras.layers.RandomZoom((0.25, 0.25)), {"zoom": -0.2}),
        (keras.layers.RandomTranslation((0.3, 0.3), (0.3, 0.3)), {"translation": 0.3}),
    ],
)
def test_it_agrees_with_keras(layer, changes):
    images = make_images((2, 20, 31, 3))
    outputs = numbers(fixed(**changes)(images, training=True))
    np.testing.assert_allclose(outputs, layer(images, training=True), atol=0.007)


@pytest.mark.parametrize(
    ("flip", "expected"),
    [
        ("horizontal", ["flipped", "same"]),
        ("vertical", ["same", "upside down"]),
        ("horizontal_and_vertical", ["flipped", "half turn", "same", "upside down"]),
    ],
)
def test_flips_come_in_equal_shares(flip, expected):
    (image,) = make_images((1, 5, 6, 3))
    pictures = {
        "same": image,
        "flipped": image[:, ::-1],
        "upside down": image[::-1],
        "half turn": image[::-1, ::-1],
    }
    outputs = numbers(RandomAffine(flip=flip, seed=0)(np.repeat(image[None], 400, axis=0)))
    counts = {
        name: int(np.isclose(outputs, picture, atol=1e-3).all(axis=(1, 2, 3)).sum())
        for name, picture in pictures.items()
    }
    assert sorted(name for name, count in counts.items() if count) == expected
    assert sum(counts.values()) == 400
    share = 1 / len(expected)  # four standard deviations on both sides
    margin = 4 * (400 * share * (1 - share)) ** 0.5
    assert all(abs(counts[name] - 400 * share) < margin for name in expected)


def test_draws_fill_the_range_and_rows_and_columns_have_their_own():
    """A bright pixel lands as far from its place as the range says, anywhere in a square."""
    images = np.zeros((200, 41, 41, 1), "float32")
    images[:, 20, 20] = 1
    outputs = numbers(RandomAffine(translation=0.25, fill_mode="constant", seed=1)(images))[..., 0]
    places = np.arange(41) - 20
    down, right = (outputs.sum(axis=axis) @ places for axis in (2, 1))
    for moves in (down, right):
        assert np.abs(moves).max() <= 10.25 + 1e-3
        assert moves.min() < -9 and moves.max() > 9 and abs(moves.mean()) < 1.7
    assert abs(np.corrcoef(down, right)[0, 1]) < 0.3


def test_without_changes_it_gives_the_images():
    images = make_images()
    np.testing.assert_allclose(numbers(RandomAffine()(images)), images, atol=1e-3)
    whole = images.astype("uint8")
    assert (numbers(RandomAffine()(whole)) == whole).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"flip": "sideways"}, "`flip` must be one of .* Received: flip='sideways'"),
        ({"rotation": -0.1}, "`rotation` must be a number that is not negative, or a pair"),
        ({"rotation": (0.2, 0.1)}, r"Received: rotation=\(0.2, 0.1\)"),
        ({"shear": "much"}, "`shear` must be .* Received: shear='much'"),
        ({"translation": (1, 2, 3)}, "`translation` must be"),
        ({"shear": float("nan")}, "`shear` must be"),
        ({"zoom": 1.5}, "`zoom` must be a number that is not negative .at most 0.99., or a pair"),
        ({"shear": "12"}, "`shear` must be .* Received: shear='12'"),
        ({"zoom": (-1, 0)}, "`zoom` must be .* not below -0.99. Received"),
        ({"fill_mode": "wrap"}, "`fill_mode` must be one of .* Received: fill_mode='wrap'"),
        ({"fill_value": None}, "`fill_value` must be a number. Received: fill_value=None"),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        RandomAffine(**settings)
