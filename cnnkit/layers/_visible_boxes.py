"""The boxes of what is seen of boxes after their image was moved."""

from keras import ops


def boxes_of_polygons(rows, columns, height, width):
    """The boxes of the parts of convex polygons that lie in an image.

    As a polygon is convex, and so is its part in a strip, the columns of its part in the image are
    those of its part between the first and the last row, cut off at the sides.

    Args:
        rows: Tensor of shape `(…, corners)`, from the top edge of the image; corners in order.
        columns: Like `rows`, from its left edge.
        height, width: Of the image, float tensors.

    Returns:
        A tensor of shape `(…, 4)`, "xyxy"; without area where nothing lies in the image.
    """
    left, right = _extent(columns, width, rows, height)
    top, bottom = _extent(rows, height, columns, width)
    return ops.stack([left, top, right, bottom], axis=-1)


def boxes_of_pixels(boxes, rows, columns):
    """The boxes of the pixels that show something of boxes.

    Args:
        boxes: Tensor of shape `(batch, boxes, 4)`, "xyxy".
        rows: Tensor of shape `(batch, height, width)`, in pixels from the middle of the image,
            where each new pixel is read.
        columns: Like `rows`.

    Returns:
        A tensor of shape `(batch, boxes, 4)`, whole numbers; without area where no pixel does.
    """
    left, top, right, bottom = (boxes[..., i, None, None] for i in range(4))
    height, width = (ops.cast(size, "float32") for size in ops.shape(rows)[1:])
    rows, columns = rows[:, None] + height / 2, columns[:, None] + width / 2
    inside = (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)
    left, right = _ends(ops.any(inside, axis=-2))
    top, bottom = _ends(ops.any(inside, axis=-1))
    return ops.stack([left, top, right, bottom], axis=-1)


def _extent(along, length, across, limit):
    """From where to where in `(0, length)` polygons reach along, between 0 and `limit` across."""
    lowest, highest = length, ops.zeros_like(length)
    for step in (1, -1):  # from each corner on to the next, and back to the one before
        other_along, other_across = (ops.roll(at, step, axis=-1) for at in (along, across))
        far = other_across - across
        is_level = far == 0
        way = (ops.clip(across, 0.0, limit) - across) / ops.where(is_level, 1.0, far)
        place = along + ops.clip(way, 0.0, 1.0) * (other_along - along)
        is_within = ops.maximum(across, other_across) >= 0
        is_within = is_within & (ops.minimum(across, other_across) <= limit)
        place = ops.clip(place, 0.0, length)
        lowest = ops.minimum(lowest, ops.min(ops.where(is_within, place, length), axis=-1))
        highest = ops.maximum(highest, ops.max(ops.where(is_within, place, 0.0), axis=-1))
    return lowest, highest


def _ends(is_seen):
    """Where the first True begins and the last one ends, along the last axis."""
    size = ops.shape(is_seen)[-1]
    places = ops.arange(size, dtype="float32")
    first = ops.min(ops.where(is_seen, places, ops.cast(size, "float32")), axis=-1)
    return first, ops.max(ops.where(is_seen, places + 1, 0.0), axis=-1)
