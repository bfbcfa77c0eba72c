"""For each kind of layer, how many parameters and multiply-adds it has.

A rule is a pair of functions of a layer and a list of shapes without batch axis, one for each
input: `(parameters, multiply_adds)`. Rules are kept by the name of a class, as not every release of
Keras has all of them.
"""

import inspect
import math

import keras

from cnnkit._checks import check_positive, is_integer
from cnnkit._keras import find_calls, find_graph, layers_within
from cnnkit.geometry._keras_kind import keras_kind
from cnnkit.geometry._operation_costs import operation_multiply_adds
from cnnkit.geometry._output_size import output_size
from cnnkit.reference import effective_size

# Neither weights nor products of matrices. Random layers: at inference.
_NOTHING = """
    Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D
    AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add
    AlphaDropout AugMix AutoContrast Average AveragePooling1D AveragePooling2D AveragePooling3D
    CategoryEncoding CenterCrop Concatenate ContrastLimitedAdaptiveHistogramEqualization Cropping1D
    Cropping2D Cropping3D CutMix Discretization Dropout ELU Equalization Flatten GaussianDropout
    GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D HashedCrossing Hashing Identity
    InputLayer IntegerLookup LeakyReLU Masking MaxNumBoundingBoxes MaxPooling1D MaxPooling2D
    MaxPooling3D Maximum Minimum MixUp Multiply Permute RandAugment RandomBrightness
    RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform
    RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert
    RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness
    RandomShear RandomTranslation RandomZoom ReLU RepeatVector Rescaling Reshape Resizing Softmax
    Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D StringLookup Subtract
    TextVectorization UnitNormalization UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D
    ZeroPadding2D ZeroPadding3D
    Maxout RandomAffine RandomColor RandomWarp StochasticPooling2D
""".split()

# Whose parameters and multiply-adds are not known, and why.
REFUSED = {
    "FlaxLayer": "it runs a module of Flax, which Keras does not see into",
    "JaxLayer": "it runs a function of JAX, which Keras does not see into",
    "Lambda": "its function may compute anything",
    "Layer": "it is the base of all layers and computes nothing itself",
    "TFSMLayer": "it runs a stored graph of TensorFlow, which Keras does not see into",
    "TorchModuleWrapper": "it runs a module of PyTorch, which Keras does not see into",
    "Wrapper": "it is the base of wrappers and computes nothing itself",
}
# Whose multiply-adds alone are not known.
UNCOUNTED = {
    "MelSpectrogram": "its fast Fourier transform is no matrix product, and has no set number of "
    "multiplications",
}


def count_parameters(layer, shapes):
    """As `parameters`, of a list of shapes."""
    if isinstance(layer, keras.Layer) and _makes_nothing(layer):
        return 0
    return _find_rule(layer)[0](layer, shapes)


def count_multiply_adds(layer, shapes):
    """As `multiply_adds`, of a list of shapes."""
    return _find_rule(layer)[1](layer, shapes)


def call_multiply_adds(call, rows):
    """The multiply-adds of a `Call` for one example; None if they are not known.

    Args:
        call: A `Call`.
        rows: What `rows_of_an_example` returns.
    """
    try:
        if not isinstance(call.layer, keras.Layer):
            return operation_multiply_adds(call, rows)
        data = _data(call)
        n_rows = {rows.get(id(tensor)) for tensor in data} or {1}
        if len(n_rows) > 1 or None in n_rows:
            return None
        shapes = [tuple(tensor.shape[1:]) for tensor in data]
        return n_rows.pop() * _count_of_call(call, shapes)
    except (TypeError, ValueError):  # not known, or the model leaves the size of the image open
        return None


def _count_of_call(call, shapes):
    reversible = getattr(keras.layers, "ReversibleEmbedding", None)
    if keras_kind(call.layer) is reversible and call_arguments(call).get("reverse"):
        return call.layer.input_dim * _product(*shapes)  # vectors to scores; the way there looks up
    return count_multiply_adds(call.layer, shapes)


