"""What a random layer makes of pictures."""

import numpy as np

from cnnkit._checks import check_positive
from cnnkit.viz._figure import image_panels
from cnnkit.viz._images import as_pictures, draw_image
from cnnkit.viz._ranges import value_ranges


def plot_augmentations(augmentation, images, *, value_range="auto", n=6):
    """Draw images, one in a row: the original first, then draws of a random layer or pipeline.

    Args:
        augmentation: A Keras layer or model, which is called with `training=True`; a list of these,
            one after the other; or a function from a batch of images to another.
        images: As in `plot_images`.
        value_range: The values `(low, high)` that show black and white, or "auto", as in
            `plot_images`. The originals alone decide for all, so that a draw with another range
            than its original looks wrong.
        n: Number of draws.

    Returns:
        `Panels`, a row for each image and `n + 1` columns.
    """
    check_positive(n, "n")
    originals = as_pictures(images)
    limits = value_ranges(originals, value_range)
    rows = [[image, *_draws(augmentation, image, n)] for image in originals]
    panels = image_panels([image for row in rows for image in row], n + 1, titled=True)
    for axes, row, (low, high) in zip(panels.axes, rows, limits, strict=True):
        for axis, image in zip(axes, row, strict=True):
            draw_image(axis, image, low, high)
    panels.axes[0, 0].set_title("original", fontsize="small")
    return panels


def _draws(augmentation, image, n):
    """What comes out for copies of one image."""
    batch = np.repeat((image[..., None] if image.ndim == 2 else image)[None], n, axis=0)
    for step in augmentation if isinstance(augmentation, list | tuple) else [augmentation]:
        batch = step(batch, training=True) if hasattr(step, "get_config") else step(batch)
    draws = as_pictures(batch)
    if len(draws) != n:
        raise ValueError(
            "`augmentation` must make one image of each. "
            f"Received: {len(draws)} images for {n} in a batch"
        )
    return draws
