import sys
from types import SimpleNamespace

import IPython
import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest

from cnnkit import viz
from cnnkit.viz import _learning_curves as learning_curves
from cnnkit.viz._learning_curves import LearningCurves

X, Y = np.zeros((4, 2)), np.zeros(4)
LABELS = ["training", "validation"]


def fit(*callbacks, epochs=3, validation_data=(X, Y), **settings):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"], run_eagerly=True)  # quicker for so few steps
    settings |= dict(epochs=epochs, validation_data=validation_data, verbose=0)
    return model.fit(X, Y, callbacks=list(callbacks), **settings)


def train(curves, n_epochs, first=0, validation_freq=1):
    """Calls the callback as `fit` does, which takes seconds to begin."""
    history = {}
    curves.on_train_begin()
    for epoch in range(first, n_epochs):
        logs = {"loss": 1 / (epoch + 1), "mae": 2 / (epoch + 1)}
        if (epoch + 1) % validation_freq == 0:
            logs |= {"val_loss": 3 / (epoch + 1), "val_mae": 4 / (epoch + 1)}
        curves.on_epoch_end(epoch, logs)
        for name, value in logs.items():
            history.setdefault(name, []).append(value)
    curves.on_train_end()
    assert curves.history == history
    return history


@pytest.fixture
def figures(monkeypatch):
    """Pretends to be a notebook, and keeps each figure that would be shown."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(kernel=None))
    shown = []

    def keep(figure, **options):
        shown.append(figure)
        return {}, {}

    monkeypatch.setattr(learning_curves, "as_bundle", keep)
    monkeypatch.setattr(LearningCurves, "_replace_picture", lambda self, data, metadata: None)
    return shown


def names(figure):
    return [ax.get_ylabel() for ax in figure.axes]


def test_a_panel_for_each_metric_with_its_validation(figures):
    curves = LearningCurves()
    history = fit(curves)
    assert curves.history == history.history and len(figures) == 3
    for n_epochs, figure in enumerate(figures, start=1):
        assert names(figure) == ["loss", "mae"]
        for ax, metric in zip(figure.axes, ("loss", "mae"), strict=True):
            training, validation = ax.lines
            epochs = list(range(1, n_epochs + 1))
            assert training.get_xdata().tolist() == validation.get_xdata().tolist() == epochs
            assert training.get_ydata().tolist() == history.history[metric][:n_epochs]
            assert validation.get_ydata().tolist() == history.history[f"val_{metric}"][:n_epochs]
            assert (training.get_linestyle(), validation.get_linestyle()) == ("-", "--")
            assert training.get_color() == validation.get_color()
            assert [text.get_text() for text in ax.get_legend().get_texts()] == LABELS
    assert not plt.get_fignums(), "nothing is left open"


@pytest.mark.parametrize("every, drawn", [(1, [1, 2, 3, 4, 5]), (2, [2, 4, 5]), (5, [5]), (9, [5])])
def test_every_and_the_last(figures, every, drawn):
    train(LearningCurves(metrics=["mae"], every=every), 5)
    assert [len(figure.axes[0].lines[0].get_xdata()) for figure in figures] == drawn
    assert all(names(figure) == ["mae"] for figure in figures)


def test_validation_in_some_epochs_only(figures):
    train(LearningCurves(), 6, first=1, validation_freq=2)
    training, validation = figures[-1].axes[0].lines
    assert training.get_xdata().tolist() == [2, 3, 4, 5, 6]
    assert validation.get_xdata().tolist() == [2, 4, 6]


def test_in_words(figures):
    train(LearningCurves(), 4, first=1, validation_freq=2)
    assert figures[-1].alt_text == (
        "Learning curves after 4 epochs: loss: training from 0.5 to 0.25, validation from 1.5 to "
        "0.75, best 0.75 in epoch 4; mae: training from 1 to 0.5, validation from 2 to 1, best 1 "
        "in epoch 4."
    )


def test_in_words_of_what_only_validation_has(figures):
    curves = LearningCurves()
    curves.on_train_begin()
    curves.on_epoch_end(0, {"loss": np.nan, "val_score": 3.0})
    assert figures[-1].alt_text == (
        "Learning curves after 1 epoch: loss: training NaN (first not finite in epoch 1); score: "
        "validation 3."
    )


def test_no_validation_and_a_learning_rate(figures):
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1)
    fit(schedule, LearningCurves(), validation_data=None)
    assert names(figures[-1]) == ["loss", "mae", "learning rate"]
    assert all(len(ax.lines) == 1 and not ax.get_legend() for ax in figures[-1].axes)


def test_a_second_fit_starts_anew(figures):
    curves = LearningCurves()
    train(curves, 2)
    first = curves.history
    train(curves, 1)
    assert len(first["loss"]) == 2 and len(curves.history["loss"]) == 1
    assert [len(f.axes[0].lines[0].get_xdata()) for f in figures] == [1, 2, 1]


def test_plot_history_takes_it():
    curves = LearningCurves()
    train(curves, 3)
    assert len(viz.plot_history(curves).lines) == 2


@pytest.mark.filterwarnings("default:LearningCurves")  # elsewhere a warning is an error here
def test_failing_to_draw_does_not_end_training(figures):
    curves = LearningCurves(metrics=["auc"])
    with pytest.warns(UserWarning, match="`metrics` must be among loss, mae. Received.*auc") as all:
        history = fit(curves)
    assert sum("LearningCurves" in str(warning.message) for warning in all) == 1, "once"
    assert not figures and curves.history == history.history and len(history.epoch) == 3


def test_an_interrupt_ends_it_and_leaves_nothing_open(figures):
    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    curves = LearningCurves()
    with pytest.raises(KeyboardInterrupt):
        fit(Interrupt(), curves)
    assert len(figures) == len(curves.history["loss"]) == 2
    assert not plt.get_fignums()


@pytest.mark.parametrize(
    "metrics, every, words",
    [
        ("loss", 1, "`metrics` must be a list of names without `val_`.*Received: metrics='loss'"),
        ([], 1, r"Received: metrics=\[\]"),
        (["val_loss"], 1, r"Received: metrics=\['val_loss'\]"),
        ([None], 1, r"Received: metrics=\[None\]"),
        (None, 0, "`every` must be a positive integer. Received: every=0"),
    ],
)
def test_bad_input(metrics, every, words):
    with pytest.raises(ValueError, match=words):
        LearningCurves(metrics=metrics, every=every)


@pytest.mark.parametrize(
    "environment, shell, expected",
    [
        ({}, SimpleNamespace(kernel=None), True),
        ({"CI": ""}, SimpleNamespace(kernel=None), True),
        ({"CI": "true"}, SimpleNamespace(kernel=None), False),
        ({}, SimpleNamespace(), False),  # IPython in a terminal
        ({}, None, False),  # IPython is imported by a script
    ],
)
def test_where_it_draws(figures, monkeypatch, environment, shell, expected):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    curves = LearningCurves()
    train(curves, 1)
    assert bool(figures) == expected


def test_a_script_without_ipython(figures, monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython")
    train(LearningCurves(), 1)
    assert not figures
