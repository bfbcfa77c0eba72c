"""Draw a network as a row of boxes."""

import math
from collections import Counter
from functools import cache
from typing import NamedTuple

from matplotlib.patches import Patch, Polygon

from cnnkit._checks import check_model
from cnnkit.viz._alt_text import after_title, counted, describe
from cnnkit.viz._figure import begin, finish

_MAX_BOXES = 80
_N_IN_WORDS = 15  # layers: of more the text says how many there are of each kind
_OPERATIONS = {  # functions of `keras.ops`, whose classes have no public names; `a + b` is an Add
    "convolution": "Conv ConvTranspose DepthwiseConv SeparableConv".split(),
    "pooling": "AdaptiveAveragePool AdaptiveMaxPool AveragePool MaxPool".split(),
    "activation": (  # `keras.activations.relu` is a ReLU, `keras.ops.relu` a Relu
        "Celu Elu Gelu Glu HardShrink HardSigmoid HardSilu HardTanh LeakyRelu LogSigmoid "
        "LogSoftmax ReLU Relu Relu6 Selu Sigmoid Silu SoftShrink Softmax Softplus Softsign "
        "SparsePlus SparseSigmoid Sparsemax Squareplus Tanh TanhShrink Threshold".split()
    ),
    "merging": "Add Concatenate Maximum Minimum Multiply Subtract".split(),
}
_STYLES = {
    "input": dict(facecolor="white"),
    "convolution": dict(facecolor="C0"),
    "pooling": dict(facecolor="C1"),
    "dense": dict(facecolor="C2"),
    "normalisation": dict(facecolor="C3"),
    "dropout": dict(facecolor="0.85", hatch="...."),
    "activation": dict(facecolor="C5"),
    "merging": dict(facecolor="0.3"),
    "model": dict(facecolor="white", hatch="//"),
    "other": dict(facecolor="0.7"),
}
_FLAT_KINDS = ("normalisation", "dropout", "activation", "merging", "other")
# In inches, which are the units of the axes:
_HEIGHT = 2.0  # of the largest map
_GAP = 0.18
_BOTTOM = _HEIGHT / 2 + 0.5
_LANE = 0.13  # between two lines above
_CHARACTER = 0.068


class _Box(NamedTuple):
    """One call of a layer, and how it is drawn.

    Attributes:
        kind: One of `_STYLES`.
        name: The layer's name.
        shape: Of its output, without the batch.
        sources: Which boxes it takes its input from, as indices.
        is_plate: Whether it stands close to the box before, as it does not change its shape.
    """

    kind: str
    name: str
    shape: tuple
    sources: list
    is_plate: bool


def plot_architecture(model, *, expand=False, ax=None, title=None):
    """Draw the layers of a model as boxes, in the order in which they are computed.

    The height of a box and its depth show the height and width of the maps, also of those of each
    slice or frame, its width the number of channels, on a logarithmic scale. Vectors are bars,
    longer for more numbers. Thin plates are layers that leave the shape as it is. Lines above the
    boxes are connections that pass others by.

    Args:
        model: A Sequential or functional `keras.Model`, built for images of a known size, with
            channels last.
        expand: Whether to draw the layers of models that are part of the model; by default such
            a model is one box, with its name.
        ax: The `Axes` to draw on. By default a new figure.
        title: The text above. By default the model's name.

    Returns:
        The `Axes`. Each front face is a `Polygon` whose `get_gid()` is the layer's name.

    Raises:
        ValueError: If the model is subclassed, its shapes are not known, its maps have the channels
            first, or it has more than 80 layers.

    Example:

    >>> from cnnkit import models, viz
    >>> axes = viz.plot_architecture(models.lenet5())
    >>> axes.figure.savefig("lenet5.png")
    """
    boxes = _boxes(model, expand)
    if len(boxes) > _MAX_BOXES:
        raise ValueError(
            f"At most {_MAX_BOXES} layers can be drawn. Received: model={model.name!r} with "
            f"{len(boxes)}, which `cnnkit.geometry.model_table` lists"
        )
    scale = _HEIGHT / max([max(box.shape[-3:-1]) for box in boxes if len(box.shape) > 1], default=1)
    places, width = _places(boxes, scale)
    routes = _routes(boxes, scale)
    top = max([_HEIGHT * 0.72, *routes.values()]) + 0.3
    size = (max(width, 5) + 0.4, _BOTTOM + top + 0.8)
    ax = begin(ax, size)
    for box, x in zip(boxes, places, strict=True):
        _draw_box(ax, box, x, scale)
    _draw_connections(ax, boxes, places, routes, scale)
    _write_shapes(ax, boxes, places, scale)
    _draw_legend(ax, boxes)
    ax.set(xlim=(-0.3, width), ylim=(-_BOTTOM, top), aspect="equal")
    ax.set_axis_off()
    title = model.name if title is None else title
    describe(ax.figure, after_title(title, _in_words(boxes, len(routes))))
    return finish(ax, title)


