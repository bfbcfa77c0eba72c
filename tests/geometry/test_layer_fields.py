"""Layers that count as elementwise, one by one."""

import keras
import numpy as np
import pytest
from keras import layers

from cnnkit.geometry import _trace_fields as fields

ARGUMENTS = {
    layers.Activation: ["tanh"],
    layers.Dense: [2],
    layers.Normalization: [-1, 0.5, 2.0],
    layers.Rescaling: [2.0],
    layers.RandomPosterization: [4],
    layers.RandomTranslation: [0.5, 0.5],
}
NO_ARGUMENTS = (
    *(layers.RandomErasing, layers.RandomFlip, layers.RandomGrayscale, layers.RandomShear),
    *(layers.RandomElasticTransform, layers.RandomGaussianBlur, layers.RandomPerspective),
)


@pytest.mark.parametrize("kind", sorted(fields._ELEMENTWISE, key=lambda kind: kind.__name__))
def test_elementwise_layers_pass_nothing_to_other_places(kind):
    noise = kind.__name__.startswith(("Random", "Gaussian", "Spatial", "Alpha", "Dropout"))
    arguments = [0.5] if noise and kind not in NO_ARGUMENTS else []
    layer = kind(*ARGUMENTS.get(kind, arguments))
    image = np.random.default_rng(0).uniform(0.2, 0.6, (6, 7, 3)).astype("float32")
    images = np.stack([image, image])
    images[1, 2, 4, 0] += 0.3
    merges = kind.__name__ in "Add Average Concatenate Maximum Minimum Multiply Subtract".split()
    maps = keras.Input((6, 7, 3))
    model = keras.Model(maps, layer([maps, 2 * maps]) if merges else layer(maps))
    first, second = np.array(model(images, training=False))
    changed = np.argwhere(np.abs(first - second).max(axis=-1) > 1e-5)  # more than rounding
    assert changed.tolist() == [[2, 4]]


def test_no_random_layer_of_keras_is_forgotten():
    """But for the one that moves the pixels at inference too."""
    of_keras = {getattr(layers, name) for name in dir(layers) if name.startswith("Random")}
    assert of_keras - set(fields._ELEMENTWISE) == {layers.RandomCrop}
