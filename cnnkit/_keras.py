"""All that is taken from Keras without being public there: one release of Keras breaks one file.

These are `Layer._flatten_layers`, `Sequential._functional`, `Functional._nodes_by_depth` with the
nodes found there, `KerasTensor._keras_history`, `Trainer.train_function`, where the global seed
generator is kept, and the names of the attributes in which layers and models keep what is not
their settings; of TensorFlow, `Graph._get_function`.
"""

import contextlib
import functools
import inspect
from typing import NamedTuple

import keras
from keras.src.backend.common import global_state


class Call(NamedTuple):
    """One call of a layer. A layer that is shared is called several times.

    Attributes:
        path: Name of the layer, behind the names of the models it is in: "model/layer".
        layer: The `keras.Layer`, or the `keras.Operation` of a `keras.ops` function.
        inputs, outputs: Lists of `keras.KerasTensor`, which stand for the arrays passed: they have
            a shape, `(batch, ...)`, and no values. No two calls make the same object.
        is_expanded: Whether the layer is a model whose own calls come right before this one.
        args, kwargs: What the layer is called with, the `inputs` among it.
    """

    path: str
    layer: keras.Operation
    inputs: list
    outputs: list
    is_expanded: bool = False
    args: tuple = ()
    kwargs: dict = {}


def layers_within(layer, recursive=False):
    """The layers that a layer or model holds: its own, or with `recursive` theirs as well."""
    return list(layer._flatten_layers(include_self=False, recursive=recursive))


def settings(layer):
    """The attributes of a layer that say what it computes, as far as one can tell.

    Returns:
        A dictionary from name to value: all attributes but those that are Keras's own bookkeeping
        in every layer and model, such as losses, metrics, and what `compile` and `fit` set.
    """
    found = {"trainable": layer.trainable, "dtype": layer.dtype_policy.name}
    found["autocast"] = layer.autocast
    if isinstance(layer, keras.Model) and find_graph(layer) is not None:
        return found  # it runs as its graph says
    attributes = vars(layer)
    for name in attributes.keys() - _bookkeeping(type(layer)):
        if not name.startswith("_self_"):  # TensorFlow's, of checkpoints
            found[name] = attributes[name]
    return found


@functools.cache
def _bookkeeping(kind):
    """Names of attributes that say nothing about what a layer of a class computes."""
    names = {*vars(keras.layers.Layer(name="layer"))}
    if issubclass(kind, keras.Model):
        in_training = "optimizer history stop_training stop_evaluating stop_predicting "
        private = "_compiled_trainable_state _compile_config _eval_epoch_iterator "
        others = "auto_scale_loss _distributed_dataset"
        names.update(vars(keras.Model(name="model")), (in_training + private + others).split())
    if kind.__module__.startswith("keras."):
        arguments = inspect.signature(kind.__init__).parameters
        names.update(name for name in arguments if name.endswith(_OF_WEIGHTS))
    return names


_OF_WEIGHTS = "_initializer", "_regularizer", "_constraint"


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


def train_as_fit_does(model, batch):
    """Train on one batch, a tuple; its logs. `fit` gives a step the parts that there are.

    `train_on_batch` gives it three always. On TensorFlow alone.
    """
    model.make_train_function()
    return model.train_function(iter([keras.utils.pack_x_y_sample_weight(*batch)]))


@contextlib.contextmanager
def kept_global_seed():
    """Afterwards random operations of Keras that have no seed go on as if nothing had been."""
    name = "global_seed_generator"
    generator = global_state.get_global_attribute(name)
    state = None if generator is None else keras.ops.convert_to_numpy(generator.state)
    try:
        yield
    finally:
        global_state.set_global_attribute(name, generator)
        if generator is not None:
            generator.state.assign(state)


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


def input_names(graph):
    """The names of the input layers of what `find_graph` returns, in the order of its inputs."""
    return [tensor._keras_history.operation.name for tensor in graph.inputs]


def find_calls(graph, image_size=None, shapes=None):
    """List all calls of layers, with those in nested models, in the order of computation.

    Args:
        graph: What `find_graph` returns.
        image_size: `(height, width)` of the images, for a model that leaves them open: all inputs
            that can have it get it. None stands for the shapes of the model's inputs as they are.
        shapes: That of each input, if they are known better than by `image_size`.

    Returns:
        A list of `Call`, with those of input layers for the outermost model only.
    """
    calls, inputs = [], [_input(tensor, image_size) for tensor in graph.inputs]
    if shapes is not None:
        pairs = zip(graph.inputs, shapes, strict=True)
        inputs = [keras.KerasTensor(shape, tensor.dtype) for tensor, shape in pairs]
    _follow(graph, inputs, "", calls)
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
            given = node.arguments.fill_in(values)
            calls.append(Call(path, layer, passed, outputs, inner is not None, *given))
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


def fits(tensor, image_size):
    """Whether an input takes images of a size."""
    own = tensor.shape[1:3]
    return len(tensor.shape) == 4 and all(
        n in (None, given) for n, given in zip(own, image_size, strict=True)
    )


def _input(tensor, image_size):
    shape = tensor.shape
    if image_size is not None and fits(tensor, image_size):
        shape = (shape[0], *image_size, shape[3])
    return keras.KerasTensor(shape, tensor.dtype)
