"""What a layer does, step by step: figures that move."""

from cnnkit.viz.animations._animation import Animation
from cnnkit.viz.animations._convolution import animate_convolution
from cnnkit.viz.animations._descent import animate_descent
from cnnkit.viz.animations._dropout import animate_dropout
from cnnkit.viz.animations._pooling import animate_pooling
from cnnkit.viz.animations._search import animate_search

__all__ = [
    "Animation",
    "animate_convolution",
    "animate_descent",
    "animate_dropout",
    "animate_pooling",
    "animate_search",
]
