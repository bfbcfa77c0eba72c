"""Random networks whose weights are not negative, and images with one bright spot for them.

Kernels are random between a half and 1, and fall from their middle to their sides. So they differ
from channel to channel, but none is much heavier on one side: what a unit answers to lies in the
middle of what it sees, and a map shows the spot where the spot is.
"""

from dataclasses import dataclass, replace

import keras
import numpy as np
from keras import layers, ops

from cnnkit import layers as own_layers

SMALLEST_MAP = 5  # positions along each axis
LARGEST_MARGIN = 12  # pixels
# A wider field is cut at the border of the image, and lies more to the other side.
LARGEST_FIELD = 40
SPOT = 3


@dataclass(frozen=True)
class Graph:
    """A network, and what it is given.

    Attributes:
        model: A functional model with one image or several inputs.
        inputs: An image of shape `(1, height, width, channels)`, or a list of inputs.
        image: Which of them is explained; None if there is one image only.
        spot: `(row, column)` of the middle of its bright spot.
        coarsest: `(vertical, horizontal)`, the largest distance in pixels from unit to unit that
            the maps had on their way.
        ingredients: A set of strings.
    """

    model: keras.Model
    inputs: object
    image: int | None
    spot: np.ndarray
    coarsest: np.ndarray
    ingredients: frozenset


@dataclass(frozen=True)
class Maps:
    """What is built so far.

    Attributes:
        tensor: The maps, of shape `(batch, rows, columns, channels)`.
        stride: Pixels from unit to unit, for each axis.
        coarsest: The largest stride so far.
        margin: How many pixels at a border of the image may have lost their units.
        field: How many pixels a unit sees, if no branch is without a position.
        ingredients: A set of strings.
    """

    tensor: object
    stride: tuple = (1, 1)
    coarsest: tuple = (1, 1)
    margin: tuple = (0, 0)
    field: tuple = (1, 1)
    ingredients: frozenset = frozenset()

    @property
    def size(self):
        return self.tensor.shape[1:3]

    @property
    def channels(self):
        return self.tensor.shape[-1]

    def then(self, tensor, *ingredients, window=(1, 1), strides=(1, 1), cut=(0, 0)):
        """The maps after a step, whose windows may leave out `cut` units at a border."""
        stride = np.multiply(self.stride, strides)
        return Maps(
            tensor,
            tuple(stride.tolist()),
            tuple(np.maximum(self.coarsest, stride).tolist()),
            tuple((self.margin + np.multiply(cut, self.stride)).tolist()),
            tuple((self.field + np.multiply(np.subtract(window, 1), self.stride)).tolist()),
            self.ingredients | {*ingredients},
        )


def random_graph(seed):
    """Make a `Graph`; the same for the same seed."""
    return _Builder(np.random.default_rng(seed)).graph()


