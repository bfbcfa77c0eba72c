"""Maps of tokens: cnnkit on the transformers of KerasHub, with random weights, nothing downloaded.

ViT and DeiT give tokens, with one and with two others before them. Swin gives tokens too, and
within a block those of windows, which a function lays out. Of each layer that is asked for it
prints the maps, and how far Grad-CAM is from one made by hand with a gradient tape. Ends with an
error where that is more than rounding, or the grid is another.
"""

import sys

import keras
import keras_hub
import numpy as np
import tensorflow as tf
from keras import ops

from cnnkit import explain

SIZE, PATCH, WINDOW, N = 112, 16, 7, 2
COMMON = dict(num_layers=2, num_heads=3, hidden_dim=48)


def with_head(backbone, pool):
    """A classifier of three classes."""
    return keras.Model(backbone.input, keras.layers.Dense(3)(pool(backbone.output)))


def vit():
    backbone = keras_hub.models.ViTBackbone(
        (SIZE, SIZE, 3), patch_size=(PATCH, PATCH), mlp_dim=96, **COMMON
    )
    return with_head(backbone, lambda tokens: tokens[:, 0])


def deit():
    backbone = keras_hub.models.DeiTBackbone(
        (SIZE, SIZE, 3), patch_size=(PATCH, PATCH), intermediate_dim=96, **COMMON
    )
    return with_head(backbone, lambda tokens: (tokens[:, 0] + tokens[:, 1]) / 2)


def swin():
    backbone = keras_hub.models.SwinTransformerBackbone(
        (SIZE, SIZE, 3), embed_dim=24, depths=(2, 2), num_heads=(3, 6), window_size=WINDOW
    )
    return with_head(backbone, keras.layers.GlobalAveragePooling1D())


def from_windows(windows):
    """Windows of the first stage, of 7 x 7 tokens each, as maps of 28 x 28 positions."""
    n = SIZE // 4 // WINDOW
    x = ops.reshape(windows, (-1, n, n, WINDOW, WINDOW, ops.shape(windows)[-1]))
    return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, SIZE // 4, SIZE // 4, 24))


def tokens_after(n, grid=SIZE // PATCH):
    """From tokens, the first `n` of which are others, to square maps."""
    return lambda tokens: ops.reshape(tokens[:, n:], (-1, grid, grid, 48))


CASES = (  # model, end of the path of a layer, how maps are made of it by hand, and what is passed
    (vit, "transformer_block_2/ln_1", tokens_after(1), {}),
    (deit, "transformer_block_2/ln_1", tokens_after(2), {}),
    (swin, "stage_0/blocks_0/attn", from_windows, {"grid": from_windows}),
    (swin, "norm", tokens_after(0, SIZE // 8), {}),
)


def by_hand(model, layer, images, lay_out):
    """What a layer gives while the model runs, and Grad-CAM of each class, of the images' size."""
    taken, own = [], layer.call

    def call(*args, **kwargs):
        taken.append(own(*args, **kwargs))
        tape.watch(taken[-1])
        return taken[-1]

    vars(layer)["call"] = call
    with tf.GradientTape(persistent=True) as tape:
        scores = tf.unstack(model(images, training=False), axis=1)
    del vars(layer)["call"]
    maps, *gradients = (
        np.asarray(lay_out(each))
        for each in (taken[0], *(tape.gradient(score, taken[0]) for score in scores))
    )
    cams = [np.einsum("bhwc,bc->bhw", maps, each.mean(axis=(1, 2))).clip(0) for each in gradients]
    return maps, [tf.image.resize(cam[..., None], (SIZE, SIZE))[..., 0].numpy() for cam in cams]


def main():
    keras.utils.set_random_seed(0)
    images = np.random.default_rng(0).uniform(0, 1, (N, SIZE, SIZE, 3)).astype("float32")
    models, good = {build: build() for build in (vit, deit, swin)}, True
    print(f"KerasHub {keras_hub.__version__}, Keras {keras.__version__}: {N} images of {SIZE}")
    for build, end, lay_out, options in CASES:
        model = models[build]
        paths = explain.layer_paths(model)
        path = next(path for path in reversed(paths) if path == end or path.endswith(f"/{end}"))
        expected, cams = by_hand(model, paths[path], images, lay_out)
        maps = explain.feature_maps(model, images, layer=path, **options)
        found = [explain.grad_cam(model, images, target=k, layer=path, **options) for k in range(3)]
        off = np.abs(np.subtract(found, cams)).max() / np.max(cams)
        fits = maps.shape == expected.shape and np.allclose(maps, expected, atol=1e-4)
        good &= bool(fits and off < 1e-3)
        print(f"{build.__name__:5} {path:40} maps {maps.shape}  off by {off:.1e}", flush=True)
    sys.exit(not good)


if __name__ == "__main__":
    main()
