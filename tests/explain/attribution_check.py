"""What all attribution methods promise, for all kinds of models, checked in one place."""

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
    ONE_UNIT,
    SHAPE,
    Counting,
    all_layers,
    close,
    functional,
    images,
    new,
    parts,
    plain,
    sequential,
    subclassed,
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


BAD_TARGETS = {
    "a class too many": (3, r"in 0..2, as there are 3 classes. Received: target=3"),
    "a negative class": ([0, -1], r"in 0..2, .* Received: target=\[0, -1\]"),
    "too few": ([0], "each of the 2 images, or a function of the outputs. Received: target="),
    "a probability": (0.5, "`target` must be None, a class, .* Received: target=0.5"),
    "a word": ("dog", "`target` must be None, a class, .* Received: target='dog'"),
    "a function of one image": (
        lambda y: y[0, 0],
        "`target` must return .* one number for each row",
    ),
    "a function to all units": (lambda y: y, "`target` must return a tensor with one number"),
    "a function to NumPy": (lambda y: y.numpy()[:, 0], "with keras.ops or TensorFlow. Received"),
}


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


@functools.cache
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


@functools.cache
def half_precision():
    half = [type(part).from_config(part.get_config()) for part in MODEL.layers]
    for part in half:
        part.dtype_policy = "mixed_float16"
    model = with_weights_of(sequential([*half, layers.Softmax(dtype="float32")]), MODEL)
    assert model.get_layer("last").compute_dtype == "float16"
    return model


@functools.cache
def two_inputs():
    """Models from a vector and an image to a class, to a number, and, with names, to both."""
    keras.utils.set_random_seed(4)
    image, vector = keras.Input(SHAPE, name="image"), keras.Input((2,), name="vector")
    maps = layers.Conv2D(4, 3, activation="relu", name="maps")(image / 255)
    pooled = layers.GlobalAveragePooling2D()(maps)
    both = layers.Concatenate()([pooled, layers.Dense(4)(vector)])
    kind = layers.Dense(3, activation="softmax")(both)
    size = layers.Dense(1)(both)
    named = {"vector": vector, "image": image}, {"kind": kind, "size": size}
    return [keras.Model([vector, image], output) for output in (kind, size)], keras.Model(*named)


def surroundings():
    return dict(mpl.rcParams), plt.get_fignums(), keras.config.dtype_policy().name


class FixedBatch(layers.Layer):
    """A head that uses the batch size as a number, which only known shapes allow."""

    def __init__(self):
        super().__init__()
        self.scores = layers.Dense(3)

    def call(self, x):
        return keras.ops.softmax(self.scores(keras.ops.reshape(x, (x.shape[0], -1))))


@functools.cache
def with_fixed_batch():
    return with_weights_of(subclassed(parts(), last=FixedBatch()), MODEL)


