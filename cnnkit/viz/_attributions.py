"""Draw explanations over images: what speaks for a class, and where."""

import textwrap
from collections import Counter

import numpy as np

from cnnkit._checks import check_finite
from cnnkit.viz._alt_text import (
    counted,
    describe,
    listed,
    percent,
    rows_and_columns,
    share_of_them,
)
from cnnkit.viz._colors import choose_colors
from cnnkit.viz._figure import check_titles, image_panels
from cnnkit.viz._images import as_pictures, draw_image
from cnnkit.viz._ranges import value_ranges

_COVER = 0.85  # how much of the image the strongest colour hides
_PERCENTILE = 99  # single pixels may be many times as strong as all others
_FONT_SIZE = 8
_N_IN_WORDS = 6  # maps: of more the text sums up those of a method
_N_PLACES = 3  # of the ninths below, that hold most of a map
_PLACES = (  # row by row
    *("upper left", "upper middle", "upper right"),
    *("left", "middle", "right"),
    *("lower left", "lower middle", "lower right"),
)

# By the names of the methods, in small letters and digits.
_HOW_TO_READ = {
    "gradcam": "Bright regions raise the score of the class.",
    "gradcam++": "Bright regions raise the score; several objects show more evenly.",
    "scorecam": "Bright regions keep the score up when all else fades to 0.",
    "saliency": "Bright pixels change the score most, up or down.",
    "smoothgrad": "Bright pixels change the score most, with or without noise.",
    "integratedgradients": "Red pixels add to the score, blue ones take from it.",
    "occlusion": "Red: the score falls if this is covered. Blue: it rises.",
}
_SIGNED_OR_NOT = {
    True: "Red speaks for the class, blue against it.",
    False: "The brighter, the more it counts for the class.",
}


def plot_attributions(images, maps, *, titles=None, value_range="auto", shared=True):
    """Draw images, and beside each what one or several methods say about it.

    The maps lie over a grey copy of the image: a strong value hides it, a weak one lets it show.
    The range of colours goes up to the value that 1 % of the pixels exceed. Below stands how to
    read each method, known from its name.

    Args:
        images: As in `plot_images`.
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
        images of a panel have `get_gid()` "image" and "map".
    """
    images = as_pictures(images)
    maps = _check_maps(maps, images)
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
            _draw_map(axis, of_method[i], choose_colors(of_method, limit=_limit(ranged)))
    _name_columns(panels, maps)
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
        f"{words}, {share_of_them(is_negative[_is_strong(values)].mean())} negative, {place}, "
        f"{percent(sizes[is_negative].sum() / sizes.sum())} of its total is negative"
    )


def _common_part_in_words(maps, i):
    """How far the strong parts of an image's two maps are the same, if it has two."""
    strong = [_is_strong(some[i]) for some in maps.values() if some[i].any()]
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
        n = sum(bool(values[_is_strong(values)].sum() < 0) for values in of_method if values.any())
        words += f", mostly negative in {n} of {len(of_method)} images"
    place, n = Counter(places).most_common(1)[0]
    if n == 1 < len(of_method):
        return f"{words}, in each image elsewhere"
    return f"{words}, in {n} of {len(of_method)} images {place}"


def _is_strong(values):
    sizes = np.abs(values)
    return sizes >= sizes.max() / 2


def _strong_part(values):
    """The share of the pixels that are strong, and where in the image most of them are."""
    rows, columns = np.nonzero(_is_strong(values))
    height, width = values.shape
    counts = np.bincount(3 * (3 * rows // height) + 3 * columns // width, minlength=9)
    order = np.argsort(-counts, kind="stable")
    n_most = 1 + np.searchsorted(np.cumsum(counts[order]), len(rows) / 2, side="right")
    if n_most > _N_PLACES:
        return len(rows) / values.size, "all over the image"
    place = f"most in {listed([f'the {_PLACES[i]}' for i in order[:n_most]])}"
    return len(rows) / values.size, place


def _check_maps(maps, images):
    """A dictionary from name to a list of arrays, one for each image."""
    maps = maps if isinstance(maps, dict) else {"": maps}
    if not maps:
        raise ValueError("`maps` must hold at least one method. Received: maps={}")
    maps = {str(name): [np.asarray(one, np.float64) for one in some] for name, some in maps.items()}
    shapes = [image.shape[:2] for image in images]
    for name, some in maps.items():
        where = f"`maps[{name!r}]`" if name else "`maps`"
        if [one.shape for one in some] != shapes:
            raise ValueError(
                f"{where} must have one map for each of the {len(images)} images, of its size "
                f"{shapes[0]}. Received: {len(some)} of shape {some[0].shape if some else None}"
            )
        for one in some:
            check_finite(one, where.strip("`"))
    return maps


def _gray(image):
    """The image without colours, which are those of the map."""
    if image.ndim == 2:
        return image
    return image[..., :3].mean(axis=-1)


def _limit(maps):
    """The value of the strongest colour."""
    sizes = np.abs(np.concatenate([one.ravel() for one in maps]))
    return np.percentile(sizes, _PERCENTILE) or sizes.max() or 1.0


def _draw_map(ax, values, colors):
    alpha = _COVER * (np.abs(values) / colors["vmax"]).clip(0, 1)
    ax.imshow(values, alpha=alpha, **colors).set_gid("map")


def _name_columns(panels, maps):
    """The names of the methods above, and how to read them below."""
    width, height = panels.figure.get_size_inches()
    n_letters = int(width / panels.axes.shape[1] * 72 / (0.55 * _FONT_SIZE))
    texts = [textwrap.fill(_how_to_read(*each), n_letters) for each in maps.items()]
    for column, (name, text) in enumerate(zip(maps, texts, strict=True), start=1):
        panels.axes[0, column].set_title(name, fontsize="small")
        last = panels.axes[-1, column]
        last.set_axis_on()  # without an axis there is no label
        last.set(xticks=[], yticks=[], frame_on=False)
        last.set_xlabel(text, fontsize=_FONT_SIZE)
    n_lines = max(text.count("\n") + 1 for text in texts)
    panels.figure.set_size_inches(width, height + 1.4 * n_lines * _FONT_SIZE / 72)


def _how_to_read(name, of_method):
    key = "".join(letter for letter in name.lower() if letter.isalnum() or letter == "+")
    is_signed = min(one.min() for one in of_method) < 0
    return _HOW_TO_READ.get(key, _SIGNED_OR_NOT[is_signed])
