"""The scores of images and of their variants, a few at a time, and their gradients."""

import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from operator import itemgetter

import numpy as np
import tensorflow as tf

from cnnkit.explain._engine import cached_trace, check_can_run, specs_of
from cnnkit.explain._inputs import as_inputs, image_at, model_input_at
from cnnkit.explain._logits import IMAGES, Outputs, with_logits
from cnnkit.explain._loss import meaning_of_loss
from cnnkit.explain._maps import check_rows
from cnnkit.explain._output_gradients import floats, output_gradients
from cnnkit.explain._targets import (
    as_score,
    check_known,
    check_probabilities,
    class_weights,
    is_known,
    logit_score,
)

SCALE = 2**10  # of gradients on their way back: those of pixels are too small for float16


PIXELS = 16 * 224**2  # at once; of more, the activations do not fit into the memory of a laptop


def chunks(n_images, n_variants, image_size):
    """All pairs of an image and one of its variants, a few at a time.

    Args:
        n_images, n_variants: How many.
        image_size: `(height, width)`. Of small images there are more at a time.

    Yields:
        `(images, variants)`: two int arrays of one length.
    """
    height, width = image_size
    size = max(PIXELS // (height * width), 128 if has_gpu() else 16)
    pairs = np.arange(n_images * n_variants)
    for part in np.array_split(pairs, -(-len(pairs) // size)):
        yield np.divmod(part, n_variants)


def has_gpu():
    """Whether TensorFlow sees a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


_two_threads = ThreadPoolExecutor(2)
_runs_alone: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()  # by graph

# Operations whose result TensorFlow adds to another tensor within the same kernel, directly or
# after one of the others.
_PRODUCTS = {"BatchMatMulV2", "Conv2D", "Conv3D", "DepthwiseConv2dNative", "Einsum", "MatMul"}
_AFTER_PRODUCTS = {"BiasAdd", "Cast", "Elu", "Identity", "LeakyRelu", "Relu", "Relu6", "Reshape"}


def adds_to_products(graph):
    """Whether products, as of a convolution, are added to what is no bias, as in a shortcut.

    With oneDNN TensorFlow 2.21 computes both in one kernel, and that keeps in itself where the
    other tensor lies: two runs at the same time end the process.

    Args:
        graph: A `tf.Graph`.
    """
    return any(
        op.type in ("Add", "AddN", "AddV2")
        and not _adds_bias(op)
        and any(_is_product(tensor.op) for tensor in op.inputs)
        for op in graph.get_operations()
    )


def _is_product(op):
    while op.type in _AFTER_PRODUCTS or _adds_bias(op):
        op = max(op.inputs, key=lambda tensor: tensor.shape.rank or 0).op
    return op.type in _PRODUCTS


def _adds_bias(op):
    return op.type in ("Add", "AddV2") and any(tensor.shape.rank == 1 for tensor in op.inputs)


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
    if graph not in _runs_alone:
        _runs_alone[graph] = adds_to_products(graph.graph)
    tensors = tf.nest.flatten([graph.structured_input_signature, graph.structured_outputs])
    shapes = [tensor.shape for tensor in tensors]
    takes_halves = all(shape.rank and shape[0] is None for shape in shapes)  # any size of batch
    if n < 4 or has_gpu() or not takes_halves or _runs_alone[graph]:
        return graph(*arguments)
    parts = slice(None, n // 2), slice(n // 2, None)
    halves = [tf.nest.map_structure(itemgetter(part), arguments) for part in parts]
    results = _two_threads.map(lambda half: graph(*half), halves)
    return tf.nest.map_structure(lambda *rows: tf.concat(rows, axis=0), *results)


def _joined(*parts):
    return np.concatenate(parts)


class Scores:
    """The scores of images under a model, and their gradients with respect to the pixels.

    Args:
        model, inputs, target, image: As `model`, `images`, `target` and `image` of
            `cnnkit.explain.grad_cam`.

    Attributes:
        images: The images of `inputs`, float32.

    Raises:
        RuntimeError, TypeError, ValueError: As `cnnkit.explain.grad_cam`.
    """

    def __init__(self, model, inputs, target=None, image=None):
        check_can_run(model)
        self._model, self._inputs = model, as_inputs(inputs, image)
        self._at = image_at(self._inputs, image)
        self.images = tf.nest.flatten(self._inputs)[self._at]
        self._target = target
        if not callable(target):
            self._weights = class_weights(target, self._of_classes())

    def chunks(self, n_variants=1):
        """All pairs of an image and one of so many variants, as the function `chunks`."""
        return chunks(len(self.images), n_variants, self.images.shape[1:3])

    def of_images(self):
        """The scores of the images as they are: a float32 array of shape `(batch,)`."""
        parts = [self.values(self.images[i], i) for i, _ in self.chunks()]
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
        """The same as `values`, with the probabilities of the classes in the place of logits.

        Raises:
            ValueError: If a class is asked for and its probability is not known.
        """
        if callable(self._target):
            return self.values(images, which)
        weights, outputs = self._weights[which], self._outputs(images, which)
        one_unit = weights.shape[1] == 1
        if one_unit and not is_known(outputs):  # a number of its own, as of a regression
            return outputs.logits[:, 0].numpy()
        check_known(outputs, self._target)
        p = outputs.probabilities.numpy()
        check_probabilities(
            p, meaning_of_loss(self._model).activation == "Softmax" and not one_unit
        )
        if one_unit:
            return np.where(weights > 0, p, 1 - p)[:, 0]
        return (weights * p).sum(axis=1)

    def gradients(self, images, which):
        """Compute the gradients of `values`: a float32 array of the shape of the images."""
        _check_takes_floats(self._model, self._inputs, self._at)
        trace, inputs = self._trace(images, which)
        if callable(self._target):
            outputs = in_halves(trace.forward, inputs)[1]
            gradients = output_gradients(self._score(which), outputs, len(which))
        else:
            gradients = self._class_gradients(trace, which)
        gradients = [SCALE * gradient for gradient in gradients]
        found = in_halves(trace.backward, inputs, tf.constant(images), gradients).numpy() / SCALE
        if not found.any():
            _check_connected(self._model, trace, gradients)
        return found

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
        return partial(logit_score, self._weights[which])

    def _outputs(self, images, which):
        trace, inputs = self._trace(images, which)
        return in_halves(trace.forward, inputs)[1]

    def _of_classes(self):
        """The logits and probabilities of the images; zeros if only their number counts."""
        if self._target is None:
            parts = [which for which, _ in self.chunks()]
            parts = [self._outputs(self.images[which], which)[1:] for which in parts]
            return Outputs(None, *tf.nest.map_structure(_joined, *parts))
        which, _ = next(self.chunks())
        trace, _ = self._trace(self.images[which], which)
        found = trace.forward.structured_outputs[1][1:]
        zeros = lambda tensor: np.zeros((len(self.images), tensor.shape[1]))  # noqa: E731
        return Outputs(None, *tf.nest.map_structure(zeros, found))

    def _trace(self, images, which):
        """The trace of the engine from the images on, and the inputs as tensors."""
        parts = [part[which] for part in tf.nest.flatten(self._inputs)]
        parts[self._at] = images
        inputs = tf.nest.pack_sequence_as(self._inputs, [tf.constant(part) for part in parts])
        specs = specs_of(self._model, inputs)
        trace = cached_trace(self._model, IMAGES, 0, specs, run=with_logits, image=self._at)
        trace.kept(check_rows)
        return trace, inputs


def _check_connected(model, trace, gradients):
    """Raise a ValueError if the outputs that the score needs have no gradients, not even 0."""
    needed = [tf.reduce_any(gradient != 0).numpy() for gradient in gradients]
    if any(needed) and not any(map(all, zip(needed, trace.connected, strict=True))):
        raise ValueError(
            "`model` must compute the score from the image in a way that has gradients. Received: "
            f"the model {model.name!r}, which has something without between them, as "
            "`keras.ops.stop_gradient` or a rounding"
        )


def _check_takes_floats(model, inputs, at):
    if not hasattr(model, "inputs"):
        return
    tensor = model.inputs[model_input_at(model, inputs, at)]
    if "float" not in tensor.dtype:
        raise ValueError(
            "`model` must take images of floats: rounded pixels have no gradient. "
            f"Received: the model {model.name!r} with an input of dtype {tensor.dtype}"
        )
