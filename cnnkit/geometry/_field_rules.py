"""What layers do to receptive fields: rules that several layers, and `keras.ops`, share.

A rule is a function from a call, the fields of its inputs (None for those that do not depend on the
image) and the size of the image to the field of its output. It raises `NotKnown` with a reason.
"""

import math
from dataclasses import replace
from fractions import Fraction

from cnnkit.geometry._field import Field, NotKnown, joined, through, union, whole
from cnnkit.reference import borders


def map_size(tensor):
    """Height and width; (1, 1) for a vector."""
    return tuple(tensor.shape[1:3]) if len(tensor.shape) == 4 else (1, 1)


def meet(call, fields, image_size):
    """Each unit is made from those at the same place of all inputs.

    Inputs without a position, such as the weights of a gate, do not move the others.
    """
    pairs = [(f, map_size(t)) for f, t in zip(fields, call.inputs, strict=True) if f is not None]
    size, axes, is_aligned, beyond = map_size(call.outputs[0]), [], True, False
    for at in (0, 1):
        # What has one position only is repeated.
        parts = [
            field.axes[at] if own[at] == size[at] else _whole(call, field, own, image_size, at)
            for field, own in pairs
        ]
        placed = [part for part in parts if part.step]
        if len({part.stride for part in placed}) > 1:
            is_aligned = is_aligned and size[at] == 1
            parts = [_whole(call, field, own, image_size, at) for field, own in pairs]
        elif placed:
            middles = {sum(part.box) for part in placed}
            is_aligned = is_aligned and (len(middles) == 1 or size[at] == 1)
            beyond = beyond or len(placed) < len(parts)
            parts = placed
        axes.append(union(parts))
    return Field(
        tuple(axes),
        joined([*(field.misaligned for field, _ in pairs), () if is_aligned else (call.path,)]),
        joined([*(field.beyond for field, _ in pairs), (call.path,) if beyond else ()]),
    )


def first_field(call, fields):
    """The field of the maps that a layer is given, and their height and width."""
    if fields[0] is None or any(field is not None for field in fields[1:]):
        raise NotKnown("the image reaches it by another input than the first")
    return fields[0], map_size(call.inputs[0])


def reach_beyond(call, fields, image_size):
    """Units stay where they are, and depend on what lies elsewhere too.

    The maps that are changed are the first input of the size of the output: of an attention, its
    query.
    """
    size = map_size(call.outputs[0])
    pairs = zip(fields, call.inputs, strict=True)
    field = next((field for field, tensor in pairs if map_size(tensor) == size), None)
    if field is None:
        raise NotKnown("none of the maps it is given has the positions of its output")
    others = [each for each in fields if each is not None]
    return Field(
        field.axes,
        joined(each.misaligned for each in others),
        joined([*(each.beyond for each in others), (call.path,)]),
    )


def axes_of(layer):
    """The axes that a layer or a function works along, as it was given them."""
    axis = layer.axes if hasattr(layer, "axes") else layer.axis
    return axis if isinstance(axis, (list, tuple)) else [axis]


def _is_along_channels(call):
    last = len(call.inputs[0].shape) - 1
    return all(axis in (-1, last) for axis in axes_of(call.layer))


def across(call, fields, image_size):
    """What compares values along an axis: at the same place where that is the channels'."""
    return (meet if _is_along_channels(call) else reach_beyond)(call, fields, image_size)


def join(call, fields, image_size):
    """What joins, cuts or exchanges values along an axis, which must be the channels'."""
    if not _is_along_channels(call):
        raise NotKnown("it works along another axis than that of the channels")
    return meet(call, fields, image_size)


def without_position(call, field, image_size):
    """All units together."""
    if not field.has_position:
        return field
    size = next((map_size(t) for t in call.inputs if len(t.shape) == 4), (1, 1))
    return replace(field, axes=tuple(_whole(call, field, size, image_size, at) for at in (0, 1)))


def along(call, fields, image_size, axes):
    """As `without_position`, along some axes of the maps only."""
    field, size = first_field(call, fields)
    rank = len(call.inputs[0].shape)
    lost = {axis % rank - 1 for axis in axes}
    parts = [
        _whole(call, field, size, image_size, at) if at in lost else field.axes[at] for at in (0, 1)
    ]
    return replace(field, axes=tuple(parts))


def slide(call, fields, kernel_size, strides, padding, dilation_rate=(1, 1)):
    """A window at each position."""
    field, sizes = first_field(call, fields)
    parts = zip(field.axes, sizes, kernel_size, strides, dilation_rate, strict=True)
    return replace(field, axes=tuple(_slide(call, padding, *part) for part in parts))


def _slide(call, padding, axis, size, kernel, stride, dilation):
    if not axis.step:
        return axis
    if padding == "same" and size is None and 1 not in (kernel, stride):
        raise _open_size(call)
    # Without a stride the size does not matter.
    ((before, _),) = borders(padding, [size or 1], [kernel], [stride], [dilation])

    def seen_by(unit):
        start = unit * stride - before
        return range(start, start + (kernel - 1) * dilation + 1, dilation)

    return through(axis, 1, stride, seen_by)


def move(call, fields, starts, steps=(1, 1)):
    """Unit (0, 0) is the one that was at `starts`, and the next one is `steps` further."""
    field, _ = first_field(call, fields)
    parts = zip(field.axes, starts, steps, strict=True)
    return replace(
        field,
        axes=tuple(
            through(axis, 1, step, lambda unit, a=start, s=step: [a + unit * s])
            for axis, start, step in parts
        ),
    )


