import numpy as np
import pytest
import tensorflow as tf
from captured_models import flat
from explained_models import images, sequential

from cnnkit.explain import capture_gradients
from cnnkit.explain._output_gradients import floats, output_gradients


def test_gradients_of_each_output():
    kind, size = tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.constant([[5.0], [6.0]])
    outputs = {"kind": kind, "number": tf.constant([1, 2]), "size": size, "none": None}
    assert all(part is of for part, of in zip(floats(outputs), (kind, size), strict=True))
    found = output_gradients(lambda y: y["kind"][:, 0] ** 2, outputs, 2)
    assert np.array_equal(found[0], [[2, 0], [6, 0]]) and np.array_equal(found[1], [[0], [0]])


@pytest.mark.parametrize(
    "score, error",
    [
        (lambda y: y, r"each of the 3 examples. Received: a result of shape \(3, 3\)"),
        (lambda y: tf.reduce_sum(y), r"Received: a result of shape \(\)"),
        (lambda y: y.numpy()[:, 0], "not NumPy. Received: score=<function"),
    ],
)
def test_bad_scores(score, error):
    with pytest.raises(ValueError, match=f"`score` must .*{error}"):
        capture_gradients(sequential(flat()), images(3), score=score)
