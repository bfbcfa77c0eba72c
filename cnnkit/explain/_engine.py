"""Which trace an explanation runs: it is made once for each layer and each kind of inputs."""

import functools
import weakref

import keras
import tensorflow as tf

from cnnkit._checks import check_built, check_model
from cnnkit._layers import find_in, layer_paths, split_call
from cnnkit.explain._inputs import check_lengths, check_rank, image_at, images_in
from cnnkit.explain._loss import meaning_of_loss
from cnnkit.explain._recording import one_call, recording
from cnnkit.explain._recording import run as plain_run
from cnnkit.explain._settings import changed, settings_of
from cnnkit.explain._trace import Trace, as_array, as_float32, as_it_is, reference


def check_can_run(model):
    """Raise an error unless Keras runs on TensorFlow, and `model` is a model that is built."""
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "cnnkit.explain needs Keras's TensorFlow backend: set the environment variable "
            "KERAS_BACKEND=tensorflow before Keras is imported. "
            f"Received: backend={keras.backend.backend()!r}"
        )
    check_model(model)
    check_built(model)


def find_call(model, layer=None, image=None):
    """Find the layer that is meant, and which of its calls.

    Args:
        model, layer, image: As in `cnnkit.explain.find_layer`.

    Returns:
        `(layer, call)`: a layer, and an integer from 0, or None where `layer` does not say it.
    """
    check_can_run(model)
    layer, call = split_call(layer)
    if layer is None:
        specs = _input_specs(model)
        trace = cached_trace(model, None, None, specs, image=_image_of_default(specs, image))
        return trace.layer(), trace.call
    # The model itself is one of its layers.
    return layer if layer is model else find_in(layer_paths(model), layer, model.name), call


def _input_specs(model):
    """What a model with symbolic inputs takes, for a batch of any size."""
    if not hasattr(model, "inputs"):
        raise ValueError(
            "`layer` must be given: a model without symbolic inputs shows the order of its layers "
            f"only when it runs. Received: layer=None and the model {model.name!r}"
        )
    # A Sequential model has exactly one input; others have a structure of them.
    inputs = model.inputs[0] if isinstance(model, keras.Sequential) else model.input
    return keras.tree.map_structure(_any_batch, inputs)


def specs_of(model, tensors):
    """The specifications of the tensors that a model is given, for the trace of its run."""
    # Code of a subclassed model may use the batch size as a number, which symbolic inputs forbid.
    spec = _any_batch if hasattr(model, "inputs") else as_it_is
    return tf.nest.map_structure(spec, tensors)


def _any_batch(tensor):
    return tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype)


def _image_of_default(inputs, image):
    """The integer of `image_at`, for the layer that is found if none is given."""
    if not images_in(inputs):
        raise ValueError(
            "`layer` must be given, as no layer gives maps of an image: none of the inputs has the "
            "shape (batch, height, width, channels), or that of a volume or a signal. "
            "Received: layer=None"
        )
    return image_at(inputs, image)


def trace_of(model, inputs, layer=None, training=False, run=plain_run, image=None):
    """The trace for these arguments, made now or before, and the inputs as tensors.

    Args:
        model, inputs, layer, training: As in `cnnkit.explain.capture`.
        run: What runs the model: a function of a module, called as `run(model, inputs, training,
            image)`.
        image: Which of the inputs is the image, as in `image_at`. It need not be said if there are
            several and it does not matter: where a layer is given and `run` is not `with_logits`.

    Returns:
        `(trace, tensors)`.
    """
    check_can_run(model)
    default = layer is None
    layer, call = (None, None) if default else find_call(model, layer)
    tensors = tf.nest.map_structure(tf.convert_to_tensor, inputs)
    if any(tensor.shape.rank == 0 for tensor in tf.nest.flatten(tensors)):
        raise ValueError(
            "`inputs` must be arrays with a batch axis. Received: inputs with a single number"
        )
    check_lengths(tf.nest.flatten(tensors), "inputs")
    if default:
        image = _image_of_default(tensors, image)
    elif image is not None or run is not plain_run or len(images_in(tensors)) == 1:
        image = image_at(tensors, image)
    if image is not None:
        check_rank(model, tensors, image)
    specs = specs_of(model, tensors)
    return cached_trace(model, layer, call, specs, training, run, image), tensors


def capture_all(model, inputs, layers, training=False):
    """What each of several layers gives in one run, and what the model gives, as arrays.

    Args:
        model, inputs, training: As in `cnnkit.explain.capture`.
        layers: A list of what `capture` takes for one layer.

    Returns:
        `(activations, outputs)`, of which the first is a list.
    """
    check_can_run(model)
    calls = [find_call(model, layer) for layer in layers]
    tensors = tf.nest.map_structure(tf.convert_to_tensor, inputs)
    check_lengths(tf.nest.flatten(tensors), "inputs")
    with recording([layer for layer, _ in calls]) as records:
        outputs = plain_run(model, tensors, training)
    activations = []
    for layer, call in calls:
        of_layer = [record for record in records if record[0] is layer]
        activations.append(as_float32(one_call(of_layer, layer, call, None)[1]))
    return activations, tf.nest.map_structure(as_array, outputs)


class _Traces(dict):
    """The traces of a model as it is now, each under what it is for.

    When layers or settings change, the traces from before go. A call may itself change an
    attribute, as a counter; then that is no setting.
    """

    def __init__(self, model):
        super().__init__()
        self._settings, self._no_settings = settings_of(model), set()

    def find(self, key, model, make):
        """The trace of this key, made now or before."""
        before = settings_of(model, self._settings)
        if changed(self._settings, before) - self._no_settings:
            self.clear()
        self._settings = before
        if key not in self:
            try:
                self[key] = make()
            finally:
                self._settings = settings_of(model, before)
                self._no_settings |= changed(before, self._settings) - {"layers"}
        return self[key]


# A model's traces go with the model. They may hold no reference to it, or it would never go.
traces: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def cached_trace(model, layer, call, specs, training=False, run=plain_run, image=None):
    """The trace for these arguments, as `Trace` has them, made now or before."""
    if model not in traces:
        traces[model] = _Traces(model)
    meaning = None if run is plain_run else meaning_of_loss(model)
    key = (reference(layer), call, repr(specs), training, run, image, meaning)
    make = functools.partial(Trace, model, layer, call, specs, training, run, image)
    return traces[model].find(key, model, make)
