"""What the attribution methods share; that all of them use it, test_attributions.py tests."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from explained_models import functional, images, parts, plain, sequential
from keras import layers

from cnnkit.explain._capture import capture
from cnnkit.explain._targets import (
    Scores,
    as_inputs,
    chunks,
    class_weights,
    in_halves,
    with_logits,
)


def outputs(model, x):
    return capture(with_logits(model), x).outputs


LAST = {
    "softmax": (3, lambda z: keras.ops.softmax(z), True),
    "softmax, cast": (3, lambda z: keras.ops.cast(keras.ops.softmax(z), "float16"), True),
    "softmax, other shape": (3, lambda z: keras.ops.reshape(keras.ops.softmax(z), (-1, 3)), True),
    "softmax over an axis of a map": (3, layers.Softmax(axis=1), True),
    "sigmoid, axis dropped": (1, lambda z: keras.ops.squeeze(keras.ops.sigmoid(z), -1), True),
    "logits": (3, lambda z: z, False),
    "calculated further": (3, lambda z: keras.ops.softmax(z) * 2, False),
    "one of two probabilities": (2, lambda z: keras.ops.softmax(z)[:, 1], False),
}


@pytest.mark.parametrize("name", LAST)
def test_logits_are_found(name):
    n, last, is_found = LAST[name]
    model = plain(n, build=functional)
    found = outputs(keras.Model(model.inputs, last(model.outputs[0])), images())
    expected = np.asarray(model(images()) if is_found else found.outputs, np.float32)
    logits = np.reshape(expected, (2, -1))
    assert found.logits.dtype == np.float32 and np.allclose(found.logits, logits, atol=1e-6)
    if not is_found:  # they count as logits
        n = logits.shape[1]
        found = found._replace(outputs=tf.sigmoid(logits) if n == 1 else tf.nn.softmax(logits))
    p = np.reshape(np.asarray(found.outputs, np.float32), (2, -1))
    assert np.allclose(found.probabilities, p, atol=1e-3)


def test_models_without_classes():
    maps = sequential(parts()[:4])
    assert outputs(maps, images()).logits == ()
    assert np.array_equal(outputs(maps, images()).outputs, capture(maps, images()).outputs)
    with pytest.raises(ValueError, match="does not give one number for each class. Received: targ"):
        Scores(maps, images(), 1)


def test_names_and_structure_are_those_of_the_model():
    model = plain()
    assert with_logits(model) is with_logits(model)
    assert with_logits(model).name == model.name
    with pytest.raises(ValueError, match=f"of the model '{model.name}', .* paths: rescaling"):
        capture(with_logits(model), images(), "no")
    changed = sequential(parts() + [layers.Dense(3), layers.Softmax()])
    assert outputs(changed, images()).logits.shape == (2, 3)
    changed.pop()
    changed.add(layers.Dense(5))
    assert outputs(changed, images()).logits.shape == (2, 5)


def test_class_weights():
    logits = np.array([[0.1, 3.0, -1.0], [2.0, 0.0, 1.0]])
    assert np.array_equal(class_weights(None, logits), [[0, 1, 0], [1, 0, 0]])
    assert np.array_equal(class_weights(2, logits), [[0, 0, 1], [0, 0, 1]])
    assert np.array_equal(class_weights((2, 0), logits), [[0, 0, 1], [1, 0, 0]])
    one = np.array([[0.3], [-0.2], [0.0]])
    assert np.array_equal(class_weights(None, one), [[1], [-1], [-1]])
    assert np.array_equal(class_weights([0, 1, 1], one), [[-1], [1], [1]])
    for wrong in (True, 1.0, "1", [[0, 1]], [0, 1, 2]):
        with pytest.raises(ValueError, match="`target` must be None, a class, one class for each"):
            class_weights(wrong, logits)


@pytest.mark.parametrize("n_images, n_variants", [(1, 1), (3, 7), (1, 40), (40, 1), (5, 16)])
def test_chunks_hold_each_pair_once(n_images, n_variants):
    parts_of_all = list(chunks(n_images, n_variants))
    pairs = np.concatenate([np.stack(part, axis=1) for part in parts_of_all])
    assert np.array_equal(pairs, list(np.ndindex(n_images, n_variants)))
    assert all(0 < len(i) == len(variant) <= 128 for i, variant in parts_of_all)


def test_as_inputs():
    x, v = images().astype(np.uint8), np.ones((2, 3), np.int32)
    found = as_inputs({"v": v, "x": tf.constant(x)})
    assert found["x"].dtype == np.float32 and np.array_equal(found["x"], x)
    assert found["v"].dtype == np.int32 and isinstance(found["v"], np.ndarray)
    assert np.array_equal(as_inputs(x), x) and as_inputs([v, x])[1].dtype == np.float32


def test_gradients_of_half_precision_do_not_vanish(monkeypatch):
    """Those of pixels are near the smallest number that float16 has."""
    layer = layers.Conv2D(4, 3, dtype="mixed_float16")
    end = [layers.GlobalAveragePooling2D(dtype="mixed_float16"), layers.Dense(2, dtype="float32")]
    model = sequential([layers.Rescaling(1 / 255, dtype="mixed_float16"), layer, *end], (96, 96, 3))
    twin = sequential(
        [
            type(each).from_config({**each.get_config(), "dtype": "float32"})
            for each in model.layers
        ],
        (96, 96, 3),
    )
    twin.set_weights(model.get_weights())
    x = images(1, (96, 96, 3))

    def error():
        half, full = (Scores(each, x, 1).gradients(x, np.zeros(1, int)) for each in (model, twin))
        return np.abs(half - full).max() / np.abs(full).max()

    assert error() < 0.01
    monkeypatch.setattr("cnnkit.explain._targets._SCALE", 1)
    assert error() > 0.03, "the check can fail"


@pytest.mark.parametrize("n, runs", [(3, [3]), (4, [2, 2]), (7, [3, 4])])
def test_halves_side_by_side_give_what_the_whole_gives(n, runs, monkeypatch):
    monkeypatch.setattr("cnnkit.explain._targets._has_gpu", lambda: False)
    model = keras.Sequential(
        [keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    images = tf.constant(np.random.default_rng(n).normal(size=(n, 6, 6, 1)), tf.float32)
    specs = tf.TensorSpec([None, 6, 6, 1])
    graph = tf.function(model).get_concrete_function(specs)
    seen = []

    class Watched:
        structured_input_signature = graph.structured_input_signature
        structured_outputs = graph.structured_outputs

        def __call__(self, images):
            seen.append(len(images))
            return graph(images)

    np.testing.assert_allclose(in_halves(Watched(), images), model(images), rtol=1e-4, atol=1e-5)
    assert sorted(seen) == runs


def test_a_graph_for_one_size_of_batch_runs_whole():
    graph = tf.function(lambda images: 2 * images).get_concrete_function(tf.TensorSpec([6, 2]))
    np.testing.assert_array_equal(in_halves(graph, tf.ones([6, 2])), np.full((6, 2), 2))
