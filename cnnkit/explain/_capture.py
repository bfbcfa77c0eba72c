"""What a layer gives while its model runs, and the gradients of a score with respect to that.

A second model "from the input to this layer" cannot be built for nested, subclassed or reloaded
models. So the model runs as it is, once, while the `call` of the layer is replaced by one that also
takes a note of its output. TensorFlow traces this run to a graph, which is kept: from then on only
the graph runs, with the weights that the model has at that time.
"""

import functools
import itertools
import threading
import weakref
from contextlib import contextmanager
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from cnnkit._keras import layers_within
from cnnkit._layers import find_in, layer_paths, split_call


class Captured(NamedTuple):
    """The result of `capture`.

    Attributes:
        activations: What the layer gives: a float32 array of shape `(batch, ...)`.
        outputs: What the model gives: an array, or a list or dictionary of them, as the model has
            it. Floats are float32.
    """

    activations: np.ndarray
    outputs: object


class CapturedGradients(NamedTuple):
    """The result of `capture_gradients`.

    Attributes:
        activations: What the layer gives: a float32 array of shape `(batch, ...)`.
        gradients: How each example's score changes with its activations: float32, the same shape.
        outputs: What the model gives, as in `Captured`.
    """

    activations: np.ndarray
    gradients: np.ndarray
    outputs: object


def capture(model, inputs, layer=None):
    """Run a model in inference mode, and take a note of what one of its layers gives.

    The first run with inputs of a new shape or dtype takes a second or so, as it traces the model;
    the number of examples may differ from run to run, except for subclassed models. The model is
    not changed, nor kept alive.

    Args:
        model: A built `keras.Model` of any kind.
        inputs: What the model takes: an array or tensor of shape `(batch, ...)`, or a list or
            dictionary of them.
        layer: A layer of the model or of a model within it: a name, a path such as
            `"mobilenetv2_1.00_224/out_relu"`, or the layer itself. None means the last layer that
            gives maps: an output with four axes, and more than one position. For a layer that the
            model calls several times, a pair `(layer, call)`: `call` counts from 0, in the order in
            which the model runs.

    Returns:
        A `Captured`: `(activations, outputs)`.

    Raises:
        RuntimeError: If Keras runs on another backend than TensorFlow.
        TypeError: If `model` is no Keras model.
        ValueError: If the model is not built, there is no such layer or several of that name, or
            the layer does not give exactly one tensor.
    """
    trace, tensors = _trace(model, inputs, layer)
    activations, outputs = trace.forward(tensors)
    return Captured(_as_float32(activations), tf.nest.map_structure(_as_array, outputs))


def capture_gradients(model, inputs, layer=None, score=None):
    """Compute the gradients of a score with respect to what a layer gives.

    By the chain rule: the gradient of the score with respect to the outputs of the model goes
    backwards through the part of the model that comes after the layer.

    Args:
        model, inputs, layer: As in `capture`.
        score: A function of the outputs of the model, which are tensors, written with `keras.ops`
            or TensorFlow. It returns one number for each example: a tensor of shape `(batch,)`.
            By default the largest output of each example.

    Returns:
        A `CapturedGradients`: `(activations, gradients, outputs)`. The gradients of an example do
        not depend on the others. They are 0 where the score does not depend on the layer.

    Raises:
        RuntimeError, TypeError, ValueError: As in `capture`, and a ValueError if `score` does not
            give one number for each example.
    """
    trace, tensors = _trace(model, inputs, layer)
    activations, outputs = trace.forward(tensors)
    n_examples = tf.nest.flatten(tensors)[0].shape[0]
    output_gradients = _output_gradients(score or _largest, outputs, n_examples)
    gradients = trace.backward(tensors, activations, output_gradients)
    return CapturedGradients(
        _as_float32(activations),
        _as_float32(gradients),
        tf.nest.map_structure(_as_array, outputs),
    )


def find_layer(model, layer=None):
    """Find a layer of a model, or of the models within it.

    Args:
        model: A built `keras.Model`.
        layer: A name, a path or the layer itself, as in `capture`. None means the last layer that
            gives maps, and works for models that know the shape of their inputs.

    Returns:
        The layer.

    Raises:
        RuntimeError, TypeError, ValueError: As in `capture`.
    """
    _check_model(model)
    if layer is not None:
        return _find(model, layer)
    return _cached_trace(model, None, None, _input_specs(model)).layer()


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


def _any_batch(tensor):
    return tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype)


def _as_it_is(tensor):
    return tf.TensorSpec(tensor.shape, tensor.dtype)


def _find(model, layer):
    """The layer that a name, a path or a layer means; the model itself is one of its layers."""
    return layer if layer is model else find_in(layer_paths(model), layer, model.name)


