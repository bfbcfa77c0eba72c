"""Trainings repeated over variants and seeds, and searches for good settings."""

from cnnkit.study._bayesian_search import BayesianSearch, SearchStep, bayesian_search
from cnnkit.study._lr_finder import LrRangeTest, lr_finder
from cnnkit.study._results import Study
from cnnkit.study._runs import run_study

__all__ = [
    "BayesianSearch",
    "LrRangeTest",
    "SearchStep",
    "Study",
    "bayesian_search",
    "lr_finder",
    "run_study",
]
