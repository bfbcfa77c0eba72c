"""Elastic deformation and the distortion of lenses, in one field of displacements."""

from numbers import Real

import keras
from keras import ops

from cnnkit.layers._base_augmentation import as_plain, as_range
from cnnkit.layers._base_resampling import BaseResampling
from cnnkit.layers._resample import from_middle
from cnnkit.layers._visible_boxes import boxes_of_pixels


@keras.saving.register_keras_serializable(package="cnnkit")
class RandomWarp(BaseResampling):
    """Bend each image: as if it were drawn on rubber, or seen through a lens.

    For the elastic deformation a grid of control points is laid over the image, each is displaced
    by a normal random vector, and a cubic B-spline makes a smooth field of them, as does the
    Gaussian blur of Simard, Steinkraus and Platt, "Best Practices for Convolutional Neural
    Networks", 2003, section 2. (Coarse grids: Ronneberger, Fischer and Brox, "U-Net", 2015,
    arXiv:1505.04597, section 3.1.) Seen through the lens, at the distance `r` from the middle is
    what was at `r (1 + k r**2)`, where 1 is the distance of the corners. (Brown, "Decentering
    Distortion of Lenses", 1966.) Both displacements are added, and the image is read once, by
    bilinear interpolation.

    Args:
        elastic: Standard deviation of the control points in heights and widths of the image; the
            spline halves it about. 0.05 is much.
        points: Integer, at least 2: control points along each side. Fewer make wider waves.
        lens: Number `k` for a draw from `-k` to `k`, or pair `(low, high)`, above -1/3. Positive
            numbers make a barrel (straight lines bulge outwards), negative ones a pincushion.
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
            that of all pixels that show something of it, so in whole pixels; what lay beyond the
            image is not seen, and mirror images outside of the edges get no boxes. A box of which
            no pixel shows anything becomes padding: zeros, with the label -1. What is labelled -1
            stays as it is, as does all else in the dictionaries.
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

    >>> from cnnkit import data, viz
    >>> from cnnkit.layers import RandomWarp
    >>> pets, labels = data.draw_pets(3, seed=0)
    >>> warp = RandomWarp(elastic=0.04, lens=0.2, seed=0)
    >>> tuple(warp(pets).shape)
    (3, 64, 64, 3)
    >>> panels = viz.plot_augmentations(warp, pets)  # a row of draws for each pet
    """

    def __init__(
        self,
        elastic=0.0,
        points=5,
        lens=0.0,
        fill_mode="reflect",
        fill_value=0.0,
        bounding_box_format=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(fill_mode, fill_value, bounding_box_format, seed, **kwargs)
        if not isinstance(elastic, Real) or not 0 <= elastic < float("inf"):
            raise ValueError(
                f"`elastic` must be a number that is not negative. Received: {elastic=}"
            )
        if not isinstance(points, int) or points < 2:
            raise ValueError(f"`points` must be an integer of at least 2. Received: {points=}")
        self.elastic, self.points, self.lens = elastic, points, lens
        self._lens_range = as_range(lens, "lens", lowest=-1 / 3)  # else the image folds over

    def get_random_transformation(self, images):
        (lens,) = self.draw(images, self._lens_range)
        shape = (ops.shape(images)[0], 2, self.points, self.points)
        moves = keras.random.normal(
            shape, stddev=self.elastic, dtype="float32", seed=self.seed_generator
        )
        return moves, lens

    @staticmethod
    def read_places(images, transformation):
        moves, lens = transformation
        height, width = ops.shape(images)[1:3]
        y, x = from_middle(height)[:, None], from_middle(width)
        height, width = ops.cast(height, "float32"), ops.cast(width, "float32")
        squares = (y**2 + x**2) / (height**2 + width**2) * 4
        scale = 1 + lens[:, None, None] * squares
        smooth = _spline(y[:, 0] / height, moves.shape[-1]) @ moves
        smooth = smooth @ ops.transpose(_spline(x / width, moves.shape[-1]))
        return scale * y + height * smooth[:, 0], scale * x + width * smooth[:, 1]

    @staticmethod
    def move_corners(boxes, images, transformation):
        return boxes_of_pixels(boxes, *RandomWarp.read_places(images, transformation))

    def get_config(self):
        names = ("elastic", "points", "lens")
        return {**super().get_config(), **{name: as_plain(getattr(self, name)) for name in names}}


def _spline(positions, points):
    """The weights of control points at positions from -0.5 to 0.5, of shape `(size, points)`.

    A point weighs as the cubic B-spline says, over two of its neighbours to each side.
    """
    places = (positions[:, None] + 0.5) * (points - 1)
    distance = ops.abs(places - ops.arange(points, dtype="float32"))
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = ops.maximum(2 - distance, 0) ** 3 / 6
    return ops.where(distance < 1, near, far)
