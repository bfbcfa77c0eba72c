"""Find a learning rate with a range test.

Smith, "Cyclical learning rates for training neural networks", 2015, arXiv:1506.01186, section 3.3;
with a learning rate that grows exponentially, as fastai has it.
"""

import contextlib
import math
from dataclasses import dataclass

import keras
import numpy as np
from scipy.ndimage import gaussian_filter1d

from cnnkit._checks import as_generator, check_model, check_positive
from cnnkit._keras import other_optimizer

_BLOWN_UP = 4  # times the loss at the beginning


@dataclass(frozen=True, eq=False)
class LrRangeTest:
    """What `lr_finder` measured.

    Attributes:
        learning_rates: Array of float64 of shape `(n,)`, growing: those of the steps made.
        losses: Array of float64 of shape `(n,)`, the loss of the mini-batch of each step before
            the step.
        smoothed: The losses, each averaged with those beside it; `(n,)`.
        suggestion: The learning rate at which `smoothed` falls fastest per factor of learning rate,
            a float; NaN if it never falls.
    """

    learning_rates: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray
    suggestion: float

    def __repr__(self):
        low, high = self.learning_rates[[0, -1]]
        return (
            f"{len(self.losses)} steps from learning rate {low:.2g} to {high:.2g}: "
            f"smoothed loss from {self.smoothed[0]:.4g}, at least {self.smoothed.min():.4g}; "
            f"suggestion {self.suggestion:.2g}"
        )


def lr_finder(
    model: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    *,
    batch_size: int = 32,
    low: float = 1e-6,
    high: float = 1.0,
    n_steps: int = 100,
    seed: int | np.random.Generator | None = None,
) -> LrRangeTest:
    """Train for a few steps with a learning rate that grows, and watch the loss.

    Where it is too small the loss stays as it is, then it falls, and where it is too large the loss
    grows again, so the test ends when it is 4 times that of the beginning, or not finite. The
    suggestion is where it falls fastest: the learning rate is then as large as it can be with some
    distance to the edge.

    Args:
        model: A compiled `keras.Model`. Afterwards its weights, seed generators and metrics have
            the values they had, to the bit, and its optimiser is untouched: another one of its
            kind, as new, makes the steps.
        x, y: Arrays of shape `(n, …)`, images and labels as `model.fit` takes them.
        batch_size: Number of images of a step.
        low, high: First and last learning rate.
        n_steps: Number of steps, at least 10.
        seed: For the order of the images: None for another one at each call, an integer for the
            same, or a `numpy.random.Generator`.

    Returns:
        An `LrRangeTest`.

    Raises:
        ValueError: If the loss is not finite within the first tenth of the steps.
    """
    x, y = np.asarray(x), np.asarray(y)
    _check(model, x, y, batch_size, low, high, n_steps)
    rates = np.geomspace(low, high, n_steps)
    batches = _batches(len(x), min(batch_size, len(x)), as_generator(seed))
    with _borrowed(model, x[:1]):
        losses = _train(model, x, y, batches, rates)
    rates = rates[: len(losses)]
    # A mean over both sides, unlike a running one, does not lag behind.
    smoothed = gaussian_filter1d(losses, sigma=0.03 * n_steps, mode="nearest")
    slopes = np.gradient(smoothed, np.log(rates))
    suggestion = rates[slopes.argmin()] if slopes.min() < 0 else math.nan
    return LrRangeTest(rates, losses, smoothed, float(suggestion))


def _train(model, x, y, batches, rates):
    """The loss of each step, until it blows up."""
    n_first = len(rates) // 10
    losses, bound = [], math.inf
    for rate, chosen in zip(rates, batches, strict=False):  # the batches have no end
        model.optimizer.learning_rate = rate
        model.reset_metrics()  # else the loss of Keras 3.13 is a mean over all steps
        loss = model.train_on_batch(x[chosen], y[chosen], return_dict=True)["loss"]
        if not math.isfinite(loss):
            break
        losses.append(float(loss))
        if len(losses) == n_first:
            first = np.mean(losses)
            bound = first + (_BLOWN_UP - 1) * abs(first)  # a loss may be negative
        if loss > bound:
            break
    if len(losses) < max(n_first, 2):
        raise ValueError(
            "`low` must be so small that the loss stays finite for a tenth of the steps. "
            f"Received: low={rates[0]}, and a loss of {loss} at step {len(losses) + 1}"
        )
    return np.array(losses)


def _batches(n, batch_size, rng):
    """Indices, without end; all batches have the same size, so that Keras traces one step only."""
    while True:
        order = rng.permutation(n)
        for start in range(0, n - batch_size + 1, batch_size):
            yield order[start : start + batch_size]


@contextlib.contextmanager
def _borrowed(model, x):
    """Give the model another optimiser of its kind, and take back all that training changes."""
    if not model.built:
        model(x)
    variables = model.variables + model.metrics_variables
    values = [keras.ops.convert_to_numpy(variable) for variable in variables]
    try:
        with other_optimizer(model, _copy(model.optimizer)):
            yield
    finally:
        model.reset_metrics()  # of those that the training made
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)


def _copy(optimizer):
    """Another one, as new; a number in place of a schedule, which cannot be changed."""
    config = optimizer.get_config()
    if "learning_rate" in config:
        config["learning_rate"] = 0.0
    return type(optimizer).from_config(config)


def _check(model, x, y, batch_size, low, high, n_steps):
    check_model(model)
    if not model.compiled or model.optimizer is None:
        raise ValueError(f"`model` must be compiled. Received: {model.name!r}, not compiled")
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y) or len(x) == 0:
        raise ValueError(
            "`x` and `y` must hold the same number of images and labels. "
            f"Received: x of shape {x.shape}, y of shape {y.shape}"
        )
    check_positive(batch_size, "batch_size")
    if not 0 < low < high < math.inf:
        raise ValueError(
            f"`low` and `high` must be 0 < low < high. Received: low={low}, high={high}"
        )
    if n_steps < 10:
        raise ValueError(f"`n_steps` must be at least 10. Received: n_steps={n_steps}")
