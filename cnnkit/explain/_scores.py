"""The scores of images and of their variants, a few at a time, and their gradients."""

import math
from functools import partial

import numpy as np
import tensorflow as tf

from cnnkit.explain._engine import cached_trace, check_can_run, specs_of
from cnnkit.explain._finite import begin_check, check_results, first_few
from cnnkit.explain._halves import has_gpu, in_halves
from cnnkit.explain._inputs import as_inputs, check_rank, image_at, model_input_at
from cnnkit.explain._logits import IMAGES, Outputs, with_logits
from cnnkit.explain._loss import meaning_of_loss
from cnnkit.explain._maps import check_rows
from cnnkit.explain._output_gradients import floats, output_gradients
from cnnkit.explain._targets import (
    as_score,
    asks_for_likely_class,
    check_known,
    check_probabilities,
    class_weights,
    is_known,
    is_regression,
    logit_score,
    without_none,
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


def check_maps(maps, images, must="`maps` must have"):
    """One map for each image, as an array of floats; a ValueError if that is something else.

    `must` is how the error begins.
    """
    maps, shape = np.asarray(maps), images.shape[:-1]
    if maps.dtype.kind not in "iuf":
        received = f"maps of dtype {maps.dtype}"
    elif maps.shape != shape:
        received = f"maps of shape {maps.shape}"
    elif not np.isfinite(maps).all():
        is_bad = ~np.isfinite(maps).reshape(len(maps), -1).all(axis=1)
        received = f"NaN or infinite values in the maps {first_few(np.flatnonzero(is_bad))}"
    else:  # unsigned integers cannot be negated
        return maps.astype(np.result_type(maps, np.float32), copy=False)
    raise ValueError(
        f"{must} the shape of the images, {shape}, and finite numbers. Received: {received}"
    )


class Scores:
    """The scores of images under a model, and their gradients with respect to the pixels.

    Args:
        model, inputs, target, image: As `model`, `images`, `target` and `image` of
            `cnnkit.explain.grad_cam`.

    Attributes:
        images: The images of `inputs`, float32.
        target: The target, where it says None with the classes that are chosen.

    Raises:
        RuntimeError, TypeError, ValueError: As `cnnkit.explain.grad_cam`.
    """

    def __init__(self, model, inputs, target=None, image=None):
        check_can_run(model)
        self._model, self._inputs = model, as_inputs(inputs, image)
        self._at = image_at(self._inputs, image)
        check_rank(model, self._inputs, self._at)
        self.images = tf.nest.flatten(self._inputs)[self._at]
        self.target, self._given, self._traces = target, target, {}
        if not callable(target):
            outputs, meaning = self._of_classes(), meaning_of_loss(model)
            self._weights = class_weights(target, outputs, meaning)
            self.target = without_none(target, outputs, meaning)

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

        Raises:
            ValueError: If a score is not finite.
        """
        found = np.asarray(self._score(which)(self._outputs(images, which)), np.float32)
        check_results(found, which, "scores")
        return found

    def probabilities(self, images, which):
        """The same as `values`, with the probabilities of the classes in the place of logits.

        Of a pair it is their difference. A number that stands for no class is itself.

        Raises:
            ValueError: If a class is asked for and its probability is not known.
        """
        if callable(self.target):
            return self.values(images, which)
        weights, outputs = self._weights[which], self._outputs(images, which)
        meaning, one_unit = meaning_of_loss(self._model), weights.shape[1] == 1
        if is_regression(outputs, meaning) or (one_unit and not is_known(outputs)):
            found = logit_score(weights, outputs).numpy()
            check_results(found, which, "scores")
            return found
        check_known(outputs, self._given)
        p = outputs.probabilities.numpy()
        check_probabilities(p, meaning.activation == "Softmax" and not one_unit)
        if not one_unit:
            return (weights * p).sum(axis=1)
        if isinstance(self.target, tuple):  # the weights are 2 or -2
            return (weights * (p - 0.5))[:, 0]
        return np.where(weights > 0, p, 1 - p)[:, 0]

    def gradients(self, images, which):
        """Compute the gradients of `values`: a float32 array of the shape of the images."""
        _check_takes_floats(self._model, self._inputs, self._at)
        inputs = self._inputs_of(images, which)
        trace, inputs = self._trace(inputs), tf.nest.map_structure(tf.constant, inputs)
        if callable(self.target):
            outputs = self._run(trace.forward, inputs)[1]
            gradients = output_gradients(self._score(which), outputs, len(which))
            gradients = [SCALE * gradient for gradient in gradients]
        else:
            gradients = self._class_gradients(trace, which)
        images = tf.nest.flatten(inputs)[self._at]
        found = self._run(trace.backward, inputs, images, gradients).numpy()
        found /= SCALE
        if not found.any():
            _check_connected(self._model, trace, gradients)
        check_results(found, which, "gradients")
        return found

    def summed_gradients(self, variants, n_variants, which=None):
        """Compute the gradients of `values`, added up over the variants of each image.

        Args:
            variants: A function from two int arrays of shape `(n,)`, the image and the variant, to
                an array of shape `(n, height, width, channels)`.
            n_variants: How many variants each image has.
            which: Int array of shape `(m,)`: of which images. None means of all.

        Returns:
            A float32 array of shape `(m, height, width, channels)`.
        """
        which = np.arange(len(self.images)) if which is None else which
        sums = np.zeros((len(which), *self.images.shape[1:]), np.float32)
        for at, variant in chunks(len(which), n_variants, self.images.shape[1:-1]):
            gradients = self.gradients(variants(which[at], variant), which[at])
            for each in np.unique(at):
                sums[each] += gradients[at == each].sum(axis=0)
        return sums

    def _class_gradients(self, trace, which):
        """The gradients of a sum of logits do not depend on the outputs: they are its weights."""
        outputs = trace.forward.structured_outputs[1]
        gradients = [_zeros(tensor, len(which)) for tensor in floats(outputs)]
        gradients[len(floats(outputs.outputs))] = SCALE * self._weights[which]
        return [tf.constant(gradient) for gradient in gradients]

    def _score(self, which):
        if callable(self.target):
            return as_score(self.target)
        return partial(logit_score, self._weights[which])

    def _outputs(self, images, which):
        inputs = self._inputs_of(images, which)
        return self._run(self._trace(inputs).forward, tf.nest.map_structure(tf.constant, inputs))[1]

    def _run(self, graph, *arguments):
        """Run a graph, and raise a ValueError unless all weights are finite."""
        found = in_halves(graph, *arguments)
        self._check_weights()
        return found

    def _of_classes(self):
        """The logits and probabilities of the images; zeros if only their number counts."""
        if asks_for_likely_class(self.target):
            parts = [which for which, _ in self.chunks()]
            parts = [self._outputs(self.images[which], which)[1:] for which in parts]
            return Outputs(None, *tf.nest.map_structure(_joined, *parts))
        which, _ = next(self.chunks())
        trace = self._trace(self._inputs_of(self.images[: len(which)], which))
        zeros = partial(_zeros, n=len(self.images))
        return tf.nest.map_structure(zeros, trace.forward.structured_outputs[1])

    def _inputs_of(self, images, which):
        """What the model takes with these variants of the images, as arrays."""
        parts = enumerate(tf.nest.flatten(self._inputs))
        parts = [images if at == self._at else part[which] for at, part in parts]
        return tf.nest.pack_sequence_as(self._inputs, parts)

    def _trace(self, inputs):
        """The trace of the engine from the images on, for such inputs."""
        specs = specs_of(self._model, inputs)
        key = repr(specs)
        if key not in self._traces:  # to look for changed settings takes some time
            trace = cached_trace(self._model, IMAGES, 0, specs, run=with_logits, image=self._at)
            trace.kept(check_rows)
            self._check_weights = begin_check(trace)
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
