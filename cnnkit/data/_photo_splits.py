"""Labelled photos in a training, a validation and a test split."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from cnnkit._checks import check_integer_seed, check_positive
from cnnkit.data._decode import decode
from cnnkit.data._duplicates import Duplicates, group_duplicates
from cnnkit.data._split import SPLITS

DRAWN = "drawn pets"  # the source of photos that are none


@dataclass(frozen=True)
class Photo:
    """One labelled photo, and what is known of it.

    Attributes:
        source: The path of its file, or its bytes.
        label: Index into the names of the classes.
        height, width: In pixels, as stored.
        digest: SHA-256 of the bytes, in hexadecimal digits.
        plain: Whether TensorFlow's own JPEG decoder may be used.
        hash: What the photo looks like, see `cnnkit.data._hashes.perceptual_hash`.
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

    def share(self, salt=""):
        """A number from 0 to 99 made from the content: the same photo always has the same.

        With a `salt`, any text, each photo has another one.
        """
        digest = sha256(f"{salt}{self.digest}".encode()).hexdigest() if salt else self.digest
        return int(digest[:12], 16) % 100


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

    Example:

    >>> from cnnkit import data
    >>> photos = data.load_cats_vs_dogs("drawn", n_train=64, verbose=0)
    >>> photos.class_names, photos.sizes["train"]
    (['cat', 'dog'], 64)
    >>> images, labels = next(iter(photos.train))
    >>> tuple(images.shape), photos.test_uses
    ((32, 64, 64, 3), 0)
    """

    def __init__(self, photos, class_names, source, image_size=224, batch_size=32, *, seed=7):
        check_positive(image_size, "image_size")
        check_positive(batch_size, "batch_size")
        check_integer_seed(seed)
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
            A list of `Duplicates`, whose `members` are pairs `(split, photo)`: a str and a `Photo`.
            One with two splits leaks.
        """
        named = {
            (split, i): photo for split in SPLITS for i, photo in enumerate(self.photos[split])
        }
        files = {name: {"digest": p.digest, "hash": p.hash} for name, p in named.items()}
        return [
            Duplicates(tuple((split, named[split, i]) for split, i in group.members), group.exact)
            for group in group_duplicates(files)
        ]

    def in_order(self, split):
        """The same dataset as `train`, `validation` or `test`, but never shuffled.

        So what is computed from it belongs to the photos of `photos[split]`, one by one. The test
        counts as used.
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
        """
        from cnnkit.data import _pipeline  # TensorFlow takes seconds

        image_size = self.image_size if image_size is None else image_size
        check_positive(image_size, "image_size")
        if image_size > self.image_size:
            raise ValueError(
                f"`image_size` must be at most {self.image_size}. Received: {image_size=}"
            )
        return _pipeline.as_arrays(self.in_order(split), image_size)

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

    def _dataset(self, split, shuffle=False):
        from cnnkit.data import _pipeline  # TensorFlow takes seconds

        photos, memories = self.photos[split], self._memories
        if split not in memories:
            memories[split] = _pipeline.Memory(len(photos), self.image_size)
        options = dict(shuffle=shuffle, seed=self.seed)
        return _pipeline.read_photos(photos, memories[split], self.batch_size, **options)
