import keras
import numpy as np
import pytest
from augmentation_check import make_images
from layer_check import numbers
from scipy.ndimage import map_coordinates

from cnnkit.layers._resample import FILL_MODES, from_middle, resample

ROW = np.array([1.0, 2, 3], "float32").reshape(1, 1, 3, 1)
SCIPY_MODES = {"reflect": "reflect", "constant": "grid-constant", "nearest": "nearest"}


def resampled(images, rows, columns, fill_mode, fill_value):
    tensors = map(keras.ops.convert_to_tensor, (images, rows, columns))
    return numbers(resample(*tensors, fill_mode, fill_value))


def read(columns, fill_mode):
    """What lies at some columns, counted from the first pixel of `ROW`."""
    columns = np.array(columns, "float32").reshape(1, 1, -1) - 1
    values = resampled(ROW, np.zeros_like(columns), columns, fill_mode, fill_value=9)
    return values.ravel().tolist()


def test_between_pixels():
    for mode in FILL_MODES:
        assert read([0, 0.25, 1.5, 2], mode) == pytest.approx([1, 1.25, 2.5, 3])


def test_outside():
    assert read(range(-3, 6), "reflect") == [3, 2, 1, 1, 2, 3, 3, 2, 1], "the edge is repeated"
    assert read(range(-2, 5), "nearest") == [1, 1, 1, 2, 3, 3, 3]
    assert read(range(-2, 5), "constant") == [9, 9, 1, 2, 3, 9, 9]


@pytest.mark.parametrize("fill_mode", FILL_MODES)
def test_it_is_what_scipy_reads(fill_mode):
    images, rng = make_images((2, 6, 5, 3)), np.random.default_rng(0)
    rows, columns = rng.uniform(-9, 9, (2, 2, 4, 7)).astype("float32")
    values = resampled(images, rows, columns, fill_mode, fill_value=7.0)
    assert values.shape == (2, 4, 7, 3) and values.dtype == np.float32
    for image, channel in np.ndindex(2, 3):
        places = np.stack([rows[image] + 2.5, columns[image] + 2])
        options = dict(order=1, mode=SCIPY_MODES[fill_mode], cval=7.0)
        expected = map_coordinates(images[image, :, :, channel], places, **options)
        np.testing.assert_allclose(values[image, :, :, channel], expected, atol=1e-2)


def test_positions_from_the_middle():
    assert numbers(from_middle(3)).tolist() == [-1, 0, 1]
    assert numbers(from_middle(2)).tolist() == [-0.5, 0.5]
