"""Drawing: `plot_` functions take arrays and return the axes they drew on, never a figure.

`animate_` functions return an `Animation`, which a notebook plays.
"""

from cnnkit.viz.activations import plot_activations
from cnnkit.viz.animation import Animation
from cnnkit.viz.architecture import plot_architecture
from cnnkit.viz.attributions import plot_attributions
from cnnkit.viz.augmentations import plot_augmentations
from cnnkit.viz.channels import plot_channels
from cnnkit.viz.classification import plot_classification
from cnnkit.viz.conv_arithmetic import plot_conv_arithmetic
from cnnkit.viz.convolution_steps import animate_convolution
from cnnkit.viz.decision_regions import plot_decision_regions
from cnnkit.viz.dropout_steps import animate_dropout
from cnnkit.viz.feature_maps import plot_feature_maps
from cnnkit.viz.gap import plot_gap
from cnnkit.viz.history import plot_history
from cnnkit.viz.images import as_images, plot_images
from cnnkit.viz.kernels import plot_kernels
from cnnkit.viz.lr_finder import plot_lr_finder
from cnnkit.viz.matrix import plot_matrix
from cnnkit.viz.normalisation_axes import plot_normalisation_axes
from cnnkit.viz.panels import Panels
from cnnkit.viz.pixels import plot_pixels
from cnnkit.viz.pooling_steps import animate_pooling
from cnnkit.viz.receptive_field import plot_receptive_field
from cnnkit.viz.shift_curve import plot_shift_curve
from cnnkit.viz.study import plot_study, plot_study_curves

__all__ = [
    "Animation",
    "LearningCurves",
    "Panels",
    "animate_convolution",
    "animate_dropout",
    "animate_pooling",
    "as_images",
    "plot_activations",
    "plot_architecture",
    "plot_attributions",
    "plot_augmentations",
    "plot_channels",
    "plot_classification",
    "plot_conv_arithmetic",
    "plot_decision_regions",
    "plot_feature_maps",
    "plot_gap",
    "plot_history",
    "plot_images",
    "plot_kernels",
    "plot_lr_finder",
    "plot_matrix",
    "plot_normalisation_axes",
    "plot_pixels",
    "plot_receptive_field",
    "plot_shift_curve",
    "plot_study",
    "plot_study_curves",
]


def __getattr__(name):
    if name == "LearningCurves":  # a Keras callback; drawing alone needs no Keras
        from cnnkit.viz.learning_curves import LearningCurves

        return LearningCurves
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
