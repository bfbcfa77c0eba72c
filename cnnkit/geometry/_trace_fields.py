"""How receptive fields grow from layer to layer.

Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, arXiv:1603.07285;
Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks", Distill,
2019, doi:10.23915/distill.00021.
"""

from dataclasses import dataclass, replace

import keras

from cnnkit.geometry._field import AxisField, Field, NotKnown
from cnnkit.geometry._field_rules import across, join, map_size, meet, without_position
from cnnkit.geometry._layer_fields import layer_rule
from cnnkit.geometry._operation_fields import operation_rule


@dataclass(frozen=True)
class Unknown:
    """A receptive field that is not known.

    Attributes:
        reason: Why, as the message of an error.
    """

    reason: str


def trace_fields(calls, image=None):
    """Compute the receptive fields of all that is passed between layers.

    Args:
        calls: What `find_calls` returns.
        image: Name of the input that is the image. None: the only one with four axes.

    Returns:
        A dictionary from the `id` of a tensor to its `Field`; to None if it does not depend on the
        image; or to an `Unknown`.
    """
    fields, image_size = _start(calls, image)
    for call in calls:
        if call.is_expanded or not call.inputs:
            continue
        seen = [fields[id(tensor)] for tensor in call.inputs]
        field = next((field for field in seen if isinstance(field, Unknown)), None)
        for tensor in call.outputs:
            fields[id(tensor)] = field or _after(call._replace(outputs=[tensor]), seen, image_size)
    return fields


def _start(calls, image):
    """The fields of the inputs, and the height and width of the image."""
    inputs = {call.path: call.outputs[0] for call in calls if not call.inputs}
    images = {path: tensor for path, tensor in inputs.items() if len(tensor.shape) == 4}
    try:
        name = _image(inputs, images, image)
        _check_channels(calls)
    except NotKnown as error:
        return {id(tensor): Unknown(str(error)) for tensor in inputs.values()}, None
    fields = {id(tensor): None for tensor in inputs.values()}
    pixels = AxisField(((0, 0),), 1)
    fields[id(images[name])] = Field((pixels, pixels))
    return fields, map_size(images[name])


def _image(inputs, images, image):
    """The name of the input that is the image."""
    if not images or image not in (None, *images):
        shapes = ", ".join(str(tensor.shape) for tensor in inputs.values())
        raise NotKnown(
            "`model` must have one input of shape (batch, height, width, channels). "
            f"Received: a model with inputs of shape {shapes}"
        )
    if image is None and len(images) > 1:
        raise NotKnown(
            "`image` must say which input is the image, by its name: "
            f"{', '.join(map(repr, images))}. Received: image=None and a model with "
            f"{len(images)} inputs of shape (batch, height, width, channels)"
        )
    return image or next(iter(images))


def _check_channels(calls):
    """Whether height and width are axes 1 and 2 everywhere."""
    for call in calls:
        takes_maps = any(len(tensor.shape) == 4 for tensor in call.inputs)
        if takes_maps and getattr(call.layer, "data_format", None) == "channels_first":
            raise NotKnown(
                "`model` must have the channels of its maps last, as receptive fields are computed "
                f"for those only. Received: {call.path!r} with data_format='channels_first'"
            )


def _after(call, seen, image_size):
    """The field after a call, from those of what it is given."""
    fields = [field for field in seen if field is not None]
    if not fields:
        return None
    try:
        if any(field.has_position for field in fields):
            field = _rule(call.layer)(call, seen, image_size)
        else:  # no layer could widen them
            field = meet(call, seen, image_size)
        if len(call.outputs[0].shape) != 4:  # positions are those of maps
            field = without_position(call, field, image_size)
    except NotKnown as error:
        return Unknown(_sentence(call, str(error)))
    return _settle(field, image_size)


def _rule(layer):
    return layer_rule(layer) if isinstance(layer, keras.Layer) else operation_rule(layer)


def _sentence(call, reason):
    if reason.startswith("`"):
        return reason
    return (
        f"`layer` must come before {call.path!r}, after which the receptive field is not known: "
        f"{reason}. Received: {call.path!r}, a {type(call.layer).__name__}"
    )


def _settle(field, image_size):
    """Units without any position see what lies beyond their rectangle too: it is in it then."""
    if field.has_position or not field.beyond or None in image_size:
        return field
    return replace(field, axes=tuple(AxisField(((0, n - 1),), 0) for n in image_size), beyond=())


def is_elementwise(layer):
    """Whether a layer treats each place alone, or compares values without moving them."""
    try:
        return _rule(layer) in (across, join, meet)
    except NotKnown:
        return False
