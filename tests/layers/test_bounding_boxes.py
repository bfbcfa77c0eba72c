import keras
import numpy as np
import pytest
from layer_check import numbers, tensorflow_only

from cnnkit.layers import RandomAffine, RandomWarp
from cnnkit.layers._bounding_boxes import FORMATS, check_format

HEIGHT, WIDTH = 40, 60
IMAGE = np.zeros((HEIGHT, WIDTH, 3), "float32")
FIRST, SECOND = [10, 5, 30, 20], [40, 30, 60, 40]  # "xyxy"


def moved(layer, boxes, labels, image=IMAGE):
    """Boxes and labels of one image, or of a batch, after a layer in training."""
    boxes, labels = np.asarray(boxes), np.asarray(labels)
    images = image if boxes.ndim == 2 else np.repeat(image[None], len(boxes), axis=0)
    targets = {"boxes": boxes, "labels": labels}
    outputs = layer({"images": images, "bounding_boxes": targets}, training=True)
    return [numbers(outputs["bounding_boxes"][name]) for name in ("boxes", "labels")]


def written(corners, bounding_box_format):
    """Boxes "xyxy", in pixels, as a format has them."""
    form = bounding_box_format.removeprefix("rel_")
    size = [1, 1] if form == bounding_box_format else [WIDTH, HEIGHT]
    left, top, right, bottom = np.moveaxis(np.float32(corners) / np.float32(size * 2), -1, 0)
    x, y, width, height = (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
    forms = {
        "xyxy": (left, top, right, bottom),
        "yxyx": (top, left, bottom, right),
        "xywh": (left, top, width, height),
        "center_xywh": (x, y, width, height),
        "center_yxhw": (y, x, height, width),
    }
    return np.stack(forms[form], axis=-1)


def random_boxes(n, seed=0):
    corners = np.sort(np.random.default_rng(seed).uniform(0, 1, (n, 2, 2)), axis=1)
    return (corners * [WIDTH, HEIGHT]).reshape(n, 4).astype("float32")


def test_a_translation_is_that_of_keras_in_each_format():
    boxes, labels = random_boxes(40)[None], np.arange(40)[None]
    move = (-0.45, -0.45)
    layer = keras.layers.RandomTranslation(move, move, bounding_box_format="xyxy")
    corners, expected = moved(layer, boxes.copy(), labels.copy())
    is_seen = expected != -1
    assert 2 < is_seen.sum() < 38
    for name in FORMATS:
        layer = RandomAffine(translation=move, bounding_box_format=name)
        given, labels_given = moved(layer, written(boxes, name), labels)
        assert (labels_given == expected).all() and not given[~is_seen].any()
        np.testing.assert_allclose(given[is_seen], written(corners, name)[is_seen], atol=1e-3)


@pytest.mark.parametrize("flip", ["horizontal", "vertical"])
def test_flips_are_those_of_keras(flip):
    boxes, labels = np.repeat(random_boxes(5)[None], 20, axis=0), np.ones((20, 5), "int32")
    options = {"bounding_box_format": "xyxy", "seed": 0}
    expected, _ = moved(keras.layers.RandomFlip(flip, **options), boxes.copy(), labels.copy())
    given, _ = moved(RandomAffine(flip, **options), boxes, labels)
    (flipped,) = [each for each in expected if np.abs(each - boxes[0]).max() > 1][:1]
    is_flipped = np.abs(given - boxes[0]).max(axis=(1, 2)) > 1
    assert 3 < is_flipped.sum() < 17
    np.testing.assert_allclose(given[~is_flipped], boxes[~is_flipped], atol=1e-3)
    np.testing.assert_allclose(given[is_flipped] - flipped, 0, atol=1e-3)


@pytest.mark.parametrize(
    ("layer", "changes"),
    [
        (keras.layers.RandomRotation((0.07, 0.07), bounding_box_format="xyxy"), {"rotation": 0.07}),
        (keras.layers.RandomZoom((0.25, 0.25), bounding_box_format="xyxy"), {"zoom": -0.2}),
    ],
)
def test_what_stays_in_the_image_is_that_of_keras(layer, changes):
    """Keras takes numbers of boxes for middles of pixels: 0 is the edge of the image here."""
    boxes, labels = np.float32([[[22, 14, 38, 20], [20, 20, 33, 29]]]), np.array([[0, 1]])
    changes = {name: (value, value) for name, value in changes.items()}
    given, _ = moved(RandomAffine(**changes, bounding_box_format="xyxy"), boxes, labels)
    expected, _ = moved(layer, boxes - 0.5, labels)
    np.testing.assert_allclose(given, expected + 0.5, atol=1e-3)


def test_a_quarter_turn_is_that_of_numpy():
    """To the pixel, where the box of Keras's layer is one pixel off."""
    boxes, _ = moved(
        RandomAffine(rotation=(0.25, 0.25), bounding_box_format="xyxy"),
        np.float32([[5, 3, 12, 20]]),
        [0],
        image=np.zeros((30, 30, 1), "float32"),
    )
    square = np.zeros((30, 30), bool)
    square[3:20, 5:12] = True
    rows, columns = (np.flatnonzero(np.rot90(square).any(axis=axis)) for axis in (1, 0))
    expected = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
    np.testing.assert_allclose(boxes[0], expected, atol=1e-4)


@pytest.mark.parametrize("bounding_box_format", ["yxyx", "rel_center_xywh"])
def test_warped_boxes_are_the_same_in_another_format(bounding_box_format):
    layers = [RandomWarp(0.1, bounding_box_format=f, seed=1) for f in ("xyxy", bounding_box_format)]
    boxes, labels = random_boxes(20), np.arange(20)
    expected, seen = moved(layers[0], boxes, labels)
    given = moved(layers[1], written(boxes, bounding_box_format), labels)
    assert (given[1] == seen).all()
    expected = written(expected, bounding_box_format)
    np.testing.assert_allclose(given[0], np.where(seen[:, None] < 0, 0, expected), atol=1e-3)


RIGHT = {"translation": (0.3, 0.3), "bounding_box_format": "xyxy"}  # 12 down, 18 to the right
CUT = [58, 32, 60, 40]  # what is left of [40, 20, 60, 40]


def test_boxes_that_are_cut_and_that_vanish():
    boxes, labels = moved(
        RandomAffine(**RIGHT), np.float32([FIRST, [40, 20, 60, 40], SECOND]), [7, 8, 9]
    )
    np.testing.assert_allclose(boxes, [[28, 17, 48, 32], CUT, [0, 0, 0, 0]], atol=1e-4)
    assert labels.tolist() == [7, 8, -1]


@pytest.mark.parametrize(
    "layer", [RandomAffine(**RIGHT), RandomWarp(0.1, bounding_box_format="xyxy")]
)
@pytest.mark.parametrize("padding", [0, -1])
def test_padding_stays_as_it_is(layer, padding):
    boxes = np.float32([[FIRST, [padding] * 4], [[padding] * 4] * 2])
    given, labels = moved(layer, boxes, np.array([[4, -1], [-1, -1]]))
    assert labels.tolist() == [[4, -1], [-1, -1]]
    assert (given[0, 1] == padding).all() and (given[1] == padding).all()
    assert (given[0, 0] != boxes[0, 0]).any()


@pytest.mark.parametrize(
    "layer", [RandomAffine(**RIGHT), RandomWarp(0.1, bounding_box_format="xyxy")]
)
def test_images_without_boxes(layer):
    for batch in ((), (2,)):
        boxes, labels = np.zeros((*batch, 0, 4), "float32"), np.zeros((*batch, 0), "int32")
        given = moved(layer, boxes, labels)
        assert given[0].shape == (*batch, 0, 4) and given[1].shape == (*batch, 0)


def test_one_hot_labels():
    one_hot = np.float32([[0, 1, 0], [1, 0, 0], [-1, -1, -1]])
    boxes, labels = moved(RandomAffine(**RIGHT), np.float32([FIRST, SECOND, [9, 9, 9, 9]]), one_hot)
    assert labels.tolist() == [[0, 1, 0], [-1, -1, -1], [-1, -1, -1]]
    np.testing.assert_allclose(boxes, [[28, 17, 48, 32], [0] * 4, [9] * 4], atol=1e-4)


@pytest.mark.parametrize("dtype", ["int32", "float16"])
def test_dtypes_stay_and_whole_numbers_are_rounded(dtype):
    layer = RandomAffine(translation=(0.31, 0.31), bounding_box_format="xyxy")  # 12.4 and 18.6
    boxes, labels = moved(layer, np.array([FIRST], dtype), np.array([3], "int8"))
    assert boxes.dtype == dtype and labels.dtype == np.int8
    expected = [29, 17, 49, 32] if dtype == "int32" else [28.6, 17.4, 48.6, 32.4]
    np.testing.assert_allclose(boxes[0], expected, atol=0.02)


@tensorflow_only
def test_ragged_tensors_are_padded():
    import tensorflow as tf

    boxes = tf.ragged.constant([[FIRST], [], [SECOND, FIRST]], inner_shape=(4,), dtype="float32")
    labels = tf.ragged.constant([[3], [], [4, 5]], dtype="int64")
    targets = {"boxes": boxes, "labels": labels}
    data = {"images": np.repeat(IMAGE[None], 3, axis=0), "bounding_boxes": targets}
    outputs = RandomAffine(**RIGHT)(data)["bounding_boxes"]
    assert outputs["labels"].numpy().tolist() == [[3, -1], [-1, -1], [-1, 5]]
    np.testing.assert_allclose(outputs["boxes"][2, 1], [28, 17, 48, 32], atol=1e-4)


BOXES, LABELS = np.float32([FIRST, SECOND]), np.array([0, 1])


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ([FIRST, SECOND], 'a dictionary with the keys "boxes" and "labels". Received: list'),
        (BOXES, 'a dictionary with the keys "boxes" and "labels". Received: '),
        ({"boxes": BOXES}, 'a dictionary with the keys "boxes" and "labels". Received: the keys b'),
        ({"boxes": [], "labels": []}, r"boxes of shape \(boxes, 4\) .* boxes of type list"),
        ({"boxes": [FIRST, SECOND], "labels": LABELS}, "Received: boxes of type list, labels"),
        ({"boxes": np.zeros(0), "labels": np.zeros(0)}, r"Received: boxes.shape=\(0,\)"),
        ({"boxes": BOXES[None], "labels": LABELS[None]}, r"Received: boxes.shape=\(1, 2, 4\)"),
        ({"boxes": BOXES[:, :3], "labels": LABELS}, r"Received: boxes.shape=\(2, 3\)"),
        ({"boxes": BOXES, "labels": LABELS[:1]}, r"labels.shape=\(1,\)"),
        ({"boxes": BOXES, "labels": np.zeros((2, 3, 1))}, r"labels.shape=\(2, 3, 1\)"),
        ({"boxes": BOXES > 20, "labels": LABELS}, "must be numbers .* boxes of dtype bool"),
        ({"boxes": BOXES, "labels": LABELS.astype("uint8")}, "holds -1, .* labels of dtype uint8"),
        ({"boxes": BOXES, "labels": LABELS == 1}, "holds -1, .* labels of dtype bool"),
    ],
)
def test_wrong_boxes_are_named(targets, words):
    layer = RandomAffine(bounding_box_format="xyxy")
    with pytest.raises(ValueError, match=words):
        layer({"images": IMAGE, "bounding_boxes": targets})


