"""Photos as a `tf.data.Dataset`, read into memory once."""

import os
from functools import partial
from pathlib import Path

import numpy as np
import tensorflow as tf

from cnnkit.data._decode import decode, largest_reduction

MEMORY_LIMIT = 2 << 30  # bytes of uint8 pixels in one split; a larger one is read in every epoch
_RATIOS = (1, 2, 4, 8)  # at which a JPEG can be decoded
_PARALLEL = 2 * (os.cpu_count() or 1)  # photos decoded at the same time
_OPTIONS = tf.data.Options()
_OPTIONS.autotune.enabled = False  # its thread often holds up the end of an epoch for a second


def read_photos(photos, memory, batch_size, *, shuffle=False, seed=None):
    """Make a dataset of mini-batches.

    Args:
        photos: A list of `Photo`.
        memory: A `Memory` for as many photos; datasets of the same photos may share one.
        batch_size: Photos in a mini-batch.
        shuffle: Whether the order changes in every epoch.
        seed: Of the shuffling, as `tf.data.Dataset.shuffle` takes it: an integer gives each new
            dataset the same orders, None others.

    Returns:
        A `tf.data.Dataset` of `(images, labels)`, as `PhotoSplits` describes it.
    """
    n, image_size = len(photos), memory.image_size
    labels = tf.constant([photo.label for photo in photos], tf.int32)

    def read(i, *facts):
        return i, decode_in_graph(*facts, memory.is_full, image_size)

    def as_example(i, images):
        images = tf.cond(memory.is_full, lambda: memory[i], lambda: memory.keep(i, images))
        return tf.cast(images, tf.float32), tf.gather(labels, i)

    sources = [p.source if isinstance(p.source, bytes) else str(p.source) for p in photos]
    is_path = [not isinstance(p.source, bytes) for p in photos]
    reductions = [largest_reduction(p.height, p.width, image_size) for p in photos]
    facts = (np.arange(n), sources, is_path, reductions, [p.plain for p in photos])
    order = tf.data.Dataset.from_tensor_slices(facts)
    order = order.shuffle(n, seed=seed) if shuffle else order
    images = order.map(read, num_parallel_calls=_PARALLEL)
    batches = images.batch(batch_size).map(as_example)
    return batches.prefetch(2).with_options(_OPTIONS)


def as_arrays(dataset, image_size):
    """All images of a dataset, made smaller, and all labels, as two NumPy arrays."""
    batches = [
        (tf.image.resize(images, (image_size, image_size), antialias=True), labels)
        for images, labels in dataset
    ]
    images, labels = zip(*batches, strict=True)
    return np.concatenate(images), np.concatenate(labels)


class Memory:
    """Keeps `n` decoded photos, unless they are too many."""

    def __init__(self, n, image_size):
        self.image_size = image_size
        shape = (image_size, image_size, 3)
        n_kept = n if n * np.prod(shape) <= MEMORY_LIMIT else 0
        with tf.device("CPU"):
            self.images = tf.Variable(tf.zeros((n_kept, *shape), tf.uint8))
            self.is_known = tf.Variable(tf.zeros(n_kept, tf.bool))
            self.is_full = tf.Variable(False)

    def __getitem__(self, i):
        return tf.gather(self.images, i)

    def keep(self, i, images):
        if self.is_known.shape[0]:
            written = self.images.scatter_update(tf.IndexedSlices(images, i))
            with tf.control_dependencies([written.op]):  # else another iterator may read too early
                self.is_known.scatter_update(tf.IndexedSlices(tf.ones_like(i, tf.bool), i))
                self.is_full.assign(tf.reduce_all(self.is_known))
        return images


def decode_in_graph(source, is_path, reduction, plain, is_known, image_size):
    """Bytes or a path to a uint8 tensor of shape `(image_size, image_size, 3)`.

    What is known already stays black.
    """

    def resized(image):
        image = tf.image.resize(tf.ensure_shape(image, (None, None, 3)), (image_size, image_size))
        return tf.cast(tf.round(image), tf.uint8)

    def jpeg(ratio):
        contents = tf.io.read_file(source)
        return resized(
            tf.io.decode_jpeg(contents, channels=3, ratio=ratio, dct_method="INTEGER_ACCURATE")
        )

    def other():
        return resized(tf.numpy_function(_read, [source, is_path, reduction], tf.uint8))

    def black():
        return tf.zeros((image_size, image_size, 3), tf.uint8)

    branches = [*(partial(jpeg, ratio) for ratio in _RATIOS), other, black]
    which = tf.argmax(tf.equal(_RATIOS, reduction), output_type=tf.int32)
    which = tf.where(plain & is_path, which, len(_RATIOS))
    return tf.switch_case(tf.where(is_known, len(_RATIOS) + 1, which), branches)


def _read(source, is_path, reduction):
    return decode(Path(source.decode()).read_bytes() if is_path else source, reduction)
