import functools

import keras
import pytest

from cnnkit.explain._loss import Meaning, meaning_of_loss

losses = keras.losses
LOSSES = {
    "binary_crossentropy": ("Sigmoid", False),
    "bce": ("Sigmoid", False),
    "BinaryCrossentropy": ("Sigmoid", False),
    "categorical_crossentropy": ("Softmax", False),
    "sparse_categorical_crossentropy": ("Softmax", False),
    losses.binary_focal_crossentropy: ("Sigmoid", False),
    losses.categorical_focal_crossentropy: ("Softmax", False),
    functools.partial(losses.binary_crossentropy, from_logits=True): ("Sigmoid", True),
    losses.BinaryCrossentropy(): ("Sigmoid", False),
    losses.BinaryCrossentropy(from_logits=True): ("Sigmoid", True),
    losses.BinaryFocalCrossentropy(from_logits=True): ("Sigmoid", True),
    losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1): ("Softmax", True),
    losses.CategoricalFocalCrossentropy(): ("Softmax", False),
    losses.SparseCategoricalCrossentropy(from_logits=True): ("Softmax", True),
    "mse": ("Linear", False),
    "mean_absolute_error": ("Linear", False),
    losses.Huber(delta=2.0): ("Linear", False),
    losses.LogCosh(): ("Linear", False),
    functools.partial(losses.poisson): ("Linear", False),
    losses.Hinge(): (),
    losses.KLDivergence(): (),
    lambda true, predicted: keras.ops.mean(predicted, axis=1): (),
    None: (),
}


def model():
    inputs = keras.Input((1,))
    return keras.Model(inputs, keras.layers.Dense(1, name="scores")(inputs))


@pytest.mark.parametrize("of", [lambda loss: loss, lambda loss: [loss], lambda loss: {"a": loss}])
def test_what_losses_say(of):
    compiled = model()
    for loss, meaning in LOSSES.items():
        compiled.loss = of(loss)
        assert meaning_of_loss(compiled) == Meaning(*meaning), loss


def test_it_is_what_compile_was_given(tmp_path):
    compiled = model()
    assert meaning_of_loss(compiled) == Meaning()
    compiled.compile("sgd", {"scores": losses.BinaryCrossentropy(from_logits=True)})
    compiled.save(tmp_path / "model.keras")
    for each in (compiled, keras.models.load_model(tmp_path / "model.keras")):
        assert meaning_of_loss(each) == ("Sigmoid", True)


def test_what_is_not_known():
    for loss in ("of my own", object(), ["mse", "bce"], {"a": "bce", "b": "bce"}):
        compiled = model()
        compiled.loss = loss
        assert meaning_of_loss(compiled) == Meaning()
