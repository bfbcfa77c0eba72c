import re

import keras
import numpy as np
import pytest
from keras import layers

from cnnkit import models, viz
from cnnkit.layers import MaxBlurPooling2D
from cnnkit.viz._architecture import _STYLES, _kind

FIRST = dict(data_format="channels_first")


class Subclassed(keras.Model):
    def call(self, inputs):
        return inputs


def faces(ax):
    """The front faces in the order drawn: `(name, width, height)`."""
    found = []
    for patch in ax.patches:
        if patch.get_gid() not in ("side", "top"):
            width, height = np.ptp(patch.get_xy(), axis=0)
            found.append((patch.get_gid(), width, height))
    return found


def shapes(ax):
    return [text.get_text().replace("\n", "") for text in ax.texts if text.get_gid() == "shape"]


def kinds(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def connections(ax):
    """Pairs of the indices of boxes that are connected past others."""
    gids = [line.get_gid() or "" for line in ax.lines]
    return {tuple(map(int, gid.split(" to "))) for gid in gids if re.match(r"\d+ to \d+$", gid)}


def test_a_small_cnn():
    model = models.small_cnn()
    ax = viz.plot_architecture(model)
    names = [name for name, _, _ in faces(ax)]
    assert names[1:] == [layer.name for layer in model.layers] and len(names) == 12
    assert shapes(ax) == (
        "28×28×1 28×28×16 14×14×16 14×14×32 7×7×32 7×7×64 3×3×64 576 128 10".split()
    )
    assert kinds(ax) == ["input", "convolution", "pooling", "dense", "dropout", "other"]
    assert ax.get_title() == "small_cnn" and not connections(ax)


def test_sizes_follow_the_shapes():
    model = keras.Sequential(
        [
            keras.Input((32, 16, 3)),
            layers.Conv2D(15, 3, padding="same"),
            layers.Conv2D(255, 3, strides=2, padding="same"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(15),
        ]
    )
    ax = viz.plot_architecture(model)
    (_, *_), (_, narrow, high), (_, wide, low), (_, thin, long), (_, _, short) = faces(ax)
    assert high == pytest.approx(2 * low), "the height is that of the maps"
    # From 15 to 255 channels, log2(1 + channels) goes from 4 to 8.
    assert wide > narrow and wide - narrow == pytest.approx(4 * 0.07)
    assert thin < narrow and long > short, "vectors are thin bars"
    sides = [patch.get_xy() for patch in ax.patches if patch.get_gid() == "side"]
    depths = [np.ptp(side[:, 0]) for side in sides]
    assert depths[1] == pytest.approx(2 * depths[2])


def test_slices_and_frames_have_the_size_of_one():
    inputs = keras.Input((50, 16, 8, 3))
    x = layers.TimeDistributed(layers.Conv2D(4, 1, strides=2))(inputs)
    ax = viz.plot_architecture(keras.Model(inputs, layers.Conv3D(2, 1, strides=2)(x)))
    heights = [height for _, _, height in faces(ax)]
    np.testing.assert_allclose(np.divide(heights, heights[0]), [1, 1 / 2, 1 / 4])


def test_plates_branches_and_the_order():
    inputs = keras.Input((8, 8, 4), name="a")
    x = layers.Conv2D(4, 3, padding="same", name="b")(inputs)
    x = layers.BatchNormalization(name="c")(x)
    y = layers.Conv2D(4, 3, padding="same", name="d")(inputs)
    outputs = layers.ReLU(name="f")(layers.Add(name="e")([x, y]))
    ax = viz.plot_architecture(keras.Model(inputs, outputs))
    order = [name for name, _, _ in faces(ax)]
    # The order of two branches is Keras's; each layer comes after what it needs.
    assert sorted(order) == list("abcdef") and order[0] == "a" and order[-2:] == ["e", "f"]
    at = {name: i for i, name in enumerate(order)}
    assert at["b"] < at["c"]
    edges = [("a", "b"), ("b", "c"), ("a", "d"), ("c", "e"), ("d", "e"), ("e", "f")]
    expected = {(at[s], at[t]) for s, t in edges if at[t] > at[s] + 1}
    assert connections(ax) == expected and expected
    widths = {name: width for name, width, _ in faces(ax)}
    assert widths["f"] < widths["b"] / 2, "a layer that keeps the shape is a plate"
    assert {"merging", "normalisation", "activation"} < set(kinds(ax))


def test_lines_cross_no_box_and_do_not_coincide():
    ax = viz.plot_architecture(models.drawn_animals_cnn())
    lines = [line for line in ax.lines if re.match(r"\d+ to \d+$", line.get_gid() or "")]
    assert len(lines) == 3
    tops = [patch.get_xy() for patch in ax.patches]
    for line in lines:
        (left, right), height = line.get_xdata()[[0, -1]], line.get_ydata().max()
        between = [xy[:, 1].max() for xy in tops if left < xy[:, 0].mean() < right]
        assert between and max(between) < height < ax.get_ylim()[1]
    inputs = keras.Input((8, 8, 4))
    x = y = layers.Conv2D(4, 3, padding="same")(inputs)
    for _ in range(2):
        x = layers.Conv2D(4, 3, padding="same")(x)
    x = layers.Add()([layers.Conv2D(4, 1)(layers.Add()([x, y])), inputs])
    nested = viz.plot_architecture(keras.Model(inputs, x))
    heights = [line.get_ydata().max() for line in nested.lines if "to" in (line.get_gid() or "")]
    assert len(heights) == len(set(heights)) == 2


@pytest.fixture(scope="module")
def transfer_model():
    head = keras.Sequential([keras.Input((256,)), layers.Dense(3, name="last")], name="head")
    return models.transfer_model(models.drawn_animals_cnn(), head)


def test_a_nested_model_is_one_box(transfer_model):
    ax = viz.plot_architecture(transfer_model, title="nested")
    names = [name for name, _, _ in faces(ax)]
    assert len(names) == 5 and names[2] == "drawn_animals" and names[-1] == "head"
    assert shapes(ax) == ["64×64×3", "4×4×256", "256", "3"] and "model" in kinds(ax)
    written = [text.get_text() for text in ax.texts]
    assert {"drawn_animals", "head"} <= set(written) and ax.get_title() == "nested"


def test_expanded_it_shows_its_layers(transfer_model):
    ax = viz.plot_architecture(transfer_model, expand=True)
    names = [name for name, _, _ in faces(ax)]
    inner = [layer.name for layer in transfer_model.get_layer("drawn_animals").layers[1:]]
    assert sorted(names[2 : 2 + len(inner)]) == sorted(inner) and names[-1] == "last"
    assert not {"drawn_animals", "head"} & set(names) and "model" not in kinds(ax)
    assert len(connections(ax)) == 3


KINDS = {
    "convolution": [
        *(layers.Conv2D(1, 1), layers.SeparableConv2D(1, 1), layers.DepthwiseConv2D(1)),
        *(layers.ConvLSTM1D(1, 1), layers.ConvLSTM2D(1, 1), layers.ConvLSTM3D(1, 1)),
    ],
    "pooling": [layers.MaxPooling2D(), layers.GlobalAveragePooling2D(), MaxBlurPooling2D()],
    "normalisation": [layers.BatchNormalization(), layers.LayerNormalization()],
    "dropout": [layers.Dropout(0.5), layers.SpatialDropout2D(0.5)],
    "activation": [layers.ReLU(), layers.Activation("tanh"), layers.Softmax(), layers.LeakyReLU()],
    "merging": [layers.Add(), layers.Concatenate(), layers.Average(), layers.Multiply()],
    "dense": [layers.Dense(1)],
    "model": [keras.Sequential(), Subclassed()],
    "other": [
        layers.Flatten(),
        layers.ZeroPadding2D(),
        layers.Rescaling(1.0),
        layers.Reshape((1,)),
    ],
}


def test_kinds():
    for kind, examples in KINDS.items():
        assert [_kind(layer) for layer in examples] == [kind] * len(examples)
    assert set(KINDS) | {"input"} == set(_STYLES)


class LadderBlock(layers.Layer):
    """Of no kind, although "add" is in its name."""


class Averaging(layers.Conv2D):
    """A convolution, as its base class is."""


@pytest.mark.parametrize("layer", [layers.Conv2D, layers.Dense, layers.Add, layers.ReLU])
def test_the_base_class_decides_and_not_the_name(layer):
    assert _kind(LadderBlock()) == "other" and _kind(Averaging(1, 1)) == "convolution"
    subclass = type("PoolingDropoutAdd", (layer,), {})
    options = dict(filters=1, kernel_size=1) if layer is layers.Conv2D else {}
    options = dict(units=1) if layer is layers.Dense else options
    assert _kind(subclass(**options)) == _kind(layer(**options)) != "other"


def test_operations_have_kinds_too():
    x = keras.Input((8, 8, 4))
    y = keras.ops.max_pool(keras.ops.concatenate([keras.ops.relu(x) + x, x]), 2)
    kinds = [_kind(operation) for operation in keras.Model(x, y).operations]
    assert kinds == ["input", "activation", "merging", "merging", "pooling"]


ACTIVATIONS = sorted(set(dir(keras.activations)) & {n for n in dir(keras.ops) if n[0] != "_"})
ARGUMENTS = {"threshold": (0.5, 0.0)}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_function_is_drawn_as_one(name):
    x = keras.Input((8, 8, 4))
    y = getattr(keras.ops, name)(x, *ARGUMENTS.get(name, ()))
    assert kinds(viz.plot_architecture(keras.Model(x, y))) == ["input", "activation"]


def test_activation_functions_are_all_there():
    assert {"relu", "relu6", "leaky_relu", "selu", "hard_silu", "celu", "glu"} < set(ACTIVATIONS)
    x = keras.Input((8, 8, 4))
    (_, operation) = keras.Model(x, keras.activations.relu(x)).operations
    assert _kind(operation) == "activation", "Keras has a class of its own for it"


@pytest.mark.parametrize("name", ["adaptive_max_pool", "adaptive_average_pool"])
def test_adaptive_pooling_is_drawn_as_pooling(name):
    x = keras.Input((8, 8, 4))
    y = getattr(keras.ops, name)(x, (2, 2))
    assert kinds(viz.plot_architecture(keras.Model(x, y))) == ["input", "pooling"]


def test_operations_and_shared_layers():
    inputs = keras.Input((8, 8, 4))
    shared = layers.Conv2D(4, 3, padding="same", name="shared")
    model = keras.Model(inputs, keras.ops.relu(shared(shared(inputs)) + inputs))
    names = [name for name, _, _ in faces(viz.plot_architecture(model))]
    assert len(names) == 5 and names.count("shared") == 2


@pytest.mark.parametrize(
    "model, words",
    [
        (Subclassed(name="own"), "`model` .* Received: 'own', a Subclassed"),
        (keras.Sequential([layers.Dense(1)], name="open"), "give it a `keras.Input`.*'open'"),
        (
            keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(4, 3)]),
            r"known size.*output of shape \(None, None, None, 3\)",
        ),
        (
            keras.Sequential(
                [
                    keras.Input((3, 8, 8)),
                    layers.Conv2D(4, 3, name="c", data_format="channels_first"),
                ]
            ),
            "channels of its maps last.* Received: 'c' with data_format='channels_first'",
        ),
        (
            keras.Sequential([keras.Input((3,))] + [layers.ReLU() for _ in range(80)], name="deep"),
            "At most 80 layers .* model='deep' with 81",
        ),
    ],
)
def test_bad_models(model, words):
    with pytest.raises(ValueError, match=words):
        viz.plot_architecture(model)


def test_no_model():
    with pytest.raises(TypeError, match="`model` must be a Keras model. Received: model=3"):
        viz.plot_architecture(3)


def test_in_words():
    inputs = keras.Input((8, 6, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    x = layers.Add()([x, layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(x))])
    outputs = layers.Dense(1)(layers.GlobalAveragePooling2D()(layers.Identity(name="same")(x)))
    model = keras.Model(inputs, outputs, name="small")
    assert viz.plot_architecture(model).figure.alt_text == (
        "small. Network of 8 layers, in order: input 8 by 6 by 3, convolution 8 by 6 by 4, "
        "convolution 8 by 6 by 4, normalisation 8 by 6 by 4, merging 8 by 6 by 4, same 8 by 6 by "
        "4, pooling 4, dense 1; 1 connection past other layers."
    )


def test_many_layers_in_words():
    model = keras.Sequential([keras.Input((9,)), *(layers.Dense(4) for _ in range(15))])
    text = viz.plot_architecture(model, title="deep").figure.alt_text
    assert text == "deep. Network of 16 layers, from input 9 to dense 4: 1 input, 15 dense."
