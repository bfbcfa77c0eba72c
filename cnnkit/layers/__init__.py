"""Keras layers that the course needs and Keras lacks.

They work with every backend of Keras: eagerly, in a model, and (with TensorFlow) in `tf.data`.
"""

from cnnkit.layers._max_blur_pooling2d import MaxBlurPooling2D
from cnnkit.layers._maxout import Maxout
from cnnkit.layers._random_affine import RandomAffine
from cnnkit.layers._random_color import RandomColor
from cnnkit.layers._random_warp import RandomWarp
from cnnkit.layers._stochastic_pooling2d import StochasticPooling2D

__all__ = [
    "MaxBlurPooling2D",
    "Maxout",
    "RandomAffine",
    "RandomColor",
    "RandomWarp",
    "StochasticPooling2D",
]
