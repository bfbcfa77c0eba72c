import keras
import numpy as np
import pytest
from cam_by_hand import maps_and_gradients, stretched
from explained_models import close, images, new
from keras import layers

from cnnkit.explain import grad_cam, hires_cam, layer_cam


def by_hand(maps, gradients):
    """In loops."""
    cams = np.zeros(maps.shape[:3])
    for at in np.ndindex(*maps.shape):
        cams[at[:3]] += maps[at] * gradients[at]
    return cams


RANDOM = new()  # which gets other weights


@pytest.mark.parametrize("seed", range(2))
def test_it_is_what_the_definition_says(seed):
    rng = np.random.default_rng(seed)
    model, x, targets = RANDOM, images(3, seed=seed), rng.integers(0, 3, 3)
    model.set_weights([rng.normal(0, 0.5, weights.shape) for weights in model.get_weights()])
    found = hires_cam(model, x, target=targets)
    close(found, stretched(by_hand(*maps_and_gradients(model, x, targets))))
    assert found.min() < 0 < found.max(), "both kinds of evidence are seen"


def ended(*head):
    """A model whose maps have the size of the image."""
    conv = layers.Conv2D(4, 3, padding="same", activation="relu", name="last")
    return keras.Sequential(
        [keras.Input((6, 7, 3)), conv, *head, layers.Dense(2, bias_initializer="ones")]
    )


@pytest.mark.parametrize(
    "head", [layers.Flatten, layers.GlobalAveragePooling2D], ids=["flattened", "averaged"]
)
def test_before_a_linear_head_it_adds_up_to_the_logit_without_its_bias(head):
    model, x = ended(head()), images(3, (6, 7, 3))
    for k in (0, 1):
        sums = hires_cam(model, x, target=k).sum(axis=(1, 2))
        assert np.allclose(sums, np.asarray(model(x))[:, k] - 1, rtol=1e-4)


def test_grad_cam_does_not_add_up():
    model, x = ended(layers.Flatten()), images(3, (6, 7, 3))
    sums = grad_cam(model, x, target=0).sum(axis=(1, 2))
    assert not np.allclose(sums, np.asarray(model(x))[:, 0] - 1, rtol=0.1)


def test_where_the_gradient_is_the_same_everywhere_it_is_grad_cam():
    """And so is LayerCAM, where that gradient is positive."""
    model, x = ended(layers.GlobalAveragePooling2D()), images(3, (6, 7, 3))
    close(hires_cam(model, x, target=0).clip(0), grad_cam(model, x, target=0))
    model.layers[-1].kernel.assign(np.abs(model.layers[-1].kernel))
    expected = grad_cam(model, x, target=0)
    for explain in (hires_cam, layer_cam):
        close(explain(model, x, target=0), expected)


def test_the_equality_can_fail():
    """Before a flattened head gradients differ, and so do the methods."""
    model, x = ended(layers.Flatten()), images(3, (6, 7, 3))
    expected = grad_cam(model, x, target=0)
    for found in (hires_cam(model, x, target=0).clip(0), layer_cam(model, x, target=0)):
        with pytest.raises(AssertionError):
            close(found, expected)
