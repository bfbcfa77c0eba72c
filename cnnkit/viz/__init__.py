"""Drawing: `plot_` functions take arrays and return the axes they drew on, never a figure.

`animate_` functions return an `Animation`, which a notebook plays.
"""

from cnnkit.viz.animation import Animation
from cnnkit.viz.channels import plot_channels
from cnnkit.viz.conv_arithmetic import plot_conv_arithmetic
from cnnkit.viz.convolution_steps import animate_convolution
from cnnkit.viz.decision_regions import plot_decision_regions
from cnnkit.viz.history import plot_history
from cnnkit.viz.images import as_images, plot_images
from cnnkit.viz.kernels import plot_kernels
from cnnkit.viz.matrix import plot_matrix
from cnnkit.viz.panels import Panels
from cnnkit.viz.pixels import plot_pixels

__all__ = [
    "Animation",
    "Panels",
    "animate_convolution",
    "as_images",
    "plot_channels",
    "plot_conv_arithmetic",
    "plot_decision_regions",
    "plot_history",
    "plot_images",
    "plot_kernels",
    "plot_matrix",
    "plot_pixels",
]
