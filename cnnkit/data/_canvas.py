"""A small anti-aliased canvas: shapes are distance functions, so edges are smooth at any size."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Shape(NamedTuple):
    """A shape around `(x, y)` that reaches no further than `reach`; `distance(u, v)` is negative
    inside, zero at the edge and positive outside, for coordinates relative to `(x, y)`."""

    x: float
    y: float
    reach: float
    distance: Callable


def ellipse(x, y, rx, ry, angle=0.0):
    """An ellipse with half-axes `rx` and `ry`, turned by `angle` degrees."""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))

    def distance(u, v):
        a, b = u * (cos / rx) + v * (sin / rx), v * (cos / ry) - u * (sin / ry)
        a, b = a * a, b * b
        k2 = a + b + 1e-12  # not 0 in the middle, which would count as the edge
        slope = np.sqrt(a / (rx * rx) + b / (ry * ry)) + 1e-6
        return (k2 - np.sqrt(k2)) / slope  # to first order

    return Shape(x, y, max(rx, ry), distance)


def leaf(x, y, length, width, angle=0.0):
    """A pointed leaf: from its middle `(x, y)` it reaches `length` to both tips, and `width` to
    both sides. At angle 0 the tips are above and below."""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    offset = (length * length - width * width) / (2 * width)

    def distance(u, v):
        a, b = np.abs(cos * u + sin * v), cos * v - sin * u
        return np.sqrt((a + offset) ** 2 + b * b) - (offset + width)

    return Shape(x, y, max(length, width), distance)


def segment(x0, y0, x1, y1, width):
    """A line with round ends, `width` thick."""
    x, y, dx, dy = (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0
    length2 = dx * dx + dy * dy + 1e-9

    def distance(u, v):
        along = np.minimum(np.maximum((u * dx + v * dy) / length2, -0.5), 0.5)
        return np.sqrt((u - along * dx) ** 2 + (v - along * dy) ** 2) - width / 2

    return Shape(x, y, math.sqrt(length2) / 2 + width, distance)


def arc(x, y, rx, ry, width):
    """The lower half of an ellipse's line, `width` thick."""
    whole = ellipse(x, y, rx, ry)

    def distance(u, v):
        return np.maximum(np.abs(whole.distance(u, v)) - width / 2, -v)

    return Shape(x, y, max(rx, ry) + width, distance)


def inside(shape, other):
    """The part of a shape that lies in another one."""

    def distance(u, v):
        there = other.distance(u + (shape.x - other.x), v + (shape.y - other.y))
        return np.maximum(shape.distance(u, v), there)

    return shape._replace(distance=distance)


class Canvas:
    """A square picture. Coordinates run from -1 to 1, `y` downwards, until `place` moves them.

    Attributes:
        pixels: float32 of shape `(3, image_size, image_size)`, nominally in 0..1.
    """

    def __init__(self, image_size, color=(1.0, 1.0, 1.0)):
        self.image_size = image_size
        self.pixels = np.empty((3, image_size, image_size), np.float32)
        self.pixels[:] = np.array(color)[:, None, None]
        self.axis = ((np.arange(image_size) + 0.5) * 2 / image_size - 1).astype(np.float32)
        self.place()

    def place(self, x=0.0, y=0.0, scale=1.0, angle=0.0, squeeze=1.0):
        """Draw from now on in coordinates around `(x, y)`, in units of `scale`, turned by `angle`
        degrees and squeezed in their own horizontal direction."""
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        self.origin, self.scale = (x, y), scale
        self.to_canvas = cos * squeeze * scale, -sin * scale, sin * squeeze * scale, cos * scale
        a, b, c, d = self.to_canvas
        det = a * d - b * c
        self.from_canvas = d / det, -b / det, -c / det, a / det

    def paint(self, shape, color, opacity=1.0, softness=0.0, shade=0.0):
        """Lay a colour over what is there.

        Args:
            shape: A `Shape`.
            color: Red, green and blue in 0..1.
            opacity: From 0 to 1.
            softness: Width of a blurred edge, in the shape's coordinates.
            shade: How much darker the lower right is than the middle.
        """
        a, b, c, d = self.to_canvas
        x = a * shape.x + b * shape.y + self.origin[0]
        y = c * shape.x + d * shape.y + self.origin[1]
        reach = (shape.reach + softness) * self.scale
        columns, rows = self._window(x - reach, x + reach), self._window(y - reach, y + reach)
        dx, dy = self.axis[columns] - x, (self.axis[rows] - y)[:, None]
        a, b, c, d = self.from_canvas
        u, v = a * dx + b * dy, c * dx + d * dy
        edge = max(2 / (self.image_size * self.scale), softness)
        cover = np.minimum(np.maximum(0.5 - shape.distance(u, v) / edge, 0), 1) * opacity
        region = self.pixels[:, rows, columns]
        color = np.array(color, np.float32)[:, None, None]
        if shade:
            color = color * (1 - shade / shape.reach * (u + 1.5 * v))
        region += cover * (color - region)

    def _window(self, low, high):
        side = self.image_size
        first, last = math.floor((low + 1) * side / 2), math.ceil((high + 1) * side / 2)
        return slice(min(max(first - 1, 0), side), min(max(last + 1, 0), side))

    def image(self):
        """The picture as uint8 of shape `(image_size, image_size, 3)`."""
        return np.moveaxis(np.round(self.pixels.clip(0, 1) * 255), 0, -1).astype(np.uint8)
