"""Where files lie, and how they get there whole."""

import os
from pathlib import Path

import pytest

from cnnkit import _places, data
from cnnkit._places import (
    cache_dir,
    data_folder,
    given,
    in_ci,
    keras_home,
    progress_file,
    stored,
    without_tensorflow_log,
    write_whole,
)


def test_without_the_variable_nothing_is_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights").mkdir()
    assert data_folder() is None and given("weights") is None
    monkeypatch.setenv("CNNKIT_DATA", "")
    assert data_folder() is None and given("weights") is None


def test_given_is_what_lies_in_the_folder(tmp_path, monkeypatch):
    (tmp_path / "weights").mkdir()
    monkeypatch.setenv("CNNKIT_DATA", str(tmp_path))
    assert given("weights") == tmp_path / "weights"
    assert given("weights", "nothing.h5") is None


def test_a_relative_folder_counts_from_where_the_process_is(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setenv("CNNKIT_DATA", "my photos")
    monkeypatch.chdir(tmp_path)
    assert data_folder() == tmp_path / "my photos"
    monkeypatch.chdir("notebooks")
    assert data_folder() == tmp_path / "notebooks/my photos"


@pytest.mark.parametrize(
    "place, variable, default",
    [(keras_home, "KERAS_HOME", ".keras"), (cache_dir, "CNNKIT_CACHE", ".cache/cnnkit")],
)
def test_caches(place, variable, default, tmp_path, monkeypatch):
    monkeypatch.setenv(variable, str(tmp_path / "mine"))
    assert place() == tmp_path / "mine"
    monkeypatch.setenv(variable, "~/mine")
    assert place() == Path.home() / "mine"
    monkeypatch.setenv(variable, "")
    assert place() == Path.home() / default
    monkeypatch.delenv(variable)
    assert place() == Path.home() / default


def test_the_file_of_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNKIT_PROGRESS", "")
    assert progress_file(tmp_path) == tmp_path.resolve() / ".cnnkit_progress.json"
    for word in ("off", "OFF"):
        monkeypatch.setenv("CNNKIT_PROGRESS", word)
        assert progress_file(tmp_path) is None


@pytest.mark.parametrize(
    "before, after, seen",
    [(None, "3", "later"), ("3", "3", "later"), ("0", "0", "within, later")],
)
def test_the_log_of_compiled_code(before, after, seen, monkeypatch, capfd):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", before or "")
    if before is None:
        monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL")
    with without_tensorflow_log():
        os.write(2, b"within, ")
    os.write(2, b"later")
    assert capfd.readouterr().err == seen and os.environ["TF_CPP_MIN_LOG_LEVEL"] == after


def test_an_error_while_the_log_is_away_is_heard(monkeypatch, capfd):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    with pytest.raises(ImportError, match="no such"), without_tensorflow_log():
        raise ImportError("no such library")
    os.write(2, b"later")
    assert capfd.readouterr().err == "later"


def test_continuous_integration_says_so(monkeypatch):
    monkeypatch.setenv("CI", "true")
    assert in_ci()
    monkeypatch.setenv("CI", "")
    assert not in_ci()
    monkeypatch.delenv("CI")
    assert not in_ci()


def test_a_wrong_name_lists_the_right_ones():
    assert stored("drawn_animals.weights.h5").is_file() and data.stored("search.csv").is_file()
    with pytest.raises(FileNotFoundError, match="one of augmentation.csv, .*name='nothing.csv'"):
        stored("nothing.csv")


def test_a_file_is_written_whole_and_its_folder_made(tmp_path):
    path = tmp_path / "new" / "file.txt"
    for contents in (b"first", b"second"):
        write_whole(path, contents)
        assert path.read_bytes() == contents
    assert list(path.parent.iterdir()) == [path]


def test_an_interruption_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    path.write_bytes(b"old")

    def broken(self, contents):
        with self.open("wb") as file:
            file.write(contents[:1])
        raise KeyboardInterrupt

    monkeypatch.setattr(_places.Path, "write_bytes", broken)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
