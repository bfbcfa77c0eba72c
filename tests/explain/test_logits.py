import keras
import numpy as np
import pytest
import tensorflow as tf
from explained_models import (
    HEADS,
    ONE_UNIT,
    close,
    images,
    parts,
    plain,
    sequential,
    with_head,
)
from keras import layers

from cnnkit.explain import capture
from cnnkit.explain._engine import trace_of
from cnnkit.explain._logits import _logits_and_probabilities, before_activation, with_logits
from cnnkit.explain._loss import meaning_of_loss


def outputs(model, x):
    trace, tensors = trace_of(model, x, run=with_logits)
    return trace.capture(tensors)[1]


def of(last, z, loss=None):
    """What a graph makes of logits, and what is known of it."""
    model = keras.Sequential([keras.Input(z.shape[1:]), keras.layers.Identity()])
    if loss is not None:
        model.compile("sgd", loss)

    @tf.function(autograph=False)
    def run(z):
        outputs = last(z)
        return outputs, _logits_and_probabilities(outputs, meaning_of_loss(model))

    outputs, (logits, probabilities) = run(tf.constant(z, tf.float32))
    return np.asarray(outputs, np.float32), logits, probabilities


Z3 = np.random.default_rng(0).normal(size=(2, 3))
Z1 = Z3[:, :1]
ops = keras.ops
FOUND = {
    "softmax": (Z3, ops.softmax),
    "softmax, cast": (Z3, lambda z: ops.cast(ops.softmax(z), "float16")),
    "softmax, other shape": (Z3, lambda z: ops.reshape(ops.softmax(z), (-1, 3))),
    "softmax, of pairs": (
        np.tile(Z3, 2),
        lambda z: ops.reshape(ops.softmax(ops.reshape(z, (-1, 3, 2))), (-1, 6)),
    ),
    "softmax over an axis of a map": (Z3, layers.Softmax(axis=1)),
    "sigmoids": (Z3, ops.sigmoid),
    "sigmoid": (Z1, ops.sigmoid),
    "sigmoid, axis dropped": (Z1, lambda z: ops.squeeze(ops.sigmoid(z), -1)),
    "sigmoid, axis dropped and added": (Z1, lambda z: ops.sigmoid(z)[:, 0][:, None]),
}


@pytest.mark.parametrize("name", FOUND)
def test_logits_are_found(name):
    z, last = FOUND[name]
    outputs, logits, p = of(last, z)
    assert logits.dtype == p.dtype == tf.float32
    assert np.allclose(logits, z, atol=1e-6)
    assert np.array_equal(p, outputs.reshape(z.shape))


UNKNOWN = {
    "logits": (Z3, lambda z: z + 0),
    "calculated further": (Z3, lambda z: 2 * ops.softmax(z)),
    "a softmax by hand": (Z3, lambda z: ops.exp(z) / ops.sum(ops.exp(z), axis=1, keepdims=True)),
    "from its logarithm": (Z3, lambda z: ops.exp(ops.log_softmax(z))),
    "its logarithm": (Z3, ops.log_softmax),
    "sigmoids side by side": (Z3, lambda z: ops.concatenate([ops.sigmoid(z)] * 2, axis=1)),
    "a mean of two": (Z3, lambda z: (ops.softmax(z) + ops.softmax(2 * z)) / 2),
    "in another order": (Z3, lambda z: ops.softmax(z)[:, ::-1]),
    "rounded": (Z3, lambda z: ops.cast(ops.softmax(z), "int32")),
    "over the images": (Z3, lambda z: ops.softmax(z, axis=0)),
    "over units of their own": (Z3, lambda z: ops.softmax(z[..., None])[..., 0]),
    "one of two probabilities": (Z3[:, :2], lambda z: ops.softmax(z)[:, 1]),
    "one logit": (Z1, lambda z: z + 0),
    "a sigmoid by hand": (Z1, lambda z: 1 / (1 + ops.exp(-z))),
    "a hard sigmoid": (Z1, ops.hard_sigmoid),
    "tanh": (Z1, ops.tanh),
    "softmax of one unit": (Z1, ops.softmax),
    "one unit over the images": (Z1, lambda z: ops.softmax(z[:, 0])),
}


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")
@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_is_not_guessed(name):
    outputs, logits, p = of(UNKNOWN[name][1], UNKNOWN[name][0])
    assert p == () and np.array_equal(logits, outputs.reshape(2, -1))


@pytest.mark.parametrize(
    "z, last, from_logits, activation",
    [
        (Z3, lambda z: z + 0, True, tf.sigmoid),  # several labels
        (Z1, lambda z: z + 0, True, tf.sigmoid),
        (Z1, lambda z: 1 / (1 + ops.exp(-z)), False, tf.sigmoid),
        (Z3, ops.sigmoid, True, tf.sigmoid),  # a mistake: what the graph says counts
        (Z3, ops.softmax, True, tf.nn.softmax),
    ],
)
def test_a_loss_says_what_the_outputs_are(z, last, from_logits, activation):
    _, logits, p = of(last, z, keras.losses.BinaryCrossentropy(from_logits=from_logits))
    assert np.allclose(p, activation(z), atol=1e-6)
    assert np.allclose(logits, z if from_logits else p - 0.5, atol=1e-6)


def test_a_loss_of_several_classes_says_nothing_of_one_unit():
    _, logits, p = of(lambda z: z + 0, Z1, "sparse_categorical_crossentropy")
    assert p == () and np.allclose(logits, Z1)


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
