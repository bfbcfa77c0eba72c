"""Small networks that start from scratch."""

import keras


def small_cnn(input_shape=(28, 28, 1), n_classes=10):
    """A plain CNN: three times convolution, ReLU and max pooling, then two dense layers.

    Args:
        input_shape: `(height, width, channels)` of the images, whose values are in 0..255.
        n_classes: Number of logits, one for each class; 1 stands for two classes, of which one
            logit tells.

    Returns:
        A `keras.Model` without a final activation, not compiled. At 28x28x1 it has 98,442
        parameters.

    Example:

    >>> import keras
    >>> from cnnkit import data, models
    >>> digits, labels = data.load_digits(28)
    >>> model = models.small_cnn()
    >>> loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    >>> model.compile("adam", loss, metrics=["accuracy"])
    >>> history = model.fit(digits[:300, ..., None], labels[:300], verbose=0)
    """
    layers = [keras.Input(input_shape), keras.layers.Rescaling(1 / 255)]
    for filters in (16, 32, 64):
        layers.append(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
        layers.append(keras.layers.MaxPooling2D())
    layers += [
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(n_classes),
    ]
    return keras.Sequential(layers, name="small_cnn")


def normalized_cnn(input_shape=(32, 32, 3), augmentation=()):
    """Build a CNN with batch normalisation for two classes of small images.

    Three convolutions, each followed by batch normalisation and ReLU, with max pooling between
    them. Of each map the strongest answer counts, wherever it is.

    Args:
        input_shape: `(height, width, channels)`, at least 4 x 4 pixels.
        augmentation: Layers through which the images go first, in training.

    Returns:
        A `keras.Model`, not compiled, from images in 0..255 to one logit. On colour images it
        has 13,669 parameters.

    Example:

    >>> from cnnkit import layers, models
    >>> augmentation = [layers.RandomAffine("horizontal", rotation=0.05, zoom=0.1)]
    >>> model = models.normalized_cnn((32, 32, 3), augmentation)
    >>> f"{model.count_params():,}"
    '13,669'
    """
    rescaling = keras.layers.Rescaling(1 / 127.5, offset=-1)
    layers = [keras.Input(input_shape), *augmentation, rescaling]
    for filters in (12, 24, 48):
        layers.append(keras.layers.Conv2D(filters, 3, padding="same", use_bias=False))
        layers += [keras.layers.BatchNormalization(momentum=0.98), keras.layers.ReLU()]
        layers += [keras.layers.MaxPooling2D()] if filters < 48 else []
    return keras.Sequential([*layers, keras.layers.GlobalMaxPooling2D(), keras.layers.Dense(1)])
