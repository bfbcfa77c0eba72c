"""The calls of layers that a model is made of, in the order in which they are computed.

Keras knows this order, but has no public way to ask for it: `Sequential._functional`,
`Functional._nodes_by_depth` and the nodes found there are private.
"""

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


def find_graph(model):
    """The functional model that says in which order the layers of a model are called.

    Returns:
        The model itself, the one inside a Sequential model, or None: a subclassed model and one
        that is not built have none.
    """
    if isinstance(model, keras.Sequential):
        model = model._functional
    return model if hasattr(model, "_nodes_by_depth") else None


def find_calls(graph):
    """List all calls of layers, with those in nested models.

    Args:
        graph: What `find_graph` returns.

    Returns:
        A list of `Call`, with those of input layers for the outermost model only.
    """
    calls = []
    _follow(graph, [_copy(tensor) for tensor in graph.inputs], "", calls)
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
