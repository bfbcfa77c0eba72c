"""Images side by side in words: what each shows, or which differ most, and what is made of what."""

import numpy as np

from cnnkit.viz._alt_text import (
    counted,
    listed,
    one_line,
    range_in_words,
    rounded,
    rows_and_columns,
    titles_in_order,
)

_N_ONE_BY_ONE = 6  # images that are described each
_N_NAMED = 3  # images whose values leave the range
_RELATIONS = {  # to the first image
    "the same as image 1": lambda image: image,
    "image 1 mirrored left to right": np.fliplr,
    "image 1 upside down": np.flipud,
    "image 1 turned by half a turn": lambda image: image[::-1, ::-1],
    "image 1 with its channels in reverse": lambda image: image[..., ::-1],
    "the first channel of image 1": lambda image: image[..., 0],
    "the second channel of image 1": lambda image: image[..., 1],
    "the third channel of image 1": lambda image: image[..., 2],
}


def images_in_words(images, limits, titles, n_cols):
    """What images show: all of a few, and of many their titles and the most different ones.

    Args:
        images: List of arrays of shape `(height, width)` or `(height, width, channels)`.
        limits: For each image the values `(low, high)` that show black and white.
        titles: One text for each image, or None.
        n_cols: Images in a row.
    """
    titles = [one_line(title) for title in titles or [""] * len(images)]
    names = [f"{i} ({title})" if title else str(i) for i, title in enumerate(titles, 1)]
    relations = [_relation(image, images[0]) for image in images]
    shown = [_shown(image, *limit) for image, limit in zip(images, limits, strict=True)]
    words = _sizes_in_words(images, limits, names, n_cols)
    if len(images) <= _N_ONE_BY_ONE:
        facts = map(_image_in_words, shown, relations)
        parts = [f"{name}: {fact}" for name, fact in zip(names, facts, strict=True)]
        return f"{words} {'; '.join(parts)}."
    parts = [f" Image {n} is {r}." for n, r in zip(names, relations, strict=True) if r]
    return f"{words}{titles_in_order(titles)}{''.join(parts)}{_extremes_in_words(shown, names)}"


def _sizes_in_words(images, limits, names, n_cols):
    kind = listed(sorted({"grey" if image.ndim == 2 else "colour" for image in images}))
    sizes = sorted({image.shape[:2] for image in images})
    size = " to ".join(map(rows_and_columns, dict.fromkeys([sizes[0], sizes[-1]])))
    words = f"{counted(len(images), f'{kind} image')} of {size}"
    if len(images) > n_cols:
        words += f", in rows of {n_cols}"
    if len(set(limits)) > 1:
        return f"{words}."
    low, high = limits[0]
    words += f"; black is {rounded(low)} and white {rounded(high)}"
    beyond = {
        name: image
        for name, image in zip(names, images, strict=True)
        if image.min() < low or image.max() > high
    }
    if not beyond:
        return f"{words}."
    values = [limit(image) for image in beyond.values() for limit in (np.min, np.max)]
    where = f"image {listed(list(beyond))}"
    if len(beyond) > _N_NAMED:
        where = f"{len(beyond)} of the images"
    return f"{words}, but there are values {range_in_words(values)} in {where}."


def _relation(image, first):
    """How an image follows from the first one, which holds for none that is one colour: or ""."""
    if image is first or image.min() == image.max():
        return ""
    for words, change in _RELATIONS.items():
        if first.ndim == 3 or "channel" not in words:
            if np.array_equal(image, change(first)):
                return words
    return ""


def _shown(image, low, high):
    """The pixels as they are shown, from black at 0 to white at 1, without transparency."""
    colors = image if image.ndim == 2 else image[..., :3]
    return (np.clip(colors, low, high, dtype=np.float32) - low) / (high - low)


def _image_in_words(shown, relation):
    if relation:
        return relation
    if shown.max() < 0.01 or shown.min() > 0.99:
        return f"{'white' if shown.min() > 0.5 else 'black'} everywhere, or nearly"
    means = [f"{100 * mean:.0f}" for mean in shown.mean(axis=(0, 1), dtype=np.float64).ravel()]
    if shown.ndim == 2:
        light = f"mean brightness {means[0]} %"
    else:
        light = "mean red {}, green {} and blue {} %".format(*means)
    return f"{light}, neighbouring pixels differ by {_percent_of_range(_step(shown))}"


def _extremes_in_words(shown, names):
    """Which images are the darkest, the brightest, the smoothest and the roughest."""
    words = ""
    for kinds, what, measure in (
        ("Darkest brightest", "mean brightness", np.mean),
        ("Smoothest roughest", "a difference of neighbouring pixels", _step),
    ):
        parts = np.array([measure(image, dtype=np.float64) for image in shown])
        texts, ends = list(map(_percent_of_range, parts)), (parts.argmin(), parts.argmax())
        if len({texts[i] for i in ends}) > 1:
            (less, more), (a, b) = kinds.split(), ends
            words += f" {less} is image {names[a]}, with {what} of {texts[a]}; "
            words += f"{more} is image {names[b]}, with {texts[b]}"
            words += "." if 0 in ends else f"; image {names[0]} has {texts[0]}."
    return words


def _step(shown, dtype=np.float64):
    """How much neighbours differ, on average."""
    steps = np.concatenate([np.abs(np.diff(shown, axis=axis)).ravel() for axis in (0, 1)])
    return steps.mean(dtype=dtype) if steps.size else 0.0


def _percent_of_range(part):
    """A part of the way from black to white, in percent; a small one with a digit more."""
    return f"{rounded(round(100 * part, 1 if part < 0.1 else 0))} %"
