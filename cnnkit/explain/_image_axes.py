"""Which axes of the tensors of a network are the rows and the columns of the image.

A tensor of shape `(batch, 16, 4, 8)` may hold maps of 16 x 4 positions, or 16 tokens for each of 4
heads of attention: its shape does not tell. But how it was computed does. TensorFlow has a graph of
the network's run, whichever layers and functions it is made of. There each operation hands on the
axes of the image in a known way: a convolution keeps rows and columns, a reshape to tokens makes
one axis of both, a split into heads divides that of the channels.
"""

import math
import re
from dataclasses import dataclass, field, replace

from cnnkit._keras import called_graph
from cnnkit.explain._map_places import (
    DILATION,
    PIXELS,
    WINDOWS,
    Place,
    block,
    constant,
    place_after,
    repeated,
    sliced,
    slid_input,
    united,
    window_axes,
)


@dataclass(frozen=True)
class Part:
    """What an axis goes along; an axis may have several parts, the slowest first.

    Attributes:
        of: "batch", "rows", "columns" or "channels" of the image; "tokens" for rows and columns of
            which some are left or others were added; "part" for the positions in a part of an
            image; "other", as for the channels of feature maps; "unknown".
        size: How many values it has, or None if that is open.
        stride: How many positions one step is: in windows of 4 rows, 4 from window to window.
        total: How many positions there are in all.
        place: Where on the image these positions lie, for rows and columns; None if that is not
            known.
    """

    of: str
    size: int | None
    stride: int = 1
    total: int | None = None
    place: Place | None = field(default=None, compare=False)


# An axis is a tuple of parts. One with a single value goes along nothing: it is empty.
def _new(of, size, place=None):
    return () if size == 1 else (Part(of, size, 1, size, place),)


def image_axes(graph, image):
    """Find out what the axes of all tensors of a graph go along.

    Args:
        graph: A `tf.Graph`, in which a network ran.
        image: The tensor of the graph that is the image, of shape `(batch, height, width,
            channels)`.

    Returns:
        A dictionary from the name of each tensor that depends on the values of the image to its
        axes: a tuple of tuples of `Part`.

    Raises:
        ValueError: If the network takes another axis than the last for the channels.
    """
    n, *sizes = image.shape
    names = ("rows", "columns", "channels")
    places = (PIXELS, PIXELS, None)
    axes = ((Part("batch", n),), *map(_new, names, sizes, places))
    found = _follow(graph, {image.name: axes})
    if len(sizes) == 3 and sizes[0] == 3 and None not in sizes and min(sizes[1:]) > 4:
        # Nothing else in such a network may say which axes are the rows and the columns.
        if not any(_slides(op, found) for op in graph.get_operations()):
            raise _channels_first(image.shape)
    return found


def kind_of_maps(axes):
    """What a tensor with these axes is.

    Returns:
        "maps", if it has the shape `(batch, rows, columns, channels)` with those of the image;
        "parts" if each of its examples is a part of an image; "unknown"; or None.
    """
    if len(axes) != 4:
        return None
    batch, *others, channels = axes
    if not _is_batch(batch):
        if _is_unknown(batch):
            return "unknown"
        is_part = any(others) and all(map(_is_place, others))
        return "parts" if is_part else None
    pairs = list(zip(others, ("rows", "columns"), strict=True))
    fits = [not axis or _covers(axis, of) for axis, of in pairs]
    attends = any(_covers((part,), of) for part in channels for of in ("rows", "columns"))
    if attends or not any(others):
        return None
    if all(fits):
        return "maps"
    can_fit = [fit or _is_unknown(axis) for fit, axis in zip(fits, others, strict=True)]
    return "unknown" if all(can_fit) else None


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


