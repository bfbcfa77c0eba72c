"""How a folder of photos is laid out: which folders are splits, and which are classes."""

import re

_SPLITS = {  # longer words before those that they begin with
    "train": "training|train|trn",
    "validation": "validation|validate|valid|val|development|dev",
    "test": "testing|tests|test|tst",
}
# What archives put before or after: training_set, Test Images, seg_train, valSet2.
_MORE = "(?:datasets?|data|sets?|images?|imgs?|photos?|pictures?|pics?|splits?|seg|folder|dir)*"
_NAMES = {name: re.compile(f"{_MORE}(?:{words}){_MORE}") for name, words in _SPLITS.items()}


def split_of(name):
    """The split that a folder is called after, in any spelling, or None."""
    letters = re.sub("[^a-z]", "", name.lower())
    return next((split for split, names in _NAMES.items() if names.fullmatch(letters)), None)


def subfolders(folder):
    """The folders in a folder that may be classes or splits, sorted."""
    return sorted(
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))
    )


def find_splits(folder, files):
    """Find the folders of splits.

    A folder is a split if its name says so and it holds folders: one that is called `test` and
    holds photos may be a class.

    Args:
        folder: Path of the folder.
        files: Paths of photos, relative to it.

    Returns:
        A dictionary from the name of a split to the path of the folder that holds its classes. It
        is empty if `folder` itself does.

    Raises:
        ValueError: If it cannot be known which folder is which split.
    """
    named = [path for path in subfolders(folder) if split_of(path.name)]
    tops = [path for path in named if subfolders(path)]
    loose = [
        path.name
        for path in named
        if path not in tops and any(name.startswith(f"{path.name}/") for name in files)
    ]
    if loose and (tops or len(loose) > 1):
        raise ValueError(
            f"A split must hold one folder of photos for each class, and {_listed(loose)} in "
            f"{folder} holds photos and no folders: sort them, or, to leave them out, give the "
            f"folder of another split alone. Received: source='folder:{folder}'"
        )
    splits = {}
    for path in tops:
        split = split_of(path.name)
        if split in splits:
            raise ValueError(
                f"There must be one folder for each split, and {_listed([splits[split], path])} "
                f"are both called after the {split} split: rename one. "
                f"Received: source='folder:{folder}'"
            )
        splits[split] = path
    return {split: _inner(path, split) for split, path in splits.items()}


def _inner(path, split):
    """The folder of a split that an archive has twice, as `seg_train/seg_train`."""
    inside = subfolders(path)
    while len(inside) == 1 and split_of(inside[0].name) == split:
        path, inside = inside[0], subfolders(inside[0])
    return path


def check_classes(folder, photos):
    """Raise a ValueError if what would be classes rather are splits, or a second copy of all.

    If all hold the same folders, these are the classes, and what holds them are splits, or folds,
    or years; or each class has its masks beside its photos.

    Args:
        folder: Path of the folder.
        photos: A list of pairs: the name of a class, and the path of a photo relative to the folder
            of the class.
    """
    inside = {name: set() for name, _ in photos}
    for name, path in photos:
        if "/" in path:
            inside[name].add(path.split("/")[0])
    received = f"Received: source='folder:{folder}'"
    shared = sorted(set.intersection(*inside.values())) if inside else []
    has_splits = any(map(split_of, shared))
    if len(inside) == 1 and len(shared) > 1:
        (name,) = inside
        raise ValueError(
            f"Each class must be one folder of photos, and {name} alone holds the folders "
            f"{_listed(shared)}: give source='folder:{folder / name}'. {received}"
        )
    if len(shared) > 1 or has_splits:
        advice = "give the folder of one alone, or call those of splits train, validation and test"
        if has_splits and len(inside) > 1:
            advice = "put the classes into the splits, as in train/cats"
        raise ValueError(
            f"Each class must be one folder of photos, and {_listed(inside)} all hold the folders "
            f"{_listed(shared)}: {advice}. {received}"
        )
    for name, folders in inside.items():
        if others := sorted(folders & inside.keys() - {name}):
            raise ValueError(
                f"Each class must be one folder of photos, and {name} holds folders with the names "
                f"of classes beside it, {_listed(others)}: is it a copy? Take it away. {received}"
            )
    _check_names(inside, received)


def _check_names(classes, received):
    """Raise a ValueError for names such as train_cats and test_cats, or trainA and testA."""
    found = {}
    for name in classes:
        letters = re.sub("[^a-z]", "", name.lower())
        for split, words in _SPLITS.items():
            if match := re.fullmatch(f"(?:{words})(.+)|(.+)(?:{words})", letters):
                found.setdefault(match[1] or match[2], {}).setdefault(split, name)
    for names in found.values():
        if len(names) > 1:
            raise ValueError(
                f"Classes must not be called after splits, as {_listed(names.values())} are: make "
                f"folders of splits that hold one folder for each class, as in train/cats. "
                f"{received}"
            )


def check_same_classes(folder, classes):
    """Raise a ValueError if no split has all classes: rather they are called differently.

    Args:
        folder: Path of the folder.
        classes: A dictionary from the name of a split to the set of its classes.
    """
    if set.union(*classes.values()) not in classes.values():
        names = "; ".join(f"{split}: {_listed(sorted(classes[split]))}" for split in classes)
        raise ValueError(
            "The folder of a class must have the same name, in the same spelling, in every split. "
            f"Received: {names}, in source='folder:{folder}'"
        )


def _listed(names):
    names = [str(name) for name in names]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
