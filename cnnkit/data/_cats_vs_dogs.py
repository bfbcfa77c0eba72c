"""Cats and dogs, from the nearest place that has them, or your own folder of photos."""

import contextlib
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import requests
from PIL import Image

from cnnkit._checks import check_integer_seed
from cnnkit._places import cache_dir, data_folder
from cnnkit.data._bad_images import check_folder, examine
from cnnkit.data._download import TIMEOUT, DownloadError, fetch, unpack
from cnnkit.data._folder import check_classes, check_same_classes, find_splits, subfolders
from cnnkit.data._pets import draw_pets
from cnnkit.data._photo_splits import DRAWN, Photo, PhotoSplits
from cnnkit.data._split import SPLITS

URL = "https://storage.googleapis.com/mledu-datasets/cats_and_dogs_filtered.zip"
ARCHIVE_BYTES = 68_606_236
ARCHIVE_PHOTOS = 3_000
TFDS_URL = (
    "https://download.microsoft.com/download/3/E/1/3E1C3F21-ECDB-4869-8368-6DEBA77B919F/"
    "kagglecatsanddogs_5340.zip"
)

_MEMBER = re.compile(r"cats_and_dogs_filtered/((train|validation)/(cat|dog)s/\3\.\d+\.jpg)")
_SINGULAR = {"cats": "cat", "dogs": "dog"}
_DRAWN_SIZES = {"train": 600, "validation": 500, "test": 500}
_DRAWN_PIXELS = 64
_drawn = {}  # from split to its drawings, as soon as they were asked for
_NO_PHOTOS = (
    "There are no photos of cats and dogs here, so the pets are drawn; for photos connect to the "
    "network, set CNNKIT_DATA to a folder with cats_vs_dogs/train and cats_vs_dogs/validation, or "
    "give your own with source='folder:PATH'."
)


def load_cats_vs_dogs(
    source="auto", image_size=None, n_train=None, batch_size=32, *, seed=7, salt="", verbose=1
):
    """Load photos of cats and dogs, or of whatever your own folder shows.

    Args:
        source: `"auto"`: `$CNNKIT_DATA/cats_vs_dogs` if it is there, else `"web"`, and if that
            cannot be had `"drawn"`. `"web"`: the 3,000 photos of `cats_and_dogs_filtered`,
            downloaded once (68 MB). `"tfds"`: all 23,262 photos through tensorflow-datasets
            (825 MB). `"drawn"`: 600, 500 and 500 animals of `draw_pets`, 64 pixels wide.
            `"folder:PATH"`: a folder with one sub-folder of photos for each class, or with folders
            that hold those and are called after the splits: `train`, `validation` and perhaps
            `test`, also `training_set`, `Val`, `seg_test/seg_test` and their like. All files that
            `as_pixels` reads are taken, whatever their names end in, but no pictures whose range
            would be a guess.
        image_size: Height and width to which the photos are resized, in pixels. `None` stands
            for 224, or for 64 if the pets are drawn.
        n_train: Take only so many training photos, as many of each class; `None` for all.
        batch_size: Photos in a mini-batch.
        seed: Of the shuffling, and of the choice of `n_train` photos. Other than elsewhere it is
            an integer always, of 0..2**32-1, and a number if none is given: a study goes on with
            the same photos in every session.
        salt: A text that is hashed along with each photo where splits are cut: another text makes
            another cut, each the same in every session. To see how far a result hangs on the cut.
            Splits that come as folders, and the drawn pets, stay as they are.
        verbose: 1 says what was found, and shows progress bars; 0 prints nothing. What
            tensorflow-datasets prints stays.

    Returns:
        A `PhotoSplits`. The test split is cut from the validation folder by a hash of each file's
        content, so it is always the same and shares no file with the others; a folder without a
        validation part is cut into 70, 10 and 20 of 100 in the same way.

    Raises:
        DownloadError: If `source="web"` or `"tfds"` was asked for and cannot be had.
        ValueError: If a folder's layout leaves open what are splits and what are classes.

    Example:

    >>> import keras
    >>> from cnnkit import data, models
    >>> photos = data.load_cats_vs_dogs("drawn", n_train=64, verbose=0)  # "auto": real ones, if any
    >>> model = models.small_cnn((64, 64, 3), n_classes=1)
    >>> model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    >>> history = model.fit(photos.train, verbose=0)
    """
    check_integer_seed(seed)
    if not isinstance(salt, str):
        raise TypeError(f"`salt` must be a text. Received: salt={salt!r}")
    photos, class_names, where = _find(source, salt, verbose)
    if n_train is not None:
        photos = photos | {"train": _balanced(photos["train"], n_train, len(class_names), seed)}
    if image_size is None:
        image_size = _DRAWN_PIXELS if where == DRAWN else 224
    splits = PhotoSplits(photos, class_names, where, image_size, batch_size, seed=seed)
    if verbose:
        print(splits)
    return splits


