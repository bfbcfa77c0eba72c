"""What every layer that changes images at random must do, checked in one place."""

import keras
import numpy as np
from layer_check import check_config, check_saving, check_seed, numbers, train_one_step


def make_images(shape=(4, 9, 12, 3), seed=0):
    """Smooth images of 0 to 255, other ones in each."""
    rng = np.random.default_rng(seed)
    *batch, height, width, channels = shape
    y, x = np.mgrid[:height, :width][..., None]
    waves = rng.uniform(0.1, 0.5, (4, *batch, 1, 1, channels))
    images = np.sin(waves[0] * y + 6 * waves[1]) * np.cos(waves[2] * x + 6 * waves[3])
    return (127.5 + 127 * images).astype("float32")


def check_augmentation(layer_class, arguments):
    """Check a layer with a value for each of its arguments, which must change the images."""
    images = make_images()
    layer = layer_class(**arguments)
    assert layer.compute_output_shape((None, 5, 6, 3)) == (None, 5, 6, 3)
    assert layer(keras.Input((9, 12, 3))).shape == (None, 9, 12, 3)
    check_config(layer, arguments)
    check_saving(layer_class(**arguments), images)
    check_seed(layer_class, arguments, images)
    check_dtypes(layer_class, arguments, images)
    check_whole_images_in_a_model(layer_class, arguments, images)
    check_other_floatx(layer_class, arguments, images)
    check_identity(layer_class(**arguments), images)
    check_independence(layer_class(**arguments), images)
    check_one_image(layer_class, arguments, images[0])
    check_in_a_model(layer_class, arguments, images)


def check_dtypes(layer_class, arguments, images):
    """The same picture in each dtype, which stays, also in mixed precision."""
    expected = numbers(layer_class(**arguments)(images))
    for dtype, precision in (("float16", 0.3), ("float64", 1e-3), ("uint8", 4.0)):
        for policy in ("float32", "mixed_float16"):
            layer = layer_class(**arguments, dtype=policy)
            inputs = keras.ops.convert_to_tensor(images.astype(dtype))
            outputs = layer(inputs, training=True)
            assert outputs.dtype == inputs.dtype  # not float64 with JAX, which has none
            difference = numbers(outputs).astype(float) - expected
            assert np.abs(difference).max() < precision


def check_whole_images_in_a_model(layer_class, arguments, images):
    """A model knows that the dtype stays; compiled it changes nothing at inference."""
    inputs = keras.Input(images.shape[1:], dtype="uint8")
    outputs = layer_class(**arguments)(inputs)
    assert keras.backend.standardize_dtype(outputs.dtype) == "uint8"
    images = images.astype("uint8")
    predicted = keras.Model(inputs, outputs).predict(images, verbose=0)
    assert predicted.dtype == np.uint8 and (predicted == images).all()


def check_other_floatx(layer_class, arguments, images):
    """The default dtype of Keras changes nothing."""
    expected = numbers(layer_class(**arguments)(images))
    keras.config.set_floatx("float64")
    try:
        outputs = layer_class(**arguments)(keras.ops.convert_to_tensor(images, "float32"))
    finally:
        keras.config.set_floatx("float32")
    np.testing.assert_allclose(numbers(outputs), expected, atol=0.02)


def check_identity(layer, images):
    assert (numbers(layer(images, training=False)) == images).all()
    model = keras.Sequential([keras.Input(images.shape[1:]), layer])
    assert (numbers(model(images, training=False)) == images).all()


def check_independence(layer, images):
    """Every image has draws of its own."""
    outputs = numbers(layer(np.repeat(images[:1], 8, axis=0), training=True))
    assert len(np.unique(outputs, axis=0)) == 8


def check_one_image(layer_class, arguments, image):
    alone = numbers(layer_class(**arguments)(image, training=True))
    assert alone.shape == image.shape
    assert (alone == numbers(layer_class(**arguments)(image[None], training=True))[0]).all()


def check_in_a_model(layer_class, arguments, images):
    """Compiled in a training step a layer does what it does eagerly, and has a gradient."""
    loss, gradient = train_one_step(layer_class(**arguments), images)
    outputs = numbers(layer_class(**arguments)(images, training=True))
    np.testing.assert_allclose(loss, outputs.sum(), rtol=1e-4)
    assert np.isfinite(gradient).all() and gradient.any()


SIGNATURES = [(9, 12, 3), (None, None, 3), (None, None, None, 3)]


def check_augmentation_in_tf_data(layer_class, arguments, signatures=SIGNATURES):
    """A serial map gives the draws of eager calls, for batches, images, and unknown sizes."""
    import tensorflow as tf

    images = make_images()
    for signature in signatures:
        batches = images[None] if len(signature) == 4 else images
        spec = tf.TensorSpec(signature, "float32")
        dataset = tf.data.Dataset.from_generator(lambda data=batches: data, output_signature=spec)
        layer, same = layer_class(**arguments), layer_class(**arguments)
        mapped = list(dataset.map(lambda image, layer=layer: layer(image, training=True)))
        assert mapped[0].shape == batches[0].shape
        expected = [numbers(same(image, training=True)) for image in batches]
        np.testing.assert_allclose(mapped, expected, atol=0.02)


