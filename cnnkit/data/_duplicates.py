"""Pictures that are there twice: in a folder, or among photos that are loaded."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cnnkit.data._bad_images import check_folder
from cnnkit.data._hashes import similar_pairs


@dataclass(frozen=True)
class Duplicates:
    """Pictures that look the same.

    Attributes:
        members: The pictures, two or more: from `data.find_duplicates` their paths relative to the
            folder, from `PhotoSplits.find_duplicates` pairs `(split, photo)`.
        exact: Whether all bytes of the files agree.

    Example:

    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from cnnkit import data
    >>> Path("birds").mkdir()
    >>> photo = Image.fromarray(data.load_photo("coffee"))
    >>> photo.save("birds/one.png")
    >>> photo.resize((300, 200)).save("birds/two.png")
    >>> data.find_duplicates("birds", verbose=0)
    [Duplicates(members=('one.png', 'two.png'), exact=False)]
    """

    members: tuple
    exact: bool


def find_duplicates(folder, *, verbose=1):
    """List the pictures below a folder that are the same, or nearly so: resized, re-encoded.

    Mirrored and cut pictures are not found.

    Args:
        folder: Path of a folder; its sub-folders, such as `train` and `validation`, are compared
            with each other too.
        verbose: 1 shows a progress bar while new files are looked at, 0 does not.

    Returns:
        A list of `Duplicates`, whose `members` are paths relative to `folder`, sorted.

    Example:

    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from cnnkit import data
    >>> Path("birds/train").mkdir(parents=True)
    >>> Path("birds/validation").mkdir()
    >>> photo = Image.fromarray(data.load_photo("coffee"))
    >>> photo.save("birds/train/one.png")
    >>> photo.save("birds/validation/two.jpg")
    >>> [pair.exact for pair in data.find_duplicates("birds", verbose=0)]  # nearly the same: leaked
    [False]
    """
    files = check_folder(folder, verbose)
    return group_duplicates({name: found for name, found in files.items() if "hash" in found})


def group_duplicates(files):
    """Group what is equal or nearly equal.

    Args:
        files: A dictionary from name to a dictionary with `digest` and `hash`.

    Returns:
        A list of `Duplicates`, in the order of their first names.
    """
    names = sorted(files)
    if not names:
        return []
    digests = np.array([files[name]["digest"] for name in names])
    _, first = np.unique(digests, return_inverse=True)
    _, representative = np.unique(first, return_index=True)
    same = np.stack([np.arange(len(names)), representative[first]], axis=1)
    links = np.concatenate([same, similar_pairs([files[name]["hash"] for name in names])])
    graph = coo_array((np.ones(len(links)), links.T), shape=(len(names),) * 2)
    _, component = connected_components(graph, directed=False)
    groups = [np.flatnonzero(component == i) for i in np.flatnonzero(np.bincount(component) > 1)]
    return [
        Duplicates(tuple(names[i] for i in group), len(set(digests[group])) == 1)
        for group in sorted(groups, key=lambda group: group[0])
    ]
