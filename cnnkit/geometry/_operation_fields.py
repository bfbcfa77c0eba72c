"""What functions of `keras.ops` do to receptive fields.

`x + y` and `keras.ops.relu(x)` stand in the graph of a model as objects whose classes are not
public; their attributes are the arguments of the functions.
"""

from dataclasses import replace

from cnnkit._checks import as_pair
from cnnkit.geometry._field import NotKnown, joined
from cnnkit.geometry._field_rules import (
    across,
    adapt,
    along,
    axes_of,
    join,
    map_size,
    meet,
    move,
    repeat,
    reshape,
    resize,
    slide,
)


def operation_rule(operation):
    """The rule for a `keras.Operation` that is no layer.

    Raises:
        NotKnown: If there is none.
    """
    kind = type(operation)
    if not kind.__module__.startswith("keras."):
        raise NotKnown("it is no function of `keras.ops`, and may compute anything")
    if kind.__name__ in RULES:
        return RULES[kind.__name__]
    raise NotKnown("for this function of `keras.ops` there is no rule")


def _reduce(call, fields, image_size):
    axes = [axis for axis in axes_of(call.layer) if axis is not None] or range(4)
    return along(call, fields, image_size, axes)


def _pool(call, fields, image_size):
    layer = call.layer
    pool_size = as_pair(layer.pool_size, "pool_size")
    strides = pool_size if layer.strides is None else as_pair(layer.strides, "strides")
    return slide(call, fields, pool_size, strides, layer.padding)


def _kernel_size(call):
    if len(call.args) < 2:
        raise NotKnown("its kernel is not its second argument")
    return tuple(call.args[1].shape[:2])


def _convolve(call, fields, image_size):
    layer = call.layer
    pairs = as_pair(layer.strides, "strides"), as_pair(layer.dilation_rate, "dilation_rate")
    return slide(call, fields, _kernel_size(call), pairs[0], layer.padding, pairs[1])


def _pad(call, fields, image_size):
    width = call.layer.pad_width
    if len(width) != 4 or any(pair[0] or pair[1] for pair in (width[0], width[3])):
        raise NotKnown("it adds to another axis than height and width")
    field = move(call, fields, [-before for before, _ in width[1:3]])
    if call.layer.mode == "constant":
        return field
    # A unit in the border sees pixels of the inside.
    return replace(field, beyond=joined([field.beyond, (call.path,)]))


def _reshape(call, fields, image_size):
    return reshape(call, fields, image_size)


def _exchange(call, fields, image_size):
    if call.layer.axes is not None and tuple(call.layer.axes) == (0, 1, 2, 3):
        return meet(call, fields, image_size)
    raise NotKnown("it exchanges axes of the maps")


def _repeat(call, fields, image_size):
    axis, n = call.layer.axis, call.layer.repeats
    if axis is None or not isinstance(n, int):
        raise NotKnown("it does not repeat each position as often")
    factors = [n if axis % 4 == at else 1 for at in (1, 2)]
    return repeat(call, fields, image_size, factors)


def _depth_to_space(call, fields, image_size):
    return repeat(call, fields, image_size, [call.layer.block_size] * 2)


def _space_to_depth(call, fields, image_size):
    block = [call.layer.block_size] * 2
    return slide(call, fields, block, block, "valid")


def _resize(call, fields, image_size):
    layer = call.layer
    crop, pad = layer.crop_to_aspect_ratio, layer.pad_to_aspect_ratio
    ratio = "crop" if crop else "pad" if pad else None
    return resize(call, fields, image_size, layer.size, layer.interpolation, layer.antialias, ratio)


def _adapt(call, fields, image_size):
    return adapt(call, fields, image_size, as_pair(call.layer.output_size, "output_size"))


def _multiply_matrix(call, fields, image_size):
    """The channels of each position with a matrix of constants."""
    if len(call.inputs) == 1 and fields[0] is not None and call.args[1:]:
        if len(getattr(call.args[1], "shape", ())) == 2:
            return meet(call, fields, image_size)
    raise NotKnown("it multiplies other axes than that of the channels")


