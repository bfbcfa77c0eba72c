"""What each layer of Keras, and of `cnnkit.layers`, does to receptive fields, at inference.

Layers stand here by the names of their classes, as older versions of Keras lack some of them.
"""

from keras import KerasTensor

from cnnkit.geometry._field import NotKnown
from cnnkit.geometry._field_rules import (
    across,
    adapt,
    first_field,
    join,
    map_size,
    meet,
    move,
    reach_beyond,
    repeat,
    reshape,
    resize,
    slide,
    transpose,
    without_position,
)
from cnnkit.geometry._keras_kind import keras_kind


def layer_rule(layer):
    """The rule for a layer.

    Raises:
        NotKnown: If there is none.
    """
    kind = keras_kind(layer)
    name = "Layer" if kind is None else kind.__name__
    if name in RULES:
        return RULES[name]
    raise NotKnown(REFUSED.get(name, REFUSED["Layer"]))


def _slide(call, fields, image_size):
    layer = call.layer
    kernel_size = layer.kernel_size if hasattr(layer, "kernel_size") else layer.pool_size
    rate = getattr(layer, "dilation_rate", (1, 1))
    return slide(call, fields, kernel_size, layer.strides, layer.padding, rate)


def _slide_twice(call, fields, image_size):
    """The maximum of each window, and a mean of those, of which some are left out."""
    layer = call.layer
    field = slide(call, fields, layer.pool_size, (1, 1), layer.padding)
    shape = call.inputs[0].shape
    if layer.padding == "valid" and None not in shape[1:3]:
        sizes = [n - pool + 1 for n, pool in zip(shape[1:3], layer.pool_size, strict=True)]
        shape = (shape[0], *sizes, shape[3])
    maxima = call._replace(inputs=[KerasTensor(shape)])
    field = slide(maxima, [field], [layer.kernel_size] * 2, (1, 1), layer.padding)
    return move(maxima, [field], (0, 0), layer.strides)


def _pad(call, fields, image_size):
    return move(call, fields, [-before for before, _ in call.layer.padding])


def _crop(call, fields, image_size):
    return move(call, fields, [before for before, _ in call.layer.cropping])


