"""The table of a model against Keras and TensorFlow's profiler."""

import re
from dataclasses import asdict

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from cnnkit.geometry import ReceptiveField, model_table
from cnnkit.models import drawn_animals_cnn, small_cnn


def nested_mobilenet():
    """The usual model of transfer learning, with a frozen backbone made for images of any size."""
    options = dict(include_top=False, weights=None, alpha=0.35, name="backbone")
    backbone = keras.applications.MobileNetV2(input_shape=(None, None, 3), **options)
    backbone.trainable = False
    inputs = keras.Input((96, 64, 3), name="images")
    maps = backbone(layers.Rescaling(1 / 127.5, -1)(inputs), training=False)
    head = keras.Sequential([layers.GlobalAveragePooling2D(), layers.Dense(2)], name="head")
    return keras.Model(inputs, head(maps), name="nested")


def separable_cnn():
    stack = [layers.SeparableConv2D(8, 3), layers.Conv2D(6, 3), layers.Flatten()]
    return keras.Sequential([keras.Input((9, 8, 4)), *stack, layers.Dense(5)])


def profiled(model):
    """The operations of convolutions and matrix products according to TensorFlow."""
    image = tf.TensorSpec((1, *model.input_shape[1:]))
    graph = tf.function(lambda x: model(x)).get_concrete_function(image).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    kinds = [tf.compat.v1.profiler.profile(graph, cmd="op", options=options)]
    total = 0
    while kinds:
        kind = kinds.pop()
        kinds += kind.children
        if kind.name in ("Conv2D", "DepthwiseConv2dNative", "MatMul"):
            total += kind.float_ops
    return total


@pytest.mark.parametrize("make", [small_cnn, drawn_animals_cnn, separable_cnn, nested_mobilenet])
def test_totals_are_those_of_keras_and_tensorflow(make):
    model = make()
    table = model_table(model)
    assert table.name == model.name
    assert (
        table.total_parameters == model.count_params() == sum(row.parameters for row in table.rows)
    )
    trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert (
        table.trainable_parameters
        == trainable
        == sum(row.trainable_parameters for row in table.rows)
    )
    assert 2 * table.total_multiply_adds == profiled(model) > 0
    assert table.total_multiply_adds == sum(row.multiply_adds for row in table.rows)
    assert all(row.field and row.memory for row in table.rows)


def test_rows_of_a_model():
    table = model_table(small_cnn())
    row = table.rows[4]
    assert row.type == "Conv2D" and row.name.startswith("conv2d")
    assert row.output_shape == (14, 14, 32) and row.parameters == row.trainable_parameters == 4_640
    assert row.multiply_adds == 14 * 14 * 9 * 16 * 32 and row.memory == 4 * 14 * 14 * 32
    assert row.field == ReceptiveField((8, 8), (2, 2), (-3, -3))


def test_rows_of_nested_models():
    """With the shapes of this call, not those for which the backbone was made."""
    table = model_table(nested_mobilenet())
    rows = {row.name: row for row in table.rows}
    assert rows["backbone/out_relu"].output_shape == (3, 2, 1280)
    assert rows["backbone/Conv1"].multiply_adds == 48 * 32 * 27 * 16
    assert (
        rows["backbone/Conv1"].parameters == 432 and not rows["backbone/Conv1"].trainable_parameters
    )
    assert list(rows)[0] == "images" and list(rows)[-1].startswith("head/dense")
    assert "backbone" not in rows and "head" not in rows
    lines = repr(table).split("\n")
    assert lines.count("backbone:") == lines.count("head:") == 1
    assert sum(line.startswith("  ") for line in lines) == sum("/" in name for name in rows)


TEXT = """\
layer  type              output  parameters  trainable  multiply-adds  field  jump  kept
x      InputLayer        8x9x1            0          0              0      1     1   288
m:
  c    Conv2D            6x6x2           24         24            864    3x4     1     0
  p    AveragePooling2D  3x2x2            0          0              0    4x6   2x3    48
f      Flatten           12               0          0              0    8x9     -     0
<d>    Dense             5               65         65             60    8x9     -     0
t: 89 parameters, 89 of them trainable; 924 multiply-adds; 336 bytes kept in training"""


def test_texts():
    inner = [layers.Conv2D(2, (3, 4), use_bias=False, name="c")]
    inner += [layers.AveragePooling2D((2, 3), name="p")]
    stack = [keras.Input((8, 9, 1), name="x"), keras.Sequential(inner, name="m")]
    stack += [layers.Flatten(name="f"), layers.Dense(5, name="<d>")]
    table = model_table(keras.Sequential(stack, name="t"))
    assert repr(table) == str(table) == TEXT
    page = table._repr_html_()
    assert "<td>&lt;d&gt;</td>" in page and "<td>&emsp;c</td>" in page and "<d>" not in page
    assert page.count("<tr>") == 1 + 6 and page.count("<td>") == 6 * 9
    assert re.sub("<[^>]*>", "", page).startswith("t: 89 parameters")
    lines = table.to_markdown().splitlines()
    assert lines[0] == TEXT.splitlines()[-1] and lines[2].startswith("| layer | type | output |")
    assert lines[5] == "| m: |  |  |  |  |  |  |  |  |" and "| &emsp;c | Conv2D |" in lines[6]
    assert len(lines) == 2 + 2 + 6


