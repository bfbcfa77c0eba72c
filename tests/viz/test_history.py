import keras
import numpy as np
import pytest

from cnnkit import viz
from cnnkit.viz._history import is_higher_better

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
    model.compile(loss="mse", run_eagerly=True)
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


def fit(*callbacks, model=None, n_epochs=6, **options):
    """What `fit` returns, and the epochs from 1 after which it was so far, by a callback."""
    if model is None:
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile(loss="mse", run_eagerly=True)  # quicker for so few steps
    x, seen = np.ones((4, 2)), {"loss": [], "val_loss": []}

    def note(epoch, logs):
        for name in logs:
            seen[name].append(epoch + 1)

    callbacks = [*callbacks, keras.callbacks.LambdaCallback(on_epoch_end=note)]
    options |= dict(epochs=n_epochs, callbacks=callbacks, verbose=0)
    return model.fit(x, x[:, 0], validation_data=(x, x[:, 0]), **options), seen


def drawn(*args, **options):
    ax = viz.plot_history(*args, **options)
    return {f"{'val_' * (line.get_linestyle() == '--')}loss": line for line in ax.lines}


@pytest.mark.parametrize(
    "options, epochs",
    [
        (dict(validation_freq=3), [3, 6]),
        (dict(validation_freq=[1, 5]), [1, 5]),
        (dict(validation_freq=3, initial_epoch=2), [3, 6]),
        (dict(validation_freq=1, initial_epoch=3), [4, 5, 6]),
    ],
)
def test_values_are_drawn_at_the_epochs_of_fit(options, epochs):
    watching = viz.LearningCurves()
    history, seen = fit(watching, **options)
    assert seen["val_loss"] == epochs
    for lines in (
        drawn(history, validation_freq=options["validation_freq"]),
        drawn(watching),
        drawn({"a run": watching}),
    ):
        for name, line in lines.items():
            assert line.get_xdata().tolist() == seen[name]
            assert line.get_ydata().tolist() == history.history[name]
    if len(epochs) == 2:
        with pytest.raises(ValueError, match="`validation_freq` must be .* and 2 values of val_l"):
            viz.plot_history(history)


def test_a_fit_that_was_stopped_and_went_on():
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs):
            self.model.stop_training = epoch == 1

    history, seen = fit(keras.callbacks.History(), Stop(), validation_freq=2)
    lines = drawn(history, validation_freq=2)
    assert lines["loss"].get_xdata().tolist() == [1, 2] == seen["loss"]
    assert lines["val_loss"].get_xdata().tolist() == [2]
    fit(history, model=history.model, n_epochs=4, initial_epoch=2, validation_freq=2)
    lines = drawn(history, validation_freq=2)
    assert lines["loss"].get_xdata().tolist() == [1, 2, 3, 4]
    assert lines["val_loss"].get_xdata().tolist() == [2, 4]
    fit(history, model=history.model, n_epochs=1)
    with pytest.raises(ValueError, match="of one `fit`, .* Received: .* 5 epochs, which knows 1"):
        viz.plot_history(history)


def test_the_file_of_a_csv_logger():
    """Its columns: epochs from 0, and no number where there was no validation."""
    nan = float("nan")
    columns = {"epoch": [2, 3, 4], "loss": np.array([3.0, 2, 1]), "val_loss": [nan, 4.0, nan]}
    lines = drawn(columns)
    assert lines["loss"].get_xdata().tolist() == [3, 4, 5] and lines["loss"].get_marker() == "None"
    assert lines["val_loss"].get_xydata()[1].tolist() == [4, 4]
    assert lines["val_loss"].get_marker() == "o", "a point between gaps is seen"


@pytest.mark.parametrize(
    "history, options, words",
    [
        ({"loss": [3, 2, 1], "val_loss": [4]}, {}, "`validation_freq` must be .* and 1 value of"),
        (RUN, dict(validation_freq=2), "validation_freq=2, which gives 1 .* 1 to 3, and 3 values"),
        (RUN, dict(validation_freq=0), "`validation_freq` must be a positive integer"),
        (RUN | {"f1": [1]}, dict(metric="f1"), "'f1' with 1 value in 3 epochs"),
        ([3, 2, 1], {}, "`history` must be what `fit` returned, .* Received: history of type list"),
        ({"a": {"loss": 3}}, {}, "`history` must be what `fit` returned"),
    ],
)
def test_epochs_that_are_not_known(history, options, words):
    with pytest.raises(ValueError, match=words):
        viz.plot_history(history, **options)


