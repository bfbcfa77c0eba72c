"""Draw explanations over images: what speaks for a class, and where."""

from collections import Counter

import numpy as np

from cnnkit.viz._alt_text import (
    counted,
    describe,
    listed,
    percent,
    rows_and_columns,
    share_of_them,
)
from cnnkit.viz._attribution_maps import (
    check_maps,
    color_limit,
    draw_map,
    is_strong,
    n_axes_of,
    name_columns,
)
from cnnkit.viz._colors import choose_colors
from cnnkit.viz._figure import check_titles, image_panels
from cnnkit.viz._images import as_pictures, draw_image
from cnnkit.viz._ranges import value_ranges
from cnnkit.viz._signal_attributions import plot_signals
from cnnkit.viz._volume_attributions import plot_volumes

_N_IN_WORDS = 6  # maps: of more the text sums up those of a method
_N_PLACES = 3  # of the ninths below, that hold most of a map
_PLACES = (  # row by row
    *("upper left", "upper middle", "upper right"),
    *("left", "middle", "right"),
    *("lower left", "lower middle", "lower right"),
)


def plot_attributions(images, maps, *, titles=None, value_range="auto", shared=True):
    """Draw images, and beside each what one or several methods say about it.

    The maps lie over a grey copy of the image: a strong value hides it, a weak one lets it show.
    The range of colours goes up to the value that 1 % of the pixels exceed. Below stands how to
    read each method, known from its name.

    Args:
        images: As in `plot_images`; or signals of shape `(batch, steps, channels)`, or volumes of
            shape `(batch, depth, height, width, channels)`.
        maps: Array of shape `(batch, height, width)`, as `cnnkit.explain.grad_cam` returns, or a
            dictionary from the name of a method to such an array, as in
            `{"Grad-CAM": maps, "SmoothGrad": others}`. Maps without negative values are drawn from
            dark to bright, others in red above and blue below 0.
        titles: One text for each image, such as the class that is explained.
        value_range: The values `(low, high)` of the images that show black and white, as in
            `plot_images`.
        shared: Whether all maps of a method have one range of colours, which shows where scores
            depend more on the image; else each has its own, which shows where in the image.

    Returns:
        `Panels`: a row for each image, with the image first and then a panel for each method. The
        images of a panel have `get_gid()` "image" and "map". Of signals there is a panel for each
        method, with their curves over the colours of the map. Of a volume there is a row of its
        slices, and one below for each method.

    Example:

    >>> from cnnkit import data, explain, models, viz
    >>> pets, labels = data.draw_pets(2, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> cam = explain.grad_cam(model, pets, target=labels)
    >>> smooth = explain.smoothgrad(model, pets, target=labels, seed=0)
    >>> maps = {"Grad-CAM": cam, "SmoothGrad": smooth}
    >>> panels = viz.plot_attributions(pets, maps, titles=["cat", "dog"])
    """
    n_axes = n_axes_of(maps)
    if n_axes != 2:
        plot = plot_signals if n_axes == 1 else plot_volumes
        return plot(images, maps, titles, value_range, shared)
    images = as_pictures(images)
    maps = check_maps(maps, [image.shape[:2] for image in images])
    check_titles(titles, len(images))
    limits = value_ranges(images, value_range)
    rows = [
        [image, *(of_method[i] for of_method in maps.values())] for i, image in enumerate(images)
    ]
    panels = image_panels([value for row in rows for value in row], len(rows[0]), titled=True)
    for i, (low, high) in enumerate(limits):
        first, *others = panels.axes[i]
        draw_image(first, images[i], low, high).set_gid("image")
        first.set_title(titles[i] if titles else "image" if i == 0 else "", fontsize="small")
        for axis, of_method in zip(others, maps.values(), strict=True):
            draw_image(axis, _gray(images[i]), low, high).set_gid("image")
            ranged = of_method if shared else of_method[i : i + 1]
            draw_map(axis, of_method[i], choose_colors(of_method, limit=color_limit(ranged)))
    name_columns(panels, maps)
    describe(panels.figure, _in_words(images, maps, titles))
    return panels


def _in_words(images, maps, titles):
    n, size = len(images), rows_and_columns(images[0].shape)
    names = listed([name for name in maps if name] or ["a map"])
    words = f"{counted(n, 'image')} of {size}, explained by {names}. Strong is what has at least "
    words += "half of the largest value of a map."
    if n * len(maps) > _N_IN_WORDS:
        parts = [_maps_in_words(*method) for method in maps.items()]
        return f"{words} Of the pixels are strong: {'; '.join(parts)}."
    for i in range(n):
        name = f"{i + 1} ({titles[i]})" if titles else str(i + 1)
        parts = [f"{method} {_map_in_words(some[i])}".strip() for method, some in maps.items()]
        words += f" Image {name}: {'; '.join([*parts, *_common_part_in_words(maps, i)])}."
    return words


def _map_in_words(values):
    """Which part of a map is strong and where, and how much of it is negative."""
    if not values.any():
        return "0 everywhere"
    cover, place = _strong_part(values)
    words = f"strong on {percent(cover)} of the pixels"
    if values.min() >= 0:
        return f"{words}, {place}"
    sizes, is_negative = np.abs(values), values < 0
    return (
        f"{words}, {share_of_them(is_negative[is_strong(values)].mean())} negative, {place}, "
        f"{percent(sizes[is_negative].sum() / sizes.sum())} of its total is negative"
    )


def _common_part_in_words(maps, i):
    """How far the strong parts of an image's two maps are the same, if it has two."""
    strong = [is_strong(some[i]) for some in maps.values() if some[i].any()]
    if len(maps) != 2 or len(strong) != 2:
        return []
    both = (strong[0] & strong[1]).sum()
    return [
        f"{percent(both / min(map(np.sum, strong)))} of the smaller strong part lies in the other"
    ]


def _maps_in_words(name, of_method):
    """How large the strong part is in the maps of a method, its sign, and where it mostly is."""
    parts = [_strong_part(values) for values in of_method if values.any()]
    if not parts:
        return f"{name} none"
    covers, places = zip(*parts, strict=True)
    low, high = percent(min(covers)), percent(max(covers))
    words = f"{name} {low}" if low == high else f"{name} {low} to {high}"
    if min(values.min() for values in of_method) < 0:
        n = sum(bool(values[is_strong(values)].sum() < 0) for values in of_method if values.any())
        words += f", mostly negative in {n} of {len(of_method)} images"
    place, n = Counter(places).most_common(1)[0]
    if n == 1 < len(of_method):
        return f"{words}, in each image elsewhere"
    return f"{words}, in {n} of {len(of_method)} images {place}"


def _strong_part(values):
    """The share of the pixels that are strong, and where in the image most of them are."""
    rows, columns = np.nonzero(is_strong(values))
    height, width = values.shape
    counts = np.bincount(3 * (3 * rows // height) + 3 * columns // width, minlength=9)
    order = np.argsort(-counts, kind="stable")
    n_most = 1 + np.searchsorted(np.cumsum(counts[order]), len(rows) / 2, side="right")
    if n_most > _N_PLACES:
        return len(rows) / values.size, "all over the image"
    place = f"most in {listed([f'the {_PLACES[i]}' for i in order[:n_most]])}"
    return len(rows) / values.size, place


def _gray(image):
    """The image without colours, which are those of the map."""
    if image.ndim == 2:
        return image
    return image[..., :3].mean(axis=-1)
