"""A small network that makes new images of a class."""

import keras
from keras import layers, ops


def conditional_vae(n_pixels, n_classes, n_codes=8, n_units=128):
    """Build a variational autoencoder that is told the class of each image.

    The encoder makes of an image the means and the logarithms of the variances of `n_codes` normal
    distributions, a code is drawn from them, and the decoder makes an image of the code. Trained
    for likeness and for codes like those of a standard normal distribution, the decoder makes new
    images of codes from there. (Kingma and Welling, "Auto-encoding variational Bayes", 2014,
    arXiv:1312.6114, equation 10; told the class as in Sohn, Lee and Yan, "Learning structured
    output representation using deep conditional generative models", 2015.)

    Args:
        n_pixels: Values of an image, `height * width * channels`.
        n_classes: Number of classes.
        n_codes: Numbers in a code.
        n_units: Units of the one hidden layer of the encoder, and of the decoder.

    Returns:
        Two `keras.Model`, not compiled: the autoencoder, from `[images, one_hot]`, of shapes
        `(batch, n_pixels)` with values in 0..1 and `(batch, n_classes)`, to images; and its
        decoder, from `[codes, one_hot]` to images. Train the first with
        `loss="binary_crossentropy"` on the images that it gets; the other part of the loss is
        inside.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from cnnkit import data, models
    >>> digits, labels = data.load_digits()
    >>> pixels, classes = digits.reshape(-1, 64) / 255, keras.utils.to_categorical(labels)
    >>> autoencoder, decoder = models.conditional_vae(n_pixels=64, n_classes=10)
    >>> autoencoder.compile("adam", "binary_crossentropy")
    >>> history = autoencoder.fit([pixels, classes], pixels, epochs=1, verbose=0)
    >>> codes = np.random.default_rng(0).normal(size=(10, 8))
    >>> decoder.predict([codes, np.eye(10)], verbose=0).shape  # one new digit of each class
    (10, 64)
    """
    images, one_hot = keras.Input((n_pixels,)), keras.Input((n_classes,), name="one_hot")
    hidden = layers.Dense(n_units, "relu")(layers.Concatenate()([images, one_hot]))
    normal = layers.Dense(2 * n_codes)(hidden)
    codes = DrawCode(1 / n_pixels)(normal)

    code_input = keras.Input((n_codes,), name="codes")
    hidden = layers.Dense(n_units, "relu")(layers.Concatenate()([code_input, one_hot]))
    pixels = layers.Dense(n_pixels, "sigmoid")(hidden)
    decoder = keras.Model([code_input, one_hot], pixels, name="decoder")
    return keras.Model(
        [images, one_hot], decoder([codes, one_hot]), name="conditional_vae"
    ), decoder


@keras.saving.register_keras_serializable(package="cnnkit")
class DrawCode(keras.Layer):
    """Draw from normal distributions, and add to the loss how far they are from the standard one.

    Args:
        weight: Factor of that part of the loss, the Kullback-Leibler divergence.
        seed: Integer, for the same draws each time. None means new ones each time.

    Call arguments:
        inputs: Tensor of shape `(batch, 2 * n_codes)`: means, then logarithms of variances.

    Output shape:
        `(batch, n_codes)`.

    Example:

    >>> import keras
    >>> from cnnkit import models
    >>> inputs = keras.Input((64,))
    >>> means_and_logs = keras.layers.Dense(2 * 8)(inputs)
    >>> codes = models.DrawCode(seed=0)(means_and_logs)
    >>> codes.shape
    (None, 8)
    >>> model = keras.Model(inputs, keras.layers.Dense(64, "sigmoid")(codes))  # an autoencoder
    """

    def __init__(self, weight=1.0, *, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.weight, self.seed = weight, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs):
        mean, log_variance = ops.split(inputs, 2, axis=-1)
        variance = ops.exp(log_variance)
        divergence = ops.sum(mean**2 + variance - 1 - log_variance, axis=-1) / 2
        self.add_loss(self.weight * ops.mean(divergence))
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return mean + ops.sqrt(variance) * noise

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] // 2)

    def get_config(self):
        return {**super().get_config(), "weight": self.weight, "seed": self.seed}