def _in_words(boxes, n_routes):
    layers = [f"{_name_in_words(box)} {' by '.join(map(str, box.shape))}" for box in boxes]
    words = f"Network of {counted(len(boxes), 'layer')}"
    if len(boxes) <= _N_IN_WORDS:
        words += f", in order: {', '.join(layers)}"
    else:
        counts = Counter(_name_in_words(box) for box in boxes)
        words += f", from {layers[0]} to {layers[-1]}: "
        words += ", ".join(f"{n} {name}" for name, n in counts.items())
    if n_routes:
        words += f"; {counted(n_routes, 'connection')} past other layers"
    return f"{words}."


def _name_in_words(box):
    return box.name if box.kind in ("model", "other") else box.kind


def _boxes(model, expand):
    # here, as it imports Keras, which other drawings do not need
    from cnnkit._keras import find_calls, find_graph

    check_model(model)
    graph = find_graph(model)
    if graph is None:
        raise ValueError(
            "`model` must be a Sequential or functional model that knows the shape of its input: "
            f"give it a `keras.Input`, or call it once. Received: {model.name!r}, a "
            f"{type(model).__name__}"
        )
    calls = find_calls(graph)
    calls = [call for call in calls if not (call.is_expanded if expand else "/" in call.path)]
    boxes, makers = [], {}  # which box makes a tensor
    for i, call in enumerate(calls):
        boxes.append(_box(call, [makers[id(tensor)] for tensor in call.inputs], boxes))
        makers.update((id(tensor), i) for tensor in call.outputs)
    return boxes


def _box(call, sources, earlier):
    shape = tuple(call.outputs[0].shape[1:])
    if not shape or None in shape:
        raise ValueError(
            "`model` must have an input of known size, such as `keras.Input((64, 64, 3))`. "
            f"Received: the layer {call.path!r} with an output of shape {call.outputs[0].shape}"
        )
    takes_maps = any(len(tensor.shape) > 2 for tensor in call.inputs)
    if takes_maps and getattr(call.layer, "data_format", None) == "channels_first":
        raise ValueError(
            "`model` must have the channels of its maps last, to be drawn. "
            f"Received: {call.path!r} with data_format='channels_first'"
        )
    kind = _kind(call.layer)
    follows = len(earlier) - 1 in sources
    is_plate = follows and kind in _FLAT_KINDS and shape == earlier[-1].shape
    return _Box(kind, call.layer.name, shape, sources, is_plate)


def _kind(layer):
    """One of `_STYLES`, of a layer or of an operation."""
    import keras

    if isinstance(layer, keras.Model):
        return "model"
    if not isinstance(layer, keras.Layer):
        name = type(layer).__name__
        return next((kind for kind, names in _OPERATIONS.items() if name in names), "other")
    return next((kind for kind, of_it in _classes().items() if isinstance(layer, of_it)), "other")


@cache
def _classes():
    """The classes of layers of each kind, in tuples as `isinstance` takes them."""
    from keras import layers as of  # here, as other drawings do not need Keras

    from cnnkit.layers import MaxBlurPooling2D, StochasticPooling2D

    return {
        "input": (of.InputLayer,),
        "convolution": (
            (of.Conv1D, of.Conv2D, of.Conv3D),
            (of.Conv1DTranspose, of.Conv2DTranspose, of.Conv3DTranspose),
            (of.DepthwiseConv1D, of.DepthwiseConv2D, of.SeparableConv1D, of.SeparableConv2D),
            (of.ConvLSTM1D, of.ConvLSTM2D, of.ConvLSTM3D),
        ),
        "pooling": (
            (of.MaxPooling1D, of.MaxPooling2D, of.MaxPooling3D),
            (of.AveragePooling1D, of.AveragePooling2D, of.AveragePooling3D),
            (of.GlobalMaxPooling1D, of.GlobalMaxPooling2D, of.GlobalMaxPooling3D),
            (of.GlobalAveragePooling1D, of.GlobalAveragePooling2D, of.GlobalAveragePooling3D),
            (of.AdaptiveMaxPooling1D, of.AdaptiveMaxPooling2D, of.AdaptiveMaxPooling3D),
            (of.AdaptiveAveragePooling1D, of.AdaptiveAveragePooling2D),
            of.AdaptiveAveragePooling3D,
            (MaxBlurPooling2D, StochasticPooling2D),
        ),
        "normalisation": (
            (of.BatchNormalization, of.GroupNormalization, of.LayerNormalization),
            (of.RMSNormalization, of.UnitNormalization, of.Normalization),
            of.SpectralNormalization,
        ),
        "dropout": (of.Dropout, of.AlphaDropout, of.GaussianDropout),
        "dense": (of.Dense, of.EinsumDense),
        "activation": (of.Activation, of.ELU, of.LeakyReLU, of.PReLU, of.ReLU, of.Softmax),
        "merging": (
            (of.Add, of.Average, of.Concatenate, of.Dot),
            (of.Maximum, of.Minimum, of.Multiply, of.Subtract),
        ),
    }


