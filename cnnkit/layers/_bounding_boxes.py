"""Bounding boxes as Keras's dictionaries have them: their formats, padding, and how they move."""

import keras
import numpy as np
from keras import ops

from cnnkit.layers._base_augmentation import restore
from cnnkit.layers._compiled import compiled
from cnnkit.layers._require import require
from cnnkit.layers._shape import describe_shape, shape_of

FORMATS = (
    "xyxy",
    "yxyx",
    "xywh",
    "center_xywh",
    "center_yxhw",
    "rel_xyxy",
    "rel_yxyx",
    "rel_xywh",
    "rel_center_xywh",
)
_FARTHEST = 10  # images: who cuts a small image out of a large one may keep boxes beside it
_ROUNDING = 1e-3  # pixels, or of relative boxes that are taken for absolute ones images


def check_format(bounding_box_format):
    """Raise a ValueError unless this is one of Keras's formats, or None."""
    if bounding_box_format not in (None, *FORMATS):
        raise ValueError(
            f"`bounding_box_format` must be one of {FORMATS}, or None without boxes. "
            f"Received: {bounding_box_format=}"
        )


def select_boxes(bounding_boxes, images):
    """Boxes and labels of a dictionary, which may hold more.

    Raises:
        ValueError: If it does not fit the images.
    """
    if not isinstance(bounding_boxes, dict) or not {"boxes", "labels"} <= bounding_boxes.keys():
        keys = ", ".join(bounding_boxes) if isinstance(bounding_boxes, dict) else None
        received = type(bounding_boxes).__name__ if keys is None else f"the keys {keys or '(none)'}"
        raise ValueError(
            '`bounding_boxes` must be a dictionary with the keys "boxes" and "labels". '
            f"Received: {received}"
        )
    boxes = {key: bounding_boxes[key] for key in ("boxes", "labels")}
    _check_shapes(**boxes, images=images)
    return boxes


def check_boxes(bounding_boxes, images, bounding_box_format):
    """Boxes and labels, without ragged tensors.

    Raises:
        ValueError: If they do not fit the images or the format.
    """
    if bounding_box_format is None:
        raise ValueError(
            "`bounding_box_format` must say how the bounding boxes are written: one of "
            f"{FORMATS}. Received: bounding_box_format=None"
        )
    bounding_boxes = _without_ragged(bounding_boxes)
    _check_shapes(**bounding_boxes, images=images)
    _check_dtypes(**bounding_boxes, bounding_box_format=bounding_box_format)
    return bounding_boxes


def move_boxes(bounding_boxes, bounding_box_format, images, move_corners, transformation):
    """Boxes and labels of a batch after a transformation of the images.

    What is padding, labelled -1, stays as it is. Boxes are cut off at the edges, before they move
    and after. One of which nothing is seen any more becomes padding: zeros with the label -1, with
    which Keras pads.

    Args:
        bounding_boxes: Dictionary of "boxes", of shape `(batch, boxes, 4)`, and of "labels", of
            shape `(batch, boxes)`, or one-hot `(batch, boxes, classes)`.
        bounding_box_format: One of `FORMATS`.
        images: Tensor of shape `(batch, height, width, channels)`.
        move_corners: Function of float32 boxes "xyxy", the images and the transformation, which
            gives such boxes: of what is seen of each, with no area where that is nothing.
        transformation: Tensors.
    """
    boxes, labels = bounding_boxes["boxes"], bounding_boxes["labels"]
    height, width = ops.shape(images)[1:3]
    scale = _scale(bounding_box_format, height, width)
    is_one_hot = len(labels.shape) == 3
    is_padding = ops.equal(labels, ops.cast(-1, labels.dtype))
    is_padding = ops.all(is_padding, axis=-1) if is_one_hot else is_padding
    _check_holds_size(boxes, height, width)
    corners = _corners(boxes, bounding_box_format, scale)
    _check_values(corners, is_padding, bounding_box_format, height, width)

    # Of what lies beyond the edges nothing is known, also where they move into the image.
    corners = ops.clip(corners, 0.0, _scale("rel_xyxy", height, width))
    is_seen = _have_area(corners) & ~is_padding  # for a line that is turned has a box with area
    corners = _move(images, corners, move_corners, transformation)
    is_seen = is_seen & _have_area(corners)
    form = bounding_box_format.removeprefix("rel_")
    moved = keras.utils.bounding_boxes.convert_format(corners, source="xyxy", target=form)
    moved = restore(moved / scale, boxes.dtype)
    is_seen = is_seen & _have_area(_corners(moved, bounding_box_format, scale))  # when rounded
    moved = ops.where(is_seen[..., None], moved, ops.cast(0, boxes.dtype))
    is_labelled = is_seen[..., None] if is_one_hot else is_seen
    return {
        "boxes": ops.where(is_padding[..., None], boxes, moved),
        "labels": ops.where(is_labelled, labels, ops.cast(-1, labels.dtype)),
    }


