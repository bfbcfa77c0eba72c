"""What all attribution methods promise, and what they promise for all kinds of models.

Each method asks `trace_of` for its run of the model, as `grad_cam` does, or `Scores`, as `saliency`
does. What those two owe to all kinds of models is asked of these two methods, by `ModelsCheck`; all
methods have an `AttributionCheck`.
"""

import functools
import gc
import tempfile
import weakref
from pathlib import Path

import keras
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import tensorflow as tf
from explained_models import (
    HEADS,
    SHAPE,
    Counting,
    FixedBatch,
    all_layers,
    close,
    functional,
    images,
    new,
    parts,
    plain,
    sequential,
    two_inputs,
    with_head,
    with_weights_of,
)
from keras import layers

MODEL = plain()


def differ(one, other):
    return np.abs(one - other).max() > 1e-3 * np.abs(one).max()


@functools.cache
def as_two_units():
    """`plain(1)`, which gives the logit z, as a model with the logits -z and z."""
    *before, kernel, bias = plain(1).get_weights()
    two = new(2)
    two.set_weights([*before, np.hstack([-kernel, kernel]), np.hstack([-bias, bias])])
    return two


@functools.cache
def augmented():
    augmentation = [layers.RandomFlip(), layers.RandomRotation(0.5), layers.GaussianNoise(0.9)]
    return sequential([*augmentation, *MODEL.layers])


@functools.cache
def silent():
    model = new()
    model.get_layer("last").set_weights([np.zeros((3, 3, 5, 4)), np.full(4, -1.0)])
    return model


CONVOLUTIONS = {
    "separable": layers.SeparableConv2D(4, 3, activation="relu", name="last"),
    "depthwise": layers.DepthwiseConv2D(3, activation="relu", name="last"),
    "transposed": layers.Conv2DTranspose(4, 3, strides=2, activation="relu", name="last"),
}


