import random

import keras
import numpy as np
import pytest
import tensorflow as tf

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


def linear(seed=0, **options):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, use_bias=False)])
    model.compile("sgd", "mse", **options)
    return model


def eager():
    """The same for what no graph changes, as it takes longer to trace than ten steps."""
    return linear(run_eagerly=True)


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


def test_a_fall_after_a_rise_is_no_suggestion():
    """Too large a rate may switch all units off, and the loss comes back to that of a guess."""
    curve = np.interp(range(100), [0, 30, 60, 70, 75, 100], [3, 3, 1, 10, 2.3, 2.3])
    model = linear()
    model.compile("sgd", lambda labels, predictions: labels + 0 * predictions)
    batches = [(X[:4], np.full((4, 1), loss)) for loss in curve]
    result = lr_finder(model, iter(batches))
    np.testing.assert_allclose(result.losses, curve, rtol=1e-5)
    assert 30 <= result.learning_rates.tolist().index(result.suggestion) <= 60


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
    losses, weights = [], []
    for test in (False, True):
        keras.utils.set_random_seed(3)
        model = network("adam")
        if test:
            lr_finder(model, X, Y, n_steps=10)
        losses.append(model.fit(X, Y, epochs=2, verbose=0).history)
        weights.append(model.get_weights())
    assert losses[0] == losses[1]
    assert all(map(np.array_equal, *weights))


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
        lr_finder(eager(), X, Y, n_steps=10, seed=seed).losses
        for seed in (5, np.random.default_rng(5), 6, None, None)
    )
    np.testing.assert_array_equal(one, same)
    assert len({losses.tobytes() for losses in (one, other, third, fourth)}) == 4


def test_a_model_without_an_input_shape():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    assert len(lr_finder(model, X, Y, n_steps=10).losses) == 10
    assert model.built


def test_a_negative_loss():
    model = network(loss=lambda y_true, y_pred: keras.ops.mean(y_pred * 0) - 5.0, run_eagerly=True)
    result = lr_finder(model, X, Y, n_steps=12)
    assert len(result.losses) == 12, "-5 is not above 4 times -5"


def test_a_loss_that_never_falls():
    def climb(y_true, y_pred):
        """The mean, with the gradient upside down."""
        return 2 * keras.ops.stop_gradient(keras.ops.mean(y_pred)) - keras.ops.mean(y_pred)

    model = eager()
    model.compile("sgd", climb, run_eagerly=True)
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
        lr_finder(**dict(model=eager(), x=X, y=Y) | change)


# Datasets, several inputs and outputs, sample weights


def batches(x, y, *weights, batch_size=16):
    return tf.data.Dataset.from_tensor_slices((x, y, *weights)).batch(batch_size)


class Batches(keras.utils.PyDataset):
    """The same as `batches(X, Y)`, and a state that changes at the end of an epoch."""

    n_epochs = 0

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return X[16 * index : 16 * index + 16], Y[16 * index : 16 * index + 16]

    def on_epoch_end(self):
        self.n_epochs += 1


def stochastic_losses(kernel, rates):
    """Gradient descent in NumPy over mini-batches of 16 in their order."""
    losses = []
    for step, rate in enumerate(rates):
        chosen = slice(16 * (step % 4), 16 * (step % 4) + 16)
        error = X[chosen] @ kernel - Y[chosen]
        losses.append(np.mean(error**2))
        kernel = kernel - rate * 2 * X[chosen].T @ error / 16
    return losses


@pytest.mark.parametrize(
    "make",
    [
        lambda: batches(X, Y),
        lambda: batches(X, Y).repeat(),
        Batches,
        lambda: ([X[i % 64 : i % 64 + 16], Y[i % 64 : i % 64 + 16]] for i in range(0, 400, 16)),
    ],
    ids=["finite", "repeated", "PyDataset", "generator"],
)
def test_mini_batches_in_their_order(make):
    model, dataset = linear(), make()
    kernel = model.get_weights()[0]
    result = lr_finder(model, dataset, low=1e-3, high=0.05, n_steps=25)
    expected = stochastic_losses(kernel, result.learning_rates)
    assert len(expected) == 25
    np.testing.assert_allclose(result.losses, expected, rtol=1e-4)
    assert getattr(dataset, "n_epochs", 0) == 0
    np.testing.assert_array_equal(model.get_weights()[0], kernel)


