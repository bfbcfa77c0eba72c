"""Which number of a network's output is explained: the score of a class, or a function of yours.

The score of a class is its logit, what comes before softmax or sigmoid. The probability itself says
less: near 0 and 1 it hardly changes any more, and it also rises when another class falls. The model
need not be changed for this: while it is traced, TensorFlow knows from which tensor the
probabilities are computed, whichever layer or function does it.
"""

import weakref
from concurrent.futures import ThreadPoolExecutor
from operator import itemgetter
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from cnnkit.explain._capture import _any_batch, _as_it_is, _cached_trace, _check_model
from cnnkit.explain._capture import _floats as floats
from cnnkit.explain._capture import _output_gradients as output_gradients

_SCALE = 2**10  # of gradients on their way back: those of pixels are too small for float16


class Outputs(NamedTuple):
    """What `with_logits` makes a model give.

    Attributes:
        outputs: What the model gives.
        logits: float32 of shape `(batch, n)`: what its probabilities are computed from; the
            outputs themselves where there is no softmax or sigmoid. An empty tuple if the model
            gives something else than one number for each class.
        probabilities: The same after softmax or, for one unit, sigmoid.
    """

    outputs: object
    logits: object = ()
    probabilities: object = ()


def with_logits(model):
    """The same model, layers and weights, with `Outputs` for outputs; not kept alive by it.

    Raises:
        RuntimeError, TypeError, ValueError: As in `cnnkit.explain.capture`, about the model.
    """
    _check_model(model)
    if model not in _wrappers:
        _wrappers[model] = _WithLogits(model)
    return _wrappers[model]


_wrappers = weakref.WeakKeyDictionary()


class _WithLogits(keras.Layer):
    """A model that gives `Outputs`, and whose images pass through a layer of their own."""

    def __init__(self, model):
        super().__init__(name=model.name, dtype="float32", autocast=False)
        self.inner = weakref.ref(model)
        self.images = keras.layers.Identity(dtype="float32")
        self.built = True

    @property
    def inputs(self):
        return self.inner().inputs

    def call(self, inputs):
        parts, at = tf.nest.flatten(inputs), image_at(inputs)
        parts[at] = self.images(parts[at])
        outputs = self.inner()(tf.nest.pack_sequence_as(inputs, parts), training=False)
        if not tf.is_tensor(outputs) or outputs.shape.rank not in (1, 2):
            return Outputs(outputs)
        return Outputs(outputs, *_logits_and_probabilities(outputs))

    def _flatten_layers(self, include_self=True, recursive=True):
        """The layers of the model, as those of a layer: for `layer_paths` and messages."""
        return self.inner()._flatten_layers(include_self, recursive)


# Operations that hand on what they get, in another shape or dtype; slices may drop an axis of one.
_SAME_NUMBERS = ("Cast", "Identity", "Reshape", "Squeeze", "StridedSlice")


def _n_numbers(tensor):
    return tensor.shape[1:].num_elements()


def before_activation(tensor, activations):
    """The tensor of a graph from which an activation function computed this one.

    Args:
        tensor: A tensor of a TensorFlow graph.
        activations: The names of TensorFlow's operations, as `("Softmax", "Sigmoid")`.

    Returns:
        That tensor, in the shape of the given one; or the given one, if it does not come from one
        of these operations, or was calculated with afterwards.
    """
    last = tensor
    while last.op.type in _SAME_NUMBERS and _n_numbers(last) == _n_numbers(last.op.inputs[0]):
        last = last.op.inputs[0]
    if last.op.type not in activations:
        return tensor
    return tf.ensure_shape(tf.reshape(last.op.inputs[0], tf.shape(tensor)), tensor.shape)


def _logits_and_probabilities(outputs):
    logits = before_activation(outputs, ("Softmax", "Sigmoid"))
    found = logits is not outputs
    logits = tf.cast(logits, tf.float32)
    if outputs.shape.rank == 1:  # one unit without an axis
        outputs, logits = outputs[:, None], logits[:, None]
    if found:
        return logits, tf.cast(outputs, tf.float32)
    return logits, tf.sigmoid(logits) if logits.shape[1] == 1 else tf.nn.softmax(logits)


def as_score(target):
    """The function from `Outputs` to one score for each image that a target stands for."""

    def score(outputs):
        if callable(target):
            return _checked(target(outputs.outputs), outputs)
        return tf.reduce_sum(class_weights(target, outputs.logits) * outputs.logits, axis=1)

    return score


