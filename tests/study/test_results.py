import math

import numpy as np
import pytest
from scipy import stats

from cnnkit.study import Study

ROWS = [
    *[("plain", seed, "accuracy", value) for seed, value in enumerate([0.1, 0.4, 0.7])],
    ("deep", 0, "accuracy", 0.5),
    ("deep", 0, "loss", 2.0),
    ("deep", 1, "accuracy", 0.5),
]


def test_values_means_and_intervals():
    study = Study(ROWS, {})
    assert (study.variants, study.metrics) == (["plain", "deep"], ["accuracy", "loss"])
    assert study.diverged == []
    assert study.values("plain", "accuracy").tolist() == [0.1, 0.4, 0.7]
    np.testing.assert_array_equal(study.values("deep", "loss"), [2, np.nan])
    assert study.mean("plain", "accuracy") == pytest.approx(0.4)
    assert study.interval("deep", "accuracy") == (0.5, 0.5)
    assert np.isnan(study.interval("deep", "loss")).all() and study.mean("deep", "loss") == 2
    assert isinstance(study.mean("plain", "accuracy"), float)


def test_the_interval_is_that_of_a_t_test():
    rng = np.random.default_rng(0)
    for n in (2, 3, 10):
        values = rng.standard_normal(n) * 10.0 ** rng.integers(-30, 30, n)
        study = Study([("a", seed, "loss", float(v)) for seed, v in enumerate(values)], {})
        expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        assert study.interval("a", "loss") == pytest.approx(expected)


def test_a_diverged_run_counts_with_none_of_its_metrics():
    rows = [
        ("a", 0, "accuracy", 0.1),
        ("a", 0, "loss", math.nan),
        ("a", 1, "", math.nan),  # broke off
        ("a", 2, "accuracy", 0.5),
        ("a", 3, "accuracy", 0.7),
        ("b", 0, "accuracy", math.inf),
    ]
    study = Study(rows, {})
    assert study.diverged == [("a", 0), ("a", 1), ("b", 0)]
    assert study.metrics == ["accuracy", "loss"]
    np.testing.assert_array_equal(study.values("a", "accuracy"), [np.nan, np.nan, 0.5, 0.7])
    assert study.mean("a", "accuracy") == pytest.approx(0.6)
    assert math.isnan(study.mean("b", "accuracy"))
    assert repr(study).splitlines()[1].split()[:3] == ["a", "4", "2"]


def test_the_table():
    study = Study(ROWS, {})
    lines = repr(study).splitlines()
    assert lines[0].split() == ["variant", "runs", "diverged", "accuracy", "loss"]
    assert lines[1].startswith("plain    3     0         0.4 [-0.345, 1.15]  nan")
    assert lines[-1] == "mean [95 % interval of the mean]"
    assert "<td>plain</td><td>3</td><td>0</td><td>0.4 [-0.345, 1.15]</td>" in study._repr_html_()
    assert "<th>accuracy</th>" in study._repr_html_()
    assert "| plain | 3 | 0 | 0.4 [-0.345, 1.15] | nan |" in study._repr_markdown_()


def test_results_stay_as_they_are():
    with pytest.raises(AttributeError):
        Study(ROWS, {}).rows = []


def test_unknown_names():
    study = Study([("a", 0, "loss", 1.0)], {})
    with pytest.raises(ValueError, match="`metric` must be one of loss. Received: metric='auc'"):
        study.values("a", "auc")
    with pytest.raises(ValueError, match="`variant` must be one of a. Received: variant='b'"):
        study.mean("b", "loss")
