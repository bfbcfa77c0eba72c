"""Receptive fields: which pixels of the image a unit of a feature map can see."""

from dataclasses import dataclass

import keras

from cnnkit._checks import as_pair, check_model, is_integer
from cnnkit._keras import find_calls, find_graph, fits, input_names
from cnnkit._layers import find_in, layer_paths, split_call
from cnnkit.geometry._field import Field
from cnnkit.geometry._field_rules import map_size
from cnnkit.geometry._trace_fields import Unknown, trace_fields


@dataclass(frozen=True)
class ReceptiveField:
    """The rectangle of pixels that each unit of a layer can see.

    Unit `(row, column)` sees `size` pixels, from `offset + (row, column) * strides` on. Each of the
    three is a pair `(vertical, horizontal)` of integers; after upsampling they may be floats. Then
    units see, by turns, pixels that lie differently: the rectangle is the smallest that holds those
    of each unit. Between pixels it begins with the next pixel, and ends with the one before.

    Attributes:
        size: Height and width in pixels, those counted that lie outside of the image.
        strides: Pixels from the field of one unit to that of the next, also called jump. 0 along an
            axis where all units see the same, or where positions are lost: `(0, 0)` after global
            pooling and after `Flatten`. There `size` and `offset` are around what all units see
            together, cut at the border of the image.
        offset: The first pixel, top left, of the field of unit (0, 0). Negative where it lies in
            the padding.
        misaligned: Paths of the layers at which branches meet whose fields have other strides or
            other centres. The field is the smallest rectangle around those of all branches; where
            the strides differ no rule fits all units, and it is around all units, with strides 0.
        beyond: Paths of the layers by which a unit depends on pixels beyond its rectangle too, up
            to all of the image: those at which maps meet something without a position, such as the
            weights of squeeze-and-excitation, and those that normalise or attend over positions.
            The rectangle says where the unit lies, and is that of the maps alone.

    Example:

    >>> from cnnkit import data, geometry, models, viz
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> field = geometry.receptive_field(model, model.layers[5])
    >>> field.size, field.strides, field.offset
    ((18, 18), (4, 4), (-7, -7))
    >>> pet = data.draw_pets(1, seed=0)[0][0]
    >>> axes = viz.plot_receptive_field(field, pet)
    """

    size: tuple[float, float]
    strides: tuple[float, float]
    offset: tuple[float, float]
    misaligned: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()

    @property
    def center(self) -> tuple[float, float]:
        """The middle of the field of unit (0, 0), in pixels: the first pixel's middle is 0."""
        (top, left), (height, width) = self.offset, self.size
        return top + (height - 1) / 2, left + (width - 1) / 2


def receptive_field(
    model: keras.Model,
    layer: str | keras.Layer | tuple | None = None,
    image_size: int | tuple[int, int] | None = None,
    image: int | str | None = None,
) -> ReceptiveField:
    """Compute which pixels of the image a unit of a layer can see, from the architecture alone.

    It is where the gradient of the unit with respect to the image can differ from 0, as a
    rectangle: dilations and strides leave holes in it, and those do not count. BatchNorm and random
    layers count as at inference. A user's subclass of a layer of Keras counts as that layer, unless
    it changes more than how it is constructed. Maps have their channels last.

    Args:
        model: A built Sequential or functional `keras.Model` with an input of shape `(batch,
            height, width, channels)`. Nested models and other inputs are allowed.
        layer: A layer of the model or of a model within it: a name, a path such as
            `"mobilenetv2_1.00_224/out_relu"` or the end of one, or the layer itself, as in
            `cnnkit.explain`. For a layer that the model calls several times, a pair `(layer,
            call)`: `call` counts from 0, in the order in which the model runs. None stands for the
            last layer that gives maps of more than one position, if there is one.
        image_size: `(height, width)` of the images, or an integer for square ones, for a model that
            leaves it open.
        image: Which input of the model is the image: its number among `model.inputs`, or its name.
            None stands for the only one with four axes.

    Returns:
        A `ReceptiveField`.

    Raises:
        ValueError: If the layer does not see the image; if the field of a layer on the way is not
            known; if it depends on the size of the image, which neither the model nor
            `image_size` gives; or if several inputs may be the image.

    Example:

    >>> import keras
    >>> from cnnkit import geometry
    >>> base = keras.applications.MobileNetV2((96, 96, 3), include_top=False, weights=None)
    >>> field = geometry.receptive_field(base, "block_6_expand")
    >>> field.size, field.strides
    ((59, 59), (8, 8))
    """
    check_model(model)
    graph = find_graph(model)
    if graph is None:
        raise ValueError(
            "`model` must be a Sequential or functional model, and be built: of others it is not "
            f"known how the layers are connected. Received: {model.name!r}, a "
            f"{type(model).__name__}"
        )
    name = None if image is None else _image_name(image, graph)
    if image_size is not None:
        image_size = _image_size(image_size, graph, name)
    calls = find_calls(graph, image_size)
    fields = receptive_fields(calls, name)
    found = {fields[id(call.outputs[0])] for call in _choose(model, calls, layer, fields)}
    if image is not None and len(found) > 1:
        found -= {None}  # the calls with other images
    if len(found) > 1:
        raise ValueError(
            "`layer` must say which of its calls is meant, as `(layer, call)`, call from 0: it is "
            f"shared by branches with different fields. Received: layer={layer!r}"
        )
    (field,) = found
    if field is None:
        raise ValueError(f"`layer` must see the image. Received: layer={layer!r}")
    if isinstance(field, Unknown):
        raise ValueError(field.reason)
    return field