# Operations that hand on each value at its place, those of several tensors at the same place.
_ELEMENTWISE = frozenset(
    "Abs Acos Acosh Add AddN AddV2 Asin Asinh Atan Atan2 Atanh BiasAdd BitwiseAnd BitwiseOr Cast "
    "Ceil CheckNumerics ClipByValue Cos Cosh Cumprod Cumsum Digamma Div DivNoNan Elu EnsureShape "
    "Equal Erf Erfc Exp Expm1 FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars Floor FloorDiv "
    "FloorMod FusedBatchNormV3 Greater GreaterEqual Identity IsFinite IsInf IsNan LRN LeakyRelu "
    "Less LessEqual Lgamma Log Log1p LogSoftmax LogicalAnd LogicalNot LogicalOr Maximum Minimum "
    "Mod Mul MulNoNan Neg NextAfter NotEqual Pow PreventGradient QuantizeAndDequantizeV2 "
    "QuantizeAndDequantizeV4 RealDiv Reciprocal Relu Relu6 Rint Round Rsqrt Select SelectV2 Selu "
    "Sigmoid Sign Sin Sinh Snapshot Softmax Softplus Softsign Sqrt Square SquaredDifference "
    "StopGradient Sub Tan Tanh TruncateDiv Xdivy Xlogy".split()
)
_REDUCTIONS = frozenset("All Any EuclideanNorm Max Mean Min Prod Sum".split())
_RESIZED = frozenset(  # rows stay rows and columns columns, of another number
    "DepthToSpace ExtractImagePatches MirrorPad Pad PadV2 ResizeArea ResizeBicubic "
    "ResizeBilinear ResizeNearestNeighbor ScaleAndTranslate SpaceToDepth".split()
)
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_ONLY_SHAPES = frozenset("OnesLike Rank Shape ShapeN Size ZerosLike".split())


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
        return [_picked(pieces, map(_cut, pieces, output.shape)) for output in op.outputs]
    ranks = [output.shape.rank for output in op.outputs]
    first = next(axes for axes in inputs if axes is not None)
    rule = _rule(op.type)
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
    return tuple(axis or _new("other", 1 if size is None else size) for axis, size in sizes)


def _rule(kind):
    if kind in _ELEMENTWISE:
        return _elementwise
    if kind in _REDUCTIONS:
        return _reduction
    if kind in WINDOWS:
        return _window
    if kind in _RESIZED:
        return _resized
    if kind in DILATION:
        return _dilated
    return _RULES.get(kind)


def _after_call(op, inputs):
    """What a function of TensorFlow does, such as that in which Keras has grouped convolutions."""
    graph = called_graph(op)
    given = zip(graph.inputs, inputs, strict=True)
    found = _follow(graph, {tensor.name: axes for tensor, axes in given if axes is not None})
    return [found.get(tensor.name) for tensor in graph.outputs]


def _unknown(tensor):
    return tuple(_new("unknown", size) for size in tensor.shape) if tensor.shape.rank else ()


def _main(axis):
    return axis[0].of if axis else None


def _is_place(axis):
    """Whether an axis goes along nothing but the rows, or the columns, of a part of an image."""
    is_one = len({part.of for part in axis} - {"other"}) == 1
    return not axis or (is_one and _main(axis) in ("rows", "columns", "part"))


def _covers(axis, of):
    """Whether an axis goes along all rows, or all columns, in their order."""
    if not axis or axis[0].of != of or any(part.of != "other" for part in axis[1:]):
        return False
    part = axis[0]
    return part.size is None or part.size * part.stride == part.total


def _is_whole(axis):
    return _covers(axis, "rows") or _covers(axis, "columns")


def _is_unknown(axis):
    return any(part.of == "unknown" for part in axis)


def _is_batch(axis):
    return [part.of for part in axis] == ["batch"]


def _size(axis):
    sizes = [part.size for part in axis]
    return None if None in sizes else math.prod(sizes)


def _merged(parts):
    """Parts side by side, those that belong together as one."""
    axis = []
    for part in parts:
        last = axis[-1] if axis else None
        if last and None not in (last.size, part.size) and last.of == part.of != "batch":
            if part.of in ("other", "unknown"):
                size = last.size * part.size
                axis[-1] = Part(part.of, size, 1, size)
                continue
            if last.total == part.total and last.stride == part.stride * part.size:
                axis[-1] = replace(part, size=last.size * part.size)
                continue
        axis.append(part)
    return tuple(axis)


