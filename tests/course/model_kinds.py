"""Small models of many kinds, each with what is known of it without the package.

All weights are 0 or more, and biases are 0, so that a bright spot on a black image speaks for class
1; class 0 has the logit 0, so that the logit of class 1 follows from the probabilities.
"""

import dataclasses
import tempfile
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from cnnkit import layers as own

SIZE, SPOT = 24, (slice(4, 7), slice(17, 20))
SHAPE = (SIZE, SIZE, 3)
SOFTMAX, SIGMOID = "softmax", "sigmoid"


@dataclasses.dataclass
class Kind:
    """A model, and what is known of it.

    Attributes:
        title: Of its column; description: a sentence about it.
        model: The model.
        maps: A function from its inputs to the last maps of the image, without the package.
        rest: A function from those maps, and its inputs, to its outputs.
        layer: Path of the layer with the last maps.
        score: A function of its outputs: what is explained by default.
        probability: Likewise: the probability of that.
        products: Its multiply-adds, on paper.
        loss, labels: For training.
        shapes: Of its inputs; the first is the image.
        needed: Arguments for tools that refuse without them.
        flat: A function from the maps to what the layer gives: tokens, where it gives them.
        raw: As `maps`, before a softmax over their channels.
        tolerance: Of comparisons, as a part of the largest value.
        everywhere: Weights by which units see all of the image, beyond their rectangle.
        others: Its other inputs, for one example.
        is_random: Whether it draws random numbers in training.
    """

    title: str
    description: str
    model: keras.Model
    maps: Callable | None
    rest: Callable | None
    score: Callable
    probability: Callable
    products: int
    loss: Any
    labels: Any
    layer: str = "last"
    shapes: tuple = (SHAPE,)
    needed: dict = dataclasses.field(default_factory=dict)
    flat: Callable = lambda maps: maps
    raw: Callable | None = None
    tolerance: float = 1e-3
    everywhere: tuple = ()
    others: tuple = ()
    is_random: bool = False

    def inputs(self, image):
        """What the model takes, for some images."""
        others = [np.repeat(other, len(image), axis=0) for other in self.others]
        return [*map(tf.convert_to_tensor, [image, *others])] if others else image

    @property
    def where(self):
        """Where the spot lies in an image, a volume or a signal."""
        n_axes = len(self.shapes[0]) - 1
        return SPOT[:1] if n_axes == 1 else (*[slice(None)] * (n_axes - 2), *SPOT)

    def spot(self, n=1):
        """Black images with a bright spot, each darker than the one before."""
        images = np.zeros((n, *self.shapes[0]), np.float32)
        axes = [SPOT[0], SPOT[1]]
        if len(self.shapes[0]) == 2:  # a row of pixels
            images[:, SPOT[0]] = 10
        elif self.shapes[0][0] == 3 and len(self.shapes[0]) == 3:  # channels first
            images[:, :, *axes] = 10
        elif len(self.shapes[0]) == 3:
            images[:, *axes] = 10
        else:  # frames, or slices of a volume
            images[:, :, *axes] = 10
        darker = 0.8 ** np.arange(n, dtype=np.float32)
        return images * darker.reshape(-1, *[1] * len(self.shapes[0]))


def conv(filters, name, strides=1, dims=2, **options):
    options = {"padding": "same", "activation": "relu"} | options
    kind = (layers.Conv1D, layers.Conv2D, layers.Conv3D)[dims - 1]
    return kind(filters, 3, strides=strides, name=name, **options)


def body(**options):
    return [conv(4, "first", 2, **options), conv(6, "last", **options)]


def tail(units=2, activation=SOFTMAX, pool=layers.GlobalAveragePooling2D, **options):
    return [pool(name="pool", **options), layers.Dense(units, activation=activation, name="scores")]


PRODUCTS = 12 * 12 * (27 * 4 + 36 * 6) + 6 * 2  # of body and tail


def chain(some_layers):
    """The function that calls one layer after the other."""

    def run(x, inputs=None):
        # Outside of a model random layers are at work, unless they are told.
        options = {} if keras.backend.is_keras_tensor(x) else {"training": False}
        for layer in some_layers:
            x = layer(x, **options)
        return x

    return run


