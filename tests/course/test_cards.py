"""The cards of the small files that come with the package."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from cnnkit.data import stored

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "name",
    ["augmentation.csv", "batch_norm.csv", "drawn_animals.weights.h5", "imagenet_top5.csv"]
    + ["regularisers.csv", "search.csv", "transfer.csv"],
)
def test_the_card_has_the_checksum(name):
    contents = stored(name).read_bytes()
    assert len(contents) < 1_500_000
    card = (ROOT / "data/README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(contents).hexdigest() in card


def test_the_card_has_the_numbers_of_the_table():
    lines = stored("drawn_pets.csv").read_text(encoding="utf-8").splitlines()[1:]
    card = (ROOT / "data/README.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (from scratch|frozen backbone|fine-tuned) \|(.*)\|$", card, re.M)
    cells = {name: [cell.strip() for cell in row.split("|")] for name, row in table}
    for i, line in enumerate(lines):
        network, _, *seeds = line.split(",")
        values = np.array(seeds, float)
        expected = f"{values.mean():.2f} ({values.min():.2f} to {values.max():.2f})"
        assert cells[network][i % 5] == expected
    assert len(lines) == 15
