"""Seeing inside a network: what its layers give, and how its score depends on them and on pixels.

Everything here takes any built Keras model, however it is put together, leaves it as it was, and
returns NumPy arrays. It needs Keras's TensorFlow backend.
"""

from cnnkit.explain.activation_maximization import activation_maximization
from cnnkit.explain.activation_recorder import ActivationRecorder
from cnnkit.explain.capture import (
    Captured,
    CapturedGradients,
    capture,
    capture_gradients,
    find_layer,
    layer_paths,
)
from cnnkit.explain.deletion_insertion import DeletionInsertion, deletion_insertion
from cnnkit.explain.effective_field import effective_receptive_field
from cnnkit.explain.feature_maps import TopImages, feature_maps, top_images
from cnnkit.explain.grad_cam import grad_cam
from cnnkit.explain.gradients import integrated_gradients, saliency, smoothgrad
from cnnkit.explain.occlusion import occlusion
from cnnkit.explain.score_cam import score_cam

__all__ = [
    "ActivationRecorder",
    "Captured",
    "CapturedGradients",
    "DeletionInsertion",
    "TopImages",
    "activation_maximization",
    "capture",
    "capture_gradients",
    "deletion_insertion",
    "effective_receptive_field",
    "feature_maps",
    "find_layer",
    "grad_cam",
    "integrated_gradients",
    "layer_paths",
    "occlusion",
    "saliency",
    "score_cam",
    "smoothgrad",
    "top_images",
]
