"""Maps of tokens, as a reshape by hand makes them; and a small ViT that sees a bright square."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from explained_models import close, images
from keras import layers, ops

from cnnkit.explain import (
    capture,
    effective_receptive_field,
    feature_maps,
    grad_cam,
    score_cam,
    top_images,
)
from cnnkit.explain._alignment import upsample

SIZE, PATCH, GRID, CHANNELS = (24, 32), 8, (3, 4), 6
X = images(2, (*SIZE, 3)) / 255


class ClassToken(layers.Layer):
    """Joins tokens with others of its own, so many before and after them."""

    def __init__(self, n_before, n_after=0):
        super().__init__()
        self.n = n_before, n_after

    def build(self, shape):
        self.tokens = [self.add_weight(shape=(1, n, shape[-1])) for n in self.n]

    def call(self, x):
        before, after = (ops.tile(each, (ops.shape(x)[0], 1, 1)) for each in self.tokens)
        return ops.concatenate([before, x, after], axis=1)


def vit(n_before=0, n_after=0, patches=None, size=SIZE, channels=CHANNELS, n_blocks=2):
    """A small ViT: patches, other tokens, blocks of attention, and a head behind the first token.

    Or, where there are no others, behind the mean of all.
    """
    keras.utils.set_random_seed(0)
    inputs = keras.Input((*size, 3))
    patches = patches or [layers.Conv2D(channels, PATCH, strides=PATCH)]
    x = inputs
    for part in patches:
        x = part(x)
    x = layers.Reshape((-1, channels), name="tokens")(x)
    if n_before + n_after:
        x = ClassToken(n_before, n_after)(x)
    x = x + keras.initializers.RandomNormal(0.1, seed=0)((1, 12 + n_before + n_after, channels))
    for i in range(n_blocks):
        y = layers.LayerNormalization(name=f"norm_{i}")(x)
        x = x + layers.MultiHeadAttention(2, channels // 2, name=f"attention_{i}")(y, y)
        y = layers.Dense(2 * channels, "gelu")(layers.LayerNormalization()(x))
        x = layers.Add(name=f"block_{i}")([x, layers.Dense(channels)(y)])
    x = x[:, 0] if n_before else layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, layers.Dense(2, name="scores")(x))


small = functools.cache(vit)


def of_both(explain, model, x, **options):
    """The maps of class 0 and of class 1, of which at least one is not 0."""
    return np.stack([explain(model, x, target=k, **options) for k in (0, 1)])


def by_hand(model, layer, n_before):
    """Grad-CAM of both classes on a grid, in the middle of the patches, with TensorFlow's tape."""
    return np.stack([of_class(k, model, layer, n_before) for k in (0, 1)])


def of_class(k, model, layer, n_before):
    both = keras.Model(model.inputs[0], [model.get_layer(layer).output, model.outputs[0]])
    with tf.GradientTape() as tape:
        tokens, outputs = both(X)
        tape.watch(tokens)
        score = outputs[:, k]
    maps, gradients = (
        np.asarray(each)[:, n_before : n_before + 12].reshape(-1, *GRID, CHANNELS)
        for each in (tokens, tape.gradient(score, tokens))
    )
    cam = np.einsum("brck,bk->brc", maps, gradients.mean(axis=(1, 2))).clip(0)
    return upsample(cam, SIZE, (3.5, 3.5), (8, 8))


slow = pytest.mark.usefixtures("slow_proof")


@slow
@pytest.mark.parametrize("n_before, n_after", [(0, 0), (1, 0), (2, 3)])
def test_the_grid_is_found_in_the_graph(n_before, n_after):
    model = small(n_before, n_after)
    for layer in ("norm_1", "block_0"):
        close(of_both(grad_cam, model, X, layer=layer), by_hand(model, layer, n_before))
    tokens = capture(model, X, layer="norm_1").activations
    assert tokens.shape == (2, 12 + n_before + n_after, CHANNELS)
    expected = tokens[:, n_before : n_before + 12].reshape(2, *GRID, CHANNELS)
    assert np.array_equal(feature_maps(model, X, layer="norm_1"), expected)


