"""Images to learn from: digits, photos, and cats and dogs."""

from cnnkit._places import stored
from cnnkit.data._cats_vs_dogs import load_cats_vs_dogs
from cnnkit.data._characters import draw_characters
from cnnkit.data._decode import read_image
from cnnkit.data._digits import load_digits, load_mnist
from cnnkit.data._download import DownloadError, cache_dir, fetch, unpack
from cnnkit.data._folder_check import find_bad_images, find_duplicates, split
from cnnkit.data._label_errors import rank_label_errors
from cnnkit.data._pets import draw_pets
from cnnkit.data._photo_splits import PhotoSplits
from cnnkit.data._sample_photos import load_photo, photo_names

__all__ = [
    "DownloadError",
    "PhotoSplits",
    "cache_dir",
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
    "unpack",
]
