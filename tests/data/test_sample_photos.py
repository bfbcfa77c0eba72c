import socket

import numpy as np
import pytest

from cnnkit import data


@pytest.mark.parametrize("name", data.photo_names())
def test_every_photo_loads_without_network(name, monkeypatch):
    monkeypatch.setattr(socket, "socket", None)
    photo = data.load_photo(name)
    assert photo.dtype == np.uint8
    assert photo.ndim == 2 or photo.shape[2:] == (3,)
    assert photo.std() > 5


def test_there_are_21():
    assert len(data.photo_names()) == len(set(data.photo_names())) == 21
    assert "eagle" not in data.photo_names()


def test_a_wrong_name_lists_the_right_ones():
    with pytest.raises(ValueError, match="one of astronaut, brick.*text. Received: name='lena'"):
        data.load_photo("lena")
