import random

import keras
import numpy as np
import pytest

from cnnkit.study import lr_finder

RNG = np.random.default_rng(0)
X = RNG.standard_normal((64, 8)).astype("float32")
Y = X @ RNG.standard_normal((8, 1)).astype("float32")


def network(optimizer="sgd", loss="mse", **options):
    layers = [keras.layers.BatchNormalization(), keras.layers.Dropout(0.1), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((8,)), *layers])
    model.compile(optimizer, loss, metrics=["mae"], **options)
    return model


def state(model):
    variables = model.variables + model.metrics_variables + model.optimizer.variables
    return [np.array(variable) for variable in variables] + [random.getstate()[1]]


def linear(seed=0):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, use_bias=False)])
    model.compile("sgd", "mse")
    return model


def reference_losses(kernel, rates):
    """Gradient descent in NumPy over all examples, with a mean squared error."""
    losses = []
    for rate in rates:
        error = X @ kernel - Y
        losses.append(np.mean(error**2))
        kernel = kernel - rate * 2 * X.T @ error / len(X)
    return losses


@pytest.mark.parametrize("seed, low, high, n_steps", [(0, 1e-4, 0.3, 25), (1, 1e-5, 0.1, 13)])
def test_losses_of_gradient_descent(seed, low, high, n_steps):
    model = linear(seed)
    kernel = model.get_weights()[0]
    result = lr_finder(model, X, Y, batch_size=99, low=low, high=high, n_steps=n_steps)
    np.testing.assert_allclose(result.learning_rates, np.geomspace(low, high, n_steps))
    expected = reference_losses(kernel, result.learning_rates)
    np.testing.assert_allclose(result.losses, expected, rtol=1e-4)
    assert result.learning_rates.dtype == result.losses.dtype == result.smoothed.dtype == np.float64


def test_the_suggestion_trains_well():
    """Far more than a hundredth of it, and without blowing up."""
    result = lr_finder(linear(), X, Y, high=100, seed=0)
    falls = -np.gradient(result.smoothed, np.log(result.learning_rates))
    assert result.suggestion == result.learning_rates[falls.argmax()]
    kernel = linear().get_weights()[0]
    first, *_, good = reference_losses(kernel, [result.suggestion] * 30)
    assert good < 0.2 * first
    assert reference_losses(kernel, [result.suggestion / 100] * 30)[-1] > 0.5 * first
    stable = 1 / np.linalg.eigvalsh(X.T @ X / len(X)).max()  # above it, gradient descent grows
    assert stable / 30 < result.suggestion < stable


def test_it_stops_where_the_loss_blows_up():
    result = lr_finder(linear(), X, Y, high=100, seed=0)
    assert len(result.losses) < 100 and result.learning_rates[-1] < 100
    beginning = result.losses[:10].mean()
    assert result.losses[-1] > 4 * beginning and result.losses[:-1].max() <= 4 * beginning
    assert len(result.smoothed) == len(result.losses) == len(result.learning_rates)
    assert f"suggestion {result.suggestion:.2g}" in repr(result)
    assert "steps from learning rate 1e-06 to" in repr(result)


def test_smoothing_keeps_the_place():
    result = lr_finder(linear(), X, Y, batch_size=4, high=0.01, seed=0)
    noise = np.abs(np.diff(result.losses)).mean()
    assert np.abs(np.diff(result.smoothed)).mean() < 0.5 * noise
    assert result.losses.min() <= result.smoothed.min() < result.smoothed.max()


@pytest.mark.parametrize("warm", [False, True])
def test_the_model_is_as_before(warm):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    model = network(keras.optimizers.Adam(schedule if warm else 0.01))
    if warm:
        model.fit(X, Y, verbose=0)
    optimizer, function, before = model.optimizer, model.train_function, state(model)
    lr_finder(model, X, Y, n_steps=10)
    if warm:
        for now, then in zip(state(model), before, strict=True):
            np.testing.assert_array_equal(now, then)
    else:  # of the metrics that Keras made meanwhile
        for now, then in zip(model.variables, before, strict=False):
            np.testing.assert_array_equal(now, then)
        assert not any(np.any(np.array(v)) for v in model.metrics_variables)
    assert model.optimizer is optimizer and model.train_function is function
    assert model.optimizer.built == warm


def test_training_goes_on_as_if_nothing_had_been():
    losses = []
    for test in (False, True):
        keras.utils.set_random_seed(3)
        model = network("adam")
        if test:
            lr_finder(model, X, Y, n_steps=10)
        model.fit(X, Y, epochs=2, verbose=0)
        losses.append(model.evaluate(X, Y, verbose=0))
    assert losses[0] == losses[1]


def test_the_model_is_as_before_after_an_error():
    def broken(y_true, y_pred):
        raise KeyError("my loss")

    model = network(loss=broken)
    optimizer, before = model.optimizer, [np.array(v) for v in model.variables]
    with pytest.raises(KeyError, match="my loss"):
        lr_finder(model, X, Y)
    for now, then in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(now, then)
    assert model.optimizer is optimizer


def test_the_order_of_the_images():
    one, same, other, third, fourth = (
        lr_finder(linear(), X, Y, n_steps=10, seed=seed).losses
        for seed in (5, np.random.default_rng(5), 6, None, None)
    )
    np.testing.assert_array_equal(one, same)
    assert len({losses.tobytes() for losses in (one, other, third, fourth)}) == 4


def test_a_model_without_an_input_shape():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert len(lr_finder(model, X, Y, n_steps=10).losses) == 10
    assert model.built


def test_a_negative_loss():
    model = network(loss=lambda y_true, y_pred: keras.ops.mean(y_pred * 0) - 5.0)
    result = lr_finder(model, X, Y, n_steps=12)
    assert len(result.losses) == 12, "-5 is not above 4 times -5"


def test_a_loss_that_never_falls():
    def climb(y_true, y_pred):
        """The mean, with the gradient upside down."""
        return 2 * keras.ops.stop_gradient(keras.ops.mean(y_pred)) - keras.ops.mean(y_pred)

    model = linear()
    model.compile("sgd", climb)
    result = lr_finder(model, X, Y, batch_size=64, low=1e-3, n_steps=10)
    assert (np.diff(result.losses) > 0).all() and np.isnan(result.suggestion)


@pytest.mark.parametrize(
    "change, error, words",
    [
        (dict(model="cnn"), TypeError, "`model` must be a Keras model. Received: model='cnn'"),
        (dict(model=keras.Sequential(name="n")), ValueError, "must be compiled. Received: 'n'"),
        (dict(y=Y[:3]), ValueError, r"`x` and `y` must hold .* x of shape \(64, 8\), y of"),
        (dict(x=X[:0], y=Y[:0]), ValueError, r"`x` and `y` must hold"),
        (dict(batch_size=0), ValueError, "`batch_size` must be a positive .* batch_size=0"),
        (dict(low=0), ValueError, "`low` and `high` must be 0 < low < high. Received: low=0"),
        (dict(low=1, high=0.1), ValueError, "Received: low=1, high=0.1"),
        (dict(seed=-1), ValueError, "`seed` must be None, .* Received: seed=-1"),
        (dict(n_steps=9), ValueError, "`n_steps` must be at least 10. Received: n_steps=9"),
        (dict(x=X * np.nan), ValueError, "`low` must be so small .* low=1e-06, .* nan at step 1"),
    ],
)
def test_bad_input(change, error, words):
    with pytest.raises(error, match=words):
        lr_finder(**dict(model=linear(), x=X, y=Y) | change)
