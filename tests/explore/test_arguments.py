import keras
import numpy as np
import pytest

from cnnkit.explore._arguments import as_class_names, as_images, as_labels, check_network

IMAGES = np.zeros((2, 6, 5, 3), np.uint8)


def model(shape=(6, 5, 3)):
    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(4)])


def test_a_usual_network_passes():
    check_network(model())


def not_finite():
    found = model()
    kernel = found.layers[-1].kernel
    kernel.assign(np.where(np.arange(kernel.shape[0])[:, None] < 2, np.nan, 0) + kernel)
    return found


def two_inputs():
    inputs = [keras.Input((6, 5, 3)), keras.Input((2,))]
    joined = keras.layers.Concatenate()([keras.layers.Flatten()(inputs[0]), inputs[1]])
    return keras.Model(inputs, joined)


@pytest.mark.parametrize(
    "make, error, sentence",
    [
        (lambda: keras.layers.Dense(2), TypeError, "`model` must be a Keras model"),
        (lambda: keras.Sequential([keras.layers.Dense(2)]), ValueError, "`model` must be built"),
        (lambda: model((6, 5)), ValueError, r"one input, images .* inputs of shape \(None, 6, 5\)"),
        (two_inputs, ValueError, r"one input, images .*\(None, 6, 5, 3\), \(None, 2\)"),
        (not_finite, ValueError, r"finite weights.*kernel' with 8 NaN or infinite values of 360"),
    ],
)
def test_what_is_no_network_for_images_is_refused(make, error, sentence):
    with pytest.raises(error, match=sentence):
        check_network(make())


@pytest.mark.parametrize(
    "given, dtype", [("uint8", "uint8"), ("float64", "float32"), ("int64", "float32")]
)
def test_images_become_bytes_or_floats(given, dtype):
    images = as_images(IMAGES.astype(given), model())
    assert (images.dtype, images.shape) == (dtype, IMAGES.shape)


def test_a_model_that_leaves_sizes_open_takes_all():
    open_model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(2, 3)])
    assert as_images(IMAGES, open_model).shape == IMAGES.shape


@pytest.mark.parametrize(
    "images, error, sentence",
    [
        (IMAGES[0], ValueError, r"\(6, 5, 3\). For one image write images\[None\]"),
        (IMAGES[..., 0], ValueError, r"Grey images need an axis .* images\[..., None\]"),
        (IMAGES[..., :1], ValueError, r"shape \(n, 6, 5, 3\), as 'sequential.*\(2, 6, 5, 1\)"),
        (IMAGES[:, :4], ValueError, r"shape \(n, 6, 5, 3\).*\(2, 4, 5, 3\)"),
        (IMAGES[:0], ValueError, "1 to 100 images"),
        (np.zeros((101, 6, 5, 3), np.uint8), ValueError, "1 to 100 images"),
        (np.full((1, 6, 5, 3), "a"), TypeError, "must hold integers or floats"),
        (np.full((1, 6, 5, 3), np.nan), ValueError, "90 NaN and 0 infinite"),
        (np.full((1, 6, 5, 3), 1e300), ValueError, "0 NaN and 90 infinite"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_unsuitable_images_are_refused(images, error, sentence):
    with pytest.raises(error, match=sentence):
        as_images(images, model())


def test_names_of_classes():
    assert as_class_names(None, 3) is None
    assert as_class_names(np.array(["a", "</script>"]), 2) == ["a", "</script>"]
    assert as_class_names(("cat", "dog"), 1) == ["cat", "dog"]
    assert as_class_names(["a"], None) == ["a"]
    with pytest.raises(ValueError, match="must have 3 names, one for each class. Received: 2"):
        as_class_names(["a", "b"], 3)
    for wrong in ("ab", [1, 2]):
        with pytest.raises(TypeError, match="`class_names` must be a list of texts"):
            as_class_names(wrong, 2)


def test_labels():
    assert as_labels(None, 3, 2) is None
    assert as_labels(np.array([0, 1], np.uint8), 2, 2) == [0, 1]
    assert as_labels([7], 1, None) == [7]
    for wrong, error, sentence in [
        ([0], ValueError, "as many as `images`, 2. Received: 1 labels"),
        ([[0, 1]], ValueError, r"the shape \(n\)"),
        ([0, 2], ValueError, r"in 0..1. Received: the label 2"),
        ([0, -1], ValueError, "the label -1"),
        ([0.0, 1.0], TypeError, "hold integers"),
    ]:
        with pytest.raises(error, match=sentence):
            as_labels(wrong, 2, 2)
