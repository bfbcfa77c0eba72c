from functools import partial

import numpy as np
import pytest
import tensorflow as tf
from cam_by_hand import maps_and_gradients, stretched
from explained_models import close, images, new, with_head

from cnnkit.explain import deletion_insertion, grad_cam, hires_cam, saliency
from cnnkit.explain._logits import Outputs
from cnnkit.explain._loss import Meaning
from cnnkit.explain._targets import as_score, check_probabilities, class_weights, logit_score


def test_class_weights():
    outputs = Outputs(None, np.array([[0.1, 3.0, -1.0], [2.0, 0.0, 1.0]]))
    assert np.array_equal(class_weights(None, outputs), [[0, 1, 0], [1, 0, 0]])
    for each in (2, np.array(2)):
        assert np.array_equal(class_weights(each, outputs), [[0, 0, 1], [0, 0, 1]])
    assert np.array_equal(class_weights([2, 0], outputs), [[0, 0, 1], [1, 0, 0]])


def test_class_weights_of_one_unit():
    logits = np.array([[0.3], [-0.2], [0.0]])
    outputs = Outputs(None, logits, 1 / (1 + np.exp(-logits)))
    assert np.array_equal(class_weights(None, outputs), [[1], [-1], [-1]])
    for target in ([0, 1, 1], np.array([0, 1, 1], np.uint8)):
        assert np.array_equal(class_weights(target, outputs), [[-1], [1], [1]])


def test_one_unit_that_may_be_no_class_is_explained_itself():
    outputs = Outputs(tf.constant([[-5.0], [2.0]]), tf.constant([[-5.0], [2.0]]))
    assert np.array_equal(as_score(None)(outputs), [-5, 2])
    for target in (0, 1, [0, 1]):
        error = "`target` must be None, .* Compile it with its loss, .* Received: target="
        with pytest.raises(ValueError, match=error):
            as_score(target)(outputs)


def test_a_pair_is_the_difference_of_both():
    outputs = Outputs(None, np.array([[0.1, 3.0, -1.0], [2.0, 0.0, 1.0]]))
    assert np.array_equal(class_weights((2, 0), outputs), [[-1, 0, 1], [-1, 0, 1]])
    assert np.array_equal(class_weights(([2, 1], 0), outputs), [[-1, 0, 1], [-1, 1, 0]])
    assert np.array_equal(class_weights((None, 2), outputs), [[0, 1, -1], [1, 0, -1]])
    assert np.allclose(as_score((1, 0))(outputs), [2.9, -2.0])
    logits = np.array([[0.3], [-0.2]])
    one_unit = Outputs(None, logits, 1 / (1 + np.exp(-logits)))
    assert np.array_equal(class_weights((1, 0), one_unit), [[2], [2]])


BAD_PAIRS = {
    "one": ((1,), r"a pair \(one, other\) if it is a tuple, .* Received: target=\(1,\)"),
    "three": ((0, 1, 2), "one class for each image is a list or an array. Received: target="),
    "the same": (([1, 2], [0, 2]), r"different classes. Received: the same .* \[1\] of 2"),
    "a class too many": ((0, 3), "in 0..2, as there are 3 classes. Received: target=3"),
    "a function": ((0, len), "`target` must be None, a class, .* Received: target=<built-in"),
}


@pytest.mark.parametrize("target, error", BAD_PAIRS.values(), ids=BAD_PAIRS)
def test_bad_pairs(target, error):
    with pytest.raises(ValueError, match=error):
        class_weights(target, OUTPUTS)


def test_the_integers_of_a_regression_are_its_outputs():
    outputs, regression = Outputs(None, np.array([[0.1, 3.0], [2.0, 0.0]])), Meaning("Linear")
    assert np.array_equal(class_weights([1, 0], outputs, regression), [[0, 1], [1, 0]])
    assert np.array_equal(class_weights((1, 0), outputs, regression), [[-1, 1], [-1, 1]])
    with pytest.raises(ValueError, match="say which of the 2 outputs .* Received: target=None"):
        class_weights(None, outputs, regression)
    with pytest.raises(ValueError, match="in 0..1, as there are 2 outputs. Received: target=2"):
        class_weights(2, outputs, regression)
    with pytest.raises(ValueError, match="`target` must be None, an output, one output for each"):
        class_weights("size", outputs, regression)
    one = Outputs(None, np.array([[-5.0], [2.0]]))
    for target in (None, 0):
        assert np.array_equal(class_weights(target, one, regression), [[1], [1]])


