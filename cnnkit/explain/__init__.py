"""Seeing inside a network: what its layers give, and how its score depends on that.

Everything here takes any built Keras model, however it is put together, leaves it as it was, and
returns NumPy arrays. It needs Keras's TensorFlow backend.
"""

from cnnkit.explain.activation_recorder import ActivationRecorder
from cnnkit.explain.capture import (
    Captured,
    CapturedGradients,
    capture,
    capture_gradients,
    find_layer,
    layer_paths,
)
from cnnkit.explain.effective_field import effective_receptive_field
from cnnkit.explain.feature_maps import TopImages, feature_maps, top_images

__all__ = [
    "ActivationRecorder",
    "Captured",
    "CapturedGradients",
    "TopImages",
    "capture",
    "capture_gradients",
    "effective_receptive_field",
    "feature_maps",
    "find_layer",
    "layer_paths",
    "top_images",
]
