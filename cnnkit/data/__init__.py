"""Images to learn from: digits, photos, and cats and dogs."""

from cnnkit.data.cats_vs_dogs import load_cats_vs_dogs
from cnnkit.data.characters import draw_characters
from cnnkit.data.decode import read_image
from cnnkit.data.digits import load_digits, load_mnist
from cnnkit.data.download import cache_dir, fetch, unpack
from cnnkit.data.hygiene import find_bad_images, find_duplicates, split
from cnnkit.data.label_errors import rank_label_errors
from cnnkit.data.pets import draw_pets
from cnnkit.data.photos import load_photo, photo_names
from cnnkit.data.splits import PhotoSplits

__all__ = [
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
    "unpack",
]
