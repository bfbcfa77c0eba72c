"""Drawing: `plot_` functions return what they drew on, `Axes`, or `Panels` if they are several.

They take arrays, or results of Keras and of cnnkit: a history, a model, a study. What has a default
is given by its name. `animate_` functions return an `Animation`, which a notebook plays.
"""

from cnnkit.viz._activations import plot_activations
from cnnkit.viz._architecture import plot_architecture
from cnnkit.viz._attributions import plot_attributions
from cnnkit.viz._augmentations import plot_augmentations
from cnnkit.viz._channels import plot_channels
from cnnkit.viz._classification import plot_classification
from cnnkit.viz._conv_arithmetic import plot_conv_arithmetic
from cnnkit.viz._decision_regions import plot_decision_regions
from cnnkit.viz._feature_maps import plot_feature_maps
from cnnkit.viz._figure import Panels
from cnnkit.viz._gap import plot_gap
from cnnkit.viz._history import plot_history
from cnnkit.viz._images import plot_images
from cnnkit.viz._kernels import plot_kernels
from cnnkit.viz._lr_finder import plot_lr_finder
from cnnkit.viz._matrix import plot_matrix
from cnnkit.viz._network import plot_network
from cnnkit.viz._normalization_axes import plot_normalization_axes
from cnnkit.viz._pixels import plot_pixels
from cnnkit.viz._receptive_field import plot_receptive_field
from cnnkit.viz._shift_curve import plot_shift_curve
from cnnkit.viz._show_alt_text import show_alt_text
from cnnkit.viz._study import plot_study, plot_study_curves
from cnnkit.viz._vision_tasks import plot_vision_tasks
from cnnkit.viz.animations import (
    Animation,
    animate_convolution,
    animate_descent,
    animate_dropout,
    animate_pooling,
    animate_search,
)

__all__ = [
    "Animation",
    "LearningCurves",
    "Panels",
    "animate_convolution",
    "animate_descent",
    "animate_dropout",
    "animate_pooling",
    "animate_search",
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
    "plot_network",
    "plot_normalization_axes",
    "plot_pixels",
    "plot_receptive_field",
    "plot_shift_curve",
    "plot_study",
    "plot_study_curves",
    "plot_vision_tasks",
    "show_alt_text",
]


def __getattr__(name):
    if name == "LearningCurves":  # a Keras callback; drawing alone needs no Keras
        from cnnkit.viz._learning_curves import LearningCurves

        return LearningCurves
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
