"""Which colours values have."""

import numpy as np

SIGNED = "RdBu_r"  # blue is negative, red positive


def choose_colors(arrays, unsigned="viridis", limit=None):
    """Colours that suit all values of a list of arrays.

    With a negative value they are blue below 0 and red above, and 0 is white. Else they begin at 0,
    and end at 255 for uint8, which is grey.

    Args:
        arrays: A list of arrays.
        unsigned: The colour map where no value is negative.
        limit: The value of the strongest colour. By default the largest value.

    Returns:
        A dictionary of the `cmap`, `vmin` and `vmax` of `imshow`.
    """
    if min(array.min() for array in arrays) < 0:
        return signed_colors(arrays, limit)
    if arrays[0].dtype == np.uint8:
        return dict(cmap="gray", vmin=0, vmax=255)
    limit = limit or float(max(array.max() for array in arrays)) or 1.0
    return dict(cmap=unsigned, vmin=0, vmax=limit)


def signed_colors(arrays, limit=None):
    """The same for values that may be negative even if none is."""
    limit = limit or float(max(np.abs(array).max() for array in arrays)) or 1.0
    return dict(cmap=SIGNED, vmin=-limit, vmax=limit)


def text_colors(picture):
    """Black or white, whichever is the easier to read on each pixel of an `AxesImage`.

    Returns:
        An array of the shape of the pixels. Where they are masked, what lies behind shows, and the
        text on it is grey.
    """
    values = picture.get_array()
    colors = picture.to_rgba(values)[..., :3]
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]  # equal contrast to both at 0.179
    is_masked = np.ma.getmaskarray(values)
    is_masked = is_masked if is_masked.ndim == 2 else is_masked.any(axis=-1)
    return np.where(is_masked, "0.3", np.where(luminance > 0.179, "black", "white"))
