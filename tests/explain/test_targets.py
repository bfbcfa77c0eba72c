import numpy as np
import pytest
import tensorflow as tf
from cam_by_hand import maps_and_gradients, stretched
from explained_models import close, images, new

from cnnkit.explain import grad_cam
from cnnkit.explain._logits import Outputs
from cnnkit.explain._targets import as_score, check_probabilities, class_weights, logit_score


def test_class_weights():
    outputs = Outputs(None, np.array([[0.1, 3.0, -1.0], [2.0, 0.0, 1.0]]))
    assert np.array_equal(class_weights(None, outputs), [[0, 1, 0], [1, 0, 0]])
    for each in (2, np.array(2)):
        assert np.array_equal(class_weights(each, outputs), [[0, 0, 1], [0, 0, 1]])
    assert np.array_equal(class_weights((2, 0), outputs), [[0, 0, 1], [1, 0, 0]])


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


def test_a_regression_below_0_is_explained_by_its_output():
    model, x = new(1), images()
    model.compile("sgd", "mse")
    model.layers[-1].bias.assign([-5.0])
    assert np.max(model(x)) < -1
    maps, gradients = maps_and_gradients(model, x, [0, 0])
    cam = np.einsum("bhwc,bc->bhw", maps, gradients.mean(axis=(1, 2))).clip(0)
    close(grad_cam(model, x), stretched(cam))


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
    "too few": ([0], "each of the 2 images, or a function of the outputs. Received: target="),
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
