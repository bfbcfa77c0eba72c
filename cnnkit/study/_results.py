"""The results of a study: a tidy table, and what it says of each variant."""

import math
import os
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from scipy import stats

from cnnkit._tables import ShownAsTable, Table
from cnnkit.study._csv_file import read_study


@dataclass(frozen=True, eq=False, repr=False)
class Study(ShownAsTable):
    """The results of the runs of a study: a tidy table, one number a row.

    A run, which is one variant with one seed, has diverged if any of its metrics is NaN or
    infinite, or if `train` broke off with an ArithmeticError. Then none of its metrics counts: an
    accuracy may look harmless beside a loss of NaN.

    Attributes:
        rows: List of `(variant, seed, metric, value)`. A run that broke off has one row, with the
            metric "" and NaN.
        settings: Dictionary from variant to the text of its settings.
        variants, metrics: Lists of their names, each once, in the order of the rows.
        diverged: List of `(variant, seed)`.

    Example:

    >>> from cnnkit import data, study, viz
    >>> results = study.Study.load(data.stored("transfer.csv"))  # a file that `run_study` wrote
    >>> len(results.values("50 drawn, scratch", "accuracy"))  # one for each seed
    3
    >>> round(results.mean("50 drawn, scratch", "accuracy"), 3)
    0.713
    >>> low, high = results.interval("50 drawn, scratch", "accuracy")
    >>> axes = viz.plot_study(results, "accuracy")
    """

    rows: list[tuple[str, int, str, float]]
    settings: dict[str, str]

    @cached_property
    def variants(self) -> list[str]:
        return list(dict.fromkeys(row[0] for row in self.rows))

    @cached_property
    def metrics(self) -> list[str]:
        return list(dict.fromkeys(row[2] for row in self.rows if row[2]))

    @cached_property
    def diverged(self) -> list[tuple[str, int]]:
        bad = [(variant, seed) for variant, seed, _, value in self.rows if not math.isfinite(value)]
        return list(dict.fromkeys(bad))

    @classmethod
    def load(cls, path: str | os.PathLike) -> Self:
        """Read the file that `run_study` wrote.

        Where the last line was cut off, the last run is dropped, as it may lack metrics.

        Args:
            path: The CSV file.

        Returns:
            A `Study` of all that the file holds.

        Raises:
            ValueError: If the file is none of `run_study`.
        """
        return cls(*read_study(path))

    def values(self, variant: str, metric: str) -> np.ndarray:
        """Look up a metric of each run of a variant.

        Args:
            variant, metric: Names.

        Returns:
            Array of float64 of shape `(seeds,)`, in the order of the rows. NaN where the run
            diverged or has no such metric.
        """
        _check_name(variant, "variant", self.variants)
        _check_name(metric, "metric", self.metrics)
        found = {row[1]: math.nan for row in self.rows if row[0] == variant}
        for name, seed, known, value in self.rows:
            if (name, known) == (variant, metric) and (name, seed) not in self.diverged:
                found[seed] = value
        return np.array(list(found.values()))

    def mean(self, variant: str, metric: str) -> float:
        """Average a metric over the seeds that did not diverge.

        Args:
            variant, metric: Names.

        Returns:
            A float; NaN if every run diverged.
        """
        values = self._finite_values(variant, metric)
        return float(values.mean()) if len(values) else math.nan

    def interval(self, variant: str, metric: str) -> tuple[float, float]:
        """Bound the mean that very many seeds would give: the 95 % interval of Student's t.

        It is `mean ± t * deviation / sqrt(n)` over the n seeds that did not diverge ("The probable
        error of a mean", Biometrika 6, 1908), and holds where the values are about normal.

        Args:
            variant, metric: Names.

        Returns:
            `(low, high)`, two floats; both NaN if fewer than two seeds are left.
        """
        values = self._finite_values(variant, metric)
        if len(values) < 2:
            return math.nan, math.nan
        half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
        return float(values.mean() - half), float(values.mean() + half)

    def _finite_values(self, variant, metric):
        values = self.values(variant, metric)
        return values[np.isfinite(values)]

    def _table(self):
        head = ["variant", "runs", "diverged", *self.metrics]
        rows = [self._cells(variant) for variant in self.variants]
        return Table(head, rows, "mean [95 % interval of the mean]", n_text_columns=len(head))

    def _cells(self, variant):
        n_runs = len({row[1] for row in self.rows if row[0] == variant})
        n_diverged = sum(name == variant for name, _ in self.diverged)
        results = [self._result(variant, metric) for metric in self.metrics]
        return [variant, str(n_runs), str(n_diverged), *results]

    def _result(self, variant, metric):
        low, high = self.interval(variant, metric)
        interval = "" if math.isnan(low) else f" [{low:.3g}, {high:.3g}]"
        return f"{self.mean(variant, metric):.3g}{interval}"


def _check_name(name, kind, known):
    if name not in known:
        raise ValueError(
            f"`{kind}` must be one of {', '.join(known) or 'none'}. Received: {kind}={name!r}"
        )
