import keras
import numpy as np
import pytest
from layer_check import numbers

from cnnkit.layers._base_pooling2d import BasePooling2D


class Corners(BasePooling2D):
    """Keeps the first value of each window that lies inside of the maps."""

    def __init__(self, pool_size=2, strides=None, padding="valid", data_format=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)

    def pool(self, inputs, training):
        rows, columns = self.strides
        last = [n - size + 1 for n, size in zip(inputs.shape[1:3], self.pool_size, strict=True)]
        return inputs[:, : last[0] : rows, : last[1] : columns]


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [None, 1, (2, 3)])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_shapes_are_those_of_keras(padding, strides, data_format):
    options = dict(strides=strides, padding=padding, data_format=data_format)
    theirs = keras.layers.MaxPooling2D((3, 2), **options)
    for shape in [(2, 9, 7, 8), (None, 9, 7, 8), (None, None, 7, None)]:
        expected = theirs.compute_output_shape(shape) if None not in shape[1:] else None
        result = Corners((3, 2), **options).compute_output_shape(shape)
        assert expected is None or result == expected
        assert [n is None for n in result] == [n is None for n in shape]


def test_channels_first_is_turned():
    maps = np.random.default_rng(0).standard_normal((2, 5, 7, 3)).astype("float32")
    last = numbers(Corners((2, 3), data_format="channels_last")(maps))
    first = Corners((2, 3), data_format="channels_first")(maps.transpose(0, 3, 1, 2))
    assert (last == maps[:, :4:2, :5:3]).all()
    assert (numbers(first) == last.transpose(0, 3, 1, 2)).all()


def test_the_data_format_is_by_default_that_of_keras():
    assert Corners().data_format == keras.config.image_data_format()


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"pool_size": 0}, "`pool_size` must be .* Received: pool_size=0"),
        ({"strides": (1, 0)}, r"`strides` must be .* Received: strides=\(1, 0\)"),
        ({"padding": 1}, "`padding` must be .* Received: padding=1"),
        ({"padding": np.array([1, 2])}, "`padding` must be .* Received: padding=array"),
        ({"data_format": "last"}, "`data_format` must be .* Received: data_format='last'"),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        Corners(**settings)


def test_maps_must_fit():
    with pytest.raises(ValueError, match="kernel must fit into the padded image"):
        Corners(5)(np.zeros((1, 4, 4, 1)))
