"""Drawing: every function takes arrays and returns the axes it drew on, never a figure."""

from cnnkit.viz.images import Panels, plot_images

__all__ = ["Panels", "plot_images"]
