"""The pure functions of what guides: the workshop's arithmetic, views as texts, the sentence."""

import itertools
import json

import keras
import pytest
from test_page import run_in_node

ADDRESS = ("snapshot.js", "maps.js", "address.js")
SENTENCE = (
    "snapshot.js",
    "colors.js",
    "maps.js",
    "numbers.js",
    "elements.js",
    "field.js",
    "sentence.js",
)
KEYS = ("size", "kernel", "strides", "padding", "dilation")


def keras_size(size, kernel, strides, padding, dilation):
    """The size that Keras gives, or None where it refuses the settings."""
    image = keras.Input((size, size, 1))
    if padding not in ("valid", "same"):
        image, padding = keras.layers.ZeroPadding2D(int(padding))(image), "valid"
    try:
        layer = keras.layers.Conv2D(
            1, kernel, strides=strides, padding=padding, dilation_rate=dilation
        )
        return layer(image).shape[1]
    except ValueError:
        return None


def test_the_workshop_computes_sizes_as_keras_does(tmp_path):
    choices = ((1, 4, 7), (1, 2, 3, 5), (1, 2, 3), ("valid", "same", "1", "2"), (1, 2))
    settings = list(itertools.product(*choices))
    expected = [keras_size(*values) for values in settings]
    assert None in expected and len(set(expected)) > 5
    given = [dict(zip(KEYS, values, strict=True)) for values in settings]
    code = f"""
    const sizes = {json.dumps(given)}.map((settings) => sizesOf(settings).output ?? null);
    equal(sizes, {json.dumps(expected)});
    """
    run_in_node(("elements.js", "workshop.js"), code, tmp_path)


def test_the_workshop_says_what_does_not_fit(tmp_path):
    code = """
    const settings = { size: 8, kernel: 3, strides: 2, padding: "valid", dilation: 1 };
    const said = (changes) => arithmeticOf({ ...settings, ...changes }).join(" ");
    equal(said({}).includes("⌊(8 + 0 − 3) / 2⌋ + 1 = 3 places"), true);
    equal(said({}).includes("1 pixel of the picture's end is in no window"), true);
    equal(hasLeftOver(settings), true);
    equal(hasLeftOver({ ...settings, size: 9 }), false);
    equal(said({ size: 9 }).includes("no window"), false);
    equal(said({ padding: "1" }).includes("1 pixel of the border"), true);
    equal(said({ strides: 5 }).includes("2 pixels are skipped"), true);
    equal(said({ kernel: 9 }).includes("Keras raises an error"), true);
    equal(said({ dilation: 2 }).includes("not both"), true);
    """
    run_in_node(("elements.js", "workshop.js"), code, tmp_path)


FIRST = """
const first = { picture: 0, input: null, layer: null, channel: null, row: null, column: null,
  scale: "map", edits: [], workshop: { size: 8, padding: "same" }, visits: 0 };
const snapshot = { images: { shape: [3, 4, 4, 1] }, layers: [
  { shape: [4, 4, 1], size: 16 }, { shape: [2, 3, 5], size: 30 }, { shape: [7], size: 7 } ] };
"""


def test_a_view_is_read_as_it_was_written(tmp_path):
    code = """
    const own = { picture: 2, layer: 1, channel: 4, row: 1, column: 2, scale: "layer" };
    const values = { ...first, ...own, edits: [{ kind: "off" }], visits: 3 };
    equal(readView(viewText(values, first), first, snapshot), { ...values, visits: 0 });
    const sent = "file:///a%20b.html" + viewText(values, first, ["scale"]);
    const told = readView(sent, first, snapshot);
    equal(told.scale, "map");
    equal(viewText({ ...values, input: new Float32Array(1) }, first), viewText(values, first));
    """
    run_in_node(ADDRESS, FIRST + code, tmp_path)


@pytest.mark.parametrize("text", ["", "#view=", "#view=%", "#view=3", "#view=null", "page.html"])
def test_what_is_no_view_is_none(tmp_path, text):
    run_in_node(ADDRESS, f"{FIRST} equal(readView({text!r}, first, snapshot), null);", tmp_path)


def test_of_a_view_only_what_suits_the_network_is_taken(tmp_path):
    code = """
    const read = (view) => readView(`#view=${JSON.stringify(view)}`, first, snapshot);
    for (const view of [
      { layer: 9, channel: 1 }, { layer: -1 }, { layer: 0.5 }, { layer: "1" }, { picture: 3 },
      { picture: "x" }, { unknown: 1 }, { input: [1] }, { scale: 4 }, { edits: {} }, { visits: 9 },
      { workshop: 3 }, { workshop: { size: 8 } }, { workshop: { size: "8", padding: "same" } },
      { __proto__: null, constructor: 1 }, [],
    ]) equal(read(view), first);
    equal(read({ layer: 1, channel: 5 }), { ...first, layer: 1 });
    equal(read({ layer: 1, channel: 4, row: 2, column: 0 }), { ...first, layer: 1, channel: 4 });
    equal(read({ layer: 2, channel: 6, row: 0, column: 0 }), { ...first, layer: 2, channel: 6 });
    """
    run_in_node(ADDRESS, FIRST + code, tmp_path)


def test_the_sentence_says_what_is_selected(tmp_path):
    code = """
    const layers = [
      { name: "image", type: "InputLayer", shape: [4, 4, 1], size: 16, index: 0 },
      { name: "conv", type: "Conv2D", shape: [2, 2, 2], size: 8, index: 1,
        field: { size: [3, 3], strides: [2, 2], offset: [-1, -1] } },
      { name: "dense", type: "Dense", shape: [3], size: 3, index: 2 },
      { name: "odd", type: "Odd", shape: [3], size: 3, index: 3, missing: "Not recorded." } ];
    const all = [[], Float32Array.of(1, 5, 2, 6, 3, 8, 4, 7), Float32Array.of(1, 3, 2), null];
    const class_names = ["a", "b", "c"];
    const snapshot = { images: { shape: [1, 4, 4, 1] }, outputs: [2], class_names };
    const network = { layers, snapshot, values: (i) => all[i] };
    const nothing = { layer: null, channel: null, row: null, column: null };
    const said = (values) => sentenceOf(network, { ...nothing, ...values });
    equal(said({}).startsWith("Nothing is selected."), true);
    equal(said({ layer: 3, channel: 0 }), "odd (Odd, 3): Not recorded.");
    equal(said({ layer: 1, channel: 1 }), "Selected: map 2 of 2 of conv (Conv2D, 2×2×2). " +
      "Its values go from 5 to 8; the largest is in row 2, column 1.");
    equal(said({ layer: 1, channel: 0, row: 0, column: 1 }), "The number in row 1, column 2 of " +
      "map 1 of 2 of conv (Conv2D, 2×2×2) is 2. " +
      "It sees rows 1 to 2, columns 2 to 4 of the picture.");
    equal(said({ layer: 2, channel: 2 }), 
      "Selected: c in dense. It is 2, number 2 by size of 3.");
    """
    run_in_node(SENTENCE, code, tmp_path)
