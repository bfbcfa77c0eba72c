"""The page's functions that change a picture or a network."""

import json

import numpy as np
import pytest
from scipy import ndimage
from test_page import run_in_node

IMAGE = np.random.default_rng(0).uniform(-1, 1, (7, 6, 2)).astype(np.float32)
PIXELS = ("inputs_pixels.js",)
CLOSE = """
const RANGE = { low: -1, high: 1 };
const near = (values, expected, within = 1e-5) => {
  equal(values.length, expected.length);
  values.forEach((x, i) => {
    if (!(Math.abs(x - expected[i]) <= within)) throw [i, x, expected[i]];
  });
};
"""


def as_code(array):
    return f"Float32Array.of({', '.join(map(repr, np.ravel(array).tolist()))})"


@pytest.mark.parametrize("turn", [0, 90, -180, 30])
def test_a_picture_turns_as_in_scipy(turn, tmp_path):
    square = IMAGE[:6]
    expected = ndimage.rotate(square, -turn, (1, 0), reshape=False, order=1, mode="nearest")
    moves = json.dumps({"turn": turn, "shift": [0, 0], "light": 0})
    code = f"near(movePicture({as_code(square)}, [6, 6, 2], {moves}, RANGE), {as_code(expected)});"
    run_in_node(PIXELS, CLOSE + code, tmp_path)


def test_a_picture_is_shifted_and_lit(tmp_path):
    padded = np.pad(IMAGE, ((3, 0), (0, 2), (0, 0)), mode="edge")
    expected = np.clip(padded[:7, 2:] + 0.25 * 2, -1, 1)
    code = f"""
    const moves = {{ turn: 0, shift: [3, -2], light: 0.25 }};
    const image = {as_code(IMAGE)};
    near(movePicture(image, [7, 6, 2], moves, RANGE), {as_code(expected)});
    near(invertPicture(image, RANGE), {as_code(-IMAGE)});
    near(medianColor(image, [7, 6, 2]), {as_code(np.sort(IMAGE.reshape(-1, 2), 0)[21])});
    """
    run_in_node(PIXELS, CLOSE + code, tmp_path)


def test_a_line_is_drawn_and_colours_are_read(tmp_path):
    line = np.zeros((4, 5), np.float32)
    line[1, 1:4] = 8
    code = f"""
    const values = blankPicture([4, 5, 1], 0);
    drawLine(values, [4, 5, 1], [1, 1], [1, 3], 1, [8]);
    near([1, 2, 3].map((j) => values[5 + j]), [8, 8, 8]);
    near(values.subarray(15), [0, 0, 0, 0, 0]);
    const dot = blankPicture([4, 5, 1], 0);
    drawLine(dot, [4, 5, 1], [3, 4], [3, 4], 1, [8]);
    near(dot, {as_code(np.pad([8.0], (19, 0)))});
    drawLine(dot, [4, 5, 1], [-20, -20], [-9, -9], 3, [8]);
    near(dot.subarray(0, 19), new Float32Array(19));
    near(colorFromText("#ff0080", [1, 1, 3], RANGE), [1, -1, 1 / 255], 1e-6);
    const grey = colorFromText("#ff0080", [1, 1, 1], {{ low: 0, high: 255 }});
    near(grey, [0.299 * 255 + 0.114 * 128], 1e-3);
    """
    run_in_node(PIXELS, CLOSE + code, tmp_path)