def two_to_two(structure=dict):
    """Two inputs and two outputs; the sum of both losses is that of one network over both."""
    keras.utils.set_random_seed(0)
    inputs = {"left": keras.Input((3,), name="left"), "right": keras.Input((5,), name="right")}
    dense = keras.layers.Dense(1, use_bias=False)
    outputs = dense(keras.layers.Concatenate()([inputs["left"], inputs["right"]]))
    outputs = {"once": outputs, "twice": 2 * outputs}
    if structure is list:
        inputs, outputs = list(inputs.values()), list(outputs.values())
    model = keras.Model(inputs, outputs)
    model.compile("sgd", ["mse", "mse"] if structure is list else {"once": "mse", "twice": "mse"})
    return model


@pytest.mark.parametrize("way", ["dictionaries", "lists", "dataset"])
def test_several_inputs_and_outputs(way):
    model = two_to_two(list if way == "lists" else dict)
    kernel = model.get_weights()[0]
    x, y = {"left": X[:, :3], "right": X[:, 3:]}, {"once": Y, "twice": 2 * Y}
    if way == "lists":
        x, y = list(x.values()), tuple(y.values())
    data = (batches(x, y, batch_size=64),) if way == "dataset" else (x, y)
    options = {} if way == "dataset" else {"batch_size": 64}
    result = lr_finder(model, *data, low=1e-4, high=0.02, n_steps=12, **options)
    expected = reference_losses(kernel, 5 * result.learning_rates)  # 1 + 2**2
    np.testing.assert_allclose(result.losses, np.multiply(5, expected), rtol=1e-4)


@pytest.mark.parametrize("way", ["arrays", "dataset"])
def test_sample_weights(way):
    """Weights of 0 take examples away: the mean over 64 is half of that over the other 32."""
    weights = np.repeat([1.0, 0.0], 32).astype("float32")
    noise = Y + 100 * (1 - weights[:, None])
    model = linear()
    kernel = model.get_weights()[0]
    options = dict(low=1e-3, high=0.05, n_steps=12)
    if way == "arrays":
        result = lr_finder(model, X, noise, sample_weight=weights, batch_size=64, **options)
    else:
        result = lr_finder(model, batches(X, noise, weights, batch_size=64), **options)
    losses = []
    for rate in result.learning_rates:
        error = X[:32] @ kernel - Y[:32]
        losses.append(np.sum(error**2) / 64)
        kernel = kernel - rate * 2 * X[:32].T @ error / 64
    np.testing.assert_allclose(result.losses, losses, rtol=1e-4)


# Optimisers


SCHEDULE = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)


def half():
    return 0.5


@pytest.mark.parametrize(
    "optimizer",
    [
        keras.optimizers.SGD(half, name="whole"),
        keras.optimizers.LossScaleOptimizer(
            keras.optimizers.SGD(0.1, gradient_accumulation_steps=4)
        ),
        keras.optimizers.SGD(SCHEDULE, use_ema=True, gradient_accumulation_steps=4),
    ],
    ids=["function", "scaled, accumulated", "average, accumulated, schedule"],
)
def test_the_rate_replaces_that_of_every_optimizer(optimizer):
    """Four mini-batches of 16, accumulated, make a step with all 64 examples."""
    model = linear()
    kernel = model.get_weights()[0]
    model.compile(optimizer, "mse")
    model.fit(X, Y, verbose=0)
    model.set_weights([kernel])
    config, before = optimizer.get_config(), state(model)
    dataset = batches(X, Y, batch_size=64 if optimizer.name == "whole" else 16)
    result = lr_finder(model, dataset, low=1e-3, high=0.05, n_steps=12)
    expected = reference_losses(kernel, result.learning_rates)
    np.testing.assert_allclose(result.losses, expected, rtol=1e-4)
    assert model.optimizer is optimizer and optimizer.get_config() == config
    for now, then in zip(state(model), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_mixed_precision_with_a_schedule():
    keras.utils.set_random_seed(0)
    layers = [keras.Input((8,)), keras.layers.Dense(1, use_bias=False, dtype="mixed_float16")]
    model = keras.Sequential(layers)
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(SCHEDULE))
    model.compile(optimizer, "mse")
    kernel = model.get_weights()[0]
    result = lr_finder(model, X, Y, batch_size=64, low=1e-3, high=0.05, n_steps=12)
    expected = reference_losses(kernel, result.learning_rates)
    np.testing.assert_allclose(result.losses, expected, rtol=0.02)  # float16 has 11 bits
    assert optimizer.inner_optimizer._learning_rate is SCHEDULE


class Interrupted(Batches):
    def __getitem__(self, index):
        if index == 2:
            raise KeyboardInterrupt
        return super().__getitem__(index)