def _center_crop(call, fields, image_size):
    sizes, layer = map_size(call.inputs[0]), call.layer
    size = layer.height, layer.width
    if None not in sizes and all(old >= new for old, new in zip(sizes, size, strict=True)):
        return move(call, fields, [(old - new) // 2 for old, new in zip(sizes, size, strict=True)])
    return resize(call, fields, image_size, size, "bilinear", aspect_ratio="crop")


def _random_crop(call, fields, image_size):
    if map_size(call.inputs[0]) == (call.layer.height, call.layer.width):
        return meet(call, fields, image_size)
    raise NotKnown(
        "at inference Keras leaves the images as large as they are, while the model says that they "
        "are cut"
    )


def _einsum(call, fields, image_size):
    """Elementwise where the letters of height and width stay in their places."""
    maps, _, right = call.layer.equation.replace(" ", "").replace("->", ",").split(",")
    others = "0123"[: 4 - len(maps.replace("...", ""))]
    if maps.replace("...", others)[1:3] == right.replace("...", others)[1:3]:
        return meet(call, fields, image_size)
    raise NotKnown("its equation leaves no height and width in axes 1 and 2")


def _reshape(call, fields, image_size):
    return reshape(call, fields, image_size)


def _permute(call, fields, image_size):
    if call.layer.dims == (1, 2, 3):
        return meet(call, fields, image_size)
    raise NotKnown("it exchanges axes of the maps")


def _everything(call, fields, image_size):
    return without_position(call, first_field(call, fields)[0], image_size)


def _upsample(call, fields, image_size):
    layer = call.layer
    if layer.interpolation == "nearest":
        return repeat(call, fields, image_size, layer.size)
    size = map_size(call.outputs[0])
    return resize(call, fields, image_size, size, layer.interpolation)


def _resize(call, fields, image_size):
    layer = call.layer
    crop, pad = layer.crop_to_aspect_ratio, layer.pad_to_aspect_ratio
    ratio = "crop" if crop else "pad" if pad else None
    size = layer.height, layer.width
    return resize(call, fields, image_size, size, layer.interpolation, layer.antialias, ratio)


def _transpose(call, fields, image_size):
    layer = call.layer
    enlarged = layer.compute_output_shape((1, 1, 1, call.inputs[0].shape[-1]))[1:3]
    settings = layer.kernel_size, layer.strides, layer.padding, layer.dilation_rate
    return transpose(call, fields, image_size, *settings, enlarged)


def _adapt(call, fields, image_size):
    return adapt(call, fields, image_size, call.layer.output_size)


def _wrapped(call, fields, image_size):
    """A layer that computes what the one within it does."""
    inner = call.layer.layer
    return layer_rule(inner)(call._replace(layer=inner), fields, image_size)


def _time_distributed(call, fields, image_size):
    """The rows of maps are its times. Layers that treat each position alone do not care."""
    if layer_rule(call.layer.layer) is meet:
        return meet(call, fields, image_size)
    raise NotKnown("it takes the rows of a map for steps in time")


def _pipeline(call, fields, image_size):
    tensor = call.inputs[0]
    for layer in call.layer.layers:
        output = KerasTensor(layer.compute_output_shape(tensor.shape), tensor.dtype)
        step = call._replace(layer=layer, inputs=[tensor], outputs=[output])
        fields, tensor = [layer_rule(layer)(step, fields, image_size)], output
    return fields[0]


# At inference these leave images as they are.
_IN_TRAINING = """
    AugMix CutMix Equalization MixUp RandAugment RandomAffine RandomBrightness RandomColor
    RandomColorDegeneration RandomColorJitter RandomContrast RandomElasticTransform
    RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert
    RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness
    RandomShear RandomTranslation RandomWarp RandomZoom Solarization
""".split()
_ELEMENTWISE = """
    Activation ActivityRegularization Add AlphaDropout Average BatchNormalization Dense
    Discretization Dropout ELU GaussianDropout GaussianNoise Identity LeakyReLU Masking Maximum
    Maxout Minimum Multiply Normalization PReLU ReLU Rescaling SpatialDropout2D Subtract
""".split()
# Layers that are not public: of ConvNeXt and of Inception-ResNet.
_OF_APPLICATIONS = "CustomScaleLayer LayerScale StochasticDepth".split()
_SLIDING = """
    AveragePooling2D Conv2D DepthwiseConv2D MaxPooling2D SeparableConv2D StochasticPooling2D
""".split()
# They compare or mix what lies at all positions, or at some of them.
_BEYOND = """
    AdditiveAttention Attention AutoContrast ContrastLimitedAdaptiveHistogramEqualization
    GroupNormalization MultiHeadAttention
""".split()
_ACROSS = "LayerNormalization RMSNormalization Softmax UnitNormalization".split()
_EVERYTHING = "Flatten GlobalAveragePooling2D GlobalMaxPooling2D".split()
RULES = {
    **dict.fromkeys([*_ELEMENTWISE, *_IN_TRAINING, *_OF_APPLICATIONS], meet),
    **dict.fromkeys(_SLIDING, _slide),
    **dict.fromkeys(_BEYOND, reach_beyond),
    **dict.fromkeys(_ACROSS, across),
    **dict.fromkeys(_EVERYTHING, _everything),
    **dict.fromkeys(("AdaptiveAveragePooling2D", "AdaptiveMaxPooling2D"), _adapt),
    "CenterCrop": _center_crop,
    "Concatenate": join,
    "Conv2DTranspose": _transpose,
    "Cropping2D": _crop,
    "EinsumDense": _einsum,
    "MaxBlurPooling2D": _slide_twice,
    "Permute": _permute,
    "Pipeline": _pipeline,
    "RandomCrop": _random_crop,
    "Reshape": _reshape,
    "Resizing": _resize,
    "SpectralNormalization": _wrapped,
    "TimeDistributed": _time_distributed,
    "UpSampling2D": _upsample,
    "ZeroPadding2D": _pad,
}

# Layers without a rule, by the reason.
_ONE_DIMENSION = """
    AdaptiveAveragePooling1D AdaptiveMaxPooling1D AveragePooling1D Conv1D Conv1DTranspose
    Cropping1D DepthwiseConv1D GlobalAveragePooling1D GlobalMaxPooling1D MaxPooling1D
    SeparableConv1D SpatialDropout1D UpSampling1D ZeroPadding1D
""".split()
_THREE_DIMENSIONS = """
    AdaptiveAveragePooling3D AdaptiveMaxPooling3D AveragePooling3D Conv3D Conv3DTranspose
    ConvLSTM2D ConvLSTM3D Cropping3D GlobalAveragePooling3D GlobalMaxPooling3D MaxPooling3D
    SpatialDropout3D UpSampling3D ZeroPadding3D
""".split()
_IN_TIME = """
    Bidirectional ConvLSTM1D GRU GRUCell LSTM LSTMCell RNN SimpleRNN SimpleRNNCell
    StackedRNNCells
""".split()
_TABLES = """
    CategoryEncoding Embedding HashedCrossing Hashing IntegerLookup ReversibleEmbedding
    StringLookup TextVectorization
""".split()
_OUTSIDE = "FlaxLayer JaxLayer Lambda TFSMLayer TorchModuleWrapper".split()
REFUSED = {
    **dict.fromkeys(_ONE_DIMENSION, "it slides along one axis, and an image has two"),
    **dict.fromkeys(_THREE_DIMENSIONS, "it takes volumes or films, and an image has two axes"),
    **dict.fromkeys(_IN_TIME, "it takes its input for steps in time"),
    **dict.fromkeys(_TABLES, "it looks up words or categories, which have no place in an image"),
    **dict.fromkeys(_OUTSIDE, "it calls a function that is not known, and may compute anything"),
    "Dot": "it multiplies the maps of all positions with each other",
    "GroupedQueryAttention": "it takes tokens, and an image has two axes",
    "InputLayer": "it is an input",
    "Layer": "it is no layer of Keras, and may compute anything",
    "MaxNumBoundingBoxes": "it takes boxes",
    "MelSpectrogram": "it takes sounds",
    "RepeatVector": "it repeats vectors, which have no place in an image",
    "STFTSpectrogram": "it takes sounds",
    "Wrapper": "it is no layer of Keras, and may compute anything",
}
