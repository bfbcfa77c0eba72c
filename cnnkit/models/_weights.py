"""Find the file with the weights of a known network: on this machine, or on the web."""

from pathlib import Path

from cnnkit._places import cache_dir, given, keras_home
from cnnkit.data import DownloadError, fetch

MAX_BYTES = 200_000_000


def find_weights(local_name, url, check, verbose=1):
    """Return the path of a weight file that passes `check`.

    The places, in this order: `$CNNKIT_DATA/weights/LOCAL_NAME`, Keras's own cache, the cache of
    this package, the web. A damaged file is named and passed over, not touched.

    Args:
        local_name: Name of the file in `$CNNKIT_DATA/weights`.
        url: Address of the file that Keras's own loader would take.
        check: A function of a path that raises `ValueError` if the file is not whole.
        verbose: 1 says what is damaged and shows a progress bar, 0 prints nothing.

    Raises:
        FileNotFoundError: If there is none; the message says what to do.
    """
    name = Path(url).name
    places = [given("weights", local_name), keras_home() / "models" / name]
    for path in places:
        if path and path.is_file() and passes(path, check, verbose):
            return path
    path = cache_dir() / "weights" / name
    try:
        return fetch(url, path, check, max_size=MAX_BYTES, verbose=verbose)
    except DownloadError as error:
        raise FileNotFoundError(
            f"The ImageNet weights are not on this machine and could not be downloaded: {error}. "
            f"Connect to the network, or put {local_name} into the folder weights of CNNKIT_DATA."
        ) from error


def passes(path, check, verbose):
    """Whether a file passes `check`; a damaged one is named."""
    try:
        check(path)
    except ValueError as error:
        if verbose:
            print(f"{path} is damaged and was passed over: {error}")
        return False
    return True
