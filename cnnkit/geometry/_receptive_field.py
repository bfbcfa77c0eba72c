"""Receptive fields: which pixels of the image a unit of a feature map can see."""

from dataclasses import dataclass

import keras

from cnnkit._checks import as_pair, check_model
from cnnkit._keras import find_calls, find_graph
from cnnkit._layers import find_in, layer_paths, split_call
from cnnkit.geometry._trace_fields import Field, Unknown, map_size, trace_fields


@dataclass(frozen=True)
class ReceptiveField:
    """The rectangle of pixels that each unit of a layer can see.

    Unit `(row, column)` sees `size` pixels, from `offset + (row, column) * strides` on. Each of the
    three is a pair `(vertical, horizontal)` of integers.

    Attributes:
        size: Height and width in pixels, those counted that lie outside of the image.
        strides: Pixels from the field of one unit to that of the next, also called jump. `(0, 0)`
            if all units see the same, as after global pooling: then `size` and `offset` are cut
            at the border of the image.
        offset: The first pixel, top left, of the field of unit (0, 0). Negative where it lies in
            the padding.
        misaligned: Paths of the layers at which branches meet whose fields have other strides or
            other centres. The field is the smallest rectangle around those of all branches; where
            the strides differ no rule fits all units, and it is around all units, with strides 0.
    """

    size: tuple[int, int]
    strides: tuple[int, int]
    offset: tuple[int, int]
    misaligned: tuple[str, ...] = ()

    @property
    def center(self) -> tuple[float, float]:
        """The middle of the field of unit (0, 0), in pixels: the first pixel's middle is 0."""
        (top, left), (height, width) = self.offset, self.size
        return top + (height - 1) / 2, left + (width - 1) / 2


def receptive_field(
    model: keras.Model,
    layer: str | keras.Layer | tuple | None = None,
    image_size: int | tuple[int, int] | None = None,
) -> ReceptiveField:
    """Compute which pixels of the image a unit of a layer can see, from the architecture alone.

    It is where the gradient of the unit with respect to the image can differ from 0, as a
    rectangle: dilations and strides leave holes in it, and those do not count. BatchNorm and random
    layers count as at inference. A user's subclass of a layer of Keras counts as that layer, unless
    it changes more than how it is constructed.

    Args:
        model: A built Sequential or functional `keras.Model` with one input of shape `(batch,
            height, width, channels)`. Nested models and other inputs are allowed.
        layer: A layer of the model or of a model within it: a name, a path such as
            `"mobilenetv2_1.00_224/out_relu"` or the end of one, or the layer itself, as in
            `cnnkit.explain`. For a layer that the model calls several times, a pair `(layer,
            call)`: `call` counts from 0, in the order in which the model runs. None stands for the
            last layer that gives maps of more than one position, if there is one.
        image_size: `(height, width)` of the images, or an integer for square ones, for a model that
            leaves it open.

    Returns:
        A `ReceptiveField`.

    Raises:
        ValueError: If the layer does not see the image; if the field of a layer on the way is not
            known; or if it depends on the size of the image, which neither the model nor
            `image_size` gives.
    """
    check_model(model)
    graph = find_graph(model)
    if graph is None:
        raise ValueError(
            "`model` must be a Sequential or functional model, and be built: of others it is not "
            f"known how the layers are connected. Received: {model.name!r}, a "
            f"{type(model).__name__}"
        )
    if image_size is not None:
        image_size = _image_size(image_size, graph)
    calls = find_calls(graph, image_size)
    fields = receptive_fields(calls)
    found = {fields[id(call.outputs[0])] for call in _choose(model, calls, layer)}
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


def receptive_fields(calls):
    """The receptive fields of all that is passed between layers.

    Args:
        calls: What `find_calls` returns.

    Returns:
        A dictionary from the `id` of a tensor to its `ReceptiveField`; to None if it does not
        depend on the image; or to an `Unknown`.
    """
    fields = trace_fields(calls)
    return {key: _of(field) if isinstance(field, Field) else field for key, field in fields.items()}


def _of(field):
    pairs = (field.size, field.strides, field.offset)
    return ReceptiveField(*(tuple(pair.tolist()) for pair in pairs), field.misaligned)


def _image_size(image_size, graph):
    """The pair that is meant."""
    pair = as_pair(image_size, "image_size")
    for tensor in graph.inputs:
        if len(tensor.shape) == 4 and not all(
            own in (None, given) for own, given in zip(tensor.shape[1:3], pair, strict=True)
        ):
            raise ValueError(
                f"`image_size` must be that of the images the model takes, of shape "
                f"{tensor.shape}. Received: image_size={image_size!r}"
            )
    return pair


def _choose(model, calls, layer):
    """The calls of the layer that is asked for."""
    if layer is None:
        maps = [call for call in calls if len(call.outputs[0].shape) == 4 and call.inputs]
        wide = [call for call in maps if map_size(call.outputs[0]) != (1, 1)]
        return (wide or maps or calls)[-1:]
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
