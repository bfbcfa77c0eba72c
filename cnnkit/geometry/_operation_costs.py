"""Multiply-adds of functions of `keras.ops` that stand in a functional model, as `x @ y` does."""

import math

import numpy as np

# The classes behind `x + y` and `keras.ops` have no public names. These treat each value alone,
# move, compare or add up values: they make no products that are added up.
NOTHING = frozenset(
    """
    Abs Absolute AdaptiveAveragePool AdaptiveMaxPool Add AffineTransform All AllClose Amax Amin
    Angle Any Append Arange Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh Argmax Argmin
    Argpartition Argsort Array ArraySplit Average AveragePool Bartlett BatchNorm BinaryCrossentropy
    Bincount BitwiseAnd BitwiseInvert BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift
    BitwiseXor Blackman BroadcastTo Cast CategoricalCrossentropy Cbrt Ceil Celu Clip Concatenate
    Conj Conjugate ConvertToTensor Copy Cos Cosh CountNonzero CropImages Cross Cumprod Cumsum
    Deg2rad DepthToSpace Diag Diagflat Diagonal Diff Digitize Divide DivideNoNan Dsplit Dstack Elu
    EmptyLike Equal Erf Erfc Erfinv Exp Exp2 ExpandDims Expm1 ExtractPatches ExtractPatches3D
    ExtractSequences Fabs Flip Fliplr Flipud Floor FloorDivide Fmax Fmin Fmod Fold Full FullLike Gcd
    Gelu Geomspace GetItem Glu Greater GreaterEqual HSVToRGB Hamming Hanning HardShrink HardSigmoid
    HardSilu HardTanh Heaviside Histogram Hsplit Hstack Hypot I0 Imag InTopK IsIn Isclose Isfinite
    Isinf Isnan Isneginf Isposinf Isreal Kaiser Kron LayerNorm Lcm Ldexp LeakyRelu LeftShift Less
    LessEqual Linspace Log Log10 Log1p Log2 LogSigmoid LogSoftmax Logaddexp Logaddexp2 LogicalAnd
    LogicalNot LogicalOr LogicalXor Logspace Logsumexp MapCoordinates Max MaxPool Maximum Mean
    Median Meshgrid Min Minimum Mod Moments Moveaxis MultiHot Multiply NanToNum Nanargmax Nanargmin
    Nancumprod Nancumsum Nanmax Nanmean Nanmedian Nanmin Nanpercentile Nanprod Nanquantile Nanstd
    Nansum Nanvar Ndim Negative Nextafter Nonzero Norm Normalize NotEqual OneHot OnesLike Outer PSNR
    Pad PadImages Percentile PerspectiveTransform Polar Power Prod Ptp Quantile RGBToGrayscale
    RGBToHSV RMSNorm Rad2deg Ravel Real Rearrange Reciprocal Relu Relu6 Repeat Reshape Resize
    RightShift Roll Rot90 Round Rsqrt SaturateCast ScaleAndTranslate Scatter ScatterUpdate
    SearchSorted SegmentMax SegmentMin SegmentProd SegmentSum Select Selu Sigmoid Sign Signbit Silu
    Sin Sinc Sinh Size Slice SliceUpdate SoftShrink Softmax Softplus Softsign Sort SpaceToDepth
    SparseCategoricalCrossentropy SparsePlus SparseSigmoid Sparsemax Split Sqrt Square Squareplus
    Squeeze Stack Std StopGradient Subtract Sum Swapaxes Take TakeAlongAxis Tan Tanh TanhShrink
    Threshold Tile TopK Trace Transpose Trapezoid Tril Triu TrueDivide Trunc Unfold Unique
    UnravelIndex Unstack Vander Var View ViewAsComplex ViewAsReal Vsplit Vstack Where ZerosLike
    """.split()
)
# How many products these make depends on an algorithm, or on a function that they call.
REFUSED = frozenset(
    """
    AssociativeScan CDist CTCDecode CTCLoss Cholesky CholeskyInverse Cond Corrcoef Correlate Det
    Eig Eigh ElasticTransform FFT FFT2 ForiLoop IFFT2 IRFFT ISTFT Inv JVP Logdet Lstsq LuFactor Map
    MatrixRank Pinv Qr RFFT SSIM STFT SVD Scan Slogdet SobelEdges Solve SolveTriangular Switch
    VectorizedMap WhileLoop
    """.split()
)