def test_batches_of_other_lengths_are_named():
    with pytest.raises(ValueError, match=r"\(batch, boxes, 4\) .* boxes.shape=\(1, 2, 4\)"):
        targets = {"boxes": BOXES[None], "labels": LABELS[None]}
        RandomAffine(**RIGHT)({"images": IMAGE[None].repeat(2, 0), "bounding_boxes": targets})


WRONG_FORMATS = [("xyxy", "xywh"), ("xyxy", "rel_xyxy"), ("rel_xyxy", "xyxy"), ("xyxy", None)]


@pytest.mark.parametrize(("said", "meant"), WRONG_FORMATS)
def test_another_format_than_that_of_the_boxes_is_an_error(said, meant):
    boxes = written(BOXES, meant) if meant else BOXES * np.nan
    with pytest.raises(ValueError, match=f"`bounding_box_format` must fit .*'{said}'. Received"):
        moved(RandomAffine(bounding_box_format=said), boxes, LABELS)


RELATIVE = np.float32([[[0.2, 0.2, 0.7, 0.7], [0.3, 0.3, 0.8, 0.8]], [[0.1, 0.1, 0.5, 0.6]] * 2])


@pytest.mark.parametrize("corner", [[0, 0.2, 0.4, 0.9], [0.3, 0, 1, 1], [0, 0, 1, 1]])
def test_relative_boxes_are_told_also_where_some_touch_the_edges(corner):
    boxes = RELATIVE.copy()
    boxes[1, 1] = corner
    with pytest.raises(ValueError, match="`bounding_box_format` must fit"):
        moved(RandomAffine(bounding_box_format="xyxy"), boxes, np.zeros((2, 2), int))