class AttributionCheck:
    """What each method does. A subclass has a fixture `explain`, which gives the methods."""

    @pytest.mark.parametrize("head", HEADS)
    def test_every_head_gives_the_maps_of_the_logits(self, head, explain):
        n, x = (2 if "2" in head else 3), images()
        model, logits = with_head(head, n), plain(n)
        close(explain(model, x, target=1), explain(logits, x, target=1))
        close(explain(model, x), explain(logits, x, target=np.argmax(logits(x), axis=1)))

    def test_the_images_are_of_both_classes(self):
        assert 0 < np.sum(np.asarray(plain(1)(images(4))) > 0) < 4

    @pytest.mark.parametrize("head", ONE_UNIT)
    def test_one_unit_stands_for_two_classes(self, head, explain):
        model, two, x = with_head(head, 1), as_two_units(), images(4)
        for target in ([1, 0, 0, 1], None):
            close(explain(model, x, target=target), explain(two, x, target=target))
        before = explain(model, x, target=1)
        assert differ(before, explain(model, x, target=0)) or differ(
            before, -explain(model, x, target=0)
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

    def test_targets(self, explain):
        model, x = plain(), images(3)
        each = np.stack([explain(model, x, target=k) for k in range(3)])
        assert differ(each[0], each[1]) and each.shape == (3, 3, 16, 16)
        for target in ([2, 0, 1], (2, 0, 1), np.array([2, 0, 1], np.uint8)):
            close(explain(model, x, target=target), each[list(target), range(3)])
        best = np.argmax(model(x), axis=1)
        close(explain(model, x), each[best, range(3)])
        close(explain(model, x, target=lambda y: y[:, 2]), each[2])

    @pytest.mark.parametrize("target, error", BAD_TARGETS.values(), ids=BAD_TARGETS)
    def test_bad_targets(self, explain, target, error):
        with pytest.raises(ValueError, match=error):
            explain(MODEL, images(), target=target)

    @pytest.mark.parametrize("n", [1, 2, 3, 17])
    def test_an_image_does_not_depend_on_the_others(self, explain, n):
        x = images(18) * np.linspace(0.1, 1, 18, dtype=np.float32)[:, None, None, None]
        close(explain(MODEL, x[-n:]), explain(MODEL, x)[-n:])

    @pytest.mark.parametrize("shape", [(12, 17, 3), (33, 9, 1), (16, 10, 4)])
    def test_all_shapes_of_images(self, explain, shape):
        model, x = plain(shape=shape), images(2, shape)
        found = explain(model, x)
        assert found.shape == (2, *shape[:2]) and np.isfinite(found).all() and found.any()
        close(explain(model, x.round().astype(np.uint8)), explain(model, x.round()))
        close(explain(model, tf.constant(x)), found)

    def test_models_that_leave_the_size_open(self, explain):
        model, x = plain(shape=(None, None, 3)), images(2, (14, 20, 3))
        close(explain(model, x), explain(plain(shape=(14, 20, 3)), x))

    def test_augmentation_and_dropout_are_off(self, explain):
        close(explain(augmented(), images()), explain(MODEL, images()))

    def test_nothing_to_explain_gives_zeros(self, explain):
        """No NaN and no warning, which would be an error here."""
        dead = silent()
        for x in (images(), np.zeros((2, *SHAPE)), np.full((2, *SHAPE), 255.0)):
            assert not explain(dead, x).any()
            assert np.isfinite(explain(MODEL, x)).all()

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
        close(explain(half_precision(), images()), explain(MODEL, images()), 0.1)

    def test_several_inputs_and_outputs(self, explain):
        (kind, size), by_name = two_inputs()
        x, v = images(3), np.eye(3, 2, dtype=np.float32)
        assert explain(kind, [v, x]).shape == (3, 16, 16)
        inputs = {"image": x, "vector": v}
        found = explain(by_name, inputs, target=lambda y: y["size"][:, 0])
        close(found, explain(size, [v, x], target=1))
        with pytest.raises(ValueError, match="`target` must be a function of the outputs, as"):
            explain(by_name, inputs)

    def test_nothing_is_changed_nor_kept(self, explain):
        def use():
            model = sequential([layers.BatchNormalization(), *new().layers, layers.Softmax()])
            x, before = images(), surroundings()
            weights, outputs = model.get_weights(), np.asarray(model(x))
            attributes = [(layer, {**vars(layer)}) for layer in all_layers(model)]
            explain(model, x, target=lambda y: y[:, 0] + 0 * model.count_params())
            explain(model, x)
            assert all(map(np.array_equal, weights, model.get_weights()))
            for layer, old in attributes:
                assert old.keys() == vars(layer).keys()
                assert old.get("_inbound_nodes") == vars(layer).get("_inbound_nodes")
            assert np.array_equal(outputs, model(x)) and np.allclose(outputs.sum(axis=1), 1)
            assert surroundings() == before and tf.executing_eagerly()
            return [weakref.ref(each) for each in (model, *model.layers)]

        references = use()
        gc.collect()
        assert all(reference() is None for reference in references)

    def test_it_is_traced_once_and_new_weights_count(self, explain):
        counting, x = Counting(), images(3)
        model = sequential([counting, *new().layers])
        model.set_weights([weights * np.float32(1.5) for weights in MODEL.get_weights()])
        function = lambda y: y[:, 1]  # noqa: E731
        explain(model, x, target=function)
        before, calls = explain(model, x), counting.calls
        assert calls <= 4  # when it was built, and at most three graphs
        for n, target in ((2, 0), (5, [0, 1, 2, 0, 1]), (3, function), (3, lambda y: y[:, 2])):
            explain(model, images(n), target=target)
        with_weights_of(model, MODEL)
        assert differ(before, explain(model, x))
        close(explain(model, x), explain(MODEL, x))
        assert counting.calls == calls

    def test_wrong_models_and_images(self, explain, monkeypatch):
        with pytest.raises(TypeError, match="`model` must be a Keras model. Received: model='m'"):
            explain("m", images())
        with pytest.raises(ValueError, match="`model` must be built"):
            explain(keras.Sequential([layers.Dense(2)]), images())
        for wrong in (images()[0], list(images()), images()[:0]):
            with pytest.raises(
                ValueError, match=r"`images` must be an array of shape \(batch, heig"
            ):
                explain(MODEL, wrong)
        monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
        with pytest.raises(RuntimeError, match="TensorFlow backend.* Received: backend='jax'"):
            explain(MODEL, images())

    def test_a_model_whose_batch_size_is_fixed(self, explain):
        close(explain(with_fixed_batch(), images(3)), explain(MODEL, images(3)))
