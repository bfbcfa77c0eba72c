"""Labelled photos in a training, a validation and a test split, read into memory once."""

import os
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import tensorflow as tf

from cnnkit.data._decode import decode, largest_reduction
from cnnkit.data._folder_check import SPLITS
from cnnkit.data._hashes import group_duplicates

DRAWN = "drawn pets"  # the source of photos that are none
MEMORY_LIMIT = 2 << 30  # bytes of uint8 pixels in one split; a larger one is read in every epoch
_RATIOS = (1, 2, 4, 8)  # at which a JPEG can be decoded
_PARALLEL = 2 * (os.cpu_count() or 1)  # photos decoded at the same time
_OPTIONS = tf.data.Options()
_OPTIONS.autotune.enabled = False  # its thread often holds up the end of an epoch for a second


@dataclass(frozen=True)
class Photo:
    """One labelled photo: its bytes or the path of its file, and what is known of it.

    `height` and `width` are in pixels as stored; `digest` is the SHA-256 of the bytes; `plain`
    says whether TensorFlow's own JPEG decoder may be used; `hash` says what the photo looks like
    (see `cnnkit.data.duplicates.perceptual_hash`).
    """

    source: Path | bytes
    label: int
    height: int
    width: int
    digest: str
    plain: bool
    hash: str = ""

    def read(self):
        """Return the photo at its own size: uint8 of shape `(height, width, 3)` in 0..255."""
        return decode(self.source if isinstance(self.source, bytes) else self.source.read_bytes())

    def share(self):
        """A number from 0 to 99 made from the content: the same photo always has the same."""
        return int(self.digest[:12], 16) % 100


class PhotoSplits:
    """Photos for training, for validation and for the one test at the end.

    Attributes:
        train: A `tf.data.Dataset` of `(images, labels)`: float32 of shape
            `(batch, image_size, image_size, 3)` in 0..255 and int32 of shape `(batch,)`. It is
            shuffled anew in every epoch.
        validation: The same, in a fixed order with the classes mixed.
        test: The same; every use of this attribute counts in `test_uses`.
        test_uses: How often `test` was asked for. An honest study ends with 1.
        photos: A dictionary from the name of a split to its list of `Photo`, in the order in
            which `validation` and `test` give them.
        class_names: Names of the classes; a label is an index into this list.
        source: In words, where the photos are from.
        drawn: Whether they are drawings.
        sizes: A dictionary from the name of a split to its number of photos.
    """

    def __init__(self, photos, class_names, source, image_size=224, batch_size=32, seed=7):
        _check_number("image_size", image_size)
        _check_number("batch_size", batch_size)
        self.photos = {name: sorted(photos[name], key=lambda p: p.digest) for name in SPLITS}
        self.class_names = list(class_names)
        self.source = source
        self.image_size = image_size
        self.batch_size = batch_size
        self.seed = seed
        self.test_uses = 0
        self._memories = {}
        self._check_classes()

    def __repr__(self):
        sizes = ", ".join(f"{size:,} {name}" for name, size in self.sizes.items())
        pixels = f"{self.image_size}x{self.image_size} pixels"
        return f"<PhotoSplits: {sizes}; {' and '.join(self.class_names)}; {pixels}; {self.source}>"

    @property
    def drawn(self):
        return self.source == DRAWN

    @property
    def sizes(self):
        return {name: len(photos) for name, photos in self.photos.items()}

    def find_duplicates(self):
        """List the photos that are the same, or nearly so: resized, re-encoded.

        Mirrored and cut photos are not found. The test photos are compared too, which is no use of
        the test: nothing is learned from them.

        Returns:
            A list of groups, each a list of `(split, Photo)`. A group with two splits leaks.
        """
        named = {
            (split, i): photo for split in SPLITS for i, photo in enumerate(self.photos[split])
        }
        files = {name: {"digest": p.digest, "hash": p.hash} for name, p in named.items()}
        return [
            [(split, self.photos[split][i]) for split, i in group.names]
            for group in group_duplicates(files)
        ]

    def in_order(self, split):
        """The same dataset as `train`, `validation` or `test`, but never shuffled.

        So what is computed from it belongs to the photos of `photos[split]`, one by one. The test
        counts as used.

        Raises:
            ValueError: If there is no such split.
        """
        if split not in SPLITS:
            raise ValueError(f"`split` must be one of {', '.join(SPLITS)}. Received: {split!r}")
        return self._dataset("train") if split == "train" else getattr(self, split)

    def arrays(self, split, image_size=None):
        """All photos of a split as one array, in the order of `photos[split]`; see `in_order`.

        Args:
            split: `"train"`, `"validation"` or `"test"`.
            image_size: Height and width in pixels, at most those of the datasets, which are the
                default. Smaller ones are made from those.

        Returns:
            `(images, labels)`: float32 of shape `(n, image_size, image_size, 3)` in 0..255, and
            int32 of shape `(n,)`.

        Raises:
            ValueError: If there is no such split, or the size is larger or not positive.
        """
        size = self.image_size if image_size is None else image_size
        _check_number("image_size", size)
        if size > self.image_size:
            raise ValueError(
                f"`image_size` must be at most {self.image_size}. Received: image_size={size}"
            )
        batches = [
            (tf.image.resize(images, (size, size), antialias=True), labels)
            for images, labels in self.in_order(split)
        ]
        images, labels = zip(*batches, strict=True)
        return np.concatenate(images), np.concatenate(labels)

    @cached_property
    def train(self):
        return self._dataset("train", shuffle=True)

    @cached_property
    def validation(self):
        return self._dataset("validation")

    @property
    def test(self):
        self.test_uses += 1
        return self._test

    @cached_property
    def _test(self):
        return self._dataset("test")

    def _check_classes(self):
        if len(self.class_names) < 2:
            raise ValueError(
                "Photos of at least two classes are needed, one sub-folder for each class. "
                f"Received: {self.class_names} in {self.source}"
            )
        for split, photos in self.photos.items():
            labels = {photo.label for photo in photos}
            missing = [name for i, name in enumerate(self.class_names) if i not in labels]
            if missing:
                raise ValueError(
                    f"Every class needs photos in every split, and the {split} split got none of "
                    f"{', '.join(missing)}: add some. Received: {self.sizes} in {self.source}"
                )

    def _dataset(self, name, shuffle=False):
        photos, n, size = self.photos[name], len(self.photos[name]), self.image_size
        labels = tf.constant([photo.label for photo in photos], tf.int32)
        if name not in self._memories:
            self._memories[name] = _Memory((n, size, size, 3))
        memory = self._memories[name]

        def read(i, *facts):
            return i, _decode_in_graph(*facts, memory.is_full, size)

        def as_example(i, images):
            images = tf.cond(memory.is_full, lambda: memory[i], lambda: memory.keep(i, images))
            return tf.cast(images, tf.float32), tf.gather(labels, i)

        sources = [p.source if isinstance(p.source, bytes) else str(p.source) for p in photos]
        is_path = [not isinstance(p.source, bytes) for p in photos]
        reductions = [largest_reduction(p.height, p.width, size) for p in photos]
        facts = (np.arange(n), sources, is_path, reductions, [p.plain for p in photos])
        order = tf.data.Dataset.from_tensor_slices(facts)
        order = order.shuffle(n, seed=self.seed) if shuffle else order
        images = order.map(read, num_parallel_calls=_PARALLEL)
        batches = images.batch(self.batch_size).map(as_example)
        return batches.prefetch(2).with_options(_OPTIONS)