def receptive_fields(calls, image=None):
    """The receptive fields of all that is passed between layers.

    Args:
        calls: What `find_calls` returns.
        image: Name of the input that is the image. None: the only one with four axes.

    Returns:
        A dictionary from the `id` of a tensor to its `ReceptiveField`; to None if it does not
        depend on the image; or to an `Unknown`.
    """
    fields = trace_fields(calls, image)
    return {key: _of(field) if isinstance(field, Field) else field for key, field in fields.items()}


def _of(field):
    boxes = [axis.box for axis in field.axes]
    pairs = (
        [last - first + 1 for first, last in boxes],
        [axis.stride for axis in field.axes],
        [first for first, _ in boxes],
    )
    return ReceptiveField(
        *(tuple(map(_number, pair)) for pair in pairs), field.misaligned, field.beyond
    )


def _number(fraction):
    return int(fraction) if fraction == int(fraction) else float(fraction)


def _image_name(image, graph):
    """The name of the input that is meant."""
    names = input_names(graph)
    at = names.index(image) if image in names else image
    if not is_integer(at) or at not in range(len(names)) or len(graph.inputs[at].shape) != 4:
        inputs = ", ".join(f"{i} {name!r}" for i, name in enumerate(names))
        raise ValueError(
            "`image` must be the number or the name of an input of shape (batch, height, width, "
            f"channels), among {inputs}. Received: image={image!r}"
        )
    return names[at]


def _image_size(image_size, graph, name):
    """The pair that is meant."""
    pair = as_pair(image_size, "image_size")
    for tensor, own in zip(graph.inputs, input_names(graph), strict=True):
        if len(tensor.shape) == 4 and name in (None, own) and not fits(tensor, pair):
            raise ValueError(
                f"`image_size` must be that of the images the model takes, of shape "
                f"{tensor.shape}. Received: image_size={image_size!r}"
            )
    return pair


def _choose(model, calls, layer, fields):
    """The calls of the layer that is asked for."""
    if layer is None:
        seeing = [call for call in calls if fields[id(call.outputs[0])] is not None]
        maps = [call for call in seeing if len(call.outputs[0].shape) == 4 and call.inputs]
        wide = [call for call in maps if map_size(call.outputs[0]) != (1, 1)]
        return (wide or maps or seeing)[-1:]
    layer, call = split_call(layer)
    # A function of `keras.ops` is called, but is no layer of the model.
    paths = {each.path: each.layer for each in calls} | layer_paths(model)
    layer = find_in(paths, layer, model.name)
    chosen = [each for each in calls if each.layer is layer]
    if not chosen:
        raise ValueError(
            "`layer` must be called by the model itself, or by a Sequential or functional model "
            f"within it. Received: {layer.name!r}"
        )
    if call is None:
        return chosen
    if call not in range(len(chosen)):
        raise ValueError(
            f"`layer` must say which of its calls is meant, as `(layer, call)` with call from 0 to "
            f"{len(chosen) - 1}. Received: {layer.name!r}, call={call!r}"
        )
    return [chosen[call]]
