"""Weight files are looked for in one order, and a damaged one never counts."""

import pytest

from cnnkit._places import cache_dir
from cnnkit.models._weights import find_weights

CLOSED = "http://127.0.0.1:9/official.h5"


def check(path):
    if path.read_bytes() != b"whole":
        raise ValueError("it is not whole")


@pytest.fixture
def places(tmp_path, monkeypatch):
    """The three places on this machine, in the order in which they count; none has a file."""
    monkeypatch.setenv("CNNKIT_DATA", str(tmp_path / "given"))
    found = [tmp_path / "given/weights/local.h5", tmp_path / "keras/models/official.h5"]
    found.append(cache_dir() / "weights/official.h5")
    for place in found:
        place.parent.mkdir(parents=True)
    return found


def test_the_order_of_the_places(places):
    for place in places:
        place.write_bytes(b"whole")
    for place in places:
        assert find_weights("local.h5", CLOSED, check) == place
        place.unlink()


@pytest.mark.parametrize("verbose", [0, 1])
def test_a_damaged_file_is_passed_over_and_left_alone(places, verbose, capsys):
    first, second, _ = places
    first.write_bytes(b"half")
    second.write_bytes(b"whole")
    assert find_weights("local.h5", CLOSED, check, verbose) == second
    said = f"{first} is damaged and was passed over: it is not whole\n"
    assert capsys.readouterr().out == (said if verbose else "")
    assert first.read_bytes() == b"half"


def test_the_web_comes_last(places, server):
    url = server.serve("/official.h5", b"whole")
    assert find_weights("local.h5", url, check, verbose=0) == places[-1]
    assert places[-1].read_bytes() == b"whole"


def test_without_any_the_error_says_what_to_do(places):
    with pytest.raises(FileNotFoundError, match="Connect to the network, or put local.h5 into"):
        find_weights("local.h5", CLOSED, check)
