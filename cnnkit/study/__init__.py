"""Trainings repeated over variants and seeds, and the search for a learning rate."""

from cnnkit.study._lr_finder import LrRangeTest, lr_finder
from cnnkit.study._results import Study
from cnnkit.study._runs import run_study

__all__ = ["LrRangeTest", "Study", "lr_finder", "run_study"]
