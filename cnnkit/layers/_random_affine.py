"""Flip, rotate, zoom, shift and shear, with one resampling for all of them."""

import math

import keras
from keras import ops

from cnnkit.layers._base_augmentation import as_plain, as_range
from cnnkit.layers._base_resampling import BaseResampling
from cnnkit.layers._resample import from_middle
from cnnkit.layers._visible_boxes import boxes_of_polygons

_FLIPS = (None, "horizontal", "vertical", "horizontal_and_vertical")


@keras.saving.register_keras_serializable(package="cnnkit")
class RandomAffine(BaseResampling):
    """Flip, zoom, shear, rotate and translate each image, in this order and by one matrix.

    Layers of Keras in a row resample the image each time, which blurs it and takes as often the
    time. Here the random changes are multiplied into one matrix for each image, and the image is
    read once, by bilinear interpolation. (Hartley and Zisserman, "Multiple View Geometry", 2004,
    section 2.4, has the matrices.)

    Each setting but `flip` is a number `f`, for a draw from `-f` to `f`, or a pair `(low, high)`.

    Args:
        flip: "horizontal", "vertical", "horizontal_and_vertical" (each with a chance of a half),
            or None.
        rotation: In turns about the middle of the image: 0.1 is 36 degrees, counter-clockwise.
        zoom: Change of the size: 0.2 makes all things a fifth larger, -0.2 a fifth smaller. (In
            Keras's `RandomZoom` larger numbers make things smaller.)
        translation: In heights downwards and, drawn for itself, in widths to the right.
        shear: By how many pixels a row moves to the right for each row that it lies lower.
        fill_mode: What is seen outside of the image, in Keras's words: "reflect" (mirrored, the
            edge pixel repeated: `dcba|abcd|dcba`; NumPy's "reflect" does not repeat it), "constant"
            (the `fill_value`) or "nearest" (the edge pixel, `aaaa|abcd|dddd`).
        fill_value: Number, in the range of the images.
        bounding_box_format: How boxes are written, in Keras's words: "xyxy", "yxyx", "xywh",
            "center_xywh" or "center_yxhw", in pixels; "rel_xyxy", "rel_yxyx", "rel_xywh" or
            "rel_center_xywh", in widths and heights of the image. None where there are no boxes.
        seed: Integer, for the same draws each time. None means others each time.

    Call arguments:
        images: Tensor of shape `(height, width, channels)` or `(batch, height, width, channels)`,
            of integers or floats of any range. Or a dictionary of them, under "images", and of what
            belongs to them: "segmentation_masks", of shape `(…, height, width)` or `(…, height,
            width, channels)` and any dtype, move with their image, each pixel of the new ones that
            of the nearest; outside of a mask is seen what is outside of the image, with
            "constant" `fill_value`. "bounding_boxes" is a dictionary of "boxes", of shape
            `(…, boxes, 4)`, and "labels", of shape `(…, boxes)` of signed integers or floats, or
            one-hot `(…, boxes, classes)`; TensorFlow's ragged tensors are padded. A box becomes
            that of what is seen of it, cut off at the edges, turned, and cut off again: what lay
            beyond the image is not seen, and mirror images outside of the edges get no boxes. Whole
            numbers are rounded. A box of which nothing is seen, or that rounding leaves without
            area, becomes
            padding: zeros, with the label -1. What is labelled -1 stays as it is, as does all else
            in the dictionaries.
        training: Whether to change the images. False gives all back as it is.

    Output shape:
        As of the images, and of the same dtype: that of the tensor which Keras makes of them (with
        PyTorch int32 for uint16, which Keras lacks there).

    Raises:
        ValueError: Also if `fill_value` is none of the values that the masks' dtype can hold, and
            if boxes cannot be meant in `bounding_box_format`: one ends before it begins or is
            farther away than ten images, or all lie within the first pixel, as relative boxes do
            that are taken for absolute ones (if all begin in its corner, they pass: they may be
            the rest of objects that were cut off), and if they are integers too small for the size
            of the images, as uint8 beyond 255 pixels. In a graph of TensorFlow both are a
            `tf.errors.InvalidArgumentError`; code compiled by XLA or JAX cannot check them.

    Example:

    >>> import keras
    >>> from cnnkit.layers import RandomAffine
    >>> image = keras.ops.reshape(keras.ops.arange(4.0), (1, 4, 1))
    >>> shift = RandomAffine(translation=(0.25, 0.25), fill_mode="constant")
    >>> keras.ops.convert_to_numpy(shift(image))[0, :, 0]  # the only row moved down by a quarter
    array([0.  , 0.  , 0.75, 1.5 ], dtype=float32)
    """

    def __init__(
        self,
        flip=None,
        rotation=0.0,
        zoom=0.0,
        translation=0.0,
        shear=0.0,
        fill_mode="reflect",
        fill_value=0.0,
        bounding_box_format=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(fill_mode, fill_value, bounding_box_format, seed, **kwargs)
        if flip not in _FLIPS:
            raise ValueError(f"`flip` must be one of {_FLIPS}. Received: {flip=}")
        self.flip = flip
        self.rotation, self.zoom = rotation, zoom
        self.translation, self.shear = translation, shear
        self._ranges = {
            "rotation": as_range(rotation, "rotation"),
            "zoom": as_range(zoom, "zoom", lowest=-0.99),
            "down": as_range(translation, "translation"),
            "right": as_range(translation, "translation"),
            "shear": as_range(shear, "shear"),
            "upright": (-1.0 if "vertical" in (flip or "").split("_") else 1.0, 1.0),
            "unmirrored": (-1.0 if "horizontal" in (flip or "").split("_") else 1.0, 1.0),
        }

    def get_random_transformation(self, images):
        draws = self.draw(images, *self._ranges.values())
        return _matrices(**dict(zip(self._ranges, draws, strict=True)))

    @staticmethod
    def read_places(images, matrices):
        height, width = ops.shape(images)[1:3]
        matrices = matrices[:, :, :, None, None]
        y = from_middle(height)[:, None] + matrices[:, 0, 2] * ops.cast(height, "float32")
        x = from_middle(width) + matrices[:, 1, 2] * ops.cast(width, "float32")
        rows = matrices[:, 0, 0] * y + matrices[:, 0, 1] * x
        columns = matrices[:, 1, 0] * y + matrices[:, 1, 1] * x
        return rows, columns

    @staticmethod
    def move_corners(boxes, images, matrices):
        height, width = (ops.cast(size, "float32") for size in ops.shape(images)[1:3])
        y = ops.stack([boxes[..., i] for i in (1, 1, 3, 3)], axis=-1) - height / 2
        x = ops.stack([boxes[..., i] for i in (0, 2, 2, 0)], axis=-1) - width / 2
        (a, b, down), (c, d, right) = (
            [matrices[:, i, j, None, None] for j in range(3)] for i in range(2)
        )
        determinant = a * d - b * c
        rows = (d * y - b * x) / determinant + (0.5 - down) * height
        columns = (a * x - c * y) / determinant + (0.5 - right) * width
        return boxes_of_polygons(rows, columns, height, width)

    def get_config(self):
        names = ("flip", "rotation", "zoom", "translation", "shear")
        return {**super().get_config(), **{name: as_plain(getattr(self, name)) for name in names}}


def _matrices(rotation, zoom, down, right, shear, upright, unmirrored):
    """From places in the new image to those in the old one, of shape `(batch, 2, 3)`.

    Places are rows and columns from the middle; the last column is in heights and widths.
    The inverse of a product is the product of the inverses in the other order.
    """
    cos, sin = ops.cos(2 * math.pi * rotation), ops.sin(2 * math.pi * rotation)
    y, x = (
        (1 - 2 * ops.cast(drawn < 0, "float32")) / (1 + zoom) for drawn in (upright, unmirrored)
    )
    rows = ops.stack([y * cos, y * sin, -down], axis=-1)
    columns = ops.stack([-x * (sin + shear * cos), x * (cos - shear * sin), -right], axis=-1)
    return ops.stack([rows, columns], axis=1)
