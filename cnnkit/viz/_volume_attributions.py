"""Draw explanations of volumes, such as films: their slices, and below each what a map says."""

import numpy as np

from cnnkit.viz._alt_text import counted, describe, listed, percent
from cnnkit.viz._attribution_maps import check_maps, color_limit, draw_map, is_strong
from cnnkit.viz._colors import choose_colors
from cnnkit.viz._figure import check_titles, image_panels
from cnnkit.viz._images import as_pictures, draw_image
from cnnkit.viz._ranges import value_ranges

_MAX_SLICES = 16


def plot_volumes(volumes, maps, titles, value_range, shared):
    """As `plot_attributions` for volumes of shape `(batch, depth, height, width, channels)`."""
    volumes = [as_pictures(list(volume)) for volume in _checked(volumes)]
    depth = len(volumes[0])
    shape = depth, *volumes[0][0].shape[:2]
    maps = check_maps(maps, [shape] * len(volumes), "volumes")
    check_titles(titles, len(volumes), "volumes")
    limits = value_ranges([image for volume in volumes for image in volume], value_range)
    rows = [[*volume, *np.concatenate([some[i] for some in maps.values()])]
            for i, volume in enumerate(volumes)]  # fmt: skip
    panels = image_panels([value for row in rows for value in row], depth, titled=True)
    blocks = panels.axes.reshape(len(volumes), 1 + len(maps), depth)
    for i, (volume, (first, *others)) in enumerate(zip(volumes, blocks, strict=True)):
        for axis, image, (low, high) in zip(first, volume, limits[i * depth :], strict=False):
            draw_image(axis, image, low, high).set_gid("image")
        _name_row(first[0], titles[i] if titles else f"volume {i}")
        for row, (name, some) in zip(others, maps.items(), strict=True):
            colors = choose_colors(some, limit=color_limit(some if shared else some[i : i + 1]))
            _name_row(row[0], name)
            for axis, image, values, (low, high) in zip(
                row, volume, some[i], limits[i * depth :], strict=False
            ):
                gray = image if image.ndim == 2 else image[..., :3].mean(axis=-1)
                draw_image(axis, gray, low, high).set_gid("image")
                draw_map(axis, values, colors)
    for k, axis in enumerate(blocks[0, 0]):
        axis.set_title(f"slice {k}", fontsize="small")
    describe(panels.figure, _in_words(shape, maps, len(volumes)))
    return panels


def _checked(volumes):
    volumes = np.asarray(volumes)
    if volumes.ndim != 5:
        raise ValueError(
            "`images` must have the shape (batch, depth, height, width, channels), as the maps are "
            f"those of volumes. Received: images of shape {volumes.shape}"
        )
    if volumes.shape[1] > _MAX_SLICES:
        raise ValueError(
            f"At most {_MAX_SLICES} slices can be drawn side by side: choose some, as in "
            "`plot_attributions(volumes[:, ::4], maps[:, ::4])`. "
            f"Received: images of shape {volumes.shape}"
        )
    return volumes


def _name_row(axis, name):
    axis.set_axis_on()  # without an axis there is no label
    axis.set(xticks=[], yticks=[], frame_on=False)
    axis.set_ylabel(name, fontsize="small")


def _in_words(shape, maps, n):
    names = listed([name for name in maps if name] or ["a map"])
    words = f"{counted(n, 'volume')} of {counted(shape[0], 'slice')}, explained by {names}. "
    words += "Strong is what has at least half of the largest value of a map."
    for i in range(n):
        parts = [f"{name} {_map_in_words(some[i])}".strip() for name, some in maps.items()]
        words += f" Volume {i}: {'; '.join(parts)}."
    return words


def _map_in_words(values):
    if not values.any():
        return "0 everywhere"
    strong = is_strong(values)
    slices = np.flatnonzero(strong.any(axis=(1, 2)))
    most = strong.sum(axis=(1, 2)).argmax()
    where = f"slice {slices[0]}" if len(slices) == 1 else f"the slices {slices[0]} to {slices[-1]}"
    return f"strong on {percent(strong.mean())} of it, in {where}, most in slice {most}"
