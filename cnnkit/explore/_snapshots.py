"""The weights of a network during its training, for the explorer's slider."""

from dataclasses import dataclass

import keras
import numpy as np

from cnnkit.explore._arrays import in_steps
from cnnkit.explore._snapshot import MAX_WEIGHTS, network

_MAX_NUMBERS = 1_500_000  # weights of all epochs together in the page, 2 bytes each
_MAX_EPOCHS = 50


@dataclass(frozen=True, eq=False)
class _State:
    """The network after an epoch, 0 before the first: `Model.get_weights`, the epoch's metrics."""

    epoch: int
    weights: list[np.ndarray]
    logs: dict[str, float]


class Snapshots(keras.callbacks.Callback):
    """Keeps the weights before the training and after each epoch, for the `callbacks` of `fit`.

    `explore(model, images, snapshots=snapshots)` then has a slider over the epochs, which all maps
    follow. A second `fit` with the same object goes on counting.

    Raises:
        ValueError: In `fit`, if the network has more than 500,000 weights, which the explorer does
            not compute.

    Example:

    >>> import keras
    >>> from cnnkit import data, explore, models
    >>> digits, labels = data.load_digits(28)
    >>> digits = digits[..., None]
    >>> model = models.small_cnn()
    >>> model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    >>> snapshots = explore.Snapshots()
    >>> history = model.fit(digits[:64], labels[:64], epochs=2, callbacks=[snapshots], verbose=0)
    >>> explorer = explore.explore(model, digits[:10], snapshots=snapshots)
    """

    def __init__(self):
        super().__init__()
        self._states = []

    def on_train_begin(self, logs=None):
        n_weights = self.model.count_params()
        if n_weights > MAX_WEIGHTS:
            raise ValueError(
                f"`model` must have up to {MAX_WEIGHTS:,} weights for Snapshots. "
                f"Received: {self.model.name!r} with {n_weights:,} weights"
            )
        if not self._states:
            self._keep(0)

    def on_epoch_end(self, epoch, logs=None):
        self._keep(self._states[-1].epoch + 1, logs)

    def __repr__(self):
        return f"<Snapshots of {len(self._states)} states>"

    def _keep(self, epoch, logs=None):
        numbers = {name: float(value) for name, value in (logs or {}).items()}
        self._states.append(_State(epoch, self.model.get_weights(), numbers))


def check_snapshots(snapshots, model):
    """Raise an error unless `snapshots` is a `Snapshots` of this model's training, or None."""
    if snapshots is None:
        return
    if not isinstance(snapshots, Snapshots):
        raise TypeError(
            "`snapshots` must be a cnnkit.explore.Snapshots. "
            f"Received: snapshots={snapshots!r} of type {type(snapshots).__name__}"
        )
    if not snapshots._states:
        raise ValueError(
            "`snapshots` must have seen a training: model.fit(..., callbacks=[snapshots]). "
            "Received: Snapshots without any"
        )
    shapes = [weight.shape for weight in snapshots._states[0].weights]
    if shapes != [weight.shape for weight in model.get_weights()]:
        raise ValueError(
            f"`snapshots` must be of the training of {model.name!r}. "
            "Received: Snapshots of weights of other shapes"
        )
    for state in snapshots._states:
        if not all(np.isfinite(weight).all() for weight in state.weights):
            raise ValueError(
                "`snapshots` must hold finite weights. "
                f"Received: NaN or infinite weights after epoch {state.epoch}"
            )


def training(snapshots, model, images):
    """What the page gets of a training: see "training" in `_snapshot.py`.

    The model has the weights of each state for a moment, and its own afterwards.
    """
    own = model.get_weights()
    states = list(snapshots._states)
    is_last = all(map(np.array_equal, states[-1].weights, own))
    now = {"epoch": states[-1].epoch if is_last else None}
    now["logs"] = _finite(states[-1].logs) if is_last else {}
    states = _some(states[:-1] if is_last else states, model.count_params())
    entries = []
    try:
        for state in states:
            model.set_weights(state.weights)
            weights = [_in_steps(layer) for layer in network(model, images)[0]]
            entries.append({"epoch": state.epoch, "logs": _finite(state.logs), "weights": weights})
    finally:
        model.set_weights(own)
    return [*entries, now]


def _finite(logs):
    return {name: value for name, value in logs.items() if np.isfinite(value)}


def _some(states, n_weights):
    """Evenly many states from the first to the last, as many as a page can hold."""
    n = int(np.clip(_MAX_NUMBERS // max(n_weights, 1), 2, _MAX_EPOCHS))
    if len(states) <= n:
        return states
    return [states[round(at)] for at in np.linspace(0, len(states) - 1, n)]


def _in_steps(layer):
    """A layer's weights in 65,536 steps, by name."""
    return {name: in_steps(array) for name, array in layer.get("weights", {}).items()}
