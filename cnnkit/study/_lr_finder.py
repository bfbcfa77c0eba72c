"""Find a learning rate with a range test.

Smith, "Cyclical learning rates for training neural networks", 2015, arXiv:1506.01186, section 3.3;
with a learning rate that grows exponentially, as fastai has it.
"""

import contextlib
import itertools
import math
import operator
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from scipy.ndimage import gaussian_filter1d

from cnnkit._checks import as_generator, check_model, check_positive
from cnnkit._keras import kept_global_seed, other_optimizer, train_as_fit_does

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
            on the way to its lowest value, a float; NaN if it never falls.

    Example:

    >>> import keras
    >>> from cnnkit import data, models, study, viz
    >>> pets, labels = data.draw_pets(64, seed=0, image_size=32)
    >>> model = models.small_cnn((32, 32, 3), n_classes=2)
    >>> model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    >>> result = study.lr_finder(model, pets, labels, n_steps=20, seed=0)
    >>> axes = viz.plot_lr_finder(result)
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
    x: Any,
    y: Any = None,
    *,
    sample_weight: Any = None,
    batch_size: int | None = None,
    low: float = 1e-6,
    high: float = 1.0,
    n_steps: int = 100,
    seed: int | np.random.Generator | None = None,
) -> LrRangeTest:
    """Train for a few steps with a learning rate that grows, and watch the loss.

    Where it is too small the loss stays as it is, then it falls, and where it is too large the loss
    grows again, so the test ends when it is 4 times that of the beginning, or not finite. The
    suggestion is where it falls fastest before it is lowest: the learning rate is then as large as
    it can be with some distance to the edge.

    An optimiser with `gradient_accumulation_steps` makes each step from so many mini-batches, at
    one learning rate; the loss of the step is their mean.

    Args:
        model: A compiled `keras.Model`. Afterwards its weights, seed generators and metrics have
            the values they had, to the bit, and its optimiser is untouched, with its schedule if it
            has one: another one of its kind, as new and without a schedule, makes the steps. So it
            is if the test ends with an error or is interrupted, too. The seeds of Python, NumPy and
            Keras are as before; random operations of TensorFlow that have no seed go on.
        x: Array of shape `(n, …)`, or a list or dictionary of such arrays for a model with several
            inputs, as `model.fit` takes them. Or mini-batches as `fit` takes them, `(x, y)` or
            `(x, y, sample_weight)` each: a `tf.data.Dataset`, a `keras.utils.PyDataset`, a
            generator. They are read in their order, and anew where they end before the test. A
            `tf.data.Dataset` that shuffles goes on to its next order; from a generator the
            mini-batches are gone.
        y: Array of shape `(n, …)`, or a list or dictionary of them for several outputs. None with
            mini-batches, which hold the labels.
        sample_weight: Array of shape `(n,)`, or a list or dictionary of them. None with
            mini-batches.
        batch_size: Number of images of a step; None stands for 32, and for that of the
            mini-batches.
        low, high: First and last learning rate.
        n_steps: Number of steps, at least 10.
        seed: For the order of the images: None for another one at each call, an integer for the
            same, or a `numpy.random.Generator`. None with mini-batches, which have an order.

    Returns:
        An `LrRangeTest`.

    Raises:
        ValueError: If the loss is not finite within the first tenth of the steps, if mini-batches
            are single images or end for good before the test, or if the optimiser has several
            learning rates, as `keras.optimizers.MultiOptimizer`.

    Example:

    >>> import keras
    >>> from cnnkit import data, models, study
    >>> pets, labels = data.draw_pets(64, seed=0, image_size=32)
    >>> model = models.small_cnn((32, 32, 3), n_classes=2)
    >>> model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    >>> result = study.lr_finder(model, pets, labels, batch_size=16, n_steps=30, seed=0)
    >>> rate = result.suggestion  # NaN if the loss never falls
    """
    _check(model, low, high, n_steps)
    if _is_dataset(x):
        _check_alone(y=y, sample_weight=sample_weight, batch_size=batch_size, seed=seed)
        batches = _batches_of(x)
        with _kept_seeds():
            first = next(batches)
        _check_batch(model, *first)
        _check_labels(model, first[1])
        batches = itertools.chain([first], batches)
        example = first[0]
    else:
        data = tuple(_as_arrays(part) for part in (x, y, sample_weight))
        n = _check_arrays(*data)
        _check_labels(model, y)
        batch_size = 32 if batch_size is None else batch_size
        check_positive(batch_size, "batch_size")
        batches = (_take(data, i) for i in _indices(n, min(batch_size, n), as_generator(seed)))
        example = _take(data[0], slice(1))
    rates = np.geomspace(low, high, n_steps)
    with _borrowed(model, example):
        losses = _train(model, batches, rates)
    rates = rates[: len(losses)]
    # A mean over both sides, unlike a running one, does not lag behind.
    smoothed = gaussian_filter1d(losses, sigma=0.03 * n_steps, mode="nearest")
    # Up to the lowest value: after it has blown up, a loss may fall back to that of a guess.
    slopes = np.gradient(smoothed, np.log(rates))[: smoothed.argmin() + 1]
    suggestion = rates[slopes.argmin()] if slopes.min() < 0 else math.nan
    return LrRangeTest(rates, losses, smoothed, float(suggestion))