def check_masks(layer_class, arguments):
    """Masks get the transform of their image, whole numbers and no mixtures of them.

    Of an image that steps from 0 to 1 along one axis the bilinear value is above a half where the
    nearest pixel is 1.
    """
    rows, columns = np.mgrid[:9, :12]
    images = np.repeat([rows > 4, columns > 5], 4, axis=0).astype("uint8")[..., None]
    labels = 2**24 + 1 + images.astype("int32")  # float32 has no odd numbers there
    for masks in (images, labels, labels[..., 0], images[..., 0] == 1):
        layer, same = layer_class(**arguments), layer_class(**arguments)
        data = {"images": images, "segmentation_masks": masks}
        outputs = {key: numbers(value) for key, value in layer(data).items()}
        assert outputs["segmentation_masks"].dtype == masks.dtype
        moved = outputs["images"].astype(bool)
        assert (moved == numbers(same(images)).astype(bool)).all()
        expected = np.where(moved, masks.max(), masks.min()).reshape(masks.shape)
        assert (outputs["segmentation_masks"] == expected).all()
        assert (outputs["images"] != images).any()
        unchanged = layer(data, training=False)["segmentation_masks"]
        assert (numbers(unchanged) == masks).all()
    one = layer_class(**arguments)({key: value[0] for key, value in data.items()})
    first = layer_class(**arguments)({key: value[:1] for key, value in data.items()})
    for key, value in one.items():
        assert value.shape == data[key][0].shape
        assert (numbers(value) == numbers(first[key])[0]).all()


def check_boxes(layer_class, arguments, size=(40, 50), fineness=4, n=50):
    """A box after the draws of an image is that of the square in it, to a pixel.

    The square is drawn in an image of the same proportions that is finer, for it changes likewise.
    """
    rng = np.random.default_rng(0)
    boxes = rng.integers(0, np.array(size[::-1]) * 3 // 4, (n, 2))
    boxes = np.concatenate([boxes, boxes + rng.integers(5, 20, (n, 2))], axis=-1)
    boxes = np.minimum(boxes, size[::-1] * 2)
    layer, same = (layer_class(**arguments) for _ in range(2))
    targets = {"boxes": boxes[:, None].astype("float32"), "labels": np.arange(n)[:, None]}
    data = {"images": np.zeros((n, *size, 1), "uint8"), "bounding_boxes": targets}
    moved = {name: numbers(value) for name, value in layer(data)["bounding_boxes"].items()}
    fine = np.zeros((n, *np.multiply(size, fineness), 1), "uint8")
    for image, (left, top, right, bottom) in zip(fine, boxes * fineness, strict=True):
        image[top:bottom, left:right] = 1
    masks = numbers(same({"images": fine, "segmentation_masks": fine})["segmentation_masks"])
    expected = [_box(mask[..., 0] == 1, fineness) for mask in masks]
    large = [np.minimum(box[2] - box[0], box[3] - box[1]) > 1 for box in expected]
    assert 20 < sum(large)
    for i, box in enumerate(expected):
        if large[i]:
            assert moved["labels"][i] == i
            np.testing.assert_allclose(moved["boxes"][i, 0], box, atol=1)
        else:  # a part smaller than a pixel may be seen or not
            left, top, right, bottom = moved["boxes"][i, 0]
            assert moved["labels"][i] == -1 or min(right - left, bottom - top) < 2
    one = {"images": data["images"][0], "bounding_boxes": {k: v[0] for k, v in targets.items()}}
    first = {"images": data["images"][:1], "bounding_boxes": {k: v[:1] for k, v in targets.items()}}
    alone, batched = (layer_class(**arguments)(each)["bounding_boxes"] for each in (one, first))
    assert all((numbers(alone[key]) == numbers(batched[key])[0]).all() for key in targets)


def _box(mask, fineness):
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros(4)
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) / fineness


def check_targets_in_tf_data(layer_class, arguments):
    """Batches, single images and unknown sizes; what else is in a dictionary stays."""
    import tensorflow as tf

    images = make_images((2, 9, 12, 3))
    data = {"images": images, "segmentation_masks": images[..., :1].astype("int32")}
    boxes = np.float32([[[1, 2, 8, 7], [4, 0, 12, 5]], [[0, 0, 3, 9], [0, 0, 0, 0]]])
    data["bounding_boxes"] = {"boxes": boxes, "labels": np.array([[3, 1], [2, -1]])}
    data |= {"labels": np.arange(2), "file": np.array(["a", "b"])}
    whole = tf.data.Dataset.from_tensor_slices(data)
    signature = keras.tree.map_structure(
        lambda spec: tf.TensorSpec([None] * (spec.shape.rank - 1) + spec.shape[-1:], spec.dtype),
        whole.element_spec,
    )
    unknown = tf.data.Dataset.from_generator(lambda: iter(whole), output_signature=signature)
    for dataset in (whole.batch(2), unknown):
        layer, same = (layer_class(**arguments) for _ in range(2))
        for given, mapped in zip(dataset, dataset.map(layer), strict=True):
            expected = same(given)
            assert (mapped["labels"] == given["labels"]).numpy().all()
            assert (mapped["file"] == given["file"]).numpy().all()
            moved = mapped["segmentation_masks"]
            assert (moved == expected["segmentation_masks"]).numpy().all()
            np.testing.assert_allclose(mapped["images"], expected["images"], atol=0.02)
            for name, values in expected["bounding_boxes"].items():
                np.testing.assert_allclose(mapped["bounding_boxes"][name], values, atol=1e-4)