class _Memory:
    """Keeps the decoded photos of a split, unless they are too many."""

    def __init__(self, shape):
        n_kept = shape[0] if np.prod(shape) <= MEMORY_LIMIT else 0
        with tf.device("CPU"):
            self.images = tf.Variable(tf.zeros((n_kept, *shape[1:]), tf.uint8))
            self.is_known = tf.Variable(tf.zeros(n_kept, tf.bool))
            self.is_full = tf.Variable(False)

    def __getitem__(self, i):
        return tf.gather(self.images, i)

    def keep(self, i, images):
        if len(self.is_known):
            written = self.images.scatter_update(tf.IndexedSlices(images, i))
            with tf.control_dependencies([written.op]):  # else another iterator may read too early
                self.is_known.scatter_update(tf.IndexedSlices(tf.ones_like(i, tf.bool), i))
                self.is_full.assign(tf.reduce_all(self.is_known))
        return images


def _decode_in_graph(source, is_path, reduction, plain, is_known, size):
    """Bytes or a path to a uint8 tensor of shape `(size, size, 3)`; what is known stays black."""

    def resized(image):
        image = tf.image.resize(tf.ensure_shape(image, (None, None, 3)), (size, size))
        return tf.cast(tf.round(image), tf.uint8)

    def jpeg(ratio):
        contents = tf.io.read_file(source)
        return resized(
            tf.io.decode_jpeg(contents, channels=3, ratio=ratio, dct_method="INTEGER_ACCURATE")
        )

    def other():
        return resized(tf.numpy_function(_read, [source, is_path, reduction], tf.uint8))

    def black():
        return tf.zeros((size, size, 3), tf.uint8)

    branches = [*(partial(jpeg, ratio) for ratio in _RATIOS), other, black]
    which = tf.argmax(tf.equal(_RATIOS, reduction), output_type=tf.int32)
    which = tf.where(plain & is_path, which, len(_RATIOS))
    return tf.switch_case(tf.where(is_known, len(_RATIOS) + 1, which), branches)


def _read(source, is_path, reduction):
    return decode(Path(source.decode()).read_bytes() if is_path else source, reduction)


def _check_number(name, value):
    if not isinstance(value, int) or value < 1:
        raise ValueError(f"`{name}` must be a whole number from 1. Received: {name}={value!r}")
