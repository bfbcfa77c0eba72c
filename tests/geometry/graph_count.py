"""Multiply-adds counted from the graph that TensorFlow makes of a layer or a model."""

import math

import tensorflow as tf


def counted(function, shapes, dtype="float32"):
    """How many more products a batch of 2 needs than a batch of 1: those of one example.

    Args:
        function: A layer or a function, called with one tensor for each shape.
        shapes: List of shapes without batch axis.
    """
    function(*(tf.zeros((1, *shape), dtype) for shape in shapes))  # else weights take another graph
    one, two = (_of_graph(function, shapes, n, dtype) for n in (1, 2))
    return two - one


def _of_graph(function, shapes, n, dtype):
    specs = [tf.TensorSpec((n, *shape), dtype) for shape in shapes]
    graph = tf.function(function, autograph=False).get_concrete_function(*specs).graph
    return sum(_of_operation(op) for op in graph.get_operations())


def _of_operation(op):
    shapes = [tuple(tensor.shape) for tensor in op.inputs]
    made = tuple(op.outputs[0].shape) if op.outputs else ()
    if op.type in ("Conv2D", "Conv3D"):
        return math.prod(made) * math.prod(shapes[1][:-1])
    if op.type == "DepthwiseConv2dNative":
        return math.prod(made) * math.prod(shapes[1][:2])
    if op.type in ("Conv2DBackpropInput", "Conv3DBackpropInputV2"):
        return math.prod(shapes[2]) * math.prod(shapes[1][:-1])
    if op.type in ("MatMul", "BatchMatMulV2"):
        transposed = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
        return math.prod(made) * shapes[0][-2 if transposed else -1]
    if op.type == "Einsum":
        sizes = {}
        terms = op.get_attr("equation").decode().split("->")[0].split(",")
        for term, shape in zip(terms, shapes, strict=True):
            n_more = len(shape) - len(term.replace("...", ""))
            sizes |= zip(term.replace("...", "ABCDEFG"[:n_more]), shape, strict=True)
        return math.prod(sizes.values()) if len(shapes) == 2 else 0
    known = "Call While If Batch Mat Conv Einsum"  # what else could hold products
    assert not any(word in op.type for word in known.split()), op.type
    return 0
