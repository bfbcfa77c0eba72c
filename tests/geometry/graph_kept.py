"""Bytes that TensorFlow keeps from the forward to the backward pass, from the graph of a step."""

import math

import tensorflow as tf

SAME = ("Reshape", "Identity", "ExpandDims", "Squeeze", "StopGradient")  # copy nothing
FREE = ("Const", "ReadVariableOp", "Shape")


def kept_bytes(model):
    """Those of one example: what a batch of 2 keeps more than a batch of 1."""
    one, two = (sum(kept_tensors(model, n).values()) for n in (1, 2))
    return two - one


def kept_tensors(model, n_examples):
    """A dictionary from the names of forward tensors that gradients read to their bytes."""
    forward = set()

    def step(*inputs):
        with tf.GradientTape() as tape:
            outputs = model(list(inputs) if len(inputs) > 1 else inputs[0], training=True)
        graph = tf.compat.v1.get_default_graph()
        forward.update(op.name for op in graph.get_operations())
        return tape.gradient(outputs, [weight.value for weight in model.trainable_weights])

    specs = [tf.TensorSpec((n_examples, *t.shape[1:]), t.dtype) for t in model.inputs]
    graph = tf.function(step, autograph=False).get_concrete_function(*specs).graph
    kept, seen = {}, set()
    waiting = [tensor for tensor in graph.outputs if tensor.op.name not in forward]
    while waiting:  # from the gradients back to the forward pass: what else there is, is not run
        for tensor in waiting.pop().op.inputs:
            if tensor.op.name not in forward:
                if tensor.op.name not in seen:
                    waiting.append(tensor)
                seen.add(tensor.op.name)
                continue
            while tensor.op.type in SAME:
                tensor = tensor.op.inputs[0]
            if tensor.op.type not in FREE and tensor.dtype != tf.resource:
                kept[tensor.name] = math.prod(tensor.shape) * tensor.dtype.size
    return kept
