import keras
import pytest

from cnnkit.layers._require import require

LARGE, SMALL = (keras.ops.convert_to_tensor(value) for value in (2.5, 0.25))


def test_what_holds_is_no_error():
    require(SMALL < LARGE, "`x` must be small. Received", SMALL, LARGE)


def test_what_does_not_hold_is_an_error_with_the_numbers():
    with pytest.raises(ValueError, match=r"`x` must be small. Received 0.25 to 2.5"):
        require(SMALL > LARGE, "`x` must be small. Received", SMALL, LARGE)