def enlarge(call, fields, image_size, factors, seen_by):
    """`factors` units for each position; `seen_by(unit, axis)` says which it is made from."""
    field, sizes = first_field(call, fields)
    axes = []
    for at, (axis, factor) in enumerate(zip(field.axes, factors, strict=True)):
        if sizes[at] == 1 and map_size(call.outputs[0])[at] != 1:
            axes.append(_whole(call, field, sizes, image_size, at))
        else:
            axes.append(through(axis, factor, 1, lambda unit, at=at: seen_by(unit, at)))
    return replace(field, axes=tuple(axes))


def repeat(call, fields, image_size, factors):
    """Each position becomes several."""
    return enlarge(call, fields, image_size, factors, lambda unit, at: [unit // factors[at]])


def transpose(call, fields, image_size, kernel_size, strides, padding, dilation_rate, enlarged):
    """A convolution backwards.

    Args:
        enlarged: `(height, width)` that it makes of a map of one position.
    """
    reach = [(k - 1) * d + 1 for k, d in zip(kernel_size, dilation_rate, strict=True)]
    same = padding == "same"
    # What it is the backward pass of pads its input so that the output has its size.
    before = [max(r - n, 0) // 2 if same else 0 for r, n in zip(reach, enlarged, strict=True)]

    def seen_by(unit, at):
        offsets = range(0, reach[at], dilation_rate[at])
        behind = [unit + before[at] - offset for offset in offsets]
        return [n // strides[at] for n in behind if n % strides[at] == 0]

    return enlarge(call, fields, image_size, strides, seen_by)


_RADIUS = {"bilinear": 1, "bicubic": 2, "lanczos3": 3, "lanczos5": 5}


def resize(call, fields, image_size, size, interpolation, antialias=False, aspect_ratio=None):
    """Another size by interpolation; pixels are squares, and the first ones' corners coincide.

    Args:
        aspect_ratio: "crop" or "pad": what is done before, so that shapes stay as they are.
    """
    field, before = first_field(call, fields)
    if before == tuple(size):
        return field
    if None in before:
        raise _open_size(call)
    if aspect_ratio is not None:
        field, before = _fit(call, field, before, size, aspect_ratio)
    axes = []
    for at, (axis, old, new) in enumerate(zip(field.axes, before, size, strict=True)):
        if old == 1 and new != 1:
            axes.append(_whole(call, field, before, image_size, at))
        else:
            axes.append(_resize(axis, old, new, interpolation, antialias))
    return replace(field, axes=tuple(axes))


def _fit(call, field, before, size, aspect_ratio):
    """The middle with the shape of `size`: cut out, or with a border around."""
    (height, width), (new_height, new_width) = before, size
    best = int(width * new_height / new_width), int(height * new_width / new_height)
    keep = min if aspect_ratio == "crop" else max
    after = [max(keep(own, other), 1) for own, other in zip(before, best, strict=True)]
    starts = [int((own - fitted) / 2) for own, fitted in zip(before, after, strict=True)]
    if aspect_ratio == "pad":  # as many rows on both sides, so one may be missing
        after = [own - 2 * start for own, start in zip(before, starts, strict=True)]
    return move(call, [field], starts), tuple(after)


def _resize(axis, old, new, interpolation, antialias):
    common = math.gcd(old, new)
    scale = Fraction(old, new)

    def nearest(unit):
        return [math.floor((unit + Fraction(1, 2)) * scale)]

    def interpolated(unit):
        place = (unit + Fraction(1, 2)) * scale - Fraction(1, 2)
        reach = _RADIUS[interpolation] * (max(scale, 1) if antialias else 1)
        if place.denominator == 1 and reach == _RADIUS[interpolation]:
            return [int(place)]  # the others have the weight 0
        return range(math.floor(place - reach) + 1, math.ceil(place + reach))

    seen_by = nearest if interpolation == "nearest" else interpolated
    return axis if old == new else through(axis, new // common, old // common, seen_by)


def adapt(call, fields, image_size, output_size):
    """Windows that cover the maps evenly, as many as asked for."""
    field, sizes = first_field(call, fields)
    if None in sizes:
        raise _open_size(call)
    axes = []
    for at, (axis, old, new) in enumerate(zip(field.axes, sizes, output_size, strict=True)):
        if 1 in (old, new):
            axes.append(_whole(call, field, sizes, image_size, at))
            continue
        common = math.gcd(old, new)

        def seen_by(unit, old=old, new=new):
            return range(unit * old // new, -(-(unit + 1) * old // new))

        axes.append(through(axis, new // common, old // common, seen_by))
    return replace(field, axes=tuple(axes))


def reshape(call, fields, image_size):
    """The same values in another shape."""
    before, after = call.inputs[0].shape, call.outputs[0].shape
    if len(after) != 4:
        return without_position(call, first_field(call, fields)[0], image_size)
    if before[1:3] == after[1:3]:
        return fields[0]
    raise NotKnown("it moves values to other rows and columns")


def _whole(call, field, size, image_size, at):
    axis = field.axes[at]
    if axis.step and None in (size[at], image_size[at]):
        raise _open_size(call)
    return whole(axis, size[at], image_size[at])


def _open_size(call):
    return NotKnown(
        f"`image_size` must be given, as the receptive field after {call.path!r} depends on it. "
        "Received: a model that leaves it open"
    )
