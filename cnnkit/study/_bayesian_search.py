"""Search for good settings with a Gaussian process, which says where the next trial may pay.

Snoek, Larochelle, Adams, "Practical Bayesian optimization of machine learning algorithms", 2012,
arXiv:1206.2944.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from cnnkit._checks import as_generator, is_integer

_LENGTH = 0.3  # how far a trial speaks for its neighbours, as a share of the range
_NOISE = 0.05  # the variance of a trial that is repeated, as a share of that of all trials


@dataclass(frozen=True, eq=False)
class SearchStep:
    """What the search knows before one of its trials, or after the last.

    Attributes:
        tried: Array of int of shape `(k,)`: which candidates were tried, in their order.
        scores: Array of float64 of shape `(k,)`: what they scored.
        mean: Array of float64 of shape `(n,)`: the score that is expected of each candidate.
        std: Array of float64 of shape `(n,)`: the standard deviation of this expectation.
        improvement: Array of float64 of shape `(n,)`: how much a trial of each candidate is
            expected to exceed the best score so far; 0 where one was tried.
        next: Which candidate is tried next, an int: the one with the largest improvement. None
            after the last trial.

    Example:

    >>> import numpy as np
    >>> from cnnkit import study
    >>> rates = np.linspace(-4, -1, 31)
    >>> search = study.bayesian_search(lambda rate: -((rate[0] + 2.5) ** 2), rates, 8, seed=0)
    >>> step = search.steps[0]  # what was known after the three random trials
    >>> step.tried.shape, step.mean.shape
    ((3,), (31,))
    """

    tried: np.ndarray
    scores: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    improvement: np.ndarray
    next: int | None


@dataclass(frozen=True, eq=False)
class BayesianSearch:
    """What `bayesian_search` tried and found.

    Attributes:
        candidates: Array of float64 of shape `(n, d)`: the settings among which it chose.
        tried: Array of int of shape `(n_trials,)`: which of them were tried, in their order.
        scores: Array of float64 of shape `(n_trials,)`: what they scored.
        best: Which of the candidates scored best, an int.
        steps: List of a `SearchStep` for each trial that was not drawn at random, and one more
            with what is known at the end.

    Example:

    >>> import numpy as np
    >>> from cnnkit import study
    >>> rates = np.linspace(-4, -1, 31)  # exponents of learning rates
    >>> search = study.bayesian_search(lambda rate: -((rate[0] + 2.5) ** 2), rates, 8, seed=0)
    >>> search.candidates[search.best].round(1), search.scores.shape
    (array([-2.5]), (8,))
    """

    candidates: np.ndarray
    tried: np.ndarray
    scores: np.ndarray
    best: int
    steps: list[SearchStep]

    def __repr__(self):
        return (
            f"{len(self.tried)} of {len(self.candidates)} candidates tried: "
            f"best score {self.scores.max():.4g}, at {self.candidates[self.best].tolist()}"
        )


def bayesian_search(
    score: Callable[[np.ndarray], float],
    candidates: np.ndarray,
    n_trials: int,
    *,
    n_random: int = 3,
    seed: int | np.random.Generator | None = None,
) -> BayesianSearch:
    """Look for the candidate with the highest score, in few trials.

    The first candidates are drawn at random, spread over the range of each setting. Then a Gaussian
    process is fitted to all scores: at each candidate it says which score it expects, and how sure
    it is. Next comes the candidate with the largest expected improvement on the best score so far.
    None is tried twice.

    Args:
        score: Function that takes a candidate, an array of shape `(d,)`, and returns its score, a
            finite number. High is good.
        candidates: Array of shape `(n, d)`, or `(n,)` for a single setting, with at least two
            different values of each. What acts by factors, such as a learning rate, belongs there
            as its logarithm. Each setting is scaled to its range.
        n_trials: How many candidates are tried, at most n.
        n_random: How many of them are drawn, at least 2.
        seed: Of the draw: None for another one at each call, an integer for the same, or a
            `numpy.random.Generator`.

    Returns:
        A `BayesianSearch`.

    Raises:
        ValueError: If a score is not finite.

    Example:

    >>> import numpy as np
    >>> from cnnkit import study, viz
    >>> rates = np.linspace(-4, -1, 31)  # what acts by factors is searched by its logarithm
    >>> def score(rate):  # in earnest: train with 10 ** rate[0], and return the validation accuracy
    ...     return 0.9 - (rate[0] + 2.5) ** 2 / 10
    ...
    >>> search = study.bayesian_search(score, rates, n_trials=8, seed=0)
    >>> rate = 10 ** search.candidates[search.best][0]
    >>> animation = viz.animate_search(search, xlabel="exponent of the learning rate")
    """
    candidates = _check(candidates, n_trials, n_random)
    low, high = candidates.min(axis=0), candidates.max(axis=0)
    places = (candidates - low) / (high - low)
    tried = _draw(places, n_random, as_generator(seed))
    scores, steps = [_scored(score, candidates[i]) for i in tried], []
    while len(tried) < n_trials:
        step = _step(places, tried, scores)
        steps.append(step)
        tried.append(step.next)
        scores.append(_scored(score, candidates[step.next]))
    steps.append(_step(places, tried, scores, is_last=True))
    best = tried[int(np.argmax(scores))]
    return BayesianSearch(candidates, np.array(tried), np.array(scores), best, steps)


def _draw(places, count, rng):
    """Random places, spread out: each of `count` equal parts of each setting's range has one."""
    parts = rng.permuted(np.tile(np.arange(count), (places.shape[1], 1)), axis=1).T  # (count, d)
    drawn = []
    for target in (parts + rng.random(parts.shape)) / count:
        distance = ((places - target) ** 2).sum(axis=1)
        distance[drawn] = np.inf
        drawn.append(int(distance.argmin()))
    return drawn


