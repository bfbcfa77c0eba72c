"""Every public name has an example in its docstring, which runs by itself and shows what is so."""

import contextlib
import doctest
import importlib
import inspect
import io

import keras
import numpy as np
import pytest

import cnnkit
from cnnkit import data, models

THINGS = {
    f"{room}.{name}": getattr(module, name)
    for room in cnnkit.__all__
    for module in [importlib.import_module(f"cnnkit.{room}")]
    for name in module.__all__
}


def example_of(thing):
    """The statements of the section `Example:`, each with what it shows."""
    _, _, section = (inspect.getdoc(thing) or "").partition("\nExample:\n\n")
    return doctest.DocTestParser().get_examples(section)


def run(statements):
    """Run them in a Python of their own; what one shows is compared where the text shows it too."""
    names = {"__name__": "__main__"}
    for statement in statements:
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            exec(compile(statement.source, "<example>", "single"), names)
        assert statement.want in ("", shown.getvalue()), statement.source


@pytest.fixture
def stand_ins(monkeypatch):
    """Of what would be downloaded."""
    fetch = data.fetch
    monkeypatch.setattr(
        data,
        "fetch",
        lambda url, path, *rest, **options: (
            path if "example.org" in url else fetch(url, path, *rest, **options)
        ),
    )
    sets = [(np.zeros((n, 28, 28), "uint8"), np.zeros(n, "int32")) for n in (60_000, 10_000)]
    monkeypatch.setattr(data, "load_mnist", lambda: sets)
    layers = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1000, "softmax")]
    classifier = keras.Sequential([keras.Input((224, 224, 3)), *layers])
    monkeypatch.setattr(models, "load_imagenet_classifier", lambda verbose: classifier)
    monkeypatch.setattr(keras.applications.mobilenet, "decode_predictions", lambda *_, top: None)


@pytest.mark.parametrize("name", THINGS)
def test_every_name_has_an_example_that_uses_it(name):
    source = "".join(statement.source for statement in example_of(THINGS[name]))
    room, short = name.split(".")
    is_result = isinstance(THINGS[name], type) and room not in ("layers", "models")
    assert "from cnnkit" in source
    assert short in source or is_result


@pytest.mark.usefixtures("slow_proof", "few_pets", "stand_ins")
@pytest.mark.parametrize("name", THINGS)
def test_the_example_runs(name):
    run(example_of(THINGS[name]))


def false_example():
    """Say something.

    Example:

    >>> 1 + 1
    3
    """


def no_example():
    """Say something."""


def test_a_false_or_a_missing_example_is_found():
    with pytest.raises(AssertionError):
        run(example_of(false_example))
    assert not example_of(no_example)