def _train(model, batches, rates):
    """The loss of each step, until it blows up."""
    n_first = len(rates) // 10
    n_batches = _innermost(model.optimizer).gradient_accumulation_steps or 1
    losses, bound = [], math.inf
    for rate in rates:
        model.optimizer.learning_rate = rate
        loss = np.mean([_train_on(model, next(batches)) for _ in range(n_batches)])
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


def _train_on(model, batch):
    model.reset_metrics()  # else the loss of Keras 3.13 is a mean over all steps
    if _has_own_step(model) and keras.backend.backend() == "tensorflow":
        logs = train_as_fit_does(model, batch)
    else:
        logs = model.train_on_batch(*batch, return_dict=True)
    if "loss" not in logs:
        raise ValueError(
            f"`model` must report its `loss` in training. Received: {model.name!r}, which reports "
            f"{', '.join(logs) or 'nothing'}"
        )
    return float(logs["loss"])


def _has_own_step(model):
    return not type(model).train_step.__module__.startswith("keras.")


def _is_dataset(x):
    """Whether `x` gives mini-batches. Arrays, tensors and frames have a shape."""
    if isinstance(x, keras.utils.PyDataset):
        return True
    is_data = hasattr(x, "shape") or isinstance(x, str) or keras.tree.is_nested(x)
    return isinstance(x, Iterable) and not is_data


def _batches_of(dataset):
    """Triples `(x, y, sample_weight)`, without end where the dataset can be read again."""
    n_read = 0
    while True:
        n_before = n_read
        for batch in _once(dataset):
            n_read += 1
            yield _triple(batch)
        if n_read == n_before:
            raise ValueError(
                "`x` must give a mini-batch for each step, or be a dataset that can be read "
                f"again. Received: x={dataset!r}, which ended after {n_read} mini-batches"
            )


def _once(dataset):
    if isinstance(dataset, keras.utils.PyDataset):
        # By index, as its own threads and the end of an epoch would change its state.
        n = dataset.num_batches
        return (dataset[i] for i in (itertools.count() if n is None else range(n)))
    return dataset


def _triple(batch):
    def convert(leaf):
        # Ragged and sparse tensors stay as they are; other backends know none of TensorFlow's.
        keep = hasattr(leaf, "shape") and keras.backend.backend() == "tensorflow"
        return leaf if leaf is None or keep else np.asarray(leaf)

    return keras.utils.unpack_x_y_sample_weight(keras.tree.map_structure(convert, batch))


def _as_arrays(data):
    """Each leaf of `data` as an array; lists of plain numbers are one."""
    if data is None or all(np.ndim(leaf) == 0 for leaf in keras.tree.flatten(data)):
        return None if data is None else np.asarray(data)
    return keras.tree.map_structure(np.asarray, data)


def _take(data, chosen):
    return keras.tree.map_structure(lambda a: None if a is None else a[chosen], data)


def _indices(n, batch_size, rng):
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
        with _kept_seeds(), other_optimizer(model, _copy(model.optimizer)):
            yield
    finally:
        model.reset_metrics()  # of those that the training made
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)


@contextlib.contextmanager
def _kept_seeds():
    """Afterwards the global seeds are as before, whatever the model or the data drew."""
    state = random.getstate()
    numpy_state = np.random.get_state()  # noqa: NPY002 (what users' data may draw from)
    try:
        with kept_global_seed():
            yield
    finally:
        random.setstate(state)
        np.random.set_state(numpy_state)  # noqa: NPY002