def operation_multiply_adds(call, rows):
    """The multiply-adds of a function for one example.

    Args:
        call: A `Call` of a `keras.ops` function.
        rows: A dictionary from the `id` of a tensor to how many values its first axis has for one
            example.

    Returns:
        An integer, or None if they are not known.
    """
    name = type(call.layer).__name__
    if not type(call.layer).__module__.startswith("keras."):
        return None
    if name in NOTHING:
        return 0
    if name not in PRODUCTS:
        return None
    given = (*call.args, *call.kwargs.values())
    operands = [_shape(each, rows) for each in given if hasattr(each, "shape")]
    output = _shape(call.outputs[0], rows)
    if any(size is None for shape in (*operands, output) for size in shape):
        return None
    return PRODUCTS[name](call.layer, operands, output)


def _shape(tensor, rows):
    shape = tuple(tensor.shape)
    return (rows[id(tensor)], *shape[1:]) if shape and id(tensor) in rows else shape


def _matmul(_, operands, output):
    first, second = operands
    if len(first) == 1 or len(second) == 1:  # a vector is added up
        return max(math.prod(first), math.prod(second))
    return math.prod(np.broadcast_shapes(first[:-2], second[:-2])) * math.prod(
        (first[-2], first[-1], second[-1])
    )


def _dot(_, operands, output):
    first, second = operands
    if not first or not second:
        return 0  # a number times each value
    return math.prod(first) * math.prod(second) // first[-1]


def _tensordot(operation, operands, output):
    first, second = operands
    axes = operation.axes
    axes = range(-axes, 0) if isinstance(axes, int) else np.ravel(axes[0])
    return math.prod(first) * math.prod(second) // math.prod(first[axis] for axis in axes)


def _vdot(_, operands, output):
    return math.prod(operands[0])


def _einsum(operation, operands, output):
    terms = operation.subscripts.replace(" ", "").replace("->", ",").split(",")
    if len(operands) == 1:
        return 0  # sums and moves
    if len(operands) > 2 or len(terms) != 3 or "." in operation.subscripts:
        return None  # depends on which two are taken first
    sizes = {}
    for term, shape in zip(terms, operands, strict=False):
        for letter, size in zip(term, shape, strict=True):
            sizes[letter] = max(size, sizes.get(letter, 1))
    # What one operand has alone and the result lacks is added up before anything is multiplied.
    letters = (set(terms[0]) & set(terms[1])) | set(terms[2])
    return math.prod(sizes[letter] for letter in letters)


def _conv(_, operands, output):
    _, kernel = operands
    return math.prod(output) * math.prod(kernel[:-1])


def _depthwise_conv(_, operands, output):
    _, kernel = operands
    return math.prod(output) * math.prod(kernel[:-2])


def _separable_conv(_, operands, output):
    _, depthwise, pointwise = operands
    positions = math.prod(output) // pointwise[-1]
    return positions * (math.prod(depthwise) + math.prod(pointwise))


def _conv_transpose(_, operands, output):
    inputs, kernel = operands
    return math.prod(inputs) * math.prod(kernel[:-1])


def _attention(_, operands, output):
    """Of shapes `(batch, positions, heads, depth)`."""
    query, key, value = operands[:3]
    return math.prod(query[:3]) * key[1] * (query[3] + value[3])


def _gaussian_blur(operation, operands, output):
    return math.prod(output) * math.prod(operation.kernel_size)


PRODUCTS = {
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "DepthwiseConv": _depthwise_conv,
    "Dot": _dot,
    "DotProductAttention": _attention,
    "Einsum": _einsum,
    "GaussianBlur": _gaussian_blur,
    "Inner": _dot,
    "Matmul": _matmul,
    "SeparableConv": _separable_conv,
    "Tensordot": _tensordot,
    "Vdot": _vdot,
}