def test_rows_are_flat():
    """What pandas makes of a list of dataclasses: `asdict` of each, whose values are cells."""
    row = asdict(model_table(small_cnn()).rows[4])
    assert (row["field_height"], row["stride_vertical"], row["offset_horizontal"]) == (8, 2, -3)
    assert row["output_shape"] == (14, 14, 32) and row["misaligned"] == ()
    assert not any(isinstance(value, dict) for value in row.values())
    unknown = asdict(model_table(keras.Sequential([keras.Input((3,)), layers.Dense(2)])).rows[1])
    assert unknown["field_height"] is unknown["misaligned"] is unknown["milliseconds"] is None


def test_rows_in_pandas():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(model_table(small_cnn()).rows)
    assert frame.parameters.sum() == 98_442 and frame.set_index("type").memory["Conv2D"].size == 3
    assert frame.field_height.dtype.kind in "if" and len(frame.columns) == 16


# What is not known


class Own(keras.Model):
    def __init__(self):
        super().__init__(name="own")
        self.conv, self.dense = layers.Conv2D(2, 3), layers.Dense(4)

    def call(self, inputs):
        return self.dense(self.conv(inputs))


def test_layers_of_unknown_field_or_cost():
    inputs = keras.Input((8, 8, 3))
    x = layers.UpSampling2D(name="up")(inputs)
    x = layers.Conv2DTranspose(2, 3, name="back")(x)
    x = layers.Conv2D(2, 3, name="conv")(ops.flip(x, 1))
    outputs = layers.Dense(2, name="dense")(Own()(layers.BatchNormalization()(x)))
    model = keras.Model(inputs, outputs)
    table = model_table(model)
    rows = {row.name: row for row in table.rows}
    assert (
        rows["conv"].multiply_adds == 16 * 16 * 9 * 2 * 2
        and rows["back"].multiply_adds == 16 * 16 * 54
    )
    assert rows["up"].multiply_adds == 0 and rows["up"].field.strides == (0.5, 0.5)
    assert rows["dense"].field is None
    assert rows["own"].multiply_adds is None and rows["own"].parameters == 38 + 12
    assert table.total_parameters == model.count_params()
    assert "multiply-adds, without 1 layer of unknown cost" in repr(table)
    assert "bytes kept in training, without 2 layers of unknown need" in repr(table)
    assert " ? " in repr(table) and rows["own"].memory == 4 * 14 * 14 * 4


def test_tiles_in_the_batch_are_all_counted():
    """Of each image there are four."""
    inputs = keras.Input((8, 8, 3))
    tiles = ops.reshape(inputs, (-1, 4, 4, 3))
    maps = layers.Conv2D(2, 3, name="conv")(tiles)
    model = keras.Model(inputs, ops.reshape(maps, (-1, 4, 2, 2, 2)))
    row = next(row for row in model_table(model).rows if row.name == "conv")
    assert row.multiply_adds == 4 * 2 * 2 * 27 * 2 and row.memory == 4 * 4 * 2 * 2 * 2
    assert 2 * row.multiply_adds == profiled(model)


def test_a_shared_layer_counts_its_weights_once():
    inputs, conv = keras.Input((8, 8, 2)), layers.Conv2D(2, 3, padding="same")
    model = keras.Model(inputs, conv(conv(inputs)))
    table = model_table(model)
    assert [row.parameters for row in table.rows] == [0, 38, 0]
    assert table.total_parameters == model.count_params() == 38
    assert 2 * table.total_multiply_adds == profiled(model)
    assert [row.field.size for row in table.rows] == [(1, 1), (3, 3), (5, 5)]


def test_a_model_for_images_of_any_size():
    stack = [layers.Conv2D(2, 3), layers.MaxPooling2D(padding="same"), layers.Conv2D(2, 3)]
    table = model_table(keras.Sequential([keras.Input((None, None, 1)), *stack]))
    assert [row.multiply_adds for row in table.rows] == [0, None, 0, None]
    assert [row.field is None for row in table.rows] == [False, False, True, True]
    assert all(row.memory is None and row.parameters is not None for row in table.rows)
    assert "?x?x2" in repr(table) and "?x?x2" in table._repr_html_()


def test_subclassed_models():
    for model in (Own(), keras.Sequential([layers.Dense(2)], name="own")):
        words = f"`model` must be built: call it once .* Received: 'own', a {type(model).__name__}"
        with pytest.raises(ValueError, match=words):
            model_table(model)
    model = Own()
    model(np.ones((1, 4, 4, 1)))
    table = model_table(model)
    assert [(row.type, row.parameters) for row in table.rows] == [("Conv2D", 20), ("Dense", 12)]
    assert table.total_parameters == model.count_params() == 32
    assert all(row.output_shape is row.multiply_adds is row.field is None for row in table.rows)
    assert "without 2 layers of unknown cost" in repr(table)
    with pytest.raises(TypeError, match="`model` must be a Keras model. Received: model=3"):
        model_table(3)


def test_a_table_changes_nothing():
    model = small_cnn()
    nodes = [len(layer._inbound_nodes) for layer in model.layers]
    weights = model.get_weights()
    model_table(model)
    assert nodes == [len(layer._inbound_nodes) for layer in model.layers]
    assert all((a == b).all() for a, b in zip(weights, model.get_weights(), strict=True))
