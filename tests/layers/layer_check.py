"""What every layer of `cnnkit.layers` must do, checked in one place."""

import inspect

import keras
import numpy as np
import pytest

tensorflow_only = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="tf.data belongs to TensorFlow"
)


def check_layer(layer_class, arguments, images):
    """Check a layer with a value for each of its arguments, on float32 images."""
    layer = layer_class(**arguments)
    shape = layer.compute_output_shape(images.shape)
    assert layer(images).shape == shape
    assert layer.compute_output_shape((None, *images.shape[1:])) == (None, *shape[1:])
    inputs = keras.Input(images.shape[1:])
    assert layer_class(**arguments)(inputs).shape == (None, *shape[1:])
    check_config(layer, arguments)
    check_saving(layer_class(**arguments), images)
    check_float16(layer_class(**arguments, dtype="mixed_float16"), images)
    _, gradient = train_one_step(layer_class(**arguments), images[:1])
    assert np.isfinite(gradient).all() and gradient.any()
    if "seed" in arguments:
        check_seed(layer_class, arguments, images)


def check_config(layer, arguments):
    parameters = list(inspect.signature(type(layer).__init__).parameters)
    assert parameters[0] == "self" and parameters[-1] == "kwargs"
    assert parameters[1:-1] == list(arguments), "the check needs a value for each argument"
    config = layer.get_config()
    assert {name: config[name] for name in arguments} == arguments
    assert type(layer).from_config(config).get_config() == config


def check_saving(layer, images, path="layer.keras"):
    """A model with the layer gives the same after it is saved, and without custom objects."""
    model = keras.Sequential([keras.Input(images.shape[1:]), layer])
    model.save(path)
    again = keras.saving.load_model(path)
    assert type(again.layers[-1]) is type(layer)
    assert (numbers(model(images)) == numbers(again(images))).all()
    if hasattr(layer, "seed"):
        assert (
            numbers(model(images, training=True)) == numbers(again(images, training=True))
        ).all()


def check_float16(layer, images):
    large = np.abs(images) / np.abs(images).max() * 60_000  # float16 ends at 65,504
    training = {"training": True} if hasattr(layer, "seed") else {}
    for outputs in (layer(large), layer(large, **training), layer(images * 0)):
        assert keras.backend.standardize_dtype(outputs.dtype) == "float16"
        assert np.isfinite(numbers(outputs)).all()


def check_seed(layer_class, arguments, images):
    layer, same = layer_class(**arguments), layer_class(**arguments)
    other = layer_class(**arguments | {"seed": arguments["seed"] + 1})
    first, second = (numbers(layer(images, training=True)) for _ in range(2))
    assert (first != second).any() and (first != numbers(other(images, training=True))).any()
    assert (first == numbers(same(images, training=True))).all()
    assert (second == numbers(same(images, training=True))).all()


def check_in_tf_data(layer_class, arguments, images):
    """The layer gives the same when it is mapped over a dataset."""
    import tensorflow as tf

    layer, same = layer_class(**arguments), layer_class(**arguments)
    training = {"training": True} if "seed" in arguments else {}
    dataset = tf.data.Dataset.from_tensor_slices(images).batch(len(images))
    (mapped,) = dataset.map(lambda batch: layer(batch, **training))
    np.testing.assert_allclose(mapped, same(images, **training), rtol=1e-6)
    (mapped,) = dataset.map(layer)
    np.testing.assert_allclose(mapped, same(images), rtol=1e-6)


class Picture(keras.Layer):
    """An image that is learned."""

    def build(self, input_shape):
        self.image = self.add_weight(shape=input_shape[1:], initializer="zeros")

    def call(self, inputs):
        return inputs + self.image


def train_one_step(layer, images):
    """The sum of the outputs in training, and its gradient: what a step takes off the picture."""
    picture = Picture()
    model = keras.Sequential([keras.Input(images.shape[1:]), picture, layer])
    model.compile(keras.optimizers.SGD(1.0), lambda labels, outputs: keras.ops.sum(outputs))
    loss = model.train_on_batch(images, np.zeros((len(images), 1)))
    return loss, -numbers(picture.image)


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)