def _find(source, salt, verbose):
    """Return the photos by split, the names of the classes, and in words where they are from."""
    if isinstance(source, str) and source.startswith("folder:"):
        folder = Path(source.removeprefix("folder:")).expanduser().absolute()
        return *_read_folder(folder, salt, verbose), f"folder {folder}"
    if source == "web":
        return *_read_folder(_web_folder(verbose), salt, verbose), "cats_and_dogs_filtered"
    if source == "drawn":
        return _draw(verbose), ["cat", "dog"], DRAWN
    if source == "tfds":
        return *_read_tfds(salt), "cats_vs_dogs of tensorflow-datasets"
    if source != "auto":
        raise ValueError(
            f"`source` must be 'auto', 'web', 'tfds', 'drawn' or 'folder:PATH'. "
            f"Received: source={source!r}"
        )
    return _find_nearest(salt, verbose)


def _find_nearest(salt, verbose):
    given = data_folder()
    folder = given and given / "cats_vs_dogs"
    if folder and folder.is_dir():
        return *_read_folder(folder, salt, verbose), f"folder {folder}"
    if given and verbose:
        print(f"CNNKIT_DATA={given} has no folder cats_vs_dogs.")
    try:
        return _find("web", salt, verbose)
    except DownloadError as error:
        if verbose:
            print(error, _NO_PHOTOS, sep="\n")
        return _find("drawn", salt, verbose)


def _web_folder(verbose):
    folder = cache_dir() / "cats_and_dogs_filtered"
    if not folder.exists():
        path = folder.with_suffix(".zip")
        archive = fetch(URL, path, _check_archive, size=ARCHIVE_BYTES, verbose=verbose)
        try:
            unpack(archive, folder, _members(archive), verbose=verbose)
        except OSError as error:
            raise DownloadError(f"{archive} could not be unpacked: {error.strerror}") from error
        with contextlib.suppress(OSError):  # on Windows another process may still read it
            archive.unlink()
    return folder


def _members(archive):
    with zipfile.ZipFile(archive) as file:
        names = [_MEMBER.fullmatch(name) for name in file.namelist()]
        return {match.string: match.group(1) for match in names if match}


def _check_archive(path):
    try:
        members = _members(path)
        with zipfile.ZipFile(path) as file:
            damaged = file.testzip()
    except zipfile.BadZipFile as error:
        raise ValueError(f"it is no zip archive ({error})") from error
    if damaged:
        raise ValueError(f"{damaged} is damaged")
    if len(members) != ARCHIVE_PHOTOS:
        raise ValueError(f"expected {ARCHIVE_PHOTOS:,} photos. Received: {len(members):,}")


def _read_folder(folder, salt, verbose):
    """Sort the photos of a folder into splits; what cannot be used is left out and counted."""
    files = check_folder(folder, verbose)
    faults = [f"{name} ({found['fault']})" for name, found in files.items() if "fault" in found]
    if faults and verbose:
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        named = ", ".join(faults[:3]).encode("utf-8", "replace").decode("utf-8")
        print(f"{len(faults)} files left out: {named}{more}.")
    files = {name: found for name, found in files.items() if "fault" not in found}
    folder = Path(folder).resolve()  # as `files` are relative to it
    splits = find_splits(folder, files) or {"train": folder}
    class_names = sorted({path.name for top in splits.values() for path in subfolders(top)})
    photos, members, used = {name: [] for name in SPLITS}, [], set()
    classes = {split: set() for split in splits}
    for split, top in splits.items():
        start = "" if top == folder else f"{top.relative_to(folder).as_posix()}/"
        for name, found in files.items():
            class_name, _, rest = name.removeprefix(start).partition("/")
            if name.startswith(start) and rest and class_name in class_names:
                photos[split].append(_photo(folder / name, class_names.index(class_name), found))
                members.append((class_name, rest))
                classes[split].add(class_name)
                used.add(name)
    check_same_classes(folder, classes)
    check_classes(folder, members)
    _say_what_is_left(files.keys() - used, verbose)
    return _cut(photos, salt), [_SINGULAR.get(name, name) for name in class_names]


