"""Notebook 07 needs photos and weights: without them, and without network, it is skipped aloud."""

import pytest


def pytest_collection_modifyitems(items):
    cells = [item for item in items if item.path.name.startswith("07_") and "Cell" in item.name]
    reason = cells and what_is_missing()
    for cell in cells if reason else []:
        cell.add_marker(pytest.mark.skip(reason=reason))


def what_is_missing():
    """Why notebook 07 cannot run here, or an empty string. What can be downloaded is."""
    from cnnkit import data, models

    try:
        data.load_cats_vs_dogs()
        models.load_backbone()
    except FileNotFoundError as error:
        return str(error)
    return ""
