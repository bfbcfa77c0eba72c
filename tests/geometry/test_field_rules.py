"""Where branches meet, and what has no position."""

import keras
import pytest
from field_check import check_field
from keras import layers, ops

from cnnkit.geometry import ReceptiveField, receptive_field

ONES = {"kernel_initializer": "ones", "use_bias": False}


def test_a_gate_along_one_axis():
    """Coordinate attention: means of rows and of columns, each repeated along the other axis."""
    inputs = keras.Input((20, 24, 2))
    maps = layers.Conv2D(2, 3, 2, "same", **ONES)(inputs)
    rows, columns = (ops.mean(maps, axis=axis, keepdims=True) for axis in (2, 1))
    model = keras.Model(inputs, layers.Add(name="both")([rows, columns]))
    alone = receptive_field(keras.Model(inputs, rows), rows._keras_history.operation)
    assert alone == ReceptiveField((3, 24), (2, 0), (0, 0))
    field = receptive_field(model, "both")
    assert field == ReceptiveField((3, 3), (2, 2), (0, 0), (), ("both",))


def test_a_map_of_one_position_is_repeated():
    """As large a window as the map is global pooling."""
    inputs = keras.Input((16, 16, 2))
    maps = layers.Conv2D(2, 3, 2, "same")(inputs)
    for repeat in (layers.UpSampling2D(8), layers.Conv2DTranspose(2, 8), layers.Resizing(8, 8)):
        outputs = layers.Add(name="join")([maps, repeat(layers.AveragePooling2D(8)(maps))])
        field = receptive_field(keras.Model(inputs, outputs))
        assert field == ReceptiveField((3, 3), (2, 2), (0, 0), (), ("join",))


def test_a_u_net():
    inputs = keras.Input((32, 32, 2))
    high = layers.Conv2D(2, 3, padding="same", **ONES)(inputs)
    low = layers.Conv2D(2, 3, padding="same", **ONES)(layers.MaxPooling2D()(high))
    up = layers.Conv2DTranspose(2, 2, 2, **ONES)(low)
    maps = layers.Concatenate()([high, up])
    model = keras.Model(inputs, layers.Conv2D(1, 3, padding="same", **ONES)(maps))
    # An up unit sees 3 pooled ones, 6 pixels and one on each side for the first convolution.
    # Even and odd units see one pixel more on the left or right.
    assert check_field(model, margin=6) == ReceptiveField((11, 11), (1, 1), (-5, -5))


def test_a_pyramid_of_pooled_maps():
    """Pooled by 4 and repeated, units take turns; those of the branch that does not are around."""
    inputs = keras.Input((32, 32, 2))
    pooled = layers.UpSampling2D(4)(layers.AveragePooling2D(4)(inputs))
    model = keras.Model(inputs, layers.Concatenate()([inputs, pooled]))
    assert check_field(model) == ReceptiveField((7, 7), (1, 1), (-3, -3))


def test_branches_of_one_unit_have_no_strides_to_compare():
    inputs = keras.Input((16, 16, 2))
    branches = [layers.Conv2D(2, 16)(inputs), layers.Conv2D(2, 8)(layers.MaxPooling2D()(inputs))]
    field = receptive_field(keras.Model(inputs, layers.Add(name="add")(branches)), "add")
    assert field == ReceptiveField((16, 16), (0, 0), (0, 0))


def test_an_attention_whose_query_is_not_the_image():
    inputs, queries = keras.Input((16, 16, 2)), keras.Input((4, 4, 2), name="queries")
    outputs = layers.MultiHeadAttention(1, 2, attention_axes=(1, 2))(queries, inputs)
    model = keras.Model([inputs, queries], outputs)
    with pytest.raises(ValueError, match="none of the maps it is given has the positions of its"):
        receptive_field(model, image=0)
