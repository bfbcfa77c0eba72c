"""What drawings of explanations share: their colours, and how to read each method."""

import textwrap

import numpy as np

from cnnkit._checks import check_finite

_COVER = 0.85  # how much of the image the strongest colour hides
_PERCENTILE = 99  # single pixels may be many times as strong as all others
_FONT_SIZE = 8

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


def n_axes_of(maps):
    """How many axes each map has: 2 for those of images, 1 for signals and 3 for volumes."""
    first = next(iter(maps.values()), ()) if isinstance(maps, dict) else maps
    return np.ndim(first[0]) if len(first) else 2


def check_maps(maps, shapes, what="images"):
    """A dictionary from name to a list of arrays, one of each shape, for each of what is drawn."""
    maps = maps if isinstance(maps, dict) else {"": maps}
    if not maps:
        raise ValueError("`maps` must hold at least one method. Received: maps={}")
    maps = {str(name): [np.asarray(one, np.float64) for one in some] for name, some in maps.items()}
    for name, some in maps.items():
        where = f"`maps[{name!r}]`" if name else "`maps`"
        if [one.shape for one in some] != shapes:
            raise ValueError(
                f"{where} must have one map for each of the {len(shapes)} {what}, of its size "
                f"{shapes[0]}. Received: {len(some)} of shape {some[0].shape if some else None}"
            )
        for one in some:
            check_finite(one, where.strip("`"))
    return maps


def color_limit(maps):
    """The value of the strongest colour."""
    sizes = np.abs(np.concatenate([one.ravel() for one in maps]))
    return np.percentile(sizes, _PERCENTILE) or sizes.max() or 1.0


def draw_map(ax, values, colors, **options):
    """Draw a map over what lies there: a strong value hides it, a weak one lets it show."""
    alpha = _COVER * (np.abs(values) / colors["vmax"]).clip(0, 1)
    ax.imshow(values, alpha=alpha, **colors, **options).set_gid("map")


def name_columns(panels, maps, first=1):
    """The names of the methods above their columns, from one on, and how to read them below."""
    width, height = panels.figure.get_size_inches()
    n_letters = int(width / panels.axes.shape[1] * 72 / (0.55 * _FONT_SIZE))
    texts = [textwrap.fill(_how_to_read(*each), n_letters) for each in maps.items()]
    for column, (name, text) in enumerate(zip(maps, texts, strict=True), start=first):
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


def is_strong(values):
    """Where a map has at least half of its largest value, of either sign."""
    sizes = np.abs(values)
    return sizes >= sizes.max() / 2
