"""Each model is split by hand into what comes before a layer and what comes after it."""

import gc
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from cnnkit.explain import capture, capture_gradients, find_layer, layer_paths

module = sys.modules["cnnkit.explain._capture"]  # the package shows the function of this name


def images(*shape, seed=0):
    return np.random.default_rng(seed).uniform(0, 255, shape).astype(np.float32)


def close(found, expected, tolerance=1e-5):
    expected = np.asarray(expected, np.float32)
    largest = np.abs(expected).max()
    assert found.dtype == np.float32 and found.shape == expected.shape and largest > 0
    assert np.abs(found - expected).max() <= tolerance * largest


def check(model, x, layer, before, after, tolerance=1e-5):
    """Compare with the model's own layers, called one by one, and with TensorFlow's gradients."""
    activations = before(x)
    with tf.GradientTape() as tape:
        tape.watch(activations)
        score = tf.reduce_max(after(activations), axis=1)
    found = capture_gradients(model, x, layer)
    close(found.activations, activations, tolerance)
    close(found.gradients, tape.gradient(score, activations), tolerance)
    close(found.outputs, model(x, training=False), tolerance)
    alone = capture(model, x, layer)
    assert np.array_equal(alone.activations, found.activations)
    assert np.array_equal(alone.outputs, found.outputs)


def chain(*parts):
    def run(x):
        for part in parts:
            x = part(x)
        return x

    return run


def flat(seed=0, shape=(16, 16, 3), conv=None):
    """Rescaling, two convolutions and a softmax head, as a list of layers."""
    keras.utils.set_random_seed(seed)
    return [
        layers.Rescaling(1 / 255),
        layers.Conv2D(5, 3, activation="relu", name="first"),
        conv or layers.Conv2D(4, 3, activation="relu", name="last"),
        layers.GlobalAveragePooling2D(),
        layers.Dropout(0.5),
        layers.Dense(3, activation="softmax", name="head"),
    ]


def functional(parts, shape):
    inputs = keras.Input(shape)
    return keras.Model(inputs, chain(*parts)(inputs))


def sequential(parts, shape):
    return keras.Sequential([keras.Input(shape), *parts])


def late(parts, shape):
    model = keras.Sequential(parts)
    model(np.zeros((1, *shape)))
    return model


@pytest.mark.parametrize("build", [sequential, late, functional])
@pytest.mark.parametrize("layer", [None, "last", "first", "head"])
def test_flat_models(build, layer):
    parts = flat()
    model = build(parts, (16, 16, 3))
    cut = {None: 3, "last": 3, "first": 2, "head": 6}[layer]
    check(model, images(3, 16, 16, 3), layer, chain(*parts[:cut]), chain(*parts[cut:]))


SHAPES = [(32, 48, 3), (17, 9, 3), (16, 16, 1), (12, 20, 4)]


@pytest.mark.parametrize("seed, shape", list(enumerate(SHAPES)))
def test_all_shapes_of_images(seed, shape):
    parts = flat(seed)
    model = sequential(parts, shape)
    check(model, images(2, *shape, seed=seed), None, chain(*parts[:3]), chain(*parts[3:]))


@pytest.mark.parametrize("kind", ["SeparableConv2D", "DepthwiseConv2D", "Conv2DTranspose"])
def test_other_convolutions(kind):
    given = [3] if kind == "DepthwiseConv2D" else [4, 3]
    parts = flat(conv=getattr(layers, kind)(*given, activation="relu", name="last"))
    model = sequential(parts, (16, 16, 3))
    assert find_layer(model).name == "last"
    check(model, images(2, 16, 16, 3), None, chain(*parts[:3]), chain(*parts[3:]))


@pytest.mark.parametrize("dtype", [np.uint8, np.float64, np.int64, "tensor"])
def test_all_types_of_images(dtype):
    x = images(2, 16, 16, 3).round()
    model = sequential(flat(), (16, 16, 3))
    other = tf.constant(x) if dtype == "tensor" else x.astype(dtype)
    close(capture(model, other).activations, capture(model, x).activations)


@pytest.fixture(scope="module")
def base():
    keras.utils.set_random_seed(1)
    model = keras.applications.MobileNetV2((64, 64, 3), 0.35, include_top=False, weights=None)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.beta.assign(keras.random.normal(layer.beta.shape, stddev=0.5))
    return model


