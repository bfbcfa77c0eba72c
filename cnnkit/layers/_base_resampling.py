"""What the layers that move pixels share: what is seen outside, masks, and bounding boxes."""

from numbers import Real

import keras
import numpy as np

from cnnkit.layers._base_augmentation import BaseAugmentation, as_plain, restore
from cnnkit.layers._bounding_boxes import check_boxes, check_format, move_boxes, select_boxes
from cnnkit.layers._compiled import compiled
from cnnkit.layers._resample import FILL_MODES, resample, resample_nearest
from cnnkit.layers._shape import describe_shape, shape_of


class BaseResampling(BaseAugmentation):
    """A layer that reads each new pixel at another place of the image.

    Segmentation masks are read at the same places, and bounding boxes move with them. A layer
    writes, besides `get_random_transformation`, two static methods, which are compiled once for all
    layers: `read_places(images, transformation)`, rows and columns as `resample` takes them, and
    `move_corners(boxes, images, transformation)`, as `_bounding_boxes.move_boxes` says.

    Args:
        fill_mode: What is seen outside of the image: one of `FILL_MODES`.
        fill_value: Number, with "constant".
        bounding_box_format: One of Keras's formats, or None where there are no boxes.
        seed: Integer, for the same draws each time. None means others each time.
    """

    def __init__(self, fill_mode, fill_value, bounding_box_format, seed, **kwargs):
        super().__init__(seed, **kwargs)
        if fill_mode not in FILL_MODES:
            raise ValueError(f"`fill_mode` must be one of {FILL_MODES}. Received: {fill_mode=}")
        if not isinstance(fill_value, Real):
            raise ValueError(f"`fill_value` must be a number. Received: {fill_value=}")
        check_format(bounding_box_format)
        self.fill_mode, self.fill_value = fill_mode, fill_value
        self.bounding_box_format = bounding_box_format

    @staticmethod
    def read_places(images, transformation):
        raise NotImplementedError

    @staticmethod
    def move_corners(boxes, images, transformation):
        raise NotImplementedError

    def transform_images(self, images, transformation):
        fill = (self.fill_mode, self.fill_value)
        return _read(images, type(self).read_places, transformation, *fill)

    def select(self, data):
        selected = super().select(data)
        if (masks := data.get("segmentation_masks")) is not None:
            _check_masks(masks, data["images"])
            selected["segmentation_masks"] = masks
        if (boxes := data.get("bounding_boxes")) is not None:
            selected["bounding_boxes"] = select_boxes(boxes, data["images"])
        return selected

    def transform_targets(self, data, transformation):
        images, targets = data["images"], {}
        if (masks := data.get("segmentation_masks")) is not None:
            targets["segmentation_masks"] = self._transform_masks(masks, images, transformation)
        if (boxes := data.get("bounding_boxes")) is not None:
            boxes = check_boxes(boxes, images, self.bounding_box_format)
            targets["bounding_boxes"] = self._transform_boxes(boxes, images, transformation)
        return targets

    def _transform_masks(self, masks, images, transformation):
        _check_mask_fill(masks, self.fill_mode, self.fill_value)
        is_one, has_channels = len(images.shape) == 3, len(masks.shape) == len(images.shape)
        masks = masks[None] if is_one else masks
        masks = masks if has_channels else masks[..., None]
        fill = (self.fill_mode, self.fill_value)
        masks = _read_nearest(masks, type(self).read_places, transformation, *fill)
        masks = masks if has_channels else masks[..., 0]
        return masks[0] if is_one else masks

    def _transform_boxes(self, boxes, images, transformation):
        is_one = len(images.shape) == 3
        images = images[None] if is_one else images
        boxes = {key: value[None] if is_one else value for key, value in boxes.items()}
        moved = move_boxes(
            boxes, self.bounding_box_format, images, type(self).move_corners, transformation
        )
        return {key: value[0] if is_one else value for key, value in moved.items()}

    def get_config(self):
        names = ("fill_mode", "fill_value", "bounding_box_format")
        return {**super().get_config(), **{name: as_plain(getattr(self, name)) for name in names}}


@compiled
def _read(images, read_places, transformation, fill_mode, fill_value):
    """The images, read where a transformation says."""
    rows, columns = read_places(images, transformation)
    return restore(resample(images, rows, columns, fill_mode, fill_value), images.dtype)


@compiled
def _read_nearest(masks, read_places, transformation, fill_mode, fill_value):
    rows, columns = read_places(masks, transformation)
    return resample_nearest(masks, rows, columns, fill_mode, fill_value)


def _check_masks(masks, images):
    """Raise a ValueError unless masks have a pixel for each of the images."""
    n_axes, shape = len(images.shape) - 1, shape_of(masks) or ()
    sizes = zip(shape, images.shape, strict=False)  # some may be None, in `tf.data`
    fits = all(a == b for a, b in list(sizes)[:n_axes] if None not in (a, b))
    if len(shape) - n_axes not in (0, 1) or not fits:
        raise ValueError(
            "`segmentation_masks` must have the batch, height and width of the images, with or "
            f"without channels. Received: {describe_shape('segmentation_masks', masks)}, "
            f"images.shape={tuple(images.shape)}"
        )


def _check_mask_fill(masks, fill_mode, fill_value):
    """Raise a ValueError unless masks can hold the value that is seen outside of them."""
    dtype = keras.backend.standardize_dtype(masks.dtype)
    if fill_mode != "constant" or "float" in dtype:
        return
    low, high = (0, 1) if dtype == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    if not low <= fill_value <= high or fill_value != int(fill_value):  # NaN is nowhere
        raise ValueError(
            f"`fill_value` must be a value of the segmentation masks, which are {dtype}. "
            f"Received: {fill_value=}"
        )
