"""Repeat a training over variants and seeds, to tell an effect from luck.

One run says little: with another seed the same recipe gives another result, often by more than two
recipes differ (Bouthillier et al., "Accounting for variance in machine learning benchmarks", 2021,
arXiv:2103.03098).
"""

import contextlib
import gc
import math
import os
import random
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from cnnkit._checks import is_integer
from cnnkit.study._csv_file import write_study
from cnnkit.study._results import Study


def run_study(
    build: Callable[..., keras.Model],
    train: Callable[..., dict[str, Any]],
    variants: dict[str, dict[str, Any]],
    seeds: Iterable[int],
    path: str | os.PathLike | None = None,
) -> Study:
    """Train every variant with every seed, with a progress bar.

    Keras traces a model at its first step, which takes as long as a small training. So the first
    model of a variant serves all its seeds: for each seed `build` makes a new one, and its weights,
    optimiser and random generators are copied into the model that has been traced. The results are
    those of new models, to the bit. Where this cannot be (`train` compiles or freezes layers, the
    model has a `train_step` of its own, or it draws random numbers without a seed generator) the
    new models themselves are trained, which is slower.

    Args:
        build: Function that is called as `build(**settings)` and returns a compiled `keras.Model`.
            Layers and optimiser must be new at each call, and but for the random numbers the same
            for the same settings.
        train: Function that is called as `train(model, **settings)`, trains, evaluates and returns
            `{metric: number}`. Apart from its training the model must stay as it is. A run has
            diverged if one of these numbers is NaN or infinite (so return the loss, too: of NaN, an
            accuracy is a number like another), or if `train` raises an ArithmeticError, such as
            FloatingPointError.
        variants: Dictionary from the name of a variant, a str, to its settings, a dictionary.
        seeds: Different integers of 0..2**32-1. `keras.utils.set_random_seed` gets each one before
            `build`; afterwards the global random generators stay where the last run left them.
        path: CSV file to which each run is added when it ends. Runs that it holds already are not
            repeated, and what else it holds stays. By default nothing is written.

    Returns:
        A `Study` of the variants and seeds that were asked for, in that order.

    Raises:
        ValueError: If a model is not new, or the file holds other settings of a variant.
        Exception: What `build` or `train` raise, with a note that names the variant and the seed.

    Example:

    >>> import keras
    >>> from cnnkit import data, study
    >>> digits, labels = data.load_digits()
    >>> digits = digits.reshape(-1, 64) / 255
    >>> def build(rate):
    ...     layers = [keras.Input((64,)), keras.layers.Dropout(rate), keras.layers.Dense(10)]
    ...     model = keras.Sequential(layers)
    ...     loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    ...     model.compile("adam", loss, metrics=["accuracy"])
    ...     return model
    ...
    >>> def train(model, rate):
    ...     model.fit(digits[:1000], labels[:1000], verbose=0)
    ...     return {"accuracy": model.evaluate(digits[1000:], labels[1000:], verbose=0)[1]}
    ...
    >>> variants = {"no dropout": {"rate": 0}, "dropout": {"rate": 0.3}}
    >>> results = study.run_study(build, train, variants, seeds=range(2), path="dropout.csv")
    >>> len(results.rows)
    4
    """
    _check_variants(variants)
    seeds = _check_seeds(seeds)
    study = Study([], {}) if path is None or not Path(path).exists() else Study.load(path)
    texts = {name: _settings_text(settings) for name, settings in variants.items()}
    _check_settings(study.settings, texts, path)
    wanted = [(name, seed) for name in variants for seed in seeds]
    done = {row[:2] for row in study.rows}
    missing = [run for run in wanted if run not in done]
    bar_options = dict(
        total=len(wanted), initial=len(wanted) - len(missing), unit="run", leave=False
    )
    current = None
    with _quick_collection() as collect, tqdm(desc="study", file=sys.stdout, **bar_options) as bar:
        for name, seed in missing:
            bar.set_postfix_str(f"{name}, seed {seed}")
            if current is None or current.name != name:
                current = _Variant(name, build, train, variants[name])
            is_new = current.model is None
            rows = [(name, seed, *result) for result in current.run(seed, bar.write).items()]
            study = Study(study.rows + rows, study.settings | {name: texts[name]})
            if path is not None:
                write_study(path, study.rows, study.settings)
            bar.update()
            # Keras models hold themselves in cycles; many would fill the memory.
            collect(and_pass_over=is_new and current.model is not None)
    return _select(study, wanted)


