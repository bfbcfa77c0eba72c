"""What layers give while a model runs: for a while, their `call` is replaced."""

import functools
import threading
from contextlib import contextmanager

import keras
import tensorflow as tf


def run(model, inputs, training=False, image=None):
    """Run a model; what it would change, as random seeds, stays as it is.

    Which of the inputs is the image does not matter here: `with_logits` is called in the same way.
    """
    with keras.StatelessScope():
        return model(inputs, training=training)


@contextmanager
def recording(layers):
    """For a while, take a note of each output of the layers.

    Yields:
        A list that gets a pair `(layer, output)` whenever one of them is called.
    """
    records = []

    def record(layer, output):
        records.append((layer, output))
        return output

    with outputs_through(record, layers):
        yield records


_one_at_a_time = threading.RLock()  # else two threads would restore each other's replacements


@contextmanager
def outputs_through(function, layers):
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


def one_call(records, layer, call, graph):
    """Of the records of one layer that of the call asked for.

    Args:
        records: What `recording([layer])` gave.
        layer: The layer.
        call: Which of its calls, from 0. None: the only one.
        graph: The TensorFlow graph in which the model ran, or None if it ran in none.

    Returns:
        `(call, activations)`: an integer and a tensor.

    Raises:
        ValueError: If there is no such call, or it did not give exactly one tensor.
    """
    if not records:
        raise ValueError(
            f"`layer` must be a layer that the model calls when it runs. Received: {layer.name!r}"
        )
    outputs = [tensors_in(output) for _, output in records]
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
    return call, outputs[call][0]


def with_rank(rank, records, graph):
    """The outputs that may be maps, the last one first, each with the layer that gave it first.

    Args:
        rank: How many axes the image has, and so have maps of it.
        records: What `recording` gave for all layers of a model.
        graph: As in `one_call`.

    Yields:
        `(layer, call, activations)`. Those with a single position are left out.
    """
    outputs = [tensors_in(output) for _, output in records]
    found = [i for i, output in enumerate(outputs) if _may_be_maps(output, rank, graph)]
    seen = set()
    for i in reversed(found):
        activations = outputs[i][0]
        if id(activations) in seen:
            continue
        seen.add(id(activations))
        # A model, or a dropout that is off, gives what a layer before it gave.
        first = next(j for j in found if outputs[j][0] is activations)
        layer = records[first][0]
        yield layer, sum(earlier is layer for earlier, _ in records[:first]), activations


def _may_be_maps(output, rank, graph):
    if len(output) != 1 or not _is_in(graph, output[0]) or output[0].shape.rank != rank:
        return False
    return any(size != 1 for size in output[0].shape[1:-1])


def _is_in(graph, tensor):
    """Whether a tensor is in this graph, and not in that of a loop within it."""
    return getattr(tensor, "graph", None) is graph


def exchange(output, activations):
    """A layer's output with these activations as its only tensor."""
    return tf.nest.map_structure(lambda part: activations if tf.is_tensor(part) else part, output)


def tensors_in(structure):
    """The tensors of a structure, in which there may also be None."""
    return [part for part in tf.nest.flatten(structure) if tf.is_tensor(part)]
