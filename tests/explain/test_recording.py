from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
import tensorflow as tf
from captured_models import Subclassed, chain, check, close, flat
from explained_models import all_layers, functional, images, sequential
from keras import layers

from cnnkit.explain import capture, capture_gradients
from cnnkit.explain._recording import (
    one_call,
    outputs_through,
    recording,
    run,
    with_rank,
)


def test_records_of_a_run():
    parts, x = flat(), images()
    model = sequential(parts)
    with recording(parts[1:3]) as records:
        outputs = run(model, x)
    assert [layer for layer, _ in records] == parts[1:3]
    close(np.asarray(records[1][1]), chain(*parts[:3])(x))
    close(np.asarray(outputs), model(x))
    call, activations = one_call(records[1:], parts[2], call=None, graph=None)
    assert call == 0 and activations is records[1][1]
    records.append((parts[3], records[1][1]))  # as a layer that hands on what it gets
    assert [layer for layer, _, _ in with_rank(4, records, None)] == parts[2:0:-1]
    layer, call, activations = next(with_rank(4, records, None))
    assert call == 0 and activations is records[1][1]
    assert not list(with_rank(4, [(parts[-1], outputs)], None))
    run(model, x)
    assert len(records) == 3, "not afterwards"


def test_outputs_are_replaced_for_a_while():
    parts, x = flat(), images()
    model = sequential(parts)
    with outputs_through(lambda layer, output: 0 * output, [parts[2], parts[2]]):
        assert not chain(*parts[:3])(x).numpy().any()
    close(chain(*parts[:3])(x).numpy(), capture(model, x).activations)


def test_each_call_of_a_shared_layer():
    model, x = Subclassed(), images(3)
    model(x)
    y, first = model.before(x)
    second = model.pool(keras.ops.relu(y) + first)
    close(capture(model, x, layer=("pool", 0)).activations, first)
    close(capture(model, x, layer=(model.pool, 1)).activations, second)

    with tf.GradientTape(persistent=True) as tape:
        tape.watch([first, second])
        late_score = tf.reduce_max(
            model.head(tf.reduce_mean(model.convs[2](second), axis=(1, 2))), 1
        )
        early_score = tf.reduce_max(model.after(model.convs[1](first), first), 1)
    for call, (score, maps) in enumerate([(early_score, first), (late_score, second)]):
        close(
            capture_gradients(model, x, layer=("pool", call)).gradients, tape.gradient(score, maps)
        )
    with pytest.raises(ValueError, match=r"from 0 to 1. Received: 'pool', call=None"):
        capture(model, x, layer="pool")
    with pytest.raises(ValueError, match=r"`layer` must say .* Received: 'pool', call=2"):
        capture(model, x, layer=("pool", 2))


def test_layer_none_takes_the_last_call():
    relu, conv = layers.ReLU(name="relu"), layers.Conv2D(3, 3)
    parts = [layers.Conv2D(3, 3), relu, conv, relu, layers.Flatten(), layers.Dense(2)]
    model = functional(parts, (9, 9, 1))
    check(model, images(2, (9, 9, 1)), None, chain(*parts[:4]), chain(*parts[4:]))


def test_layers_without_one_tensor():
    x = images(1, (4, 3))
    model = functional([layers.LSTM(2, name="rnn"), layers.Dense(1)], (4, 3))
    assert capture(model, x, layer="rnn").activations.shape == (1, 2)
    with pytest.raises(ValueError, match="`layer` must be given, as no layer gives maps"):
        capture(model, x)
    with pytest.raises(ValueError, match="must not run within a loop, .* Received: 'lstm_cell'"):
        capture(model, x, layer="lstm_cell")
    inputs = keras.Input((4, 3))
    states = layers.LSTM(2, return_state=True, name="states")(inputs)
    with pytest.raises(ValueError, match="give one tensor. Received: 'states', which gives 3"):
        capture(keras.Model(inputs, states[0]), x, layer="states")


class Broken(layers.Layer):
    def __init__(self):
        super().__init__()
        self.broken = False

    def call(self, x):
        if self.broken:
            raise ZeroDivisionError
        return x


def state(model, x):
    attributes = [(layer, {**vars(layer)}) for layer in all_layers(model)]
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
    model = sequential([broken, layers.BatchNormalization(), *flat()])
    x = images(2)
    before = state(model, x)
    capture(model, x)
    capture_gradients(model, x, layer="first")
    assert_same(before, state(model, x))
    broken.broken = True
    with pytest.raises(ZeroDivisionError):
        capture(model, x, layer="last")
    broken.broken = False
    assert_same(before, state(model, x))
    assert capture(model, x, layer="last").activations.any()


def test_random_numbers_are_not_used_up():
    model = sequential([*flat()[:3], AlwaysRandom()])
    x, before = images(2), model.get_weights()
    score = lambda y: tf.reduce_sum(y, (1, 2, 3))  # noqa: E731
    found = [capture_gradients(model, x, score=score) for _ in range(2)]
    assert np.array_equal(found[0].outputs, found[1].outputs)
    assert all(map(np.array_equal, before, model.get_weights()))
    model(x)
    assert not all(map(np.array_equal, before, model.get_weights())), "the check can fail"


def test_a_call_that_someone_else_replaced_comes_back():
    model, x = sequential(flat()), images(2)
    last = model.get_layer("last")
    original = last.call
    last.call = lambda x: original(x) + 1
    replaced = last.call
    assert capture(model, x, layer="last").activations.min() == 1
    assert last.call is replaced


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
    model, x = WithPair(), images(2)
    model(x)
    for layer in (None, "pair", model.pair):
        check(model, x, layer, model.before, model.after)


def test_quantized_layer():
    parts = flat()
    model, x = sequential(parts), images(2)
    parts[-1].quantize("int8")
    close(capture(model, x, layer="head").activations, model(x))


def test_several_threads():
    parts = flat()
    model, x = sequential(parts), images(2)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: capture(model, x, layer=("last", None)[i % 2]), range(8)))
    for one in found:
        close(one.activations, chain(*parts[:3])(x))
    assert not any("call" in vars(layer) for layer in all_layers(model))
