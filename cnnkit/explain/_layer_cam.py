"""Which positions of any layer speak for a class, of early ones with their fine maps too.

Jiang, Zhang, Hou, Cheng and Wei, "LayerCAM: exploring hierarchical class activation maps for
localization", 2021, doi:10.1109/TIP.2021.3089943, equations 5 to 7.
"""

import keras
import numpy as np

from cnnkit.explain._activation_map import activation_map
from cnnkit.explain._inputs import Inputs
from cnnkit.explain._layout import Grid
from cnnkit.explain._maps import Layers
from cnnkit.explain._targets import Target


def layer_cam(
    model: keras.Model,
    images: Inputs,
    *,
    target: Target = None,
    layer: Layers = None,
    image: int | str | None = None,
    grid: Grid = None,
    prefix: int | None = None,
) -> np.ndarray:
    """Compute which regions of images speak for a class, with LayerCAM.

    Each number of the maps is multiplied by its own gradient, as in `hires_cam`, but by 0 where
    that is negative. So the fine maps of early layers, whose gradients differ from place to place,
    show details too: `layer=["block_3_expand_relu", "out_relu"]` joins both.

    Args:
        model, images, target, layer, image, grid, prefix: As in `grad_cam`.

    Returns:
        A float32 array, as from `grad_cam`.

    Raises:
        RuntimeError, TypeError, ValueError: As in `grad_cam`.

    Example:

    >>> from cnnkit import data, explain, models
    >>> images, labels = data.draw_pets(4, seed=0)
    >>> model = models.small_cnn((64, 64, 3), n_classes=2)
    >>> maps = explain.layer_cam(model, images, target=1, layer=[model.layers[3], model.layers[5]])
    >>> maps.shape
    (4, 64, 64)
    """
    return activation_map(_positive_products, model, images, target, layer, image, grid, prefix)


def _positive_products(maps, gradients):
    return np.einsum("...c,...c->...", maps, gradients.clip(0)).clip(0)
