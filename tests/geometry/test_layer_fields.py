"""Each layer has a rule or a reason; what elementwise layers, windows and enlargements see."""

import keras
import numpy as np
import pytest
from field_check import check_field
from keras import layers

from cnnkit import layers as own_layers
from cnnkit.geometry import _layer_fields as rules
from cnnkit.geometry import receptive_field
from cnnkit.geometry._field_rules import across, meet

ONES = {"kernel_initializer": "ones", "use_bias": False}


def classes():
    """The layers of Keras and of this package, by the names of their classes."""
    found = [getattr(room, name) for room in (layers, own_layers) for name in dir(room)]
    found = [each for each in found if isinstance(each, type) and issubclass(each, keras.Layer)]
    return {each.__name__: each for each in found}


def test_each_layer_is_decided_once():
    """A class that Keras adds needs a rule in `_layer_fields`, or a reason why it has none."""
    assert not set(classes()) - set(rules.RULES) - set(rules.REFUSED)
    assert not set(rules.RULES) & set(rules.REFUSED)


def test_names_are_of_layers():
    """The few that Keras has no more, or not yet, are known by name."""
    newer = {"GroupedQueryAttention", "StochasticDepth", "LayerScale", "CustomScaleLayer"}
    newer |= {name for name in rules.RULES | rules.REFUSED if name.startswith("Adaptive")}
    newer |= {"ReversibleEmbedding", "ContrastLimitedAdaptiveHistogramEqualization"}
    assert not set(rules.RULES) - set(classes()) - newer
    assert not set(rules.REFUSED) - set(classes()) - newer


ARGUMENTS = {
    "Activation": ["tanh"],
    "Dense": [2],
    "Discretization": [[0.3, 0.5, 0.7]],
    "Normalization": [-1, 0.5, 2.0],
    "Rescaling": [2.0],
    "RandomPosterization": [4],
    "RandomTranslation": [0.5, 0.5],
    "Maxout": [3],
    "SpatialDropout2D": [0.5],
    **dict.fromkeys(("AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise"), [0.5]),
}
FACTORS = """
    RandomBrightness RandomColorDegeneration RandomContrast RandomHue RandomInvert RandomRotation
    RandomSaturation RandomSharpness RandomZoom
""".split()
# Of Equalization, which changes images in training only, Keras can make no functional model.
ELEMENTWISE = {n for n, rule in rules.RULES.items() if rule in (meet, across)} - {"Equalization"}
MERGES = "Add Average Maximum Minimum Multiply Subtract".split()


@pytest.mark.parametrize("name", sorted(ELEMENTWISE & {*classes()}))
def test_elementwise_layers_pass_nothing_to_other_places(name):
    layer = classes()[name](*ARGUMENTS.get(name, [0.5] if name in FACTORS else []))
    image = np.random.default_rng(0).uniform(0.2, 0.6, (6, 7, 3)).astype("float32")
    images = np.stack([image, image])
    images[1, 2, 4, 0] += 0.3
    maps = keras.Input((6, 7, 3))
    model = keras.Model(maps, layer([maps, 2 * maps]) if name in MERGES else layer(maps))
    first, second = np.array(model(images, training=False)).astype(float)
    changed = np.argwhere(np.abs(first - second).max(axis=-1) > 1e-5)  # more than rounding
    assert changed.tolist() == [[2, 4]]


def sequence(*steps, size=(24, 26)):
    return keras.Sequential([keras.Input((*size, 2)), *steps])


def conv(kernel_size=3, strides=1, padding="same", **options):
    return layers.Conv2D(2, kernel_size, strides, padding, **options, **ONES)


def back(kernel_size, strides, padding="same", **options):
    return layers.Conv2DTranspose(2, kernel_size, strides, padding, **options, **ONES)


SLIDING = {
    "blur": [own_layers.MaxBlurPooling2D()],
    "blur of uneven windows": [own_layers.MaxBlurPooling2D((3, 2), (2, 3), 4)],
    "blur without padding": [conv(3), own_layers.MaxBlurPooling2D(3, 2, 5, "valid")],
    "stochastic": [own_layers.StochasticPooling2D((2, 3)), own_layers.Maxout()],
    "stochastic with padding": [own_layers.StochasticPooling2D(3, 2, "same")],
    "wrapped": [layers.SpectralNormalization(conv(3, 2))],
    "in time": [layers.TimeDistributed(layers.Dense(2, **ONES)), conv(3, 2)],
    "einsum": [layers.EinsumDense("...x,xy->...y", (24, 26, 3), kernel_initializer="ones")],
    "crop": [layers.CenterCrop(13, 18), conv(3, 2)],
    "pipeline": [layers.Pipeline([layers.Resizing(12, 26), layers.CenterCrop(10, 20)]), conv()],
}
ENLARGING = {
    "nearest": [layers.UpSampling2D((2, 3))],
    "there and back": [layers.MaxPooling2D(), layers.UpSampling2D(2), conv()],
    "up and up and down": [layers.UpSampling2D(2), conv(), layers.UpSampling2D(3), conv(3, 2)],
    "bilinear": [conv(3, 2), layers.UpSampling2D((3, 4), interpolation="bilinear"), conv()],
    "bicubic": [conv(3, 2), layers.UpSampling2D(2, interpolation="bicubic")],
    "lanczos5": [layers.UpSampling2D(2, interpolation="lanczos5")],
    "transposed 1": [conv(3, 2), back(1, 3)],
    "transposed 2": [conv(3, 2), back(2, 2)],
    "transposed 3": [conv(3, 2), back(3, 2)],
    "transposed 5": [conv(3, 2), back(5, 3, "valid")],
    "transposed, dilated": [conv(), back(3, 1, dilation_rate=2)],
    "transposed, padded": [conv(3, 2), back((3, 4), (2, 3), output_padding=(1, 2))],
    "transposed twice": [conv(3, 4), back(4, 2), back(3, 2), conv()],
    "half": [layers.Resizing(12, 13)],
    "half, smooth": [layers.Resizing(12, 13, antialias=True)],
    "half, nearest": [layers.Resizing(12, 39, interpolation="nearest")],
    "thirds": [layers.Resizing(16, 20, interpolation="bicubic", antialias=True)],
    "cut": [layers.Resizing(12, 20, crop_to_aspect_ratio=True)],
    "padded": [layers.Resizing(20, 12, pad_to_aspect_ratio=True)],
    "enlarged and cut": [layers.CenterCrop(30, 20)],
}


