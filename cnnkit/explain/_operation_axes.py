"""What the axes go along after each operation of a TensorFlow graph, by its kind.

Each rule is a function of the operation, the axes of all its inputs, None for those that do not
depend on the image, and those of the first that does.
"""

import re
from dataclasses import replace

from cnnkit.explain._axis_parts import (
    POSITIONS,
    along,
    among_others,
    changed,
    cut,
    grid_within,
    is_grid,
    is_of_images,
    is_shifted,
    is_whole,
    main_part,
    place_of,
    size_of,
    together,
    unplaced,
)
from cnnkit.explain._map_places import (
    DILATION,
    WINDOWS,
    constant,
    place_after,
    sliced,
    slid_input,
    window_axes,
)
from cnnkit.explain._regrouped import regrouped

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


def operation_rule(kind):
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


def _resize(op, at, axis):
    """An axis of which there are more or fewer positions than before, or at other places."""
    size = op.outputs[0].shape[at]
    if is_whole(axis):
        return along(axis[0].of, size, place_after(op, at, place_of(axis)))
    if is_shifted(axis):  # its ends meet somewhere else
        return along("unknown", size)
    borders = constant(op.inputs[1]) if op.type in ("Pad", "PadV2") else None
    if borders and is_grid(axis) and borders[at] != [0, 0]:
        return among_others(axis, borders[at][0], size)
    return axis if size_of(axis) == size else cut(axis, size)


def _resized(op, inputs, first):
    axes = tuple(_resize(op, at, axis) for at, axis in enumerate(first))
    is_regrouped = op.type in ("DepthToSpace", "ExtractImagePatches", "SpaceToDepth")
    return (*axes[:-1], along("other", op.outputs[0].shape[-1])) if is_regrouped else axes


def _dilated(op, inputs, first):
    return (first[0], *_resized(op, inputs, first)[1:])


def _elementwise(op, inputs, first):
    sizes = op.outputs[0].shape
    aligned = [axes for axes in inputs if axes is not None]
    aligned = [((),) * (sizes.rank - len(axes)) + axes for axes in aligned]
    return tuple(together(axes) for axes in zip(*aligned, strict=True))


def axes_in(tensor, rank):
    value = constant(tensor)
    return None if value is None else [axis % rank for axis in value if rank]


def _reduction(op, inputs, first):
    reduced = axes_in(op.inputs[1], len(first))
    if reduced is None:
        return None
    if op.get_attr("keep_dims"):
        return tuple(() if i in reduced else axis for i, axis in enumerate(first))
    return tuple(axis for i, axis in enumerate(first) if i not in reduced)


def slides(op, found):
    """Whether an operation slides a window over the rows and columns of the image."""
    if op.type not in WINDOWS:
        return False
    axes = found.get(op.inputs[slid_input(op)].name)
    return axes is not None and {"rows", "columns"} <= {main_part(axis) for axis in axes[1:]}


def _window(op, inputs, first):
    slid, channel, kernel = window_axes(op)
    sizes, first = op.outputs[0].shape, inputs[slid_input(op)]
    if first is None:
        return None
    axes = list(first)
    for axis, kernel_size in zip(slid, kernel, strict=True):
        if kernel_size == 1 and size_of(first[axis]) == sizes[axis]:
            continue
        if any(part.of == "channels" for part in first[axis]):
            raise channels_first(op.inputs[0].shape)
        is_cut = not is_of_images(first[0])  # then the window sees a part of an image
        axes[axis] = along("part", sizes[axis]) if is_cut else _resize(op, axis, first[axis])
    if "Pool" not in op.type:
        axes[channel] = along("other", sizes[channel])
    return tuple(axes)


def channels_first(shape):
    return ValueError(
        "`images` must have the shape (batch, height, width, channels), and the model must take "
        "the last axis for the channels. Received: a model that slides over the last axis of the "
        f"images, or images with the channels first; a tensor of shape {tuple(shape)}"
    )


def _transpose(op, inputs, first):
    order = axes_in(op.inputs[1], len(first))
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


def _squeeze(op, inputs, first):
    squeezed = [axis % len(first) for axis in op.get_attr("squeeze_dims")]
    squeezed = squeezed or [i for i, size in enumerate(op.inputs[0].shape) if size == 1]
    return tuple(axis for i, axis in enumerate(first) if i not in squeezed)


def _expand_dims(op, inputs, first):
    at = axes_in(op.inputs[1], len(first) + 1)
    return None if at is None else (*first[: at[0]], (), *first[at[0] :])


def _slice(op, inputs, first):
    begins = constant(op.inputs[1]) or [None] * len(first)
    return picked(first, map(_sliced, first, op.inputs[0].shape, op.outputs[0].shape, begins))


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
    return picked(first, [*axes, *(axis for axis, _ in left)])


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
    if is_grid(axis) and stride == 1:
        n = size_of(axis)
        left = grid_within(axis, begin, n - begin if is_open and None not in (n, begin) else size)
        if left is not None:
            return left
    if stride > 0 and begin is not None and is_whole(axis):  # as when patches are merged
        return along(axis[0].of, size, sliced(place_of(axis), begin, stride))
    if stride == 1 or main_part(axis) in ("channels", "other", None):
        return cut(axis, size)
    return along("unknown", size)  # as when an image is mirrored


