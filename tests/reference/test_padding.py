import numpy as np
import pytest

from cnnkit.reference._padding import pad, pad_backward


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge"])
def test_the_gradient_of_padding_is_its_transpose(mode):
    rng = np.random.default_rng(0)
    border = [(2, 1), (0, 3)]
    maps = rng.standard_normal((2, 3, 4, 5))
    padded = pad(maps, border, mode)
    gradient = rng.standard_normal(padded.shape)
    back = pad_backward(gradient, border, mode)
    assert back.shape == maps.shape
    assert (back * maps).sum() == pytest.approx((gradient * padded).sum())


def test_reflect_does_not_repeat_the_edge_pixel_and_edge_does():
    row = np.array([[1, 2, 3]])
    assert pad(row, [(0, 0), (2, 1)], "reflect").tolist() == [[3, 2, 1, 2, 3, 2]]
    assert pad(row, [(0, 0), (2, 1)], "edge").tolist() == [[1, 1, 1, 2, 3, 3]]
