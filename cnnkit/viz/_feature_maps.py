"""Draw the feature maps that a layer makes of an image."""

import numpy as np

from cnnkit.viz._alt_text import describe
from cnnkit.viz._channels import draw_maps, maps_in_words
from cnnkit.viz._figure import name_panels
from cnnkit.viz._images import as_image

_MAX_MAPS = 128
_N_COLS = 8
_N_COLS_OF_MANY = 16  # and then the titles are numbers only


def plot_feature_maps(maps, *, n_cols=None):
    """Draw all feature maps of one image, with one range of colours.

    Args:
        maps: An array of shape `(height, width, channels)` or a batch of one, as
            `cnnkit.explain.feature_maps` returns it.
        n_cols: Panels in a row. By default 8, or 16 if there are more than 32 maps.

    Returns:
        `Panels`, one for each channel, and a colour bar.

    Raises:
        ValueError: If there are more than 128 maps.

    Example:

    >>> from cnnkit import data, explain, models, viz
    >>> pets, labels = data.draw_pets(1, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> maps = explain.feature_maps(model, pets, layer=model.layers[1])
    >>> panels = viz.plot_feature_maps(maps)
    """
    maps = _check(maps)
    n = maps.shape[-1]
    if n_cols is None:
        n_cols = min(n, _N_COLS if n <= 4 * _N_COLS else _N_COLS_OF_MANY)
    channels, names = [maps[..., i] for i in range(n)], [f"channel {i}" for i in range(n)]
    panels = draw_maps(channels, n_cols)
    name_panels(panels, names if n_cols <= _N_COLS else [str(i) for i in range(n)])
    describe(panels.figure, f"Feature maps of an image: {maps_in_words(channels, names)}")
    return panels


def _check(maps):
    """The maps of one image, of shape `(height, width, channels)`."""
    shape = np.shape(maps)
    if len(shape) == 4 and shape[0] > 1:
        raise ValueError(
            "`maps` must be the feature maps of one image: choose one, as in `maps[:1]`. "
            f"Received: maps of shape {shape}"
        )
    if len(shape) not in (3, 4):
        raise ValueError(
            "`maps` must be an array of shape (height, width, channels). "
            f"Received: {type(maps).__name__} of shape {shape}"
        )
    if shape[-1] > _MAX_MAPS:
        raise ValueError(
            f"At most {_MAX_MAPS} feature maps can be told apart: choose some, as in "
            f"`plot_feature_maps(maps[..., :64])`. Received: maps of shape {shape}"
        )
    maps = as_image(maps)
    return maps[..., None] if maps.ndim == 2 else maps  # `as_image` drops a last axis of length 1
