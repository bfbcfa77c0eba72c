"""Functions of `keras.ops` in the graph of a model see what layers see."""

import inspect

import keras
import numpy as np
import pytest
from field_check import check_field
from keras import layers, ops

from cnnkit.geometry import ReceptiveField, receptive_field
from cnnkit.geometry import _operation_fields as rules

KERNEL = np.ones((3, 2, 2, 2), "float32")


def functions():
    """Those of `keras.ops` that stand for an elementwise rule, and take one or two arrays."""
    found = {}
    rooms = ops, ops.image, ops.nn
    for name, function in [pair for room in rooms for pair in inspect.getmembers(room)]:
        if inspect.isfunction(function):
            parameters = inspect.signature(function).parameters.values()
            needed = [p.name for p in parameters if p.default is p.empty]
            if len(needed) == 1 or needed == ["x1", "x2"]:
                found[name.lower().replace("_", "")] = function, len(needed)
    found["where"] = lambda x1, x2: ops.where(x1 > 0.4, x1, x2), 2
    return {name: found[name.lower()] for name in rules._ELEMENTWISE if name.lower() in found}


def test_elementwise_functions_pass_nothing_to_other_places():
    image = np.random.default_rng(0).uniform(0.2, 0.6, (5, 6, 3)).astype("float32")
    images = np.stack([image, image])
    images[1, 2, 4] += 0.3
    inputs = keras.Input((5, 6, 3))
    outputs = {}
    for name, (function, n) in functions().items():
        outputs[name] = function(*[inputs, 2 * inputs][:n])
    found = keras.Model(inputs, outputs)(images)
    assert len(found) > 70
    for name, values in found.items():
        first, second = np.nan_to_num(np.array(values)).astype(complex)
        changed = np.argwhere((np.abs(first - second) > 1e-5).any(axis=-1)).tolist()
        assert changed in ([], [[2, 4]]), name
        operation = outputs[name]._keras_history.operation
        assert type(operation).__name__ in (name, "Fabs", "Absolute")
        assert receptive_field(keras.Model(inputs, outputs[name])).size == (1, 1)


def blocks(x):
    return ops.nn.depth_to_space(ops.concatenate([x] * 4, axis=-1), 2)


PLACED = {
    "max_pool": lambda x: ops.max_pool(x, (2, 3), 2, "same"),
    "average_pool": lambda x: ops.average_pool(x, 3),
    "conv": lambda x: ops.conv(x, KERNEL, (2, 1), padding="same"),
    "conv, dilated": lambda x: ops.conv(x, KERNEL, 1, padding="valid", dilation_rate=2),
    "depthwise_conv": lambda x: ops.depthwise_conv(x, KERNEL, 2, padding="same"),
    "pad": lambda x: ops.average_pool(ops.pad(x, ((0, 0), (1, 0), (2, 1), (0, 0))), 2),
    "slice": lambda x: x[:, 3:, 1:-2:2],
    "slice behind dots": lambda x: x[..., 2:, :1],
    "repeat": lambda x: ops.repeat(x, 3, axis=-2),
    "resize": lambda x: ops.image.resize(x, (12, 24)),
    "matmul": lambda x: ops.matmul(ops.max_pool(x, 2), np.ones((2, 3), "float32")),
    "split": lambda x: ops.split(ops.max_pool(x, 2), 2, axis=-1)[1],
    "reshape": lambda x: ops.reshape(ops.max_pool(x, 2), (-1, 10, 9, 2)),
}
if hasattr(ops.nn, "depth_to_space"):  # not every release of Keras 3 has them
    PLACED |= {"depth_to_space": blocks, "space_to_depth": lambda x: ops.nn.space_to_depth(x, 2)}


@pytest.mark.parametrize("name", PLACED)
def test_fields_are_the_smallest_around_what_units_see(name):
    inputs = keras.Input((20, 18, 2))
    model = keras.Model(inputs, PLACED[name](inputs))
    check_field(model, layer=model.operations[-1])


BEYOND = {
    "softmax": lambda x: ops.softmax(x, axis=1),
    "normalize": lambda x: ops.normalize(x, axis=2),
    "mirrored pad": lambda x: ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect"),
    "gate": lambda x: x * ops.sigmoid(ops.mean(x, axis=(1, 2), keepdims=True)),
    "standardised": lambda x: (x - ops.mean(x, (1, 2), True)) / ops.std(x, (1, 2), keepdims=True),
}


@pytest.mark.parametrize("name", BEYOND)
def test_what_sees_beyond_its_field(name):
    inputs = keras.Input((20, 18, 2))
    maps = BEYOND[name](ops.max_pool(inputs, 2))
    field = receptive_field(keras.Model(inputs, maps), maps._keras_history.operation)
    assert field.strides == (2, 2) and field.size == (2, 2) and field.beyond


@pytest.mark.parametrize("function", [ops.mean, ops.max, ops.sum, ops.var, ops.logsumexp])
def test_positions_that_are_lost(function):
    inputs = keras.Input((20, 18, 2))
    for axis, expected in (
        ((1, 2), ReceptiveField((20, 18), (0, 0), (0, 0))),
        (None, ReceptiveField((20, 18), (0, 0), (0, 0))),
        (2, ReceptiveField((1, 18), (1, 0), (0, 0))),
        (-1, ReceptiveField((1, 1), (1, 1), (0, 0))),
    ):
        outputs = function(inputs, axis=axis, keepdims=True)
        model = keras.Model(inputs, outputs)
        assert receptive_field(model, model.operations[-1]) == expected


UNKNOWN = {
    "it exchanges axes": lambda x: ops.transpose(x, (0, 2, 1, 3)),
    "it works along another axis": lambda x: ops.flip(x, axis=1),
    "it turns the maps round": lambda x: x[:, ::-1],
    "it takes single rows": lambda x: x[:, 1],
    "for this function of `keras.ops` there is no rule": lambda x: ops.roll(x, 1, axis=1),
    "it multiplies other axes": lambda x: ops.matmul(x, x[:, :, :2]),
    "the image reaches it by another input": lambda x: ops.conv(x, ops.mean(x, 0)[:3, :3, :, None]),
    "it moves values to other rows": lambda x: ops.reshape(x, (-1, 10, 36, 2)),
}


@pytest.mark.parametrize("reason", UNKNOWN)
def test_functions_of_unknown_field(reason):
    inputs = keras.Input((20, 18, 2))
    model = keras.Model(inputs, UNKNOWN[reason](inputs))
    with pytest.raises(ValueError, match=f"`layer` must come before .*: {reason}.* Received: '"):
        receptive_field(model, model.operations[-1])


def test_maps_that_are_stacked_have_no_position():
    inputs = keras.Input((20, 18, 2))
    stack = ops.stack([inputs[:, 2:], ops.max_pool(inputs, (3, 1), 1)], axis=-1)
    model = keras.Model(inputs, ops.max(stack, axis=-1))
    assert receptive_field(model, model.operations[-1]) == ReceptiveField((20, 18), (0, 0), (0, 0))


def test_slices_of_maps_of_open_size():
    inputs = keras.Input((None, None, 2))
    model = keras.Model(inputs, layers.ReLU()(inputs[:, 1:]))
    with pytest.raises(ValueError, match="whose size is open; give `image_size`"):
        receptive_field(model)
    assert receptive_field(model, image_size=9) == ReceptiveField((1, 1), (1, 1), (1, 0))
