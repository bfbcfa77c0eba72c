"""Find the file with the weights of a known network: on this machine, or on the web."""

import os
from pathlib import Path

from cnnkit.data import DownloadError, cache_dir, fetch

MAX_BYTES = 200_000_000


def find_weights(local_name, url, check):
    """Return the path of a weight file that passes `check`.

    The places, in this order: `$CNNKIT_DATA/weights/LOCAL_NAME`, Keras's own cache, the cache of
    this package, the web. A damaged file is named and passed over, not touched.

    Args:
        local_name: Name of the file in `$CNNKIT_DATA/weights`.
        url: Address of the file that Keras's own loader would take.
        check: A function of a path that raises `ValueError` if the file is not whole.

    Raises:
        FileNotFoundError: If there is none; the message says what to do.
    """
    keras_home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    places = [keras_home / "models" / Path(url).name]
    if os.environ.get("CNNKIT_DATA"):
        places.insert(0, Path(os.environ["CNNKIT_DATA"]) / "weights" / local_name)
    for path in filter(Path.is_file, places):
        try:
            check(path)
            return path
        except ValueError as error:
            print(f"{path} is damaged and was passed over: {error}")
    try:
        return fetch(url, cache_dir() / "weights" / Path(url).name, check, max_size=MAX_BYTES)
    except DownloadError as error:
        raise FileNotFoundError(
            f"The ImageNet weights are not on this machine and could not be downloaded: {error}. "
            f"Connect to the network, or put {local_name} into the folder weights of CNNKIT_DATA."
        ) from error
