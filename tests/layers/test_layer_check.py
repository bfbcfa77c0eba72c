"""The shared check finds what it is there for."""

import keras
import numpy as np
import pytest
from layer_check import check_layer

IMAGES = np.random.default_rng(0).standard_normal((2, 4, 4, 3)).astype("float32")


@keras.saving.register_keras_serializable(package="layer_check")
class Noise(keras.Layer):
    """Adds noise; `fault` says what is wrong with it."""

    fault = None

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.generator = keras.random.SeedGenerator(None if self.fault == "seed" else seed)

    def call(self, inputs, training=False):
        if not training:
            return inputs
        outputs = inputs + keras.random.uniform(
            keras.ops.shape(inputs), dtype=inputs.dtype, seed=self.generator
        )
        return {"gradient": keras.ops.stop_gradient(outputs), "nan": outputs + 1e5}.get(
            self.fault, outputs
        )

    def compute_output_shape(self, input_shape):
        return input_shape[:-1] if self.fault == "shape" else input_shape

    def get_config(self):
        config = super().get_config()
        return config if self.fault == "config" else {**config, "seed": self.seed}


def test_a_good_layer_passes():
    check_layer(Noise, {"seed": 3}, IMAGES)


@pytest.mark.parametrize("fault", ["shape", "config", "seed", "gradient", "nan"])
def test_a_fault_is_found(fault, monkeypatch):
    monkeypatch.setattr(Noise, "fault", fault)
    own = (KeyError, ValueError, RuntimeError)  # Keras and PyTorch find some themselves
    with pytest.raises((AssertionError, *own)):
        check_layer(Noise, {"seed": 3}, IMAGES)


def test_an_argument_without_a_value_is_found():
    with pytest.raises(AssertionError, match="a value for each argument"):
        check_layer(Noise, {}, IMAGES)