def set_weights(model):
    """Weights of 0 or more, the same on each machine; none for class 0 of two."""
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        if weight.path.endswith("kernel"):
            value = rng.uniform(0.5, 1.5, weight.shape) / np.prod(weight.shape[:-1])
            if "scores" in weight.path and weight.shape[-1] > 1:
                value *= np.arange(weight.shape[-1]) * weight.shape[0]
            weight.assign(value)
    return model


def log_odds(outputs):
    """The logit of class 1, from the probabilities."""
    outputs = tf.cast(outputs, tf.float32)
    last = outputs.shape[-1] - 1
    one = outputs[:, last]
    return tf.math.log(one / (outputs[:, 0] if last == 1 else 1 - one))


def last_unit(outputs):
    return tf.cast(outputs, tf.float32)[:, outputs.shape[-1] - 1]


CROSSENTROPY = keras.losses.SparseCategoricalCrossentropy()
LOGITS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
CLASSES = np.array([1, 1, 0, 0])


def kind(title, description, model, maps=None, rest=None, **known):
    """A `Kind` of a model, compiled if it has a loss."""
    known = (
        dict(
            score=log_odds, probability=last_unit, products=PRODUCTS, loss=CROSSENTROPY,
            labels=CLASSES,
        )
        | known
    )  # fmt: skip
    set_weights(model)
    result = Kind(title, description, model, maps, rest, **known)
    if result.loss is not None:
        # Without a graph, which takes longer to make than the few steps do.
        model.compile(keras.optimizers.SGD(0.1), result.loss, run_eagerly=True)
    return result


def plain(title, description, before, after, shape=SHAPE, **known):
    """A functional model of two lists of layers, one up to the last maps and one behind."""
    inputs = keras.Input(shape, name="image")
    maps, rest = chain(before), chain(after)
    model = keras.Model(inputs, rest(maps(inputs)), name="model")
    return kind(title, description, model, maps, rest, shapes=(shape,), **known)


def sequential():
    before, after = body(), tail()
    model = keras.Sequential([keras.Input(SHAPE, name="image"), *before, *after], name="model")
    return kind("Sequential", "`keras.Sequential`", model, chain(before), chain(after))


def functional():
    return plain("functional", "`keras.Model(inputs, outputs)`", body(), tail())


def nested():
    before, after = body(), tail()
    inner = keras.Sequential([keras.Input(SHAPE), *before], name="inner")
    inputs = keras.Input(SHAPE, name="image")
    model = keras.Model(inputs, chain(after)(inner(inputs)), name="model")
    text = "a Sequential model as a layer of a functional one"
    return kind("nested", text, model, chain(before), chain(after), layer="inner/last")


class Subclassed(keras.Model):
    def __init__(self, before, after):
        super().__init__(name="model")
        self.parts = [*before, *after]

    def call(self, x):
        return chain(self.parts)(x)


def subclassed():
    before, after = body(), tail()
    model = Subclassed(before, after)
    model(np.zeros((1, *SHAPE), np.float32))
    text = "a subclass of `keras.Model` with a `call` of its own"
    return kind(
        "subclassed", text, model, chain(before), chain(after),
        needed={"layer": "last", "start": np.full(SHAPE, 0.5, np.float32)},
    )  # fmt: skip


def reloaded():
    with tempfile.TemporaryDirectory() as folder:
        functional().model.save(f"{folder}/model.keras")
        model = keras.saving.load_model(f"{folder}/model.keras")
    maps, rest = chain(model.layers[1:3]), chain(model.layers[3:])
    return kind("reloaded", "functional, saved to a file `.keras` and loaded", model, maps, rest)


def shared():
    first, last, after = conv(6, "first", 2), conv(6, "last"), tail()
    inputs = keras.Input(SHAPE, name="image")
    maps = chain([first, last, last])
    model = keras.Model(inputs, chain(after)(maps(inputs)), name="model")
    products = 12 * 12 * (27 * 6 + 2 * 54 * 6) + 12
    text = "a convolution that is called twice, one call after the other"
    return kind(
        "shared layer", text, model, maps, chain(after), products=products,
        needed={"layer": ("last", 1)},
    )  # fmt: skip