def nested(base):
    parts = [layers.Rescaling(1 / 127.5, offset=-1), base, layers.GlobalAveragePooling2D()]
    return [*parts, layers.Dropout(0.2), layers.Dense(2, activation="softmax")]


def nested_functional(parts, shape):
    inputs = keras.Input(shape)
    x = parts[1](parts[0](inputs), training=False)
    return keras.Model(inputs, chain(*parts[2:])(x))


@pytest.mark.parametrize(
    "build, layer",
    [
        (sequential, None),
        (nested_functional, "out_relu"),
        (nested_functional, "{base}"),
        (sequential, "{base}/block_12_add"),
    ],
)
def test_nested_models_equal_flat_ones(base, build, layer):
    parts = nested(base)
    model = build(parts, (64, 64, 3))
    layer = layer and layer.format(base=base.name)
    parts_of_base = [base]
    if layer and "add" in layer:
        cut = base.get_layer("block_12_add").output
        parts_of_base = [keras.Model(base.input, cut), keras.Model(cut, base.output)]
    before = chain(parts[0], parts_of_base[0])
    after = chain(*parts_of_base[1:], *parts[2:])
    check(model, images(2, 64, 64, 3), layer, before, after, 1e-4)


def test_the_last_maps_are_those_of_the_innermost_layer(base):
    model = sequential(nested(base), (64, 64, 3))
    assert find_layer(model) is base.get_layer("out_relu")
    only_maps = sequential([base, layers.SpatialDropout2D(0.5)], (64, 64, 3))
    assert find_layer(only_maps) is base.get_layer("out_relu")
    kept = [*flat()[:3], layers.GlobalAveragePooling2D(keepdims=True)]
    assert find_layer(sequential(kept, (16, 16, 3))).name == "last"


def test_augmentation_is_off():
    parts = flat()
    random = [layers.RandomFlip(), layers.RandomRotation(0.5), layers.GaussianNoise(0.9)]
    model = sequential([*random, *parts], (16, 16, 3))
    x = images(2, 16, 16, 3)
    check(model, x, None, chain(*parts[:3]), chain(*parts[3:]))
    first, second = capture_gradients(model, x), capture_gradients(model, x)
    assert all(map(np.array_equal, first, second))


class Subclassed(keras.Model):
    """With one pooling layer for two places, a residual, and operations between the layers."""

    def __init__(self, **options):
        super().__init__(**options)
        self.convs = [layers.Conv2D(4, 3, padding="same", name=f"conv{i}") for i in range(3)]
        self.pool = layers.MaxPooling2D(name="pool")
        self.head = layers.Dense(3)

    def before(self, x):
        x = self.pool(keras.ops.relu(self.convs[0](x / 255)))
        return self.convs[1](x), x

    def after(self, y, x):
        y = self.pool(keras.ops.relu(y) + x)
        return self.head(keras.ops.mean(self.convs[2](y), axis=(1, 2)))

    def call(self, x):
        return self.after(*self.before(x))


def test_subclassed_model_with_residual():
    model, x = Subclassed(), images(3, 16, 16, 3)
    model(x)
    _, by_pass = model.before(x)
    check(model, x, "conv1", lambda x: model.before(x)[0], lambda y: model.after(y, by_pass))
    close(
        capture(model, x).activations,
        model.convs[2](model.pool(keras.ops.relu(model.before(x)[0]) + by_pass)),
    )


def test_each_call_of_a_shared_layer():
    model, x = Subclassed(), images(3, 16, 16, 3)
    model(x)
    y, first = model.before(x)
    second = model.pool(keras.ops.relu(y) + first)
    close(capture(model, x, ("pool", 0)).activations, first)
    close(capture(model, x, (model.pool, 1)).activations, second)

    with tf.GradientTape(persistent=True) as tape:
        tape.watch([first, second])
        late_score = tf.reduce_max(
            model.head(tf.reduce_mean(model.convs[2](second), axis=(1, 2))), 1
        )
        early_score = tf.reduce_max(model.after(model.convs[1](first), first), 1)
    for call, (score, maps) in enumerate([(early_score, first), (late_score, second)]):
        close(capture_gradients(model, x, ("pool", call)).gradients, tape.gradient(score, maps))
    with pytest.raises(ValueError, match=r"from 0 to 1. Received: 'pool', call=None"):
        capture(model, x, "pool")
    with pytest.raises(ValueError, match=r"`layer` must say .* Received: 'pool', call=2"):
        capture(model, x, ("pool", 2))


