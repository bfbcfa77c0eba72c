import keras
import numpy as np
import pytest
from layer_check import numbers, tensorflow_only

from cnnkit.layers import RandomAffine, RandomWarp

IMAGES = np.zeros((2, 4, 5, 3), "float32")
BOXES = {"boxes": np.float32([[[1, 1, 3, 2]]] * 2), "labels": np.zeros((2, 1), "int32")}


@pytest.mark.parametrize("layer_class", [RandomAffine, RandomWarp])
def test_what_is_seen_outside(layer_class):
    words = "`fill_mode` must be one of .* Received: fill_mode='wrap'"
    with pytest.raises(ValueError, match=words):
        layer_class(fill_mode="wrap")
    with pytest.raises(ValueError, match="`fill_value` must be a number. Received: fill_value='0'"):
        layer_class(fill_value="0")
    with pytest.raises(ValueError, match="`bounding_box_format` must be one of .*='xyxz'"):
        layer_class(bounding_box_format="xyxz")


@pytest.mark.parametrize("shape", [(2, 4, 6), (1, 4, 5), (2, 5), (2, 2, 4, 5, 1)])
def test_masks_that_do_not_fit_are_named(shape):
    words = rf"`segmentation_masks` must have .*shape=\({shape[0]}, .*shape=\(2, 4, 5, 3\)"
    with pytest.raises(ValueError, match=words):
        RandomAffine()({"images": IMAGES, "segmentation_masks": np.zeros(shape)})
    with pytest.raises(ValueError, match="must have .* segmentation_masks of type list"):
        RandomAffine()({"images": IMAGES, "segmentation_masks": np.zeros(shape).tolist()})


@tensorflow_only
def test_masks_without_one_shape_are_named():
    import tensorflow as tf

    ragged = tf.ragged.stack([IMAGES[0, ..., 0], IMAGES[1, :2, :, 0]])
    with pytest.raises(ValueError, match="`segmentation_masks` must have .* of type RaggedTensor"):
        RandomAffine()({"images": IMAGES, "segmentation_masks": ragged})
    signature = {
        "images": tf.TensorSpec((2, 4, 5, 3), "float32"),
        "segmentation_masks": tf.TensorSpec(None, "uint8"),
    }
    dataset = tf.data.Dataset.from_generator(lambda: [], output_signature=signature)
    with pytest.raises(ValueError, match="`segmentation_masks` must have .* of unknown rank"):
        dataset.map(RandomAffine())


@pytest.mark.parametrize(
    "value, dtype",
    [(0.5, "uint8"), (300, "uint8"), (-1, "bool"), (np.inf, "int32"), (np.nan, "uint8")],
)
def test_the_outside_of_a_mask_is_one_of_its_values(value, dtype):
    layer = RandomAffine(translation=(1, 1), fill_mode="constant", fill_value=value)
    data = {"images": IMAGES, "segmentation_masks": np.zeros((2, 4, 5), dtype)}
    with pytest.raises(ValueError, match=f"`fill_value` must be a value .* {dtype}. .*={value}"):
        layer(data)
    data["segmentation_masks"] = data["segmentation_masks"].astype("float32")
    np.testing.assert_equal(np.unique(numbers(layer(data)["segmentation_masks"])), [value])


def test_a_model_of_images_masks_and_boxes():
    kinds = {"images": ((4, 5, 3), "float32"), "segmentation_masks": ((4, 5), "uint8")}
    kinds |= {"boxes": ((1, 4), "float32"), "labels": ((1,), "int32")}
    inputs = {
        name: keras.Input(shape, dtype=dtype, name=name) for name, (shape, dtype) in kinds.items()
    }
    data = {name: inputs[name] for name in ("images", "segmentation_masks")}
    data["bounding_boxes"] = {name: inputs[name] for name in BOXES}
    outputs = RandomAffine(bounding_box_format="xyxy")(data)
    masks = outputs["segmentation_masks"]
    assert masks.shape == (None, 4, 5) and keras.backend.standardize_dtype(masks.dtype) == "uint8"
    assert outputs["bounding_boxes"]["boxes"].shape == (None, 1, 4)
    data = {"images": IMAGES, "segmentation_masks": np.ones((2, 4, 5), "uint8"), **BOXES}
    results = keras.Model(inputs, outputs).predict(data, verbose=0)
    assert (results["segmentation_masks"] == 1).all()
    assert (results["bounding_boxes"]["boxes"] == BOXES["boxes"]).all()


@pytest.mark.parametrize("layer_class", [RandomAffine, RandomWarp])
def test_in_inference_and_without_changes_all_stays(layer_class):
    boxes = {**BOXES, "scores": np.float32([[0.5], [0.7]])}
    data = {"images": IMAGES, "bounding_boxes": boxes, "labels": np.arange(2)}
    layer = layer_class(bounding_box_format="xyxy")
    for training in (False, True):
        outputs = layer(data, training=training)
        assert (numbers(outputs["labels"]) == [0, 1]).all()
        for name, values in boxes.items():
            outcome = numbers(outputs["bounding_boxes"][name])
            assert outcome.dtype == values.dtype
            np.testing.assert_allclose(outcome, values, atol=1e-5)