def with_numbers():
    before, (pool, scores) = body(), tail()
    inputs = [keras.Input(SHAPE, name="image"), keras.Input((2,), name="numbers")]

    def rest(maps, inputs):
        return scores(keras.ops.concatenate([pool(maps), inputs[1]], axis=1))

    model = keras.Model(inputs, rest(chain(before)(inputs[0]), inputs), name="model")
    return kind(
        "image, numbers", "two inputs, an image and two numbers, in a list", model,
        lambda inputs: chain(before)(inputs[0]), rest, products=PRODUCTS + 2 * 2,
        shapes=(SHAPE, (2,)), others=(np.float32([[0.1, 0.2]]),),
    )  # fmt: skip


def two_images():
    before, (pool, scores) = body(), tail()
    inputs = [keras.Input(SHAPE, name="image"), keras.Input(SHAPE, name="other")]
    run = chain(before)

    def rest(maps, inputs):
        return scores(keras.ops.concatenate([pool(maps), pool(run(inputs[1]))], axis=1))

    model = keras.Model(inputs, rest(run(inputs[0]), inputs), name="model")
    other = np.zeros((1, *SHAPE), np.float32)
    other[:, 18:22, 2:6] = 12
    return kind(
        "two images", "two images in a list, through the same convolutions", model,
        lambda inputs: run(inputs[0]), rest, products=2 * PRODUCTS, shapes=(SHAPE, SHAPE),
        others=(other,), needed={"image": 0, "layer": ("last", 1)},
    )  # fmt: skip


def two_outputs():
    before, (pool, scores) = body(), tail()
    size = layers.Dense(1, name="size")
    inputs = keras.Input(SHAPE, name="image")

    def rest(maps, inputs=None):
        pooled = pool(maps)
        return [scores(pooled), size(pooled)]

    model = keras.Model(inputs, rest(chain(before)(inputs)), name="model")

    def target(outputs):
        return outputs[0][:, 1]

    return kind(
        "two outputs", "two outputs in a list, classes and a number", model, chain(before), rest,
        products=PRODUCTS + 6, loss=[CROSSENTROPY, "mse"], score=target, probability=target,
        labels=[CLASSES, CLASSES[:, None].astype(np.float32)],
        needed={"target": target, "score": target},
    )  # fmt: skip


def one_unit():
    text = "one unit with a sigmoid"
    return plain(
        "sigmoid unit", text, body(), tail(1, SIGMOID), loss="binary_crossentropy",
        products=PRODUCTS - 6,
    )  # fmt: skip


def with_logits(compiled=True):
    title = "logits, compiled" if compiled else "logits, not compiled"
    with_loss = "compiled with `SparseCategoricalCrossentropy(from_logits=True)`"
    text = f"two units without an activation, {with_loss if compiled else 'not compiled'}"
    needed = {} if compiled else {"target": last_unit}
    return plain(
        title, text, body(), tail(2, None), loss=LOGITS if compiled else None, score=last_unit,
        probability=lambda outputs: keras.ops.softmax(outputs)[:, 1], needed=needed,
    )  # fmt: skip


def uncompiled():
    return with_logits(compiled=False)


def multi_label():
    text = "three units, each with a sigmoid"
    labels = np.float32([[1, 0, 1], [0, 0, 1], [0, 1, 0], [1, 0, 0]])
    return plain(
        "multi-label", text, body(), tail(3, SIGMOID), loss="binary_crossentropy", labels=labels,
        products=PRODUCTS + 6,
    )  # fmt: skip


def regression():
    labels = np.float32([[4], [3], [2], [1]])
    return plain(
        "regression", "one unit without an activation, compiled with `mse`", body(), tail(1, None),
        loss="mse", score=last_unit, probability=last_unit, labels=labels, products=PRODUCTS - 6,
    )  # fmt: skip