def test_classes_trained_with_a_loss_of_regression_are_classes():
    """Their softmax says so."""
    assert np.array_equal(as_score(None, Meaning("Linear"))(OUTPUTS), [3, 2])


def test_a_pair_and_an_output_of_regression_of_models():
    """Maps and curves of the classes of a pair and of an output, each from TensorFlow's tape."""
    model, x, maps = new(), images(), images()[..., 0]
    p = tf.nn.softmax(model(x)).numpy()
    found = deletion_insertion(model, x, maps=maps, target=(2, 0), n_steps=1)
    assert np.allclose(found.deletion[:, 0], p[:, 2] - p[:, 0], atol=1e-5)
    both = [maps_and_gradients(model, x, [k, k]) for k in (2, 0)]
    weights = (both[0][1] - both[1][1]).mean(axis=(1, 2))
    cam = np.einsum("bhwc,bc->bhw", both[0][0], weights).clip(0)
    close(grad_cam(model, x, target=(2, 0)), stretched(cam))
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="say which of the 3 outputs .* Received: target=None"):
        grad_cam(model, x)
    cam = np.einsum("bhwc,bc->bhw", both[0][0], both[0][1].mean(axis=(1, 2))).clip(0)
    close(grad_cam(model, x, target=2), stretched(cam))
    found = deletion_insertion(model, x, maps=maps, target=2, n_steps=1)
    assert np.allclose(found.deletion[:, 0], np.asarray(model(x))[:, 2], atol=1e-5)


def test_a_pair_of_one_unit_is_the_difference_of_its_probabilities():
    model, x, maps = new(1), images(), images()[..., 0]
    p = tf.sigmoid(model(x)).numpy()[:, 0]
    found = deletion_insertion(model, x, maps=maps, target=(1, 0), n_steps=1)
    assert np.allclose(found.deletion[:, 0], 2 * p - 1, atol=1e-5)


def test_a_regression_below_0_is_explained_by_its_output():
    model, x = new(1), images()
    model.compile("sgd", "mse")
    model.layers[-1].bias.assign([-5.0])
    assert np.max(model(x)) < -1
    maps, gradients = maps_and_gradients(model, x, [0, 0])
    cam = np.einsum("bhwc,bc->bhw", maps, gradients.mean(axis=(1, 2))).clip(0)
    close(grad_cam(model, x), stretched(cam))


@pytest.mark.parametrize("loss", ["mse", "huber"])
def test_one_sigmoid_that_may_be_a_regression_is_asked_about(loss):
    """Class 0 and output 0 have opposite signs."""
    model, x = with_head("Dense(1, sigmoid)", 1), images()
    model.compile("sgd", loss)
    calls = grad_cam, hires_cam, saliency, partial(deletion_insertion, maps=x[..., 0])
    for call in calls:
        for target in (None, 0, 1, (1, 0)):
            error = '`target` must be a function .* compile it with "binary_crossentropy". Receiv'
            with pytest.raises(ValueError, match=error):
                call(model, x, target=target)
    p = np.asarray(model(x))[:, 0]
    found = deletion_insertion(model, x, maps=x[..., 0], target=lambda y: y[:, 0], n_steps=1)
    assert np.allclose(found.deletion[:, 0], p, atol=1e-5)
    model.compile("sgd", "binary_crossentropy")
    found = deletion_insertion(model, x, maps=x[..., 0], target=0, n_steps=1)
    assert np.allclose(found.deletion[:, 0], 1 - p, atol=1e-5)


