"""Random functional models of all kinds of layers that the page computes, with random settings."""

import keras
import numpy as np
from keras import layers

from cnnkit import layers as own

FUNCTIONS = """
    elu exponential gelu hard_sigmoid hard_silu leaky_relu linear log_softmax mish relu relu6 selu
    sigmoid silu softmax softplus softsign tanh
""".split()


class Drawer:
    """Draws a model, layer by layer, so that all fits.

    Args:
        seed: An integer; the same one draws the same model.
    """

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def choose(self, *choices):
        return choices[self.random.integers(len(choices))]

    def number(self, low, high):
        """An integer from `low` to `high`, both included."""
        return int(self.random.integers(low, high + 1))

    def pair(self, low, high):
        return self.number(low, high), self.number(low, high)

    def model(self):
        """A model with 2 to 4 layers on maps, a nested one now and then, and a head."""
        image = keras.Input((self.number(7, 13), self.number(7, 13), self.number(1, 4)))
        maps = self.scaled(image)
        for _ in range(self.number(2, 4)):
            maps = self.on_maps(maps)
        if self.choose(True, False, False):
            maps = self.nested(maps)
        model = keras.Model(image, self.head(maps))
        for weight in model.weights:
            self.set(weight)
        return model

    def set(self, weight):
        """Numbers that are not those at the start, where many weights are 0 or 1."""
        if not weight.dtype.startswith("float"):
            return
        values = self.random.normal(size=weight.shape, scale=0.5)
        if "variance" in weight.path:
            values = values**2 + 0.1
        elif "kernel" in weight.path:
            values /= np.sqrt(max(np.prod(weight.shape[:-1]), 1)) / 2
        weight.assign(values)

    def image(self, model):
        """An image for a model."""
        return self.random.normal(size=model.inputs[0].shape[1:]).astype(np.float32)

    def nested(self, maps):
        inner = keras.Input(maps.shape[1:])
        outer = keras.Model(inner, self.on_maps(self.on_maps(inner)))
        once = outer(maps)
        return layers.Add()([once, outer(maps)]) if self.choose(True, False) else once

    def scaled(self, image):
        channels = image.shape[-1]
        numbers = self.random.uniform(0.5, 2, (2, channels)).tolist()
        return self.choose(
            layers.Rescaling(1 / 2, offset=-0.1),
            layers.Rescaling(numbers[0], offset=numbers[1]),
            layers.Normalization(mean=0.3, variance=2.0),
            layers.Normalization(mean=numbers[0], variance=numbers[1]),
        )(image)

    def on_maps(self, maps):
        height, width, channels = maps.shape[1:]
        large = min(height, width) >= 4 and height * width * channels < 4000
        kinds = [self.conv2d, self.depthwise, self.separable, self.pooling, self.pooling]
        kinds += [self.padding, self.activation, self.normalization, self.merging, self.unchanged]
        kind = self.choose(*kinds, *([self.enlarging] if large else []))
        return kind(maps)

    def window(self, maps, name="dilation_rate"):
        """Padding, and strides or a dilation, which exclude each other."""
        small = min(maps.shape[1:3]) < 5
        padding = "same" if small else self.choose("valid", "same")
        if self.choose(True, False):
            return {"padding": padding, "strides": self.pair(1, 2)}
        return {"padding": padding, name: 1 if small else self.pair(1, 2)}

    def own_activation(self):
        return self.choose(None, None, *[self.choose(*FUNCTIONS)] * 2, layers.LeakyReLU(0.2))

    def conv2d(self, maps):
        groups = self.choose(*(n for n in (1, 2, 3, 4) if maps.shape[-1] % n == 0))
        groups = self.choose(1, 1, groups)  # TensorFlow compiles a kernel for each of several
        settings = self.window(maps) | {"use_bias": self.choose(True, False), "groups": groups}
        filters, activation = groups * self.number(1, 3), self.own_activation()
        return layers.Conv2D(filters, self.pair(1, 3), activation=activation, **settings)(maps)

    def depthwise(self, maps):
        settings = self.window(maps)
        if "strides" in settings:
            settings["strides"] = settings["strides"][0]  # TensorFlow knows squares only
        settings["depth_multiplier"] = self.number(1, 2)
        settings["activation"] = self.own_activation()
        return layers.DepthwiseConv2D(self.pair(1, 3), **settings)(maps)

    def separable(self, maps):
        settings = self.window(maps)
        if "strides" in settings:
            settings["strides"] = settings["strides"][0]
        settings |= {"depth_multiplier": self.number(1, 2), "activation": self.own_activation()}
        return layers.SeparableConv2D(self.number(1, 5), self.pair(1, 3), **settings)(maps)

    def pooling(self, maps):
        kinds = (layers.MaxPooling2D, layers.AveragePooling2D, own.StochasticPooling2D)
        kind = self.choose(*kinds, own.MaxBlurPooling2D)
        small = min(maps.shape[1:3]) < 6
        padding = "same" if small else self.choose("valid", "same")
        strides = self.choose(None, 1, self.pair(1, 2))
        settings = {"kernel_size": self.number(1, 4)} if kind is own.MaxBlurPooling2D else {}
        return kind(self.pair(1, 3), strides, padding=padding, **settings)(maps)

    def padding(self, maps):
        return layers.ZeroPadding2D((self.pair(0, 2), self.pair(0, 2)))(maps)

    def enlarging(self, maps):
        interpolation = self.choose("nearest", "bilinear")
        return layers.UpSampling2D(self.pair(1, 2), interpolation=interpolation)(maps)

    def normalization(self, maps):
        has = {"center": self.choose(True, False), "scale": self.choose(True, False)}
        if self.choose(True, False):
            return layers.BatchNormalization(epsilon=self.choose(1e-3, 0.1), **has)(maps)
        groups = self.choose(-1, *(n for n in (1, 2, 3) if maps.shape[-1] % n == 0))
        return layers.GroupNormalization(groups, **has)(maps)

    def activation(self, maps):
        return self.choose(
            layers.Activation(self.choose(*FUNCTIONS)),
            layers.PReLU(),
            layers.ReLU(self.choose(None, 1.0), self.choose(0.0, 0.1), self.choose(0.0, 0.2)),
            layers.LeakyReLU(0.3),
            layers.ELU(0.7),
            layers.Softmax(),
            layers.PReLU(shared_axes=self.choose(None, [1, 2])),
            layers.PReLU(shared_axes=self.choose(None, [1, 2], [1])),
        )(maps)

    def merging(self, maps):
        """Branches of the same size; or a gate, one number for each channel, of each example."""
        kind, channels = self.choose("add", "gate", "multiply", "join", "join"), maps.shape[-1]
        if kind == "gate":
            gate = layers.GlobalAveragePooling2D(keepdims=True)(layers.ReLU()(maps))
            return layers.Multiply()([maps, layers.Dense(channels, activation="sigmoid")(gate)])
        if kind == "join":
            others = [layers.Conv2D(self.number(1, 2), 1)(maps) for _ in range(self.number(1, 2))]
            joined = layers.Concatenate(axis=self.choose(-1, 3))([maps, *others])
            return layers.Concatenate(axis=self.choose(1, 2))([joined, joined])
        branches = [layers.Conv2D(channels, 3, padding="same")(maps) for _ in range(2)]
        return (layers.Add() if kind == "add" else layers.Multiply())([maps, *branches])

    def unchanged(self, maps):
        channels = maps.shape[-1]
        pieces = [n for n in range(2, 6) if channels % n == 0]
        if pieces and self.choose(True, True, True, False):
            return own.Maxout(self.choose(*pieces))(maps)
        return self.choose(layers.Dropout(0.5), layers.SpatialDropout2D(0.2))(maps)

    def head(self, maps):
        kind = self.choose("mean", "max", "flat", "flat")
        if kind == "flat":
            height, width, channels = maps.shape[1:]
            vector = layers.Flatten()(layers.Reshape((height * width, channels))(maps))
        else:
            pooling = layers.GlobalAveragePooling2D if kind == "mean" else layers.GlobalMaxPooling2D
            vector = pooling()(layers.ReLU()(maps))  # after normalisation a mean is rounding alone
        vector = layers.Dropout(0.5)(layers.Dense(self.number(2, 8), self.own_activation())(vector))
        return layers.Dense(self.number(1, 10), self.choose(None, "softmax", "sigmoid"))(vector)