def rows_of_an_example(calls):
    """How many rows each tensor of a model has for one example: 1, unless the batch is reshaped.

    Args:
        calls: What `find_calls` returns.

    Returns:
        A dictionary from the `id` of a tensor to the length of its first axis for one example; to
        None if it does not grow with the batch, as after a transposition.
    """
    rows = {}
    for call in calls:
        kind = keras_kind(call.layer)
        known = isinstance(call.layer, keras.Layer) and kind not in (None, keras.layers.Lambda)
        if not call.inputs or known:
            found = {rows[id(tensor)] for tensor in call.inputs} or {1}
            found = [found.pop() if len(found) == 1 else None] * len(call.outputs)
        else:
            found = _rows_made(call, rows)
        rows.update(zip(map(id, call.outputs), found, strict=True))
    return rows


def _rows_made(call, rows):
    """The rows of what a function gives, found from what it makes of 2 examples and of 3."""
    try:
        twice, thrice = (_lengths_made(call, rows, n_examples) for n_examples in (2, 3))
    except Exception:  # of whatever kind: the function may be a user's, and may need all sizes
        return [None] * len(call.outputs)
    return [
        a // 2 if a and b and 3 * a == 2 * b else None for a, b in zip(twice, thrice, strict=True)
    ]


def _lengths_made(call, rows, n_examples):
    tensors = {
        id(tensor): keras.KerasTensor(
            (n_examples * rows[id(tensor)], *tensor.shape[1:]), tensor.dtype
        )
        for tensor in call.inputs
    }
    given = (call.args, call.kwargs)
    args, kwargs = keras.tree.map_structure(lambda value: tensors.get(id(value), value), given)
    outputs = keras.tree.flatten(call.layer.compute_output_spec(*args, **kwargs))
    return [tensor.shape[0] if tensor.shape else None for tensor in outputs]


def call_arguments(call):
    """What a call gives a layer, by the names of its arguments."""
    signature = inspect.signature(call.layer.call)
    kwargs = dict(call.kwargs)
    if "training" not in signature.parameters:  # Keras lets any layer be called with it
        kwargs.pop("training", None)
    return signature.bind(*call.args, **kwargs).arguments


def takes_training(layer):
    """Whether a layer may compute something else in training."""
    return "training" in inspect.signature(layer.call).parameters


def _data(call):
    """What a layer computes with: its masks and states are no inputs in this sense."""
    if not call.inputs:
        return []
    given = call_arguments(call)
    names = [name for name in ("query", "value", "key") if given.get(name) is not None]
    data = [given[name] for name in names] if "query" in names else next(iter(given.values()))
    return keras.tree.flatten(data)


def _find_rule(layer):
    if not isinstance(layer, keras.Layer):
        raise TypeError(f"`layer` must be a Keras layer. Received: layer={layer!r}")
    if getattr(layer, "lora_rank", None) or getattr(layer, "quantization_mode", None):
        raise _unknown(layer, "it is changed by LoRA or quantisation")
    if isinstance(layer, keras.Model):
        return _parameters_of_model, _products_of_model
    kind = keras_kind(layer)
    if kind is None:
        raise _unknown(layer, "a class of one's own may compute anything")
    if kind.__name__ in REFUSED:
        raise _unknown(layer, REFUSED[kind.__name__])
    if kind.__name__ not in RULES:
        raise _unknown(layer, "there is no rule for this class")
    return RULES[kind.__name__]


def _unknown(layer, reason):
    return TypeError(
        f"`layer` must be one whose cost is known: {reason}. Received: {layer.name!r}, a "
        f"{type(layer).__name__}"
    )


def _makes_nothing(layer):
    """Whether a layer never gets weights, whatever it computes: a user's function of its inputs."""
    no_build = type(layer).build is keras.Layer.build
    is_bare = not layer.weights and not layers_within(layer)
    return keras_kind(layer) is None and no_build and is_bare and not isinstance(layer, keras.Model)


# Shapes


def _only(layer, shapes):
    """The shape of the only input."""
    if len(shapes) != 1:
        raise ValueError(
            f"`input_shape` must be one shape for the layer {layer.name!r}, a "
            f"{type(layer).__name__}. Received: {len(shapes)} shapes"
        )
    return shapes[0]


def _channels(layer, shape, ndim=None):
    """The number of channels of an input of `ndim` axes, or of at least one."""
    if len(shape) != ndim if ndim else not shape:
        raise _unfit(layer, shape)
    channels = shape[0 if _is_channels_first(layer) else -1]
    check_positive(channels, "channels")
    return channels


