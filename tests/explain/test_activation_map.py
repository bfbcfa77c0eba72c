import functools

import keras
import numpy as np
import pytest
from attribution_check import silent
from explained_models import close, images, plain
from keras import layers, ops

from cnnkit.explain import (
    completeness_error,
    deletion_insertion,
    grad_cam,
    grad_cam_plus_plus,
    hires_cam,
    integrated_gradients,
    layer_cam,
    sanity_check,
    score_cam,
)

METHODS = [grad_cam, grad_cam_plus_plus, hires_cam, layer_cam, score_cam]


@pytest.mark.parametrize("explain", METHODS, ids=lambda method: method.__name__)
def test_several_layers_give_the_mean_of_maps_of_one_scale(explain):
    model, x = plain(), images()
    each = [explain(model, x, target=1, layer=layer) for layer in ("first", "last")]
    expected = sum(np.stack([one / np.abs(one).max() for one in maps]) for maps in each) / len(each)
    close(explain(model, x, target=1, layer=["first", "last"]), expected)
    close(
        explain(model, x, target=1, layer=[model.get_layer("last")]),
        each[1] / np.abs(each[1]).max(axis=(1, 2), keepdims=True),
    )


def test_a_layer_without_anything_for_the_class_counts_as_zeros():
    """And not as NaN."""
    inputs = keras.Input((8, 8, 3))
    maps = [layers.Conv2D(2, 3, name=name, use_bias=False)(inputs) for name in "ab"]
    pooled = [layers.GlobalAveragePooling2D()(each) for each in maps]
    model = keras.Model(inputs, layers.Dense(1)(layers.Concatenate()(pooled)))
    model.get_layer("a").kernel.assign(np.zeros((3, 3, 3, 2)))
    model.compile("sgd", "mse")
    x = images(2, (8, 8, 3))
    alone = hires_cam(model, x, layer="b")
    alone /= np.abs(alone).max(axis=(1, 2), keepdims=True)
    close(hires_cam(model, x, layer=["a", "b"]), alone / 2)


def test_nothing_to_explain_gives_zeros():
    """No NaN and no warning, which would be an error here; what `grad_cam` gives is asked there."""
    for explain in METHODS[1:4]:
        assert not explain(silent(), images()).any()
        assert np.isfinite(explain(plain(), np.zeros((2, 16, 16, 3)))).all()


def test_no_layers():
    for explain in METHODS:
        with pytest.raises(ValueError, match=r"a layer or a list of layers. Received: layer=\[\]"):
            explain(plain(), images(), layer=[])


def test_a_layer_named_twice():
    """By its name, as itself, by its call, or as the last one."""
    last = plain().get_layer("last")
    for explain in (grad_cam, METHODS[-1]):
        for twice in (["last", "last"], ["first", "last", last], [("last", 0), last]):
            with pytest.raises(ValueError, match="of different layers, .* with 'last' twice"):
                explain(plain(), images(), layer=twice)


@functools.cache
def of_bright_places(shape):
    """A regression for which a bright place on black speaks; of images it makes tokens."""
    keras.utils.set_random_seed(0)
    n, positive = len(shape) - 1, keras.initializers.RandomUniform(0.1, 1)
    options = dict(kernel_initializer=positive, activation="relu")
    inputs = keras.Input(shape)
    x = getattr(layers, f"Conv{n}D")(4, 4, strides=4, name="patches", **options)(inputs)
    if n == 2:
        x = layers.ZeroPadding1D((1, 0))(layers.Reshape((-1, 4))(x))  # a class token
        n = 1
    x = layers.Dense(4, name="last", **options)(x)
    x = getattr(layers, f"GlobalAveragePooling{n}D")()(x)
    model = keras.Model(inputs, layers.Dense(1, kernel_initializer=positive)(x))
    model.compile("sgd", "mse")
    return model


def bright(shape):
    """An image with one bright patch, and where it is."""
    x, place = np.zeros((1, *shape), np.float32), [slice(n - 8, n - 4) for n in shape[:-1]]
    x[:, *place] = 1
    return x, place


def lies_in(place, found):
    """Whether the largest value of a map lies there."""
    peak = np.unravel_index(found[0].argmax(), found.shape[1:])
    return all(side.start <= at < side.stop for at, side in zip(peak, place, strict=True))


TOKENS = (16, 24, 1)


@pytest.mark.parametrize(
    "shape", [(32, 1), TOKENS, (8, 12, 16, 1)], ids=["signals", "tokens", "volumes"]
)
def test_the_bright_patch_is_found(shape):
    model, (x, place) = of_bright_places(shape), bright(shape)
    for explain in METHODS:
        found = explain(model, x, layer="last")
        assert found.shape == x.shape[:-1] and lies_in(place, found), explain
        joined = explain(model, x, layer=["patches", "last"])
        assert found.shape == joined.shape and lies_in(place, joined), explain
    curves = deletion_insertion(model, x, maps=found, seed=0)
    assert curves.deletion_area < curves.random.deletion_area
    assert curves.insertion_area > curves.random.insertion_area
    check = sanity_check(model, x, explain=functools.partial(explain, layer="last"), seed=0)
    assert np.array_equal(check.maps[0], found) and check.similarity.shape == (3, 1)
    found = integrated_gradients(model, x, tolerance=0.01)
    assert lies_in(place, found) and completeness_error(model, x, maps=found) < 0.01
    assert np.allclose(completeness_error(model, x, maps=found / 2), 0.5, atol=0.01)


def mirrored(tokens):
    return ops.reshape(tokens[:, 1:], (-1, 4, 6, 4))[:, :, ::-1]


@pytest.mark.parametrize("explain", METHODS, ids=lambda method: method.__name__)
def test_where_tokens_lie_is_said(explain):
    model, (x, place) = of_bright_places(TOKENS), bright(TOKENS)
    found = explain(model, x, layer="last", grid=mirrored)
    assert not lies_in(place, found) and lies_in(place, found[:, :, ::-1])
    close(found[:, :, ::-1], explain(model, x, layer="last", grid=(4, 6), prefix=1))
    with pytest.raises(ValueError, match="must add up to the 25 tokens .* prefix=0"):
        explain(model, x, layer="last", prefix=0)