def _say_what_is_left(names, verbose):
    tops = sorted({name.split("/")[0] for name in names})
    if tops and verbose:
        more = f" and {len(tops) - 3} more" if len(tops) > 3 else ""
        print(f"Not in the folder of a class, so ignored: {', '.join(tops[:3])}{more}.")


def _draw(verbose):
    """The pets of all splits, each drawn with a seed of its own, once in a process."""
    for seed, (split, n) in enumerate(_DRAWN_SIZES.items()):
        if split not in _drawn:
            images, labels = draw_pets(n, seed=seed, image_size=_DRAWN_PIXELS, verbose=verbose)
            contents = [_png(image) for image in images]
            _drawn[split] = [
                _photo(content, int(label), examine(content))
                for content, label in zip(contents, labels, strict=True)
            ]
    return dict(_drawn)


def _png(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", compress_level=1)
    return file.getvalue()


def _photo(source, label, found):
    known = {key: found[key] for key in ("height", "width", "digest", "plain", "hash")}
    return Photo(source=source, label=label, **known)


def _read_tfds(salt):
    import tensorflow_datasets as tfds

    builder = tfds.builder("cats_vs_dogs")
    if not builder.data_path.exists():
        _prepare_tfds(builder)
    raw = {"image": tfds.decode.SkipDecoding()}
    examples = builder.as_dataset(split="train", decoders=raw).as_numpy_iterator()
    photos = []
    for example in examples:
        found = examine(example["image"])
        if "fault" not in found:
            photos.append(_photo(example["image"], int(example["label"]), found))
    class_names = builder.info.features["label"].names
    return _cut({"train": photos, "validation": [], "test": []}, salt), class_names


def _prepare_tfds(builder):
    """Let tensorflow-datasets download, but probe first: offline it tries for minutes."""
    try:
        requests.head(TFDS_URL, timeout=TIMEOUT).raise_for_status()
        builder.download_and_prepare()
    except Exception as error:
        raise DownloadError(
            f"tensorflow-datasets could not get cats_vs_dogs from {TFDS_URL}: {error}. "
            "source='web' is smaller, source='folder:PATH' needs no network."
        ) from error


def _cut(photos, salt):
    """Fill the splits that a folder has not of its own, by each photo's content."""
    train, validation, test = (photos[name] for name in SPLITS)
    if not validation:
        validation = [photo for photo in train if 20 <= photo.share(salt) < 30]
        test = test or [photo for photo in train if photo.share(salt) < 20]
    elif not test:
        test = [photo for photo in validation if photo.share(salt) < 50]
    test_digests = {photo.digest for photo in test}
    validation = [photo for photo in validation if photo.digest not in test_digests]
    held_out = test_digests | {photo.digest for photo in validation}
    train = [photo for photo in train if photo.digest not in held_out]
    return {"train": train, "validation": validation, "test": test}


def _balanced(photos, n, n_classes, seed):
    """Draw `n` photos, as many of each class; a smaller draw is a part of a larger one."""
    smallest = min(sum(photo.label == label for photo in photos) for label in range(n_classes))
    if not isinstance(n, int) or n < n_classes or n % n_classes or n > smallest * n_classes:
        raise ValueError(
            f"`n_train` must be a multiple of {n_classes} up to {smallest * n_classes}, so that "
            f"every class has as many photos. Received: n_train={n!r}"
        )
    drawn = np.random.default_rng(seed).permutation(sorted(photos, key=lambda p: p.digest))
    return [p for label in range(n_classes) for p in _first(drawn, label, n // n_classes)]


def _first(photos, label, n):
    return [photo for photo in photos if photo.label == label][:n]