def _copy(optimizer):
    """Another one, as new; a number in place of a schedule, which cannot be changed."""
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        scale = optimizer.dynamic_scale if optimizer.built else optimizer.initial_scale
        inner = _copy(optimizer.inner_optimizer)
        return type(optimizer)(inner, float(scale), optimizer.dynamic_growth_steps)
    config = optimizer.get_config()
    if "learning_rate" in config:
        config["learning_rate"] = 0.0
    copy = type(optimizer).from_config(config)
    try:
        copy.learning_rate = 0.0
    except AttributeError as error:
        raise ValueError(
            "`model` must be compiled with an optimiser that has one learning rate. "
            f"Received: {optimizer.name!r}, a {type(optimizer).__name__}: {error}"
        ) from error
    return copy


def _innermost(optimizer):
    return getattr(optimizer, "inner_optimizer", optimizer)


def _check(model, low, high, n_steps):
    check_model(model)
    if not model.compiled or model.optimizer is None:
        raise ValueError(f"`model` must be compiled. Received: {model.name!r}, not compiled")
    if model.built and not model.trainable_variables:
        raise ValueError(
            f"`model` must have weights that are trained. Received: {model.name!r}, all of which "
            "are frozen"
        )
    if not 0 < low < high < math.inf:
        raise ValueError(
            f"`low` and `high` must be 0 < low < high. Received: low={low}, high={high}"
        )
    if n_steps < 10:
        raise ValueError(f"`n_steps` must be at least 10. Received: n_steps={n_steps}")


def _check_alone(**arguments):
    """Raise a ValueError for what mini-batches hold themselves."""
    given = {name: value for name, value in arguments.items() if value is not None}
    for name, value in given.items():
        raise ValueError(
            f"`{name}` must be left out where `x` gives mini-batches, which have their own. "
            f"Received: {name} of type {type(value).__name__}"
        )


def _check_arrays(x, y, sample_weight):
    """The number of images; a ValueError if it is not that of all arrays."""
    sizes = {leaf.shape[:1] for leaf in _leaves([x, y, sample_weight])}
    if len(sizes) != 1 or sizes & {(), (0,)}:
        raise ValueError(
            "`x` and `y` must hold the same number of images and labels, and `sample_weight` so "
            "many weights; a list or dictionary of arrays stands for several inputs or outputs. "
            f"Received: {_shapes(x, y, sample_weight)}"
        )
    return sizes.pop()[0]


def _check_batch(model, x, y, sample_weight):
    """Raise a ValueError unless what a dataset gives is a mini-batch, not a single image."""
    sizes = {tuple(leaf.shape[:1]) for leaf in _leaves([x, y, sample_weight])}
    ranks = sorted(len(leaf.shape) for leaf in _leaves(x))
    # Keras adds a missing last axis of 1 itself.
    shapes = [tensor.shape for tensor in (model.inputs if model.built else None) or []]
    least = sorted(len(shape) - (shape[-1:] == (1,)) for shape in shapes)
    has_axis = len(ranks) != len(least) or all(map(operator.ge, ranks, least))
    if len(sizes) != 1 or () in sizes or not has_axis:
        raise ValueError(
            "`x` must give mini-batches, as `dataset.batch(32)` makes them: arrays whose first "
            f"axis are the images. Received: a dataset that gives {_shapes(x, y, sample_weight)}"
        )


def _check_labels(model, y):
    if y is None and model.loss is not None and not _has_own_step(model):
        raise ValueError(
            f"`y` must be given, as {model.name!r} is compiled with a loss. Received: y=None"
        )


def _leaves(data):
    return [leaf for leaf in keras.tree.flatten(data) if leaf is not None]


def _shapes(x, y, sample_weight):
    parts = {"x": x, "y": y, "sample_weight": sample_weight}
    return ", ".join(f"{name} of {_shape(part)}" for name, part in parts.items() if _leaves(part))


def _shape(data):
    if not keras.tree.is_nested(data):
        return f"shape {tuple(data.shape)}"
    shapes = [str(tuple(leaf.shape)) for leaf in _leaves(data)]
    return f"shapes {', '.join(shapes[:4])}{', …' if len(shapes) > 4 else ''}"
