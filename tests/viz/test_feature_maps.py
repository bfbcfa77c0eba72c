import keras
import numpy as np
import pytest

from cnnkit import explain, models, viz


def titles(panels):
    return [axis.get_title() for axis in panels]


@pytest.mark.parametrize("n, columns", [(1, 1), (3, 3), (8, 8), (17, 8), (33, 16), (128, 16)])
def test_every_channel_is_drawn_once(n, columns):
    maps = np.random.default_rng(n).uniform(0, 5, (1, 4, 6, n)).astype(np.float32)
    panels = viz.plot_feature_maps(maps)
    assert panels.axes.shape == (-(-n // columns), columns)
    name = "channel {}" if n <= 32 else "{}"
    assert titles(panels) == [name.format(i) for i in range(n)]
    for i, axis in enumerate(panels):
        assert (axis.images[0].get_array() == maps[0, ..., i]).all()
        assert axis.images[0].get_clim() == (0, maps.max())
    assert sum(bool(axis.images) for axis in panels.axes.flat) == n


def test_signed_maps_and_columns():
    panels = viz.plot_feature_maps(np.array([[[-2.0, 1.0, 0.5]]]), n_cols=2)
    assert panels.axes.shape == (2, 2)
    assert {axis.images[0].get_clim() for axis in panels} == {(-2, 2)}


def test_three_positive_channels_are_maps_and_no_colors():
    panels = viz.plot_feature_maps(np.ones((4, 4, 3)))
    assert titles(panels) == ["channel 0", "channel 1", "channel 2"]


def test_what_explain_returns():
    model = models.small_cnn((16, 12, 3))
    image = np.random.default_rng(0).uniform(0, 255, (1, 16, 12, 3)).astype(np.float32)
    maps = explain.feature_maps(model, image)
    panels = viz.plot_feature_maps(maps)
    assert len(panels.values) == maps.shape[-1]
    for i, axis in enumerate(panels):
        assert (axis.images[0].get_array() == maps[0, ..., i]).all()


@pytest.mark.parametrize(
    "maps, words",
    [
        (np.zeros((4, 4, 129)), r"At most 128 .*`plot_feature_maps\(maps\[..., :64\]\)`"),
        (np.zeros((2, 4, 4, 3)), r"`maps\[:1\]`. Received: maps of shape \(2, 4, 4, 3\)"),
        (np.zeros((4, 4)), r"`maps` must be .*ndarray of shape \(4, 4\)"),
        (np.full((2, 2, 2), np.nan), "8 NaN"),
        (keras.Sequential(), r"`maps` must be an array.*Received: Sequential of shape \(\)"),
    ],
)
def test_bad_input(maps, words):
    with pytest.raises(ValueError, match=words):
        viz.plot_feature_maps(maps)


def test_in_words():
    maps = np.zeros((1, 3, 4, 2), np.float32)
    maps[0, 1, 2, 1] = 6
    assert viz.plot_feature_maps(maps).figure.alt_text == (
        "Feature maps of an image: 2 maps of 3 rows by 4 columns, values from 0 to 6; on average "
        "channel 1 is strongest, mean absolute value 0.5; 1 of them 0 everywhere."
    )
    assert viz.plot_feature_maps(maps[..., 1:]).figure.alt_text == (
        "Feature maps of an image: 1 map of 3 rows by 4 columns, values from 0 to 6."
    )