def _corners(boxes, bounding_box_format, scale):
    """Boxes as float32 "xyxy", in pixels."""
    boxes, form = ops.cast(boxes, "float32") * scale, bounding_box_format.removeprefix("rel_")
    return keras.utils.bounding_boxes.convert_format(boxes, source=form, target="xyxy")


def _have_area(corners):
    return (corners[..., 2] > corners[..., 0]) & (corners[..., 3] > corners[..., 1])


@compiled
def _move(images, corners, move_corners, transformation):
    return move_corners(corners, images, transformation)


def _scale(bounding_box_format, height, width):
    """How many pixels 1 is in each of the four numbers of a box.

    (Keras 3.13 takes height for width where it makes pixels of "rel_center_xywh".)
    """
    if not bounding_box_format.startswith("rel_"):
        return 1.0
    sides = (height, width) if bounding_box_format == "rel_yxyx" else (width, height)
    return ops.stack([ops.cast(side, "float32") for side in sides * 2])


def _without_ragged(bounding_boxes):
    """The dictionary with ragged tensors of TensorFlow padded, as Keras does it."""
    padded = dict(bounding_boxes)
    for key, padding in (("boxes", 0), ("labels", -1)):
        if hasattr(padded[key], "to_tensor"):
            padded[key] = padded[key].to_tensor(default_value=padding)
    return padded


def _check_shapes(boxes, labels, images):
    shapes = [shape_of(tensor, may_be_ragged=True) for tensor in (boxes, labels)]
    n_axes = len(images.shape) - 2  # of the labels
    fits = None not in shapes and len(shapes[0]) == n_axes + 1 and shapes[0][-1] in (4, None)
    fits = fits and len(shapes[1]) in (n_axes, n_axes + 1)
    if fits:
        sizes = list(zip(*shapes, strict=False))[:n_axes]
        sizes += [(images.shape[0], shapes[0][0])] if n_axes == 2 else []
        fits = all(a == b for a, b in sizes if None not in (a, b))
    if not fits:
        batch = "batch, " if n_axes == 2 else ""
        named = {"boxes": boxes, "labels": labels}
        received = [describe_shape(*each, may_be_ragged=True) for each in named.items()]
        raise ValueError(
            f"`bounding_boxes` must have boxes of shape ({batch}boxes, 4) and labels of shape "
            f"({batch}boxes) or, one-hot, ({batch}boxes, classes), for images.shape="
            f"{tuple(images.shape)}. Received: {', '.join(received)}"
        )


def _check_dtypes(boxes, labels, bounding_box_format):
    box_dtype, label_dtype = (
        keras.backend.standardize_dtype(tensor.dtype) for tensor in (boxes, labels)
    )
    kinds = "floats" if bounding_box_format.startswith("rel_") else "numbers"
    if not ("float" in box_dtype or ("int" in box_dtype and kinds == "numbers")):
        raise ValueError(
            f'`bounding_boxes["boxes"]` must be {kinds} for {bounding_box_format=}. '
            f"Received: boxes of dtype {box_dtype}"
        )
    if not label_dtype.startswith(("int", "float", "bfloat")):
        raise ValueError(
            '`bounding_boxes["labels"]` must be of a dtype that holds -1, the label of padding. '
            f"Received: labels of dtype {label_dtype}"
        )


def _check_holds_size(boxes, height, width):
    """Raise an error if boxes are of integers too small for the size of the images."""
    dtype = keras.backend.standardize_dtype(boxes.dtype)
    if "int" not in dtype:
        return
    size = _scale("rel_xyxy", height, width)
    require(
        ops.all(size <= float(np.iinfo(dtype).max)),
        '`bounding_boxes["boxes"]` must be of a dtype that holds the size of the images. '
        f"Received boxes of dtype {dtype} and images with sides of",
        ops.min(size),
        ops.max(size),
    )


def _check_values(corners, is_padding, bounding_box_format, height, width):
    """Raise an error if boxes cannot be meant so: a wrong format is the usual reason.

    It is if a box ends before it begins or is many images away, or if all lie within the first
    pixel, as relative boxes do that are taken for absolute ones. Only those that all begin in the
    very corner may be what was left of objects when the image was cut out of a larger one.
    """
    size = _scale("rel_xyxy", height, width)
    begin, end = corners[..., :2], corners[..., 2:]
    is_ordered = ops.all(end >= begin - _ROUNDING, axis=-1)
    is_near = ops.all(ops.abs(corners) <= _FARTHEST * size, axis=-1)
    is_tiny = ops.all((begin >= -_ROUNDING) & (end <= 1 + _ROUNDING), axis=-1)
    is_in_corner = is_tiny & ops.all(begin <= _ROUNDING, axis=-1)
    are_relative = ops.all(is_padding | is_tiny) & ~ops.all(is_padding | is_in_corner)
    fits = ops.all(is_padding | (is_ordered & is_near)) & ~are_relative
    corners = ops.where(is_padding[..., None], 0.0, corners)
    require(
        fits,
        f"`bounding_box_format` must fit the boxes: {bounding_box_format=}. "
        "Received boxes with corners, in pixels, from",
        ops.min(corners, initial=0.0),
        ops.max(corners, initial=0.0),
    )