def test_layer_none_takes_the_last_call():
    relu, conv = layers.ReLU(name="relu"), layers.Conv2D(3, 3)
    parts = [layers.Conv2D(3, 3), relu, conv, relu, layers.Flatten(), layers.Dense(2)]
    model = functional(parts, (9, 9, 1))
    check(model, images(2, 9, 9, 1), None, chain(*parts[:4]), chain(*parts[4:]))


def test_siamese_model():
    twin = functional(flat()[:3], (16, 16, 3))
    left, right = keras.Input((16, 16, 3)), keras.Input((16, 16, 3))
    both = layers.Concatenate()([layers.Flatten()(twin(side)) for side in (left, right)])
    model = keras.Model([left, right], layers.Dense(1)(both))
    x = [images(2, 16, 16, 3, seed=seed) for seed in range(2)]
    for side in range(2):
        # Keras runs layers at the same depth from the last to the first.
        close(capture(model, x, ("last", 1 - side)).activations, twin(x[side]))


def test_operations_in_the_graph():
    conv, head = layers.Conv2D(4, 3, name="conv"), layers.Dense(2)
    inputs = keras.Input((12, 12, 3))
    pooled = keras.ops.max(keras.ops.relu(conv(inputs / 255.0)), axis=(1, 2))
    model = keras.Model(inputs, keras.ops.softmax(head(pooled)))

    def after(maps):
        return tf.nn.softmax(head(tf.reduce_max(tf.nn.relu(maps), axis=(1, 2))))

    check(model, images(2, 12, 12, 3), "conv", lambda x: conv(x / 255), after)


def test_mixed_precision_gives_float32():
    parts = flat()
    for part in (half := [type(part).from_config(part.get_config()) for part in parts]):
        part.dtype_policy = "mixed_float16"
    model, twin = sequential(half, (16, 16, 3)), sequential(parts, (16, 16, 3))
    twin.set_weights(model.get_weights())
    assert model.get_layer("last").compute_dtype == "float16"
    x = images(2, 16, 16, 3)
    for found, expected in zip(
        capture_gradients(model, x), capture_gradients(twin, x), strict=True
    ):
        close(found, expected, 1e-2)


def test_reloaded_model(tmp_path):
    inner = functional(flat()[:3], (16, 16, 3))
    model = sequential([inner, layers.Flatten(), layers.Dense(2)], (16, 16, 3))
    x = images(1, 16, 16, 3)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    for found, expected in zip(
        capture_gradients(again, x), capture_gradients(model, x), strict=True
    ):
        close(found, expected)


@pytest.fixture
def two_by_two():
    """An image and a vector, to a class and a number."""
    keras.utils.set_random_seed(4)
    image, vector = keras.Input((12, 12, 3), name="image"), keras.Input((2,), name="vector")
    maps = layers.Conv2D(4, 3, name="maps")(image)
    pooled = layers.GlobalAveragePooling2D()(maps)
    outputs = {
        "kind": layers.Dense(3, name="kind")(layers.Concatenate()([pooled, vector])),
        "size": layers.Dense(1, name="size")(vector),
    }
    return keras.Model({"image": image, "vector": vector}, outputs)


def test_several_inputs_and_outputs(two_by_two):
    x = {"image": images(2, 12, 12, 3), "vector": np.ones((2, 2), np.float32)}
    found = capture_gradients(two_by_two, x, None, lambda outputs: outputs["kind"][:, 1])
    close(found.activations, two_by_two.get_layer("maps")(x["image"]))
    kernel = two_by_two.get_layer("kind").kernel.numpy()[:4, 1]
    close(found.gradients, np.broadcast_to(kernel / 100, (2, 10, 10, 4)))
    outputs = two_by_two(x)
    assert found.outputs.keys() == outputs.keys()
    for name, output in outputs.items():
        close(found.outputs[name], output)
    size = capture_gradients(two_by_two, x, "maps", lambda outputs: outputs["size"][:, 0])
    assert size.gradients.shape == (2, 10, 10, 4) and not size.gradients.any()
    with pytest.raises(ValueError, match="`score` must be given, as the model has several outputs"):
        capture_gradients(two_by_two, x)
    assert find_layer(two_by_two).name == "maps"