def test_sigmoids_of_a_regression_are_its_outputs():
    model, x = with_head("Dense(2, sigmoid)", 2), images()
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="say which of the 2 outputs .* Received: target=None"):
        hires_cam(model, x)
    expected = hires_cam(model, x, target=lambda y: y[:, 0])
    close(hires_cam(model, x, target=0), expected)


@pytest.mark.parametrize(
    "p, one_is_right, error",
    [
        ([[0.2, 0.7], [0.0, 1.0]], False, None),
        ([[0.3, 0.7], [0.0, 1.0]], True, None),
        ([[0.2, 0.7], [0.0, 1.0]], True, "that add up to 0.9"),
        ([[-3.0, 0.5]], False, "outputs from -3 to 0.5"),
        ([[0.5, 4.0]], False, "outputs from 0.5 to 4"),
        ([[0.5, np.nan]], False, "outputs from nan to nan"),
    ],
)
def test_what_is_no_probability_is_refused(p, one_is_right, error):
    if error is None:
        return check_probabilities(p, one_is_right)
    with pytest.raises(ValueError, match=f"`model` must give .*Received: .*{error}"):
        check_probabilities(p, one_is_right)


BAD_CLASSES = {
    "a class too many": (3, r"in 0..2, as there are 3 classes. Received: target=3"),
    "a negative class": ([0, -1], r"in 0..2, .* Received: target=\[0, -1\]"),
    "too few": (
        [0],
        "of the 2 images, a pair of two of these, or a function of the outputs. Received: target=",
    ),
    "too many": ([0, 1, 2], "one class for each of the 2 images"),
    "two axes": ([[0, 1]], "`target` must be None, a class, one class for each"),
    "a column": ([[0], [1]], "one class for each of the 2 images"),
    "one-hot": (np.eye(3)[:2], "one class for each of the 2 images"),
    "booleans": ([True, False], "`target` must be None, a class, one class for each"),
    "floats": ([0.0, 1.0], "`target` must be None, a class, one class for each"),
    "none": ([], "`target` must be None, a class, one class for each"),
    "a boolean": (True, "`target` must be None, a class, .* Received: target=True"),
    "a probability": (0.5, "`target` must be None, a class, .* Received: target=0.5"),
    "a word": ("dog", "`target` must be None, a class, .* Received: target='dog'"),
}


@pytest.mark.parametrize("target, error", BAD_CLASSES.values(), ids=BAD_CLASSES)
def test_bad_classes(target, error):
    with pytest.raises(ValueError, match=error):
        class_weights(target, OUTPUTS)
    with pytest.raises(ValueError, match=error):
        as_score(target)(OUTPUTS)


def test_a_model_without_logits_has_no_class():
    with pytest.raises(ValueError, match="does not give one number for each class. Received: targ"):
        class_weights(1, Outputs(None))


LOGITS = np.array([[0.5, 3.0, -1.0], [2.0, 0.0, 1.0]], np.float32)
OUTPUTS = Outputs(tf.nn.softmax(LOGITS), tf.constant(LOGITS), tf.nn.softmax(LOGITS))


@pytest.mark.parametrize("target, expected", [(None, [3, 2]), (2, [-1, 1]), ([1, 0], [3, 2])])
def test_the_score_of_a_class_is_its_logit(target, expected):
    assert np.array_equal(as_score(target)(OUTPUTS), expected)
    assert np.array_equal(logit_score(class_weights(target, OUTPUTS), OUTPUTS), expected)


def test_a_function_gets_what_the_model_gives():
    assert np.array_equal(as_score(lambda y: y[:, 1])(OUTPUTS), OUTPUTS.outputs[:, 1])
    error = (
        "`target` must return a tensor with one number for each row .*keras.ops or TensorFlow. R"
    )
    for wrong in (
        lambda y: y[0, 0],
        lambda y: y,
        lambda y: y.numpy()[:, 0],
        lambda y: tf.argmax(y, 1),
    ):
        with pytest.raises(ValueError, match=error):
            as_score(wrong)(OUTPUTS)