def picked(before, after):
    """The axes where some positions were chosen, perhaps of those within blocks of rows.

    Then it is not known where in its block each of them lies.
    """
    after = tuple(after)
    for of in POSITIONS:
        parts, left = ([p for axis in axes for p in axis if p.of == of] for axes in (before, after))
        if len(parts) > 1 and size_of(parts) != size_of(left):
            after = tuple(
                tuple(unplaced(part) if part.of == of else part for part in axis) for axis in after
            )
    return after


def _matmul(op, inputs, first):
    names = ("adj_x", "adj_y") if op.type.startswith("Batch") else ("transpose_a", "transpose_b")
    swapped = [op.get_attr(name) for name in names]
    sides = []
    for axes, tensor, swap in zip(inputs, op.inputs, swapped, strict=True):
        axes = axes or tuple(along("other", size) for size in tensor.shape)
        sides.append((*axes[:-2], axes[-1], axes[-2]) if swap else axes)
    one, other = sides
    rank = op.outputs[0].shape.rank
    around = [((),) * (rank - len(axes)) + axes[:-2] for axes in sides]
    return (*(together(pair) for pair in zip(*around, strict=True)), one[-2], other[-1])


def _einsum(op, inputs, first):
    terms, result = re.sub(r"\s", "", op.get_attr("equation").decode()).split("->")
    if "." in terms:
        return None
    labels = {}
    for term, axes, tensor in zip(terms.split(","), inputs, op.inputs, strict=True):
        axes = axes or tuple(along("other", size) for size in tensor.shape)
        for label, axis in zip(term, axes, strict=True):
            labels.setdefault(label, []).append(axis)
    return tuple(together(labels[label]) for label in result)


def _concat(op, inputs, first):
    parts = [axes for axes in inputs[:-1] if axes is not None]
    at = axes_in(op.inputs[-1], len(first))
    if at is None:
        return None
    axes = [together(axes) for axes in zip(*parts, strict=True)]
    joined = tuple(part for each in parts for part in each[at[0]])
    size = op.outputs[0].shape[at[0]]
    tokens = _tokens_among_others(op, inputs, at[0])
    if tokens is not None:
        return (*axes[: at[0]], tokens, *axes[at[0] + 1 :])
    if {part.of for part in joined} <= {"channels", "other"}:
        axes[at[0]] = along(main_part(joined) or "other", size)
    else:
        axes[at[0]] = changed(joined, size)
    return tuple(axes)


def _tokens_among_others(op, inputs, at):
    """The axis of all tokens of a grid, joined with others, as a class token; None if not so."""
    axes = [() if axes is None else axes[at] for axes in inputs[:-1]]
    places = [i for i, axis in enumerate(axes) if axis and {p.of for p in axis} != {"other"}]
    if len(places) != 1 or not is_grid(axes[places[0]]):
        return None
    sizes = [tensor.shape[at] for tensor in op.inputs[:-1]]
    sizes[places[0]] = size_of(axes[places[0]])  # known even if a reshape leaves it open
    if None in sizes:
        return None
    return among_others(axes[places[0]], sum(sizes[: places[0]]), sum(sizes))


def _pack(op, inputs, first):
    at = op.get_attr("axis") % op.outputs[0].shape.rank
    axes = [together(axes) for axes in zip(*(a for a in inputs if a is not None), strict=True)]
    return (*axes[:at], along("other", op.outputs[0].shape[at]), *axes[at:])


def _unpack(op, inputs, first):
    at = op.get_attr("axis") % len(first)
    return picked(first, (*first[:at], *first[at + 1 :]))


def _tile(op, inputs, first):
    """Axes that are repeated: a single value becomes several of equal standing."""
    sizes = op.outputs[0].shape
    first = ((),) * (sizes.rank - len(first)) + first  # BroadcastTo may add axes in front
    before = (None,) * (sizes.rank - op.inputs[0].shape.rank) + tuple(op.inputs[0].shape)
    return tuple(
        axis if old == new else along("unknown" if axis else "other", new)
        for axis, old, new in zip(first, before, sizes, strict=True)
    )


def _arg(op, inputs, first):
    reduced = axes_in(op.inputs[1], len(first))
    return None if reduced is None else tuple(a for i, a in enumerate(first) if i not in reduced)


def _roll(op, inputs, first):
    """Windows that are shifted go on at the other side, until they are shifted back."""
    shifts, at = constant(op.inputs[1]), axes_in(op.inputs[2], len(first))
    if at is None:
        return None
    sizes, shifts = op.outputs[0].shape, dict(zip(at, shifts or [None] * len(at), strict=True))
    return tuple(
        _rolled(axis, size, shifts[i]) if i in shifts else axis
        for i, (axis, size) in enumerate(zip(first, sizes, strict=True))
    )


def _rolled(axis, size, shift):
    if main_part(axis) in ("other", "channels", None):
        return axis
    (part,) = axis if len(axis) == 1 else (None,)
    if part is None or None in (shift, part.total) or part.of not in POSITIONS:
        return along("unknown", size)
    if (part.size, part.stride) != (part.total, 1):
        return along("unknown", size)
    return (replace(part, shift=(part.shift + shift) % part.total),)


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