@slow
def test_every_method_that_takes_a_layer():
    model, options = small(1), dict(layer="norm_1")
    maps = feature_maps(model, X, **options)
    assert score_cam(model, X, target=1, **options).shape == (2, *SIZE)
    top = top_images(model, X, n=1, **options)
    assert np.array_equal(top.values[:, 0], maps.max(axis=(0, 1, 2)))
    field = effective_receptive_field(model, X, layer="tokens", position=(1, 2))
    seen = np.argwhere(field)  # before attention a token sees its patch
    assert seen.min(axis=0).tolist() == [8, 16] and seen.max(axis=0).tolist() == [15, 23]
    with pytest.raises(ValueError, match="`position` must lie in a map of 3 x 4"):
        effective_receptive_field(model, X, layer="tokens", position=(3, 0))


def scattered(x):
    """Tokens in an order that no operation with a rule gives."""
    return ops.take(x, ops.arange(12), axis=1)


@functools.cache
def lost():
    """The grid is not known."""
    patches = [layers.Conv2D(CHANNELS, PATCH, strides=PATCH), layers.Reshape((12, CHANNELS))]
    return vit(1, patches=[*patches, layers.Lambda(scattered)])


@slow
def test_the_grid_is_said():
    model, expected = lost(), by_hand(lost(), "norm_1", 1)
    with pytest.raises(ValueError, match="`layer` must give maps .* `grid` says how they lie"):
        grad_cam(model, X, target=1, layer="norm_1")
    options = dict(layer="norm_1")
    close(of_both(grad_cam, model, X, **options, grid=GRID, prefix=1), expected)

    def laid_out(tokens):
        return ops.reshape(tokens[:, 1:], (-1, *GRID, CHANNELS))

    close(of_both(grad_cam, model, X, **options, grid=laid_out), expected)
    for explain in (feature_maps, score_cam, effective_receptive_field):
        found = [explain(model, X, layer="block_0", grid=GRID, prefix=1)]
        found += [explain(model, X, layer="block_0", grid=laid_out)]
        assert np.array_equal(*found) and (explain is score_cam or found[0].any())


def windows(x):
    """Four windows of each image, of 6 tokens each."""
    x = ops.reshape(x, (-1, 2, 2, 2, 3, CHANNELS))
    return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, 6, CHANNELS))


def from_windows(x):
    x = ops.transpose(ops.reshape(x, (-1, 2, 2, 2, 3, CHANNELS)), (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, 4, 6, CHANNELS))


@functools.cache
def swin():
    """Attention within windows, the second time in shifted ones."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((16, 24, 3))
    x = layers.Conv2D(CHANNELS, 4, strides=4)(inputs)
    for i, shift in enumerate((0, 1)):
        y = layers.Lambda(lambda x, s=shift: windows(ops.roll(x, (-s, -s), (1, 2))))(x)
        y = layers.MultiHeadAttention(2, 3, name=f"windows_{i}")(y, y)
        back = layers.Lambda(lambda y, s=shift: ops.roll(from_windows(y), (s, s), (1, 2)))
        x = layers.Add(name=f"block_{i}")([x, back(y)])
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(2)(x))


@slow
@pytest.mark.filterwarnings("error")
def test_windows():
    """Behind the shift back, the last maps are the image's again; within, a function says how."""
    model, x = swin(), images(2, (16, 24, 3)) / 255
    close(of_both(grad_cam, model, x), of_both(grad_cam, model, x, layer="block_1"))
    maps = feature_maps(model, x, layer="windows_0", grid=from_windows)
    assert np.array_equal(maps, from_windows(capture(model, x, layer="windows_0").activations))
    cams = of_both(grad_cam, model, x, layer="windows_0", grid=from_windows)
    assert cams.shape == (2, 2, 16, 24) and cams.any()
    with pytest.raises(ValueError, match="`layer` must give maps"):
        grad_cam(model, x, target=1, layer="windows_1")
    with pytest.raises(ValueError, match="`layer` must give one map for .*|`grid` must return"):
        grad_cam(model, x, target=1, layer="windows_0", grid=lambda y: y)
    with pytest.raises(ValueError, match="the tokens of each of the 2 images: .*`grid` must be a"):
        grad_cam(model, x, target=1, layer="windows_0", grid=(2, 3))


