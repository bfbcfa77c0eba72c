import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from cnnkit._keras import (
    called_graph,
    find_calls,
    find_graph,
    fits,
    input_names,
    layers_within,
    other_optimizer,
)


def nested_model():
    """A model whose inner model, made for images of 9 x 9, is called with half as many pixels."""
    inside = [keras.Input((8, 8, 1)), layers.Conv2D(2, 3, name="conv"), layers.ReLU(name="relu")]
    inner = keras.Sequential(inside, name="inner")
    images = keras.Input((None, None, 1), name="images")
    half = layers.MaxPooling2D(name="half")(images)
    return keras.Model(images, inner(half), name="outer")


def test_the_layers_within_a_model():
    model = nested_model()
    inner = model.get_layer("inner")
    assert [layer.name for layer in layers_within(model)] == ["images", "half", "inner"]
    assert set(layers_within(model, recursive=True)) > {*layers_within(model), *inner.layers}
    assert layers_within(layers.ReLU()) == []


def test_models_with_and_without_a_graph():
    model = nested_model()
    assert find_graph(model) is model
    sequential = keras.Sequential([layers.Dense(2)])
    assert find_graph(sequential) is None  # not built yet
    sequential.build((None, 3))
    assert [call.layer for call in find_calls(find_graph(sequential))][1:] == sequential.layers

    class Subclassed(keras.Model):
        def call(self, inputs):
            return inputs

    class OtherCall(keras.Model):
        """Functional, but its graph is not what is computed."""

        def call(self, inputs):
            return 2 * super().call(inputs)

    inputs = keras.Input((3,))
    assert find_graph(Subclassed()) is None
    assert find_graph(OtherCall(inputs, layers.ReLU()(inputs))) is None


def test_calls_in_the_order_of_computation():
    calls = find_calls(find_graph(nested_model()), image_size=(20, 12))
    assert [call.path for call in calls] == ["images", "half", "inner/conv", "inner/relu", "inner"]
    assert [call.is_expanded for call in calls] == [False] * 4 + [True]
    shapes = [call.outputs[0].shape for call in calls]
    assert shapes[:2] == [(None, 20, 12, 1), (None, 10, 6, 1)]
    assert shapes[2:] == [(None, 8, 4, 2)] * 3  # not (6, 6), for which the inner one was made
    before = {id(output) for call in calls for output in call.outputs}
    assert all(id(tensor) in before for call in calls[1:] for tensor in call.inputs)


def test_inputs_and_arguments_of_calls():
    """An input without a name is called by its layer's."""
    left, right = keras.Input((8, None, 1), name="left"), keras.Input((6,))
    model = keras.Model([left, right], [left[:, 1:], layers.ReLU()(right)])
    names = input_names(find_graph(model))
    assert names == ["left", model.inputs[1]._keras_history.operation.name]
    calls = find_calls(find_graph(model), image_size=(8, 5))
    assert {call.path for call in calls if not call.inputs} == {*names}
    (sliced,) = [call for call in calls if "get_item" in call.path]
    assert sliced.args[1] == (slice(None), slice(1, None)) and sliced.inputs[0].shape[2] == 5
    assert [fits(left, size) for size in ((8, 5), (5, 8))] == [True, False]
    assert not fits(right, (6, 6))


def test_each_call_of_a_shared_layer_has_tensors_of_its_own():
    inputs, shared = keras.Input((4,), name="inputs"), layers.ReLU(name="shared")
    model = keras.Model(inputs, shared(shared(inputs)))
    _, first, second = find_calls(find_graph(model))
    assert first.layer is second.layer is shared and first.path == second.path == "shared"
    assert second.inputs[0] is first.outputs[0] is not second.outputs[0]


def test_another_optimizer_for_a_while():
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1, use_bias=False)])
    model.compile("sgd", "mse", run_eagerly=False)
    x = np.ones((4, 1))
    model.train_on_batch(x, x)
    own, traced, before = model.optimizer, model.train_function, model.get_weights()[0]
    with pytest.raises(KeyError), other_optimizer(model, keras.optimizers.SGD(0.0)):
        model.train_on_batch(x, x - 100)
        assert model.get_weights()[0] == before  # a learning rate of 0 changes nothing
        raise KeyError
    assert model.optimizer is own and model.train_function is traced
    model.train_on_batch(x, x - 100)
    assert model.get_weights()[0] != before


def test_the_graph_of_a_function_that_is_called():
    inner = tf.function(lambda x: tf.nn.relu(x))
    graph = tf.function(lambda x: inner(x)).get_concrete_function(tf.TensorSpec([2])).graph
    (call,) = [op for op in graph.get_operations() if op.type.endswith("PartitionedCall")]
    assert "Relu" in [op.type for op in called_graph(call).get_operations()]
