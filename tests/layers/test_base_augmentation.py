import keras
import numpy as np
import pytest
from layer_check import numbers

from cnnkit.layers import RandomAffine, RandomWarp
from cnnkit.layers._base_augmentation import as_range, check_fill, restore


@pytest.mark.parametrize(
    "value, expected",
    [(0.5, (-0.5, 0.5)), (0, (0, 0)), ((1, 3), (1, 3)), ([0.1, 0.1], (0.1, 0.1))],
)
def test_ranges(value, expected):
    pair = as_range(value, "shear")
    assert pair == expected and {type(n) for n in pair} == {float}
    assert as_range(np.float32([1, 3]), "shear") == (1, 3)


@pytest.mark.parametrize(
    "value", [-1, (2, 1), (1, 2, 3), (1,), "12", ("1", "2"), None, (0, np.nan)]
)
def test_what_is_no_range(value):
    words = "`shear` must be a number that is not negative, or a pair .* Received: shear="
    with pytest.raises(ValueError, match=words):
        as_range(value, "shear")


def test_ranges_with_a_lowest_value():
    assert as_range((-1, 2), "zoom", lowest=-1) == (-1, 2)
    for value in (1.5, (-2, 0)):
        with pytest.raises(
            ValueError, match=r"\(at most 1\), or a pair .*, low not below -1\. Rec"
        ):
            as_range(value, "zoom", lowest=-1)


def test_what_is_seen_outside():
    for mode in ("reflect", "constant", "nearest"):
        check_fill(mode, 1)
    with pytest.raises(
        ValueError, match="`fill_mode` must be one of .* Received: fill_mode='wrap'"
    ):
        check_fill("wrap", 0)
    with pytest.raises(ValueError, match="`fill_value` must be a number"):
        check_fill("constant", "0")


def test_integers_are_rounded_and_cut_off():
    values = keras.ops.convert_to_tensor([-3.0, 0.6, 254.4, 300.0])
    assert numbers(restore(values, "uint8")).tolist() == [0, 1, 254, 255]
    assert numbers(restore(values, "float32")).tolist() == pytest.approx([-3, 0.6, 254.4, 300])


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int32"])
def test_white_stays_white(dtype):
    """The largest int32 is no float32, and the next larger one would overflow."""
    white = np.full((4, 4, 1), np.iinfo(dtype).max, dtype)
    inputs = keras.ops.convert_to_tensor(white)
    outputs = RandomAffine(rotation=0.2, seed=0)(inputs)
    assert outputs.dtype == inputs.dtype  # not uint16 with PyTorch, where Keras has none
    np.testing.assert_allclose(numbers(outputs).astype(float), white, rtol=1e-6)


def test_wrong_shapes_are_named():
    for training in (True, False):
        with pytest.raises(ValueError, match=r"`images` must have the shape .*=\(4, 5\)"):
            RandomAffine()(np.zeros((4, 5)), training=training)


IMAGES = np.zeros((2, 4, 5, 3), "float32")
BOXES = {"boxes": np.zeros((2, 1, 4), "float32"), "labels": np.zeros((2, 1), "int32")}


@pytest.mark.parametrize(
    "data, words",
    [
        ([IMAGES, IMAGES], "`images` must have the shape .* Received: images of type list"),
        ({"image": IMAGES}, 'with the key "images". Received: a dictionary with the keys image'),
        ({"images": IMAGES[0, 0]}, r"`images` must have the shape .* images.shape=\(5, 3\)"),
        *[
            (
                {"images": IMAGES, "segmentation_masks": np.zeros(shape)},
                rf"`segmentation_masks` must have .*shape=\({shape[0]}, .*shape=\(2, 4, 5, 3\)",
            )
            for shape in ((2, 4, 6), (1, 4, 5), (2, 5), (2, 2, 4, 5, 1))
        ],
    ],
)
def test_wrong_dictionaries_are_named(data, words):
    with pytest.raises(ValueError, match=words):
        RandomAffine()(data)


@pytest.mark.parametrize("layer_class", [RandomAffine, RandomWarp])
def test_boxes_do_not_stay_where_they_were(layer_class):
    data = {"images": IMAGES, "bounding_boxes": BOXES}
    with pytest.raises(ValueError, match=f"no bounding boxes: {layer_class.__name__} does not"):
        layer_class()(data)
    outputs = layer_class()(data, training=False)
    assert (numbers(outputs["bounding_boxes"]["boxes"]) == BOXES["boxes"]).all()


@pytest.mark.parametrize("value, dtype", [(0.5, "uint8"), (300, "uint8"), (-1, "bool")])
def test_the_outside_of_a_mask_is_one_of_its_values(value, dtype):
    layer = RandomAffine(translation=(1, 1), fill_mode="constant", fill_value=value)
    data = {"images": IMAGES, "segmentation_masks": np.zeros((2, 4, 5), dtype)}
    with pytest.raises(ValueError, match=f"`fill_value` must be a value .* {dtype}. .*={value}"):
        layer(data)
    data["segmentation_masks"] = data["segmentation_masks"].astype("float32")
    assert (numbers(layer(data)["segmentation_masks"]) == value).all()


def test_a_model_of_images_and_masks():
    inputs = {
        name: keras.Input(shape, dtype=dtype, name=name)
        for name, shape, dtype in (
            ("images", (4, 5, 3), "float32"),
            ("segmentation_masks", (4, 5), "uint8"),
        )
    }
    outputs = RandomAffine(rotation=0.1)(inputs)
    masks = outputs["segmentation_masks"]
    assert masks.shape == (None, 4, 5) and keras.backend.standardize_dtype(masks.dtype) == "uint8"
    data = {"images": IMAGES, "segmentation_masks": np.ones((2, 4, 5), "uint8")}
    assert (keras.Model(inputs, masks).predict(data, verbose=0) == 1).all()


def test_images_with_labels_beside_them():
    with pytest.raises(ValueError, match="make a dictionary, .* Received: 2 arguments"):
        RandomAffine()(IMAGES, np.arange(2))
