from functools import partial

import keras
import numpy as np
import pytest
from explained_models import functional, images, new, parts, plain, sequential
from keras import layers
from scipy.stats import spearmanr

from cnnkit.explain import SanityCheck, grad_cam, saliency, sanity_check
from cnnkit.explain._sanity_check import weights_from_the_top


def trained():
    """A model with other values than those it was built with, also in what follows statistics."""
    before = [layers.BatchNormalization(), *parts()[:4]]
    last = [layers.GlobalAveragePooling2D(), layers.Dense(3)]
    model = functional([functional(before, (16, 16, 3)), *last])
    rng = np.random.default_rng(0)
    model.set_weights([rng.uniform(0.5, 1.5, weights.shape) for weights in model.get_weights()])
    return model


@pytest.mark.parametrize("explain", [grad_cam, saliency], ids=lambda method: method.__name__)
def test_layer_by_layer_from_the_top(explain):
    """With the same shuffles of a copy, one layer after the other, and SciPy's correlation."""
    model, x = trained(), images(2)
    found = sanity_check(model, x, explain=explain, seed=3)
    assert isinstance(found, SanityCheck) and found.maps.dtype == np.float32
    inner, dense = model.layers[1], model.layers[-1]
    assert found.layers == (
        dense.name,
        f"{inner.name}/last",
        f"{inner.name}/first",
        f"{inner.name}/{inner.layers[1].name}",
    )
    rng, target = np.random.default_rng(3), np.argmax(model(x), axis=1)
    expected = [explain(model, x, target=target)]
    before = model.get_weights()
    for layer in (dense, inner.get_layer("last"), inner.get_layer("first"), inner.layers[1]):
        values = layer.get_weights()
        layer.set_weights([rng.permutation(v.ravel()).reshape(v.shape) for v in values])
        expected.append(explain(model, x, target=target))
    model.set_weights(before)
    assert np.allclose(found.maps, expected, rtol=1e-4, atol=1e-4 * np.max(expected))
    for after, row in zip(found.maps[1:], found.similarity, strict=True):
        pairs = zip(found.maps[0], after, strict=True)
        by_scipy = [spearmanr(one.ravel(), other.ravel()).statistic for one, other in pairs]
        assert np.allclose(row, by_scipy, atol=1e-5)
    assert found.similarity.shape == (4, 2) and found.similarity[-1].max() < 0.99


def test_a_map_that_does_not_depend_on_the_weights_stays():
    def edges(model, images, target, image):
        return np.abs(np.gradient(np.asarray(images).mean(axis=-1), axis=1))

    found = sanity_check(plain(), images(), explain=edges, seed=0)
    assert found.layers == ("scores", "last", "first") and np.allclose(found.similarity, 1)


def test_maps_of_one_value():
    """Nothing can be said of a first one, and a later one says nothing of the first."""
    made = iter([images(2)[..., 0] * [[[0.0]], [[1.0]]], *[np.ones((2, 16, 16))] * 3])
    found = sanity_check(plain(), images(), explain=lambda *_, **__: next(made))
    assert np.isnan(found.similarity[:, 0]).all() and not found.similarity[:, 1].any()


def test_seeds_and_the_target():
    """An integer repeats the shuffles; the class is that of the model as it is."""
    model, x, asked = plain(), images(), []

    def explain(model, images, target, image):
        asked.append(target)
        return saliency(model, images, target=target, image=image)

    one, same, other = (sanity_check(model, x, explain=explain, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(one.maps, same.maps) and not np.array_equal(one.maps, other.maps)
    best = np.argmax(model(x), axis=1)
    assert all(np.array_equal(target, best) for target in asked)
    assert (best > 0).all()
    sanity_check(model, x, explain=explain, target=(None, 0))
    assert np.array_equal(asked[-1][0], best) and asked[-1][1] == 0
    expected = saliency(model, x, target=(best, 0))
    assert np.array_equal(saliency(model, x, target=(None, 0)), expected)


def test_the_weights_are_put_back_also_after_an_error():
    model, x, calls = new(), images(), []
    before = model.get_weights()

    def explain(model, images, target, image):
        calls.append(1)
        if len(calls) == 3:
            raise InterruptedError
        return saliency(model, images, target=target)

    with pytest.raises(InterruptedError):
        sanity_check(model, x, explain=explain)
    assert len(calls) == 3 and all(map(np.array_equal, model.get_weights(), before))
    sanity_check(model, x)
    assert all(map(np.array_equal, model.get_weights(), before))


def test_weights_within_a_recurrent_layer_count():
    inputs = keras.Input((6, 6, 3))
    rows = layers.Reshape((6, 24))(layers.Conv2D(4, 1, name="maps")(inputs))
    model = keras.Model(inputs, layers.Dense(2)(layers.LSTM(3, name="lstm")(rows)))
    found = weights_from_the_top(model, images(1, (6, 6, 3)))
    _, lstm, maps = found
    assert lstm.startswith("lstm") and len(found[lstm]) == 3 and maps == "maps"


def test_a_normalization_is_left_out():
    """It does not run with its weights, and shuffling them would change nothing."""
    normalization = layers.Normalization()
    normalization.adapt(images())
    model = sequential([normalization, layers.Conv2D(2, 3, name="maps"), layers.Flatten()])
    assert list(weights_from_the_top(model, images())) == ["maps"]


def test_clear_errors():
    without = sequential([layers.GlobalAveragePooling2D()])
    with pytest.raises(ValueError, match="`model` must have weights. Received: the model 'seq"):
        sanity_check(without, images(), explain=partial(saliency), target=0)
    for wrong, received in (
        (np.zeros((2, 4, 4)), r"maps of shape \(2, 4, 4\)"),
        (np.full((2, 16, 16), np.nan), r"NaN or infinite values in the maps \[0, 1\]"),
    ):
        error = f"`explain` must return maps with the shape of .* Received: {received}"
        with pytest.raises(ValueError, match=error):
            sanity_check(plain(), images(), explain=lambda *_, made=wrong, **__: made)