@pytest.mark.parametrize(
    "options, error",
    [
        (dict(grid=(3, 5)), "`grid` and `prefix` must add up to the 13 tokens"),
        (dict(prefix=0), "`grid` and `prefix` must add up to the 13 tokens"),
        (dict(grid=(2, 4), prefix=2), "`grid` and `prefix` must add up .* before a grid of 2 x 4"),
        (dict(grid=(12,)), r"`grid` must be \(rows, columns\), positive integers"),
        (dict(grid=(3, 0)), r"`grid` must be \(rows, columns\), positive integers"),
        (dict(grid=12), r"`grid` must be \(rows, columns\), positive integers"),
        (dict(prefix=-1), "`prefix` must be an integer of at least 0. Received: prefix=-1"),
        (dict(grid=ops.relu, prefix=1), "`prefix` must be None where `grid` is a function"),
        (dict(grid=ops.relu), r"`grid` must return maps of shape \(batch, h.* shape \(2, 13, 6\)"),
    ],
)
def test_what_does_not_fit(options, error):
    with pytest.raises(ValueError, match=error):
        grad_cam(small(1, n_blocks=1), X, target=1, layer="norm_0", **options)


@slow
def test_what_gives_no_tokens_of_the_images():
    for layer in ("conv2d", "scores"):
        layer = next(each for each in small(1).layers if each.name.startswith(layer))
        with pytest.raises(ValueError, match=r"it must give the shape \(batch, tokens, channels\)"):
            grad_cam(small(1), X, target=1, layer=layer, grid=GRID)
    with pytest.raises(ValueError, match="`grid` must be given, as it is not known how the tokens"):
        grad_cam(lost(), X, target=1, layer="norm_1", prefix=1)


@slow
def test_a_layer_behind_which_the_class_token_counts_alone():
    """All gradients of the tokens of the image are 0, and the map would be too."""
    error = "`layer` must lead to the score from the tokens of the image. .* before the last att"
    for layer in ("attention_1", "block_1"):
        with pytest.raises(ValueError, match=error):
            grad_cam(small(1), X, target=1, layer=layer)


def squares(n, seed):
    """A bright or a dark square on noise, on one of the patches, and which it is."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0.5, 0.05, (n, *SIZE, 3)).astype(np.float32)
    places, kinds = rng.integers(0, GRID, (n, 2)), rng.integers(0, 2, n)
    for image, (row, column), kind in zip(x, PATCH * places, kinds, strict=True):
        image[row : row + PATCH, column : column + PATCH] = kind
    return x, kinds, places


@slow
@pytest.mark.parametrize("n_before", [0, 1])
def test_a_bright_square_decides(n_before):
    model = vit(n_before, channels=16, n_blocks=2)
    x, kinds, _ = squares(512, 0)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(3e-3), loss, metrics=["accuracy"])
    model.fit(x, kinds, batch_size=32, epochs=15, verbose=0)
    x, kinds, places = squares(64, 1)
    assert model.evaluate(x, kinds, verbose=0)[1] == 1
    x, places = x[kinds == 1], places[kinds == 1]
    maps = grad_cam(model, x, target=1, layer="norm_1")
    peaks = np.array([np.unravel_index(cam.argmax(), cam.shape) for cam in maps])
    assert (peaks // PATCH == places).all(axis=1).mean() > 0.9
