"""The small files that come with the package."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def stored(name):
    """Return the path of a file of the folder `data`, in a wheel as in a checkout.

    Raises:
        FileNotFoundError: If there is no such file; the message lists those that there are.
    """
    folder = _PACKAGE / "stored"  # where the wheel puts them
    folder = folder if folder.is_dir() else _PACKAGE.parent / "data"
    names = sorted(path.name for path in folder.glob("*") if path.suffix in (".h5", ".csv", ".npz"))
    if name not in names:
        raise FileNotFoundError(f"`name` must be one of {', '.join(names)}. Received: {name!r}")
    return folder / name