def mixed():
    before = body(dtype="mixed_float16")
    after = tail(dtype="mixed_float16")
    return plain(
        "mixed precision", "`mixed_float16`, the classes in float32", before, after, tolerance=0.02
    )


def quantized():
    before, after = body(), tail()
    inputs = keras.Input(SHAPE, name="image")
    model = set_weights(keras.Model(inputs, chain(after)(chain(before)(inputs)), name="model"))
    model.quantize("int8")
    text = "after `model.quantize('int8')`"
    return kind("int8", text, model, chain(before), chain(after), tolerance=0.05)


def one_dimension():
    text = "`Conv1D` on 24 samples of three channels"
    products = 12 * (9 * 4 + 12 * 6) + 12
    return plain(
        "1-D", text, body(dims=1), tail(pool=layers.GlobalAveragePooling1D), (SIZE, 3),
        products=products, needed={"layer": "last"},
    )  # fmt: skip


def three_dimensions():
    text = "`Conv3D` on volumes of 4 x 24 x 24 of one channel"
    products = 2 * 12 * 12 * (27 * 4 + 108 * 6) + 12
    return plain(
        "3-D", text, body(dims=3), tail(pool=layers.GlobalAveragePooling3D), (4, SIZE, SIZE, 1),
        products=products, needed={"layer": "last"},
    )  # fmt: skip


def channels_first():
    options = dict(data_format="channels_first")
    text = "images of shape (channels, height, width)"
    return plain(
        "channels first", text, body(**options), tail(**options), (3, SIZE, SIZE),
        needed={"layer": "last"},
    )  # fmt: skip


def attention():
    first, last = body()
    attend = layers.MultiHeadAttention(1, 4, name="attention")
    tokens, grid = layers.Reshape((144, 4), name="tokens"), layers.Reshape((12, 12, 4), name="grid")
    add = layers.Add(name="add")

    def maps(image):
        x = first(image)
        t = tokens(x)
        return last(add([x, grid(attend(t, t))]))

    after = tail()
    inputs = keras.Input(SHAPE, name="image")
    model = keras.Model(inputs, chain(after)(maps(inputs)), name="model")
    # Four projections of 144 tokens of 4 numbers, and two products of all pairs.
    products = PRODUCTS + 4 * 144 * 4 * 4 + 2 * 144 * 144 * 4
    text = "`MultiHeadAttention` over the positions of maps, added to them"
    result = kind("attention", text, model, maps, chain(after), products=products, tolerance=0.01)
    result.everywhere = tuple(w for w in attend.weights if "value/kernel" in w.path)
    return result


def vit():
    patches = layers.Conv2D(8, 4, strides=4, name="last")
    attend = layers.MultiHeadAttention(2, 4, name="attention")
    tokens, add = layers.Reshape((36, 8), name="tokens"), layers.Add(name="add")
    after = tail(pool=layers.GlobalAveragePooling1D)

    def rest(maps, inputs=None):
        t = tokens(maps)
        return chain(after)(add([t, attend(t, t)]))

    inputs = keras.Input(SHAPE, name="image")
    model = keras.Model(inputs, rest(patches(inputs)), name="model")
    products = 36 * 48 * 8 + 4 * 36 * 8 * 8 + 2 * 36 * 36 * 8 + 8 * 2
    text = "patches by a convolution, then attention between them"
    return kind("ViT", text, model, patches, rest, products=products, tolerance=0.01)


