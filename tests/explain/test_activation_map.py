import keras
import numpy as np
import pytest
from attribution_check import silent
from explained_models import close, images, plain
from keras import layers

from cnnkit.explain import grad_cam, grad_cam_plus_plus, hires_cam, layer_cam, score_cam

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