def _size(box, scale):
    """Width, height and depth of a box."""
    *sizes, channels = box.shape
    length = 0.08 + 0.07 * math.log2(1 + channels)
    if not sizes:
        return 0.1, 1.6 * length, 0
    height, depth = (max(size * scale, 0.06) for size in (sizes[-2:] * 2)[:2])
    return 0.06 if box.is_plate else length, height, 0.22 * depth


def _places(boxes, scale):
    """Where each box starts, and where the row ends."""
    places, front, end = [], 0.0, 0.0
    for box in boxes:
        width, _, depth = _size(box, scale)
        if box.is_plate:
            x = front  # it covers the side of the box before
        else:
            overhang = max(0, _text_width(box) - width) / 2
            x, end = end + overhang, end + width + 2 * overhang + _GAP
        places.append(x)
        front = x + width
        end = max(end, front + depth + _GAP)
    return places, end


def _text_width(box):
    lines = _label(box).split("\n") + ([box.name] if box.kind == "model" else [])
    return _CHARACTER * max(map(len, lines))


def _label(box):
    """The shape, on two lines if it is long."""
    *sizes, channels = map(str, box.shape)
    return f"{'×'.join(sizes)}\n×{channels}" if sizes else channels


def _draw_box(ax, box, x, scale):
    width, height, depth = _size(box, scale)
    low, high = -height / 2, height / 2
    style = dict(edgecolor="0.2", linewidth=0.7) | _STYLES[box.kind]
    faces = [[(x, low), (x + width, low), (x + width, high), (x, high)]]
    if depth:
        right, back, top = x + width, x + width + depth, high + depth
        faces.append([(right, low), (back, low + depth), (back, top), (right, high)])
        faces.append([(x, high), (right, high), (back, top), (x + depth, top)])
    for face, gid in zip(faces, (box.name, "side", "top"), strict=False):
        ax.add_patch(Polygon(face, gid=gid, **style))
    if box.kind == "model":
        ax.text(x + (width + depth) / 2, high + depth + 0.05, box.name, **_text("bottom"))


def _text(va):
    return dict(ha="center", va=va, fontsize=8, linespacing=1.1)


def _write_shapes(ax, boxes, places, scale):
    for box, x in zip(boxes, places, strict=True):
        if not box.is_plate:
            width, height, _ = _size(box, scale)
            ax.text(x + width / 2, -height / 2 - 0.06, _label(box), gid="shape", **_text("top"))


def _routes(boxes, scale):
    """The connections that pass others by: `{(source, target): height of the line}`."""
    pairs = {(source, i) for i, box in enumerate(boxes) for source in box.sources if source < i - 1}
    heights = {}
    for start, end in sorted(pairs, key=lambda pair: (pair[1] - pair[0], pair)):
        below = [_above(box, 0, scale)[1] for box in boxes[start : end + 1]]
        crossed = [height for (a, b), height in heights.items() if a < end and start < b]
        heights[start, end] = max([max(below) + _LANE, *crossed]) + _LANE
    return heights


def _draw_connections(ax, boxes, places, routes, scale):
    """Short lines from box to box, and the lines above."""
    style = dict(color="0.4", linewidth=1, zorder=0.5)
    for i, box in enumerate(boxes[1:], start=1):
        if i - 1 in box.sources and not box.is_plate:
            before = places[i - 1] + _size(boxes[i - 1], scale)[0]
            ax.plot([before, places[i]], [0, 0], gid="next", **style)
    for (start, end), height in routes.items():
        (x0, y0), (x1, y1) = (_above(boxes[i], places[i], scale) for i in (start, end))
        ax.plot([x0, x0, x1, x1], [y0, height, height, y1], gid=f"{start} to {end}", **style)
        ax.plot(x1, y1 + 0.03, "v", color="0.4", markersize=4)


def _above(box, x, scale):
    """The middle of the upper edge of a box, at the back."""
    width, height, depth = _size(box, scale)
    return x + width / 2 + depth, height / 2 + depth


def _draw_legend(ax, boxes):
    kinds = {box.kind for box in boxes}
    handles = [
        Patch(edgecolor="0.2", linewidth=0.7, label=kind, **style)
        for kind, style in _STYLES.items()
        if kind in kinds
    ]
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0), ncols=6, fontsize=8)
