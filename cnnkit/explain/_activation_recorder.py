"""How the activations of layers are distributed, again and again while a model is trained.

After Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
networks", 2010, figures 2 and 3, and Ioffe and Szegedy, "Batch normalization", 2015,
arXiv:1502.03167, figure 1 (b) and (c).
"""

from collections.abc import Sequence

import keras
import numpy as np

from cnnkit._checks import check_positive
from cnnkit.explain._capture import capture_layers
from cnnkit.explain._inputs import Inputs

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


class ActivationRecorder(keras.callbacks.Callback):
    """Records quantiles of what layers give for fixed images, for the `callbacks` of `fit`.

    The model runs whenever it records, so few images keep it cheap: 8 are enough for maps, as each
    gives thousands of activations. The first record traces the model, which takes a second or so.
    The model and its training stay as they are.

    Args:
        images: What the model takes: an array or tensor of shape `(batch, ...)`, or a list or
            dictionary of them, with the values that the model is trained with.
        layers: A list of layers, each a name, a path, the layer itself or a pair `(layer, call)`,
            as in `cnnkit.explain.capture`.
        every: Training steps from one record to the next. The first is made before training, after
            0 steps. `steps_per_execution` of `compile` may make them rarer.
        training: Whether the model runs as in training, where batch normalisation uses the mean and
            the variance of `images` and dropout is on, or as in inference.

    Attributes:
        steps: int64 of shape `(n,)`: after how many steps of this `fit` each record was made.
        quantiles: Dictionary from the name of a layer, as it was given, to a float32 array of shape
            `(n, 5)`: 5, 25, 50, 75 and 95 % of the activations are at most these values. They are
            NaN if an activation is. A second `fit` starts anew.

    Raises:
        ValueError: If `every` is not positive, or `layers` is no list of layers with different
            names. When training begins, as in `cnnkit.explain.capture`.

    Example:

    >>> import keras
    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(64, seed=0, image_size=32)
    >>> model = models.small_cnn((32, 32, 3), n_classes=2)
    >>> model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    >>> convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    >>> recorder = explain.ActivationRecorder(images[:8], layers=convolutions)
    >>> history = model.fit(images, labels, batch_size=4, callbacks=[recorder], verbose=0)
    >>> recorder.steps
    array([ 0, 10])
    """

    def __init__(
        self,
        images: Inputs,
        *,
        layers: Sequence[str | keras.Layer | tuple],
        every: int = 10,
        training: bool = False,
    ):
        super().__init__()
        check_positive(every, "every")
        self._layers = _by_name(layers)
        self._images, self._every, self._training = images, every, training
        self._start()

    @property
    def steps(self) -> np.ndarray:
        return np.array(self._steps, np.int64)

    @property
    def quantiles(self) -> dict[str, np.ndarray]:
        return {
            name: np.array(rows, np.float32).reshape(-1, len(LEVELS))
            for name, rows in self._rows.items()
        }

    def on_train_begin(self, logs=None):
        self._start()
        self._record(0)

    def on_epoch_begin(self, epoch, logs=None):
        self._steps_before_epoch = self._step

    def on_train_batch_end(self, batch, logs=None):
        self._step = self._steps_before_epoch + batch + 1
        if self._step >= self._steps[-1] + self._every:
            self._record(self._step)

    def _start(self):
        self._step = 0
        self._steps = []
        self._rows = {name: [] for name in self._layers}

    def _record(self, step):
        self._steps.append(step)
        layers = list(self._layers.values())
        captured = capture_layers(self.model, self._images, layers=layers, training=self._training)
        for rows, found in zip(self._rows.values(), captured, strict=True):
            with np.errstate(invalid="ignore"):  # a network that diverges has infinite values
                rows.append(np.quantile(found.activations, LEVELS))


def _by_name(layers):
    """The layers by the names under which they are recorded."""
    is_list = isinstance(layers, list | tuple) and len(layers) > 0
    if not is_list or not all(isinstance(layer, str | keras.Layer | tuple) for layer in layers):
        raise ValueError(
            '`layers` must be a list of layers or names, as in `["conv2d", "conv2d_1"]`. '
            f"Received: layers={layers!r}"
        )
    by_name = {_name(layer): layer for layer in layers}
    if len(by_name) < len(layers):
        raise ValueError(
            "`layers` must have different names; paths tell layers of one name apart. "
            f"Received: layers={layers!r}"
        )
    return by_name


def _name(layer):
    if isinstance(layer, tuple):
        return f"{_name(layer[0])}, call {layer[1]}"
    return layer if isinstance(layer, str) else layer.name
