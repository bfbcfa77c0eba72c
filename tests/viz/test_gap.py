import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes

from cnnkit.viz._gap import plot_gap
from cnnkit.viz._history import plot_history

RUN = {
    "loss": [3.0, 2.0, 1.0],
    "val_loss": [3.5, 2.5, 2.75],
    "accuracy": [0.25, 0.5, 0.875],
    "val_accuracy": [0.25, 0.625, 0.5],
}


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def shaded(ax):
    """The corners of the shaded area, as a set."""
    (area,) = ax.collections
    (path,) = area.get_paths()
    return {tuple(corner) for corner in path.vertices.tolist()}


def test_a_loss():
    ax = plot_gap(RUN, title="a run")
    training, validation, best = ax.lines
    assert training.get_xydata().tolist() == [[1, 3], [2, 2], [3, 1]]
    assert validation.get_ydata().tolist() == RUN["val_loss"]
    assert (training.get_linestyle(), validation.get_linestyle()) == ("-", "--")
    assert best.get_xydata().tolist() == [[2, 2.5]]
    corners = {(x + 1, RUN[name][x]) for x in range(3) for name in ("loss", "val_loss")}
    assert shaded(ax) == corners
    assert labels(ax) == [
        "training",
        "validation",
        "gap, at the end 1.75",
        "best validation 2.5, epoch 2",
    ]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("epoch", "loss", "a run")


def test_a_run_that_went_on():
    """The epochs are those of `fit`, with its `initial_epoch`."""
    history = keras.callbacks.History()
    history.history, history.epoch = RUN, [5, 6, 7]
    ax = plot_gap(history)
    assert [line.get_xdata().tolist() for line in ax.lines] == [[6, 7, 8], [6, 7, 8], [7]]
    assert {x for x, _ in shaded(ax)} == {6, 7, 8}
    assert labels(ax)[-1] == "best validation 2.5, epoch 7"


def test_an_accuracy():
    ax = plot_gap(RUN, metric="accuracy")
    assert ax.lines[2].get_xydata().tolist() == [[2, 0.625]], "the highest is the best"
    assert labels(ax)[2:] == ["gap, at the end 0.375", "best validation 0.625, epoch 2"]


def test_the_lines_are_those_of_plot_history():
    for metric in ("loss", "accuracy"):
        plotted, gap = plot_history(RUN, metric=metric), plot_gap(RUN, metric=metric)
        for a, b in zip(plotted.lines, gap.lines[:2], strict=True):
            assert np.array_equal(a.get_xydata(), b.get_xydata())
            assert a.get_color() == b.get_color() and a.get_linestyle() == b.get_linestyle()


@pytest.mark.parametrize(
    "metric, is_higher_better",
    [
        ("val_head_loss", False),
        ("mean_squared_error", False),
        ("mae_1", False),
        ("sparse_categorical_crossentropy", False),
        ("AUC_2", True),
        ("head_acc", True),
        ("top_k_categorical_accuracy", True),
        ("mean_io_u", True),
        ("precision_at_recall", True),
    ],
)
def test_what_is_better_by_name(metric, is_higher_better):
    run = {metric: [1.0, 2.0], f"val_{metric}": [1.0, 3.0]}
    for mode, expected in (("auto", is_higher_better), ("min", False), ("max", True)):
        ax = plot_gap(run, metric=metric, mode=mode)
        assert ax.lines[2].get_xdata().tolist() == [2 if expected else 1]
        assert f"at the end {-1 if expected else 1}" in labels(ax)[2]
        plt.close(ax.figure)


VALUES = st.floats(-1e3, 1e3, width=32) | st.sampled_from([np.nan, np.inf, -np.inf])
PAIRS = st.lists(st.tuples(st.floats(-1e3, 1e3, width=32), VALUES), min_size=1, max_size=9)


@settings(deadline=None, max_examples=30)
@given(PAIRS, st.sampled_from(["min", "max"]))
def test_the_best_epoch(pairs, mode):
    training, validation = map(list, zip(*pairs, strict=True))
    figure, ax = plt.subplots()
    plot_gap({"m": training, "val_m": validation}, metric="m", mode=mode, ax=ax)
    plt.close(figure)
    finite = {x: y for x, y in enumerate(validation, start=1) if np.isfinite(y)}
    if not finite:
        assert len(ax.lines) == 2, "nothing is the best"
        return
    best = (min if mode == "min" else max)(finite, key=finite.get)
    assert ax.lines[2].get_xydata().tolist() == [[best, finite[best]]]


def test_what_fit_returns():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(loss="mse", run_eagerly=True)  # quicker for one step
    x, y = np.zeros((4, 2)), np.zeros(4)
    history = model.fit(x, y, validation_data=(x, y), epochs=1, verbose=0)
    figure, ax = plt.subplots()
    drawn = plot_gap(history, ax=ax)
    assert drawn is ax and isinstance(ax, Axes) and plt.get_fignums() == [figure.number]
    assert ax.lines[0].get_marker() == "o", "one epoch alone is seen"


@pytest.mark.parametrize(
    "history, metric, mode, words",
    [
        (
            RUN,
            "auc",
            "auto",
            "`metric` must be one of the metrics: accuracy, loss. Received: .*auc",
        ),
        ({"a": RUN, "b": RUN}, "loss", "auto", "`history` must be one run.* the runs a, b"),
        ({"loss": [1.0]}, "loss", "auto", "validation data.* Received: 1 and 0 values"),
        ({"loss": [1.0, 2.0], "val_loss": [1.0]}, "loss", "auto", "Received: 2 and 1 values"),
        (RUN, "loss", "low", '`mode` must be "auto", "min" or "max". Received: mode=\'low\''),
        ({"brier_score": [1.0], "val_brier_score": [1.0]}, "brier_score", "auto", "`mode` must be"),
    ],
)
def test_bad_input(history, metric, mode, words):
    with pytest.raises(ValueError, match=words):
        plot_gap(history, metric=metric, mode=mode)
    assert not plt.get_fignums()


def test_in_words():
    ax = plot_gap(RUN, title="a run")
    assert ax.figure.alt_text == (
        "a run. Gap in loss between training and validation over 3 epochs: training from 3 to 1, "
        "validation from 3.5 to 2.75, best 2.5 in epoch 2; at the end validation is 1.75 above "
        "training, at first 0.5 above."
    )
    plot_gap({"m": [1.0], "val_m": [np.nan]}, metric="m", mode="max", ax=ax)
    assert ax.figure.alt_text.endswith(
        "at first 0.5 above. Gap in m between training and validation over 1 epoch: training 1, "
        "validation NaN (first not finite in epoch 1)."
    ), "two plots in one figure"
    ax = plot_gap({"m": [1.0], "val_m": [2.0]}, metric="m", mode="max")
    assert ax.figure.alt_text.endswith("in epoch 1; validation is 1 above training.")
    ax = plot_gap({"m": [1.0], "val_m": [1.0]}, metric="m", mode="max")
    assert ax.figure.alt_text.endswith("in epoch 1; validation is equal to training.")
