import numpy as np
import pytest
import tensorflow as tf
from explained_models import images

from cnnkit.explain._inputs import as_inputs, image_at


def test_as_inputs():
    x, v = images().astype(np.uint8), np.ones((2, 3), np.int32)
    found = as_inputs({"v": v, "x": tf.constant(x)})
    assert found["x"].dtype == np.float32 and np.array_equal(found["x"], x)
    assert found["v"].dtype == np.int32 and isinstance(found["v"], np.ndarray)
    assert np.array_equal(as_inputs(x), x) and as_inputs([v, x])[1].dtype == np.float32


def test_the_image_is_the_first_with_four_axes():
    x, v = images(), np.ones((2, 3))
    assert image_at(x) == 0 and image_at([v, x, x]) == 1
    assert image_at({"b": x, "a": v, "c": x}) == 1, "in the order of the names"
    assert image_at([tf.TensorSpec([None, 3]), tf.TensorSpec([None, None, None, 3])]) == 1
    for wrong in (v, x[0], x[:0], [v, v]):
        with pytest.raises(ValueError, match="`images` must be an array of shape .* Received: sha"):
            image_at(wrong)
