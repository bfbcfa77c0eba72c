"""The explorer as a widget in JupyterLab: the kernel answers what the page cannot compute."""

import json
import re

import nbformat
import pytest
from page_check import host_faults
from playwright.sync_api import expect
from test_jupyterlab import lab_of, run_all_cells

pytest.importorskip("anywidget")
NAME = "live.ipynb"
WORDS = ("--no-browser", "--ip=127.0.0.1", "--port=0")
SECONDS = 20
# Blocks as MobileNetV2 has them, and a layer that the page cannot compute.
NETWORK = """
class Own(layers.Layer):
    def call(self, inputs):
        return inputs * 2

def block(x):
    y = layers.Conv2D(24, 1, use_bias=False)(x)
    y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
    y = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(y)
    y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
    y = layers.BatchNormalization()(layers.Conv2D(8, 1, use_bias=False)(y))
    return layers.Add()([x, y])

keras.utils.set_random_seed(0)
inputs = keras.Input((16, 16, 3))
x = block(block(layers.Conv2D(8, 3, strides=2, padding="same", name="stem")(inputs)))
x = layers.GlobalAveragePooling2D()(Own(name="own")(x))
network = keras.Model(inputs, layers.Dense(5)(x))
"""
CELLS = (
    f"""
import json
import keras
from keras import layers
import numpy as np
from cnnkit import explain, explore
from cnnkit.explore import _live, _recorded
_live.SECONDS, _recorded.MAX_LAYERS = {SECONDS}, 6
{NETWORK}
images = np.random.default_rng(0).uniform(-1, 1, (2, 16, 16, 3)).astype("float32")
explorer = explore.explore(network, images)
""",
    "explorer.live()",
    """
moved = images[:1, :, [0, *range(15)]]  # to the right; the left edge is repeated
told = {}
for layer in network.layers[1:]:
    values = explain.capture(network, moved, layer=layer).activations[0]
    first = values[..., 0] if values.ndim == 3 else values
    told[layer.name] = [float(first.min()), float(first.max())]
print("told", json.dumps(told))
""",
)
ASK = """(question) => new Promise((answer) => {
  addEventListener("message", ({ data }) => data.id === question.id && answer(data.error));
  parent.postMessage({ ...question, picture: new Float32Array(5) }, "*");
})"""


@pytest.fixture(scope="module")
def lab(start_course):
    return lab_of(*start_course([], "lab", *WORDS))


@pytest.fixture(scope="module")
def page(lab, open_page):
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, CELLS)))
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, lab.folder / NAME)
    page = run_all_cells(lab, open_page, NAME)
    page.locator("iframe[srcdoc]").scroll_into_view_if_needed()
    return page


@pytest.fixture
def frame(page):
    return page.frame_locator("iframe[srcdoc]")


def column_of(frame, name):
    return frame.locator(f".column[aria-label^='{name},']")


def range_told(frame, name):
    """The smallest and the largest number of a layer's first map, as its sentence says."""
    column_of(frame, name).locator(".tile").first.click()
    expect(frame.locator("#sentence")).to_contain_text(f"of {name} ")
    text = frame.locator("#sentence").inner_text().replace("−", "-")
    return [float(number) for number in re.search(r"go from (\S+) to (\S+);", text).groups()]


def shift(frame):
    frame.get_by_label("shift", exact=True).check()
    frame.locator(".pad").press("ArrowRight")


def test_a_changed_picture_gets_kerass_numbers(page, frame):
    """Those of all recorded layers that have maps, and of one that is asked for later."""
    text = page.locator(".jp-OutputArea").filter(has_text="told {").last.inner_text()
    expected = json.loads(re.search(r"told (\{.*\})", text)[1])
    expect(frame.locator("#reason")).to_contain_text("it asks Keras in the kernel")
    for fold in frame.locator("#overview .fold > .switch[aria-expanded=false]").all():
        fold.click()
    before = range_told(frame, "stem")
    shift(frame)
    said = "Keras has computed these numbers"
    expect(frame.locator("#asked")).to_contain_text(said, timeout=60_000)
    assert range_told(frame, "stem") != before
    missing = frame.locator(".column", has=frame.locator(".missing")).first
    asked = missing.get_attribute("aria-label").partition(",")[0]
    missing.get_by_role("button", name="Ask the kernel").click()
    expect(column_of(frame, asked).locator(".tile").first).to_be_visible(timeout=60_000)
    for column in frame.locator(".column", has=frame.locator(".tile:not(.bar) canvas")).all()[1:]:
        name = column.get_attribute("aria-label").partition(",")[0]
        if name in expected and "global" not in name:
            assert range_told(frame, name) == pytest.approx(expected[name], rel=5e-3, abs=1e-3)
    assert asked in expected
    expect(frame.locator(".tile .change").first).to_contain_text("%")


def test_a_bad_question_gets_a_sentence_and_the_page_reaches_nothing(page, lab):
    frame = next(inner for inner in page.frames if inner.url == "about:srcdoc")
    assert "has 5 numbers, not 768" in frame.evaluate(ASK, {"id": -1, "layers": [1]})
    assert frame.evaluate("window.origin") == "null"
    told = "(address) => fetch(address).then(() => 'reached', () => 'stopped')"
    assert frame.evaluate(told, f"{lab.url}api/status") == "stopped"
    assert host_faults(page) == []


def test_when_the_kernel_is_dead_the_page_says_so(page, frame, lab):
    options = {"headers": {"Authorization": f"token {lab.token}"}}
    for kernel in page.request.get(f"{lab.url}api/kernels", **options).json():
        page.request.delete(f"{lab.url}api/kernels/{kernel['id']}", **options)
    shift(frame)
    said = re.compile("has not answered|is not reached")
    expect(frame.locator("#asked")).to_contain_text(said, timeout=2000 * SECONDS)
