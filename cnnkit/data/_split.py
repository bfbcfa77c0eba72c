"""Files assigned to a training, a validation and a test split by a hash."""

import hashlib

import numpy as np

SPLITS = ("train", "validation", "test")


def split(names, labels, groups=None, shares=(0.7, 0.1, 0.2)):
    """Assign files to a training, a validation and a test split.

    Where a file goes depends on its group alone, so it stays there when files are added or
    removed, and all files of one group stay together: photos of one animal, say, or duplicates.
    Each class is cut at the same shares, up to chance: of `n` groups about `sqrt(n * p * (1 - p))`
    more or fewer than `n * p` go to a split with share `p`.

    Args:
        names: What identifies each file and never changes: a name, or better a hash of the
            content, such as `Photo.digest`.
        labels: The class of each file.
        groups: Which group each file belongs to; by default each is alone.
        shares: Of the training, the validation and the test split; they sum to 1.

    Returns:
        A dictionary from `"train"`, `"validation"` and `"test"` to indices into `names`, int64.

    Raises:
        ValueError: If a split gets no file of a class.

    Example:

    >>> from cnnkit import data
    >>> names = [f"{owner}_{i}.jpg" for owner in range(100) for i in range(4)]
    >>> labels = [int(name.split("_")[0]) % 2 for name in names]
    >>> owners = [name.split("_")[0] for name in names]
    >>> parts = data.split(names, labels, groups=owners)  # an owner's photos stay together
    >>> sum(map(len, parts.values()))
    400
    """
    keys = names if groups is None else groups
    if not len(names) == len(labels) == len(keys):
        lengths = (len(names), len(labels), len(keys))
        raise ValueError(f"Each file needs a name, a label and a group. Received: {lengths}")
    if len(shares) != 3 or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
        raise ValueError(f"`shares` must be three, above 0, and sum to 1. Received: {shares}")
    draws = [hashlib.sha256(str(key).encode()).digest()[:8] for key in keys]
    draws = np.array([int.from_bytes(draw) / 2**64 for draw in draws])
    which = np.searchsorted(np.cumsum(shares)[:2], draws, side="right")
    splits = {name: np.flatnonzero(which == i) for i, name in enumerate(SPLITS)}
    for name, index in splits.items():
        missing = set(labels) - {labels[i] for i in index}
        if missing:
            raise ValueError(
                f"Every class needs files in every split, and the {name} split got none of "
                f"{', '.join(map(str, sorted(missing)))}. Received: {len(names)} files in "
                f"{len(set(keys))} groups"
            )
    return splits