def place_of(axis):
    """The `Place` of the positions along an axis; None if it has none, or one that is not known."""
    if not _is_whole(axis):
        return None
    n_each = _size(axis[1:])
    return n_each and repeated(block(axis[0].place, axis[0].stride), n_each)


def _resize(op, at, axis):
    """An axis of which there are more or fewer positions than before, or at other places."""
    size = op.outputs[0].shape[at]
    if _is_whole(axis):
        return _new(axis[0].of, size, place_after(op, at, place_of(axis)))
    return axis if _size(axis) == size else _cut(axis, size)


def _cut(axis, size):
    """What is left of an axis, or what it becomes together with others."""
    is_same = not axis or (_size(axis) == size and size is not None)
    return axis if is_same else _changed(axis, size)


def _changed(axis, size):
    kinds = {part.of for part in axis}
    if "tokens" in kinds or {"rows", "columns"} <= kinds:
        return _new("tokens", size)
    if kinds <= {"channels"} or kinds <= {"other"} or kinds <= {"part"}:
        return _new(axis[0].of, size)
    return _new("unknown", size)


def _resized(op, inputs, first):
    axes = tuple(_resize(op, at, axis) for at, axis in enumerate(first))
    is_regrouped = op.type in ("DepthToSpace", "ExtractImagePatches", "SpaceToDepth")
    return (*axes[:-1], _new("other", op.outputs[0].shape[-1])) if is_regrouped else axes


def _dilated(op, inputs, first):
    return (first[0], *_resized(op, inputs, first)[1:])


def _elementwise(op, inputs, first):
    sizes = op.outputs[0].shape
    aligned = [axes for axes in inputs if axes is not None]
    aligned = [((),) * (sizes.rank - len(axes)) + axes for axes in aligned]
    return tuple(_together(axes) for axes in zip(*aligned, strict=True))


def _together(axes):
    """What an axis goes along that tensors have in common: of one of them it may be known alone."""
    known = [axis for axis in axes if axis and not {"other", "unknown"} >= {p.of for p in axis}]
    if known:
        is_known = not any(map(_is_unknown, axes))
        if all(axis == known[0] for axis in known):
            return tuple(map(_united if is_known else _unplaced, *known))
        if any(all(_covers(a, of) for a in known) for of in ("rows", "columns")):
            place = united(map(place_of, known)) if is_known else None
            return _new(known[0][0].of, _size(known[0]), place)
        # Tokens of which some are left, as a gate: they weigh the maps, and move nothing.
        placed = [axis for axis in known if not any(part.of == "tokens" for part in axis)]
        return _together(placed) if len(placed) < len(known) else _new("unknown", _size(known[0]))
    axes = [axis for axis in axes if axis]
    return next(filter(_is_unknown, axes), None) or next(iter(axes), ())


def _united(*parts):
    """What is the same part of several tensors."""
    return replace(parts[0], place=united(part.place for part in parts))


def _unplaced(part, *others):
    return replace(part, place=None)


def _axis(tensor, rank):
    value = constant(tensor)
    return None if value is None else [axis % rank for axis in value if rank]


def _reduction(op, inputs, first):
    reduced = _axis(op.inputs[1], len(first))
    if reduced is None:
        return None
    if op.get_attr("keep_dims"):
        return tuple(() if i in reduced else axis for i, axis in enumerate(first))
    return tuple(axis for i, axis in enumerate(first) if i not in reduced)


def _slides(op, found):
    """Whether an operation slides a window over the rows and columns of the image."""
    if op.type not in WINDOWS:
        return False
    axes = found.get(op.inputs[slid_input(op)].name)
    return axes is not None and {"rows", "columns"} <= {_main(axis) for axis in axes[1:]}


def _window(op, inputs, first):
    slid, channel, kernel = window_axes(op)
    sizes, first = op.outputs[0].shape, inputs[slid_input(op)]
    if first is None:
        return None
    axes = list(first)
    for axis, kernel_size in zip(slid, kernel, strict=True):
        if kernel_size == 1 and _size(first[axis]) == sizes[axis]:
            continue
        if any(part.of == "channels" for part in first[axis]):
            raise _channels_first(op.inputs[0].shape)
        is_cut = not _is_batch(first[0])  # then the window sees a part of an image
        axes[axis] = _new("part", sizes[axis]) if is_cut else _resize(op, axis, first[axis])
    if "Pool" not in op.type:
        axes[channel] = _new("other", sizes[channel])
    return tuple(axes)