def _unfit(layer, shape):
    return ValueError(
        f"`input_shape` must suit the layer {layer.name!r}, a {type(layer).__name__}, and have "
        f"no batch axis. Received: input_shape={shape}"
    )


def _sizes(layer, shape):
    """The sizes of the input without its channels."""
    return shape[1:] if _is_channels_first(layer) else shape[:-1]


def _is_channels_first(layer):
    return getattr(layer, "data_format", None) == "channels_first"  # a dense layer has none


def _check_size(size):
    if size is None:
        raise ValueError(
            "`input_shape` must give all sizes that the cost depends on. Received: None for one"
        )
    check_positive(size, "size")


def _product(sizes):
    for size in sizes:
        _check_size(size)
    return math.prod(sizes)


def _along_axes(layer, shape):
    """The number of values along the axes that a layer normalises, counted with the batch."""
    axes = layer.axis if isinstance(layer.axis, (list, tuple)) else [layer.axis]
    if not shape or not all(-len(shape) <= axis <= len(shape) and axis for axis in axes):
        raise _unfit(layer, shape)
    return _product([(None, *shape)[axis] for axis in axes])


# Layers of one product


def _nothing(layer, shapes):
    return 0


def _dense_parameters(layer, shapes):
    channels = _channels(layer, _only(layer, shapes))
    return channels * layer.units + layer.units * layer.use_bias


def _dense_products(layer, shapes):
    shape = _only(layer, shapes)
    return _channels(layer, shape) * layer.units * _product(shape[:-1])


