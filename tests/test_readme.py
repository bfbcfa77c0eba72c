"""The examples of README that need no photos, run as they stand."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
EXAMPLES = [e for e in re.findall(r"(?s)```python\n(.*?)```", README) if "load_cats" not in e]


@pytest.mark.parametrize("example", EXAMPLES, ids=["layers", "models", "augmentation", "study"])
def test_the_example_runs_and_says_what_is_so(example, tmp_path, monkeypatch):
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
    elif "maps" in names:
        assert names["maps"].shape == (4, 12, 12, 192)
        assert names["field"].size == (59, 59) and names["field"].stride == (8, 8)
        assert names["table"].total_params == names["model"].count_params()
    else:
        layer, geometry = names["layer"], names["geometry"]
        assert geometry.parameters(layer, (32, 32, 8)) == 6_288
        assert geometry.multiply_adds(layer, (32, 32, 8)) == 6_422_528
        assert (tmp_path / "steps.gif").stat().st_size > 10_000
