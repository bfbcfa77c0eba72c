"""The networks of the course: classic and small CNNs, and trained ones with new heads."""

from cnnkit.models.backbones import (
    drawn_animals_cnn,
    extract_features,
    load_backbone,
    split_backbone,
    transfer_model,
)
from cnnkit.models.imagenet import load_imagenet_classifier
from cnnkit.models.plain import alexnet, alexnet_layers, lenet5, normalised_cnn, small_cnn

__all__ = [
    "alexnet",
    "alexnet_layers",
    "drawn_animals_cnn",
    "extract_features",
    "lenet5",
    "load_backbone",
    "load_imagenet_classifier",
    "normalised_cnn",
    "small_cnn",
    "split_backbone",
    "transfer_model",
]
