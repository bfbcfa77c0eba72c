"""Draw the channels of one image, or of a stack of feature maps."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from cnnkit.viz._cells import SIGNED
from cnnkit.viz._images import as_image, draw_image
from cnnkit.viz._panels import check_titles, new_panels
from cnnkit.viz._ranges import symmetric_range, value_ranges

_MAX_CHANNELS = 64
_TINTS = ("red", "green", "blue")


def plot_channels(image, names=None):
    """Draw an image and then each of its channels.

    Args:
        image: A colour image of 3 or 4 channels, in one of the forms that `as_images` accepts;
            or feature maps: an array of shape `(height, width, channels)` or a batch of one, with
            any other number of channels or with negative values. Feature maps show no image, but
            a colour bar that all channels share.
        names: One text for each channel. By default the colours, or "channel 0" and so on.

    Returns:
        `Panels`: for an image first the image, then its channels; for feature maps the channels.

    Raises:
        ValueError: If the shape does not fit, the number of names differs, or there are more
            than 64 channels.
    """
    image = as_image(image)
    image = image[..., None] if image.ndim == 2 else image
    n_channels = image.shape[-1]
    if n_channels > _MAX_CHANNELS:
        raise ValueError(
            f"`image` must have at most {_MAX_CHANNELS} channels: choose some, as in "
            f"`image[..., :16]`. Received: image.shape={image.shape}"
        )
    check_titles(names, n_channels, "names")
    channels = [image[..., i] for i in range(n_channels)]
    if n_channels in (3, 4) and image.min() >= 0:
        return _plot_colours(image, channels, names or [*_TINTS, "alpha"][:n_channels])
    return draw_maps(channels, names or [f"channel {i}" for i in range(n_channels)])


def _plot_colours(image, channels, names):
    ((low, high),) = value_ranges([image])
    panels = new_panels([image, *channels], n_cols=None, titled=True)
    first, *others = panels
    draw_image(first, image, low, high)
    first.set_title("image", fontsize="small")
    for axis, channel, name, tint in zip(others, channels, names, [*_TINTS, "white"], strict=False):
        picture = draw_image(axis, channel, low, high)
        picture.set_cmap(LinearSegmentedColormap.from_list(tint, ["black", tint]))
        axis.set_title(name, fontsize="small")
    return panels


def draw_maps(channels, names, n_cols=None):
    """Draw feature maps, a list of arrays, with names and a colour bar that all of them share."""
    cmap, low, high = _map_colours(channels)
    panels = new_panels(channels, n_cols, titled=True)
    for axis, channel, name in zip(panels, channels, names, strict=True):
        picture = axis.imshow(channel, cmap=cmap, vmin=low, vmax=high)
        axis.set_title(name, fontsize="small")
    panels.figure.colorbar(picture, ax=panels.axes, fraction=0.05, pad=0.01, aspect=30)
    return panels


def _map_colours(channels):
    if min(channel.min() for channel in channels) < 0:
        return SIGNED, *symmetric_range(channels)
    if channels[0].dtype == np.uint8:
        return "gray", 0, 255
    return "viridis", 0, float(max(channel.max() for channel in channels)) or 1.0
