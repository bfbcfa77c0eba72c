import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from cnnkit.study import bayesian_search

LINE = np.linspace(-4, 0, 41)


def hill(candidate):
    """Highest at -2.8."""
    return 0.9 - 0.1 * (candidate[0] + 2.8) ** 2


@pytest.fixture(scope="module")
def search():
    return bayesian_search(hill, LINE, 10, seed=4)


def test_it_tries_each_candidate_once_and_keeps_the_best(search):
    assert search.candidates.shape == (41, 1) and len(set(search.tried.tolist())) == 10
    np.testing.assert_allclose(search.scores, [hill([LINE[i]]) for i in search.tried])
    assert search.best == search.tried[search.scores.argmax()]
    assert abs(LINE[search.best] + 2.8) < 0.15, "it finds the top of the hill"
    assert f"10 of 41 candidates tried: best score {search.scores.max():.4g}" in repr(search)


def test_each_step_knows_what_came_before_and_takes_the_largest_improvement(search):
    assert len(search.steps) == 8
    for k, step in enumerate(search.steps, start=3):
        np.testing.assert_array_equal(step.tried, search.tried[:k])
        np.testing.assert_array_equal(step.scores, search.scores[:k])
        assert not step.improvement[step.tried].any()
        if k < 10:
            assert step.next == search.tried[k] == step.improvement.argmax()
    assert search.steps[-1].next is None, "the last step knows all trials"


def test_the_band_is_narrow_at_what_was_tried_and_wide_far_from_it(search):
    step = search.steps[0]
    distance = np.abs(LINE[:, None] - LINE[step.tried]).min(axis=1)
    assert step.std[step.tried].max() < 0.6 * step.std[distance.argmax()]
    near = np.abs(step.mean[step.tried] - step.scores)
    assert near.max() < 0.2 * np.ptp(step.scores), "the mean goes past the scores"


def test_the_expected_improvement_is_the_mean_of_what_exceeds_the_best(search):
    step = search.steps[0]
    for i in (5, 20, 38):
        assert i not in step.tried
        best, mean, std = step.scores.max(), step.mean[i], step.std[i]
        expected, _ = quad(lambda s, m=mean, d=std, b=best: (s - b) * norm.pdf(s, m, d), best, 9)
        assert step.improvement[i] == pytest.approx(expected, rel=1e-4, abs=1e-9)


def test_several_settings_are_scaled_to_their_range():
    places = np.array(list(np.ndindex(3, 6, 9)))
    target = np.array([2, 4, 2])

    def near(place):
        return -(((place - target) / [2, 5, 8]) ** 2).sum()

    found = bayesian_search(near, places, 24, n_random=8, seed=0)
    assert np.abs(found.candidates[found.best] - target).max() <= 1
    stretched = bayesian_search(
        lambda place: near(place / [1, 10, 1000]), places * [1, 10, 1000], 24, n_random=8, seed=0
    )
    np.testing.assert_array_equal(stretched.tried, found.tried)


def test_seeds():
    tried = [bayesian_search(hill, LINE, 4, seed=s).tried.tolist() for s in (1, 1, 2)]
    assert tried[0] == tried[1] != tried[2]
    rng = np.random.default_rng(1)
    assert bayesian_search(hill, LINE, 4, seed=rng).tried.tolist() == tried[0]


@pytest.mark.parametrize("seed", range(5))
def test_the_first_candidates_are_spread_over_each_setting(seed):
    places = np.array(list(np.ndindex(40, 40))) * [1, 7]
    tried = bayesian_search(lambda place: 0.0, places, 4, n_random=4, seed=seed).tried
    for column, width in zip(places[tried].T, (10, 70), strict=True):
        assert len(np.unique(column // width)) >= 3, "one that was rounded may change its part"
    few = bayesian_search(lambda place: place[0], [0, 1, 10], 3, n_random=3, seed=seed)
    assert sorted(few.tried) == [0, 1, 2], "none twice"


def test_equal_scores_and_all_candidates():
    flat = bayesian_search(lambda candidate: 0.5, LINE[:6], 6, seed=0)
    assert sorted(flat.tried) == list(range(6)), "each is tried, whatever is expected"


BAD = [
    (dict(candidates=np.zeros((2, 2, 2))), r"`candidates` must be finite, of shape \(n, d\)"),
    (dict(candidates=[1, np.nan, 2]), "`candidates` must be finite"),
    (dict(candidates=[[1, 3], [2, 3]]), "two different values of each setting"),
    (dict(n_trials=42), "<= 41, the candidates. Received: n_random=3, n_trials=42"),
    (dict(n_trials=2), "Received: n_random=3, n_trials=2"),
    (dict(n_random=1), "Received: n_random=1"),
    (dict(n_random=2.5), "Received: n_random=2.5"),
    (dict(score=lambda candidate: np.nan), r"`score` must return a finite .* nan for \[-"),
]


@pytest.mark.parametrize("changed, words", BAD)
def test_bad_input(changed, words):
    with pytest.raises(ValueError, match=words):
        bayesian_search(**{"score": hill, "candidates": LINE, "n_trials": 5, "seed": 0} | changed)
