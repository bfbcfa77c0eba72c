"""The times of layers: not how long they are, but what is run, and on what."""

import keras
import numpy as np
import pytest
from keras import layers

from cnnkit.geometry import model_table

SEEN = []


class Watched(layers.Layer):
    """Notes what it is called with."""

    def call(self, inputs, training=None):
        SEEN.append((tuple(inputs.shape), inputs.dtype, training))
        return inputs


def nested():
    base = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(2, 3)], name="base")
    inputs, factor = keras.Input((None, None, 3), name="x"), keras.Input((1,), name="factor")
    maps = Watched()(base(inputs))
    scaled = layers.Flatten()(layers.GlobalMaxPooling2D()(maps)) * (1 - factor)
    return keras.Model([inputs, factor], layers.Dense(2)(layers.Dropout(0.5)(scaled)))


def test_each_layer_is_run_on_what_it_receives():
    model = nested()
    weights = [w.numpy() for w in model.variables]
    SEEN.clear()
    images = [np.ones((4, 9, 8, 3)), np.ones((4, 1))]
    table = model_table(model, images, verbose=0)
    assert [seen for seen in SEEN if seen[0][0] == 4] == [((4, 7, 6, 2), "float32", False)]
    timed = [row for row in table.rows if row.type != "InputLayer"]
    assert all(row.milliseconds > 0 for row in timed) and len(timed) == len(table.rows) - 2
    # The images give the model its size.
    rows = {row.name: row for row in table.rows}
    assert [row.output_shape for row in timed][0] == (7, 6, 2)
    assert rows["x"].milliseconds is None and rows["x"].output_shape == (9, 8, 3)
    assert all((a == b.numpy()).all() for a, b in zip(weights, model.variables, strict=True))
    lines = repr(table).splitlines()
    assert lines[0].endswith("  ms") and lines[-1].endswith("ms for 4 images, each layer run alone")
    assert "<th>ms</th>" in table._repr_html_()


@pytest.mark.parametrize(
    "layer, shape, size, products",
    [
        (layers.Conv1D(3, 3), (None, 2), (9, 2), 7 * 3 * 2 * 3),
        (layers.GRU(2), (None, 3), (5, 3), 5 * 6 * (3 + 2)),
    ],
)
def test_images_give_a_model_its_sizes(layer, shape, size, products):
    model = keras.Sequential([keras.Input(shape), layer])
    assert model_table(model).rows[1].multiply_adds is None
    assert model_table(model, np.ones((2, *size)), verbose=0).total_multiply_adds == products


@pytest.mark.parametrize("named", [True, False])
def test_images_by_the_names_of_inputs(named):
    """Those of a model that takes a dictionary, whose keys count, or of its input layers."""
    b, a = keras.Input((6,), name="b"), keras.Input((3,), name="a")
    outputs = [Watched()(b), Watched()(a)]
    model = keras.Model({"b": b, "a": a} if named else [b, a], outputs)
    SEEN.clear()
    model_table(model, {"a": np.ones((2, 3)), "b": np.ones((2, 6))}, verbose=0)
    assert {shape for shape, *_ in SEEN if shape[0] == 2} == {(2, 6), (2, 3)}


def test_without_images_nothing_is_run():
    model = nested()
    SEEN.clear()
    table = model_table(model)
    assert table.n_images is None and all(row.milliseconds is None for row in table.rows)
    assert "ms" not in table._table().head and "alone" not in repr(table)


def test_progress_is_shown_unless_it_is_not_wanted(capsys, monkeypatch):
    monkeypatch.setattr("cnnkit.geometry._layer_times.DELAY", 0)
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    model_table(model, np.ones((2, 3)), verbose=0)
    assert not capsys.readouterr().out
    model_table(model, np.ones((2, 3)))
    assert "timing layers" in capsys.readouterr().out


@pytest.mark.parametrize(
    "images, received",
    [
        (np.ones((2, 9, 8, 3)), r"\(2, 9, 8, 3\)"),
        ([np.ones((2, 9, 8, 1)), np.ones((2, 1))], r"\(2, 9, 8, 1\), \(2, 1\)"),
        ([np.ones((2, 9, 8, 3)), np.ones((3, 1))], r"\(2, 9, 8, 3\), \(3, 1\)"),
        ([np.ones((0, 9, 8, 3)), np.ones((0, 1))], r"\(0, 9, 8, 3\), \(0, 1\)"),
    ],
)
def test_images_that_do_not_suit(images, received):
    words = rf"`images` must be a batch of what the model takes, .* of shape {received}"
    with pytest.raises(ValueError, match=words):
        model_table(nested(), images)


@pytest.mark.parametrize(
    "images, received",
    [("photo.jpg", "type str"), ({"x": np.ones((2, 9, 8, 3))}, "the names x")],
)
def test_what_holds_no_images(images, received):
    with pytest.raises(ValueError, match=f"Received: images of {received}"):
        model_table(nested(), images)


def test_models_and_backends_that_cannot_be_timed(monkeypatch):
    class Own(keras.Model):
        def call(self, inputs):
            return inputs

    model = Own()
    model(np.ones((1, 2)))
    with pytest.raises(ValueError, match="Sequential or functional model only: .* a Own"):
        model_table(model, np.ones((1, 2)))
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(RuntimeError, match="TensorFlow backend only: .* backend='jax'"):
        model_table(nested(), [np.ones((1, 9, 8, 3)), np.ones((1, 1))])
