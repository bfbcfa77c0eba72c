from functools import partial

import keras
import numpy as np
import pytest
from explained_models import images, new, parts, sequential
from keras import layers

from cnnkit.explain import (
    deletion_insertion,
    grad_cam,
    hires_cam,
    integrated_gradients,
    occlusion,
    saliency,
    score_cam,
)
from cnnkit.explain._engine import trace_of
from cnnkit.explain._finite import begin_check, check_results, first_few

X = images()
METHODS = [grad_cam, hires_cam, score_cam, saliency, occlusion, integrated_gradients]
METHODS += [partial(deletion_insertion, maps=X[..., 0])]


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["first", "scores"])
def test_weights_that_are_not_finite(name, value):
    """In a graph a ReLU makes 0 of NaN, and the maps look sound."""
    model = new()
    kernel = model.get_layer(name).kernel
    values = np.array(kernel)
    values.flat[0] = value
    kernel.assign(values)
    for explain in METHODS:
        error = f"`model` must have finite weights: .* 1 weights of the model '.*', as .*{name}/ker"
        with pytest.raises(ValueError, match=error):
            explain(model, X)


def check(model):
    begin_check(trace_of(model, X, model.layers[0])[0])()


def test_weights_of_all_dtypes():
    model = sequential([layers.Conv2D(2, 3, dtype="bfloat16"), layers.Dropout(0.5)])
    check(model)
    model.layers[0].bias.assign([3e38, 3e38])  # whose sum is not finite
    check(model)
    check(sequential([layers.Flatten()]))
    model.layers[0].bias.assign([1.0, np.inf])
    with pytest.raises(ValueError, match="as .*bias$"):
        check(model)


def test_scores_that_are_not_finite():
    """The logarithm of the second image's alone, which is black."""
    linear = layers.Conv2D(3, 3, use_bias=False, name="maps")
    model = sequential([linear, layers.GlobalAveragePooling2D()])
    x = X * [[[[1]]], [[[0]]]]
    for explain in METHODS:
        with pytest.raises(ValueError, match=r"must give finite .* of the images \[.*1\]$"):
            explain(model, x, target=lambda y: keras.ops.log(keras.ops.abs(y[:, 0])))


def test_gradients_that_are_not_finite():
    """The slope of a root at 0."""
    root = layers.Lambda(lambda x: keras.ops.sqrt(keras.ops.relu(x - 1e9)))
    model = sequential([*parts()[:4], root, layers.GlobalAveragePooling2D(), layers.Dense(3)])
    for explain in (partial(grad_cam, layer="last"), saliency):
        with pytest.raises(ValueError, match=r"finite gradients. .* of the images \[0, 1\]"):
            explain(model, X, target=1)


def test_a_class_left_out_by_its_bias_does_not_harm_the_others():
    """Its logit is minus infinity, as a layer makes it that leaves classes out."""
    model, plain = new(), new()
    mask = layers.Lambda(lambda z: z + np.array([0, 0, -np.inf], np.float32))
    masked = keras.Sequential([keras.Input((16, 16, 3)), *model.layers, mask])
    for explain in (grad_cam, occlusion, saliency):
        assert np.allclose(explain(masked, X, target=1), explain(plain, X, target=1), rtol=1e-4)
        assert explain(masked, X, target=1).any()
    with pytest.raises(ValueError, match="finite scores"):
        grad_cam(masked, X, target=2)


def test_results():
    check_results(np.ones((2, 3)), np.array([4, 5]), "maps")
    with pytest.raises(ValueError, match=r"infinite maps of the images \[5\]$"):
        check_results(np.array([[1, 2], [3, np.nan]]), np.array([4, 5]), "maps")


def test_the_first_few():
    assert first_few(np.array([4, 0, 4])) == "[0, 4]"
    assert first_few(np.arange(8)) == "[0, 1, 2, 3, 4] and 3 more"
