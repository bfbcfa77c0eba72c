"""Which maps are explained: with attention, with two images, with parts of images."""

import functools
import warnings

import keras
import numpy as np
import pytest
from explained_models import close, functional, images, sequential
from keras import layers, ops

from cnnkit.explain import (
    capture,
    capture_gradients,
    effective_receptive_field,
    feature_maps,
    find_layer,
    grad_cam,
    integrated_gradients,
    occlusion,
    saliency,
    score_cam,
    top_images,
)

X = images(2, (32, 32, 3)) / 255
END = [layers.GlobalAveragePooling2D, functools.partial(layers.Dense, 3)]


def head():
    return [part() for part in END]


@functools.cache
def transformer(class_token=False, dropout=0.0):
    """A small ViT."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((32, 32, 3))
    x = layers.Reshape((16, 12))(layers.Conv2D(12, 8, strides=8, name="patches")(inputs))
    if class_token:
        x = layers.ZeroPadding1D((1, 0))(x)
    for i in range(2):
        y = layers.LayerNormalization()(x)
        attention = layers.MultiHeadAttention(3, 4, dropout=dropout, name=f"attention_{i}")
        x = layers.Add()([x, attention(y, y)])
        x = layers.Add()([x, layers.Dense(12, "gelu")(layers.LayerNormalization()(x))])
    x = x[:, 0] if class_token else layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, layers.Dense(3)(x))


class Attention(layers.Layer):
    """Written by hand, with a layer for each step."""

    def __init__(self):
        super().__init__()
        self.projections = [layers.Dense(12) for _ in range(3)]
        self.heads, self.swap = layers.Reshape((-1, 3, 4)), layers.Permute((2, 1, 3))
        self.softmax, self.dropout = layers.Softmax(name="softmax"), layers.Dropout(0.1)
        self.join = layers.Reshape((-1, 12))

    def call(self, x):
        q, k, v = (self.swap(self.heads(project(x))) for project in self.projections)
        scores = self.dropout(self.softmax(ops.matmul(q, ops.swapaxes(k, -1, -2))))
        return x + self.join(self.swap(ops.matmul(scores, v)))


class ByHand(keras.Model):
    def __init__(self):
        super().__init__()
        self.patches = layers.Conv2D(12, 8, strides=8, activation="relu", name="patches")
        self.attention = Attention()
        self.end = [layers.GlobalAveragePooling1D(), layers.Dense(3)]

    def call(self, x):
        x = self.patches(x)
        x = self.attention(ops.reshape(x, (ops.shape(x)[0], -1, 12)))
        for part in self.end:
            x = part(x)
        return x


@functools.cache
def by_hand():
    keras.utils.set_random_seed(0)
    model = ByHand()
    model(X)
    return model


def attention_within(kind):
    """A convolutional network with one block of attention, and maps after it."""
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, strides=4, padding="same", name="before")(inputs)
    tokens = layers.Reshape((64, 8))(x)
    if kind is layers.MultiHeadAttention:
        tokens = kind(2, 4, dropout=0.1)(tokens, tokens)
    elif kind is layers.GroupQueryAttention:
        tokens = kind(4, 4, 2, dropout=0.1)(tokens, tokens)
    else:
        tokens = kind(dropout=0.1)([tokens, tokens])
    x = layers.Add(name="after")([x, layers.Reshape((8, 8, 8))(tokens)])
    return keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))


@pytest.mark.parametrize("options", [{}, {"class_token": True, "dropout": 0.1}])
def test_tokens_of_a_transformer_are_no_maps(options):
    model = transformer(**options)
    assert find_layer(model).name == "patches"
    assert capture(model, X).activations.shape == (2, 4, 4, 12)


KINDS = "MultiHeadAttention", "GroupQueryAttention", "Attention", "AdditiveAttention"


@pytest.mark.parametrize("kind", KINDS)
def test_the_maps_around_attention(kind):
    assert find_layer(attention_within(getattr(layers, kind))).name == "after"


def test_attention_by_hand():
    model = by_hand()
    close(capture(model, X).activations, model.patches(X))
    close(score_cam(model, X, target=2), score_cam(model, X, target=2, layer="patches"))


@pytest.mark.parametrize("explain", [grad_cam, score_cam, feature_maps, effective_receptive_field])
def test_a_layer_within_attention_is_refused(explain):
    for model, layer in ((transformer(), "attention_1/value"), (by_hand(), "softmax")):
        assert capture(model, X, layer=layer).activations.ndim == 4
        with pytest.raises(ValueError, match="`layer` must give maps .* tokens of attention"):
            explain(model, X, layer=layer)


def base():
    """With weights of 1, so that the maps are large where the image is bright."""
    conv = layers.Conv2D(2, 3, padding="same", kernel_initializer="ones", name="conv")
    return sequential([conv, layers.ReLU(), layers.GlobalAveragePooling2D()], (32, 32, 1))


class Twins(keras.Model):
    def __init__(self):
        super().__init__()
        self.base, self.end = base(), layers.Dense(2, kernel_initializer="ones")

    def call(self, inputs):
        return self.end(ops.concatenate([self.base(each) for each in inputs], axis=-1))


@functools.cache
def twins(kind):
    a, b = keras.Input((32, 32, 1), name="a"), keras.Input((32, 32, 1), name="b")
    if kind == "subclassed":
        model = Twins()
        model([np.zeros((2, 32, 32, 1))] * 2)
        return model
    one, joined = base(), layers.Concatenate()
    end = layers.Dense(2, kernel_initializer="ones")(joined([one(a), one(b)]))
    return keras.Model([a, b] if kind == "list" else {"b": b, "a": a}, end)


def squares():
    a, b = np.zeros((2, 2, 32, 32, 1), np.float32)
    a[:, 2:10, 2:10], b[:, 18:30, 18:30] = 1, 1
    return a, b


PLACES = slice(2, 10), slice(18, 30)
METHODS = [grad_cam, score_cam, saliency, integrated_gradients, occlusion]


def check_place(found, at):
    """All of what the map has of weight, but for a border of the kernel, lies in the square."""
    around = slice(PLACES[at].start - 1, PLACES[at].stop + 1)
    row, column = np.unravel_index(found[0].argmax(), found[0].shape)
    assert found[0].max() > 0 and row in range(32)[around] and column in range(32)[around]


@pytest.mark.parametrize("kind", ["list", "dictionary", "subclassed"])
def test_the_maps_of_the_image_that_is_explained(kind):
    a, b = squares()
    inputs = {"a": a, "b": b} if kind == "dictionary" else [a, b]
    model = twins(kind)
    for at, image in enumerate("ab" if kind == "dictionary" else (0, 1)):
        check_place(grad_cam(model, inputs, target=1, image=image), at)
    with pytest.raises(ValueError, match="`image` must say which of the inputs is explained"):
        grad_cam(model, inputs, target=1)


@pytest.mark.parametrize("explain", METHODS[1:])
def test_each_method_explains_the_image_that_is_chosen(explain):
    for at in (0, 1):
        check_place(explain(twins("list"), squares(), target=1, image=at), at)
    with pytest.raises(ValueError, match="`image` must say which of the inputs is explained"):
        explain(twins("list"), squares(), target=1)


def test_maps_of_one_of_several_images():
    model, inputs = twins("list"), list(squares())
    for at in (0, 1):
        found = feature_maps(model, inputs, image=at)
        assert found[0].any(axis=-1).sum() == (10**2, 14**2)[at]
        assert np.array_equal(capture(model, inputs, image=at).activations, found)
        assert np.array_equal(feature_maps(model, inputs, layer=("conv", at)), found)
        gradients = capture_gradients(model, inputs, image=at, score=lambda y: y[:, 0]).gradients
        assert gradients.any()
        top = top_images(model, inputs, image=at, n=1)
        assert np.array_equal(top.values[:, 0], found.max(axis=(0, 1, 2)))
        field = effective_receptive_field(model, inputs, image=at, position=(5 + 18 * at,) * 2)
        assert np.array_equal(np.argwhere(field), 4 + 18 * at + np.argwhere(np.ones((3, 3))))
    assert find_layer(model, image=1) is find_layer(model, image=0)
    with pytest.raises(ValueError, match="`image` must say"):
        feature_maps(model, inputs)


def test_a_layer_of_the_other_image():
    for explain in (grad_cam, score_cam, feature_maps, effective_receptive_field):
        with pytest.raises(ValueError, match="`layer` must depend on the image that is explained"):
            explain(twins("list"), squares(), layer=("conv", 1), image=0)


def tiles():
    """Each image is cut into four, which the network takes for images."""

    def cut(x):
        x = ops.transpose(ops.reshape(x, (-1, 2, 16, 2, 16, 3)), (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (-1, 16, 16, 3))

    def join(x):
        return ops.mean(ops.reshape(x, (-1, 4, 4)), axis=1)

    conv = layers.Conv2D(4, 3, name="conv")
    parts = [layers.Rescaling(2.0), layers.Lambda(cut), conv, layers.GlobalAveragePooling2D()]
    return functional([*parts, layers.Lambda(join), layers.Dense(3)], (32, 32, 3))


def test_maps_of_parts_of_images():
    model = tiles()
    assert saliency(model, X, target=0).shape == (2, 32, 32)
    for explain in (grad_cam, score_cam, feature_maps, effective_receptive_field):
        with pytest.raises(ValueError, match="`layer` must give one map for each image.*'conv'"):
            explain(model, X)
        with pytest.raises(
            ValueError, match="`layer` must give one map for each of the 2 images.*8"
        ):
            explain(model, X, layer="conv")


@pytest.mark.parametrize("explain", METHODS)
def test_outputs_of_parts_of_images(explain):
    parts = tiles().layers[1:5]
    model = functional([*parts, layers.Dense(3)], (32, 32, 3))
    options = {"layer": "conv"} if explain in (grad_cam, score_cam) else {}
    for target in (0, lambda y: y[:, 0]):
        with pytest.raises(ValueError, match="`model` must give one row of outputs for each image"):
            explain(model, X, target=target, **options)


def channels_first(kind):
    end = [layers.Flatten(), layers.Dense(3)]
    option = {"data_format": "channels_first"}
    convolutions = {
        "layer": [layers.Conv2D(4, 3, **option), layers.GlobalAveragePooling2D(**option)],
        "permuted": [layers.Permute((2, 3, 1)), layers.Conv2D(4, 3)],
        "flat": [],
    }
    return sequential([*convolutions[kind], *end], (3, 32, 32))


@pytest.mark.parametrize("kind", ["layer", "permuted", "flat"])
def test_channels_first(kind):
    model, x = channels_first(kind), np.moveaxis(X, -1, 1)
    for explain in METHODS:
        with pytest.raises(
            ValueError, match=r"`images` must have the shape \(batch, height, width"
        ):
            explain(model, x, target=0)


def test_a_video_is_no_image():
    frames = layers.Reshape((5, 16, 16, 1))
    for convolution in (layers.Conv3D(2, 3), layers.TimeDistributed(layers.Conv2D(2, 3))):
        model = sequential([frames, convolution, layers.Flatten(), layers.Dense(2)], (5, 16, 16))
        with pytest.raises(ValueError, match="takes? the last axis|slides over the last axis"):
            saliency(model, np.zeros((1, 5, 16, 16)))


def test_one_row():
    """A network over one axis may be written with layers for two."""
    model = sequential([layers.Conv2D(4, (1, 3)), *head()], (1, 20, 6))
    assert grad_cam(model, images(2, (1, 20, 6)), target=0).shape == (2, 1, 20)


def two_heads():
    inputs = keras.Input((32, 32, 3))
    maps = layers.Conv2D(4, 3, name="maps")(inputs)
    kind = layers.Dense(3)(layers.GlobalAveragePooling2D()(maps))
    return keras.Model(inputs, {"kind": kind, "mask": layers.Conv2D(1, 3, name="mask")(maps)})


class Unused(keras.Model):
    def __init__(self):
        super().__init__()
        self.maps, self.unused = (
            layers.Conv2D(4, 3, name="maps"),
            layers.Conv2D(4, 3, name="unused"),
        )
        self.end = head()

    def call(self, x):
        x = self.maps(x)
        self.unused(x)
        return self.end[1](self.end[0](x))


def test_maps_that_do_not_lead_to_the_score():
    model = Unused()
    model(X)
    close(grad_cam(model, X, target=0), grad_cam(model, X, target=0, layer="maps"))
    error = "`layer` must lead to the score"
    for explain in (grad_cam, score_cam):
        with pytest.raises(ValueError, match=error):
            explain(model, X, layer="unused")
    with pytest.raises(ValueError, match=f"{error}.*'mask'"):
        grad_cam(two_heads(), X, target=lambda outputs: outputs["kind"][:, 0])


@pytest.mark.parametrize(
    "cut", [ops.stop_gradient, ops.round, lambda x: ops.cast(x > 0, "float32")]
)
def test_maps_without_gradients(cut):
    """All would be 0; Score-CAM needs none."""

    def model(function):
        parts = [layers.Conv2D(4, 3, name="maps"), layers.Lambda(function), *head()]
        return sequential(parts, (32, 32, 3))

    error = "in a way that has gradients. .* as `keras.ops.stop_gradient`"
    with pytest.raises(ValueError, match=f"`layer` must .* {error}"):
        grad_cam(model(cut), X, target=0, layer="maps")
    with pytest.raises(ValueError, match=f"`model` must .* {error}"):
        saliency(model(cut), X, target=0)
    assert score_cam(model(cut), X, target=0, layer="maps").shape == (2, 32, 32)
    assert saliency(model(lambda x: x + cut(x)), X, target=0).any()


def only_shape(maps):
    first, last = maps
    return ops.reshape(last, (ops.shape(first)[0], 32, 32, 4))


def branches(join):
    """A network whose two last maps are put together by `join`, for the end of one."""
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(4, 3, padding="same")(inputs)
    last = layers.Conv2D(4, 3, padding="same", name="last")
    x = layers.GlobalAveragePooling2D()(join(x, last(x)))
    return keras.Model(inputs, layers.Dense(3)(x))


@pytest.mark.parametrize("explain", [grad_cam, score_cam])
def test_what_the_last_maps_do_not_show(explain):
    """A shortcut past them, as of two members of an ensemble; not a layer that adds it."""
    model = branches(lambda x, y: x + y)
    with pytest.warns(UserWarning, match="the layer 'last', .* shows a part of what the score"):
        found = explain(model, X)
    with warnings.catch_warnings(action="error"):
        close(explain(model, X, layer="last"), found)
        explain(branches(lambda x, y: layers.Add()([x, y])), X)
        explain(branches(lambda x, y: y * ops.mean(y, (1, 2), keepdims=True)), X)
        explain(branches(lambda x, y: layers.Lambda(only_shape, (32, 32, 4))([x, y])), X)


def test_it_asks_where_it_cannot_know():
    mirror = layers.Lambda(lambda x: x[:, :, ::-1], name="mirror")
    model = sequential(
        [layers.Rescaling(1.0), mirror, layers.Conv2D(4, 3, name="conv"), *head()], (32, 32, 3)
    )
    with pytest.raises(
        ValueError, match="`layer` must be given, as .* candidates conv, mirror, resc"
    ):
        grad_cam(model, X)
    with pytest.warns(UserWarning, match="'conv' is stretched over the whole image"):
        assert grad_cam(model, X, target=0, layer="conv").shape == (2, 32, 32)
    cropped = sequential(
        [layers.Cropping2D(4), layers.Conv2D(4, 3, name="conv"), *head()], (32, 32, 3)
    )
    assert find_layer(cropped).name == "conv", "its receptive field is known"
