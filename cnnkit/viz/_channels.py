"""Draw the channels of one image, or of a stack of feature maps."""

import numpy as np

from cnnkit import data
from cnnkit._checks import warn
from cnnkit.viz._alt_text import (
    counted,
    describe,
    listed,
    range_in_words,
    rounded,
    rows_and_columns,
    titles_in_order,
)
from cnnkit.viz._cells import frame
from cnnkit.viz._colors import choose_colors
from cnnkit.viz._figure import check_titles, image_panels, name_panels
from cnnkit.viz._images import as_image, draw_image

_MAX_CHANNELS = 64
_TINTS = ("red", "green", "blue")


def plot_channels(image, *, titles=None):
    """Draw an image and then each of its channels.

    A channel is one number a pixel, so it is drawn in grey, as a grey image is: the brighter, the
    more of its colour. Three channels can so be compared, while pure blue is darker than pure
    green. The frame and the title have the colour.

    Args:
        image: A colour image of 3 or 4 channels, in one of the forms that `plot_images` takes (PIL
            pictures and files have no fourth: what is transparent shows white);
            or feature maps: an array of shape `(height, width, channels)` or a batch of one, with
            any other number of channels or with negative values. Feature maps show no image, but
            a colour bar that all channels share.
        titles: One text for each channel. By default the colours, or "channel 0" and so on.

    Returns:
        `Panels`: for an image first the image, then its channels; for feature maps the channels.

    Raises:
        ValueError: If there are more than 64 channels.

    Example:

    >>> from cnnkit import data, viz
    >>> panels = viz.plot_channels(data.load_photo("coffee"))
    """
    image = as_image(image)
    image = image[..., None] if image.ndim == 2 else image
    n_channels = image.shape[-1]
    if n_channels > _MAX_CHANNELS:
        raise ValueError(
            f"`image` must have at most {_MAX_CHANNELS} channels: choose some, as in "
            f"`image[..., :16]`. Received: image.shape={image.shape}"
        )
    check_titles(titles, n_channels, "channels")
    channels = [image[..., i] for i in range(n_channels)]
    if n_channels in (3, 4) and image.min() >= 0:
        return _plot_colors(image, channels, titles or [*_TINTS, "alpha"][:n_channels])
    names = titles or [f"channel {i}" for i in range(n_channels)]
    panels = draw_maps(channels)
    name_panels(panels, names)
    describe(panels.figure, maps_in_words(channels, names) + titles_in_order(titles))
    return panels


def _plot_colors(image, channels, titles):
    ((low, high),), guess = data.value_ranges([image])
    if guess:
        warn(f"{guess} To choose, scale the values yourself.")
    panels = image_panels([image, *channels], titled=True)
    name_panels(panels, ["image", *titles])
    first, *others = panels
    draw_image(first, image, low, high)
    for axis, channel, tint in zip(others, channels, [*_TINTS, "0.6"], strict=False):
        draw_image(axis, channel, low, high)
        axis.set_axis_on()
        frame(axis)
        axis.spines[:].set(color=tint, linewidth=2)
        axis.title.set_color(tint)
    means = [
        f"{title} {rounded(channel.mean())}"
        for title, channel in zip(titles, channels, strict=True)
    ]
    sentence = (
        f"An image of {rows_and_columns(image.shape)}, values {range_in_words(image)}, with black "
        f"at {rounded(low)} and white at {rounded(high)}, and its channels, in grey, with their "
        f"means: {listed(means)}."
    )
    describe(panels.figure, sentence)
    return panels


def draw_maps(channels, n_cols=None):
    """Draw feature maps, a list of arrays, with room for titles and one colour bar for all."""
    panels = image_panels(channels, n_cols, titled=True)
    colors = choose_colors(channels)
    for axis, channel in zip(panels, channels, strict=True):
        picture = axis.imshow(channel, **colors)
    panels.figure.colorbar(picture, ax=panels.axes, fraction=0.05, pad=0.01, aspect=30)
    return panels


def maps_in_words(maps, names):
    """What feature maps, a list of arrays, hold, and which is the strongest."""
    words = f"{counted(len(maps), 'map')} of {rows_and_columns(maps[0].shape)}, values "
    words += range_in_words(maps)
    sizes = [np.abs(one).mean(dtype=np.float64) for one in maps]
    strongest, n_zeros = int(np.argmax(sizes)), sizes.count(0)
    if 0 < len(maps) - n_zeros and len(maps) > 1:
        words += f"; on average {names[strongest]} is strongest, mean absolute value "
        words += rounded(sizes[strongest])
        words += f"; {n_zeros} of them 0 everywhere" if n_zeros else ""
    return f"{words}."