def _checked(scores, outputs):
    n_rows = len(tf.nest.flatten(outputs)[0])
    if not tf.is_tensor(scores) or scores.shape != (n_rows,):
        raise ValueError(
            "`target` must return a tensor with one number for each row of the outputs, computed "
            f"with keras.ops or TensorFlow. Received: for {n_rows} rows {scores!r}"
        )
    return scores


def class_weights(target, logits):
    """How the logits add up to the score of a target: float32, of the shape of the logits.

    1 for the logit of the class. One unit stands for two classes, 1 and 0, with the logits `z` and
    `-z`, so its weight is 1 or -1.

    Raises:
        ValueError: If `target` is no class, or no class for each image, or the model has no logits.
    """
    if isinstance(logits, tuple):
        raise ValueError(
            "`target` must be a function of the outputs, as the model does not give one number "
            f"for each class. Received: target={target!r}"
        )
    logits = np.asarray(logits)
    n_images, n_units = logits.shape
    if target is None:
        target = logits.argmax(axis=1) if n_units > 1 else logits[:, 0] > 0
        target = target.astype(int)
    classes = _check_classes(target, n_images, max(n_units, 2))
    if n_units == 1:
        return (2 * classes[:, None] - 1).astype(np.float32)
    return np.eye(n_units, dtype=np.float32)[classes]


def _check_classes(target, n_images, n_classes):
    classes = np.asarray(target)
    if classes.ndim == 0:
        classes = np.repeat(classes, n_images)
    if classes.dtype.kind not in "iu" or classes.shape != (n_images,):
        raise ValueError(
            f"`target` must be None, a class, one class for each of the {n_images} images, or a "
            f"function of the outputs. Received: target={target!r}"
        )
    if classes.min() < 0 or classes.max() >= n_classes:
        raise ValueError(
            f"`target` must lie in 0..{n_classes - 1}, as there are {n_classes} classes. "
            f"Received: target={target!r}"
        )
    return classes


def as_inputs(images):
    """What a model takes, as arrays, the image as float32.

    Args:
        images: An array or tensor of shape `(batch, height, width, channels)`, or a list or
            dictionary of inputs, of which the first with four axes is the image.

    Returns:
        An array, or a list or dictionary of them.

    Raises:
        ValueError: If there is no such array, or no image in it.
    """
    parts = [np.asarray(part) for part in tf.nest.flatten(images)]
    inputs = tf.nest.pack_sequence_as(images, parts)
    at = image_at(inputs)
    parts[at] = parts[at].astype(np.float32)
    return tf.nest.pack_sequence_as(images, parts)


def image_at(inputs):
    """Which of the inputs of a model is the image: the first with four axes.

    TensorFlow has the inputs of a dictionary in the order of their names.
    """
    shapes = [tuple(part.shape) for part in tf.nest.flatten(inputs)]
    for at, shape in enumerate(shapes):
        if len(shape) == 4 and shape[0] != 0:
            return at
    raise ValueError(
        "`images` must be an array of shape (batch, height, width, channels), as `images[:1]` is "
        f"for one image, or inputs with such an array. Received: shapes {shapes[:4]}"
    )


def chunks(n_images, n_variants):
    """All pairs of an image and one of its variants, a few at a time.

    Yields:
        `(images, variants)`: two int arrays of one length.
    """
    # On a processor, more images at once do not fit its cache.
    size = 128 if _has_gpu() else 16
    pairs = np.arange(n_images * n_variants)
    for start in range(0, len(pairs), size):
        yield np.divmod(pairs[start : start + size], n_variants)


def _has_gpu():
    return bool(tf.config.list_physical_devices("GPU"))


_two_threads = ThreadPoolExecutor(2)