def test_scores_of_all_kinds():
    parts = flat()
    model, x = sequential(parts, (16, 16, 3)), images(3, 16, 16, 3)
    targets = [2, 0, 1]
    by_hand = capture_gradients(model, x, None, lambda y: tf.gather(y, targets, batch_dims=1))
    one_by_one = [
        capture_gradients(model, x[i : i + 1], None, lambda y, k=k: y[:, k])
        for i, k in enumerate(targets)
    ]
    close(by_hand.gradients, np.concatenate([one.gradients for one in one_by_one]))
    traces = len(module._traces[model])
    capture_gradients(model, x, None, lambda y: keras.ops.log(y[:, 0]))
    assert len(module._traces[model]) == traces == 1


@pytest.mark.parametrize(
    "score, error",
    [
        (lambda y: y, r"each of the 3 examples. Received: a result of shape \(3, 3\)"),
        (lambda y: tf.reduce_sum(y), r"Received: a result of shape \(\)"),
        (lambda y: y.numpy()[:, 0], "not NumPy. Received: score=<function"),
    ],
)
def test_bad_scores(score, error):
    with pytest.raises(ValueError, match=f"`score` must .*{error}"):
        capture_gradients(sequential(flat(), (16, 16, 3)), images(3, 16, 16, 3), score=score)


@pytest.mark.parametrize("n", [1, 2, 3, 17])
def test_an_image_does_not_depend_on_the_others(n):
    parts = flat()
    parts.insert(2, layers.BatchNormalization())
    model = sequential(parts, (16, 16, 3))
    x = images(17, 16, 16, 3) * np.linspace(0, 1, 17, dtype=np.float32)[:, None, None, None]
    for some, all_ in zip(
        capture_gradients(model, x[-n:]), capture_gradients(model, x), strict=True
    ):
        close(some, all_[-n:])


class Broken(layers.Layer):
    def __init__(self):
        super().__init__()
        self.broken = False

    def call(self, x):
        if self.broken:
            raise ZeroDivisionError
        return x


def state(model, x):
    attributes = [(layer, {**vars(layer)}) for layer in model._flatten_layers()]
    return model.get_weights(), attributes, np.asarray(model(x, training=False))


def assert_same(before, after):
    assert all(map(np.array_equal, before[0], after[0]))
    for (layer, old), (same, new) in zip(before[1], after[1], strict=True):
        assert layer is same and old.keys() == new.keys() and "call" not in new
        assert all(old[name] is new[name] for name in ("_layers", "_metrics", "built"))
    assert np.array_equal(before[2], after[2])


class AlwaysRandom(layers.Layer):
    """Draws random numbers also in inference mode, and so changes its seed in each call."""

    def __init__(self):
        super().__init__()
        self.seed = keras.random.SeedGenerator(0)
        self.count = self.add_weight(shape=(), trainable=False, name="count")

    def call(self, x):
        self.count.assign_add(1)
        return x + keras.random.normal(keras.ops.shape(x), seed=self.seed)


def test_the_model_is_not_changed():
    broken = Broken()
    model = sequential([broken, layers.BatchNormalization(), *flat()], (16, 16, 3))
    x = images(2, 16, 16, 3)
    before = state(model, x)
    capture(model, x)
    capture_gradients(model, x, "first")
    assert_same(before, state(model, x))
    broken.broken = True
    with pytest.raises(ZeroDivisionError):
        capture(model, x, "last")
    broken.broken = False
    assert_same(before, state(model, x))
    assert capture(model, x, "last").activations.any()


def test_random_numbers_are_not_used_up():
    model = sequential([*flat()[:3], AlwaysRandom()], (16, 16, 3))
    x, before = images(2, 16, 16, 3), model.get_weights()
    score = lambda y: tf.reduce_sum(y, (1, 2, 3))  # noqa: E731
    found = [capture_gradients(model, x, score=score) for _ in range(2)]
    assert np.array_equal(found[0].outputs, found[1].outputs)
    assert all(map(np.array_equal, before, model.get_weights()))
    model(x)
    assert not all(map(np.array_equal, before, model.get_weights())), "the check can fail"