class _Builder:
    def __init__(self, rng):
        self.rng = rng

    def choose(self, options):
        return options[self.rng.integers(len(options))]

    def pair(self, options):
        """A value for each axis, mostly the same."""
        first = self.choose(options)
        return first, first if self.rng.random() < 0.7 else self.choose(options)

    # Weights

    def kernel(self, shape, dtype=None):
        """Kernels whose sum over a window and the channels it takes is about 1."""
        values = self.rng.uniform(0.5, 1, shape)
        if len(shape) == 4:
            for axis, n in enumerate(shape[:2]):
                window = np.minimum(np.arange(1, n + 1), np.arange(n, 0, -1))
                values *= np.expand_dims(window, [i for i in range(4) if i != axis])
        taken = tuple(range(len(shape) - 1))
        return ops.cast(values / values.sum(axis=taken).mean(), dtype)

    def depthwise_kernel(self, shape, dtype=None):
        return self.kernel(shape, dtype) * shape[2]

    def transposed_kernel(self, shape, dtype=None):
        return ops.transpose(self.kernel((*shape[:2], shape[3], shape[2]), dtype), (0, 1, 3, 2))

    def dense(self, n, activation=None):
        return layers.Dense(n, activation, kernel_initializer=self.kernel)

    def conv2d(self, channels, kernel_size=1, strides=1, padding="same", rate=1, **options):
        options = {"activation": self.choose(["relu", "relu", "leaky_relu", None]), **options}
        return layers.Conv2D(
            channels,
            kernel_size,
            strides,
            padding,
            dilation_rate=rate,
            kernel_initializer=self.kernel,
            **options,
        )

    # Steps: from maps to maps

    def window(self, maps, smallest=1, largest=7):
        """Kernel size and strides: no pixel is left out."""
        strides, largest = self.pair([1, 1, 1, 2, 2, 3]), min(largest, *maps.size)
        kernel = tuple(int(self.rng.integers(max(s, smallest), largest + 1)) for s in strides)
        return kernel, strides

    def padding(self, maps, window):
        """How a layer pads, and how many units that may cut off."""
        padding = self.choose(["valid", "same"])
        if padding == "same" or any(np.subtract(maps.size, window) < 0):
            return "same", (0, 0)
        return "valid", np.add(window, 1) // 2

    def conv(self, maps):
        kernel, strides = self.window(maps)
        padding, cut = self.padding(maps, kernel)
        tensor = self.conv2d(self.choose([2, 3, 4]), kernel, strides, padding)(maps.tensor)
        found = [f"conv {padding}", *_sizes(kernel, strides)]
        return maps.then(tensor, *found, window=kernel, strides=strides, cut=cut)

    def padded_conv(self, maps):
        kernel, strides = self.window(maps, 2)
        border = tuple(tuple(int(n) for n in self.rng.integers(0, k, 2)) for k in kernel)
        padded = layers.ZeroPadding2D(border)(maps.tensor)
        tensor = self.conv2d(3, kernel, strides, "valid")(padded)
        found = ["ZeroPadding", *_sizes(kernel, strides)]
        return maps.then(tensor, *found, window=kernel, strides=strides, cut=kernel)

    def crop(self, maps):
        cut = self.rng.integers(0, 3, (2, 2)).tolist()
        return maps.then(layers.Cropping2D(cut)(maps.tensor), "Cropping", cut=np.max(cut, axis=1))

    def dilated_conv(self, maps):
        rate, kernel = self.pair([2, 3]), self.pair([2, 3])
        window = np.multiply(np.subtract(kernel, 1), rate) + 1
        padding, cut = self.padding(maps, window)
        tensor = self.conv2d(3, kernel, 1, padding, rate)(maps.tensor)
        return maps.then(tensor, "dilated", window=window, cut=cut)

    def depthwise_conv(self, maps):
        kernel, strides = self.window(maps, 2, 5)
        kernel, strides = (max(kernel),) * 2, (max(strides),) * 2  # TensorFlow takes no others
        padding, cut = self.padding(maps, kernel)
        tensor = layers.DepthwiseConv2D(
            kernel, strides, padding, depthwise_initializer=self.depthwise_kernel
        )(maps.tensor)
        return maps.then(tensor, "depthwise", window=kernel, strides=strides, cut=cut)

    def separable_conv(self, maps):
        kernel, strides = (self.choose([3, 4, 5]),) * 2, (self.choose([1, 2]),) * 2
        padding, cut = self.padding(maps, kernel)
        tensor = self.separable(kernel, strides, padding)(maps.tensor)
        return maps.then(tensor, "separable", window=kernel, strides=strides, cut=cut)

    def separable(self, kernel, strides, padding):
        initializers = dict(
            depthwise_initializer=self.depthwise_kernel, pointwise_initializer=self.kernel
        )
        return layers.SeparableConv2D(3, kernel, strides, padding, **initializers)

    def pooling(self, maps):
        kernel, strides = self.window(maps, 1, 4)
        padding, cut = self.padding(maps, kernel)
        kind = self.choose([layers.MaxPooling2D, layers.AveragePooling2D])
        tensor = kind(kernel, strides, padding)(maps.tensor)
        return maps.then(tensor, "pooling", window=kernel, strides=strides, cut=cut)

    def blur_pooling(self, maps):
        kernel, strides = self.pair([2, 3]), self.pair([1, 2])
        blur = self.choose([3, 4, 5])
        window = np.add(kernel, blur - 1)
        padding, cut = self.padding(maps, window)
        tensor = own_layers.MaxBlurPooling2D(kernel, strides, blur, padding)(maps.tensor)
        return maps.then(tensor, "MaxBlurPooling2D", window=window, strides=strides, cut=cut)

    def stochastic_pooling(self, maps):
        kernel = self.pair([2, 3])
        padding, cut = self.padding(maps, kernel)
        tensor = own_layers.StochasticPooling2D(kernel, padding=padding)(maps.tensor)
        found = "StochasticPooling2D"
        return maps.then(tensor, found, window=kernel, strides=kernel, cut=cut)

    def maxout(self, maps):
        tensor = self.conv2d(4, 3, activation=None)(maps.tensor)
        return maps.then(own_layers.Maxout(2)(tensor), "Maxout", window=(3, 3))

    def transposed_conv(self, maps):
        strides, padding = self.pair([1, 2]), self.choose(["valid", "same"])
        kernel = tuple(int(self.rng.integers(s, 6)) for s in strides)
        layer = layers.Conv2DTranspose(
            3, kernel, strides, padding, kernel_initializer=self.transposed_kernel
        )
        return self.enlarged(maps, layer(maps.tensor), strides, "transposed", window=(3, 3))

    def upsampling(self, maps):
        factors, kind = self.pair([1, 2]), self.choose(["nearest", "bilinear"])
        tensor = layers.UpSampling2D(factors, interpolation=kind)(maps.tensor)
        return self.enlarged(maps, tensor, factors, "upsampling", window=(2, 2))

    def enlarged(self, maps, tensor, factors, ingredient, window):
        return maps.then(tensor, ingredient, window=window, strides=1 / np.array(factors))

    def branches(self, maps):
        """Some that are as long as each other, and as coarse."""
        strides = self.pair([1, 2])
        makers = [self.branch_conv, self.branch_pool, self.branch_two, self.branch_separable]
        chosen = self.rng.permutation(len(makers))[: self.choose([2, 3])]
        tensors = [makers[i](maps.tensor, strides) for i in chosen]
        merge = self.choose(["Add", "Concatenate", "Maximum"])
        found = ["branches", merge]
        if merge != "Maximum" and self.choose([True, False]):
            found.append("keras.ops")
            is_sum = merge == "Add"
            tensor = sum(tensors[1:], tensors[0]) if is_sum else ops.concatenate(tensors, axis=-1)
        else:
            tensor = getattr(layers, merge)()(tensors)
        return maps.then(tensor, *found, window=(5, 5), strides=strides)

    def branch_conv(self, tensor, strides):
        return self.conv2d(3, self.choose([1, 3, 4, 5]), strides)(tensor)

    def branch_pool(self, tensor, strides):
        kind = self.choose([layers.MaxPooling2D, own_layers.MaxBlurPooling2D])
        return self.conv2d(3)(kind(3, strides, padding="same")(tensor))

    def branch_two(self, tensor, strides):
        return self.conv2d(3, 3, strides)(self.conv2d(2, self.choose([1, 2, 3]))(tensor))

    def branch_separable(self, tensor, strides):
        if strides[0] != strides[1]:  # which TensorFlow does not take
            return self.branch_conv(tensor, strides)
        return self.separable(3, strides, "same")(tensor)

    def residual(self, maps):
        tensor = maps.tensor
        for _ in range(2):
            tensor = self.conv2d(maps.channels, self.choose([1, 2, 3]))(tensor)
        kind = self.choose(["layer", "operator"])
        both = layers.Add()([maps.tensor, tensor]) if kind == "layer" else maps.tensor + tensor
        found = ["residual", *(["keras.ops"] if kind == "operator" else [])]
        return maps.then(both, *found, window=(5, 5))

    def gate(self, maps):
        """Squeeze and excitation."""
        n = maps.channels
        if self.choose([True, False]):
            mean = layers.Reshape((1, 1, n))(layers.GlobalAveragePooling2D()(maps.tensor))
        else:
            mean = layers.GlobalAveragePooling2D(keepdims=True)(maps.tensor)
        weights = self.dense(n, "sigmoid")(self.dense(2, "relu")(mean))
        return maps.then(layers.Multiply()([maps.tensor, weights]), "gate")

    def context(self, maps):
        """What the whole image is like, beside each position."""
        mean = self.conv2d(2)(ops.mean(maps.tensor, axis=(1, 2), keepdims=True))
        if self.choose([True, False]):
            wide = layers.UpSampling2D(maps.size)(mean)
            tensor = layers.Concatenate()([maps.tensor, wide])
        else:
            tensor = maps.tensor + self.conv2d(maps.channels)(mean)
        return maps.then(self.conv2d(3)(tensor), "global context", "keras.ops")

    def attention(self, maps):
        """Where to look, from the mean and the largest of the channels."""
        tensor = maps.tensor
        both = [f(tensor, axis=-1, keepdims=True) for f in (ops.mean, ops.max)]
        where = self.conv2d(1, self.choose([3, 7]), activation="sigmoid")(
            layers.Concatenate()(both)
        )
        return maps.then(tensor * where, "spatial attention", "keras.ops", window=(3, 3))

    def nested(self, maps):
        """A model within a model, or within two."""
        inner = replace(maps, tensor=keras.Input(maps.tensor.shape[1:]))
        first = inner.tensor
        for _ in range(2):
            inner = self.step(inner, self.SINGLE)
        kind = self.choose(["functional", "Sequential"])
        model = keras.Model(first, inner.tensor)
        if kind == "Sequential":
            shape = maps.tensor.shape[1:]
            model = keras.Sequential([keras.Input(shape), model, layers.Dropout(0.2)])
        return inner.then(model(maps.tensor), f"nested {kind}")

    def shared(self, maps):
        """One layer, twice: after itself, or in two branches."""
        layer = self.conv2d(maps.channels, self.choose([2, 3]), activation="relu")
        if self.choose([True, False]):
            tensor = layer(layer(maps.tensor))
        else:
            scaled = layers.Rescaling(0.5)(maps.tensor)
            tensor = layers.Average()([layer(maps.tensor), layer(scaled)])
        return maps.then(tensor, "shared layer", window=(5, 5))

    def batch_norm(self, maps):
        """With a mean of 0 or less, so that no map is below 0 everywhere."""
        layer = layers.BatchNormalization()
        tensor = layer(maps.tensor)
        ranges = {"gamma": (0.5, 1.5), "moving_mean": (-0.02, 0), "moving_variance": (0.5, 1.5)}
        for name, (low, high) in ranges.items():
            weight = getattr(layer, name)
            weight.assign(self.rng.uniform(low, high, weight.shape))
        return maps.then(tensor, "BatchNormalization")

    def dropout(self, maps):
        kind = self.choose([layers.Dropout, layers.SpatialDropout2D, layers.GaussianNoise])
        return maps.then(kind(0.3)(maps.tensor), "Dropout")

    def normalization(self, maps):
        """Of all positions together, or of the channels at each, beside the maps as they are."""
        if self.choose([True, False]):
            tensor = layers.GroupNormalization(1)(maps.tensor)
            return maps.then(layers.ReLU()(tensor), "GroupNormalization")
        tensor = layers.LayerNormalization(epsilon=1.0)(maps.tensor)
        tensor = self.conv2d(maps.channels, 3, activation="relu")(tensor)
        both = layers.Add()([maps.tensor, tensor])
        return maps.then(both, "LayerNormalization", window=(3, 3))

    def operations(self, maps):
        """Functions of `keras.ops` that move or shrink maps."""
        kind, tensor = self.choose(["slice", "pad", "pool", "activation"]), maps.tensor
        options = {}
        if kind == "slice":
            tensor = tensor[:, 2:, 1:-1]
            options = {"cut": (2, 1)}
        elif kind == "pad":
            tensor = ops.pad(tensor, ((0, 0), (2, 0), (0, 1), (0, 0)))
        elif kind == "pool":
            tensor = ops.max_pool(tensor, 2, 2, "same")
            options = {"window": (2, 2), "strides": (2, 2)}
        return maps.then(ops.relu(1.5 * tensor), f"ops {kind}", "keras.ops", **options)

    def unusual(self, maps):
        """Steps that a reader of the architecture may not follow."""
        kind = self.choose(["attention", "steps", "resized", "center crop", "there and back"])
        tensor, size, n, options = maps.tensor, maps.size, maps.channels, {}
        if kind == "attention":
            small = keras.initializers.RandomUniform(0.05, 0.1, seed=int(self.rng.integers(99)))
            layer = layers.MultiHeadAttention(1, 2, attention_axes=(1, 2), kernel_initializer=small)
            tensor = tensor + layer(tensor, tensor)
        elif kind == "steps":
            tensor = tensor[:, ::2, 1::2]
            options = {"strides": (2, 2), "cut": (1, 1)}
        elif kind == "resized":
            size = size[0] * 3 // 4, size[1] * 2 // 3
            tensor = layers.Resizing(*size)(tensor)
            options = {"window": (2, 2), "strides": np.divide(maps.size, size)}
        elif kind == "center crop":
            tensor = layers.CenterCrop(size[0] - 3, size[1] - 1)(tensor)
            options = {"cut": (2, 1)}
        elif self.choose(["tokens", "flip"]) == "tokens":
            tokens = self.dense(n)(layers.Reshape((size[0] * size[1], n))(tensor))
            tensor = layers.Reshape((*size, n))(tokens)
        else:
            tensor = ops.flip(ops.relu(ops.flip(tensor, axis=2)), axis=2)
        return maps.then(tensor, kind, "unusual", **options)

    SINGLE = (
        "conv conv conv padded_conv padded_conv crop dilated_conv depthwise_conv separable_conv "
        "pooling blur_pooling stochastic_pooling maxout transposed_conv upsampling batch_norm "
        "dropout"
    ).split()
    MORE = (
        "branches branches residual gate context attention nested nested shared "
        "normalization normalization operations operations unusual"
    ).split()

    def step(self, maps, names=None):
        """One more step; another one where too little of the image would be left."""
        while True:
            after = getattr(self, self.choose(names or [*self.SINGLE, *self.MORE]))(maps)
            is_cut = max(after.margin) > LARGEST_MARGIN or max(after.field) > LARGEST_FIELD
            if not is_cut and min(after.size) >= SMALLEST_MAP:
                return after

    # The whole

    def front(self, maps):
        """What stands before the first convolution."""
        if self.choose([True, False]):
            scale = self.choose([1.0, 0.5])
            maps = maps.then(layers.Rescaling(scale)(maps.tensor))
        if self.choose([True, False]):
            kinds = own_layers.RandomAffine, own_layers.RandomWarp, layers.RandomTranslation
            options = [dict(rotation=0.2), {}, dict(height_factor=0.2, width_factor=0.2)]
            i = self.rng.integers(len(kinds))
            maps = maps.then(kinds[i](**options[i])(maps.tensor), kinds[i].__name__, "random layer")
        return maps

    def trunk(self, maps):
        maps = self.front(maps)
        for _ in range(self.choose([2, 3, 4, 5])):
            maps = self.step(maps)
        return maps

    def graph(self):
        kind = self.choose(["one", "one", "one", "two images", "joined", "siamese", "vector"])
        size = tuple(self.rng.integers(40, 65, 2).tolist())
        shape = (*size, self.choose([1, 3]))
        first = keras.Input(shape)
        second = keras.Input((3,) if kind == "vector" else shape)
        if kind == "joined":
            both = [self.conv2d(2, 3)(each) for each in (first, second)]
            maps = self.trunk(Maps(layers.Concatenate()(both)))
        else:
            maps = self.trunk(Maps(first))
        vectors = [self.pooled(maps)]
        if kind == "two images":
            vectors.append(self.pooled(Maps(self.conv2d(3, 3, 2)(second))))
        elif kind == "siamese":
            base = keras.Model(first, vectors[0])
            first = keras.Input(shape)
            vectors = [base(first), base(second)]
        elif kind == "vector":
            weights = layers.Reshape((1, 1, maps.channels))(self.dense(maps.channels)(second))
            maps = maps.then(layers.Multiply()([maps.tensor, weights]))
            vectors = [self.pooled(maps), second]
        joined = layers.Concatenate()(vectors) if len(vectors) > 1 else vectors[0]
        outputs = self.dense(3, self.choose([None, "softmax"]))(joined)
        image, spot = self.image(shape, maps.margin)
        if kind == "one":
            model, inputs, at = keras.Model(first, outputs), image, None
        else:
            other = {
                "vector": np.ones((1, 3), np.float32),
                "joined": np.zeros_like(image),  # its spot would be in the maps too
            }
            other = other[kind] if kind in other else self.image(shape, maps.margin)[0]
            at = self.choose([0, 1])
            order = slice(None, None, -1 if at else 1)
            model = keras.Model([first, second][order], outputs)
            inputs = [image, other][order]
        return Graph(model, inputs, at, spot, maps.coarsest, maps.ingredients | {kind})

    def pooled(self, maps):
        layer = self.choose([layers.GlobalAveragePooling2D, layers.Flatten])
        return layer()(maps.tensor)

    def image(self, shape, margin):
        """A dark image with a bright spot, and the middle of the spot."""
        low = np.maximum(margin, 10) + 2
        spot = self.rng.integers(low, np.subtract(shape[:2], low))
        image = np.full((1, *shape), self.choose([0, 0.02]), np.float32)
        rows, columns = (slice(at - SPOT // 2, at + SPOT // 2 + 1) for at in spot)
        image[0, rows, columns] = self.rng.uniform(0.8, 1)
        return image, spot


def _sizes(kernel, strides):
    return ["kernel of 5 to 7"] * (max(kernel) > 4) + ["strides of 3"] * (max(strides) > 2)