def _check_model(model):
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "cnnkit.explain needs Keras's TensorFlow backend: set the environment variable "
            "KERAS_BACKEND=tensorflow before Keras is imported. "
            f"Received: backend={keras.backend.backend()!r}"
        )
    _check_is_model(model)
    if not model.built:
        raise ValueError(
            "`model` must be built: call it once, or give it an Input. "
            f"Received: the model {model.name!r}, which has no weights yet"
        )


def _check_is_model(model):
    if not isinstance(model, keras.Layer):
        raise TypeError(f"`model` must be a Keras model. Received: model={model!r}")


def _trace(model, inputs, layer):
    """The trace for these arguments, made now or before, and the inputs as tensors."""
    _check_model(model)
    layer, call = split_call(layer)
    if layer is not None:
        layer = _find(model, layer)
    tensors = tf.nest.map_structure(tf.convert_to_tensor, inputs)
    if any(tensor.shape.rank == 0 for tensor in tf.nest.flatten(tensors)):
        raise ValueError(
            "`inputs` must be arrays with a batch axis. Received: inputs with a single number"
        )
    # Code of a subclassed model may use the batch size as a number, which symbolic inputs forbid.
    spec = _any_batch if hasattr(model, "inputs") else _as_it_is
    specs = tf.nest.map_structure(spec, tensors)
    return _cached_trace(model, layer, call, specs), tensors


# A model's traces go with the model. They may hold no reference to it, or it would never go.
_traces = weakref.WeakKeyDictionary()


def _cached_trace(model, layer, call, specs):
    key = (_reference(layer), call, repr(specs), _structure(model))
    traces = _traces.setdefault(model, {})
    if key not in traces:
        traces[key] = _Trace(model, layer, call, specs)
    return traces[key]


def _reference(layer):
    return None if layer is None else weakref.ref(layer)


def _structure(model):
    """What a trace cannot see change: layers added or removed, activations and dtypes."""
    return tuple(
        (weakref.ref(layer), id(getattr(layer, "activation", None)), layer.dtype_policy.name)
        for layer in [model, *layers_within(model, recursive=True)]
    )


class _Trace:
    """A model's forward pass, and its backward pass down to one layer, as graphs.

    The weights are variables of the graphs, and so are read anew in each run.

    Attributes:
        forward: A function from inputs to `(activations, outputs)`.
        layer: A weak reference to the layer whose output the activations are.
        call: Which of its calls that was.
    """

    def __init__(self, model, layer, call, specs):
        self.specs = specs
        self.model = weakref.ref(model)
        self.layer, self.call = _reference(layer), call
        self.forward = _graph(self._forward, specs)

    def _forward(self, inputs):
        model, records = self.model(), []

        def record(layer, output):
            records.append((layer, output))
            return output

        layers = [self.layer()] if self.layer else layer_paths(model).values()
        with _outputs_through(record, layers):
            outputs = _run(model, inputs)
        graph = tf.nest.flatten(inputs)[0].graph
        if self.layer:
            layer, self.call, activations = _one_call(records, self.layer(), self.call, graph)
        else:
            layer, self.call, activations = _last_maps(records, model, graph)
        self.layer = weakref.ref(layer)
        return activations, outputs

    @functools.cached_property
    def backward(self):
        """The function from inputs, activations and output gradients to gradients."""
        activations, outputs = self.forward.structured_outputs
        specs = [_as_it_is(output) for output in _floats(outputs)]
        return _graph(self._backward, self.specs, _as_it_is(activations), specs)

    def _backward(self, inputs, activations, output_gradients):
        calls = itertools.count()

        def feed(_, output):
            """Go on from the activations, so that nothing before the layer is computed again."""
            return _exchange(output, activations) if next(calls) == self.call else output

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(activations)
            with _outputs_through(feed, [self.layer()]):
                outputs = _floats(_run(self.model(), inputs))
        zero = tf.UnconnectedGradients.ZERO
        return tape.gradient(outputs, activations, output_gradients, unconnected_gradients=zero)


def _graph(function, *specs):
    # Keras does not convert Python's `if` and `for` to graphs either.
    return tf.function(function, autograph=False).get_concrete_function(*specs)


def _run(model, inputs):
    """Run a model in inference mode; what it would change, as random seeds, stays as it is."""
    with keras.StatelessScope():
        return model(inputs, training=False)


_one_at_a_time = threading.RLock()  # else two threads would restore each other's replacements


