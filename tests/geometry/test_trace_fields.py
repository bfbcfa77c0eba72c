"""What is passed between layers, and what cannot be followed."""

import keras
import pytest
from keras import layers

from cnnkit.geometry import ReceptiveField, receptive_field
from cnnkit.geometry._trace_fields import is_elementwise


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv2D(2, 3, padding="same", data_format="channels_first", name="odd"),
        layers.MaxPooling2D(data_format="channels_first", name="odd"),
        layers.GlobalAveragePooling2D(data_format="channels_first", name="odd"),
    ],
)
def test_channels_first(layer):
    """The layers before look as if they were of channels last."""
    model = keras.Sequential([keras.Input((3, 32, 32)), layers.ReLU(name="relu"), layer])
    words = "`model` must have the channels of its maps last.* Received: 'odd' with data_format="
    for name in ("relu", "odd"):
        with pytest.raises(ValueError, match=words):
            receptive_field(model, name)


def test_an_augmentation_with_labels():
    images, labels = keras.Input((8, 8, 3)), keras.Input((2,))
    mixed = layers.MixUp(name="mixed")({"images": images, "labels": labels})
    maps = layers.Conv2D(2, 3, name="conv")(mixed["images"])
    model = keras.Model([images, labels], [maps, mixed["labels"]])
    assert receptive_field(model, "conv") == ReceptiveField((3, 3), (1, 1), (0, 0))


def test_after_what_sees_everything_layers_need_no_rule():
    """As none could see more: tokens with attention, sequences, functions."""
    inputs = keras.Input((8, 8, 3))
    tokens = layers.Reshape((16, 8))(layers.Conv2D(8, 2, 2)(inputs))
    tokens = layers.MultiHeadAttention(2, 4)(tokens, tokens)
    sequence = layers.GRU(4, return_sequences=True)(layers.Lambda(lambda x: x)(tokens))
    model = keras.Model(
        inputs, layers.Reshape((4, 4, 4))(layers.Conv1D(4, 3, padding="same")(sequence))
    )
    assert receptive_field(model) == ReceptiveField((8, 8), (0, 0), (0, 0))


@pytest.mark.parametrize(
    "layer, expected",
    [
        (layers.ReLU(), True),
        (layers.LayerNormalization(), True),
        (layers.Concatenate(), True),
        (layers.Conv2D(2, 1), False),
        (layers.Flatten(), False),
        (layers.Lambda(lambda x: x), False),
    ],
)
def test_which_layers_treat_each_place_alone(layer, expected):
    assert is_elementwise(layer) is expected
