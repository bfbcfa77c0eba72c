import functools
import warnings
from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from attribution_check import AttributionCheck
from explained_models import close, images, plain, reader_of_digits
from keras import layers

from cnnkit.explain import completeness_error, integrated_gradients

FEW_STEPS = pytest.mark.filterwarnings("ignore:Integrated gradients miss")


@FEW_STEPS
class TestIntegratedGradients(AttributionCheck):
    @pytest.fixture
    def explain(self):
        return partial(integrated_gradients, n_steps=3)


@functools.cache
def linear():
    """An affine function of the pixels, (8, 9, 2), to two logits."""
    keras.utils.set_random_seed(5)
    parts = [layers.Flatten(), layers.Dense(2, bias_initializer="ones")]
    return keras.Sequential([keras.Input((8, 9, 2)), *parts])


def slopes(k):
    """The gradient of one of its logits, which is the same for all images."""
    return linear().get_weights()[0][:, k].reshape(8, 9, 2)


@pytest.mark.parametrize("baseline", [0.0, 100, "image", "images"])
@pytest.mark.parametrize("n_steps", [1, 4, 33])
def test_integrated_gradients_of_an_affine_function(baseline, n_steps):
    """Each pixel's part is its weight times its difference, for any number of steps."""
    x = images(3, (8, 9, 2))
    if isinstance(baseline, str):
        baseline = images(3, (8, 9, 2), seed=1)[0 if baseline == "image" else slice(None)]
    expected = ((x - baseline) * [slopes(k) for k in (1, 0, 1)]).sum(axis=-1)
    found = integrated_gradients(linear(), x, target=[1, 0, 1], n_steps=n_steps, baseline=baseline)
    close(found, expected.astype(np.float32))


def test_middles_of_steps_are_exact_for_squares():
    """The ends of steps are not."""
    x = images(2, (8, 9, 2)) / 100
    square = lambda y: keras.ops.square(y[:, 0])  # noqa: E731
    found = integrated_gradients(linear(), x, target=square, n_steps=2)
    scores = np.asarray(linear()(x))[:, 0] ** 2 - np.asarray(linear()(0 * x))[:, 0] ** 2
    assert np.abs(found.sum(axis=(1, 2)) - scores).max() < 1e-4 * np.abs(scores).max()


def error_by_hand(maps, model, x, baseline, targets):
    """How far the sums of the maps are from the differences of the scores, in all, relatively."""
    logits = keras.Sequential(model.layers[:-1])
    dense = model.layers[-1]

    def scores(x):
        z = np.asarray(logits(x)) @ dense.kernel.numpy() + dense.bias.numpy()
        return z[np.arange(len(x)), targets]

    expected = scores(x) - scores(np.zeros_like(x) + baseline)
    return np.abs(maps.sum(axis=(1, 2)) - expected).sum() / np.abs(expected).sum()


@FEW_STEPS
@pytest.mark.parametrize("baseline", [0.0, 127.0])
def test_integrated_gradients_add_up_to_the_score(baseline):
    model, x, y = reader_of_digits()
    assert np.mean(np.argmax(model(x), axis=1) == y) > 0.85
    x = x[:40]
    errors = [
        error_by_hand(
            integrated_gradients(model, x, target=y[:40], n_steps=n, baseline=baseline),
            model,
            x,
            baseline,
            y[:40],
        )
        for n in (4, 32)
    ]
    assert errors[1] < min(0.05, errors[0])


def test_the_check_of_the_sums_can_fail():
    """Gradients at the image alone do not add up."""
    model, x, y = reader_of_digits()
    part = x[:40] * gradient_of_logits(model, x[:40], y[:40])
    assert error_by_hand(part.sum(axis=-1), model, x[:40], 0.0, y[:40]) > 0.1


def gradient_of_logits(model, x, y):
    last = model.layers[-1]
    last.activation = keras.activations.linear
    try:
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            scores = tf.gather(model(x, training=False), y, batch_dims=1)
        return tape.gradient(scores, x).numpy()
    finally:
        last.activation = keras.activations.softmax


def test_black_images():
    model, x, _ = reader_of_digits()
    maps = integrated_gradients(model, 0 * x[:2])
    assert not maps.any() and maps.dtype == np.float32


def quartic(y):
    """Of an affine function: its slope changes fast, and a few steps miss much."""
    return (y[:, 0] / 100) ** 4


