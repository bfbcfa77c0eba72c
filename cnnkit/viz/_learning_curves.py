"""Draw in a notebook how training goes, while it goes.

The only drawing module that cannot be imported without Keras, as what `fit` calls must be a Keras
callback.
"""

import sys
import warnings

import keras
from matplotlib.figure import Figure

from cnnkit._checks import check_positive
from cnnkit._places import in_ci
from cnnkit.viz._alt_text import counted, describe
from cnnkit.viz._figure import curve_panels
from cnnkit.viz._history import draw_run, is_higher_better, label_axes, run_in_words
from cnnkit.viz._show_alt_text import as_bundle


class LearningCurves(keras.callbacks.Callback):
    """Draws the metrics after each epoch, for the `callbacks` of `fit`.

    In a notebook it shows one picture for each `fit` and replaces it after each epoch; the last one
    stays. Elsewhere, and where the environment variable `CI` is set, it is silent. If drawing
    fails, it warns and draws no more, as a picture is not worth a training.

    Args:
        metrics: The names of the metrics to draw, without `val_`, one panel each. By default all.
        every: Epochs from one picture to the next; each takes about 0.1 seconds a panel. The one
            after the last epoch is always made.

    Attributes:
        history: Dictionary from a name to the list of its values, as in what `fit` returns. A
            second `fit` starts anew.
        epochs: Dictionary from a name to the list of the epochs of its values, counted from 1, so
            that `plot_history` knows where validation belongs.

    Example:

    >>> import keras
    >>> from cnnkit import data, models, viz
    >>> digits, labels = data.load_digits(16)
    >>> model = models.small_cnn((16, 16, 1))
    >>> model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    >>> curves = viz.LearningCurves(metrics=["loss"])
    >>> options = dict(validation_split=0.2, epochs=2, verbose=0)
    >>> history = model.fit(digits[:200, ..., None], labels[:200], callbacks=[curves], **options)
    >>> axes = viz.plot_history(curves)
    """

    def __init__(self, *, metrics=None, every=1):
        super().__init__()
        check_positive(every, "every")
        _check_metrics(metrics)
        self._metrics, self._every = metrics, every
        self._start()

    def on_train_begin(self, logs=None):
        self._start()
        self._is_drawing = _is_notebook()

    def on_epoch_end(self, epoch, logs=None):
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
            self.epochs.setdefault(name, []).append(epoch + 1)
        self._n_not_drawn += 1
        if self._n_not_drawn == self._every:
            self._show()

    def on_train_end(self, logs=None):
        if self._n_not_drawn:
            self._show()

    def _start(self):
        self.history, self.epochs = {}, {}
        self._n_not_drawn = 0
        self._is_drawing = False
        self._display = None

    def _show(self):
        self._n_not_drawn = 0
        if not self._is_drawing:
            return
        try:
            self._replace_picture(*as_bundle(self._draw(), bbox_inches=None))
        except Exception as error:
            self._is_drawing = False
            warnings.warn(f"LearningCurves draws no more: {error}", stacklevel=2)

    def _replace_picture(self, data, metadata):
        from IPython.display import display  # only notebooks need, and have, IPython

        if self._display is None:
            self._display = display(data, metadata=metadata, raw=True, display_id=True)
        else:
            self._display.update(data, metadata=metadata, raw=True)

    def _draw(self):
        """A new figure. pyplot does not know it, so it need not be closed and is shown once."""
        known = list(dict.fromkeys(_plain(name) for name in self.history))
        metrics = self._metrics or known
        for metric in metrics:
            if metric not in known:
                raise ValueError(
                    f"`metrics` must be among {', '.join(known)}. Received: metrics={metrics!r}"
                )
        panels = curve_panels(metrics, Figure(layout="constrained"))
        for ax, metric in zip(panels, metrics, strict=True):
            draw_run(ax, self.history, metric, self.epochs)
            label_axes(ax, metric)
            if len(ax.lines) > 1:
                ax.legend()
        describe(panels.figure, self._in_words(metrics))
        return panels.figure

    def _in_words(self, metrics):
        n_epochs = max(at[-1] for at in self.epochs.values())
        curves = [
            f"{name.replace('_', ' ')}: "
            + run_in_words(self.history, name, is_higher_better(name), self.epochs)
            for name in metrics
        ]
        return f"Learning curves after {counted(n_epochs, 'epoch')}: {'; '.join(curves)}."


def _is_notebook():
    """Whether someone may look: a Jupyter kernel runs this, and no continuous integration."""
    if in_ci() or "IPython" not in sys.modules:
        return False
    return hasattr(sys.modules["IPython"].get_ipython(), "kernel")


def _plain(name):
    return name.removeprefix("val_")


def _check_metrics(metrics):
    if metrics is None:
        return
    is_list = isinstance(metrics, list | tuple) and len(metrics) > 0
    names = metrics if is_list else [None]
    if not all(isinstance(name, str) and name == _plain(name) for name in names):
        raise ValueError(
            '`metrics` must be a list of names without `val_`, as in `["loss", "accuracy"]`. '
            f"Received: metrics={metrics!r}"
        )
