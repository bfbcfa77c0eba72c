"""All that is taken from Keras without being public there: one release of Keras breaks one file.

These are `Layer._flatten_layers`, `Sequential._functional`, `Functional._nodes_by_depth` with the
nodes found there, and `Trainer.train_function`; of TensorFlow, `Graph._get_function`.
"""

import contextlib
from typing import NamedTuple

import keras


class Call(NamedTuple):
    """One call of a layer. A layer that is shared is called several times.

    Attributes:
        path: Name of the layer, behind the names of the models it is in: "model/layer".
        layer: The `keras.Layer`, or the `keras.Operation` of a `keras.ops` function.
        inputs, outputs: Lists of `keras.KerasTensor`, which stand for the arrays passed: they have
            a shape, `(batch, ...)`, and no values. No two calls make the same object.
        is_expanded: Whether the layer is a model whose own calls come right before this one.
    """

    path: str
    layer: keras.Operation
    inputs: list
    outputs: list
    is_expanded: bool = False


def layers_within(layer, recursive=False):
    """The layers that a layer or model holds: its own, or with `recursive` theirs as well."""
    return list(layer._flatten_layers(include_self=False, recursive=recursive))


def called_graph(op):
    """The graph of the function that an operation of a TensorFlow graph calls."""
    return op.graph._get_function(op.get_attr("f").name).graph


@contextlib.contextmanager
def other_optimizer(model, optimizer):
    """Within it the model trains with `optimizer`, afterwards with its own again, as before."""
    own, train_function = model.optimizer, model.train_function
    model.optimizer, model.train_function = optimizer, None  # what is traced has the old one
    try:
        yield
    finally:
        model.optimizer, model.train_function = own, train_function


def find_graph(model):
    """The functional model that says in which order the layers of a model are called.

    Returns:
        The model itself, the one inside a Sequential model, or None: a subclassed model and one
        that is not built have none, nor has one that is called in another way than its graph says.
    """
    if not type(model).call.__module__.startswith("keras."):
        return None
    if isinstance(model, keras.Sequential):
        model = model._functional
    return model if hasattr(model, "_nodes_by_depth") else None


def find_calls(graph, image_size=None):
    """List all calls of layers, with those in nested models, in the order of computation.

    Args:
        graph: What `find_graph` returns.
        image_size: `(height, width)` of the images, for a model that leaves them open. None stands
            for the shapes of the model's inputs as they are.

    Returns:
        A list of `Call`, with those of input layers for the outermost model only.
    """
    calls = []
    _follow(graph, [_input(tensor, image_size) for tensor in graph.inputs], "", calls)
    return calls


def _follow(graph, inputs, prefix, calls):
    """Append the calls in a graph to `calls`; returns what the graph gives for `inputs`."""
    values = {id(tensor): value for tensor, value in zip(graph.inputs, inputs, strict=True)}
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        for node in graph._nodes_by_depth[depth]:
            layer, path = node.operation, prefix + node.operation.name
            if node.is_input:
                if not prefix:
                    calls.append(Call(path, layer, [], [values[id(node.output_tensors[0])]]))
                continue
            passed = [values[id(tensor)] for tensor in node.input_tensors]
            inner = find_graph(layer)
            if inner is None:
                outputs = _outputs(node, values)
            else:
                outputs = _follow(inner, passed, f"{path}/", calls)
            calls.append(Call(path, layer, passed, outputs, inner is not None))
            values.update(zip(map(id, node.output_tensors), outputs, strict=True))
    return [values[id(tensor)] for tensor in graph.outputs]


def _outputs(node, values):
    """What a layer gives. The shapes in the graph hold for the images it was made for."""
    if all(t.shape[1:] == values[id(t)].shape[1:] for t in node.input_tensors):
        return [_copy(tensor) for tensor in node.output_tensors]
    # A nested model may be called with images of another size.
    args, kwargs = node.arguments.fill_in(values)
    return keras.tree.flatten(node.operation.compute_output_spec(*args, **kwargs))


def _copy(tensor):
    return keras.KerasTensor(tensor.shape, tensor.dtype)


def _input(tensor, image_size):
    shape = tensor.shape
    if image_size is not None and len(shape) == 4:
        shape = (shape[0], *image_size, shape[3])
    return keras.KerasTensor(shape, tensor.dtype)
