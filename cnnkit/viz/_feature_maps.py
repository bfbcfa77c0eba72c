"""Draw the feature maps that a layer makes of an image."""

import numpy as np

from cnnkit.viz._channels import draw_maps
from cnnkit.viz._images import as_image

_MAX_MAPS = 128
_N_COLS = 8
_N_COLS_OF_MANY = 16  # and then the names are numbers only


def plot_feature_maps(model_or_maps, images=None, layer=None, *, n_cols=None):
    """Draw all feature maps of one image, with one range of colours.

    Args:
        model_or_maps: Feature maps, an array of shape `(height, width, channels)` or a batch of
            one; or a built Keras model.
        images: With a model, a batch of one image, as in `cnnkit.explain.feature_maps`.
        layer: With a model, a layer, its name or its path; by default the last one with maps.
        n_cols: Panels in a row. By default 8, or 16 if there are more than 32 maps.

    Returns:
        `Panels`, one for each channel, and a colour bar.

    Raises:
        ValueError: If the shape does not fit, a value is not finite, there are more than 128 maps,
            or the model cannot take the images or has no such layer.
    """
    maps = _maps(model_or_maps, images, layer)
    n = maps.shape[-1]
    if n > _MAX_MAPS:
        raise ValueError(
            f"At most {_MAX_MAPS} feature maps can be told apart: choose some, as in "
            f"`plot_feature_maps(maps[..., :64])`. Received: maps of shape {maps.shape}"
        )
    n_cols = n_cols or min(n, _N_COLS if n <= 4 * _N_COLS else _N_COLS_OF_MANY)
    names = [f"channel {i}" if n_cols <= _N_COLS else str(i) for i in range(n)]
    return draw_maps([maps[..., i] for i in range(n)], names, n_cols)


def _maps(model_or_maps, images, layer):
    """The maps of one image, of shape `(height, width, channels)`."""
    if images is not None:
        # Here, because cnnkit.explain imports TensorFlow.
        from cnnkit.explain import feature_maps

        model_or_maps = feature_maps(model_or_maps, images, layer=layer)
    shape = np.shape(model_or_maps)
    if len(shape) == 4 and shape[0] > 1:
        raise ValueError(
            "The feature maps of one image can be drawn: choose one, as in `images[:1]` or "
            f"`maps[0]`. Received: maps of shape {shape}"
        )
    if len(shape) not in (3, 4):
        raise ValueError(
            "`model_or_maps` must be an array of shape (height, width, channels), or a model "
            f"together with `images`. Received: {type(model_or_maps).__name__} of shape {shape}"
        )
    maps = as_image(model_or_maps)
    return maps[..., None] if maps.ndim == 2 else maps  # `as_image` drops a last axis of length 1
