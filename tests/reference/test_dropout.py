import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnkit.reference import dropout


class Chances(np.random.Generator):
    """Draws what it is told, so that the same values are dropped as in a layer."""

    def __init__(self, is_kept):
        super().__init__(np.random.PCG64(0))
        self.is_kept = is_kept

    def random(self, shape):
        assert shape == self.is_kept.shape
        return np.where(self.is_kept, 1 - 1e-9, 0)


@settings(max_examples=40, deadline=None)
@given(
    shape=st.lists(st.integers(1, 5), max_size=4),
    rate=st.floats(0.05, 0.95) | st.just(0),  # TensorFlow 2.20 refuses 1
    seed=st.integers(0, 9999),
)
def test_it_is_the_layer_of_keras(shape, rate, seed):
    x = np.random.default_rng(seed).normal(size=shape).astype("float32")
    ones = keras.layers.Dropout(rate, seed=seed)(np.ones(shape, "float32"), training=True)
    expected = keras.layers.Dropout(rate, seed=seed)(x, training=True)
    result = dropout(x, rate, seed=Chances(np.asarray(ones) > 0))
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, atol=1e-5)


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.9])
def test_the_share_is_the_rate_and_the_mean_stays(rate):
    x = np.full((300, 300), 3.0)
    result = dropout(x, rate, seed=0)
    # Three standard deviations of a share of 90 000 draws are at most 0.005.
    assert (result == 0).mean() == pytest.approx(rate, abs=0.005)
    assert result[result != 0] == pytest.approx(3 / (1 - rate))
    assert result.mean() == pytest.approx(3, rel=0.03)
    again = dropout(x, rate, seed=0)
    other = dropout(x, rate, seed=1)
    assert (result == again).all() and (result != other).any()


def test_each_value_is_dropped_on_its_own():
    is_kept = dropout(np.ones((4000, 2, 2)), 0.5, seed=0).reshape(4000, 4) > 0
    correlations = np.corrcoef(is_kept, rowvar=False)[np.triu_indices(4, 1)]
    assert np.abs(correlations).max() < 0.06


def test_a_seed_repeats_and_a_generator_goes_on():
    x = np.ones(100)
    generator = np.random.default_rng(3)
    first, second = dropout(x, 0.5, seed=generator), dropout(x, 0.5, seed=generator)
    assert (first == dropout(x, 0.5, seed=3)).all() and (first != second).any()
    assert (dropout(x, 0.5) != dropout(x, 0.5)).any(), "without a seed each call draws anew"


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_keep_their_dtype(dtype):
    for rate in (0, np.float64(0.5), 1):
        assert dropout(np.ones(3, dtype), rate, seed=0).dtype == dtype


def test_integers_and_the_given_array():
    x = np.arange(100)
    result = dropout(x, 0.5, seed=0)
    assert result.dtype == dropout(x, 1).dtype == np.float64
    assert (dropout(x, 1) == 0).all()
    assert set(result[1:] / x[1:]) == {0, 2} and (x == np.arange(100)).all()


@pytest.mark.parametrize("rate", [-0.1, 1.1, np.nan, 50])
def test_a_wrong_rate_is_named(rate):
    with pytest.raises(ValueError, match=f"`rate` must be in 0..1. Received: rate={rate}"):
        dropout(np.ones(3), rate, seed=0)


def test_what_are_no_numbers():
    with pytest.raises(TypeError, match="`x` must hold integers or floats"):
        dropout(["a"], 0.5, seed=0)


@pytest.mark.parametrize("seed", [-1, 1.5, True, "1"])
def test_wrong_seeds(seed):
    with pytest.raises(ValueError, match=f"`seed` must be None, .* Received: seed={seed!r}"):
        dropout(np.ones(3), 0.5, seed=seed)
    with pytest.raises(ValueError, match="`seed` must be"):
        dropout(np.ones(3), 1, seed=seed)  # where nothing is drawn
