"""Each model is split by hand into what comes before a layer and what comes after it."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from captured_models import Subclassed, arrays, backbone, chain, check, close, flat
from explained_models import SHAPE, all_layers, functional, images, sequential, two_inputs
from keras import layers

from cnnkit.explain import Captured, capture, capture_gradients, find_layer, layer_paths


def late(parts, shape=SHAPE):
    model = keras.Sequential(parts)
    model(np.zeros((1, *shape)))
    return model


@pytest.mark.parametrize("build", [sequential, late, functional])
@pytest.mark.parametrize("layer", [None, "last", "first", "head"])
def test_flat_models(build, layer):
    parts = flat()
    model = build(parts)
    cut = {None: 3, "last": 3, "first": 2, "head": 6}[layer]
    check(model, images(3), layer, chain(*parts[:cut]), chain(*parts[cut:]))


SHAPES = [(32, 48, 3), (17, 9, 3), (16, 16, 1), (12, 20, 4)]


@pytest.mark.parametrize("seed, shape", list(enumerate(SHAPES)))
def test_all_shapes_of_images(seed, shape):
    parts = flat(seed)
    model = sequential(parts, shape)
    check(model, images(2, shape, seed=seed), None, chain(*parts[:3]), chain(*parts[3:]))


@pytest.mark.parametrize("kind", ["SeparableConv2D", "DepthwiseConv2D", "Conv2DTranspose"])
def test_other_convolutions(kind):
    given = [3] if kind == "DepthwiseConv2D" else [4, 3]
    parts = flat(conv=getattr(layers, kind)(*given, activation="relu", name="last"))
    model = sequential(parts)
    assert find_layer(model).name == "last"
    check(model, images(2), None, chain(*parts[:3]), chain(*parts[3:]))


@pytest.mark.parametrize("dtype", [np.uint8, np.float64, np.int64, "tensor"])
def test_all_types_of_images(dtype):
    x = images(2).round()
    model = sequential(flat())
    other = tf.constant(x) if dtype == "tensor" else x.astype(dtype)
    close(capture(model, other).activations, capture(model, x).activations)


def nested(base):
    parts = [layers.Rescaling(1 / 127.5, offset=-1), base, layers.GlobalAveragePooling2D()]
    return [*parts, layers.Dropout(0.2), layers.Dense(2, activation="softmax")]


def nested_functional(parts):
    inputs = keras.Input(SHAPE)
    x = parts[1](parts[0](inputs), training=False)
    return keras.Model(inputs, chain(*parts[2:])(x))


@pytest.mark.parametrize(
    "build, layer",
    [
        (sequential, None),
        (nested_functional, "out_relu"),
        (nested_functional, "{base}"),
        (sequential, "{base}/block_add"),
    ],
)
def test_nested_models_equal_flat_ones(build, layer):
    base = backbone()
    parts = nested(base)
    model = build(parts)
    layer = layer and layer.format(base=base.name)
    parts_of_base = [base]
    if layer and "add" in layer:
        cut = base.get_layer("block_add").output
        parts_of_base = [keras.Model(base.input, cut), keras.Model(cut, base.output)]
    before = chain(parts[0], parts_of_base[0])
    after = chain(*parts_of_base[1:], *parts[2:])
    check(model, images(2), layer, before, after, 1e-4)


def test_the_last_maps_are_those_of_the_innermost_layer():
    base = backbone()
    model = sequential(nested(base))
    assert find_layer(model) is base.get_layer("out_relu")
    only_maps = sequential([base, layers.SpatialDropout2D(0.5)])
    assert find_layer(only_maps) is base.get_layer("out_relu")
    kept = [*flat()[:3], layers.GlobalAveragePooling2D(keepdims=True)]
    assert find_layer(sequential(kept)).name == "last"


def test_augmentation_is_off():
    parts = flat()
    random = [layers.RandomFlip(), layers.RandomRotation(0.5), layers.GaussianNoise(0.9)]
    model = sequential([*random, *parts])
    x = images(2)
    check(model, x, None, chain(*parts[:3]), chain(*parts[3:]))
    first, second = capture_gradients(model, x), capture_gradients(model, x)
    assert all(map(np.array_equal, arrays(first), arrays(second)))


def test_subclassed_model_with_residual():
    model, x = Subclassed(), images(3)
    model(x)
    _, by_pass = model.before(x)
    check(model, x, "conv1", lambda x: model.before(x)[0], lambda y: model.after(y, by_pass))
    close(
        capture(model, x).activations,
        model.convs[2](model.pool(keras.ops.relu(model.before(x)[0]) + by_pass)),
    )


def test_siamese_model():
    twin = functional(flat()[:3])
    left, right = keras.Input((16, 16, 3)), keras.Input((16, 16, 3))
    both = layers.Concatenate()([layers.Flatten()(twin(side)) for side in (left, right)])
    model = keras.Model([left, right], layers.Dense(1)(both))
    x = [images(2, seed=seed) for seed in range(2)]
    for side in range(2):
        # Keras runs layers at the same depth from the last to the first.
        close(capture(model, x, layer=("last", 1 - side)).activations, twin(x[side]))


def test_operations_in_the_graph():
    conv, head = layers.Conv2D(4, 3, name="conv"), layers.Dense(2)
    inputs = keras.Input((12, 12, 3))
    pooled = keras.ops.max(keras.ops.relu(conv(inputs / 255.0)), axis=(1, 2))
    model = keras.Model(inputs, keras.ops.softmax(head(pooled)))

    def after(maps):
        return tf.nn.softmax(head(tf.reduce_max(tf.nn.relu(maps), axis=(1, 2))))

    check(model, images(2, (12, 12, 3)), "conv", lambda x: conv(x / 255), after)


def test_mixed_precision_gives_float32():
    parts = flat()
    for part in (half := [type(part).from_config(part.get_config()) for part in parts]):
        part.dtype_policy = "mixed_float16"
    model, twin = sequential(half, (16, 16, 3)), sequential(parts)
    twin.set_weights(model.get_weights())
    assert model.get_layer("last").compute_dtype == "float16"
    x = images(2)
    for found, expected in zip(
        arrays(capture_gradients(model, x)), arrays(capture_gradients(twin, x)), strict=True
    ):
        close(found, expected, tolerance=1e-2)


def test_reloaded_model(tmp_path):
    inner = functional(flat()[:3])
    model = sequential([inner, layers.Flatten(), layers.Dense(2)])
    x = images(1)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    for found, expected in zip(
        arrays(capture_gradients(again, x)), arrays(capture_gradients(model, x)), strict=True
    ):
        close(found, expected)


def test_several_inputs_and_outputs():
    model, _ = two_inputs()
    x = {"image": images(2), "vector": np.ones((2, 2), np.float32)}
    found = capture_gradients(model, x, score=lambda outputs: outputs["kind"][:, 1])
    maps = model.get_layer("maps")(x["image"] / 255)
    close(found.activations, maps)
    slopes = model.get_layer("kind").kernel.numpy()[:4, 1] / 14**2
    close(found.gradients, np.broadcast_to(slopes, maps.shape))
    outputs = model(x)
    assert found.outputs.keys() == outputs.keys()
    for name, output in outputs.items():
        close(found.outputs[name], output)
    size = capture_gradients(model, x, layer="maps", score=lambda outputs: outputs["size"][:, 0])
    assert size.gradients.shape == maps.shape and not size.gradients.any()
    with pytest.raises(ValueError, match="`score` must be given, as the model has several outputs"):
        capture_gradients(model, x)
    assert find_layer(model).name == "maps"


def test_an_image_does_not_depend_on_the_others():
    parts = flat()
    parts.insert(2, layers.BatchNormalization())
    model = sequential(parts)
    x = images(17) * np.linspace(0, 1, 17, dtype=np.float32)[:, None, None, None]
    whole = arrays(capture_gradients(model, x))
    for n in (1, 2, 3):
        for some, all_ in zip(arrays(capture_gradients(model, x[-n:])), whole, strict=True):
            close(some, all_[-n:])


def test_as_in_training():
    """Batch normalisation with the statistics of the images, and dropout on."""
    norm, dropout = layers.BatchNormalization(name="norm"), layers.Dropout(0.5, name="dropout")
    parts = [*flat()[:3], norm, dropout, layers.Flatten(), layers.Dense(2)]
    model, x = sequential(parts), images(4)
    before = [variable.numpy() for variable in model.variables]
    maps = chain(*parts[:3])(x).numpy()
    mean, variance = maps.mean(axis=(0, 1, 2)), maps.var(axis=(0, 1, 2))
    normalized = (maps - mean) / np.sqrt(variance + norm.epsilon)
    close(capture(model, x, layer="norm", training=True).activations, normalized, tolerance=1e-4)
    close(capture(model, x, layer="norm").activations, norm(maps))
    dropped = capture(model, x, layer="dropout", training=True).activations
    is_kept = dropped != 0
    assert 0.4 < is_kept[normalized != 0].mean() < 0.6
    close(dropped[is_kept], 2 * normalized[is_kept], tolerance=1e-4)
    again = capture(model, x, layer="dropout", training=True).activations
    assert np.array_equal(again, dropped), "it draws the same numbers"
    assert all(map(np.array_equal, before, model.variables))
    model(x, training=True)
    again = capture(model, x, layer="dropout", training=True).activations
    assert not np.array_equal(again, dropped)


def test_results_are_frozen():
    found = capture(sequential(flat()), images())
    assert isinstance(found, Captured) and found.activations.shape == (2, 12, 12, 4)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.activations = None
    with pytest.raises(TypeError):
        activations, outputs = found


def test_paths():
    base = backbone()
    model = sequential(nested(base))
    paths = layer_paths(model)
    assert list(paths)[1:3] == [base.name, f"{base.name}/Conv1"]
    assert paths[base.name] is base and "." in base.name
    assert len(paths) == len(all_layers(model)) - 3  # itself and inputs
    for path, layer in paths.items():
        assert find_layer(model, path) is find_layer(model, layer) is layer
    wrapped = sequential(
        [layers.TimeDistributed(layers.Conv2D(2, 3, name="c"), name="t")], (2, 9, 9, 1)
    )
    assert list(layer_paths(wrapped)) == ["t", "t/c"]


def test_the_end_of_a_path_in_models_nested_twice():
    inner = functional([layers.Conv2D(2, 3, name="conv")], (9, 9, 1))
    inner.name = "inner"
    middle = functional([inner, layers.Conv2D(3, 3, name="conv")], (9, 9, 1))
    middle.name = "middle"
    model = functional([middle, layers.Flatten()], (9, 9, 1))
    conv = inner.get_layer("conv")
    for layer in ("inner/conv", "middle/inner/conv", conv, (conv, 0), ("inner/conv", 0)):
        assert find_layer(model, layer) is conv
        assert capture(model, images(1, (9, 9, 1)), layer=layer).activations.shape == (1, 7, 7, 2)


def test_wrong_and_ambiguous_names():
    one, two = (functional([layers.Conv2D(2, 3, name="conv")], (16, 16, 1)) for _ in range(2))
    one.name, two.name = "one", "two"
    inputs = keras.Input((16, 16, 1))
    added = layers.Add(name="sum")([one(inputs), two(inputs)])
    model = keras.Model(inputs, layers.Flatten(name="flat")(added))
    with pytest.raises(ValueError, match="one/conv, two, two/conv, sum, flat. Received: layer='c'"):
        find_layer(model, "c")
    with pytest.raises(ValueError, match="fits one/conv, two/conv. Received: layer='conv'"):
        capture(model, images(1, (16, 16, 1)), layer="conv")
    assert find_layer(model, "two/conv") is two.get_layer("conv")
    for wrong in (3, [3], [["sum"]], layers.Flatten(), ("sum", 0, 0)):
        with pytest.raises(ValueError, match="`layer` must be a layer .* Received: layer="):
            capture(model, images(1, (16, 16, 1)), layer=wrong)


def test_same_names_in_a_subclassed_model():
    model = Subclassed()
    model.more = layers.Conv2D(2, 3, name="conv0")
    model.more.build((None, 16, 16, 3))
    model(images(1))
    assert layer_paths(model)["conv0#2"] is model.more
    with pytest.raises(ValueError, match="that the model calls when it runs. Received: 'conv0'"):
        capture(model, images(1), layer="conv0#2")
    with pytest.raises(ValueError, match="`layer` must be given: a model without symbolic inputs"):
        find_layer(model)


def test_the_checks_can_fail(monkeypatch):
    """A record of the wrong layer, and gradients that stop at the model's outputs."""
    parts = flat()
    model, x = sequential(parts), images(2)
    with pytest.raises(AssertionError):
        check(model, x, "first", chain(*parts[:3]), chain(*parts[3:]))
    monkeypatch.setattr("cnnkit.explain._trace.exchange", lambda output, activations: output)
    with pytest.raises(AssertionError):
        check(model, x, "last", chain(*parts[:3]), chain(*parts[3:]))