@pytest.mark.parametrize("name", ["xyxy", "center_xywh"])
def test_boxes_cut_at_the_corner_to_less_than_a_pixel_are_boxes(name):
    boxes = written(np.float32([[0, 0, 0.7, 0.9], [0, 0, 0.1, 0.3], [0, 0, 1, 1]]), name)
    given, labels = moved(RandomAffine(bounding_box_format=name), boxes, [0, 1, 2])
    np.testing.assert_allclose(given, boxes, atol=1e-5)
    assert labels.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "layer_class, changes",
    [(RandomAffine, {"translation": 0.3}), (RandomAffine, {"rotation": 0.1})]
    + [(RandomWarp, {"lens": 0.9})],
)
def test_what_lies_beyond_the_edge_of_the_image_is_not_seen(layer_class, changes):
    boxes = np.float32([[-6, 10, 8, 20], [-9, 10, -1, 20], [50, 38, 70, 60], [5, 41, 9, 45]])
    changes = {name: (value, value) for name, value in changes.items()}
    layer = layer_class(**changes, fill_mode="constant", bounding_box_format="xyxy")
    given, labels = moved(layer, boxes, [1, 2, 3, 4])
    expected, seen = moved(layer, np.clip(boxes, 0, [WIDTH, HEIGHT] * 2), [1, 2, 3, 4])
    assert seen.tolist() == labels.tolist() and labels[1] == labels[3] == -1 and labels[0] == 1
    np.testing.assert_allclose(given, expected)
    if "translation" in changes:
        np.testing.assert_allclose(given[0], [18, 22, 26, 32], atol=1e-4)


