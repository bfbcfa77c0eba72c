"""Images to learn from: digits, photos, and cats and dogs."""

from cnnkit._places import stored
from cnnkit.data._bad_images import find_bad_images
from cnnkit.data._cats_vs_dogs import load_cats_vs_dogs
from cnnkit.data._characters import draw_characters
from cnnkit.data._decode import as_pixels, read_image
from cnnkit.data._digits import load_digits, load_mnist
from cnnkit.data._download import DownloadError, fetch
from cnnkit.data._duplicates import Duplicates, find_duplicates
from cnnkit.data._label_errors import LabelErrors, rank_label_errors
from cnnkit.data._pets import draw_pets
from cnnkit.data._photo_splits import PhotoSplits
from cnnkit.data._sample_photos import load_photo, photo_names
from cnnkit.data._split import split
from cnnkit.data._value_ranges import value_ranges

__all__ = [
    "DownloadError",
    "Duplicates",
    "LabelErrors",
    "PhotoSplits",
    "as_pixels",
    "draw_characters",
    "draw_pets",
    "fetch",
    "find_bad_images",
    "find_duplicates",
    "load_cats_vs_dogs",
    "load_digits",
    "load_mnist",
    "load_photo",
    "photo_names",
    "rank_label_errors",
    "read_image",
    "split",
    "stored",
    "value_ranges",
]
