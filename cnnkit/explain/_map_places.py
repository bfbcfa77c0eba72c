"""Where on the image the positions of maps lie, after each operation of a TensorFlow graph.

Keras's graph, from which `cnnkit.geometry` computes receptive fields, ends where a model or a layer
has code of its own. TensorFlow's graph of the run has no such ends: there a convolution is a
convolution, whoever called it, with its strides and its padding. These are the rules for operations
along the rows or the columns: windows, borders, other sizes.
"""

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import tensorflow as tf


class Place(NamedTuple):
    """Where the positions along an axis lie. All three are numbers of pixels, and fractions.

    Attributes:
        first, last: The pixels that position 0 is made from. As for receptive fields, those of
            another position are around its own where they are moved by `step` for each.
        step: From one position to the next.
    """

    first: Fraction
    last: Fraction
    step: Fraction

    @property
    def middle(self):
        """That of position 0; the middle of the first pixel is 0."""
        return (self.first + self.last) / 2


PIXELS = Place(Fraction(0), Fraction(0), Fraction(1))

WINDOWS = frozenset(  # which slide over all axes but those of the batch and the channels
    "AvgPool AvgPool3D Conv2D Conv2DBackpropInput Conv3D Conv3DBackpropInputV2 "
    "DepthwiseConv2dNative MaxPool MaxPool3D MaxPoolV2".split()
)
# TensorFlow's way to dilate a depthwise convolution: the second undoes the first.
DILATION = ("BatchToSpaceND", "SpaceToBatchND")


def constant(tensor):
    """The values of a tensor of a graph as a list; None if they are not known."""
    value = tf.get_static_value(tensor)
    return None if value is None else np.atleast_1d(value).tolist()


def slid_input(op):
    """Over which input a window slides; the others are kernels and sizes."""
    return 2 if "Backprop" in op.type else 0


def window_axes(op):
    """Which axes a window slides over, which one is that of the channels, and its sizes."""
    rank = op.outputs[0].shape.rank
    layout = op.get_attr("data_format").decode()
    channel = 1 if layout.startswith("NC") else rank - 1
    slid = [axis for axis in range(1, rank) if axis != channel]
    if "Pool" in op.type:
        sizes = constant(op.inputs[1]) if op.type == "MaxPoolV2" else op.get_attr("ksize")
        sizes = [sizes[axis] for axis in slid]
    else:
        sizes = op.inputs[1].shape[: len(slid)].as_list()
    return slid, channel, sizes


def place_after(op, axis, place):
    """Where positions lie after an operation.

    Args:
        op: An operation of a TensorFlow graph.
        axis: The axis of its first output along which they lie, as of the input before.
        place: The `Place` before it, or None if that is not known.

    Returns:
        A `Place`; None if there is no rule, or what it needs is not known, such as a size.
    """
    if place is None or op.type not in _RULES:
        return None
    return _RULES[op.type](op, axis, place)


def sliced(place, begin, stride=1):
    """Every `stride`-th position, from one on; before 0 lies a border."""
    return place and _around(place, begin, begin, stride)


def repeated(place, n):
    """Each position becomes n of them."""
    return place and _around(place, Fraction(1 - n, n), 0, Fraction(1, n))


def block(place, n):
    """Each n positions become one."""
    return place and _around(place, 0, n - 1, n)


def united(places):
    """Around those of several maps; None where one is not known, or they have other steps."""
    places = list(places)
    if None in places or len({place.step for place in places}) > 1:
        return None
    first = min(place.first for place in places)
    return Place(first, max(place.last for place in places), places[0].step)


def _around(place, first, last, step):
    """Position 0 is made from those from `first` to `last`, and the next is `step` further."""
    start, end, pixels = place
    return Place(start + first * pixels, end + last * pixels, step * pixels)


def _window(op, axis, place):
    kernel, stride, dilation = _kernel(op, axis)
    if None in (kernel, stride):
        return None
    reach = (kernel - 1) * dilation + 1
    size, made = op.inputs[slid_input(op)].shape[axis], op.outputs[0].shape[axis]
    if "Backprop" in op.type:  # there the window slid over what is made now
        before = _border(op, axis, made, size, reach, stride)
        if before is None:
            return None
        first, last = Fraction(before - reach + 1, stride), Fraction(before, stride)
        return _around(place, first, last, Fraction(1, stride))
    before = _border(op, axis, size, made, reach, stride)
    return None if before is None else _around(place, -before, reach - 1 - before, stride)


def _kernel(op, axis):
    """The size of a window along an axis, its stride and its dilation."""
    slid, _, sizes = window_axes(op)
    strides = constant(op.inputs[2]) if op.type == "MaxPoolV2" else op.get_attr("strides")
    dilation = 1 if "Pool" in op.type else op.get_attr("dilations")[axis]
    return sizes[slid.index(axis)], strides and strides[axis], dilation


def _border(op, axis, n_inputs, n_outputs, reach, stride):
    """How many positions are added before the first; None if that is not known."""
    padding = op.get_attr("padding")
    if padding == b"EXPLICIT":
        return op.get_attr("explicit_paddings")[2 * axis]
    if padding == b"VALID":
        return 0
    if stride == 1:  # then the sizes do not matter
        return (reach - 1) // 2
    if None in (n_inputs, n_outputs):
        return None
    return max((n_outputs - 1) * stride + reach - n_inputs, 0) // 2


def _padded(op, axis, place):
    borders = constant(op.inputs[1])
    return borders and sliced(place, -borders[axis][0])


def _resized(op, axis, place):
    old, new = op.inputs[0].shape[axis], op.outputs[0].shape[axis]
    if None in (old, new) or op.get_attr("align_corners"):
        return None
    scale, half = Fraction(old, new), Fraction(op.get_attr("half_pixel_centers"), 2)
    spans = []
    for position in range(scale.denominator):  # then it is the same again
        at = (position + half) * scale - half
        if op.type == "ResizeNearestNeighbor":
            ends = [math.floor(at + half)] * 2
        else:
            ends = math.floor(at), math.ceil(at)
        spans.append([end - position * scale for end in ends])
    first, last = zip(*spans, strict=True)
    return _around(place, min(first), max(last), scale)


def _blocks(op, axis, place):
    n = op.get_attr("block_size")
    return block(place, n) if op.type == "SpaceToDepth" else repeated(place, n)


def _dilated(op, axis, place):
    """Each n-th position goes to the same image of a batch that is larger by that; and back.

    Of the first of these images this is the place; of the others it is further by less than a step.
    """
    n, borders = (constant(tensor) for tensor in op.inputs[1:])
    if n is None or borders is None:
        return None
    n, before = n[axis - 1], borders[axis - 1][0]
    if op.type == "SpaceToBatchND":
        return sliced(sliced(place, -before), 0, n)
    return sliced(place._replace(step=place.step / n), before)


_RULES = {
    **dict.fromkeys(WINDOWS, _window),
    **dict.fromkeys(("MirrorPad", "Pad", "PadV2"), _padded),
    **dict.fromkeys(("ResizeBilinear", "ResizeNearestNeighbor"), _resized),
    **dict.fromkeys(("DepthToSpace", "SpaceToDepth"), _blocks),
    **dict.fromkeys(DILATION, _dilated),
}
