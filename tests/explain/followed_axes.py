"""What axes go along in the graph of a function of images, for tests to compare."""

import tensorflow as tf

from cnnkit.explain._image_axes import image_axes, kind_of_maps

SHAPE = (3, 4, 6, 8)  # batch, rows, columns, channels
KERNEL = tf.ones((3, 3, 8, 5))


def graph_of(function, shape=(None, *SHAPE[1:])):
    spec = tf.TensorSpec(shape)
    graph = tf.function(function, autograph=False).get_concrete_function(spec).graph
    return graph, graph.inputs[0], graph.structured_outputs


def axes_of(function, shape=(None, *SHAPE[1:])):
    graph, image, output = graph_of(function, shape)
    return image_axes(graph, image)[output.name]


def kind(function, shape=(None, *SHAPE[1:])):
    return kind_of_maps(axes_of(function, shape))