def test_a_call_that_someone_else_replaced_comes_back():
    model, x = sequential(flat(), (16, 16, 3)), images(2, 16, 16, 3)
    last = model.get_layer("last")
    original = last.call
    last.call = lambda x: original(x) + 1
    replaced = last.call
    assert capture(model, x, "last").activations.min() == 1
    assert last.call is replaced


class Counting(layers.Layer):
    calls = 0

    def call(self, x):
        self.calls += 1  # in a graph, only while it is traced
        return x


def test_the_second_call_does_not_trace_again():
    counting = Counting()
    model = sequential([counting, *flat()], (16, 16, 3))
    calls = counting.calls
    for n in (2, 2, 5):
        capture(model, images(n, 16, 16, 3))
    assert counting.calls == calls + 1
    for n in (2, 2, 5):
        capture_gradients(model, images(n, 16, 16, 3))
    assert counting.calls == calls + 2
    capture(model, images(2, 16, 16, 3).astype(np.uint8))
    assert counting.calls == calls + 3


def test_new_weights_count():
    parts = flat()
    model, x = sequential(parts, (16, 16, 3)), images(4, 16, 16, 3)
    before = capture(model, x).activations
    model.set_weights([2 * weights for weights in model.get_weights()])
    check(model, x, None, chain(*parts[:3]), chain(*parts[3:]))
    doubled = capture(model, x).activations
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(x, np.array([0, 1, 2, 0]), verbose=0)
    check(model, x, None, chain(*parts[:3]), chain(*parts[3:]))
    assert not np.array_equal(doubled, capture(model, x).activations)
    assert not np.array_equal(doubled, before) and len(module._traces[model]) == 1


def test_new_layers_and_activations_count():
    model, x = sequential(flat(), (16, 16, 3)), images(2, 16, 16, 3)
    assert np.allclose(capture(model, x).outputs.sum(axis=1), 1)
    head = model.get_layer("head")
    head.activation = keras.activations.linear
    close(capture(model, x).outputs, model(x))
    model.pop()
    model.add(layers.Dense(7))
    close(capture(model, x).outputs, model(x))


def test_traces_do_not_keep_a_model_alive():
    def use():
        parts = flat()
        model = sequential(parts, (16, 16, 3))
        capture_gradients(model, images(2, 16, 16, 3))
        capture_gradients(model, images(2, 16, 16, 3), model, lambda y: y[:, 0])
        return [weakref.ref(each) for each in (model, *parts)]

    gc.collect()
    before = len(module._traces)
    references = use()
    gc.collect()
    assert all(reference() is None for reference in references)
    assert len(module._traces) == before


def test_paths(base):
    model = sequential(nested(base), (64, 64, 3))
    paths = layer_paths(model)
    assert list(paths)[1:3] == [base.name, f"{base.name}/Conv1"]
    assert paths[base.name] is base and "." in base.name
    assert len(paths) == len(model._flatten_layers(include_self=False)) - 2  # inputs
    for path, layer in paths.items():
        assert find_layer(model, path) is find_layer(model, layer) is layer
    wrapped = sequential(
        [layers.TimeDistributed(layers.Conv2D(2, 3, name="c"), name="t")], (2, 9, 9, 1)
    )
    assert list(layer_paths(wrapped)) == ["t", "t/c"]


def test_wrong_and_ambiguous_names():
    one, two = (functional([layers.Conv2D(2, 3, name="conv")], (16, 16, 1)) for _ in range(2))
    one.name, two.name = "one", "two"
    inputs = keras.Input((16, 16, 1))
    added = layers.Add(name="sum")([one(inputs), two(inputs)])
    model = keras.Model(inputs, layers.Flatten(name="flat")(added))
    with pytest.raises(ValueError, match="one/conv, two, two/conv, sum, flat. Received: layer='c'"):
        find_layer(model, "c")
    with pytest.raises(ValueError, match="fits one/conv, two/conv. Received: layer='conv'"):
        capture(model, images(1, 16, 16, 1), "conv")
    assert find_layer(model, "two/conv") is two.get_layer("conv")
    for wrong in (3, ["sum"], layers.Flatten(), ("sum", 0, 0)):
        with pytest.raises(ValueError, match="`layer` must be a layer .* Received: layer="):
            capture(model, images(1, 16, 16, 1), wrong)


