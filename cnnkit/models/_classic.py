"""Classic networks, in the form in common use."""

import keras


def lenet5(input_shape=(32, 32, 1), n_classes=10):
    """LeNet-5, which read digits (LeCun, Bottou, Bengio and Haffner, 1998, section II.B).

    It is the form in common use, which learns a little more than the 60,000 numbers of the paper.
    There the second convolution sees only some of the maps, pooling has a weight, a bias and a
    sigmoid for each map, tanh is scaled, and the last layer compares with fixed drawings of the
    classes.

    Args:
        input_shape: `(height, width, channels)` of the images, whose values are in 0..255. The
            digits, of 28x28 pixels, have a border of 2.
        n_classes: Number of logits.

    Returns:
        A `keras.Model` without a final activation, not compiled. At 32x32x1 it has 61,706
        parameters.

    Example:

    >>> from cnnkit import models
    >>> model = models.lenet5()
    >>> f"{model.count_params():,}"
    '61,706'
    """
    layers = [
        keras.Input(input_shape),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(6, 5, activation="tanh"),
        keras.layers.AveragePooling2D(2),
        keras.layers.Conv2D(16, 5, activation="tanh"),
        keras.layers.AveragePooling2D(2),
        keras.layers.Conv2D(120, 5, activation="tanh"),  # at 32x32 it sees the whole map
        keras.layers.Flatten(),
        keras.layers.Dense(84, activation="tanh"),
        keras.layers.Dense(n_classes),
    ]
    return keras.Sequential(layers, name="lenet5")


def alexnet(input_shape=(227, 227, 3), n_classes=1000, groups=1):
    """AlexNet, which won the ImageNet challenge of 2012 (Krizhevsky, Sutskever and Hinton, 2012).

    Without the paper's local response normalisation, which learns nothing and has gone out of use.

    Args:
        input_shape: `(height, width, channels)` of the images, whose values are in 0..255. The
            paper says 224x224, but its sizes of maps come out with 227x227 only.
        n_classes: Number of logits.
        groups: 1, or 2 as in the paper: each of its two graphics cards had half of the maps, and
            the convolutions 2, 4 and 5 see those of their own card only.

    Returns:
        A `keras.Model` without a final activation, not compiled. At 227x227x3 it has 62,378,344
        parameters, or 60,965,224 in two groups, which take 250 MB. `alexnet_layers` takes none.

    Example:

    >>> from cnnkit import models
    >>> model = models.alexnet((67, 67, 3), n_classes=10)
    >>> model.output_shape, f"{model.count_params():,}"  # most of them in its dense layers
    ((None, 10), '21,622,154')
    """
    layers = [keras.Input(input_shape), *alexnet_layers(n_classes, groups)]
    return keras.Sequential(layers, name="alexnet")


def alexnet_layers(n_classes=1000, groups=1):
    """List the layers of `alexnet`, before any weight exists.

    That is enough to ask for shapes (`layer.compute_output_shape`) and costs
    (`cnnkit.geometry.parameters` and `multiply_adds`), layer by layer.

    Args:
        n_classes, groups: As in `alexnet`.

    Returns:
        A list of Keras layers, not built.

    Example:

    >>> import keras
    >>> from cnnkit import geometry, models
    >>> shape = (227, 227, 3)
    >>> for layer in models.alexnet_layers():
    ...     if isinstance(layer, keras.layers.Conv2D):
    ...         print(shape, f"{geometry.multiply_adds(layer, shape):,}")
    ...     shape = layer.compute_output_shape((None, *shape))[1:]
    ...
    (227, 227, 3) 105,415,200
    (27, 27, 96) 447,897,600
    (13, 13, 256) 149,520,384
    (13, 13, 384) 224,280,576
    (13, 13, 384) 149,520,384
    """

    def convolution(filters, size, groups=1):
        options = dict(padding="same", activation="relu", groups=groups)
        return keras.layers.Conv2D(filters, size, **options)

    return [
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(96, 11, strides=4, activation="relu"),
        keras.layers.MaxPooling2D(3, strides=2),  # windows of 3 every 2 pixels overlap
        convolution(256, 5, groups),
        keras.layers.MaxPooling2D(3, strides=2),
        convolution(384, 3),
        convolution(384, 3, groups),
        convolution(256, 3, groups),
        keras.layers.MaxPooling2D(3, strides=2),
        keras.layers.Flatten(),
        keras.layers.Dense(4096, activation="relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(4096, activation="relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(n_classes),
    ]