@contextmanager
def _outputs_through(function, layers):
    """For a while, each of the layers gives `function(layer, output)` instead of its output."""
    with _one_at_a_time:
        replaced = []
        try:
            for layer in {id(layer): layer for layer in layers}.values():
                name = "quantized_call" if getattr(layer, "quantization_mode", None) else "call"
                replaced.append((layer, name, vars(layer).get(name)))
                # `vars`, as Keras would keep track of what is set in the usual way.
                vars(layer)[name] = _then(getattr(layer, name), function, layer)
            yield
        finally:
            for layer, name, before in replaced:
                if before is None:  # a method of the class
                    del vars(layer)[name]
                else:
                    vars(layer)[name] = before


def _then(call, function, layer):
    @functools.wraps(call)  # with its signature, which Keras reads
    def call_then(*args, **kwargs):
        return function(layer, call(*args, **kwargs))

    return call_then


def _one_call(records, layer, call, graph):
    """Of the records of one layer that of the call asked for: `(layer, call, activations)`."""
    if not records:
        raise ValueError(
            f"`layer` must be a layer that the model calls when it runs. Received: {layer.name!r}"
        )
    outputs = [_tensors(output) for _, output in records]
    if not all(_is_in(graph, tensor) for output in outputs for tensor in output):
        raise ValueError(
            "`layer` must not run within a loop, such as that of a recurrent layer. "
            f"Received: {layer.name!r}"
        )
    if call not in range(len(records)) and not (call is None and len(records) == 1):
        raise ValueError(
            f"`layer` must say which of its calls is meant, as `(layer, call)` with call from 0 to "
            f"{len(records) - 1}. Received: {layer.name!r}, call={call}"
        )
    call = call or 0
    if len(outputs[call]) != 1:
        raise ValueError(
            "`layer` must give one tensor. "
            f"Received: {layer.name!r}, which gives {len(outputs[call])}"
        )
    return layer, call, outputs[call][0]


def _last_maps(records, model, graph):
    """The last output that has maps, and who gave it: `(layer, call, activations)`."""
    outputs = [_tensors(output) for _, output in records]
    found = [i for i, output in enumerate(outputs) if _are_maps(output, graph)]
    if not found:
        raise ValueError(
            "`layer` must be given, as no layer gives maps with more than one position. "
            f"Received: layer=None and the model {model.name!r}"
        )
    activations = outputs[found[-1]][0]
    # A model, or a dropout that is off, gives what a layer before it gave.
    first = next(i for i in found if outputs[i][0] is activations)
    layer = records[first][0]
    call = sum(earlier is layer for earlier, _ in records[:first])
    return layer, call, activations


def _are_maps(output, graph):
    if len(output) != 1 or not _is_in(graph, output[0]) or output[0].shape.rank != 4:
        return False
    return tuple(output[0].shape[1:3]) != (1, 1)


def _is_in(graph, tensor):
    """Whether a tensor is in this graph, and not in that of a loop within it."""
    return getattr(tensor, "graph", None) is graph


def _largest(outputs):
    """The largest output of each example."""
    if not tf.is_tensor(outputs):
        raise ValueError(
            "`score` must be given, as the model has several outputs. Received: score=None"
        )
    return tf.reduce_max(tf.reshape(outputs, [tf.shape(outputs)[0], -1]), axis=1)


def _output_gradients(score, outputs, n_examples):
    """The gradients of a score with respect to each of the outputs of a model."""
    floats = _floats(outputs)
    with tf.GradientTape() as tape:
        tape.watch(floats)
        scores = tf.convert_to_tensor(score(outputs))
        total = tf.reduce_sum(scores)  # whose gradient holds those of the examples side by side
    if scores.shape != (n_examples,):
        raise ValueError(
            f"`score` must give one number for each of the {n_examples} examples. "
            f"Received: a result of shape {tuple(scores.shape)}"
        )
    gradients = tape.gradient(total, floats)
    if all(gradient is None for gradient in gradients):
        raise ValueError(
            "`score` must be computed from the outputs with keras.ops or TensorFlow, not NumPy. "
            f"Received: score={score!r}, which has no gradient"
        )
    return [
        tf.zeros_like(output) if gradient is None else tf.convert_to_tensor(gradient)
        for output, gradient in zip(floats, gradients, strict=True)
    ]


def _tensors(structure):
    return [part for part in tf.nest.flatten(structure) if tf.is_tensor(part)]


def _floats(structure):
    """The tensors that have gradients."""
    return [tensor for tensor in _tensors(structure) if tensor.dtype.is_floating]


def _exchange(output, activations):
    """A layer's output with these activations as its only tensor."""
    return tf.nest.map_structure(lambda part: activations if tf.is_tensor(part) else part, output)


def _as_array(tensor):
    return _as_float32(tensor) if tensor.dtype.is_floating else tensor.numpy()


def _as_float32(tensor):
    return tf.cast(tensor, tf.float32).numpy()
