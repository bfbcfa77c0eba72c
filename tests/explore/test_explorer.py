import html
import re

import keras
import numpy as np
import pytest

from cnnkit import explore, models

IMAGES = np.zeros((2, 28, 28, 1), np.uint8)


@pytest.fixture(scope="module")
def explorer():
    return explore.explore(models.small_cnn(), IMAGES, [f"<{i}>" for i in range(10)], [0, 9])


def test_it_says_what_it_is(explorer):
    assert re.fullmatch(r"<Explorer: 'small_cnn', 12 layers, computed, 0\.\d MB>", repr(explorer))
    assert explorer.is_computed


def test_the_cell_and_the_file_have_the_same_page(explorer, tmp_path):
    explorer.save(tmp_path / "new folder/page.html")
    page = (tmp_path / "new folder/page.html").read_text(encoding="utf-8")
    frame = explorer._repr_html_()
    assert html.unescape(re.search(r'srcdoc="([^"]*)"', frame)[1]) == page
    assert 'sandbox="allow-scripts"' in frame and frame.count("<iframe") == 1
    assert [path.name for path in (tmp_path / "new folder").iterdir()] == ["page.html"]


def test_the_network_stays_as_it_was(explorer):
    model = models.small_cnn()
    before = [np.array(weight) for weight in model.weights]
    explore.explore(model, IMAGES)
    for weight, old in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (dict(images=IMAGES[..., 0]), "images`? must have the shape"),
        (dict(class_names=["a"]), "must have 10 names"),
        (dict(labels=[1]), "as many as `images`"),
        (dict(labels=[1, 10]), r"in 0..9"),
    ],
)
def test_unsuitable_arguments_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        explore.explore(models.small_cnn(), **{"images": IMAGES, **arguments})


def test_one_logit_stands_for_two_classes():
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    explore.explore(model, IMAGES, ["cat", "dog"], [0, 1])
    with pytest.raises(ValueError, match=r"in 0..1"):
        explore.explore(model, IMAGES, labels=[0, 2])