@pytest.mark.parametrize(
    "history, words",
    [
        (RUN, "`metric` must be one of the metrics: accuracy, loss. Received: metric='auc'"),
        ({"a": RUN}, "one of the metrics of 'a': accuracy, loss."),
        ({"loss": [], "auc": []}, "one of the metrics: auc, loss. Received: metric='auc'"),
        ({}, "one of the metrics: none"),
        ({"loss": [1], "val_auc": [2]}, "one of the metrics: loss. Received: metric='auc'"),
    ],
)
def test_an_unknown_metric(history, words):
    with pytest.raises(ValueError, match=words):
        viz.plot_history(history, metric="auc")


def test_in_words():
    history = {"accuracy": [0.5, 0.7, 0.99], "val_accuracy": [0.52, 0.71, 0.7]}
    ax = viz.plot_history(history, metric="accuracy", title="a run")
    assert ax.figure.alt_text == (
        "a run. Curves of accuracy over 3 epochs: training from 0.5 to 0.99, validation from 0.52 "
        "to 0.7, best 0.71 in epoch 2; at the end validation is 0.29 below training, at first "
        "0.02 above."
    )
    viz.plot_history({"loss": [1.0], "val_loss": [0.75]}, ax=ax)
    assert ax.figure.alt_text.endswith(
        "above. Curves of loss over 1 epoch: training 1, validation 0.75, best 0.75 in epoch 1; "
        "validation is 0.25 below training."
    ), "two plots in one figure"


def test_in_words_of_several_runs_and_nan():
    nan = float("nan")
    broken = {"loss": [2.0, nan], "val_loss": [2.5, nan]}
    lost = {"loss": [nan, nan], "val_loss": [nan, nan]}
    ax = viz.plot_history({"plain": RUN, "broken": broken, "lost": lost, "short": {"loss": [3]}})
    assert ax.figure.alt_text == (
        "Curves of loss over 3 epochs, of 4 runs. plain: training from 3 to 1, validation from 4 "
        "to 2, best 2 in epoch 3; at the end validation is 1 above training, at first 1 above; "
        "broken: training from 2 to NaN (first not finite in epoch 2), validation from 2.5 to NaN "
        "(first not finite in epoch 2), best 2.5 in epoch 1; lost: training from NaN to NaN (first "
        "not finite in epoch 1), validation from NaN to NaN (first not finite in epoch 1); short: "
        "training 3."
    )


def test_in_words_of_a_metric_that_may_be_better_either_way():
    ax = viz.plot_history({"score": [1, 2], "val_score": [3, 4]}, metric="score")
    assert ax.figure.alt_text == (
        "Curves of score over 2 epochs: training from 1 to 2, validation from 3 to 4; at the end "
        "validation is 2 above training, at first 2 above."
    )
    sparse = {"loss": [3.0, 2.0], "val_loss": [2.5]}
    text = viz.plot_history(sparse, validation_freq=2).figure.alt_text
    assert text.endswith("best 2.5 in epoch 2.")


@pytest.mark.parametrize(
    "metric, expected", [("auc_2", True), ("mean_squared_error", False), ("score", None)]
)
def test_which_metrics_are_better_when_higher(metric, expected):
    assert is_higher_better(metric) is expected


def test_one_of_two_runs_validated_after_each_epoch():
    runs = {
        "often": {"loss": [3, 2, 1], "val_loss": [4, 3, 2]},
        "seldom": {"loss": [4, 3, 2, 1], "val_loss": [3, 2]},
    }
    lines = viz.plot_history(runs, validation_freq=2).lines
    assert [list(line.get_xdata()) for line in lines[1::2]] == [[1, 2, 3], [2, 4]]