def residual():
    """Operations between the layers, two calls of one layer, and a residual."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input(SHAPE)
    relu = layers.ReLU()
    x = relu(layers.Conv2D(4, 3, padding="same")(inputs / 255))
    x = keras.ops.multiply(x, 2) + layers.Conv2D(4, 3, padding="same")(x)
    x = keras.ops.mean(relu(x), axis=(1, 2))
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x))


def kinds():
    """The same network in other forms, and another one."""
    nested = functional([functional(parts()[:4]), *parts()[4:], new().layers[-1]])
    copies = [type(part).from_config(part.get_config()) for part in MODEL.layers]
    late = keras.Sequential(copies)
    late(images())
    same = [with_weights_of(model, MODEL) for model in (nested, late)]
    with tempfile.TemporaryDirectory() as folder:
        nested.save(Path(folder) / "model.keras")
        return [*same, keras.models.load_model(Path(folder) / "model.keras")], residual()


def half_precision():
    half = [type(part).from_config(part.get_config()) for part in MODEL.layers]
    for part in half:
        part.dtype_policy = "mixed_float16"
    model = with_weights_of(sequential([*half, layers.Softmax(dtype="float32")]), MODEL)
    assert model.get_layer("last").compute_dtype == "float16"
    return model


def surroundings():
    return dict(mpl.rcParams), plt.get_fignums(), keras.config.dtype_policy().name


class AttributionCheck:
    """What each method does. A subclass has a fixture `explain`, which gives the method."""

    def test_the_score_is_the_logit_of_each_images_class(self, explain):
        model, x = plain(), images(3)
        each = np.stack([explain(model, x, target=k) for k in range(3)])
        assert differ(each[0], each[1]) and each.shape == (3, 3, 16, 16)
        for target in ([2, 0, 1], np.array([2, 0, 1], np.uint8)):
            close(explain(model, x, target=target), each[[2, 0, 1], range(3)])
        close(explain(model, x, target=lambda y: y[:, 2]), each[2])
        best = np.argmax(model(x), axis=1)
        for with_probabilities in (model, with_head("Dense(softmax)", 3)):
            close(explain(with_probabilities, x), each[best, range(3)])

    def test_one_unit_stands_for_two_classes(self, explain):
        model, x = with_head("Dense(1, sigmoid)", 1), images(4)
        assert 0 < np.sum(np.asarray(plain(1)(x)) > 0) < 4, "the images are of both classes"
        for target in ([1, 0, 0, 1], None):
            close(explain(model, x, target=target), explain(as_two_units(), x, target=target))
        one, zero = (explain(model, x, target=k) for k in (1, 0))
        assert differ(one, zero) or differ(one, -zero)

    def test_images_of_another_shape_each_by_itself(self, explain):
        shape = (12, 17, 4)
        model, x = plain(shape=shape), images(5, shape).round()
        x *= np.linspace(0.2, 1, 5, dtype=np.float32)[:, None, None, None].round(1)
        found = explain(model, x)
        assert found.shape == (5, 12, 17) and np.isfinite(found).all()
        for n in (1, 3):
            close(explain(model, x[-n:]), found[-n:])
        close(explain(model, tf.constant(x)), found)
        whole = x.round()
        close(explain(model, whole.astype(np.uint8)), explain(model, whole))

    def test_nothing_to_explain_gives_zeros(self, explain):
        """No NaN and no warning, which would be an error here."""
        for x in (images(), np.zeros((2, *SHAPE)), np.full((2, *SHAPE), 255.0)):
            assert not explain(silent(), x).any()
            assert np.isfinite(explain(MODEL, x)).all()

    @pytest.mark.filterwarnings("ignore:The map of the layer")  # it has a layer of its own
    def test_it_traces_once_and_changes_and_keeps_nothing(self, explain):
        def use():
            counting = Counting()
            parts = [counting, layers.BatchNormalization(), *new().layers, layers.Softmax()]
            model, x = sequential(parts), images()
            before, outputs = surroundings(), np.asarray(model(x))
            weights, built = model.get_weights(), counting.calls
            attributes = [(layer, {**vars(layer)}) for layer in all_layers(model)]
            function = lambda y: y[:, 0] + 0 * model.count_params()  # noqa: E731
            explain(model, x, target=function)
            maps, traced = explain(model, x), counting.calls
            assert traced - built <= 3, "graphs, forwards and backwards"
            for target in (0, [0, 1], function, lambda y: y[:, 2]):
                explain(model, x, target=target)
            assert counting.calls == traced
            counting.calls = built
            assert all(map(np.array_equal, weights, model.get_weights()))
            for layer, old in attributes:
                assert old.keys() == vars(layer).keys()
                assert old.get("_inbound_nodes") == vars(layer).get("_inbound_nodes")
            assert np.array_equal(outputs, model(x)) and np.allclose(outputs.sum(axis=1), 1)
            assert surroundings() == before and tf.executing_eagerly()
            traced = counting.calls
            model.set_weights([weight * np.float32(1.5) for weight in model.get_weights()])
            assert differ(maps, explain(model, x)), "new weights count"
            assert counting.calls == traced
            return [weakref.ref(each) for each in (model, *model.layers)]

        references = use()
        gc.collect()
        assert all(reference() is None for reference in references)

    def test_wrong_models_images_and_targets(self, explain, monkeypatch):
        with pytest.raises(TypeError, match="`model` must be a Keras model. Received: model='m'"):
            explain("m", images())
        with pytest.raises(ValueError, match="`model` must be built"):
            explain(keras.Sequential([layers.Dense(2)]), images())
        for wrong in (images()[0], list(images()), images()[:0]):
            with pytest.raises(ValueError, match=r"`images` must (be an array of|have the) shape"):
                explain(MODEL, wrong)
        for wrong in (3, [0], "dog", lambda y: y[0, 0]):
            with pytest.raises(ValueError, match="`target` must"):
                explain(MODEL, images(), target=wrong)
        monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
        with pytest.raises(RuntimeError, match="TensorFlow backend.* Received: backend='jax'"):
            explain(MODEL, images())


class ModelsCheck(AttributionCheck):
    """What the two ways to a model do for models of all kinds."""

    @pytest.mark.parametrize("head", ["Softmax layer", "nested", "subclassed", "Dense(2, sigmoid)"])
    def test_other_heads(self, head, explain):
        n = 2 if "2" in head else 3
        close(
            explain(with_head(head, n), images(), target=1), explain(plain(n), images(), target=1)
        )

    @pytest.mark.parametrize("head", ["one logit", "no axis"])
    def test_other_heads_of_one_unit(self, head, explain):
        x, target = images(), [1, 0]
        close(
            explain(with_head(head, 1), x, target=target), explain(as_two_units(), x, target=target)
        )

    def test_one_unit_with_a_saturated_sigmoid(self, explain):
        """The probability is exactly 1, and has no gradient."""
        model, x = with_weights_of(HEADS["Dense(softmax)"](1), plain(1)), images()
        model.layers[-1].activation = keras.activations.sigmoid
        before = explain(model, x, target=1)
        kernel, bias = model.get_weights()[-2:]
        model.set_weights([*model.get_weights()[:-2], 50 * kernel, bias + 1000])
        assert (np.asarray(model(x)) == 1).all()
        after = explain(model, x, target=1)
        assert np.isfinite(after).all() and differ(before, after)

    def test_models_that_leave_the_size_open(self, explain):
        model, x = plain(shape=(None, None, 3)), images(2, (14, 20, 3))
        close(explain(model, x), explain(plain(shape=(14, 20, 3)), x))

    def test_augmentation_and_dropout_are_off(self, explain):
        close(explain(augmented(), images()), explain(MODEL, images()))

    @pytest.mark.parametrize("name", CONVOLUTIONS)
    def test_other_convolutions(self, explain, name):
        model, x = plain(conv=CONVOLUTIONS[name]), images()
        found = explain(model, x)
        assert found.shape == (2, 16, 16) and np.isfinite(found).all() and found.any()

    def test_kinds_of_models(self, explain):
        same, other = kinds()
        expected = explain(MODEL, images())
        for model in same:
            close(explain(model, images()), expected)
        assert explain(other, images()).any()

    def test_mixed_precision_gives_float32(self, explain):
        close(explain(half_precision(), images()), explain(MODEL, images()), tolerance=0.1)

    def test_several_inputs_and_outputs(self, explain):
        by_name, kind = two_inputs()
        x, v = images(3), np.eye(3, 2, dtype=np.float32)
        inputs = {"image": x, "vector": v}
        found = explain(by_name, inputs, target=lambda y: y["kind"][:, 1])
        close(found, explain(kind, [v, x], target=1))
        with pytest.raises(ValueError, match="`target` must be a function of the outputs, as"):
            explain(by_name, inputs)

    def test_a_model_whose_batch_size_is_fixed(self, explain):
        before, head = parts(), keras.Sequential([layers.Dense(3), layers.Softmax()])
        model, x = FixedBatch(before, head), images(3)
        model(x)
        close(explain(with_weights_of(model, MODEL), x), explain(MODEL, x))
