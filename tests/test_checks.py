import keras
import numpy as np
import pytest

from cnnkit import _checks


def test_numbers_get_one_dtype():
    whole, small = _checks.as_numbers(whole=[1, 2], small=np.float32([1]))
    assert whole.dtype == small.dtype == np.float64
    (pixels,) = _checks.as_numbers(pixels=np.uint8([255]))
    assert pixels.dtype == np.int64
    halves = _checks.as_numbers(a=np.float16([1]), b=np.uint8([255]), c=np.array([True]))
    assert {array.dtype for array in halves} == {np.dtype("float16")}


@pytest.mark.parametrize("array", ["text", [None], 1j])
def test_what_is_no_number(array):
    with pytest.raises(TypeError, match="`pixels` must hold integers or floats. Received: pixels"):
        _checks.as_numbers(kernel=[1], pixels=array)


def test_axes():
    _checks.check_axes(np.zeros((2, 3)), "image", ("height", "width"))
    words = r"`image` must have the shape \(height, width\). Received: image of shape \(2,\)"
    with pytest.raises(ValueError, match=words):
        _checks.check_axes(np.zeros(2), "image", ("height", "width"))


def test_gradient():
    _checks.check_gradient(np.zeros((2, 3)), (2, 3), "the maps")
    with pytest.raises(ValueError, match=r"shape of the maps, \(3, 2\). Received.*\(2, 3\)"):
        _checks.check_gradient(np.zeros((2, 3)), (3, 2), "the maps")


def test_kernel_size():
    _checks.check_kernel_size((1, 3), "kernel")
    with pytest.raises(ValueError, match=r"`kernel` must have at least one.*of size \(3, 0\)"):
        _checks.check_kernel_size((3, 0), "kernel")


@pytest.mark.parametrize("value", [0, -1, 1.0, "1", None, True])
def test_what_is_not_positive(value):
    _checks.check_positive(1, "groups")
    _checks.check_positive(np.int64(2), "groups")
    with pytest.raises(ValueError, match=f"`groups` must be a positive.*: groups={value!r}"):
        _checks.check_positive(value, "groups")


def test_pairs():
    assert _checks.as_pair(2, "strides") == (2, 2)
    assert _checks.as_pair([1, 2], "strides") == (1, 2)
    for value in (np.uint8(2), (np.int8(2), np.uint8(2))):
        pair = _checks.as_pair(value, "strides")
        assert pair == (2, 2) and {type(n) for n in pair} == {int}, "small integers overflow"


NO_PAIRS = [
    0,
    (1, 0),
    (1,),
    (1, 2, 3),
    1.5,
    (1, 1.5),
    "12",
    None,
    True,
    (1, True),
    np.array([1, 2]),
]


@pytest.mark.parametrize("value", NO_PAIRS)
def test_what_is_no_pair(value):
    with pytest.raises(ValueError, match="`strides` must be a positive integer or a pair") as error:
        _checks.as_pair(value, "strides")
    assert str(error.value).endswith(f"Received: strides={value!r}")


@pytest.mark.parametrize("value", [(0, 1), [0.0, 1.0], np.array([0, 1]), np.float32([0, 1])])
def test_ascending_pairs(value):
    pair = _checks.ascending_pair(value, "value_range")
    assert pair == (0.0, 1.0) and {type(n) for n in pair} == {float}


@pytest.mark.parametrize(
    "value",
    [
        (1, 0),
        (1, 1),
        (0, 1, 2),
        (0,),
        (0, float("inf")),
        (float("nan"), 1),
        "01",
        ("0", "1"),
        (0, None),
        np.zeros((2, 2)),
        1,
        None,
    ],
)
def test_what_is_no_ascending_pair(value):
    words = "`value_range` must be two finite numbers .* Received: value_range="
    with pytest.raises(ValueError, match=words):
        _checks.ascending_pair(value, "value_range")


def test_what_is_negative():
    _checks.check_not_negative(0, "noise")
    for value in (-0.1, float("nan")):
        with pytest.raises(ValueError, match=f"`noise` must not be negative. .*: noise={value}"):
            _checks.check_not_negative(value, "noise")


def test_models():
    model = keras.Sequential([keras.layers.Dense(2)], name="two")
    _checks.check_model(model)
    for wrong in ("m", keras.layers.Dense(2)):
        with pytest.raises(TypeError, match="`model` must be a Keras model. Received: model="):
            _checks.check_model(wrong)
    with pytest.raises(ValueError, match="`model` must be built: .*Received: 'two'"):
        _checks.check_built(model)
    model.build((None, 3))
    _checks.check_built(model)


def test_finite():
    _checks.check_finite(np.zeros(2), "heat")
    with pytest.raises(ValueError, match="`heat` must hold finite .* 1 NaN and 2 infinite values"):
        _checks.check_finite(np.array([np.nan, np.inf, -np.inf]), "heat")


def test_seeds():
    assert _checks.as_integer_seed(7) == 7
    assert _checks.as_integer_seed(None) != _checks.as_integer_seed(None), "one of 2**32"
    generator = np.random.default_rng(0)
    first, second = (_checks.as_integer_seed(generator) for _ in range(2))
    assert first == _checks.as_integer_seed(np.random.default_rng(0)) and first != second
    numbers = [_checks.as_generator(s).random() for s in (7, np.uint8(7), np.random.default_rng(7))]
    assert len(set(numbers)) == 1
    assert _checks.as_generator(None).random() != _checks.as_generator(None).random()
    assert _checks.as_generator(generator) is generator, "which is drawn from"
    assert type(_checks.as_integer_seed(np.uint8(7))) is int
    _checks.check_integer_seed(0)


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True, False, np.True_, [1, 2]])
def test_what_is_no_seed(seed):
    for as_seed in (_checks.as_generator, _checks.as_integer_seed):
        with pytest.raises(ValueError, match="`seed` must be None, an integer of at") as error:
            as_seed(seed)
        assert str(error.value).endswith(f"Received: seed={seed!r}")


@pytest.mark.parametrize("seed", [2**32, -1, 1.5, None, True, np.random.default_rng(0)])
def test_seeds_that_others_do_not_take(seed):
    _checks.check_integer_seed(2**32 - 1)
    with pytest.raises(ValueError, match=r"`seed` must be an integer of 0..2\*\*32-1. Received: "):
        _checks.check_integer_seed(seed)
    if seed == 2**32:
        assert _checks.as_generator(seed).random() == np.random.default_rng(seed).random()
        with pytest.raises(ValueError, match=r"of 0..2\*\*32-1. Received: seed=4294967296"):
            _checks.as_integer_seed(seed)


def test_a_warning_points_to_the_line_of_the_user():
    with pytest.warns(UserWarning, match="^careful$") as caught:
        _checks.warn("careful")
    assert caught[0].filename == __file__