def test_the_model_is_as_before_after_an_interruption():
    model = network(keras.optimizers.Adam(SCHEDULE), run_eagerly=True)
    model.fit(X, Y, verbose=0)
    optimizer, before = model.optimizer, state(model)
    with pytest.raises(KeyboardInterrupt):
        lr_finder(model, Interrupted())
    for now, then in zip(state(model), before, strict=True):
        np.testing.assert_array_equal(now, then)
    assert model.optimizer is optimizer and optimizer._learning_rate is SCHEDULE


def test_the_global_seeds_are_as_before():
    class Noise(keras.layers.Layer):
        def call(self, inputs):
            return inputs + keras.random.normal(keras.ops.shape(inputs))

    class Shuffled(Batches):
        def __getitem__(self, index):
            random.random()
            return super().__getitem__(np.random.randint(4))  # noqa: NPY002

    def draws(test):
        keras.utils.set_random_seed(5)
        model = keras.Sequential([keras.Input((8,)), Noise(), keras.layers.Dense(1)])
        model.compile("sgd", "mse", run_eagerly=True)
        if test:
            lr_finder(model, Shuffled(), n_steps=10)
        numpy_draw = np.random.random()  # noqa: NPY002
        return random.random(), numpy_draw, float(keras.random.uniform(()))

    assert draws(False) == draws(True)


@pytest.mark.parametrize(
    "change, words",
    [
        (dict(x=batches(X, Y).unbatch()), r"must give mini-batches, .* x of shape \(8,\), y of"),
        (dict(x=batches(X, X).unbatch()), r"mini-batches, .* x of shape \(8,\), y of shape \(8,\)"),
        (dict(x=batches(X, Y).take(0)), "for each step, .* which ended after 0 mini-batches"),
        (dict(x=(b for b in [(X, Y)] * 3)), "for each step, .* which ended after 3 mini-batches"),
        (dict(x=batches(X, Y), y=Y), "`y` must be left out .* Received: y of type ndarray"),
        (dict(x=batches(X, Y), seed=0), "`seed` must be left out where `x` gives mini-batches"),
        (dict(x=batches(X, Y), batch_size=8), "`batch_size` must be left out"),
        (dict(x=X), "`y` must be given, as 'sequential.* is compiled with a loss"),
        (dict(x=[X, X[:3]], y=Y), r"x of shapes \(64, 8\), \(3, 8\), y of shape \(64, 1\)"),
        (dict(x=X, y=Y, sample_weight=Y[:3, 0]), r"sample_weight of shape \(3,\)"),
    ],
)
def test_bad_data(change, words):
    with pytest.raises(ValueError, match=words):
        lr_finder(eager(), **change)


@pytest.mark.skipif(
    not hasattr(keras.optimizers, "MultiOptimizer"), reason="Keras 3.13 has no such optimiser"
)
def test_an_optimizer_with_several_rates():
    model = linear()
    rates = keras.optimizers.OptimizerMap(keras.optimizers.SGD(0.1))
    model.compile(keras.optimizers.MultiOptimizer(rates), "mse")
    with pytest.raises(ValueError, match="one learning rate. Received: .* a MultiOptimizer"):
        lr_finder(model, X, Y)


def test_a_model_that_is_frozen():
    model = linear()
    model.trainable = False
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="must have weights that are trained. Received: 'sequ"):
        lr_finder(model, X, Y)


def test_a_model_that_reports_no_loss():
    class Own(keras.Sequential):
        def train_step(self, data):
            return {"gain": keras.ops.sum(data[0])}

    model = Own([keras.Input((8,)), keras.layers.Dense(1)])
    model.compile("sgd")
    with pytest.raises(ValueError, match="must report its `loss` .* which reports gain"):
        lr_finder(model, X, Y)


@pytest.mark.parametrize("labelled", [True, False])
def test_a_step_of_ones_own_gets_what_fit_gives_it(labelled):
    """Pairs where there are no weights, and images alone where there are no labels."""

    class Own(keras.Sequential):
        def train_step(self, data):
            x, y = data if labelled else (data, data[:, :1])
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((self(x) - y) ** 2)
            weights = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, weights), weights)
            return {"loss": loss}

    model = Own([keras.Input((8,)), keras.layers.Dense(1, use_bias=False)])
    model.compile("sgd")
    kernel = model.get_weights()[0]
    result = lr_finder(model, X, Y if labelled else None, batch_size=99, low=1e-4, n_steps=10)
    error = X @ kernel - (Y if labelled else X[:, :1])
    np.testing.assert_allclose(result.losses[0], np.mean(error**2), rtol=1e-4)
    np.testing.assert_array_equal(model.get_weights()[0], kernel)
