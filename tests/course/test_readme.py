"""The examples of README but the first, run as they stand, with what there is without network."""

import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnkit import data, models

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
EXAMPLES = [e for e in re.findall(r"(?s)```python\n(.*?)```", README) if "validation" not in e]
PICTURE = Path(__file__).parents[2] / "docs/images/grad_cam_cat.png"
IDS = ["layers", "models", "explanations", "augmentation", "study"]


@pytest.fixture
def offline(monkeypatch):
    """What the loaders fall back to, with few pets."""
    few_pets = partial(data.load_cats_vs_dogs, source="drawn")
    monkeypatch.setattr(
        data, "load_cats_vs_dogs", lambda **given: few_pets(**given | {"n_train": 64})
    )
    monkeypatch.setattr(models, "load_backbone", partial(models.load_backbone, "drawn_animals"))


@pytest.mark.parametrize("example", EXAMPLES, ids=IDS)
def test_the_example_runs_and_says_what_is_so(example, offline, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(example, names)
    if "results" in names:
        assert names["results"].variants == ["no dropout", "dropout"]
        assert len((tmp_path / "dropout.csv").read_text("utf-8").splitlines()) == 1 + 2 * 3
        assert min(names["results"].values("dropout", "accuracy")) > 0.5
    elif "batches" in names:
        for images, labels in names["batches"]:
            assert images.shape == (32, 64, 64, 3) and images.dtype == "uint8"
            assert labels.shape == (32,) and images.numpy().std() > 20
    elif "cat" in names:
        assert {maps.shape for maps in names["maps"].values()} == {(1, 224, 224)}
        assert all(np.ptp(maps) > 0 for maps in names["maps"].values())
        width, height = Image.open(PICTURE).size  # what the example draws, smaller
        drawn_width, drawn_height = Image.open(tmp_path / PICTURE.name).size
        assert abs(drawn_width / drawn_height - width / height) < 0.01
    elif "maps" in names:
        assert names["maps"].shape == (4, 12, 12, 192)
        assert names["field"].size == (59, 59) and names["field"].strides == (8, 8)
        assert names["table"].total_parameters == names["model"].count_params()
    else:
        layer, geometry = names["layer"], names["geometry"]
        assert geometry.parameters(layer, (32, 32, 8)) == 6_288
        assert geometry.multiply_adds(layer, (32, 32, 8)) == 6_422_528
        assert (tmp_path / "steps.gif").stat().st_size > 10_000
