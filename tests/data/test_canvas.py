"""Shapes cover the area that geometry says, wherever they are placed."""

import math

import numpy as np
import pytest

from cnnkit.data._canvas import Canvas, arc, ellipse, inside, leaf, segment


def leaf_area(length, width):
    """Two segments of a circle through both tips."""
    radius = (length**2 + width**2) / (2 * width)
    angle = 2 * math.asin(length / radius)
    return radius**2 * (angle - math.sin(angle))


@pytest.mark.parametrize(
    ("shape", "area"),
    [
        (ellipse(0, 0, 0.5, 0.3), math.pi * 0.15),
        (ellipse(0.1, -0.2, 0.6, 0.2, 30), math.pi * 0.12),
        (leaf(0, 0, 0.6, 0.2, 70), leaf_area(0.6, 0.2)),
        (leaf(0.2, 0, 0.4, 0.4), math.pi * 0.16),
        (segment(-0.4, -0.2, 0.5, 0.3, 0.1), math.hypot(0.9, 0.5) * 0.1 + math.pi * 0.0025),
        (arc(0, 0, 0.5, 0.5, 0.04), math.pi * 0.5 * 0.04),
        (inside(ellipse(0, 0, 0.4, 0.4), ellipse(0, 2, 3, 2)), math.pi * 0.08),
    ],
)
@pytest.mark.parametrize("angle", [0, 40])
def test_areas(shape, area, angle):
    canvas = Canvas(200, (0.0, 0.0, 0.0))
    canvas.place(0.05, -0.05, 0.8, angle, squeeze=0.9)
    canvas.paint(shape, (1.0, 0.5, 0.0))
    red, green, blue = canvas.pixels.sum(axis=(1, 2)) * (2 / 200) ** 2
    assert red == pytest.approx(area * 0.8**2 * 0.9, rel=0.04)
    assert green == pytest.approx(red / 2, rel=1e-3) and blue == 0


def test_edges_are_smooth_and_the_inside_is_full():
    canvas = Canvas(64, (0.0, 0.0, 0.0))
    canvas.paint(ellipse(0, 0, 0.6, 0.6), (1.0, 1.0, 1.0))
    values = canvas.image()[..., 0]
    assert values.dtype == np.uint8 and values[32, 32] == 255 and values[2, 2] == 0
    between = (values > 10) & (values < 245)
    assert 60 < between.sum() < 250  # a ring about a pixel wide
    odd = Canvas(65, (0.0, 0.0, 0.0))
    odd.paint(ellipse(0, 0, 0.6, 0.6), (1.0, 1.0, 1.0))
    assert odd.image()[32, 32, 0] == 255


def test_what_lies_outside_is_cut_off():
    canvas = Canvas(32, (0.2, 0.2, 0.2))
    before = canvas.pixels.copy()
    canvas.paint(ellipse(5, 5, 1, 1), (1.0, 0.0, 0.0))
    assert np.array_equal(canvas.pixels, before)
    canvas.paint(ellipse(1, 1, 0.5, 0.5), (1.0, 0.0, 0.0), opacity=0.5)
    assert canvas.pixels[0, -1, -1] == pytest.approx(0.6) and canvas.pixels[0, 0, 0] == np.float32(
        0.2
    )
