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
    assert texts == ["loss of a step", "smoothed", "suggestion: 0.003"]


def test_without_a_suggestion():
    axes = plt.subplots()[1]
    ax = plot_lr_finder(LrRangeTest(RATES, LOSSES, LOSSES, math.nan), ax=axes)
    assert ax is axes and len(ax.lines) == 2


def test_in_words():
    rates, losses = np.geomspace(1e-5, 1, 6), np.array([2, 2, 1.5, 0.25, 1, 9])
    ax = plot_lr_finder(LrRangeTest(rates, losses * 2, losses, 0.001), title="a test")
    assert ax.figure.alt_text == (
        "a test. Loss of 6 training steps with growing learning rates, from 0.00001 to 1: smoothed "
        "it begins at 2, is lowest, 0.25, at rate 0.01, and ends at 9. It falls fastest at rate "
        "0.001, the suggestion."
    )


def test_in_words_without_a_suggestion():
    one = np.array([0.5])
    ax = plot_lr_finder(LrRangeTest(one, one, one, math.nan))
    assert ax.figure.alt_text == (
        "Loss of 1 training step with growing learning rates, 0.5: smoothed it begins at 0.5, is "
        "lowest, 0.5, at rate 0.5, and ends at 0.5. No rate is suggested, as it never falls."
    )
    ax = plot_lr_finder(LrRangeTest(RATES, LOSSES, LOSSES * math.nan, math.nan))
    assert "smoothed it begins at NaN, and ends at NaN." in ax.figure.alt_text
