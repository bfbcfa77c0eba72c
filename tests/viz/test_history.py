import keras
import numpy as np
import pytest

from cnnkit import viz

RUN = {"loss": [3.0, 2.0, 1.0], "val_loss": [4.0, 3.0, 2.0], "accuracy": [0.1, 0.2, 0.3]}


def lines(ax):
    return {line.get_label(): line for line in ax.lines}


def test_training_is_solid_and_validation_dashed():
    ax = viz.plot_history(RUN, title="a run")
    training, validation = lines(ax)["training"], lines(ax)["validation"]
    assert training.get_linestyle() == "-" and validation.get_linestyle() == "--"
    assert training.get_color() == validation.get_color()
    assert training.get_xydata().tolist() == [[1, 3], [2, 2], [3, 1]], "epochs count from 1"
    assert validation.get_ydata().tolist() == RUN["val_loss"]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("epoch", "loss", "a run")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["training", "validation"]


def test_what_fit_returns():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    x, y = np.zeros((4, 2)), np.zeros(4)
    history = model.fit(x, y, validation_data=(x, y), epochs=2, verbose=0)
    assert set(lines(viz.plot_history(history))) == {"training", "validation"}


def test_several_runs_and_no_validation():
    history = keras.callbacks.History()
    history.history = {"accuracy": [0.5], "val_accuracy": []}
    ax = viz.plot_history({"plain": RUN, "deep": history}, metric="accuracy")
    assert list(lines(ax)) == ["plain, training", "deep, training"]
    plain, deep = ax.lines
    assert plain.get_color() != deep.get_color()
    assert deep.get_marker() == "o", "one epoch alone is seen"
    rates = viz.plot_history({"learning_rate": [1.0]}, metric="learning_rate")
    assert rates.get_ylabel() == "learning rate"


@pytest.mark.parametrize(
    "history, words",
    [
        (RUN, "`metric` must be one of the metrics: accuracy, loss. Received: metric='auc'"),
        ({"a": RUN}, "one of the metrics of 'a': accuracy, loss."),
        ({"loss": [], "auc": []}, "one of the metrics: auc, loss. Received: metric='auc'"),
        ({}, "one of the metrics: none"),
    ],
)
def test_an_unknown_metric(history, words):
    with pytest.raises(ValueError, match=words):
        viz.plot_history(history, metric="auc")
