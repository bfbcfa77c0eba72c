"""Seeing inside a network: what its layers give, and how its score depends on them and on pixels.

Everything here takes any built Keras model, however it is put together, leaves it as it was, and
returns NumPy arrays. It needs Keras's TensorFlow backend.
"""

from cnnkit._layers import layer_paths
from cnnkit.explain._activation_maximization import activation_maximization
from cnnkit.explain._activation_recorder import ActivationRecorder
from cnnkit.explain._capture import (
    Captured,
    CapturedGradients,
    capture,
    capture_gradients,
    capture_layers,
    find_layer,
)
from cnnkit.explain._deletion_insertion import DeletionInsertion, deletion_insertion
from cnnkit.explain._effective_receptive_field import effective_receptive_field
from cnnkit.explain._feature_maps import TopImages, feature_maps, top_images
from cnnkit.explain._grad_cam import grad_cam, grad_cam_plus_plus
from cnnkit.explain._gradients import saliency, smoothgrad
from cnnkit.explain._hires_cam import hires_cam
from cnnkit.explain._integrated_gradients import completeness_error, integrated_gradients
from cnnkit.explain._layer_cam import layer_cam
from cnnkit.explain._occlusion import occlusion
from cnnkit.explain._sanity_check import SanityCheck, sanity_check
from cnnkit.explain._score_cam import score_cam

__all__ = [
    "ActivationRecorder",
    "Captured",
    "CapturedGradients",
    "DeletionInsertion",
    "SanityCheck",
    "TopImages",
    "activation_maximization",
    "capture",
    "capture_gradients",
    "capture_layers",
    "completeness_error",
    "deletion_insertion",
    "effective_receptive_field",
    "feature_maps",
    "find_layer",
    "grad_cam",
    "grad_cam_plus_plus",
    "hires_cam",
    "integrated_gradients",
    "layer_cam",
    "layer_paths",
    "occlusion",
    "saliency",
    "sanity_check",
    "score_cam",
    "smoothgrad",
    "top_images",
]
