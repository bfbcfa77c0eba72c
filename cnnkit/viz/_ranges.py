"""Which values black and white stand for in an image."""

from cnnkit import data
from cnnkit._checks import ascending_pair, warn


def value_ranges(images, value_range="auto"):
    """The `(low, high)` of each image, chosen for all of them together.

    Args:
        images: A list of arrays.
        value_range: `"auto"`, which means what `data.value_ranges` finds, with a warning of what
            it guessed; or `(low, high)` for all images.

    Returns:
        A list with one `(low, high)` for each image.
    """
    if not isinstance(value_range, str):
        return [ascending_pair(value_range, "value_range")] * len(images)
    if value_range != "auto":
        raise ValueError(
            '`value_range` must be "auto" or (low, high) with low < high. '
            f"Received: value_range={value_range!r}"
        )
    ranges, guess = data.value_ranges(images)
    if guess:
        warn(f"{guess} To choose, give `value_range=(low, high)`.")
    return ranges