def test_same_names_in_a_subclassed_model():
    model = Subclassed()
    model.more = layers.Conv2D(2, 3, name="conv0")
    model.more.build((None, 16, 16, 3))
    model(images(1, 16, 16, 3))
    assert layer_paths(model)["conv0#2"] is model.more
    with pytest.raises(ValueError, match="that the model calls when it runs. Received: 'conv0'"):
        capture(model, images(1, 16, 16, 3), "conv0#2")
    with pytest.raises(ValueError, match="`layer` must be given: a model without symbolic inputs"):
        find_layer(model)


def test_layers_without_one_tensor():
    x = images(1, 4, 3)
    model = functional([layers.LSTM(2, name="rnn"), layers.Dense(1)], (4, 3))
    assert capture(model, x, "rnn").activations.shape == (1, 2)
    with pytest.raises(ValueError, match="`layer` must be given, as no layer gives maps"):
        capture(model, x)
    with pytest.raises(ValueError, match="must not run within a loop, .* Received: 'lstm_cell'"):
        capture(model, x, "lstm_cell")
    inputs = keras.Input((4, 3))
    states = layers.LSTM(2, return_state=True, name="states")(inputs)
    with pytest.raises(ValueError, match="give one tensor. Received: 'states', which gives 3"):
        capture(keras.Model(inputs, states[0]), x, "states")


def test_wrong_models(monkeypatch):
    x = images(1, 8, 8, 1)
    with pytest.raises(TypeError, match="`model` must be a Keras model. Received: model='m'"):
        capture("m", x)
    with pytest.raises(TypeError, match="`model` must be a Keras model. Received: model=3"):
        layer_paths(3)
    with pytest.raises(ValueError, match="`model` must be built"):
        capture(keras.Sequential([layers.Dense(2)]), x)
    model = sequential([layers.Conv2D(2, 3)], (8, 8, 1))
    with pytest.raises(ValueError, match="`inputs` must be arrays with a batch axis"):
        capture(model, 3.0)
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(RuntimeError, match="TensorFlow backend.* Received: backend='jax'"):
        capture(model, x)


class FixedBatch(keras.Model):
    """Uses the batch size as a number."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = layers.Conv2D(2, 3), layers.Dense(2)

    def call(self, x):
        return self.after(self.conv(x))

    def after(self, maps):
        return self.head(keras.ops.reshape(maps, (maps.shape[0], -1)))


def test_model_that_needs_the_batch_size():
    model = FixedBatch()
    model(images(1, 6, 7, 3))
    for n in (2, 3):
        check(model, images(n, 6, 7, 3), None, model.conv, model.after)


def test_several_threads():
    parts = flat()
    model, x = sequential(parts, (16, 16, 3)), images(2, 16, 16, 3)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: capture(model, x, ("last", None)[i % 2]), range(8)))
    for one in found:
        close(one.activations, chain(*parts[:3])(x))
    assert not any("call" in vars(layer) for layer in model._flatten_layers())


class Pair(layers.Layer):
    """Gives a tensor and None, as attention without scores does, and is false as an empty list."""

    def __len__(self):
        return 0

    def call(self, x):
        return {"maps": 2 * x, "scores": None}


class WithPair(keras.Model):
    def __init__(self):
        super().__init__()
        self.parts = flat()
        self.pair = Pair(name="pair")

    def before(self, x):
        return self.pair(chain(*self.parts[:3])(x))["maps"]

    def after(self, maps):
        return chain(*self.parts[3:])(maps)

    def call(self, x):
        return self.after(self.before(x))


def test_output_with_none():
    model, x = WithPair(), images(2, 16, 16, 3)
    model(x)
    for layer in (None, "pair", model.pair):
        check(model, x, layer, model.before, model.after)


def test_quantized_layer():
    parts = flat()
    model, x = sequential(parts, (16, 16, 3)), images(2, 16, 16, 3)
    parts[-1].quantize("int8")
    close(capture(model, x, "head").activations, model(x))


def test_the_checks_can_fail(monkeypatch):
    """A record of the wrong layer, and gradients that stop at the model's outputs."""
    parts = flat()
    model, x = sequential(parts, (16, 16, 3)), images(2, 16, 16, 3)
    with pytest.raises(AssertionError):
        check(model, x, "first", chain(*parts[:3]), chain(*parts[3:]))
    monkeypatch.setattr(module, "_exchange", lambda output, activations: output)
    with pytest.raises(AssertionError):
        check(model, x, "last", chain(*parts[:3]), chain(*parts[3:]))
