"""Run a graph on both halves of a batch at the same time."""

import weakref
from concurrent.futures import ThreadPoolExecutor

import tensorflow as tf


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
    sizes = [n // 2, n - n // 2]
    parts = [tf.split(array, sizes) for array in tf.nest.flatten(arguments)]
    halves = [tf.nest.pack_sequence_as(arguments, half) for half in zip(*parts, strict=True)]
    results = _two_threads.map(lambda half: graph(*half), halves)
    return tf.nest.map_structure(lambda *rows: tf.concat(rows, axis=0), *results)
