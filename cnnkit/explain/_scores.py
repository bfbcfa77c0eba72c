"""The scores of images and of their variants, a few at a time, and their gradients."""

import math
from functools import partial

import numpy as np
import tensorflow as tf

from cnnkit.explain._engine import cached_trace, check_can_run, specs_of
from cnnkit.explain._halves import has_gpu, in_halves
from cnnkit.explain._inputs import as_inputs, check_rank, image_at, model_input_at
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
        image_size: `(height, width)`, or the sizes of a volume or a signal. Of small images there
            are more at a time.

    Yields:
        `(images, variants)`: two int arrays of one length.
    """
    size = max(PIXELS // math.prod(image_size), 128 if has_gpu() else 16)
    pairs = np.arange(n_images * n_variants)
    for part in np.array_split(pairs, -(-len(pairs) // size)):
        yield np.divmod(part, n_variants)


def _joined(*parts):
    return np.concatenate(parts)


def _zeros(tensor, n):
    """Zeros in the place of a tensor of a graph, for a batch of `n`."""
    return np.zeros([n, *tensor.shape[1:]], tensor.dtype.as_numpy_dtype)


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
        check_rank(model, self._inputs, self._at)
        self.images = tf.nest.flatten(self._inputs)[self._at]
        self._target, self._traces = target, {}
        if not callable(target):
            self._weights = class_weights(target, self._of_classes())

    def chunks(self, n_variants=1):
        """All pairs of an image and one of so many variants, as the function `chunks`."""
        return chunks(len(self.images), n_variants, self.images.shape[1:-1])

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
        inputs = self._inputs_of(images, which)
        trace, inputs = self._trace(inputs), tf.nest.map_structure(tf.constant, inputs)
        if callable(self._target):
            outputs = in_halves(trace.forward, inputs)[1]
            gradients = output_gradients(self._score(which), outputs, len(which))
            gradients = [SCALE * gradient for gradient in gradients]
        else:
            gradients = self._class_gradients(trace, which)
        images = tf.nest.flatten(inputs)[self._at]
        found = in_halves(trace.backward, inputs, images, gradients).numpy() / SCALE
        if not found.any():
            _check_connected(self._model, trace, gradients)
        return found

    def _class_gradients(self, trace, which):
        """The gradients of a sum of logits do not depend on the outputs: they are its weights."""
        outputs = trace.forward.structured_outputs[1]
        gradients = [_zeros(tensor, len(which)) for tensor in floats(outputs)]
        gradients[len(floats(outputs.outputs))] = SCALE * self._weights[which]
        return [tf.constant(gradient) for gradient in gradients]

    def _score(self, which):
        if callable(self._target):
            return as_score(self._target)
        return partial(logit_score, self._weights[which])

    def _outputs(self, images, which):
        inputs = self._inputs_of(images, which)
        return in_halves(self._trace(inputs).forward, tf.nest.map_structure(tf.constant, inputs))[1]

    def _of_classes(self):
        """The logits and probabilities of the images; zeros if only their number counts."""
        if self._target is None:
            parts = [which for which, _ in self.chunks()]
            parts = [self._outputs(self.images[which], which)[1:] for which in parts]
            return Outputs(None, *tf.nest.map_structure(_joined, *parts))
        which, _ = next(self.chunks())
        trace = self._trace(self._inputs_of(self.images[which], which))
        zeros = partial(_zeros, n=len(self.images))
        return tf.nest.map_structure(zeros, trace.forward.structured_outputs[1])

    def _inputs_of(self, images, which):
        """What the model takes with these variants of the images, as arrays."""
        parts = [part[which] for part in tf.nest.flatten(self._inputs)]
        parts[self._at] = images
        return tf.nest.pack_sequence_as(self._inputs, parts)

    def _trace(self, inputs):
        """The trace of the engine from the images on, for such inputs."""
        specs = specs_of(self._model, inputs)
        key = repr(specs)
        if key not in self._traces:  # to look for changed settings takes some time
            trace = cached_trace(self._model, IMAGES, 0, specs, run=with_logits, image=self._at)
            trace.kept(check_rows)
            self._traces[key] = trace
        return self._traces[key]


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
