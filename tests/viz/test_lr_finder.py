import math

import matplotlib.pyplot as plt
import numpy as np

from cnnkit.study import LrRangeTest
from cnnkit.viz._lr_finder import plot_lr_finder

RATES = np.geomspace(1e-5, 1, 20)
LOSSES = np.random.default_rng(0).random(20)


def test_smoothed_over_raw():
    ax = plot_lr_finder(LrRangeTest(RATES, LOSSES, LOSSES / 2, 0.003), title="a test")
    raw, smoothed, suggestion = ax.lines
    assert raw.get_xydata().tolist() == np.stack([RATES, LOSSES], axis=1).tolist()
    assert smoothed.get_xydata().tolist() == np.stack([RATES, LOSSES / 2], axis=1).tolist()
    assert raw.get_alpha() < 1 and smoothed.get_alpha() is None
    assert set(suggestion.get_xdata()) == {0.003} and suggestion.get_linestyle() == "--"
    assert ax.get_xscale() == "log"
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("learning rate", "loss", "a test")
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["loss of a step", "smoothed", "suggestion: 3.0e-03"]


def test_without_a_suggestion():
    axes = plt.subplots()[1]
    ax = plot_lr_finder(LrRangeTest(RATES, LOSSES, LOSSES, math.nan), ax=axes)
    assert ax is axes and len(ax.lines) == 2