def test_edits_are_applied_in_their_order(tmp_path):
    code = """
    const kernel = { shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) };
    const weights = { kernel };
    const layers = [0, 1].map((index) => ({ index, name: `m/dense_${index}`, shape: [3], size: 3,
                                            settings: {}, weights }));
    const snapshot = { layers, outputs: [1], class_names: ["a", "b", "owl"] };
    const set = (at, values) => ({ kind: "weights", layer: 0, name: "kernel", at, values });
    const turn = (on) => ({ kind: "channel", layer: 1, channel: 2, on });

    const same = applyEdits(layers, []);
    equal([same.layers === layers, same.after], [true, null]);
    const edited = applyEdits(layers, [set([1], [7]), turn(false), set([1, 5], [8, 9])]);
    equal([...edited.layers[0].weights.kernel.values], [1, 8, 3, 4, 5, 9]);
    equal(edited.layers[1].weights === edited.layers[0].weights, true);
    equal([...kernel.values], [1, 2, 3, 4, 5, 6]);
    const values = Float32Array.of(1, 2, 3);
    equal([...edited.after(layers[1], values)], [1, 2, 0]);
    equal([...edited.after(layers[0], values)], [1, 2, 3]);
    equal(channelsOff([turn(false), turn(true)], 1), []);

    const list = withEdit(withEdit([turn(false)], set([1], [7])), set([1], [8]));
    equal(list, [turn(false), set([1], [8])]);
    equal(withEdit(list, turn(true)).length, 3);
    equal(list.map((edit) => editText(edit, snapshot)),
      ["answer “owl” of dense_1 is off", "unit 2 of dense_0: kernel is 8"]);
    equal(kernelPlaces([2, 2, 3, 4], 1, 2), [6, 18, 30, 42]);
    equal(kernelPlaces([3, 4], 1, 2), [6]);
    """
    scripts = (
        "elements.js",
        "numbers.js",
        "interventions_edits.js",
        "colors.js",
        "maps.js",
        "interventions.js",
    )
    run_in_node(scripts, code, tmp_path)


def test_dropout_keeps_the_mean_and_a_seed_gives_its_mask_again(tmp_path):
    code = """
    const layer = { index: 0, shape: [20, 20, 50], size: 20000 };
    const edit = (seed, whole = false) => ({ kind: "mask", layer: 0, rate: 0.2, seed, whole });
    const mask = dropoutMask(layer, edit(1));
    near([mask.filter((x) => x === 0).length / 20000], [0.2], 0.02);
    near([mask.reduce((a, b) => a + b) / 20000], [1], 0.02);
    equal(mask, dropoutMask(layer, edit(1)));
    const differing = dropoutMask(layer, edit(2)).filter((x, i) => x !== mask[i]).length;
    near([differing / 20000], [2 * 0.2 * 0.8], 0.02);
    const maps = dropoutMask(layer, edit(1, true));
    equal(maps.every((x, i) => x === maps[i % 50]), true);
    const ones = new Float32Array(20000).fill(1);
    equal(applyEdits([layer], [edit(2), edit(1)]).after(layer, ones), mask);
    equal(maskOf([edit(1), { ...edit(1), rate: 0 }], 0), null);
    """
    run_in_node(("interventions_edits.js",), CLOSE + code, tmp_path)


def test_changes_are_measured(tmp_path):
    before, now = IMAGE, np.roll(IMAGE, (2, -1), (0, 1))
    share = np.abs(now - before)[..., 1].sum() / np.abs(before)[..., 1].sum()
    code = f"""
    const layer = {{ shape: [7, 6, 2], field: {{ strides: [2, 3] }} }};
    const [now, before] = [{as_code(now)}, {as_code(before)}];
    near([changeOf(now, before, 1, 2)], [{share}]);
    near([changeAfterShift(layer, now, before, 1, [2, -1])], [0]);
    equal(changeAfterShift(layer, now, before, 1, [0, 0]), changeOf(now, before, 1, 2));
    equal(shiftOf(layer, [4, -4]), [2, -1]);
    equal(changeOf([1], [0], 0, 1), Infinity);
    equal([0, 0.004, 0.126, 1.5, 12, Infinity].map(changeText),
      ["0 %", "< 1 %", "13 %", "150 %", "> 999 %", "new"]);
    equal(changesText({{}}, Float32Array.of(0.9, 0.1, 0), Float32Array.of(0.3, 0.1, 0.7)),
      "The answer changes from class 2 to class 0: class 2 from 0.70 to 0.00, " +
      "class 0 from 0.30 to 0.90");
    const named = {{ class_names: ["cat", "dog", "owl"] }};
    const said = (now, before) =>
      changesText(named, Float32Array.from(now), Float32Array.from(before));
    equal(said([-2, 4.07, 9], [-90, 4.3, 9.5]),
      "The answer stays owl: owl from 9.5 to 9, dog from 4.3 to 4.07");
    equal(said([1, 3, 2], [1, 3, 2]), "The answer stays dog, its numbers as before");
    equal(said([0.7], [0.25]), "The answer: dog from 0.25 to 0.70");
    """
    run_in_node(("numbers.js", "maps.js", "changes.js"), CLOSE + code, tmp_path)