def tokens():
    cut = [layers.Reshape((6, 4, 6, 4 * 3)), layers.Permute((1, 3, 2, 4)), layers.Reshape((36, 48))]
    last = layers.Dense(8, "relu", name="last")
    attend = layers.MultiHeadAttention(2, 4, name="attention")
    token, add = layers.ZeroPadding1D((1, 0), name="class_token"), layers.Add(name="add")
    scores = tail()[1]

    def flat(maps):
        return keras.ops.reshape(maps, (-1, 36, 8))

    def maps(image):
        return keras.ops.reshape(last(chain(cut)(image)), (-1, 6, 6, 8))

    def rest(maps, inputs=None):
        t = token(flat(maps) if len(maps.shape) == 4 else maps)
        return scores(add([t, attend(t, t)])[:, 0])

    inputs = keras.Input(SHAPE, name="image")
    model = keras.Model(inputs, rest(last(chain(cut)(inputs))), name="model")
    products = 36 * 48 * 8 + 4 * 37 * 8 * 8 + 2 * 37 * 37 * 8 + 8 * 2
    text = "patches by a reshape, all of it tokens, with a class token that is classified"
    return kind(
        "tokens", text, model, maps, rest, products=products, tolerance=0.01, flat=flat,
        needed={"layer": "last"},
    )  # fmt: skip


def frames():
    after = [
        layers.TimeDistributed(layers.GlobalAveragePooling2D(), name="pool"),
        layers.LSTM(4, name="lstm"),
        layers.Dense(2, activation=SOFTMAX, name="scores"),
    ]
    before = [layers.TimeDistributed(layer, name=layer.name) for layer in body()]
    products = 3 * 12 * 12 * (27 * 4 + 36 * 6) + 3 * 4 * (6 + 4) * 4 + 8
    return plain(
        "frames", "convolutions in `TimeDistributed`, then an LSTM over three frames", before,
        after, (3, *SHAPE), products=products, needed={"layer": "last"},
    )  # fmt: skip


def u_net():
    first, deep = conv(4, "first", 2), conv(6, "deep")
    up = layers.Conv2DTranspose(4, 2, strides=2, activation="relu", name="up")
    skip = conv(2, "skip")
    merge = layers.Concatenate(name="merge")
    scores, softmax = layers.Conv2D(2, 1, name="scores"), layers.Softmax(name="softmax")

    def raw(image):
        return scores(merge([skip(image), up(deep(first(image)))]))

    def maps(image):
        return softmax(raw(image))

    def target(outputs):
        return outputs[:, 5, 18, 1]

    inputs = keras.Input(SHAPE, name="image")
    model = keras.Model(inputs, maps(inputs), name="model")
    products = 12 * 12 * (27 * 4 + 36 * 6 + 6 * 4 * 4) + 24 * 24 * (27 * 2 + 6 * 2)
    text = "a small U-Net with a transposed convolution, which gives each pixel two classes"
    labels = np.zeros((4, SIZE, SIZE), int)
    labels[:, *SPOT] = 1
    return kind(
        "U-Net", text, model, maps, lambda maps, inputs=None: maps, products=products,
        layer="softmax", raw=raw, score=target, probability=target, labels=labels,
        needed={"target": target, "score": target},
    )  # fmt: skip


def own_layers():
    before = [
        own.RandomAffine(rotation=20, name="affine"),
        own.RandomColor(brightness=0.2, value_range=(0, 10), name="color"),
        conv(8, "first"),
        own.Maxout(2, name="maxout"),
        own.MaxBlurPooling2D(name="blur"),
        own.StochasticPooling2D(2, name="last"),
    ]
    products = 24 * 24 * 27 * 8 + 24 * 24 * 9 * 4 + 4 * 2
    text = "`RandomAffine`, `RandomColor`, `Maxout`, `MaxBlurPooling2D` and `StochasticPooling2D`"
    return plain("own layers", text, before, tail(), products=products, is_random=True)


def open_size():
    result = plain(
        "open size", "images of shape (None, None, 3)", body(), tail(), (None, None, 3),
        needed={"start": np.full(SHAPE, 0.5, np.float32), "image_size": SIZE},
    )  # fmt: skip
    result.shapes = (SHAPE,)
    return result


KINDS = {
    "How it is put together, what it takes and gives": (
        *(sequential, functional, nested, subclassed, reloaded, shared, with_numbers, two_images),
        *(two_outputs, one_unit, with_logits, uncompiled, multi_label, regression),
    ),
    "What is in it": (
        *(mixed, quantized, one_dimension, three_dimensions, channels_first, attention, vit),
        *(tokens, frames, u_net, own_layers, open_size),
    ),
}