def _channels_first(shape):
    return ValueError(
        "`images` must have the shape (batch, height, width, channels), and the model must take "
        "the last axis for the channels. Received: a model that slides over the last axis of the "
        f"images, or images with the channels first; a tensor of shape {tuple(shape)}"
    )


def _transpose(op, inputs, first):
    order = _axis(op.inputs[1], len(first))
    return None if order is None else tuple(first[axis] for axis in order)


def _reshape(op, inputs, first, found):
    sizes = op.outputs[0].shape.as_list()
    named = _elements(op.inputs[1], found)
    if len(named) == len(sizes):
        pairs = zip(named, sizes, strict=True)
        sizes = [each if isinstance(each, tuple) else size for each, size in pairs]
    return regrouped(first, sizes)


def _elements(shape, found):
    """What the numbers of a shape are, as far as they are known.

    Returns:
        A list of integers; of axes, where a number is the size of an axis of some tensor, which may
        be open; and of None.
    """
    value, op = constant(shape), shape.op
    if value is not None:
        return value
    unknown = [None] * (shape.shape.num_elements() or 0)
    if op.type == "Shape":
        sizes = op.inputs[0].shape
        return list(found.get(op.inputs[0].name, unknown if sizes.rank is None else sizes))
    if op.type in ("Cast", "Identity"):
        return _elements(op.inputs[0], found)
    if op.type in ("ConcatV2", "Pack"):
        parts = op.inputs[:-1] if op.type == "ConcatV2" else op.inputs
        return [element for part in parts for element in _elements(part, found)]
    if op.type not in ("GatherV2", "Prod", "StridedSlice"):
        return unknown
    elements, places = _elements(op.inputs[0], found), constant(op.inputs[1])
    if op.type == "Prod":
        is_axes = all(isinstance(element, tuple) for element in elements)
        return [tuple(part for axis in elements for part in axis) if is_axes else None]
    if op.type == "GatherV2" and places is not None:
        return [elements[place] for place in places]
    if op.type == "StridedSlice" and places is not None:
        chosen = elements[0 if op.get_attr("begin_mask") else places[0] :]
        return chosen[: len(unknown)] if constant(op.inputs[3]) == [1] else unknown
    return unknown


def regrouped(axes, sizes):
    """The axes of a tensor after a reshape.

    Args:
        axes: The axes before.
        sizes: The shape afterwards: integers, axes that have that size, and None for one that is
            open.

    Returns:
        The axes afterwards; "unknown" where the parts cannot be assigned.
    """
    parts = [part for axis in axes for part in axis]
    for start in (parts, _merged(parts)):
        left = list(start)
        before, after = _take(left, sizes, last=False), []
        if len(before) < len(sizes):
            after = _take(left, sizes[len(before) :], last=True)
        middle = sizes[len(before) : len(sizes) - len(after)]
        if len(middle) < 2:
            return (*before, *(_merged(left) for _ in middle), *after)
        if [part.size for part in left] == middle:  # as all of them are open
            return (*before, *((part,) for part in left), *after)
    middle = [_size(size) if isinstance(size, tuple) else size for size in middle]
    return (*before, *(_new("unknown", size) for size in middle), *after)