@pytest.mark.parametrize("name", [*SLIDING, *ENLARGING])
def test_fields_are_the_smallest_around_what_units_see(name):
    check_field(sequence(*(SLIDING | ENLARGING)[name]))


@pytest.mark.skipif(not hasattr(layers, "AdaptiveMaxPooling2D"), reason="Keras has none yet")
@pytest.mark.parametrize("kind", ["Average", "Max"])
@pytest.mark.parametrize("size", [(6, 13), (10, 7), (30, 40)])
def test_adaptive_pooling(kind, size):
    check_field(sequence(getattr(layers, f"Adaptive{kind}Pooling2D")(size)))


@pytest.mark.skipif(not hasattr(layers, "AdaptiveMaxPooling2D"), reason="Keras has none yet")
def test_adaptive_pooling_to_one_position_is_global():
    field = receptive_field(model := sequence(layers.AdaptiveMaxPooling2D(1)), model.layers[-1])
    assert (field.size, field.strides) == ((24, 26), (0, 0))


def test_the_check_notices_other_rules(monkeypatch):
    """A transposed convolution is no repetition, and bilinear is not nearest."""
    monkeypatch.setitem(rules.RULES, "Conv2DTranspose", rules._upsample)
    monkeypatch.setattr(layers.Conv2DTranspose, "size", (2, 2), raising=False)
    monkeypatch.setattr(layers.Conv2DTranspose, "interpolation", "nearest", raising=False)
    with pytest.raises(AssertionError):
        check_field(sequence(*ENLARGING["transposed 3"]))
    check_field(sequence(*ENLARGING["transposed 2"]))


@pytest.mark.parametrize("seed", range(8))
def test_random_networks(seed):
    rng = np.random.default_rng(seed)
    makers = [
        lambda: conv(int(rng.integers(1, 5)), int(rng.integers(1, 3)), padding()),
        lambda: layers.MaxPooling2D(int(rng.integers(1, 4)), int(rng.integers(1, 3)), padding()),
        lambda: layers.UpSampling2D(int(rng.integers(1, 4)), interpolation=interpolation()),
        lambda: back(int(rng.integers(1, 5)), int(rng.integers(1, 3)), padding()),
        lambda: own_layers.MaxBlurPooling2D(2, int(rng.integers(1, 3))),
        lambda: layers.ZeroPadding2D(int(rng.integers(0, 3))),
        lambda: layers.Cropping2D(((1, 0), (0, 2))),
    ]

    def padding():
        return str(rng.choice(["same", "valid"]))

    def interpolation():
        return str(rng.choice(["nearest", "bilinear"]))

    outputs = inputs = keras.Input((44, 40, 1))
    for _ in range(4):
        outputs = makers[rng.integers(len(makers))]()(outputs)
    model = keras.Model(inputs, outputs)
    check_field(model, margin=6)


def test_what_sees_beyond_its_field():
    kinds = [
        layers.LayerNormalization((1, 2, 3), name="layer"),
        layers.GroupNormalization(1, name="group"),
        layers.Softmax((1, 2), name="softmax"),
        layers.UnitNormalization(axis=1, name="unit"),
        layers.AutoContrast(name="contrast"),
    ]
    model = sequence(*kinds, layers.LayerNormalization(), layers.Softmax(), conv(3, 2))
    field = receptive_field(model)
    assert field.beyond == tuple(layer.name for layer in kinds)
    assert (field.size, field.strides, field.offset) == ((3, 3), (2, 2), (0, 0))


def test_attention_stays_where_its_query_is():
    inputs = keras.Input((12, 12, 2))
    query, value = conv(3, 2)(inputs), conv(5, 4)(inputs)
    attention = layers.MultiHeadAttention(1, 2, name="attention", attention_axes=(1, 2))
    model = keras.Model(inputs, attention(value=value, query=query))
    field = receptive_field(model)
    assert field.size == (3, 3) and field.strides == (2, 2) and field.beyond == ("attention",)
