import keras
import numpy as np
import pytest

from cnnkit import geometry
from cnnkit.explain import effective_receptive_field

RNG = np.random.default_rng(0)


def network(linear=False):
    activation = None if linear else "relu"
    kernels = keras.initializers.RandomUniform(0.1, 1, seed=1) if linear else "glorot_uniform"
    options = dict(activation=activation, kernel_initializer=kernels)
    return keras.Sequential(
        [
            keras.Input((25, 21, 2)),
            keras.layers.Conv2D(3, 3, strides=2, padding="same", **options),
            keras.layers.AveragePooling2D(2),
            keras.layers.Conv2D(4, 3, dilation_rate=1, padding="same", **options, name="last"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2),
        ]
    )


def by_differences(model, image, row, column, h=1e-2):
    """The same for one image, one pixel after the other; exact for networks without ReLU."""
    part = keras.Model(model.inputs[0], model.get_layer("last").output)
    field = np.zeros(image.shape)
    steps = h * np.eye(image.size, dtype=np.float32).reshape(-1, *image.shape)
    unit = lambda x: np.asarray(part(x))[:, row, column].sum(axis=-1)  # noqa: E731
    field = (unit(image + steps) - unit(image - steps)).reshape(image.shape) / (2 * h)
    return np.abs(field).sum(axis=-1)


@pytest.mark.parametrize("position", [None, (0, 0), (2, 4)])
def test_it_is_the_size_of_the_gradient(position):
    model = network(linear=True)
    image = RNG.normal(size=(25, 21, 2)).astype("float32")
    row, column = position or (3, 2)
    field = effective_receptive_field(model, image[None], position=position)
    assert field.shape == (25, 21) and field.dtype == np.float32
    expected = by_differences(model, image, row, column)
    assert np.abs(field - expected).max() < 1e-2 * expected.max()


def test_its_support_is_the_theoretical_field():
    model = network(linear=True)
    seen = effective_receptive_field(model, RNG.normal(size=(1, 25, 21, 2)), layer="last") > 0
    field = geometry.receptive_field(model, "last")
    first = [o + p * s for o, p, s in zip(field.offset, (3, 2), field.strides, strict=True)]
    box = np.zeros((25, 21), bool)
    rows, columns = (slice(max(f, 0), f + s) for f, s in zip(first, field.size, strict=True))
    box[rows, columns] = True
    assert np.array_equal(seen, box)


def test_it_is_a_mean_over_images_and_leaves_the_model_alone():
    model, images = network(), RNG.normal(size=(3, 25, 21, 2))
    before = model.get_weights()
    whole = effective_receptive_field(model, images)
    singles = [effective_receptive_field(model, image[None]) for image in images]
    assert np.allclose(whole, np.mean(singles, axis=0), atol=1e-6)
    assert all(map(np.array_equal, before, model.get_weights()))
    assert "call" not in vars(model.get_layer("last"))


def test_one_call_of_a_shared_layer():
    keras.utils.set_random_seed(0)
    options = dict(padding="same", kernel_initializer="ones")
    parts = [keras.layers.Conv2D(1, 3, **options) for _ in range(2)]
    relu = keras.layers.ReLU(name="relu")
    model = keras.Sequential([keras.Input((9, 9, 1)), parts[0], relu, parts[1], relu])
    images = np.ones((1, 9, 9, 1))
    sizes = [
        np.count_nonzero(effective_receptive_field(model, images, layer=("relu", call)))
        for call in range(2)
    ]
    assert sizes == [3 * 3, 5 * 5]
    last = effective_receptive_field(model, images)
    assert np.array_equal(last, effective_receptive_field(model, images, layer=(relu, 1)))
    with pytest.raises(ValueError, match="`layer` must say which of its calls is meant"):
        effective_receptive_field(model, images, layer="relu")


def test_clear_errors():
    model, images = network(), np.zeros((1, 25, 21, 2))
    with pytest.raises(ValueError, match=r"`position` must lie in a map of 6 x 5. Received: "):
        effective_receptive_field(model, images, position=(6, 0))
    with pytest.raises(ValueError, match="`layer` must give maps"):
        effective_receptive_field(model, images, layer=model.layers[-1])
    with pytest.raises(ValueError, match="`layer` must be a layer of the model"):
        effective_receptive_field(model, images, layer="nowhere")


def test_of_a_softmax_it_is_the_field_of_what_comes_before():
    """The sum over its channels is always 1, and has no gradient but rounding."""
    inputs = keras.Input((9, 9, 2))
    maps = keras.layers.Conv2D(3, 3, padding="same", name="logits")(inputs)
    model = keras.Model(inputs, keras.layers.Softmax(name="softmax")(maps))
    images = RNG.normal(size=(2, 9, 9, 2)).astype("float32")
    expected = effective_receptive_field(model, images, layer="logits")
    assert expected.max() > 0.01
    np.testing.assert_allclose(effective_receptive_field(model, images), expected, rtol=1e-6)
