import numpy as np
import pytest
from keras import ops
from layer_check import numbers
from matplotlib.path import Path
from matplotlib.transforms import Bbox

from cnnkit.layers._visible_boxes import boxes_of_pixels, boxes_of_polygons


def box_in_image(corners, height, width):
    """The box of a polygon's part in an image, cut out by Matplotlib; None where there is none."""
    part = Path(corners, closed=False).clip_to_bbox(Bbox([[0, 0], [width, height]]))
    return part.get_extents().extents if len(part.vertices) else None


def polygons(corners, height=7, width=11):
    """The boxes of polygons with corners `(…, corners, 2)`, of columns and rows."""
    columns, rows = np.moveaxis(np.asarray(corners, "float32"), -1, 0)
    sides = (ops.convert_to_tensor(side, "float32") for side in (height, width))
    places = (ops.convert_to_tensor(rows), ops.convert_to_tensor(columns))
    return numbers(boxes_of_polygons(*places, *sides))


def test_a_part_of_a_polygon_has_a_smaller_box():
    """A square that stands on a corner, in the middle of the left edge and below the image."""
    diamond = np.array([[0, -3], [3, 0], [0, 3], [-3, 0]])
    boxes = polygons([diamond + [0, 3], diamond + [-1, 3], diamond + [5, 9], diamond + [5, 10.5]])
    assert boxes[:3].tolist() == [[0, 0, 3, 6], [0, 1, 2, 5], [4, 6, 6, 7]]
    left, top, right, bottom = boxes[3]
    assert right <= left or bottom <= top


def test_parallelograms_in_an_image():
    rng = np.random.default_rng(0)
    middle, one, other = rng.uniform(-4, 12, (3, 60, 1, 2)) * [[[[1]]], [[[0.5]]], [[[0.5]]]]
    corners = middle + np.concatenate([one + other, one - other, -one - other, other - one], axis=1)
    expected = [box_in_image(each, 7, 11) for each in corners]
    assert 10 < sum(box is None for box in expected) < 50
    for box, right in zip(polygons(corners), expected, strict=True):
        if right is None:
            assert box[2] <= box[0] or box[3] <= box[1]
        else:
            np.testing.assert_allclose(box, right, atol=1e-4)


@pytest.mark.parametrize("beside", [[20, 0], [-20, 0], [0, 20], [0, -20], [20, 20]])
def test_beside_the_image(beside):
    square = np.array([[0, 0], [5, 0], [5, 5], [0, 5]])
    left, top, right, bottom = polygons(square + beside)
    assert right <= left or bottom <= top
    assert polygons(square).tolist() == [0, 0, 5, 5]


def test_pixels_that_show_something():
    """Of a 4x6 image that is read two columns further right, and of one with its rows reversed."""
    rows, columns = np.mgrid[:4, :6] - np.array([1.5, 2.5])[:, None, None]
    boxes = np.float32([[[2, 1, 5, 3], [1, 0, 3, 4], [0, 0, 2, 4]], [[2, 1, 5, 3]] * 3])
    places = np.float32([[rows, -rows], [columns + 2, columns]])
    moved = numbers(boxes_of_pixels(*map(ops.convert_to_tensor, (boxes, *places))))
    assert moved[0, :2].tolist() == [[0, 1, 3, 3], [0, 0, 1, 4]]
    assert moved[0, 2, 2] <= moved[0, 2, 0]
    assert moved[1, 0].tolist() == [2, 1, 5, 3]
