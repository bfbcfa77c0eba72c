import keras
import numpy as np
import pytest
import tensorflow as tf
from explained_models import images

from cnnkit.explain import capture, grad_cam, saliency
from cnnkit.explain._inputs import as_inputs, image_at, model_input_at


def test_as_inputs():
    x, v = images().astype(np.uint8), np.ones((2, 3), np.int32)
    found = as_inputs({"v": v, "x": tf.constant(x)})
    assert found["x"].dtype == np.float32 and np.array_equal(found["x"], x)
    assert found["v"].dtype == np.int32 and isinstance(found["v"], np.ndarray)
    assert np.array_equal(as_inputs(x), x) and as_inputs([v, x])[1].dtype == np.float32


def test_inputs_of_different_lengths():
    error = "must have the same number of examples in all inputs. Received: inputs with 2, 3 exam"
    given = [images(2), np.ones((3, 4), np.float32)]
    with pytest.raises(ValueError, match=f"`images` {error}"):
        as_inputs(given)
    image, other = keras.Input((16, 16, 3)), keras.Input((4,))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3)(image))
    model = keras.Model([image, other], pooled + other)
    for explain in (grad_cam, saliency):
        with pytest.raises(ValueError, match=f"`images` {error}"):
            explain(model, given)
    with pytest.raises(ValueError, match=f"`inputs` {error}"):
        capture(model, given)


@pytest.mark.parametrize("value", [np.nan, -np.inf, 1e300])
def test_an_image_that_is_not_finite(value):
    """TensorFlow may run convolution and ReLU as one, which makes 0 of NaN."""
    x = images().astype(np.float64)
    x[1, 0, 0, 0] = value
    with np.errstate(over="ignore"):
        with pytest.raises(ValueError, match=r"`images` must have finite .* Received: .*\[1\] of"):
            as_inputs(x)


def test_the_image_is_the_only_one_with_four_axes():
    x, v = images(), np.ones((2, 3))
    assert image_at(x) == 0 and image_at([v, x]) == 1
    assert image_at({"b": x, "a": v}) == 1, "in the order of the names"
    assert image_at([tf.TensorSpec([None, 3]), tf.TensorSpec([None, None, None, 3])]) == 1
    for wrong in (v, x[:0], [v, v]):
        with pytest.raises(ValueError, match="`images` must be an array of shape .* Received: sha"):
            image_at(wrong)


def test_of_several_images_one_must_be_chosen():
    x, v = images(), np.ones((2, 3))
    assert [image_at([v, x, x], at) for at in (1, 2)] == [1, 2]
    assert [image_at({"c": x, "b": x, "a": v}, key) for key in ("b", "c")] == [1, 2]
    for wrong in (None, 0, 3, -1, True, "b"):
        with pytest.raises(ValueError, match="`image` must say .* 1 of shape .* 2 of shape .*Rec"):
            image_at([v, x, x], wrong)
    for wrong in (None, 0, "a", "d"):
        with pytest.raises(ValueError, match="`image` must say .* 'b' of shape .*, 'c' of shape"):
            image_at({"c": x, "b": x, "a": v}, wrong)
    with pytest.raises(ValueError, match="`image` must say"):
        image_at(x, 1)
    found = as_inputs([x.astype(int), x.astype(int)], 1)
    assert [part.dtype for part in found] == [int, np.float32]


def test_the_place_among_the_inputs_of_a_model():
    """A model that takes a list also takes a dictionary of the names of its inputs."""
    one, two = keras.Input((4, 4, 1), name="z"), keras.Input((4, 4, 1), name="y")
    listed = keras.Model([one, two], keras.layers.Add()([one, two]))
    named = keras.Model({"z": one, "y": two}, keras.layers.Add()([one, two]))
    assert [model_input_at(listed, [0, 0], at) for at in (0, 1)] == [0, 1]
    assert [model_input_at(listed, {"y": 0, "z": 0}, at) for at in (0, 1)] == [1, 0]
    places = [model_input_at(named, {"y": 0, "z": 0}, at) for at in (0, 1)]
    assert [named.inputs[place].name for place in places] == ["y", "z"]