@contextlib.contextmanager
def _without_collection():
    """Building leaves little to collect, and Python would search for it a hundred times."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Variant:
    """One variant. Its first model is the only one that Keras traces."""

    def __init__(self, name, build, train, settings):
        self.name, self.build, self.train, self.settings = name, build, train, settings
        self.model = self.optimizer = None
        self.slots, self.slots_repeat = None, False  # see `_state_of`

    def run(self, seed, write):
        """The metrics of one run, or `{"": nan}` if it broke off with an ArithmeticError."""
        try:
            self._prepare(seed)
            state = random.getstate()
            try:
                metrics = _check_metrics(self.train(self.model, **self.settings))
            except ArithmeticError as error:
                reason = str(error).partition("\n")[0]
                write(f"{self.name}, seed {seed} diverged: {type(error).__name__}: {reason}")
                metrics, self.model = {"": math.nan}, None  # Keras keeps parts of a broken `fit`
        except Exception as error:
            error.add_note(f"This was variant {self.name!r} with seed {seed}.")
            raise
        if self.model is not None and not self._can_be_reused(state):
            self.model = None
        return metrics

    @_without_collection()
    def _prepare(self, seed):
        """Put a model into `self.model` that is as new."""
        if self.model is not None and not self._renew(self._make(seed)):
            self.model = None
        if self.model is None:
            self.model = self._make(seed)
            self.optimizer = self.model.optimizer

    def _make(self, seed):
        keras.utils.set_random_seed(seed)
        model = self.build(**self.settings)
        if not isinstance(model, keras.Model):
            raise TypeError(f"`build` must return a keras.Model. Received: {type(model).__name__}")
        if not model.compiled or model.optimizer is None:
            raise ValueError(
                f"`build` must compile its model, with an optimiser. Received: {model.name!r}"
            )
        if self.model is not None:
            _check_is_new(model, self.model)
        return model

    def _renew(self, new):
        """Copy all variables of a new model; False if they differ in number, shape or dtype."""
        if not new.built:
            new.build_from_config(self.model.get_build_config())
        variables = self.model.variables + self.model.optimizer.variables
        state = self._state_of(new)
        if [*map(_kind, variables)] != [kind for kind, _ in state]:
            return False
        for variable, (_, value) in zip(variables, state, strict=True):
            _assign(variable, value)
        return True

    def _state_of(self, new):
        """Kind and value of each variable of a new model and its optimiser, slots included.

        Slots are what an optimiser makes at its first step. They take as long to make as a model,
        and mostly begin with the same numbers: once they did so for two models, whose weights
        differ, they are not made again.
        """
        variables = new.variables + new.optimizer.variables
        if self.slots_repeat:
            return _kinds_and_values(variables) + self.slots
        new.optimizer.build(new.trainable_variables)
        with_slots = new.variables + new.optimizer.variables
        slots_are_last = all(a is b for a, b in zip(variables, with_slots, strict=False))
        state = _kinds_and_values(with_slots)
        slots = state[len(variables) :]
        if slots_are_last and self.slots is not None:
            self.slots_repeat = _are_the_same(self.slots, slots)
        self.slots = slots
        return state

    def _can_be_reused(self, state):
        """Whether all that the traced model uses is copied from a new one.

        Tracing that draws random numbers puts them into the traced function. A `train_step` of the
        user's may have optimisers of its own.
        """
        compiled_again = self.model.optimizer is not self.optimizer
        own_step = type(self.model).train_step is not keras.Model.train_step
        return not compiled_again and not own_step and random.getstate() == state


def _are_the_same(slots, others):
    """Whether two lists of slots are of the same kinds and values."""
    if [kind for kind, _ in slots] != [kind for kind, _ in others]:
        return False
    as_arrays = keras.ops.convert_to_numpy
    pairs = zip(slots, others, strict=True)
    return all(np.array_equal(as_arrays(a), as_arrays(b)) for (_, a), (_, b) in pairs)


def _kinds_and_values(variables):
    return [(_kind(variable), _value(variable)) for variable in variables]


def _kind(variable):
    return variable.shape, variable.dtype, variable.trainable


# A new seed empties TensorFlow's cache of operations, and each is made again for each shape. So
# reading and assigning take one operation each, the second of which building has made already.
def _value(variable):
    """What a variable holds now, as a tensor that stays as it is."""
    if keras.backend.backend() != "tensorflow":
        return variable.value
    import tensorflow as tf

    handle, dtype = variable.value.handle, variable.value.dtype
    return tf.raw_ops.ReadVariableOp(resource=handle, dtype=dtype)


def _assign(variable, value):
    if keras.backend.backend() != "tensorflow":
        variable.assign(value)
        return
    import tensorflow as tf

    tf.raw_ops.AssignVariableOp(resource=variable.value.handle, value=value)


def _check_is_new(new, model):
    trained = {id(variable) for variable in model.trainable_variables}
    shared = [v.path for v in new.trainable_variables if id(v) in trained]
    if shared or new.optimizer is model.optimizer:
        what = shared[0] if shared else "the optimiser"
        raise ValueError(
            "`build` must make new layers and a new optimiser at each call, or one run goes on "
            f"where the one before ended. Received twice: {what}"
        )


def _check_metrics(metrics):
    """What `train` returned, as floats."""
    if not isinstance(metrics, dict) or not metrics:
        raise TypeError(
            '`train` must return a dictionary from metric to number, as in `{"accuracy": 0.9}`. '
            f"Received: {metrics!r}"
        )
    for name, value in metrics.items():
        if not isinstance(name, str) or not name or np.ndim(value) or isinstance(value, str):
            raise TypeError(
                f"`train` must return a number by name. Received: {{{name!r}: {value!r}}}"
            )
    return {name: float(value) for name, value in metrics.items()}


def _check_variants(variants):
    if not isinstance(variants, dict) or not all(isinstance(v, dict) for v in variants.values()):
        raise TypeError(
            "`variants` must be a dictionary from name to settings, as in "
            f'`{{"small steps": {{"learning_rate": 0.01}}}}`. Received: variants={variants!r}'
        )
    if not variants or not all(isinstance(name, str) and name for name in variants):
        raise ValueError(
            f"`variants` must hold at least one, each with a name. Received: variants={variants!r}"
        )


def _check_seeds(seeds):
    seeds = list(seeds)
    for seed in seeds:
        if not is_integer(seed) or not 0 <= seed < 2**32:
            raise ValueError(f"`seeds` must be integers of 0..2**32-1. Received: {seed!r}")
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(f"`seeds` must be different, at least one. Received: seeds={seeds!r}")
    return [int(seed) for seed in seeds]


def _check_settings(stored, texts, path):
    for name, text in texts.items():
        if stored.get(name, text) != text:
            raise ValueError(
                f"`variants[{name!r}]` must have the settings with which the runs in `path` were "
                f"made, {stored[name]}; give new settings a new name, or a new file. "
                f"Received: {text}, path={str(path)!r}"
            )


def _settings_text(settings):
    """The settings by name, without addresses in memory, which are others in each session."""
    text = ", ".join(f"{name}={settings[name]!r}" for name in sorted(settings))
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)


def _select(study, runs):
    """The part of a study with these runs, in this order."""
    rows = [row for run in runs for row in study.rows if row[:2] == run]
    return Study(rows, {name: study.settings[name] for name, _ in runs})


@contextlib.contextmanager
def _quick_collection():
    """Collecting memory without the objects there are, of which TensorFlow alone has a million.

    Yields:
        A function. With `and_pass_over=True` it passes over what there is now as well, such as the
        traced model of a variant, until it gets that the next time.
    """
    has_more = False

    def collect(and_pass_over):
        nonlocal has_more
        if and_pass_over and has_more:
            gc.unfreeze()
        gc.collect()
        if and_pass_over:
            gc.freeze()
            has_more = True

    gc.freeze()
    try:
        yield collect
    finally:
        gc.unfreeze()
