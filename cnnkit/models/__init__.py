"""The networks of the course: classic and small CNNs, and trained ones with new heads."""

from cnnkit.models._backbones import (
    drawn_animals_cnn,
    extract_features,
    load_backbone,
    split_backbone,
    transfer_model,
)
from cnnkit.models._classic import alexnet, alexnet_layers, lenet5
from cnnkit.models._imagenet import load_imagenet_classifier
from cnnkit.models._small import normalized_cnn, small_cnn
from cnnkit.models._vae import DrawCode, conditional_vae

__all__ = [
    "DrawCode",
    "alexnet",
    "alexnet_layers",
    "conditional_vae",
    "drawn_animals_cnn",
    "extract_features",
    "lenet5",
    "load_backbone",
    "load_imagenet_classifier",
    "normalized_cnn",
    "small_cnn",
    "split_backbone",
    "transfer_model",
]