def test_the_completeness_error():
    """By the sums on paper: the mean of 4 t^3 at the middles of two steps is 7/8 of 1."""
    x = images(3, (8, 9, 2))
    model = linear()
    model.layers[-1].bias.assign([0, 0])
    with pytest.warns(
        UserWarning, match="miss more than 0.05 .* 3 of 3 images with 2 steps, at mo"
    ):
        maps = integrated_gradients(model, x, target=quartic, n_steps=2)
    options = dict(target=quartic, baseline=0.0)
    assert np.allclose(completeness_error(model, x, maps=maps, **options), 1 / 8, atol=1e-4)
    assert not completeness_error(model, x, maps=maps * 8 / 7, **options).any()
    for factor, error in ((0, 1), (-1, 1 + 7 / 8)):
        found = completeness_error(model, x, maps=factor * maps, **options)
        assert found.dtype == np.float32 and np.allclose(found, error, atol=1e-4)
    assert (completeness_error(model, 0 * x, maps=maps, **options) == np.inf).all()
    assert not completeness_error(model, 0 * x, maps=0 * maps, **options).any()
    model.layers[-1].bias.assign([1, 1])


def test_steps_are_added_until_the_tolerance_is_met():
    """For each image as many as it needs: two thirds of the middles are new, and all count."""
    model, x, y = reader_of_digits()
    x, y, tolerance = x[:12], y[:12], 0.02
    options = dict(target=y, baseline=90.0)
    with warnings.catch_warnings(action="error"):
        found = integrated_gradients(model, x, n_steps=2, tolerance=tolerance, **options)
    assert completeness_error(model, x, maps=found, **options).max() <= tolerance
    expected, rounds = np.zeros_like(found), np.zeros(len(x), int)
    done = rounds > 0
    with warnings.catch_warnings(action="ignore"):
        while not done.all():
            n_steps = 2 * 3 ** rounds.max()
            maps = integrated_gradients(model, x, n_steps=n_steps, **options)
            expected[~done] = maps[~done]
            rounds[~done] += 1
            done |= completeness_error(model, x, maps=maps, **options) <= tolerance
    assert rounds.max() > rounds.min()
    close(found, expected, tolerance=1e-3)


def test_a_tolerance_that_cannot_be_met_is_said():
    """A step function: the gradient is 0 wherever one looks, and the score changes."""
    x = images(2, (8, 9, 2))

    def jump(y):
        return 0 * y[:, 0] + keras.ops.cast(y[:, 1] > 1.0, "float32")

    x *= np.sign(np.asarray(linear()(x))[:, 1] - 1)[:, None, None, None]
    with pytest.warns(
        UserWarning, match=r"miss more than 0.1 .* for 2 of 2 .* images \[0, 1\]: .* in jumps"
    ):
        maps = integrated_gradients(linear(), x, target=jump, tolerance=0.1)
    assert not maps.any()
    with pytest.warns(UserWarning, match="with 3 steps"):  # none are added to more than 1000
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("cnnkit.explain._integrated_gradients._MOST_STEPS", 8)
            integrated_gradients(linear(), x, target=jump, n_steps=3, tolerance=0.1)


def test_without_a_tolerance_what_is_missing_is_said():
    """And nothing where nothing is missing."""
    x = images(2, (8, 9, 2))
    with pytest.warns(
        UserWarning, match=r"at most 0.\d+, for the image .* or a `tolerance` up to"
    ) as found:
        integrated_gradients(linear(), x, target=quartic, n_steps=1)
    assert [warning.filename for warning in found] == [__file__], "the user's line"
    with warnings.catch_warnings(action="error"):
        integrated_gradients(linear(), x, target=0, n_steps=1)


ERRORS = [
    (dict(n_steps=2.5), "`n_steps` must be a positive integer"),
    (dict(tolerance=0.0), "`tolerance` must be None or a positive number. Received: tolerance=0"),
    (dict(tolerance=np.nan), "`tolerance` must be None or a positive number"),
    (dict(tolerance="0.1"), "`tolerance` must be None or a positive number. Received: tol.*'0.1'"),
    (dict(baseline=np.nan), "`baseline` must hold finite values. Received"),
    (
        dict(baseline=np.full((16, 16, 3), -np.inf)),
        "`baseline` must hold finite values. .* 768 inf",
    ),
    (
        dict(baseline=np.zeros(3)),
        r"`baseline` must be a number, or have the shape \(16, 16, 3\) or \(2, 16, 16, 3\). Rec",
    ),
]


@pytest.mark.parametrize("options, error", ERRORS)
def test_wrong_settings(options, error):
    with pytest.raises(ValueError, match=error):
        integrated_gradients(plain(), images(), **options)


@pytest.mark.parametrize(
    "maps, received",
    [(np.zeros((2, 16)), "maps of shape"), (np.full((2, 16, 16), np.inf), "NaN or infinite")],
)
def test_wrong_maps(maps, received):
    error = rf"shape of the images, \(2, 16, 16\).* Received: {received}"
    with pytest.raises(ValueError, match=error):
        completeness_error(plain(), images(), maps=maps)
