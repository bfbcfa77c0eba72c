import sys

import keras
import numpy as np
import pytest
from test_page import run_in_node

from cnnkit import explain, explore
from cnnkit.explore._live import answer

SHAPE = (8, 8, 3)
RNG = np.random.default_rng(0)


@keras.saving.register_keras_serializable("test_live")
class Own(keras.layers.Layer):
    """A layer that the page does not know."""

    def call(self, inputs):
        return inputs * 2


@pytest.fixture(scope="module")
def made():
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Conv2D(6, 3, name="conv"), Own(name="own"), keras.layers.Flatten()]
    model = keras.Sequential([keras.Input(SHAPE), *layers, keras.layers.Dense(2)])
    images = RNG.uniform(size=(3, *SHAPE)).astype("float32")
    return model, explore.explore(model, images)


def ask(made, picture, content):
    model, explorer = made
    return answer(model, explorer._snapshot, content, [picture.astype("<f4").tobytes()])


def test_the_kernel_gives_what_keras_gives(made):
    picture = RNG.uniform(size=(1, *SHAPE))
    content, buffers = ask(made, picture, {"id": 5, "layers": [1, 2, 4]})
    told = [{"index": 1, "shape": [6, 6, 6], "channels": 6}, {"index": 2}, {"index": 4}]
    assert content["id"] == 5 and content["layers"][0] == told[0]
    assert [layer["index"] for layer in content["layers"]] == [1, 2, 4]
    expected = explain.capture(made[0], picture.astype("float32"), layer="own").activations
    np.testing.assert_allclose(np.frombuffer(buffers[1], "<f4"), expected.ravel(), rtol=1e-6)


@pytest.mark.parametrize(
    "picture, layers, sentence",
    [
        (np.zeros(5), [1], "The picture has 5 numbers, not 192."),
        (np.full(192, np.nan), [1], "NaN or infinite"),
        (np.zeros(192), [5], "layers that there are not"),
        (np.zeros(192), [-1], "layers that there are not"),
        (np.zeros(192), ["1"], "layers that there are not"),
        (np.zeros(192), None, "cannot answer"),
    ],
)
def test_bad_questions_get_a_sentence(made, picture, layers, sentence):
    content, buffers = ask(made, picture, {"id": 1, "layers": layers})
    assert content["id"] == 1 and sentence in content["error"] and buffers == []


def test_what_is_no_question_gets_a_sentence(made):
    model, explorer = made
    for content in ("hello", None, {}, {"id": 2, "layers": [1]}):
        assert "cannot answer" in answer(model, explorer._snapshot, content, [])[0]["error"]


def test_a_layer_that_fails_says_why(made, monkeypatch):
    for name in ("capture", "capture_layers"):
        monkeypatch.setattr(explain, name, lambda *args, **options: 1 / 0)
    content, buffers = ask(made, np.zeros(192), {"id": 1, "layers": [1]})
    assert content["layers"] == [
        {"index": 1, "missing": "Keras could not compute it: division by zero"}
    ]
    assert buffers == [b""]


def test_without_anywidget_the_error_says_what_to_do(made, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ImportError, match=r"`%pip install \"anywidget>=0\.9\.21\"`"):
        made[1].live()


def test_the_widget_holds_the_page_and_answers(made):
    pytest.importorskip("anywidget")
    widget = made[1].live()
    assert '"live":{"seconds":30}' in widget.page and "live" not in made[1]._snapshot
    sent = []
    widget.send = lambda *message: sent.append(message)
    buffers = [np.zeros(192, "<f4").tobytes()]
    widget._handle_custom_msg({"id": 3, "layers": [4]}, buffers)
    ((content, arrays),) = sent
    assert content["id"] == 3 and len(np.frombuffer(arrays[0], "<f4")) == 2


def test_the_page_asks_one_question_at_a_time_and_of_the_last_picture(tmp_path):
    code = """
    const parent = { postMessage: (data) => sent.push(data) };
    let hear = null;
    const [sent, said] = [[], []];
    globalThis.window = { parent, addEventListener: (type, listener) => (hear = listener) };
    const layers = [{ index: 0 }, { index: 1, recorded: { channels: 2 } }, { index: 2 }];
    const live = makeLive({ live: { seconds: 0.1 }, layers }, () => said.push("told"));
    live.subscribe((text) => said.push(text.slice(0, 10)));
    const [first, second, third] = [1, 2, 3].map((x) => Float32Array.of(x));
    for (const input of [first, second, third]) {
      equal(live.complete([input, null, null], input, input), null);
    }
    equal(sent, [{ id: 1, layers: [1], picture: first }]);
    const answer = (id, numbers, source = parent) => {
      const told = { index: 1, shape: [2], channels: 2 };
      hear({ source, data: { id, layers: [told], buffers: [Float32Array.from(numbers)] } });
    };
    answer(1, [0, 0], globalThis.window);  // of the page itself
    answer(7, [0, 0]);
    equal(said, ["The kernel"]);
    answer(1, [8, 9]);
    equal(sent[1], { id: 2, layers: [1], picture: third });
    answer(2, [5, 6]);
    equal(live.complete([third, null, null], third, third), [third, Float32Array.of(5, 6), null]);
    equal(said.filter((text) => text === "told").length, 2);
    live.complete([first, null, null], first, first);
    await new Promise((done) => setTimeout(done, 200));
    equal(said.at(-1), "The kernel");  // has not answered
    live.complete([second, null, null], second, second);
    hear({ source: parent, data: { id: 4, error: "Keras says no." } });
    equal(said.at(-1), "Keras says");
    live.want(2);
    equal(live.complete([first, first, null], first, 0), [first, first, null]);
    equal(sent.at(-1).layers, [2]);
    """
    run_in_node(("snapshot.js", "live.js"), code, tmp_path)
