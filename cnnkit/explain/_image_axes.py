"""Which axes of the tensors of a network are the rows and the columns of the image.

A tensor of shape `(batch, 16, 4, 8)` may hold maps of 16 x 4 positions, or 16 tokens for each of 4
heads of attention: its shape does not tell. But how it was computed does. TensorFlow has a graph of
the network's run, whichever layers and functions it is made of. There each operation hands on the
axes of the image in a known way: a convolution keeps rows and columns, a reshape to tokens makes
one axis of both, a split into heads divides that of the channels.
"""

from cnnkit._keras import called_graph
from cnnkit.explain._axis_parts import (
    POSITIONS,
    Part,
    along,
    covers,
    cut,
    is_batch,
    is_place,
    is_shifted,
    is_unknown,
    is_whole,
    token_grid,
)
from cnnkit.explain._map_places import PIXELS
from cnnkit.explain._operation_axes import channels_first, operation_rule, picked, slides

_ONLY_SHAPES = frozenset("OnesLike Rank Shape ShapeN Size ZerosLike".split())
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")


def image_axes(graph, image):
    """Find out what the axes of all tensors of a graph go along.

    Args:
        graph: A `tf.Graph`, in which a network ran.
        image: The tensor of the graph that is the image, of shape `(batch, height, width,
            channels)`; a volume has another axis after that of the batch, a signal one less.

    Returns:
        A dictionary from the name of each tensor that depends on the values of the image to its
        axes: a tuple of tuples of `Part`.

    Raises:
        ValueError: If the network takes another axis than the last for the channels.
    """
    n, *sizes = image.shape
    names = POSITIONS[-len(sizes) + 1 :]
    positions = [along(of, size, PIXELS) for of, size in zip(names, sizes, strict=False)]
    axes = ((Part("batch", n),), *positions, along("channels", sizes[-1]))
    found = _follow(graph, {image.name: axes})
    if len(sizes) == 3 and sizes[0] == 3 and None not in sizes and min(sizes[1:]) > 4:
        # Nothing else in such a network may say which axes are the rows and the columns.
        if not any(slides(op, found) for op in graph.get_operations()):
            raise channels_first(image.shape)
    return found


def kind_of_maps(axes, n_axes=2):
    """What a tensor with these axes is.

    Args:
        axes: As from `image_axes`.
        n_axes: Along how many axes positions of the image lie: 2, but 3 in a volume, 1 in a signal.

    Returns:
        "maps", if it has the shape `(batch, rows, columns, channels)` with those of the image;
        "tokens" if it has the shape `(batch, tokens, channels)` with all positions of such maps,
        row by row, and perhaps others before or after them; "parts" if each of its examples is a
        part of an image; "unknown"; or None.
    """
    names = POSITIONS[-n_axes:]
    kind = _kind_of_grid(axes, names) if len(axes) == n_axes + 2 else None
    if kind is None and len(axes) == 3 and is_batch(axes[0]) and not _attends(axes[2]):
        return "tokens" if token_grid(axes[1], names) else None
    return kind


def _kind_of_grid(axes, names):
    batch, *others, channels = axes
    if not is_batch(batch):
        if _is_lost(batch):
            return "unknown"
        is_part = any(others) and all(map(is_place, others))
        return "parts" if is_part else None
    fits = [not axis or covers(axis, of) for axis, of in zip(others, names, strict=True)]
    if _attends(channels) or not any(others):
        return None
    if all(fits):
        return "maps"
    can_fit = [fit or _is_lost(axis) for fit, axis in zip(fits, others, strict=True)]
    return "unknown" if all(can_fit) else None


def _is_lost(axis):
    return is_unknown(axis) or is_shifted(axis)


def _attends(channels):
    """Whether an axis goes along positions, as the scores of attention do."""
    return any(part.of == "tokens" or is_whole((part,)) for part in channels)


def positions_of(axes, n_axes=2):
    """The axes of maps, or of tokens, along which positions of the image lie.

    Args:
        axes, n_axes: As of `kind_of_maps`.

    Returns:
        A list of an axis for each axis of the image.
    """
    if kind_of_maps(axes, n_axes) == "tokens":
        return token_grid(axes[1], POSITIONS[-n_axes:])[1]
    return list(axes[1:-1])


def ancestors(tensors, past=None):
    """The names of the operations from which tensors of a graph are computed, their own as well.

    With `past`, the name of an operation, those alone from which they are computed in another way
    than by it and by what only asks for shapes.
    """
    todo, names = [tensor.op for tensor in tensors], set()
    while todo:
        op = todo.pop()
        if past is not None and (op.name == past or op.type in _ONLY_SHAPES):
            continue
        if op.name not in names:
            names.add(op.name)
            todo += [tensor.op for tensor in op.inputs]
    return names


def _follow(graph, found):
    """Add what depends on the tensors found so far; names to axes."""
    for op in graph.get_operations():  # in the order of computation
        inputs = [found.get(tensor.name) for tensor in op.inputs]
        if op.type in _ONLY_SHAPES or not any(axes is not None for axes in inputs):
            continue
        for output, axes in zip(op.outputs, _after(op, inputs, found), strict=True):
            if axes is not None:
                found[output.name] = axes
    return found


def _after(op, inputs, found):
    """The axes of all outputs of an operation; None for one that does not depend on the image."""
    if op.type == "IdentityN":
        return inputs
    if op.type in _CALLS:
        return _after_call(op, inputs)
    if any(tensor.shape.rank is None for tensor in (*op.inputs, *op.outputs)):
        return [_unknown(output) for output in op.outputs]
    if op.type in ("Split", "SplitV"):
        pieces = next(axes for axes in inputs if axes is not None)
        return [picked(pieces, map(cut, pieces, output.shape)) for output in op.outputs]
    ranks = [output.shape.rank for output in op.outputs]
    first = next(axes for axes in inputs if axes is not None)
    rule = operation_rule(op.type)
    options = {"found": found} if op.type == "Reshape" else {}
    axes = rule(op, inputs, first, **options) if rule else None
    if axes is not None and len(axes) != ranks[0]:
        axes = None
    # Further outputs are statistics.
    return [
        _complete(axes, output) if axes is not None and rank == ranks[0] else _unknown(output)
        for output, rank in zip(op.outputs, ranks, strict=True)
    ]


def _complete(axes, output):
    """Where a single value was broadcast, all positions are of equal standing."""
    sizes = zip(axes, output.shape, strict=True)
    return tuple(axis or along("other", 1 if size is None else size) for axis, size in sizes)


def _after_call(op, inputs):
    """What a function of TensorFlow does, such as that in which Keras has grouped convolutions."""
    graph = called_graph(op)
    given = zip(graph.inputs, inputs, strict=True)
    found = _follow(graph, {tensor.name: axes for tensor, axes in given if axes is not None})
    return [found.get(tensor.name) for tensor in graph.outputs]


def _unknown(tensor):
    return tuple(along("unknown", size) for size in tensor.shape) if tensor.shape.rank else ()
