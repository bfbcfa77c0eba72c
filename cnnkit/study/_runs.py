"""Repeat a training over variants and seeds, to tell an effect from luck.

One run says little: with another seed the same recipe gives another result, often by more than two
recipes differ (Bouthillier et al., "Accounting for variance in machine learning benchmarks", 2021,
arXiv:2103.03098).
"""

import contextlib
import csv
import gc
import io
import math
import os
import random
import re
import sys
from html import escape
from numbers import Integral
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from scipy import stats
from tqdm import tqdm

_COLUMNS = ["variant", "seed", "metric", "value", "settings"]


class Study:
    """The results of the runs of a study: a tidy table, one number a row.

    A run, which is one variant with one seed, has diverged if any of its metrics is NaN or
    infinite, or if `train` broke off because of such a number. Then none of its metrics counts: an
    accuracy may look harmless beside a loss of NaN.

    Args:
        rows: List of `(variant, seed, metric, value)`: str, int, str, float. A run that broke off
            has one row, with the metric "" and NaN.
        settings: Dictionary from variant to the text of its settings.

    Attributes:
        rows, settings: As given.
        variants, metrics: Their names, each once, in the order of the rows.
        diverged: List of `(variant, seed)`.
    """

    def __init__(self, rows, settings):
        self.rows, self.settings = list(rows), dict(settings)
        self.variants = list(dict.fromkeys(row[0] for row in self.rows))
        self.metrics = list(dict.fromkeys(row[2] for row in self.rows if row[2]))
        bad = [(variant, seed) for variant, seed, _, value in self.rows if not math.isfinite(value)]
        self.diverged = list(dict.fromkeys(bad))

    @classmethod
    def load(cls, path):
        """Read the file that `run_study` wrote.

        Where the last line was cut off, the last run is dropped, as it may lack metrics.

        Args:
            path: The CSV file.

        Returns:
            A `Study` of all that the file holds.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is none of `run_study`.
        """
        text = Path(path).read_text(encoding="utf-8")
        records = list(csv.reader(io.StringIO(text, newline="")))
        if records and not text.endswith("\n"):
            records.pop()
            records = [record for record in records if record[:2] != records[-1][:2]]
        try:
            if records[:1] not in ([], [_COLUMNS]):
                raise ValueError("its first line is another")
            rows = [(r[0], int(r[1]), r[2], float(r[3])) for r in records[1:]]
            return cls(rows, {record[0]: record[4] for record in records[1:]})
        except (ValueError, IndexError) as error:
            raise ValueError(
                f"`path` must be a file that `run_study` wrote ({error}). Received: path={path!r}"
            ) from error

    def values(self, variant, metric):
        """Look up a metric of each run of a variant.

        Args:
            variant, metric: Names.

        Returns:
            Array of float64 of shape `(seeds,)`, in the order of the rows. NaN where the run
            diverged or has no such metric.

        Raises:
            ValueError: If there is no such variant or metric.
        """
        _check_name(variant, "variant", self.variants)
        _check_name(metric, "metric", self.metrics)
        found = {row[1]: math.nan for row in self.rows if row[0] == variant}
        for name, seed, known, value in self.rows:
            if (name, known) == (variant, metric) and (name, seed) not in self.diverged:
                found[seed] = value
        return np.array(list(found.values()))

    def mean(self, variant, metric):
        """Average a metric over the seeds that did not diverge.

        Args:
            variant, metric: Names.

        Returns:
            A float; NaN if every run diverged.

        Raises:
            ValueError: If there is no such variant or metric.
        """
        values = self._finite_values(variant, metric)
        return float(values.mean()) if len(values) else math.nan

    def interval(self, variant, metric):
        """Bound the mean that very many seeds would give: the 95 % interval of Student's t.

        It is `mean ± t * deviation / sqrt(n)` over the n seeds that did not diverge ("The probable
        error of a mean", Biometrika 6, 1908), and holds where the values are about normal.

        Args:
            variant, metric: Names.

        Returns:
            `(low, high)`, two floats; both NaN if fewer than two seeds are left.

        Raises:
            ValueError: If there is no such variant or metric.
        """
        values = self._finite_values(variant, metric)
        if len(values) < 2:
            return math.nan, math.nan
        half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
        return float(values.mean() - half), float(values.mean() + half)

    def _finite_values(self, variant, metric):
        values = self.values(variant, metric)
        return values[np.isfinite(values)]

    def _lines(self):
        """The texts of the table: the heads, then a list for each variant."""
        lines = [["variant", "runs", "diverged", *self.metrics]]
        for variant in self.variants:
            n_runs = len({row[1] for row in self.rows if row[0] == variant})
            n_diverged = sum(name == variant for name, _ in self.diverged)
            cells = [self._cell(variant, metric) for metric in self.metrics]
            lines.append([variant, str(n_runs), str(n_diverged), *cells])
        return lines

    def _cell(self, variant, metric):
        low, high = self.interval(variant, metric)
        interval = "" if math.isnan(low) else f" [{low:.3g}, {high:.3g}]"
        return f"{self.mean(variant, metric):.3g}{interval}"

    def __repr__(self):
        lines = self._lines()
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        texts = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
        return "\n".join([*texts, "mean [95 % interval of the mean]"])

    def _repr_html_(self):
        head, *body = [[escape(text) for text in line] for line in self._lines()]
        head = "".join(f"<th>{text}</th>" for text in head)
        body = "".join(f"<tr><td>{'</td><td>'.join(line)}</td></tr>" for line in body)
        return (
            "<table><caption>mean [95 % interval of the mean]</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )


def run_study(build, train, variants, seeds, path=None):
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
            `{metric: number}`. Apart from its training the model must stay as it is.
        variants: Dictionary from the name of a variant, a str, to its settings, a dictionary.
        seeds: Different integers of 0..2**32-1. `keras.utils.set_random_seed` gets each one before
            `build`; afterwards the global random generators stay where the last run left them.
        path: CSV file to which each run is added when it ends. Runs that it holds already are not
            repeated, and what else it holds stays. By default nothing is written.

    Returns:
        A `Study` of the variants and seeds that were asked for, in that order.

    Raises:
        TypeError: If an argument or what a function returns has a wrong type.
        ValueError: If there are no variants or seeds, a seed is there twice, a model is not
            compiled or not new, or the file holds other settings of a variant.
        Exception: What `build` or `train` raise, with a note that names the variant and the seed.
            Only if its message tells of NaN or infinity, the run counts as diverged instead.
    """
    _check_variants(variants)
    seeds = _check_seeds(seeds)
    study = Study([], {}) if path is None or not Path(path).exists() else Study.load(path)
    texts = {name: _settings_text(settings) for name, settings in variants.items()}
    _check_settings(study.settings, texts, path)
    wanted = [(name, seed) for name in variants for seed in seeds]
    done = {row[:2] for row in study.rows}
    missing = [run for run in wanted if run not in done]
    bar_options = dict(total=len(wanted), initial=len(wanted) - len(missing), unit="run")
    recipe = None
    with _quick_collection(), tqdm(desc="study", file=sys.stdout, **bar_options) as bar:
        for name, seed in missing:
            bar.set_postfix_str(f"{name}, seed {seed}")
            if recipe is None or recipe.name != name:
                recipe = _Recipe(name, build, train, variants[name])
            rows = [(name, seed, *result) for result in recipe.run(seed, bar.write).items()]
            study = Study(study.rows + rows, study.settings | {name: texts[name]})
            if path is not None:
                _write(study, Path(path))
            bar.update()
            gc.collect()  # Keras models hold themselves in cycles; many would fill the memory
    return _select(study, wanted)


class _Recipe:
    """One variant. Its first model is the only one that Keras traces."""

    def __init__(self, name, build, train, settings):
        self.name, self.build, self.train, self.settings = name, build, train, settings
        self.model = self.optimizer = None

    def run(self, seed, write):
        """The metrics of one run, or `{"": nan}` if it broke off because of NaN."""
        try:
            self._prepare(seed)
            state = random.getstate()
            try:
                metrics = _check_metrics(self.train(self.model, **self.settings))
            except (ArithmeticError, ValueError, tf.errors.InvalidArgumentError) as error:
                if not _tells_of_nan(error):
                    raise
                reason = str(error).partition("\n")[0]
                write(f"{self.name}, seed {seed} diverged: {type(error).__name__}: {reason}")
                metrics, self.model = {"": math.nan}, None  # Keras keeps parts of a broken `fit`
        except Exception as error:
            error.add_note(f"This was variant {self.name!r} with seed {seed}.")
            raise
        if self.model is not None and not self._can_be_reused(state):
            self.model = None
        return metrics

    def _prepare(self, seed):
        """Put a model into `self.model` that is as new."""
        if self.model is not None and not _renew(self.model, self._make(seed)):
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

    def _can_be_reused(self, state):
        """Whether all that the traced model uses is copied from a new one.

        Tracing that draws random numbers puts them into the traced function. A `train_step` of the
        user's may have optimisers of its own.
        """
        compiled_again = self.model.optimizer is not self.optimizer
        own_step = type(self.model).train_step is not keras.Model.train_step
        return not compiled_again and not own_step and random.getstate() == state


def _renew(model, new):
    """Copy all variables of a new model; False if they are others, by number, shape or dtype."""
    if not new.built:
        new.build_from_config(model.get_build_config())
    new.optimizer.build(new.trainable_variables)
    variables = model.variables + model.optimizer.variables
    new_variables = new.variables + new.optimizer.variables
    if [*map(_kind, variables)] != [*map(_kind, new_variables)]:
        return False
    for variable, new_variable in zip(variables, new_variables, strict=True):
        variable.assign(new_variable)
    return True


def _kind(variable):
    return variable.shape, variable.dtype, variable.trainable


def _check_is_new(new, model):
    trained = {id(variable) for variable in model.trainable_variables}
    shared = [v.path for v in new.trainable_variables if id(v) in trained]
    if shared or new.optimizer is model.optimizer:
        what = shared[0] if shared else "the optimiser"
        raise ValueError(
            "`build` must make new layers and a new optimiser at each call, or one run goes on "
            f"where the one before ended. Received twice: {what}"
        )


def _tells_of_nan(error):
    """NumPy raises a FloatingPointError for such a number only, whatever the message."""
    names = re.search(r"\b(nan|inf|infinity|infinite)\b", str(error), re.IGNORECASE)
    return isinstance(error, FloatingPointError) or names is not None


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
        if not isinstance(seed, Integral) or not 0 <= seed < 2**32:
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


def _check_name(name, kind, known):
    if name not in known:
        raise ValueError(
            f"`{kind}` must be one of {', '.join(known) or 'none'}. Received: {kind}={name!r}"
        )


def _select(study, runs):
    """The part of a study with these runs, in this order."""
    rows = [row for run in runs for row in study.rows if row[:2] == run]
    return Study(rows, {name: study.settings[name] for name, _ in runs})


def _write(study, path):
    """Replace the file at once: an interruption leaves the old one or the new one."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows([*row, study.settings[row[0]]] for row in study.rows)
    temporary.replace(path)


@contextlib.contextmanager
def _quick_collection():
    """Within it `gc.collect` passes over the objects there are: TensorFlow alone has a million."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
