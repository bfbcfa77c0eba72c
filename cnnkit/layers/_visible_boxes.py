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
    lines = [ops.arange(size, dtype="float32") for size in ops.shape(rows)[1:]]
    height, width = (ops.cast(size, "float32") for size in ops.shape(rows)[1:])
    rows, columns = rows[:, None] + height / 2, columns[:, None] + width / 2
    inside = (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)
    left, right = _ends(lines[1], ops.any(inside, axis=-2), width, length=1.0)
    top, bottom = _ends(lines[0], ops.any(inside, axis=-1), height, length=1.0)
    return ops.stack([left, top, right, bottom], axis=-1)


def _extent(along, length, across, limit):
    """From where to where in `(0, length)` polygons reach along, between 0 and `limit` across."""
    places, are_within = [], []
    for step in (1, -1):  # from each corner on to the next, and back to the one before
        other_along, other_across = (ops.roll(at, step, axis=-1) for at in (along, across))
        far = other_across - across
        way = (ops.clip(across, 0.0, limit) - across) / ops.where(far == 0, 1.0, far)
        places.append(along + ops.clip(way, 0.0, 1.0) * (other_along - along))
        nearest, farthest = ops.minimum(across, other_across), ops.maximum(across, other_across)
        are_within.append((nearest <= limit) & (farthest >= 0))
    is_within = ops.concatenate(are_within, axis=-1)
    return _ends(ops.clip(ops.concatenate(places, axis=-1), 0.0, length), is_within, length)


def _ends(places, are_seen, size, length=0.0):
    """Where the first of those places begins that are seen, and where the last one ends."""
    to_end = ops.max(ops.where(are_seen, size - places, 0.0), axis=-1, initial=0.0)
    return size - to_end, ops.max(ops.where(are_seen, places + length, 0.0), axis=-1, initial=0.0)
