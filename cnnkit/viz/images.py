"""Draw pictures side by side."""

import math
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np


@dataclass(repr=False)
class Panels:
    """Several panels of one figure.

    Attributes:
        figure: The `matplotlib.figure.Figure`.
        axes: A two-dimensional array of `Axes`, spare ones included.
        values: What was drawn, one array a panel.
    """

    figure: plt.Figure
    axes: np.ndarray
    values: list

    def __repr__(self):
        rows, columns = self.axes.shape
        return f"<Panels: {len(self.values)} in {rows} x {columns}>"

    def __iter__(self):
        return iter(self.axes.flat[: len(self.values)])


def plot_images(images, titles=None, n_cols=None):
    """Draw images side by side, each with its own pixels unchanged.

    Args:
        images: A sequence of images, or one array of shape `(n, height, width)` or
            `(n, height, width, 3)`. Values are uint8, or floats in 0..1 or in 0..255.
        titles: One text for each image.
        n_cols: Panels in a row. By default up to eight.

    Returns:
        `Panels`, with exactly one panel in use for each image.

    Raises:
        ValueError: If there is no image, a shape does not fit, or the numbers differ.
    """
    images = [_as_image(image) for image in images]
    if not images:
        raise ValueError("`images` must hold at least one image. Received: none")
    if titles is not None and len(titles) != len(images):
        raise ValueError(
            f"`titles` must have one text for each of the {len(images)} images. "
            f"Received: {len(titles)}"
        )
    n_cols = n_cols or min(len(images), 8)
    n_rows = math.ceil(len(images) / n_cols)
    panel = min(10.8 / n_cols, 2.7)  # inches
    size = (panel * n_cols, (panel + (0 if titles is None else 0.25)) * n_rows)
    figure, axes = plt.subplots(n_rows, n_cols, squeeze=False, figsize=size)
    for axis in axes.flat:
        axis.set_axis_off()
    for i, (axis, image) in enumerate(zip(axes.flat, images, strict=False)):
        axis.imshow(image, vmin=0, vmax=255 if image.dtype == np.uint8 else 1)
        if titles is not None:
            axis.set_title(titles[i], fontsize="small")
    return Panels(figure, axes, images)


def _as_image(image):
    """To what `imshow` draws: `(height, width)` or colour, uint8 or floats in 0..1."""
    image = np.asarray(image)
    if image.ndim == 3 and image.shape[-1] == 1:
        image = image[..., 0]
    if image.ndim != 2 and not (image.ndim == 3 and image.shape[-1] == 3):
        raise ValueError(
            "`images` must hold images of shape (height, width) or (height, width, 3). "
            f"Received: an image of shape {image.shape}"
        )
    if image.dtype != np.uint8 and image.max(initial=0) > 1.5:
        image = np.round(image).clip(0, 255).astype(np.uint8)
    return image