def _slice(call, fields, image_size):
    """`x[:, 1:, ::2]`"""
    key = call.args[1] if len(call.args) > 1 else None
    key = key if isinstance(key, tuple) else (key,)
    if any(part is Ellipsis for part in key):
        at = next(i for i, part in enumerate(key) if part is Ellipsis)
        key = (*key[:at], *[slice(None)] * (5 - len(key)), *key[at + 1 :])
    key = (*key, *[slice(None)] * (4 - len(key)))
    if len(key) != 4 or not all(isinstance(part, slice) for part in key[:3]):
        raise NotKnown("it takes single rows, or places that are not known")
    starts, steps = [], []
    for part, size in zip(key[1:3], map_size(call.inputs[0]), strict=True):
        if size is None and part != slice(None):
            raise NotKnown("it takes a part of maps whose size is open; give `image_size`")
        start, _, step = part.indices(size or 1)
        if step < 0:
            raise NotKnown("it turns the maps round")
        starts.append(start)
        steps.append(step)
    return move(call, fields, starts, steps)


def _lose_position(call, fields, image_size):
    if len(call.outputs[0].shape) == 4:
        raise NotKnown("it moves values to other rows and columns")
    return meet(call, fields, image_size)  # without four axes there are no positions


_ELEMENTWISE = """
    Absolute Add Angle Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh BatchNorm
    BroadcastTo Cast Cbrt Ceil Celu Clip Conjugate Copy Cos Cosh Deg2rad Digitize Divide
    DivideNoNan Elu Equal Erf Erfc Erfinv Exp Exp2 Expm1 Fabs Floor FloorDivide Fmax Fmin Fmod
    Gelu Greater GreaterEqual HSVToRGB HardShrink HardSigmoid HardSilu HardTanh Heaviside Hypot
    Imag Isfinite Isinf Isnan LeakyRelu Less LessEqual Log Log10 Log1p Log2 LogSigmoid Logaddexp
    Logaddexp2 LogicalAnd LogicalNot LogicalOr LogicalXor Maximum Minimum Mod Multiply NanToNum
    Negative NotEqual OneHot Power RGBToGrayscale RGBToHSV Rad2deg Real Reciprocal Relu Relu6
    Round Rsqrt SaturateCast Selu Sigmoid Sign Silu Sin Sinc Sinh SoftShrink Softplus Softsign
    SparsePlus SparseSigmoid Sqrt Square Squareplus StopGradient Subtract Tan Tanh TanhShrink
    Threshold TrueDivide Trunc Where
""".split()
_ACROSS = "Glu LayerNorm LogSoftmax Normalize RMSNorm Softmax Sparsemax".split()
_JOINS = "Concatenate Cumprod Cumsum Flip Sort Split Take".split()
_REDUCES = """
    All Amax Amin Any Argmax Argmin Average CountNonzero Logsumexp Max Mean Median Min Moments Norm
    Prod Std Sum Var
""".split()
RULES = {
    **dict.fromkeys(_ELEMENTWISE, meet),
    **dict.fromkeys(_ACROSS, across),
    **dict.fromkeys(_JOINS, join),
    **dict.fromkeys(_REDUCES, _reduce),
    **dict.fromkeys(("AveragePool", "MaxPool"), _pool),
    **dict.fromkeys(("Conv", "DepthwiseConv", "SeparableConv"), _convolve),
    **dict.fromkeys(("AdaptiveAveragePool", "AdaptiveMaxPool"), _adapt),
    **dict.fromkeys(("ExpandDims", "Ravel", "Squeeze", "Stack"), _lose_position),
    "DepthToSpace": _depth_to_space,
    "GetItem": _slice,
    "Matmul": _multiply_matrix,
    "Pad": _pad,
    "Repeat": _repeat,
    "Reshape": _reshape,
    "Resize": _resize,
    "SpaceToDepth": _space_to_depth,
    "Transpose": _exchange,
}