@pytest.mark.parametrize("name", ["xyxy", "xywh", "center_xywh"])
def test_boxes_without_area_after_rounding_are_padding(name):
    boxes = written(np.float32([[56, 2, 64, 10], FIRST]), name).astype("int32")
    layer = RandomAffine(translation=(0.06, 0.06), bounding_box_format=name)  # 3.6 to the right
    given, labels = moved(layer, boxes, [1, 2])
    assert labels.tolist() == [-1, 2] and not given[0].any() and given[1].any()


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
def test_a_dtype_that_cannot_hold_the_size_of_the_images_is_an_error(dtype):
    layer = RandomAffine(bounding_box_format="xyxy")
    boxes, wide = np.array([FIRST], dtype), np.zeros((4, 256, 1), "uint8")
    moved(layer, boxes, [1], wide[:, : np.iinfo(dtype).max])
    with pytest.raises(ValueError, match=f"dtype that holds the size .* {dtype} .* to 256"):
        moved(layer, boxes, [1], wide)


def test_the_format_must_be_given():
    words = (
        "`bounding_box_format` must say how .* 'rel_xyxy', .* Received: bounding_box_format=None"
    )
    with pytest.raises(ValueError, match=words):
        moved(RandomAffine(), BOXES, LABELS)
    with pytest.raises(ValueError, match="must be floats .*rel_xyxy.* boxes of dtype int"):
        moved(RandomAffine(bounding_box_format="rel_xyxy"), BOXES.astype("int32"), LABELS)


def test_formats_are_those_of_keras():
    for name in (None, *FORMATS):
        check_format(name)
    for name in ("corners", "XYXY", 3, ["xyxy"]):
        with pytest.raises(ValueError, match="`bounding_box_format` must be one of .* Received: "):
            check_format(name)