def test_several_layers_in_one_run():
    parts = flat()
    model, x = sequential(parts), images(3)
    meant = ["last", parts[1], ("head", 0)]
    together = capture(model, x, layer=meant)
    assert isinstance(together.activations, list) and len(together.activations) == 3
    for layer, activations in zip(meant, together.activations, strict=True):
        close(activations, capture(model, x, layer=layer).activations)
    close(together.outputs, capture(model, x).outputs)
    assert capture(model, x, layer=[]).activations == []


def test_several_layers_of_nested_and_repeated_ones():
    relu = layers.ReLU(name="relu")
    inner = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(3, 3, name="conv")], name="in")
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, relu(relu(inner(inputs)) - 1))
    x = images(2, (8, 8, 3))
    first, second, maps = capture(model, x, layer=[("relu", 0), ("relu", 1), "in/conv"]).activations
    close(first, np.maximum(maps, 0))
    close(second, np.maximum(first - 1, 0))
    with pytest.raises(ValueError, match="which of its calls is meant.*from 0 to 1"):
        capture(model, x, layer=["relu"])
    with pytest.raises(ValueError, match="Received.*'nothing'"):
        capture(model, x, layer=["in/conv", "nothing"])


def test_several_layers_in_training_mode_change_nothing():
    norm = layers.BatchNormalization(name="norm")
    model = keras.Sequential([keras.Input((4, 4, 2)), norm, layers.GlobalAveragePooling2D()])
    x, before = images(5, (4, 4, 2)), [w.numpy() for w in norm.weights]
    (trained,) = capture(model, x, layer=["norm"], training=True).activations
    close(trained, capture(model, x, layer="norm", training=True).activations)
    assert all(np.array_equal(w, b) for w, b in zip(norm.weights, before, strict=True))
