"""What a random layer makes of pictures."""

import numpy as np

from cnnkit._checks import check_positive
from cnnkit.viz._alt_text import counted, describe, range_in_words, rows_and_columns
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

    Example:

    >>> from cnnkit import data, viz
    >>> from cnnkit.layers import RandomAffine, RandomColor
    >>> pets, labels = data.draw_pets(3, seed=0)
    >>> augmentation = [RandomAffine("horizontal", rotation=0.1), RandomColor(brightness=0.2)]
    >>> panels = viz.plot_augmentations(augmentation, pets, n=5)
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
    describe(panels.figure, _in_words(_steps(augmentation), rows, limits))
    return panels


def _in_words(steps, rows, limits):
    """What is drawn, and how far the draws are from their originals."""
    names = [getattr(step, "__name__", type(step).__name__).strip("<>") for step in steps]
    words = (
        f"{counted(len(rows), 'image')} of {rows_and_columns(rows[0][0].shape)}, each followed by "
        f"{counted(len(rows[0]) - 1, 'random draw')} of {', then '.join(names)}"
    )
    changes = [
        np.abs(draw - original.astype(np.float64)).mean() / (high - low)
        for (original, *draws), (low, high) in zip(rows, limits, strict=True)
        for draw in draws
        if draw.shape == original.shape
    ]
    if changes:
        words += f". Mean change of a draw: {_changes_in_words(np.array(changes))}"
    ranged = [(d, *limit) for (_, *draws), limit in zip(rows, limits, strict=True) for d in draws]
    n_white = sum(bool((draw >= high).all()) for draw, _, high in ranged)
    n_black = sum(bool((draw <= low).all()) for draw, low, _ in ranged)
    for n, color in ((n_white, "white"), (n_black, "black")):
        if n:
            words += f". {n} of {counted(len(ranged), 'draw')} {color} everywhere"
    return f"{words}."


def _changes_in_words(changes):
    """How large changes are, as parts of the range from black to white."""
    if changes.max() > 1:
        return f"{range_in_words(changes.round(1))} times the range from black to white"
    return f"{range_in_words((100 * changes).round())} % of the range from black to white"


def _steps(augmentation):
    return augmentation if isinstance(augmentation, list | tuple) else [augmentation]


def _draws(augmentation, image, n):
    """What comes out for copies of one image."""
    batch = np.repeat((image[..., None] if image.ndim == 2 else image)[None], n, axis=0)
    for step in _steps(augmentation):
        batch = step(batch, training=True) if hasattr(step, "get_config") else step(batch)
    draws = as_pictures(batch)
    if len(draws) != n:
        raise ValueError(
            "`augmentation` must make one image of each. "
            f"Received: {len(draws)} images for {n} in a batch"
        )
    return draws
