import pytest


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    """The shared check saves a model."""
    monkeypatch.chdir(tmp_path)