def _take(parts, sizes, last):
    """Take parts from one end of a list for as many axes, from there on, as is possible."""
    at = -1 if last else 0
    axes = []
    for size in sizes[::-1] if last else sizes:
        axis, needed, rest = [], size, list(parts)
        if isinstance(size, tuple):
            n, needed = len(size), _size(size)
            own = rest[-n:] if last else rest[:n]
            if tuple(own) == size and n:
                axis, needed = own[:: at or 1], 1
                del rest[slice(-n, None) if last else slice(n)]
        elif not last and not axes and rest and rest[0].of == "batch" and _leads(rest, sizes):
            axis, needed = [rest.pop(0)], 1
        while needed != 1:
            if needed is None or not rest or rest[at].size is None:
                return axes[::-1] if last else axes
            part = rest.pop(at)
            if needed % part.size == 0:
                needed //= part.size
            elif part.size % needed == 0:
                inner_size = needed if last else part.size // needed
                outer, inner = _split(part, inner_size)
                rest.insert(len(rest) if last else 0, outer if last else inner)
                part, needed = (inner if last else outer), 1
            else:
                return axes[::-1] if last else axes
            axis.append(part)
        parts[:] = rest
        axes.append(_merged(axis[::-1] if last else axis))
    return axes[::-1] if last else axes


def _leads(parts, sizes):
    """Whether the batch stays alone at the front."""
    rest = _size(parts[1:])
    return sizes[0] == parts[0].size and (
        rest is None or (None not in sizes[1:] and rest == math.prod(sizes[1:]))
    )


