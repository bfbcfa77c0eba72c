"""How what a layer gives is laid out as maps of the image: its own rows and columns, or tokens.

A transformer cuts the image into patches, each of them a token. Where tokens lie is known from the
graph: they are the positions of a convolution, or of another map, row by row, and others, as a
class token, are joined to them before or after.
"""

import math
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from cnnkit._checks import is_integer
from cnnkit.explain._axis_parts import POSITIONS, size_of, token_grid
from cnnkit.explain._image_axes import kind_of_maps
from cnnkit.explain._inputs import SHAPES
from cnnkit.explain._maps import check_depends, check_on_image

Grid = tuple[int, ...] | Callable | None


def as_maps(activations, layer, trace, n_images, grid=None, prefix=None):
    """What a layer gives, or its gradients, as maps.

    Args:
        activations: A tensor or an array.
        layer: The layer, as it was asked for.
        trace: Its `Trace`.
        n_images: How many images the model was given.
        grid, prefix: As in `cnnkit.explain.grad_cam`.

    Returns:
        A tensor or an array of shape `(batch, rows, columns, channels)`; for volumes and signals
        with an axis more or less.

    Raises:
        ValueError: If these are no maps of the images, or it is not known how they lie on them.
    """
    if callable(grid):
        return _by_function(activations, layer, trace, n_images, grid, prefix)
    known = _known_tokens(trace)
    if known is None and grid is None and prefix is None:
        check_on_image(activations, layer, trace, n_images)
        return activations
    _check_tokens(activations, layer, trace, n_images)
    before, sizes = known or (0, None)
    sizes = sizes if grid is None else _check_grid(grid, trace.n_axes)
    before = before if prefix is None else _check_prefix(prefix)
    if sizes is None or None in sizes:
        raise ValueError(
            "`grid` must be given, as it is not known how the tokens lie on the image: "
            f"{_names(trace.n_axes)}, and `prefix` for others before them. Received: grid={grid}, "
            f"layer={layer!r} with {activations.shape[1]} tokens"
        )
    n = math.prod(sizes)
    after = (activations.shape[1] or before + n) - before - n
    if after < 0 or (after > 0 and known != (before, sizes)):
        raise ValueError(
            f"`grid` and `prefix` must add up to the {activations.shape[1]} tokens that the layer "
            f"gives. Received: grid={grid}, prefix={prefix}, layer={layer!r}; {before} tokens are "
            f"before a grid of {' x '.join(map(str, sizes))}"
        )
    tokens = activations[:, before : before + n]
    return _reshaped(tokens, (n_images, *sizes, -1))


def positions(maps):
    """The axes of maps along which their positions lie."""
    return tuple(range(1, len(maps.shape) - 1))


def _known_tokens(trace):
    """How many others come before the tokens of a grid, and its size; None if there is no grid."""
    if trace.image is None or trace.axes is None:
        return None
    if kind_of_maps(trace.axes, trace.n_axes) != "tokens":
        return None
    before, axes = token_grid(trace.axes[1], POSITIONS[-trace.n_axes :])
    return before, tuple(map(size_of, axes))


def _reshaped(array, shape):
    return (np.reshape if isinstance(array, np.ndarray) else tf.reshape)(array, shape)


def _by_function(activations, layer, trace, n_images, grid, prefix):
    if prefix is not None:
        raise ValueError(
            "`prefix` must be None where `grid` is a function, which can leave out tokens itself. "
            f"Received: prefix={prefix}"
        )
    check_depends(layer, trace)
    maps = grid(activations)
    if len(maps.shape) != trace.n_axes + 2 or maps.shape[0] not in (None, n_images):
        raise ValueError(
            f"`grid` must return maps of shape {SHAPES[trace.n_axes + 2]}, one for each of the "
            f"{n_images} images. Received: a function that returns the shape {tuple(maps.shape)}"
        )
    return np.asarray(maps, np.float32) if isinstance(activations, np.ndarray) else maps


def _check_tokens(activations, layer, trace, n_images):
    check_depends(layer, trace)
    if len(activations.shape) != 3 or activations.shape[0] not in (None, n_images):
        raise ValueError(
            "`grid` and `prefix` are for a layer that gives the tokens of each of the "
            f"{n_images} images: it must give the shape (batch, tokens, channels), or `grid` must "
            f"be a function. Received: layer={layer!r}, which gives the shape "
            f"{tuple(activations.shape)}"
        )


def _check_grid(grid, n_axes):
    is_right = isinstance(grid, tuple | list) and len(grid) == n_axes
    if not is_right or not all(is_integer(n) and n > 0 for n in grid):
        raise ValueError(
            f"`grid` must be {_names(n_axes)}, positive integers, or a function. "
            f"Received: grid={grid!r}"
        )
    return tuple(map(int, grid))


def _check_prefix(prefix):
    if not is_integer(prefix) or prefix < 0:
        raise ValueError(f"`prefix` must be an integer of at least 0. Received: prefix={prefix!r}")
    return int(prefix)


def _names(n_axes):
    return {1: "(steps,)", 2: "(rows, columns)", 3: "(depth, rows, columns)"}[n_axes]


def check_positions_lead_to(gradients, layer):
    """Raise a ValueError if only others than the tokens of the grid have gradients.

    Args:
        gradients: As the layer gives them. Those of the tokens of the grid are all 0.
        layer: The layer, as it was asked for.
    """
    if gradients.any():
        raise ValueError(
            "`layer` must lead to the score from the tokens of the image. Received: "
            f"layer={layer!r}, after which the score depends on other tokens alone, as the class "
            "token: choose a layer before the last attention, such as the normalisation before it"
        )
