import base64
import hashlib
import json
import re
import subprocess
from html.parser import HTMLParser

import pytest
from node_engine import need_node

from cnnkit.explore._page import _FOLDER, SCRIPTS, STYLES, join_scripts, make_page

SNAPSHOT = {"name": "</title><script>alert(1)</script>", "class_names": ["</script><!--", "ü"]}


class Elements(HTMLParser):
    """The elements of a page that matter here: their attributes and what stands in them."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.found, self._texts = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes), texts := []))
        self._texts = texts

    def handle_endtag(self, tag):
        self._texts = []

    def handle_data(self, data):
        self._texts.append(data)

    def texts(self, tag, **attributes):
        return [
            "".join(texts)
            for name, own, texts in self.found
            if name == tag and attributes.items() <= own.items()
        ]


@pytest.fixture(scope="module")
def page():
    return Elements(make_page(SNAPSHOT))


def test_names_cannot_end_their_element(page):
    (data,) = page.texts("script", id="snapshot")
    assert json.loads(data) == SNAPSHOT
    assert len(page.texts("script")) == 2
    (title,) = page.texts("title")
    assert title.startswith(SNAPSHOT["name"])


def test_the_policy_allows_what_is_in_the_page_and_nothing_else(page):
    (policy,) = [
        own["content"] for tag, own, _ in page.found if tag == "meta" and "http-equiv" in own
    ]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == "data: blob:"
    for rule, text in [
        ("script-src", page.texts("script", type="module")[0]),
        ("style-src", page.texts("style")[0]),
    ]:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"


def test_nothing_is_asked_for_elsewhere(page):
    for tag, own, _ in page.found:
        assert tag not in ("link", "img", "iframe", "base", "form")
        assert not {"src", "href", "style"} & own.keys()
        assert not any(name.startswith("on") for name in own)


def test_all_files_are_in_the_page():
    files = {path.name for path in _FOLDER.iterdir()}
    assert files == {*SCRIPTS, *STYLES, "page.html", "relay.js"}


def import_faults(codes):
    """What scripts import that is not exported there, or comes later; names that are given twice.

    Args:
        codes: A dictionary from the name of a script to its code, in the order of the page.
    """
    exported, names, complaints = {}, {}, []
    for file, code in codes.items():
        for listed, source in re.findall(r'import \{([^}]*)\} from "\./([^"]+)"', code):
            wanted = {name.strip() for name in listed.split(",")} - {""}
            missing = wanted - exported.get(source, set())
            complaints += [f"{file} imports {name} from {source}" for name in sorted(missing)]
        top = re.findall(r"(?m)^(export )?(?:async )?(?:function|const|let|class) ([\w$]+)", code)
        exported[file] = {name for export, name in top if export}
        complaints += [f"{file} has {name}, as {names[name]}" for _, name in top if name in names]
        names |= {name: file for _, name in top}
    return complaints


def test_scripts_can_be_joined():
    codes = {name: (_FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS}
    assert import_faults(codes) == []
    assert not re.search(r"(?m)^(import|export)\b", join_scripts())


def test_faults_of_imports_are_found():
    good = {"a.js": "export const x = 1;", "b.js": 'import { x } from "./a.js";\nconst y = x;'}
    assert import_faults(good) == []
    assert import_faults(dict(reversed(good.items()))) == ["b.js imports x from a.js"]
    assert import_faults({**good, "c.js": "function y() {}"}) == ["c.js has y, as b.js"]


def test_each_script_is_short_and_says_what_it_is():
    for name in SCRIPTS:
        code = (_FOLDER / name).read_text(encoding="utf-8")
        assert code.startswith("/*\n * "), name
        assert code.count("\n") <= 400, name


def run_in_node(names, code, folder):
    """Run some scripts of the page, and then `code`, which throws where something is wrong."""
    file = folder / "test.mjs"
    start = 'import { deepStrictEqual as equal, throws } from "node:assert";\n'
    file.write_text(start + join_scripts(names) + code, encoding="utf-8")
    done = subprocess.run([need_node(), file], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_state_tells_whoever_listens(tmp_path):
    code = """
    const state = makeState({ a: 0, b: [1], c: null });
    const said = [];
    state.extend({ b: "kept", d: 4 });
    equal(state.values, { a: 0, b: [1], c: null, d: 4 });
    state.subscribe(["a"], ({ a }) => state.set({ d: a + 1 }));
    const stop = state.subscribe(["a", "d"], (values, changed) => said.push([changed, values.d]));
    state.set({ a: 0, b: [1] });
    equal(said, []);
    state.set({ a: 5, b: [2] });
    equal(said, [[["a", "b"], 6], [["d"], 6]]);
    const input = new Float32Array(2);
    state.set({ c: input });
    equal(state.values.c === input, true);
    throws(() => state.set({ unknown: 1 }), /no key unknown/);
    stop();
    state.set({ a: 6 });
    equal(said.length, 2);
    """
    run_in_node(("state.js",), code, tmp_path)


def test_long_networks_fold(tmp_path):
    code = """
    const named = (names) => names.map((name, index) => ({ name, index }));
    const shown = (folds) => folds.map((f) => [f.name, f.layers.length, f.isFolded]);
    const chain = (n) => named(Array.from({ length: n }, (_, i) => `relu_${i}`));
    equal(shown(foldsOf(chain(30))), [["", 30, false]]);
    equal(shown(foldsOf(chain(31))), [
      ["layers 1 to 12", 12, false], ["layers 13 to 24", 12, true], ["layers 25 to 31", 7, false],
    ]);
    equal(shown(foldsOf(named(["a", "m/b", "m/c", "m/n/d", "e"]))), [
      ["", 1, false], ["m", 2, false], ["m/n", 1, false], ["", 1, false],
    ]);
    """
    run_in_node(("folds.js",), code, tmp_path)


def test_the_maps_of_a_layer(tmp_path):
    code = """
    const maps = { shape: [2, 3, 4] };
    const values = Float32Array.from({ length: 24 }, (_, i) => i);
    equal(countMaps(maps), 4);
    equal(mapOf(maps, values, 3), { values, start: 3, step: 4, rows: 2, columns: 3 });
    equal(indexOf(maps, 3, 1, 2), 23);
    equal(countMaps({ ...maps, recorded: { channels: 2 } }), 2);
    const { rows, columns } = mapOf({ shape: [20] }, values.subarray(0, 20), 0);
    equal([rows, columns, countMaps({ shape: [20] }), indexOf({ shape: [20] }, 7)], [2, 16, 1, 7]);
    """
    run_in_node(("maps.js",), code, tmp_path)


def test_what_a_number_sees_and_what_a_pixel_reaches_agree(tmp_path):
    code = """
    const field = { size: [5, 3], strides: [2, 1], offset: [-2, -1] };
    equal(seenBy(field, 0, 3), { row: -2, column: 2, rows: 5, columns: 3 });
    equal(cutBox(seenBy(field, 0, 7), [8, 8]), { row: 0, column: 6, rows: 3, columns: 2 });
    const holds = ({ row, column, rows, columns }, [i, j]) =>
      i >= row && i < row + rows && j >= column && j < column + columns;
    for (let pixel = 0; pixel < 64; pixel++) {
      const at = [Math.floor(pixel / 8), pixel % 8];
      const reached = reachedBy(field, [4, 8, 2], at);
      for (let unit = 0; unit < 32; unit++) {
        const place = [Math.floor(unit / 8), unit % 8];
        equal(holds(reached, place), holds(seenBy(field, ...place), at));
      }
    }
    const whole = { size: [6, 8], strides: [0, 0], offset: [1, 0] };  // as after a Flatten
    equal(reachedBy(whole, [10], [0, 3]), null);
    equal(reachedBy(whole, [10], [6, 7]), { row: 0, column: 0, rows: 1, columns: 1 });
    const between = { size: [2, 2], strides: [0.5, 0.5], offset: [-0.5, -0.5] };  // upsampled
    equal(seenBy(between, 1, 2), { row: 0, column: 1, rows: 2, columns: 1 });
    """
    run_in_node(("elements.js", "numbers.js", "colors.js", "maps.js", "field.js"), code, tmp_path)


def test_a_guess_is_right_within_a_tenth(tmp_path):
    code = """
    equal([0.9, 1.09, 1.11].map((guess) => isRight(guess, 1, 2)), [true, true, false]);
    equal([-0.9, 0].map((guess) => isRight(guess, -1, 2)), [true, false]);
    equal([0, 0.01, 0.03].map((guess) => isRight(guess, 0, 2)), [true, true, false]);
    """
    run_in_node(("elements.js", "numbers.js", "guess.js"), code, tmp_path)


def test_node_understands_the_joined_script(tmp_path):
    file = tmp_path / "page.mjs"
    file.write_text(join_scripts(), encoding="utf-8")
    done = subprocess.run([need_node(), "--check", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
