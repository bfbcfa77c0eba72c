"""The examples of README and of the tour, run as they stand, with what there is without network."""

import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnkit import data, models

ROOT = Path(__file__).parents[2]
PAGES = [(ROOT / name).read_text("utf-8") for name in ("README.md", "docs/guides/tour.md")]
EXAMPLES = re.findall(r"(?s)```python\n(.*?)```", "\n".join(PAGES))
PICTURE = ROOT / "docs/images/grad_cam_cat.png"
TESTED = (  # a piece of each example
    "validation_data=",
    "explorer.save",
    "animate_convolution",
    "receptive_field",
    "grad_cam",
    "RandomWarp",
    "segmentation_masks",
    "run_study",
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs the one example with a certain piece in an empty folder, and returns its variables."""
    few_pets = partial(data.load_cats_vs_dogs, source="drawn")
    monkeypatch.setattr(
        data, "load_cats_vs_dogs", lambda **given: few_pets(**given | {"n_train": 64})
    )
    monkeypatch.setattr(models, "load_backbone", partial(models.load_backbone, "drawn_animals"))
    monkeypatch.chdir(tmp_path)

    def run_example(piece):
        (example,) = [example for example in EXAMPLES if piece in example]
        names = {}
        exec(example, names)
        return names

    return run_example


def test_each_example_has_a_test():
    for example in EXAMPLES:
        assert sum(piece in example for piece in TESTED) == 1, example


@pytest.mark.usefixtures("slow_proof")
def test_a_training(run):
    history = run("validation_data=")["history"].history
    assert len(history["loss"]) == len(history["val_loss"]) == 3


@pytest.mark.usefixtures("slow_proof")
def test_the_costs_of_a_layer(run, tmp_path):
    names = run("animate_convolution")
    layer, geometry = names["layer"], names["geometry"]
    assert geometry.parameters(layer, (32, 32, 8)) == 6_288
    assert geometry.multiply_adds(layer, (32, 32, 8)) == 6_422_528
    assert (tmp_path / "steps.gif").stat().st_size > 10_000


@pytest.mark.usefixtures("slow_proof")
def test_a_page_to_walk_through(run, tmp_path):
    explorer = run("explorer.save")["explorer"]
    assert explorer.is_computed
    assert "network explorer</title>" in (tmp_path / "my_network.html").read_text("utf-8")


def test_the_inside_of_a_model(run):
    names = run("receptive_field")
    assert names["maps"].shape == (4, 12, 12, 192)
    assert names["field"].size == (59, 59) and names["field"].strides == (8, 8)
    assert names["table"].total_parameters == names["model"].count_params()


@pytest.mark.usefixtures("slow_proof")
def test_explanations(run, tmp_path):
    maps = run("grad_cam")["maps"]
    assert {shown.shape for shown in maps.values()} == {(1, 224, 224)}
    assert all(np.ptp(shown) > 0 for shown in maps.values())
    width, height = Image.open(PICTURE).size  # what the example draws, smaller
    drawn_width, drawn_height = Image.open(tmp_path / PICTURE.name).size
    assert abs(drawn_width / drawn_height - width / height) < 0.01


def test_augmentation(run):
    for images, labels in run("RandomWarp")["batches"]:
        assert images.shape == (32, 64, 64, 3) and images.dtype == "uint8"
        assert labels.shape == (32,) and images.numpy().std() > 20


def test_augmentation_of_masks_and_boxes(run, capsys):
    names = run("segmentation_masks")
    pets, moved, boxes = (names[name] for name in ("pets", "moved", "boxes"))
    assert moved["images"].shape == pets.shape
    assert set(np.unique(moved["segmentation_masks"])) == {0, 1}
    assert moved["bounding_boxes"]["boxes"].shape == boxes.shape
    assert "[[[" in capsys.readouterr().out


@pytest.mark.usefixtures("slow_proof")
def test_a_study(run, tmp_path):
    results = run("run_study")["results"]
    assert results.variants == ["no dropout", "dropout"]
    assert len((tmp_path / "dropout.csv").read_text("utf-8").splitlines()) == 1 + 2 * 3
    assert min(results.values("dropout", "accuracy")) > 0.5
