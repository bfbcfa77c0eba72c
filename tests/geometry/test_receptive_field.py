"""Receptive fields: published figures, and where the gradient of a unit really is not zero."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from keras import layers, ops

from cnnkit.explain import find_layer
from cnnkit.geometry import ReceptiveField, receptive_field
from cnnkit.models import small_cnn

ONES = {"kernel_initializer": "ones", "use_bias": False}
DEPTHWISE_ONES = {"depthwise_initializer": "ones", "use_bias": False}


# Published figures


@pytest.mark.parametrize(
    "name, size, padding",
    [
        # Araujo, Norris and Sim, Distill 2019, and the table of their published program.
        ("VGG16", 212, 90),
        ("MobileNet", 315, 126),
        ("ResNet50", 483, None),  # its padding is another in Keras
    ],
)
def test_published_fields(name, size, padding):
    build = getattr(keras.applications, name)
    model = build(weights=None, include_top=False, input_shape=(224, 224, 3))
    field = receptive_field(model)
    assert field.size == (size, size) and field.strides == (32, 32) and not field.misaligned
    assert padding is None or field.offset == (-padding, -padding)


def test_the_small_cnn_of_the_course():
    model = small_cnn()
    maps = [layer for layer in model.layers if type(layer).__name__ in ("Conv2D", "MaxPooling2D")]
    found = [receptive_field(model, layer) for layer in maps]
    assert [field.size for field in found] == [(n, n) for n in (3, 4, 8, 10, 18, 22)]
    assert [field.strides for field in found] == [(n, n) for n in (1, 2, 2, 4, 4, 8)]
    assert receptive_field(model) == found[-1] == ReceptiveField((22, 22), (8, 8), (-7, -7))
    everything = ReceptiveField((28, 28), (0, 0), (0, 0))
    assert receptive_field(model, model.layers[-1]) == everything


def test_alexnet():
    conv, pool = layers.Conv2D, layers.MaxPooling2D
    maps = [conv(1, 11, 4), pool(3, 2), conv(1, 5, padding="same"), pool(3, 2)]
    maps += [conv(1, 3, padding="same") for _ in range(3)] + [pool(3, 2)]
    model = keras.Sequential([keras.Input((227, 227, 3)), *maps])
    found = [receptive_field(model, layer) for layer in maps]
    assert [field.size[0] for field in found] == [11, 19, 51, 67, 99, 131, 163, 195]
    assert [field.strides[1] for field in found] == [4, 8, 8, 16, 16, 16, 16, 32]
    assert found[0].offset == (0, 0) and found[0].center == (5, 5)


# The gradient


def support(model, row, column):
    """First and last pixels, along both axes, that one unit of the output depends on."""

    # A graph leaves out the gradients of the kernels: those of a 1x1 kernel with strides 2 write
    # where they must not, in TensorFlow on a CPU, and end Python now and then.
    @tf.function(autograph=False)
    def gradient(image):
        return tf.gradients(tf.reduce_sum(model(image)[0, row, column]), image)[0]

    image = tf.ones((1, *model.input_shape[1:]))
    pixels = np.argwhere(gradient(image)[0].numpy().any(axis=-1))
    return tuple(pixels.min(axis=0)), tuple(pixels.max(axis=0))


def box(field, row, column):
    """The same, according to a receptive field."""
    start = [o + n * s for o, n, s in zip(field.offset, (row, column), field.strides, strict=True)]
    return tuple(start), tuple(a + n - 1 for a, n in zip(start, field.size, strict=True))


@st.composite
def windows(draw):
    """A function from maps to maps: one layer that slides over them."""
    kind = draw(st.sampled_from(["conv", "depthwise", "separable", "pool"]))
    size, stride = (draw(st.integers(1, 4)), draw(st.integers(1, 4))), draw(st.integers(1, 2))
    padding = draw(st.sampled_from(["valid", "same"]))
    if kind == "pool":
        return layers.AveragePooling2D(size, (stride, draw(st.integers(1, 3))), padding)
    options = {"strides": stride, "padding": padding}
    if stride == 1:
        options["dilation_rate"] = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    if kind == "conv":
        if stride > 1:
            options["strides"] = (stride, draw(st.integers(1, 3)))
        return layers.Conv2D(2, size, **options, **ONES)
    if kind == "depthwise":
        return layers.DepthwiseConv2D(size, **options, **DEPTHWISE_ONES)
    return layers.SeparableConv2D(
        2, size, **options, **DEPTHWISE_ONES, pointwise_initializer="ones"
    )


@st.composite
def branches(draw):
    """Two branches of the same stride, whose centres may differ."""
    stride, join = draw(st.integers(1, 2)), draw(st.sampled_from([layers.Add, layers.Concatenate]))
    sizes = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    left, right = (layers.Conv2D(2, n, stride, "same", **ONES) for n in sizes)
    deeper = draw(st.integers(1, 3))
    deeper = layers.Conv2D(2, deeper, padding="same", **ONES)
    return lambda x: join()([left(x), deeper(right(x))])


@st.composite
def nested(draw):
    """A model in the model, made for images of any size."""
    first, second = draw(windows()), layers.ReLU()
    if draw(st.booleans()):
        return keras.Sequential([first, second])
    return lambda x: keras.Model(
        (inputs := keras.Input((None, None, x.shape[-1]))), second(first(inputs))
    )(x)


@st.composite
def shifts(draw):
    kind = draw(st.sampled_from([layers.ZeroPadding2D, layers.Cropping2D]))
    small = st.integers(0, 2)
    return kind(((draw(small), draw(small)), (draw(small), draw(small))))


STEPS = st.one_of(windows(), windows(), branches(), nested(), shifts())


@settings(max_examples=25, deadline=None)
@given(st.integers(48, 70), st.integers(48, 70), st.lists(STEPS, min_size=1, max_size=4))
def test_fields_are_where_the_gradient_is_not_zero(height, width, steps):
    outputs = inputs = keras.Input((height, width, 2))
    for step in steps:
        if min(outputs.shape[1:3]) >= 16:  # so that every kernel fits
            outputs = layers.BatchNormalization()(step(outputs))
    model = keras.Model(inputs, outputs)
    row, column = (n // 2 for n in outputs.shape[1:3])
    field = receptive_field(model, model.layers[-1])
    expected = box(field, row, column)
    # Further out the field reaches into the padding, of which there is no gradient.
    for start, end, stride, size in zip(*expected, field.strides, (height, width), strict=True):
        assume(start >= 4 + 2 * stride and end < size - 4 - 2 * stride)
    assert support(model, row, column) == expected


def test_the_check_notices_one_pixel():
    wrong = receptive_field(one_layer(layers.Conv2D(1, 3, 2, "same"), (41, 40)))
    right = receptive_field(one_layer(layers.Conv2D(1, 3, 2, "same"), (40, 41)))
    model = one_layer(layers.Conv2D(1, 3, 2, "same", **ONES), (40, 41))
    assert support(model, 5, 6) == box(right, 5, 6) != box(wrong, 5, 6)
    assert right.offset == (0, -1) and wrong.offset == (-1, 0)


def one_layer(layer, sizes=(16, 16)):
    return keras.Sequential([keras.Input((*sizes, 2)), layer])


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("sizes", [(15, 16), (16, 17)])
def test_maximum_and_average_have_the_same_field(padding, sizes):
    maximum = receptive_field(one_layer(layers.MaxPooling2D((2, 3), (3, 2), padding), sizes))
    average = receptive_field(one_layer(layers.AveragePooling2D((2, 3), (3, 2), padding), sizes))
    assert maximum == average and maximum.size == (2, 3) and maximum.strides == (3, 2)


@pytest.mark.parametrize("last", [layers.Flatten, layers.GlobalAveragePooling2D])
def test_what_sees_everything(last):
    """A stride leaves out the last pixels, and padding counts no pixels."""
    maps = [layers.Conv2D(1, (2, 3), 3, **ONES), layers.Conv2D(1, (1, 3), padding="same", **ONES)]
    stack = [keras.Input((10, 12, 1)), *maps, last(), layers.Dense(1, **ONES), layers.Softmax()]
    model = keras.Sequential(stack)
    field = receptive_field(model, model.layers[-1])
    assert field == ReceptiveField((8, 12), (0, 0), (0, 0))
    linear = keras.Model(model.inputs, layers.Reshape((1, 1, 1))(model.layers[-2].output))
    assert support(linear, 0, 0) == box(field, 0, 0)


def test_the_last_layer_of_a_model_without_maps():
    model = keras.Sequential([keras.Input((6, 7, 1)), layers.Flatten(), layers.Dense(2)])
    assert receptive_field(model) == ReceptiveField((6, 7), (0, 0), (0, 0))


# Branches


def join(left, right, size=40, merge=layers.Add):
    inputs = keras.Input((size, size, 2))
    return keras.Model(inputs, merge(name="join")([left(inputs), right(inputs)]))


def test_branches_of_one_centre_are_aligned():
    model = join(layers.Conv2D(2, 3, padding="same"), layers.Conv2D(2, 7, padding="same"))
    assert receptive_field(model) == ReceptiveField((7, 7), (1, 1), (-3, -3))


def test_branches_of_different_centres_are_reported():
    model = join(layers.Conv2D(2, 1, 2), layers.Conv2D(2, 3, 2, "same"))
    assert receptive_field(model) == ReceptiveField((3, 3), (2, 2), (0, 0), ("join",))
    odd = join(layers.Conv2D(2, 1, 2), layers.Conv2D(2, 3, 2, "same"), size=41)
    assert receptive_field(odd) == ReceptiveField((3, 3), (2, 2), (-1, -1))


def test_branches_of_different_strides_are_reported():
    model = join(layers.Conv2D(2, 3, 2, "same", **ONES), layers.Conv2D(2, 21, **ONES))
    field = receptive_field(model)
    assert field == ReceptiveField((40, 40), (0, 0), (0, 0), ("join",))
    later = keras.Sequential([model, layers.Conv2D(1, 3)])
    assert receptive_field(later).misaligned == (f"{model.name}/join",)


def squeeze_and_excite(maps, name):
    weights = layers.GlobalAveragePooling2D()(maps)
    weights = layers.Conv2D(2, 1, **ONES)(layers.Reshape((1, 1, 2))(weights))
    return layers.Multiply(name=name)([maps, weights])


def test_a_gate_leaves_the_field_where_it_is_and_is_named():
    inputs = keras.Input((20, 24, 2))
    maps = squeeze_and_excite(layers.Conv2D(2, 3, padding="same", **ONES)(inputs), "gate")
    model = keras.Model(inputs, layers.Conv2D(2, 3, **ONES)(maps))
    field = receptive_field(model)
    assert field == ReceptiveField((5, 5), (1, 1), (-1, -1), (), ("gate",))
    assert support(model, 9, 9) == ((0, 0), (19, 23)), "what a unit depends on is everything"
    pooled = keras.Model(inputs, layers.GlobalMaxPooling2D()(model.output))
    assert receptive_field(pooled, pooled.layers[-1]) == ReceptiveField((20, 24), (0, 0), (0, 0))


def test_arithmetic_of_tensors_and_a_second_input():
    images, vectors = keras.Input((16, 16, 2)), keras.Input((2,))
    maps = ops.relu(layers.Conv2D(2, 3)(images) / 2 + 1)
    scales = layers.Reshape((1, 1, 2))(layers.Dense(2)(vectors))
    model = keras.Model([images, vectors], maps * scales)
    assert receptive_field(model) == ReceptiveField((3, 3), (1, 1), (0, 0))
    with pytest.raises(ValueError, match="`layer` must see the image. Received: layer='dense"):
        receptive_field(model, next(layer.name for layer in model.layers if "dense" in layer.name))


# Which layer


@pytest.fixture(scope="module")
def deep():
    inner = keras.Sequential(
        [keras.Input((None, None, 2)), layers.Conv2D(2, 3, name="a"), layers.ReLU(name="b")],
        name="inner",
    )
    stack = [keras.Input((None, None, 2)), inner, layers.Conv2D(2, 3, name="c")]
    outer = keras.Sequential(stack, name="outer")
    top = [keras.Input((16, 16, 2)), layers.ZeroPadding2D(name="a"), layers.Cropping2D(name="d")]
    return keras.Sequential([*top, outer, layers.Flatten(), layers.Dense(2)], name="deep")


def test_layers_are_found_by_name_path_and_object(deep):
    size = {
        name: receptive_field(deep, name).size[0]
        for name in ("a", "d", "outer", "outer/inner", "outer/inner/a", "b", "inner", "outer/c")
    }
    assert list(size.values()) == [1, 1, 5, 3, 3, 3, 3, 5]
    assert receptive_field(deep) == receptive_field(deep, "c")
    assert receptive_field(deep, deep.get_layer("outer").get_layer("c")).size == (5, 5)


@pytest.mark.parametrize("layer", ["z", "outer/a", 3, (None, 0), ("a", 0, 0)])
def test_unknown_names(deep, layer):
    with pytest.raises(ValueError, match=r"`layer` must be .* outer/inner/a, .*Received: layer="):
        receptive_field(deep, layer)


def test_a_layer_of_no_model(deep):
    with pytest.raises(ValueError, match="`layer` must be a layer of the model 'deep'. Received: "):
        receptive_field(deep, layers.ReLU())


@pytest.mark.parametrize(
    "layer",
    ["a", "d", "outer", "outer/inner", "inner", "outer/inner/a", "inner/a", "b", "outer/c", "c"]
    + ["z", "outer/a", "ner/a", "/a", "", "deep", "deep/a", 3, layers.ReLU()],
)
def test_it_means_the_layer_that_explain_means(deep, layer):
    try:
        found = find_layer(deep, layer)
    except ValueError as error:
        with pytest.raises(ValueError) as other:
            receptive_field(deep, layer)
        assert str(error).split(":")[0] == str(other.value).split(":")[0]
    else:
        assert receptive_field(deep, layer) == receptive_field(deep, found)


def test_a_name_in_two_nested_models_needs_its_path():
    parts = [keras.Sequential([layers.Conv2D(2, 3, name="x")], name=name) for name in "pq"]
    model = keras.Sequential([keras.Input((16, 16, 2)), *parts])
    for find in (receptive_field, find_layer):
        with pytest.raises(ValueError, match="this name fits p/x, q/x. Received: layer='x'"):
            find(model, "x")
    assert receptive_field(model, "q/x").size == (5, 5)


def test_a_call_of_a_shared_layer():
    inputs, conv = keras.Input((16, 16, 2)), layers.Conv2D(2, 3, padding="same", name="conv")
    part = keras.Sequential([keras.Input((None, None, 2)), conv], name="part")
    model = keras.Model(inputs, part(layers.MaxPooling2D()(part(inputs))))
    for layer in (conv, "conv", "part/conv"):
        with pytest.raises(ValueError, match=r"`layer` must say which .* `\(layer, call\)`"):
            receptive_field(model, layer)
        assert [receptive_field(model, (layer, n)).size[0] for n in (0, 1)] == [3, 8]
        for call, words in ((2, "from 0 to 1"), (-1, "of at least 0"), ("0", "of at least 0")):
            with pytest.raises(ValueError, match=f"call.* {words}. Received: .*{call!r}"):
                receptive_field(model, (layer, call))
    assert receptive_field(model).size == receptive_field(model, ("part", 1)).size == (8, 8)


def test_a_shared_layer_that_always_sees_the_same():
    inputs, relu = keras.Input((16, 16, 2)), layers.ReLU()
    model = keras.Model(inputs, relu(relu(inputs)))
    assert receptive_field(model, relu).size == (1, 1)


class Holder(layers.Layer):
    """Calls a layer that the graph of a model does not show."""

    def __init__(self):
        super().__init__()
        self.held = layers.Conv2D(2, 3, name="held")

    def call(self, inputs):
        return self.held(inputs)


def test_a_layer_that_the_graph_does_not_show():
    model = one_layer(Holder())
    assert find_layer(model, "held") is model.layers[0].held
    with pytest.raises(ValueError, match="`layer` must be called by .*Received: 'held'"):
        receptive_field(model, "held")


# What is not known


UNKNOWN = [
    (layers.Lambda(lambda x: x, name="odd"), "it calls a function that is not known"),
    (layers.Permute((2, 1, 3), name="odd"), "it exchanges axes"),
    (layers.Reshape((256, 2, 1), name="odd"), "it moves values to other rows and columns"),
    (layers.ConvLSTM1D(2, 1, name="odd", return_sequences=True), "it takes its input for steps"),
    (layers.TimeDistributed(layers.Conv1D(2, 3), name="odd"), "it slides along one axis"),
    (layers.TimeDistributed(layers.Softmax(1), name="odd"), "it takes the rows of a map for"),
    (layers.EinsumDense("abcd,bx->axcd", (4, 16, 2), name="odd"), "its equation leaves no"),
    (layers.RandomCrop(8, 8, name="odd"), "at inference Keras leaves the images as large"),
    (
        type("MyConv", (layers.Conv2D,), {"call": lambda self, x: x})(2, 3, name="odd"),
        "it is no layer of Keras",
    ),
]


@pytest.mark.parametrize("layer, reason", UNKNOWN)
def test_layers_of_unknown_field(layer, reason):
    model = keras.Sequential([one_layer(layer), layers.ReLU(), layers.Flatten(), layers.Dense(1)])
    path = f"{model.layers[0].name}/odd"
    words = (
        f"`layer` must come before '{path}', after which the receptive field is not known: "
        f"{reason}.* Received: '{path}', a {type(layer).__name__}$"
    )
    for name in (None, "odd", model.layers[-1]):
        with pytest.raises(ValueError, match=words):
            receptive_field(model, name)


def test_a_join_of_rows_is_not_known():
    inputs = keras.Input((16, 16, 2))
    model = keras.Model(inputs, layers.Concatenate(axis=1, name="odd")([inputs, inputs]))
    with pytest.raises(ValueError, match="'odd', after which .*: it works along another axis"):
        receptive_field(model)


def test_what_depends_on_an_open_size():
    kinds = [layers.Conv2D(2, 3, 1, "same"), layers.Conv2D(2, 1, 2, "same")]
    for layer in kinds:
        assert receptive_field(one_layer(layer, (None, None))) == receptive_field(one_layer(layer))
    for layer in (layers.MaxPooling2D(padding="same"), layers.GlobalMaxPooling2D(keepdims=True)):
        model = one_layer(layer, (None, None))
        with pytest.raises(ValueError, match=f"`image_size` must be given.*{layer.name}"):
            receptive_field(model)
        for image_size in (16, (15, 16)):
            closed = one_layer(layer, np.broadcast_to(image_size, 2).tolist())
            assert receptive_field(model, image_size=image_size) == receptive_field(closed)
            assert receptive_field(closed, None, image_size) == receptive_field(closed)


@pytest.mark.parametrize("image_size", [0, (16, 16, 1), (8.0, 8), "16"])
def test_wrong_image_sizes(image_size):
    with pytest.raises(ValueError, match="`image_size` must be a positive integer or a pair"):
        receptive_field(one_layer(layers.ReLU()), image_size=image_size)


def test_another_image_size_than_that_of_the_model():
    for sizes in ((16, 16), (16, None)):
        with pytest.raises(ValueError, match="`image_size` must be that of the images.*=17"):
            receptive_field(one_layer(layers.ReLU(), sizes), image_size=17)


class Own(keras.Model):
    def call(self, inputs):
        return inputs


class OwnSequential(keras.Sequential):
    def call(self, inputs, training=None, mask=None):
        return super().call(super().call(inputs))


class OwnFunctional(keras.Model):
    def call(self, inputs):
        return super().call(super().call(inputs))


def test_models_without_a_graph():
    """Or with one that is not the whole truth."""
    own = Own(name="own")
    own(np.ones((1, 4, 4, 1)))
    inputs, conv = keras.Input((4, 4, 1)), layers.Conv2D(1, 3, padding="same")
    twice = [
        OwnSequential([inputs, conv], name="own"),
        OwnFunctional(inputs, conv(inputs), name="own"),
    ]
    for model in (own, keras.Sequential([layers.Conv2D(1, 3)], name="own"), *twice):
        words = f"`model` must be .* be built: .* Received: 'own', a {type(model).__name__}"
        with pytest.raises(ValueError, match=words):
            receptive_field(model)
    with pytest.raises(TypeError, match="`model` must be a Keras model. Received: model='vgg'"):
        receptive_field("vgg")


@pytest.mark.parametrize("shape", [(28,), (8, 8), (8, 8, 8, 1)])
def test_models_without_an_image(shape):
    model = keras.Sequential([keras.Input(shape), layers.ReLU()])
    for layer in (None, model.layers[-1]):
        with pytest.raises(ValueError, match="`model` must have one input of shape"):
            receptive_field(model, layer)


# Which image


@pytest.fixture(scope="module")
def siamese():
    """Two images of different sizes through one base, and a vector."""
    base = keras.Sequential([keras.Input((None, None, 2)), layers.Conv2D(2, 3, name="conv")])
    left, right = keras.Input((16, 16, 2), name="left"), keras.Input((12, None, 2), name="right")
    vector = keras.Input((2,), name="vector")
    maps = layers.Conv2D(2, 5, name="deeper")(base(right))
    means = [layers.GlobalAveragePooling2D()(each) for each in (base(left), maps)]
    outputs = layers.Concatenate()([*means, vector])
    return keras.Model([left, vector, right], layers.Dense(1)(outputs))


@pytest.mark.parametrize("image, size", [(0, 3), ("left", 3), (2, 7), ("right", 7)])
def test_the_image_that_is_meant(siamese, image, size):
    assert receptive_field(
        siamese, image=image, image_size=(12, 16)[image in (0, "left")]
    ).size == (
        size,
        size,
    )


def test_of_a_shared_layer_the_calls_that_see_the_image(siamese):
    found = [receptive_field(siamese, "conv", 12, image) for image in ("right", 2)]
    assert found == [ReceptiveField((3, 3), (1, 1), (0, 0))] * 2
    with pytest.raises(ValueError, match="`layer` must see the image. Received: layer='deeper'"):
        receptive_field(siamese, "deeper", image="left")


@pytest.mark.parametrize("image", [1, 3, -1, "vector", "middle", True, 0.0])
def test_images_that_the_model_lacks(siamese, image):
    words = "`image` must be .* among 0 'left', 1 'vector', 2 'right'. Received: image="
    with pytest.raises(ValueError, match=words):
        receptive_field(siamese, image=image)


def test_several_images_and_none_is_said(siamese):
    with pytest.raises(ValueError, match="`image` must say .*: 'right', 'left'. Received: image=N"):
        receptive_field(siamese)
    with pytest.raises(ValueError, match="`image_size` must be that of the images"):
        receptive_field(siamese, image="left", image_size=12)
