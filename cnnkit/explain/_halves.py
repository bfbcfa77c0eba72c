"""Run a graph on both halves of a batch at the same time."""

import math
import weakref
from concurrent.futures import ThreadPoolExecutor

import tensorflow as tf


def has_gpu():
    """Whether TensorFlow sees a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


_MANY = 2**18  # pixels of a batch, as 28 images of 96x96 have; for fewer the whole is faster
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

    Many operations of a network keep one core busy and no more, so that on two cores the halves of
    a large batch side by side take two thirds of the time of the whole. A small one runs whole.

    Args:
        graph: A function of a trace, as `forward`.
        arguments: Structures of tensors, each of shape `(batch, ...)`; of images the largest.

    Returns:
        What `graph(*arguments)` returns.
    """
    sizes = [tuple(tensor.shape) for tensor in tf.nest.flatten(arguments)]
    n = sizes[0][0]
    if n < 4 or max(math.prod(size[:-1]) for size in sizes) < _MANY or has_gpu():
        return graph(*arguments)
    if graph not in _runs_alone:
        _runs_alone[graph] = adds_to_products(graph.graph)
    tensors = tf.nest.flatten([graph.structured_input_signature, graph.structured_outputs])
    shapes = [tensor.shape for tensor in tensors]
    takes_halves = all(shape.rank and shape[0] is None for shape in shapes)  # any size of batch
    if not takes_halves or _runs_alone[graph]:
        return graph(*arguments)
    halves = [n // 2, n - n // 2]
    parts = [tf.split(array, halves) for array in tf.nest.flatten(arguments)]
    halves = [tf.nest.pack_sequence_as(arguments, half) for half in zip(*parts, strict=True)]
    results = _two_threads.map(lambda half: graph(*half), halves)
    return tf.nest.map_structure(lambda *rows: tf.concat(rows, axis=0), *results)
