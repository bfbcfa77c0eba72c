import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from cnnkit.explain._halves import adds_to_products, in_halves


@pytest.mark.parametrize(
    "n, many, runs", [(3, 0, [3]), (4, 0, [2, 2]), (7, 7 * 36, [3, 4]), (7, 7 * 36 + 1, [7])]
)
def test_halves_side_by_side_give_what_the_whole_gives(n, many, runs, monkeypatch):
    monkeypatch.setattr("cnnkit.explain._halves.has_gpu", lambda: False)
    monkeypatch.setattr("cnnkit.explain._halves._MANY", many)
    model = keras.Sequential(
        [keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    images = tf.constant(np.random.default_rng(n).normal(size=(n, 6, 6, 1)), tf.float32)
    specs = tf.TensorSpec([None, 6, 6, 1])
    traced = tf.function(model).get_concrete_function(specs)
    seen = []

    class Watched:
        structured_input_signature = traced.structured_input_signature
        structured_outputs = traced.structured_outputs
        graph = traced.graph

        def __call__(self, images):
            seen.append(len(images))
            return traced(images)

    np.testing.assert_allclose(in_halves(Watched(), images), model(images), rtol=1e-4, atol=1e-5)
    assert sorted(seen) == runs


def convolved(x):
    return layers.Conv2D(3, 3, padding="same")(x)


def normalized(x):
    return layers.BatchNormalization()(convolved(x))


def attended(x):
    tokens = layers.Reshape((36, 3))(x)
    return layers.Reshape((6, 6, 3))(layers.MultiHeadAttention(1, 3)(tokens, tokens))


@pytest.mark.parametrize(
    "step, alone",
    [
        (lambda x: convolved(x), False),
        (lambda x: x + convolved(x), True),
        (lambda x: layers.Add()([layers.ReLU()(convolved(x)), x]), True),
        (lambda x: x + attended(x), True),
        (lambda x: x + normalized(x), False),
    ],
)
def test_shortcuts_around_products_run_alone(step, alone):
    """Two runs of one graph that adds to a product end the process, with oneDNN."""
    inputs = keras.Input((6, 6, 3))
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(step(inputs))))
    graph = tf.function(lambda x: model(x, training=False)).get_concrete_function(
        tf.TensorSpec([None, 6, 6, 3])
    )
    assert adds_to_products(graph.graph) == alone


def test_a_graph_for_one_size_of_batch_runs_whole():
    graph = tf.function(lambda images: 2 * images).get_concrete_function(tf.TensorSpec([6, 2]))
    np.testing.assert_array_equal(in_halves(graph, tf.ones([6, 2])), np.full((6, 2), 2))