def _conv_kernel(layer, shapes):
    channels = _channels(layer, _only(layer, shapes), len(layer.kernel_size) + 1)
    if channels % layer.groups:
        raise ValueError(
            f"The {layer.groups} groups of the layer {layer.name!r} must divide its channels. "
            f"Received: {channels} channels"
        )
    return math.prod(layer.kernel_size) * (channels // layer.groups) * layer.filters


def _conv_parameters(layer, shapes):
    return _conv_kernel(layer, shapes) + layer.filters * layer.use_bias


def _conv_products(layer, shapes):
    return _conv_kernel(layer, shapes) * _positions(layer, _only(layer, shapes))


def _positions(layer, shape):
    """The number of positions of a layer's kernel."""
    positions, settings = 1, (layer.kernel_size, layer.strides, layer.dilation_rate)
    for size, kernel_size, strides, dilation_rate in zip(
        _sizes(layer, shape), *settings, strict=True
    ):
        _check_size(size)
        padding = layer.padding
        if padding == "causal":  # all in front, so that no output sees what comes later
            padding = (effective_size(kernel_size, dilation_rate) - 1, 0)
        options = dict(strides=strides, padding=padding, dilation_rate=dilation_rate)
        positions *= output_size(size, kernel_size, **options)
    return positions


def _transposed_kernel(layer, shapes):
    channels = _channels(layer, _only(layer, shapes), len(layer.kernel_size) + 1)
    return math.prod(layer.kernel_size) * channels * layer.filters


def _transposed_parameters(layer, shapes):
    return _transposed_kernel(layer, shapes) + layer.filters * layer.use_bias


def _transposed_products(layer, shapes):
    """Each value of the input is multiplied with the whole kernel, what is cut off included."""
    return _transposed_kernel(layer, shapes) * _product(_sizes(layer, _only(layer, shapes)))


def _depthwise_kernel(layer, shapes):
    """The weights of a kernel, or several, for each channel alone, and their outputs."""
    channels = _channels(layer, _only(layer, shapes), len(layer.kernel_size) + 1)
    outputs = channels * layer.depth_multiplier
    return math.prod(layer.kernel_size) * outputs, outputs


def _depthwise_parameters(layer, shapes):
    weights, outputs = _depthwise_kernel(layer, shapes)
    return weights + outputs * layer.use_bias


def _depthwise_products(layer, shapes):
    return _depthwise_kernel(layer, shapes)[0] * _positions(layer, _only(layer, shapes))


def _separable_kernels(layer, shapes):
    weights, outputs = _depthwise_kernel(layer, shapes)
    return weights + outputs * layer.filters  # then a 1x1 convolution


def _separable_parameters(layer, shapes):
    return _separable_kernels(layer, shapes) + layer.filters * layer.use_bias


def _separable_products(layer, shapes):
    return _separable_kernels(layer, shapes) * _positions(layer, _only(layer, shapes))


def _einsum_sizes(layer, shape):
    """The three terms of a layer's equation, and the sizes of its letters, those of "..." too."""
    terms = layer.equation.replace(" ", "").replace("->", ",").split(",")
    given, (inputs, _, outputs) = (1, *shape), terms
    made = (1, *layer.partial_output_shape)
    rest = len(given) - len(inputs.replace("...", ""))
    sizes = dict(_letter_sizes(outputs, made))
    sizes |= dict(_letter_sizes(inputs, given))
    if rest < 0 or (rest and "..." not in inputs):
        raise _unfit(layer, shape)
    start = len(inputs.split("...")[0]) if "..." in inputs else 0
    sizes["..."] = given[start : start + rest]
    return terms, sizes


def _letter_sizes(term, shape):
    """Pairs of a letter and the size of its axis; letters behind "..." count from the end."""
    before, _, after = term.partition("...")
    yield from zip(before, shape, strict=False)
    if after:
        yield from zip(reversed(after), reversed(shape), strict=False)


def _einsum_parameters(layer, shapes):
    (_, kernel, _), sizes = _einsum_sizes(layer, _only(layer, shapes))
    return sum(_product([sizes[c] for c in term]) for term in (kernel, layer.bias_axes) if term)


def _einsum_products(layer, shapes):
    (inputs, kernel, _), sizes = _einsum_sizes(layer, _only(layer, shapes))
    letters = set(inputs.replace("...", "")) | set(kernel)
    return _product([*(sizes[c] for c in letters), *sizes["..."]])


def _embedding_parameters(layer, shapes):
    n = layer.input_dim * layer.output_dim
    return n if getattr(layer, "tie_weights", True) else 2 * n


# Normalisation and its like


def _batch_norm_parameters(layer, shapes):
    if getattr(layer, "renorm", False):
        raise _unknown(layer, "with `renorm` it keeps further averages")
    return _along_axes(layer, _only(layer, shapes)) * (2 + layer.scale + layer.center)


def _layer_norm_parameters(layer, shapes):
    return _along_axes(layer, _only(layer, shapes)) * (layer.scale + layer.center)


def _rms_norm_parameters(layer, shapes):
    return _along_axes(layer, _only(layer, shapes))


def _normalization_parameters(layer, shapes):
    """Means, variances and their count, unless they are given."""
    if layer.get_config()["mean"] is not None:
        return 0
    return 1 + 2 * (1 if layer.axis in (None, ()) else _along_axes(layer, _only(layer, shapes)))


def _prelu_parameters(layer, shapes):
    shared = layer.shared_axes or ()
    shape = _only(layer, shapes)
    return _product([size for axis, size in enumerate(shape, 1) if axis not in shared])


def _layer_scale_parameters(layer, shapes):
    return layer.projection_dim


# Wrappers and models


def _spectral_parameters(layer, shapes):
    """Those of the inner layer, and a vector along the last axis of its kernel."""
    inner, shape = layer.layer, _only(layer, shapes)
    kind = getattr(keras_kind(inner), "__name__", "")
    if kind.startswith("Conv") and kind.endswith("Transpose"):
        last = _channels(inner, shape)
    elif kind.startswith("Conv") or kind == "Dense":
        last = inner.units if kind == "Dense" else inner.filters
    elif kind.startswith("DepthwiseConv"):
        last = inner.depth_multiplier
    elif kind == "Embedding":
        last = inner.output_dim
    elif kind == "EinsumDense":
        (_, kernel, _), sizes = _einsum_sizes(inner, shape)
        last = sizes[kernel[-1]]
    else:
        raise _unknown(layer, "the kernel of the layer within is not known")
    return count_parameters(inner, shapes) + last


def _spectral_products(layer, shapes):
    return count_multiply_adds(layer.layer, shapes)


def _step_shapes(layer, shapes):
    """How many steps there are, and the shape of one of them."""
    shape = shapes[0]  # others are states
    if len(shape) < 2:
        raise _unfit(layer, shape)
    return shape[0], [shape[1:]]


def _each_step_parameters(layer, shapes):
    return count_parameters(_inner(layer), _step_shapes(layer, shapes)[1])


def _each_step_products(layer, shapes):
    n_steps, step = _step_shapes(layer, shapes)
    _check_size(n_steps)
    return n_steps * count_multiply_adds(_inner(layer), step)


def _inner(layer):
    """What is called at each step: the cell of a recurrent layer, the layer in TimeDistributed."""
    return layer.cell if hasattr(layer, "cell") else layer.layer


def _both_ways(count):
    def of_both(layer, shapes):
        return count(layer.forward_layer, shapes) + count(layer.backward_layer, shapes)

    return of_both


def _parameters_of_model(model, shapes):
    if not model.built:
        raise _unknown(model, "a model must be built, and Sequential or functional")
    return model.count_params()


def _fits(shape, own):
    """Whether a shape is one of those that a model takes, which may leave sizes open."""
    return len(shape) == len(own) and all(b in (None, a) for a, b in zip(shape, own, strict=True))


def _products_of_model(model, shapes):
    graph = find_graph(model)
    if graph is None:
        raise _unknown(model, "a model must be built, and Sequential or functional")
    own = [tuple(tensor.shape[1:]) for tensor in graph.inputs]
    if len(shapes) != len(own) or not all(map(_fits, shapes, own)):
        raise ValueError(
            f"`input_shape` must be that for which the model {model.name!r} was made, {own}. "
            f"Received: {shapes}"
        )
    calls = find_calls(graph, shapes=[(None, *shape) for shape in shapes])
    rows = rows_of_an_example(calls)
    counts = [(call, call_multiply_adds(call, rows)) for call in calls]
    for call, count in counts:
        if count is None and not call.is_expanded:
            raise _unknown(model, f"that of its layer {call.path!r} is not")
    return sum(count for call, count in counts if not call.is_expanded)


def _pipeline(count):
    def of_all(pipeline, shapes):
        total, shape = 0, _only(pipeline, shapes)
        for layer in pipeline.layers:
            total += count(layer, [shape])
            shape = layer.compute_output_shape((None, *shape))[1:]
        return total

    return of_all


# Recurrent cells


_GATES = {"SimpleRNNCell": 1, "GRUCell": 3, "LSTMCell": 4}


def _cell_products(cell, shapes):
    """At one step: the kernels for the input and for the state."""
    shape = shapes[0]  # others are states
    features = _channels(cell, shape, 1)
    return _GATES[keras_kind(cell).__name__] * cell.units * (features + cell.units)


def _cell_parameters(cell, shapes):
    n_biases = _GATES[keras_kind(cell).__name__] * (1 + getattr(cell, "reset_after", False))
    return _cell_products(cell, shapes) + n_biases * cell.units * cell.use_bias


def _stacked(count):
    def of_all(stack, shapes):
        total = 0
        for cell in stack.cells:
            total += count(cell, shapes)
            if not is_integer(getattr(cell, "output_size", None)):
                raise _unknown(stack, f"it is not known what its cell {cell.name!r} gives")
            shapes = [(cell.output_size,)]
        return total

    return of_all


def _conv_cell_kernels(cell, shapes):
    """The weights of the kernels for the input and for the state, each for four gates."""
    channels = _channels(cell, shapes[0], len(cell.kernel_size) + 1)
    return math.prod(cell.kernel_size) * (channels + cell.filters) * 4 * cell.filters


def _conv_cell_parameters(cell, shapes):
    return _conv_cell_kernels(cell, shapes) + 4 * cell.filters * cell.use_bias


def _conv_cell_products(cell, shapes):
    return _conv_cell_kernels(cell, shapes) * _positions(cell, shapes[0])  # the state is as large


# Attention and other products of inputs


def _attention_shapes(layer, shapes):
    """The shapes of query, value and key."""
    if len(shapes) not in (2, 3) or not all(len(shape) >= 2 for shape in shapes):
        raise ValueError(
            f"`input_shape` must be a list of the shapes of query, value and, if it is another, "
            f"key, for the layer {layer.name!r}, a {type(layer).__name__}. Received: {shapes}"
        )
    query, value, key = shapes if len(shapes) == 3 else (*shapes, shapes[1])
    if key[:-1] != value[:-1]:
        raise ValueError(f"Value and key must have the same positions. Received: {value} and {key}")
    return query, value, key


def _attention_parameters(layer, shapes):
    _attention_shapes(layer, shapes)
    return layer.use_scale + (layer.score_mode == "concat")


def _attention_products(layer, shapes):
    """Scores, unless they are sums without products, and weighted sums of the values."""
    query, value, key = _attention_shapes(layer, shapes)
    pairs = _product([*query[:-1], key[-2]])
    depth = 0 if layer.score_mode == "concat" else key[-1]
    return pairs * (depth + _product(value[-1:]))


def _additive_parameters(layer, shapes):
    query, _, _ = _attention_shapes(layer, shapes)
    return _product(query[-1:]) if layer.use_scale else 0


def _additive_products(layer, shapes):
    """A score is the product of `scale` with a vector, if there is a scale."""
    query, value, key = _attention_shapes(layer, shapes)
    pairs = _product([*query[:-1], key[-2]])
    return pairs * (_additive_parameters(layer, shapes) + _product(value[-1:]))


def _multi_head(layer, shapes):
    """The widths of a MultiHeadAttention: matrices of query, value, key, gate and output."""
    config, (query, value, key) = layer.get_config(), _attention_shapes(layer, shapes)
    heads = config["num_heads"]
    keys, values = heads * config["key_dim"], heads * (config["value_dim"] or config["key_dim"])
    output = config["output_shape"] or query[-1]
    output = _product(output if isinstance(output, (list, tuple)) else [output])
    gate = [(query[-1], values)] if config.get("use_gate") else []
    return (query[-1], keys), (value[-1], values), (key[-1], keys), gate, (values, output)


def _grouped_query(layer, shapes):
    """As `_multi_head`, where several queries share a key and a value."""
    query, value, key = _attention_shapes(layer, shapes)
    queries = layer.num_query_heads * layer.head_dim
    keys = layer.num_key_value_heads * layer.head_dim
    gate = [(query[-1], queries)] if getattr(layer, "use_gate", False) else []
    widths = (query[-1], queries), (value[-1], keys), (key[-1], keys)
    return *widths, gate, (queries, query[-1])


def _projected_parameters(widths):
    def of(layer, shapes):
        query, value, key, gate, output = widths(layer, shapes)
        use_bias = layer.get_config()["use_bias"]
        return sum(
            _product([n_in, n_out]) + n_out * use_bias
            for n_in, n_out in (query, value, key, *gate, output)
        )

    return of


def _projected_products(widths):
    def of(layer, shapes):
        query, value, key, gate, output = widths(layer, shapes)
        q_shape, v_shape, _ = _attention_shapes(layer, shapes)
        n_queries, n_keys = _product(q_shape[:-1]), _product(v_shape[:-1])
        at_queries = sum(math.prod(matrix) for matrix in (query, *gate, output))
        projections = n_queries * at_queries + n_keys * (math.prod(key) + math.prod(value))
        # Each query meets the keys along the axes of attention: not those at other places.
        attended = [v_shape[axis - 1] for axis in _attention_axes(layer, q_shape)]
        return projections + n_queries * math.prod(attended) * (query[1] + output[0])

    return of


def _attention_axes(layer, shape):
    """The axes over which is attended, the batch counted."""
    axes = layer.get_config().get("attention_axes")
    if axes is None:
        return range(1, len(shape))
    axes = axes if isinstance(axes, (list, tuple)) else [axes]
    return [axis if axis >= 0 else len(shape) + 1 + axis for axis in axes]


def _dot_products(layer, shapes):
    """All values of one input meet those of the other that lie at the same place of an axis."""
    if len(shapes) != 2:
        raise ValueError(f"`input_shape` must be a list of two shapes. Received: {shapes}")
    axes = layer.axes if isinstance(layer.axes, (list, tuple)) else (layer.axes, layer.axes)
    first, second = ((1, *shape) for shape in shapes)
    if first[axes[0]] != second[axes[1]]:
        raise ValueError(
            f"`input_shape` must have equal sizes along the axes {tuple(axes)} of the layer "
            f"{layer.name!r}. Received: {shapes}"
        )
    return _product(first) * _product(second) // first[axes[0]]


# Transforms and blurs


def _stft_parameters(layer, shapes):
    """Sines and cosines for each frequency, as kernels of a convolution."""
    config = layer.get_config()
    length = config["fft_length"] or 2 ** math.ceil(math.log2(config["frame_length"]))
    n_kernels = 1 if config["mode"] in ("real", "imag") else 2
    return n_kernels * config["frame_length"] * (length // 2 + 1)


def _stft_products(layer, shapes):
    shape, config = _only(layer, shapes), layer.get_config()
    channels = _channels(layer, shape, 2)
    (size,) = _sizes(layer, shape)
    strides = config["frame_step"] or config["frame_length"] // 2
    options = dict(strides=strides, padding=config["padding"])
    positions = output_size(size, config["frame_length"], **options)
    return _stft_parameters(layer, shapes) * channels * positions


def _blur_products(layer, shapes):
    """A blur of the largest values of all windows, before any are left out."""
    shape = _only(layer, shapes)
    products = _channels(layer, shape, 3)
    for size, pool_size in zip(_sizes(layer, shape), layer.pool_size, strict=True):
        size = output_size(size, pool_size, padding=layer.padding)
        products *= output_size(size, layer.kernel_size, padding=layer.padding) * layer.kernel_size
    return products


def _not_counted(layer, shapes):
    raise _unknown(layer, UNCOUNTED[keras_kind(layer).__name__])


_DENSE = (_dense_parameters, _dense_products)
_CONV = (_conv_parameters, _conv_products)
_TRANSPOSED = (_transposed_parameters, _transposed_products)
_DEPTHWISE = (_depthwise_parameters, _depthwise_products)
_SEPARABLE = (_separable_parameters, _separable_products)
_CELL = (_cell_parameters, _cell_products)
_EACH_STEP = (_each_step_parameters, _each_step_products)

RULES = {
    **dict.fromkeys(_NOTHING, (_nothing, _nothing)),
    **dict.fromkeys(["Conv1D", "Conv2D", "Conv3D"], _CONV),
    **dict.fromkeys(["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"], _TRANSPOSED),
    **dict.fromkeys(["DepthwiseConv1D", "DepthwiseConv2D"], _DEPTHWISE),
    **dict.fromkeys(["SeparableConv1D", "SeparableConv2D"], _SEPARABLE),
    **dict.fromkeys(_GATES, _CELL),
    **dict.fromkeys(["GRU", "LSTM", "RNN", "SimpleRNN", "TimeDistributed"], _EACH_STEP),
    **dict.fromkeys(["ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"], _EACH_STEP),
    "AdditiveAttention": (_additive_parameters, _additive_products),
    "Attention": (_attention_parameters, _attention_products),
    "BatchNormalization": (_batch_norm_parameters, _nothing),
    "Bidirectional": (_both_ways(count_parameters), _both_ways(count_multiply_adds)),
    "ConvLSTMCell": (_conv_cell_parameters, _conv_cell_products),
    "Dense": _DENSE,
    "Dot": (_nothing, _dot_products),
    "EinsumDense": (_einsum_parameters, _einsum_products),
    "Embedding": (_embedding_parameters, _nothing),
    "GroupNormalization": (_layer_norm_parameters, _nothing),
    "GroupedQueryAttention": (
        _projected_parameters(_grouped_query),
        _projected_products(_grouped_query),
    ),
    "LayerNormalization": (_layer_norm_parameters, _nothing),
    "LayerScale": (_layer_scale_parameters, _nothing),  # in ConvNeXt of `keras.applications`
    "MaxBlurPooling2D": (_nothing, _blur_products),
    "MelSpectrogram": (_nothing, _not_counted),
    "MultiHeadAttention": (_projected_parameters(_multi_head), _projected_products(_multi_head)),
    "Normalization": (_normalization_parameters, _nothing),
    "PReLU": (_prelu_parameters, _nothing),
    "Pipeline": (_pipeline(count_parameters), _pipeline(count_multiply_adds)),
    "RMSNormalization": (_rms_norm_parameters, _nothing),
    "ReversibleEmbedding": (_embedding_parameters, _nothing),
    "STFTSpectrogram": (_stft_parameters, _stft_products),
    "SpectralNormalization": (_spectral_parameters, _spectral_products),
    "StackedRNNCells": (_stacked(count_parameters), _stacked(count_multiply_adds)),
}