def _split(part, inner_size):
    outer = replace(part, size=part.size // inner_size, stride=part.stride * inner_size)
    pair = outer, replace(part, size=inner_size)
    return [replace(each, of="unknown") for each in pair] if part.of == "tokens" else pair


def _squeeze(op, inputs, first):
    squeezed = [axis % len(first) for axis in op.get_attr("squeeze_dims")]
    squeezed = squeezed or [i for i, size in enumerate(op.inputs[0].shape) if size == 1]
    return tuple(axis for i, axis in enumerate(first) if i not in squeezed)


def _expand_dims(op, inputs, first):
    at = _axis(op.inputs[1], len(first) + 1)
    return None if at is None else (*first[: at[0]], (), *first[at[0] :])


def _slice(op, inputs, first):
    begins = constant(op.inputs[1]) or [None] * len(first)
    return _picked(first, map(_sliced, first, op.inputs[0].shape, op.outputs[0].shape, begins))


def _strided_slice(op, inputs, first):
    begins, strides = constant(op.inputs[1]), constant(op.inputs[3])
    if strides is None:
        return None
    begins = begins or [None] * len(strides)  # not known

    def has(mask, i):
        return op.get_attr(f"{mask}_mask") >> i & 1

    n_used = sum(not has("ellipsis", i) and not has("new_axis", i) for i in range(len(strides)))
    left, axes, sizes = list(zip(first, op.inputs[0].shape, strict=True)), [], op.outputs[0].shape
    for i, stride in enumerate(strides):
        if has("ellipsis", i):
            n = len(first) - n_used
            axes, left = axes + [axis for axis, _ in left[:n]], left[n:]
        elif has("new_axis", i):
            axes.append(())
        elif has("shrink_axis", i):
            left.pop(0)
        else:
            begin = 0 if has("begin", i) else begins[i]
            is_open = bool(has("end", i))
            axes.append(_sliced(*left.pop(0), sizes[len(axes)], begin, stride, is_open))
    return _picked(first, [*axes, *(axis for axis, _ in left)])


def _sliced(axis, before, size, begin, stride=1, is_open=False):
    """A part of an axis.

    Args:
        axis: The axis before, of size `before`; each of the sizes may be None.
        size: Its size then.
        begin, stride: Integers; `begin` may be None, which is not known.
        is_open: Whether all is taken from `begin` on.
    """
    if begin is not None and begin < 0:
        begin = None if before is None else max(begin + before, 0)
    if is_open and (begin, stride) == (0, 1):
        return axis
    if stride > 0 and begin is not None and _is_whole(axis):  # as when patches are merged
        return _new(axis[0].of, size, sliced(place_of(axis), begin, stride))
    if stride == 1 or _main(axis) in ("channels", "other", None):
        return _cut(axis, size)
    return _new("unknown", size)  # as when an image is mirrored


def _picked(before, after):
    """The axes where some positions were chosen, perhaps of those within blocks of rows.

    Then it is not known where in its block each of them lies.
    """
    after = tuple(after)
    for of in ("rows", "columns"):
        parts, left = ([p for axis in axes for p in axis if p.of == of] for axes in (before, after))
        if len(parts) > 1 and _size(parts) != _size(left):
            after = tuple(
                tuple(_unplaced(part) if part.of == of else part for part in axis) for axis in after
            )
    return after


def _matmul(op, inputs, first):
    names = ("adj_x", "adj_y") if op.type.startswith("Batch") else ("transpose_a", "transpose_b")
    swapped = [op.get_attr(name) for name in names]
    sides = []
    for axes, tensor, swap in zip(inputs, op.inputs, swapped, strict=True):
        axes = axes or tuple(_new("other", size) for size in tensor.shape)
        sides.append((*axes[:-2], axes[-1], axes[-2]) if swap else axes)
    one, other = sides
    rank = op.outputs[0].shape.rank
    around = [((),) * (rank - len(axes)) + axes[:-2] for axes in sides]
    return (*(_together(pair) for pair in zip(*around, strict=True)), one[-2], other[-1])


def _einsum(op, inputs, first):
    terms, result = re.sub(r"\s", "", op.get_attr("equation").decode()).split("->")
    if "." in terms:
        return None
    labels = {}
    for term, axes, tensor in zip(terms.split(","), inputs, op.inputs, strict=True):
        axes = axes or tuple(_new("other", size) for size in tensor.shape)
        for label, axis in zip(term, axes, strict=True):
            labels.setdefault(label, []).append(axis)
    return tuple(_together(labels[label]) for label in result)


def _concat(op, inputs, first):
    parts = [axes for axes in inputs[:-1] if axes is not None]
    at = _axis(op.inputs[-1], len(first))
    if at is None:
        return None
    axes = [_together(axes) for axes in zip(*parts, strict=True)]
    joined = tuple(part for each in parts for part in each[at[0]])
    size = op.outputs[0].shape[at[0]]
    if {part.of for part in joined} <= {"channels", "other"}:
        axes[at[0]] = _new(_main(joined) or "other", size)
    else:
        axes[at[0]] = _changed(joined, size)
    return tuple(axes)


def _pack(op, inputs, first):
    at = op.get_attr("axis") % op.outputs[0].shape.rank
    axes = [_together(axes) for axes in zip(*(a for a in inputs if a is not None), strict=True)]
    return (*axes[:at], _new("other", op.outputs[0].shape[at]), *axes[at:])


def _unpack(op, inputs, first):
    at = op.get_attr("axis") % len(first)
    return _picked(first, (*first[:at], *first[at + 1 :]))


def _tile(op, inputs, first):
    """Axes that are repeated: a single value becomes several of equal standing."""
    sizes = op.outputs[0].shape
    first = ((),) * (sizes.rank - len(first)) + first  # BroadcastTo may add axes in front
    before = (None,) * (sizes.rank - op.inputs[0].shape.rank) + tuple(op.inputs[0].shape)
    return tuple(
        axis if old == new else _new("unknown" if axis else "other", new)
        for axis, old, new in zip(first, before, sizes, strict=True)
    )


def _arg(op, inputs, first):
    reduced = _axis(op.inputs[1], len(first))
    return None if reduced is None else tuple(a for i, a in enumerate(first) if i not in reduced)


def _roll(op, inputs, first):
    """Windows that are shifted go on at the other side, until they are shifted back."""
    at = _axis(op.inputs[2], len(first))
    if at is None:
        return None
    sizes = op.outputs[0].shape
    return tuple(
        _new("unknown", sizes[i]) if i in at and _main(axis) not in ("other", "channels") else axis
        for i, axis in enumerate(first)
    )


_RULES = {
    "ArgMax": _arg,
    "ArgMin": _arg,
    "BatchMatMulV2": _matmul,
    "BatchMatMulV3": _matmul,
    "BroadcastTo": _tile,
    "ConcatV2": _concat,
    "Einsum": _einsum,
    "ExpandDims": _expand_dims,
    "MatMul": _matmul,
    "Pack": _pack,
    "Reshape": _reshape,
    "Roll": _roll,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "StridedSlice": _strided_slice,
    "Tile": _tile,
    "Transpose": _transpose,
    "Unpack": _unpack,
}
