import numpy as np
import pytest

from cnnkit.viz import plot_attributions

SIGNALS = np.random.default_rng(0).normal(size=(2, 20, 3))
MAPS = np.zeros((2, 20))
MAPS[0, 4:7], MAPS[1] = 1, np.linspace(-2, 1, 20)


def test_curves_over_the_colors_of_a_map():
    panels = plot_attributions(SIGNALS, {"Grad-CAM": MAPS, "occlusion": MAPS}, titles=["a", "b"])
    assert panels.axes.shape == (2, 2)
    for row, signal, values in zip(panels.axes, SIGNALS, MAPS, strict=True):
        for axis in row:
            lines = [line for line in axis.lines if line.get_gid() == "signal"]
            assert np.array_equal([line.get_ydata() for line in lines], signal.T)
            (drawn,) = [image for image in axis.images if image.get_gid() == "map"]
            assert np.array_equal(np.asarray(drawn.get_array()), values[None])
            assert drawn.get_extent()[:2] == [-0.5, 19.5] and drawn.cmap.name == "RdBu_r"
    assert [row[0].get_ylabel() for row in panels.axes] == ["a", "b"]
    text = panels.figure.alt_text
    assert "2 signals of 20 steps" in text and "strong on 15 % of the steps, between step 4" in text


def test_signals_that_do_not_fit():
    with pytest.raises(ValueError, match="`images` must have the shape .batch, steps, channels"):
        plot_attributions(SIGNALS[0], MAPS)
    with pytest.raises(ValueError, match="`maps` must have one map for each of the 2 signals"):
        plot_attributions(SIGNALS, MAPS[:, :9])
