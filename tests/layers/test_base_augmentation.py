import json

import keras
import numpy as np
import pytest
from layer_check import numbers, tensorflow_only

from cnnkit.layers import RandomAffine, RandomColor, RandomWarp
from cnnkit.layers._base_augmentation import as_range, restore


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


def test_settings_of_numpy_are_saved_as_plain_numbers():
    pair, number = np.float32([0.25, 0.5]), np.float32(0.5)
    for layer in (
        RandomAffine(rotation=pair, zoom=number, fill_value=number),
        RandomColor(contrast=pair, value_range=np.array([0, 255])),
        RandomWarp(elastic=number, lens=(number, number)),
    ):
        config = json.loads(json.dumps(layer.get_config()))
        again = type(layer).from_config(config)
        assert json.loads(json.dumps(again.get_config())) == config
    assert config["elastic"] == 0.5 and config["lens"] == [0.5, 0.5]


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


@pytest.mark.parametrize("layer", [RandomAffine(), RandomColor()])
@pytest.mark.parametrize(
    "data, words",
    [
        ([IMAGES, IMAGES], "`images` must have the shape .* Received: images of type list"),
        ({"image": IMAGES}, 'with the key "images". Received: a dictionary with the keys image'),
        ({"images": IMAGES[0, 0]}, r"`images` must have the shape .* images.shape=\(5, 3\)"),
    ],
)
def test_wrong_dictionaries_are_named(layer, data, words):
    with pytest.raises(ValueError, match=words):
        layer(data)


@pytest.mark.parametrize("layer", [RandomAffine(bounding_box_format="xyxy"), RandomColor()])
@pytest.mark.parametrize("training", [True, False])
def test_what_is_no_tensor_stays_as_it_is(layer, training):
    boxes = {"boxes": np.float32([[[1, 1, 3, 2]]] * 2), "labels": np.array([[0], [-1]])}
    boxes |= {"names": [["cat"], ["dog"]], "scores": np.float32([[0.5], [0.7]])}
    others = {"file": ["a", "b"], "names": np.array(["a", "b"]), "meta": {"id": 3, "of": None}}
    data = {"images": IMAGES, "bounding_boxes": boxes, **others}
    outputs = layer(data, training=training)
    assert list(outputs) == list(data) and list(outputs["bounding_boxes"]) == list(boxes)
    assert all(outputs[name] is values for name, values in others.items())
    assert all(outputs["bounding_boxes"][name] is boxes[name] for name in ("names", "scores"))
    assert numbers(outputs["bounding_boxes"]["labels"]).tolist() == [[0], [-1]]
    assert layer({"images": IMAGES, "segmentation_masks": None})["segmentation_masks"] is None


@tensorflow_only
def test_what_is_no_tensor_stays_in_tf_data_and_in_a_graph():
    import tensorflow as tf

    layer = RandomAffine("horizontal")

    @tf.function
    def change(images):
        data = layer({"images": images, "split": "train"})
        assert data["split"] == "train"
        return data["images"]

    assert change(IMAGES).shape == IMAGES.shape
    dataset = tf.data.Dataset.from_tensors(IMAGES)
    dataset = dataset.map(lambda images: layer({"images": images, "meta": {"split": "train"}}))
    (mapped,) = dataset
    assert mapped["meta"]["split"] == b"train"


@tensorflow_only
@pytest.mark.parametrize("layer", [RandomAffine(), RandomColor()])
def test_images_without_one_shape_are_named(layer):
    import tensorflow as tf

    ragged = tf.ragged.stack([IMAGES[0], IMAGES[1, :2]])
    for images in (ragged, {"images": ragged}):
        with pytest.raises(
            ValueError, match="`images` must have the shape .* of type RaggedTensor"
        ):
            layer(images)
        with pytest.raises(
            ValueError, match="`images` must have the shape .* of type RaggedTensor"
        ):
            tf.data.Dataset.from_tensors(images).map(layer)
    unknown = tf.TensorSpec(None, "float32")
    dataset = tf.data.Dataset.from_generator(lambda: [], output_signature=unknown)
    with pytest.raises(ValueError, match="`images` must have the shape .* images of unknown rank"):
        dataset.map(layer)


def test_images_with_labels_beside_them():
    with pytest.raises(ValueError, match="make a dictionary, .* Received: 2 arguments"):
        RandomAffine()(IMAGES, np.arange(2))