def in_halves(graph, *arguments):
    """Run a graph on both halves of a batch at the same time.

    Many operations of a network keep one core busy and no more, so that on two cores the halves
    side by side take two thirds of the time of the whole.

    Args:
        graph: A function of a trace, as `forward`.
        arguments: Structures of tensors, each of shape `(batch, ...)`.

    Returns:
        What `graph(*arguments)` returns.
    """
    n = len(tf.nest.flatten(arguments)[0])
    tensors = tf.nest.flatten([graph.structured_input_signature, graph.structured_outputs])
    shapes = [tensor.shape for tensor in tensors]
    takes_halves = all(shape.rank and shape[0] is None for shape in shapes)  # any size of batch
    if n < 4 or _has_gpu() or not takes_halves:
        return graph(*arguments)
    parts = slice(None, n // 2), slice(n // 2, None)
    halves = [tf.nest.map_structure(itemgetter(part), arguments) for part in parts]
    results = _two_threads.map(lambda half: graph(*half), halves)
    return tf.nest.map_structure(lambda *rows: tf.concat(rows, axis=0), *results)


class Scores:
    """The scores of images under a model, and their gradients with respect to the pixels.

    Args:
        model, inputs, target: As `model`, `images` and `target` of `cnnkit.explain.grad_cam`.

    Attributes:
        images: The images of `inputs`, float32.

    Raises:
        RuntimeError, TypeError, ValueError: As `cnnkit.explain.grad_cam`.
    """

    def __init__(self, model, inputs, target=None):
        self._model = with_logits(model)
        self._inputs = as_inputs(inputs)
        self.images = tf.nest.flatten(self._inputs)[image_at(self._inputs)]
        self._target = target
        if not callable(target):
            self._weights = class_weights(target, self._logits())

    def of_images(self):
        """The scores of the images as they are: a float32 array of shape `(batch,)`."""
        parts = [self.values(self.images[i], i) for i, _ in chunks(len(self.images), 1)]
        return np.concatenate(parts)

    def values(self, images, which):
        """Compute the scores of variants of the images.

        Args:
            images: float32 array of shape `(n, height, width, channels)`.
            which: Int array of shape `(n,)`: of which image each is a variant. It gets the target,
                and the other inputs, of that one.

        Returns:
            A float32 array of shape `(n,)`.
        """
        return np.asarray(self._score(which)(self._outputs(images, which)), np.float32)

    def probabilities(self, images, which):
        """The same as `values`, with the probabilities of the classes in the place of logits."""
        if callable(self._target):
            return self.values(images, which)
        weights, p = self._weights[which], self._outputs(images, which).probabilities.numpy()
        if weights.shape[1] == 1:
            return np.where(weights > 0, p, 1 - p)[:, 0]
        return (weights * p).sum(axis=1)

    def gradients(self, images, which):
        """Compute the gradients of `values`: a float32 array of the shape of the images."""
        _check_takes_floats(self._model)
        trace, inputs = self._trace(images, which)
        if callable(self._target):
            outputs = in_halves(trace.forward, inputs)[1]
            gradients = output_gradients(self._score(which), outputs, len(which))
        else:
            gradients = self._class_gradients(trace, which)
        gradients = [_SCALE * gradient for gradient in gradients]
        return in_halves(trace.backward, inputs, tf.constant(images), gradients).numpy() / _SCALE

    def _class_gradients(self, trace, which):
        """The gradients of a sum of logits do not depend on the outputs: they are its weights."""
        outputs = tf.nest.map_structure(
            lambda tensor: tf.zeros([len(which), *tensor.shape[1:]], tensor.dtype),
            trace.forward.structured_outputs[1],
        )
        return floats(outputs._replace(logits=tf.constant(self._weights[which])))

    def _score(self, which):
        if callable(self._target):
            return as_score(self._target)
        return lambda outputs: tf.reduce_sum(self._weights[which] * outputs.logits, axis=1)

    def _outputs(self, images, which):
        trace, inputs = self._trace(images, which)
        return in_halves(trace.forward, inputs)[1]

    def _logits(self):
        """The logits of the images; zeros if only their number counts."""
        n_images = len(self.images)
        if self._target is None:
            parts = [which for which, _ in chunks(n_images, 1)]
            logits = [self._outputs(self.images[which], which).logits for which in parts]
            return () if isinstance(logits[0], tuple) else np.concatenate(logits)
        which, _ = next(chunks(n_images, 1))
        trace, _ = self._trace(self.images[which], which)
        shape = trace.forward.structured_outputs[1].logits
        return () if isinstance(shape, tuple) else np.zeros((n_images, shape.shape[1]))

    def _trace(self, images, which):
        """The trace of the engine from the images on, and the inputs as tensors."""
        parts = [part[which] for part in tf.nest.flatten(self._inputs)]
        parts[image_at(self._inputs)] = images
        inputs = tf.nest.pack_sequence_as(self._inputs, [tf.constant(part) for part in parts])
        spec = _any_batch if hasattr(self._model, "inputs") else _as_it_is
        specs = tf.nest.map_structure(spec, inputs)
        return _cached_trace(self._model, self._model.images, 0, specs), inputs


def _check_takes_floats(model):
    for tensor in getattr(model, "inputs", []):
        if len(tensor.shape) == 4 and "float" not in tensor.dtype:
            raise ValueError(
                "`model` must take images of floats: rounded pixels have no gradient. "
                f"Received: the model {model.name!r} with an input of dtype {tensor.dtype}"
            )
