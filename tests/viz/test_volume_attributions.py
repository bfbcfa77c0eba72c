import numpy as np
import pytest

from cnnkit.viz import plot_attributions

VOLUMES = np.random.default_rng(0).uniform(size=(2, 4, 6, 5, 1)).astype(np.float32)
MAPS = np.zeros((2, 4, 6, 5))
MAPS[0, 2, 1:3, 1:3] = 1


def drawn(axis, gid):
    (found,) = [image for image in axis.images if image.get_gid() == gid]
    return np.asarray(found.get_array())


def test_slices_and_a_row_below_for_each_method():
    panels = plot_attributions(VOLUMES, {"x": MAPS, "y": MAPS}, titles=["a", "b"])
    assert panels.axes.shape == (6, 4)
    for i, rows in enumerate(panels.axes.reshape(2, 3, 4)):
        for k in range(4):
            for row in rows:
                assert np.array_equal(drawn(row[k], "image"), VOLUMES[i, k, ..., 0])
            for row in rows[1:]:
                assert np.array_equal(drawn(row[k], "map"), MAPS[i, k])
    assert [row[0].get_ylabel() for row in panels.axes] == ["a", "x", "y", "b", "x", "y"]
    text = panels.figure.alt_text
    assert "Volume 0: x strong on 3 % of it, in slice 2, most in slice 2" in text
    assert "Volume 1: x 0 everywhere" in text


def test_volumes_that_do_not_fit():
    with pytest.raises(ValueError, match="`images` must have the shape .batch, depth, height, wid"):
        plot_attributions(VOLUMES[0], MAPS)
    with pytest.raises(ValueError, match="At most 16 slices can be drawn side by side"):
        plot_attributions(np.repeat(VOLUMES, 5, axis=1), np.repeat(MAPS, 5, axis=1))
