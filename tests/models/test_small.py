"""Shapes and numbers of the small networks, as the course gives them, and that they learn."""

import keras
import numpy as np

from cnnkit import models
from cnnkit.geometry import model_table
from cnnkit.layers import RandomColor

# Convolutions, pooling and dense layers: shape of the output, parameters.
SMALL_CNN = [
    ((28, 28, 16), 160),
    ((14, 14, 16), 0),
    ((14, 14, 32), 4_640),
    ((7, 7, 32), 0),
    ((7, 7, 64), 18_496),
    ((3, 3, 64), 0),
    ((128,), 73_856),
    ((10,), 1_290),
]


def test_small_cnn_has_the_shapes_and_counts_of_the_course():
    model = models.small_cnn()
    rows = [
        (row.output_shape, row.parameters)
        for row in model_table(model).rows
        if row.type in ("Conv2D", "MaxPooling2D", "Dense")
    ]
    assert rows == SMALL_CNN
    assert model.count_params() == 160 + 4_640 + 18_496 + 73_856 + 1_290 == 98_442
    assert models.small_cnn((48, 48, 3), n_classes=1).output_shape == (None, 1)


def test_small_cnn_learns():
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 256)
    images = rng.uniform(0, 100, (256, 16, 16, 1)) + 100 * labels[:, None, None, None]
    model = models.small_cnn((16, 16, 1), n_classes=1)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    metric = keras.metrics.BinaryAccuracy(threshold=0.0)
    model.compile("adam", loss, metrics=[metric], jit_compile=False)  # which takes seconds
    model.fit(images, labels, epochs=5, verbose=0)
    assert model.evaluate(images, labels, verbose=0)[1] > 0.95


def test_normalized_cnn_has_the_parameters_on_paper():
    model = models.normalized_cnn()
    convolutions, per_map, dense = 324 + 2_592 + 10_368, 4 * (12 + 24 + 48), 48 + 1
    assert model.count_params() == convolutions + per_map + dense == 13_669
    assert model.output_shape == (None, 1)


def test_the_augmentation_of_a_normalized_cnn_is_for_training_alone():
    images = np.random.default_rng(0).uniform(0, 255, (4, 8, 8, 3)).astype("float32")
    plain = models.normalized_cnn((8, 8, 3))
    model = models.normalized_cnn((8, 8, 3), [keras.layers.GaussianNoise(0.9), RandomColor(0.5)])
    model.set_weights(plain.get_weights() + model.get_weights()[len(plain.get_weights()) :])
    np.testing.assert_array_equal(model(images, training=False), plain(images, training=False))
    assert (model(images, training=True) != plain(images, training=True)).numpy().any()


def test_small_cnn_has_another_size_of_input_than_the_slides_say():
    """With 32x32 pixels its first dense layer sees 4 * 4 * 64 values, not 3 * 3 * 64."""
    assert models.small_cnn((32, 32, 1)).count_params() == 155_786