def _step(places, tried, scores, is_last=False):
    mean, std = _expected(places, places[tried], np.array(scores))
    std = np.maximum(std, 1e-12)  # 0 where all scores are equal
    above = mean - max(scores)
    improvement = above * norm.cdf(above / std) + std * norm.pdf(above / std)
    improvement[tried] = 0
    chosen = None
    if not is_last:
        untried = np.setdiff1d(np.arange(len(places)), tried)
        chosen = int(untried[improvement[untried].argmax()])
    return SearchStep(np.array(tried), np.array(scores), mean, std, improvement, chosen)


def _expected(places, tried, scores):
    """Mean and standard deviation of the score at each place, by a Gaussian process."""
    # Its own settings stay: a few scores are too few to fit them, too.
    process = GaussianProcessRegressor(
        Matern(_LENGTH, nu=2.5), alpha=_NOISE, optimizer=None, normalize_y=True
    )
    return process.fit(tried, scores).predict(places, return_std=True)


def _scored(score, candidate):
    value = float(score(candidate))
    if not np.isfinite(value):
        raise ValueError(
            f"`score` must return a finite number. Received: {value} for {candidate.tolist()}"
        )
    return value


def _check(candidates, n_trials, n_random):
    candidates = np.asarray(candidates, np.float64)
    candidates = candidates[:, None] if candidates.ndim == 1 else candidates
    if candidates.ndim != 2 or not np.isfinite(candidates).all():
        raise ValueError(
            "`candidates` must be finite, of shape (n, d) or (n,). "
            f"Received: an array of shape {candidates.shape}"
        )
    if not (np.ptp(candidates, axis=0) > 0).all():
        raise ValueError(
            "`candidates` must have two different values of each setting or more. "
            f"Received: candidates={candidates.tolist()!r:.60}"
        )
    if not (is_integer(n_random) and is_integer(n_trials)) or not (
        2 <= n_random <= n_trials <= len(candidates)
    ):
        raise ValueError(
            f"`n_random` and `n_trials` must be 2 <= n_random <= n_trials <= {len(candidates)}, "
            f"the candidates. Received: n_random={n_random}, n_trials={n_trials}"
        )
    return candidates
