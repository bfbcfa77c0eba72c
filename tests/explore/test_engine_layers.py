import keras
import numpy as np
import pytest
from keras import layers

from cnnkit import layers as own
from cnnkit._keras import find_calls, find_graph
from cnnkit.explore._engine_layers import NotComputed, engine_layer

SHAPE = (6, 6, 4)


def last_call(layer, shape=SHAPE):
    model = keras.Sequential([keras.Input(shape), layer])
    return find_calls(find_graph(model))[-1]


@pytest.mark.parametrize(
    "layer",
    [
        layers.ActivityRegularization(),
        layers.AlphaDropout(0.5),
        layers.Dropout(0.5),
        layers.GaussianDropout(0.5),
        layers.GaussianNoise(0.5),
        layers.Identity(),
        layers.RandomBrightness(0.5),
        layers.RandomContrast(0.5),
        layers.RandomFlip(),
        layers.RandomRotation(0.5),
        layers.RandomTranslation(0.5, 0.5),
        layers.RandomZoom(0.5),
        layers.SpatialDropout2D(0.5),
        own.RandomAffine(),
        own.RandomColor(0.5),
        own.RandomWarp(),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_what_the_page_leaves_as_it_is_is_so_in_keras(layer):
    call = last_call(layer, (6, 6, 3))
    assert engine_layer(call)[0] == "Identity"
    images = np.random.default_rng(0).uniform(0, 255, (1, 6, 6, 3)).astype(np.float32)
    np.testing.assert_allclose(layer(images, training=False), images)


class Doubled(layers.Conv2D):
    def call(self, inputs):
        return 2 * super().call(inputs)


class InAnotherWay(layers.Activation):
    pass


@pytest.mark.parametrize(
    "layer, reason",
    [
        (layers.LayerNormalization(), "it is a LayerNormalization"),
        (Doubled(2, 3), "it is a Doubled$"),
        (type("ReLU", (layers.ReLU,), {})(), "it is a ReLU, but not Keras's own"),
        (layers.Conv2D(2, 3, dtype="mixed_float16"), "not compute in float32"),
        (layers.MaxPooling2D(data_format="channels_first"), "channels of its maps first"),
        (layers.UpSampling2D(interpolation="bicubic"), "its interpolation is 'bicubic'"),
        (layers.BatchNormalization(axis=1), "another axis than that of the channels"),
        (layers.Softmax(axis=1), "softmax is along another axis"),
        (layers.Conv2D(2, 3, activation=lambda x: x + 1), "its activation is '<lambda>'"),
        (layers.Activation("celu"), "its activation is 'celu'"),
        (layers.Normalization(mean=0, variance=1, invert=True), "goes back from normalised"),
        (layers.Concatenate(axis=0), "joins the examples"),
    ],
)
def test_what_the_page_cannot_compute_has_a_reason(layer, reason):
    if isinstance(layer, layers.Concatenate):
        image = keras.Input(SHAPE, batch_size=1)
        call = find_calls(keras.Model(image, layer([image, image])))[-1]
    else:
        call = last_call(layer)
    with pytest.raises(NotComputed, match=reason):
        engine_layer(call)


def test_borders_are_counted():
    _, settings, weights = engine_layer(last_call(layers.Conv2D(2, (2, 5), padding="same")))
    assert settings["borders"] == [[0, 1], [2, 2]]
    assert weights["kernel"].shape == (2, 5, 4, 2)
    _, settings, _ = engine_layer(last_call(layers.Conv2D(2, 3, strides=2, padding="same")))
    assert settings["borders"] == [[0, 1], [0, 1]]


def test_a_model_of_maps_of_unknown_size_has_a_reason():
    call = last_call(layers.Conv2D(2, 3), (None, None, 4))
    with pytest.raises(NotComputed, match="a known shape"):
        engine_layer(call)
