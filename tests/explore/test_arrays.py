import base64

import numpy as np
import pytest

from cnnkit.explore._arrays import as_text, in_bytes


def values_of(text):
    return np.frombuffer(base64.b64decode(text["data"]), text["dtype"]).reshape(text["shape"])


@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_comes_back(order):
    array = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32, order=order)
    text = as_text(array)
    assert text["dtype"] == "float32"
    np.testing.assert_array_equal(values_of(text), array)


def test_bytes_stand_for_values_to_half_a_step():
    array = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    text = in_bytes(array)
    back = text["low"] + values_of(text) * ((text["high"] - text["low"]) / 255)
    step = (array.max() - array.min()) / 255
    assert np.abs(back - array).max() <= 0.501 * step
    assert text["dtype"] == "uint8"


def test_equal_values_in_bytes():
    text = in_bytes(np.full((2, 2), 3.0, np.float32))
    assert (text["low"], text["high"]) == (3, 3)
    assert not values_of(text).any()
