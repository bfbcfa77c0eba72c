import gc
import weakref

import keras
import numpy as np
import pytest
from captured_models import close, flat
from explained_models import Counting, images, sequential
from keras import layers

from cnnkit.explain import capture, capture_gradients, layer_paths
from cnnkit.explain._engine import find_call, trace_of, traces


def test_a_trace_is_made_once_for_its_arguments():
    parts, x = flat(), images()
    model = sequential(parts)
    trace, tensors = trace_of(model, x, "last")
    assert np.array_equal(tensors, x)
    for same in (parts[2], ("last", None)):
        assert trace_of(model, images(5), same)[0] is trace
    for other in (("last", 0), "first", None):
        assert trace_of(model, x, other)[0] is not trace
    assert trace_of(model, x, "last", training=True)[0] is not trace
    assert trace_of(model, x.astype(np.uint8), "last")[0] is not trace


def test_the_call_that_is_meant():
    relu, conv = layers.ReLU(name="relu"), layers.Conv2D(3, 3)
    model = sequential([layers.Conv2D(3, 3), relu, conv, relu])
    assert find_call(model) == (relu, 1)
    assert find_call(model, "relu") == (relu, None)
    assert find_call(model, (relu, 0)) == (relu, 0)
    assert find_call(model, model) == (model, None)


def test_new_layers_and_activations_count():
    model, x = sequential(flat()), images(2)
    assert np.allclose(capture(model, x).outputs.sum(axis=1), 1)
    head = model.get_layer("head")
    head.activation = keras.activations.linear
    close(capture(model, x).outputs, model(x))
    model.pop()
    model.add(layers.Dense(7))
    close(capture(model, x).outputs, model(x))


def test_changed_settings_count():
    """`model(x)` is what it must give."""

    class Times(layers.Layer):
        alpha = 1.0

        def call(self, x):
            return x * self.alpha

    times, rescaling, *rest = Times(), *flat()
    model, x = sequential([sequential([times, rescaling]), *rest]), images(2)
    before = capture(model, x).outputs
    for layer, name, value in ((rescaling, "scale", 1 / 25), (times, "alpha", 3.0)):
        setattr(layer, name, value)
        after = capture(model, x).outputs
        close(after, model(x))
        assert np.abs(after - before).max() > 0.01
        before = after


def test_settings_of_training_count():
    """Frozen batch normalisation, and the rate of dropout."""
    norm, dropout = layers.BatchNormalization(name="norm"), layers.Dropout(0.5, name="dropout")
    model, x = sequential([*flat()[:3], norm, dropout, layers.Flatten()]), images()
    maps = capture(model, x, layer="last").activations
    in_training = capture(model, x, layer="norm", training=True).activations
    norm.trainable = False
    found = capture(model, x, layer="norm", training=True).activations
    close(found, norm(maps))
    assert np.abs(found - in_training).max() > 0.1
    dropout.rate = 0.0
    close(capture(model, x, layer="dropout", training=True).activations, found)


class Noting(Counting):
    """Keeps what it last gave, as layers of attention do."""

    def call(self, x):
        self.seen = [super().call(x)]
        return self.seen[0]


def test_traces_stay_while_settings_do_and_then_go():
    noting = Noting()
    model, x = sequential([noting, *flat()]), images()
    calls = noting.calls
    capture_gradients(model, x)
    assert noting.calls == calls + 2, "forwards and backwards"
    for change in (
        lambda: None,
        lambda: model(x),
        lambda: model.compile("sgd", "sparse_categorical_crossentropy"),
        lambda: model.set_weights([2 * weight for weight in model.get_weights()]),
    ):
        change()
        calls = noting.calls
        capture_gradients(model, x)
        capture(model, x)
        assert noting.calls == calls
    old = weakref.ref(trace_of(model, x)[0])
    for rate in (0.4, 0.3):
        model.layers[-2].rate = rate
        for _ in range(2):
            capture(model, x)
    gc.collect()
    assert noting.calls == calls + 2 and old() is None


def test_traces_do_not_keep_a_model_alive():
    def use():
        parts = flat()
        model = sequential(parts)
        capture_gradients(model, images(2))
        capture_gradients(model, images(2), layer=model, score=lambda y: y[:, 0])
        return [weakref.ref(each) for each in (model, *parts)]

    gc.collect()
    before = len(traces)
    references = use()
    gc.collect()
    assert all(reference() is None for reference in references)
    assert len(traces) == before


def test_wrong_models(monkeypatch):
    x = images(1, (8, 8, 1))
    with pytest.raises(TypeError, match="`model` must be a Keras model. Received: model='m'"):
        capture("m", x)
    with pytest.raises(TypeError, match="`model` must be a Keras model or .* Received: model=3"):
        layer_paths(3)
    with pytest.raises(ValueError, match="`model` must be built"):
        capture(keras.Sequential([layers.Dense(2)]), x)
    model = sequential([layers.Conv2D(2, 3)], (8, 8, 1))
    with pytest.raises(ValueError, match="`inputs` must be arrays with a batch axis"):
        capture(model, 3.0)
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(RuntimeError, match="TensorFlow backend.* Received: backend='jax'"):
        capture(model, x)
