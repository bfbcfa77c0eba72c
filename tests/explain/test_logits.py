import keras
import numpy as np
import pytest
import tensorflow as tf
from explained_models import (
    HEADS,
    ONE_UNIT,
    close,
    functional,
    images,
    parts,
    plain,
    sequential,
    with_head,
)
from keras import layers

from cnnkit.explain import capture
from cnnkit.explain._engine import trace_of
from cnnkit.explain._logits import before_activation, with_logits


def outputs(model, x):
    trace, tensors = trace_of(model, x, run=with_logits)
    return trace.capture(tensors)[1]


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


@pytest.mark.parametrize("head", [*HEADS, *ONE_UNIT])
def test_every_head_has_the_logits_of_the_plain_one(head):
    n = 1 if head in ONE_UNIT else 2 if "2" in head else 3
    close(np.asarray(outputs(with_head(head, n), images()).logits), plain(n)(images()))


def test_models_without_classes():
    maps = sequential(parts()[:4])
    found = outputs(maps, images())
    assert found.logits == () and found.probabilities == ()
    assert np.array_equal(found.outputs, capture(maps, images()).outputs)


def test_layers_and_their_changes_are_those_of_the_model():
    model = plain()
    with pytest.raises(ValueError, match=f"of the model '{model.name}', .* paths: rescaling"):
        trace_of(model, images(), "no", run=with_logits)
    changed = sequential(parts() + [layers.Dense(3), layers.Softmax()])
    assert outputs(changed, images()).logits.shape == (2, 3)
    changed.pop()
    changed.add(layers.Dense(5))
    assert outputs(changed, images()).logits.shape == (2, 5)


@pytest.mark.parametrize("names, is_found", [(("Relu",), True), (("Softmax",), False)])
def test_before_activation(names, is_found):
    seen = []

    @tf.function
    def relu(x):
        y = tf.reshape(tf.nn.relu(x), [1, 2, 1])
        seen.append((before_activation(y, names), y))
        return seen[0][0]

    found = relu(tf.constant([[-1.0, 2.0]]))
    assert np.array_equal(found, [[[-1], [2]]] if is_found else [[[0], [2]]])
    assert (seen[0][0] is seen[0][1]) == (not is_found)
