"""The ImageNet classifier and the names of its classes, on this machine only."""

import csv
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from cnnkit import data, models
from cnnkit.models import _imagenet as imagenet

CLOSED = "http://127.0.0.1:9/nothing"
DECODE = """
import keras, numpy as np
top = keras.applications.mobilenet.decode_predictions(np.eye(1000)[[285]], top=1)
assert top[0][0][1:] == ("Egyptian_cat", 1.0), top
"""


@pytest.fixture
def no_web(monkeypatch):
    monkeypatch.setattr(imagenet, "_WEIGHTS_URL", CLOSED)
    monkeypatch.setattr(imagenet, "_CLASSES_URL", CLOSED)


@pytest.mark.usefixtures("slow_proof")
def test_what_it_says_is_what_the_stored_table_says(real_data, no_web, tmp_path):
    classifier = models.load_imagenet_classifier()
    assert classifier.count_params() == 2_601_976
    subprocess.run([sys.executable, "-c", DECODE], check=True)  # a new process, without network
    table = list(csv.DictReader(data.stored("imagenet_top5.csv").read_text().splitlines()))
    assert len(table) == 6 and table[0]["first"].startswith("Egyptian_cat")
    for row in table:
        image = data.load_photo(row["photo"])
        image = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=-1)
        probabilities = classifier(tf.image.resize(image[None], (224, 224)))
        stored_percent = int(row["first"].rsplit(" ", 1)[1].rstrip("%"))
        assert abs(100 * np.max(probabilities) - stored_percent) < 1.5


def test_without_weights(no_web):
    with pytest.raises(FileNotFoundError, match="mobilenet_0.75_224_top.weights.h5"):
        models.load_imagenet_classifier()


def test_names_that_are_missing_or_damaged(no_web, tmp_path, monkeypatch, capsys):
    with pytest.raises(FileNotFoundError, match="imagenet_class_index.json"):
        imagenet._provide_class_names()
    given = tmp_path / "given" / "weights" / "imagenet_class_index.json"
    given.parent.mkdir(parents=True)
    given.write_text("{}")
    monkeypatch.setenv("CNNKIT_DATA", str(tmp_path / "given"))
    with pytest.raises(FileNotFoundError, match="names of ImageNet's classes"):
        imagenet._provide_class_names()
    assert "is damaged and was passed over" in capsys.readouterr().out
    assert not list((tmp_path / "keras").rglob("*.json"))


def test_a_folder_that_nobody_named_is_not_looked_into(no_web, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "imagenet_class_index.json").write_text("{}")
    with pytest.raises(FileNotFoundError, match="names of ImageNet's classes"):
        imagenet._provide_class_names()
    assert capsys.readouterr().out == ""
