"""Shapes and numbers of the classic networks, as the course and the papers give them."""

import keras
import numpy as np
import pytest

from cnnkit import geometry, models

# Convolutions, pooling and dense layers: shape of the output, parameters, multiply-adds.
ALEXNET = [
    ((55, 55, 96), 34_944, 105_415_200),
    ((27, 27, 96), 0, 0),
    ((27, 27, 256), 614_656, 447_897_600),
    ((13, 13, 256), 0, 0),
    ((13, 13, 384), 885_120, 149_520_384),
    ((13, 13, 384), 1_327_488, 224_280_576),
    ((13, 13, 256), 884_992, 149_520_384),
    ((6, 6, 256), 0, 0),
    ((4096,), 37_752_832, 37_748_736),
    ((4096,), 16_781_312, 16_777_216),
    ((1000,), 4_097_000, 4_096_000),
]
LENET5 = [
    ((28, 28, 6), 156),
    ((14, 14, 6), 0),
    ((10, 10, 16), 2_416),
    ((5, 5, 16), 0),
    ((1, 1, 120), 48_120),
    ((84,), 10_164),
    ((10,), 850),
]


def table(layers, shape):
    """`(shape of the output, parameters, multiply-adds)` of each layer, without building it."""
    rows = []
    for layer in layers:
        costs = geometry.parameters(layer, shape), geometry.multiply_adds(layer, shape)
        shape = layer.compute_output_shape((None, *shape))[1:]
        if "conv" in layer.name or "pooling" in layer.name or "dense" in layer.name:
            rows.append((shape, *costs))
    return rows


@pytest.fixture(scope="module")
def alexnet_table():
    layers = models.alexnet_layers()
    rows = table(layers, (227, 227, 3))
    assert not any(layer.weights for layer in layers), "250 MB of weights are not needed"
    return rows


def test_alexnet_has_the_shapes_and_counts_of_the_course(alexnet_table):
    assert alexnet_table == ALEXNET


def test_alexnet_in_total(alexnet_table):
    parameters, products = (
        np.array(column) for column in list(zip(*alexnet_table, strict=True))[1:]
    )
    assert parameters.sum() == 62_378_344 and products.sum() == 1_135_256_096
    assert round(100 * parameters[8:].sum() / parameters.sum(), 1) == 94.0  # dense layers
    assert round(100 * products[:8].sum() / products.sum(), 1) == 94.8  # convolutions


def test_alexnet_on_two_cards():
    rows = table(models.alexnet_layers(groups=2), (227, 227, 3))
    assert [row[0] for row in rows] == [row[0] for row in ALEXNET]
    saved = [one[1] - two[1] for one, two in zip(ALEXNET, rows, strict=True)]
    assert np.flatnonzero(saved).tolist() == [2, 5, 6], "convolutions 2, 4 and 5"
    assert sum(row[1] for row in rows) == 60_965_224


def test_alexnet_does_not_fit_the_size_in_the_paper():
    rows = table(models.alexnet_layers(), (224, 224, 3))
    assert rows[0][0] == (54, 54, 96) and (224 - 11) % 4 == 1


def test_alexnet_runs():
    model = models.alexnet((67, 67, 3), 5)
    assert model.name == "alexnet" and model.layers[-1].activation is keras.activations.linear
    assert [layer.name[:5] for layer in model.layers] == [
        layer.name[:5] for layer in models.alexnet_layers()
    ]
    outputs = model(np.zeros((2, 67, 67, 3), "uint8"))
    assert outputs.shape == (2, 5) and np.isfinite(outputs).all()


def test_lenet5_has_the_shapes_and_counts_of_the_course():
    model = models.lenet5()
    rows = table(model.layers, model.input_shape[1:])
    assert [row[:2] for row in rows] == LENET5
    assert model.count_params() == sum(row[1] for row in rows) == 61_706


def test_lenet5_differs_from_the_paper_in_what_it_says():
    """There the second convolution sees some of the maps, pooling learns, the last layer does not.

    Table I of the paper says which maps; all in all it counts 60,000 numbers that are learned.
    """
    second_convolution = 6 * (3 * 25 + 1) + 9 * (4 * 25 + 1) + (6 * 25 + 1)
    pooling = 2 * 6 + 2 * 16
    (_, ours), (_, last) = LENET5[2], LENET5[-1]
    expected = 60_000 - second_convolution + ours - pooling + last
    assert models.lenet5().count_params() == expected


def test_lenet5_learns():
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 128)
    images = rng.uniform(0, 100, (128, 32, 32, 1)) + 100 * labels[:, None, None, None]
    model = models.lenet5(n_classes=2)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    options = dict(metrics=["accuracy"], jit_compile=False)  # which takes seconds
    model.compile(keras.optimizers.Adam(0.002), loss, **options)
    model.fit(images, labels, epochs=5, batch_size=16, verbose=0)
    assert model.evaluate(images, labels, verbose=0)[1] > 0.95
