"""The explorer's page in a real browser: as a file, and in the frame of a notebook's cell."""

import base64
import json
import re

import keras
import numpy as np
import pytest
from playwright.sync_api import expect

from cnnkit import data, explore, models


@pytest.fixture(scope="module")
def network():
    """A network for digits, and what is explored."""
    keras.utils.set_random_seed(0)
    images, labels = data.load_digits()
    images = images[:5, ..., None]
    model = models.small_cnn((8, 8, 1))
    names = ["zero", "</script>one", "two", "three", "four", *"56789"]
    return model, images, explore.explore(model, images, names, labels[:5])


@pytest.fixture(scope="module")
def saved(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("explorer") / "page.html"
    network[2].save(path)
    return path


@pytest.fixture
def page(saved, open_page):
    page = open_page(saved.as_uri())
    page.faults = []
    page.on("console", lambda message: page.faults.append(message.text))
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.reload()
    yield page
    assert page.faults == [] and page.foreign == []


def bar_values(page):
    """The numbers beside the bars of the answer."""
    texts = page.locator(".bar .value").all_inner_texts()
    return [float(text.replace("−", "-")) for text in texts]


def test_the_answers_are_those_of_keras(page, network):
    model, images, _ = network
    expected = keras.ops.convert_to_numpy(model(images, training=False))
    for at, button in enumerate(page.locator(".picture").all()):
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        values = bar_values(page)
        np.testing.assert_allclose(values, expected[at], rtol=1e-2, atol=1e-3)


def test_the_bar_of_a_negative_score_goes_to_the_left_of_zero(page):
    boxes = [fill.bounding_box() for fill in page.locator(".bar .fill").all()]
    ends = [(box["x"], box["x"] + box["width"]) for box in boxes]
    is_negative = [value < 0 for value in bar_values(page)]
    zero = [end[negative] for end, negative in zip(ends, is_negative, strict=True)]
    assert len(set(is_negative)) == 2
    assert zero == pytest.approx([zero[0]] * len(zero), abs=0.1)


def test_each_layer_has_a_column_with_what_is_known_of_it(page, network):
    columns = page.locator(".column")
    expect(columns).to_have_count(len(network[0].layers) + 1)
    conv = columns.nth(2)
    expect(conv).to_contain_text("Conv2D")
    for fact in ("8×8×16", "160", "9,216", "3×3 px"):
        expect(conv.locator("dl")).to_contain_text(fact)
    expect(conv.locator("canvas")).to_have_count(16)


def test_more_maps_are_shown_on_demand(page):
    column = page.locator(".column").nth(4)
    expect(column.locator("canvas")).to_have_count(16)
    column.get_by_role("button", name="16 more maps").click()
    expect(column.locator("canvas")).to_have_count(32)
    expect(column.get_by_role("button", name="fewer")).to_be_focused()


def test_arrow_keys_walk_over_the_maps_and_enter_selects(page):
    first = page.locator(".column").nth(1).locator(".tile")
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    second = page.locator(".column").nth(2).locator(".tile").nth(1)
    expect(second).to_be_focused()
    expect(second).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".tile[tabindex='0']")).to_have_count(1)


def test_one_may_choose_light_or_dark(page):
    colors = []
    for theme in ("light", "dark"):
        page.get_by_label("Theme").select_option(theme)
        colors.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    light, dark = (sum(map(int, re.findall(r"\d+", color))) for color in colors)
    assert light > 700 and dark < 100


def test_colours_are_scaled_by_map_layer_or_network(page):
    tile = page.locator(".column").nth(4).locator("canvas").first
    seen = []
    for scale in ("map", "layer", "network"):
        page.get_by_label("Colours").select_option(scale)
        seen.append(tile.evaluate("canvas => canvas.toDataURL()"))
    assert len(set(seen)) == 3


def test_the_policy_forbids_requests(page):
    script = "fetch('https://example.invalid/').then(() => 'sent', () => 'stopped')"
    assert page.evaluate(script) == "stopped"
    assert any("Content Security Policy" in fault for fault in page.faults)
    page.faults.clear()


def test_a_cell_shows_the_same_in_a_frame_without_an_origin(network, open_page, tmp_path):
    path = tmp_path / "cell.html"
    path.write_text(f"<!doctype html>{network[2]._repr_html_()}", encoding="utf-8")
    page = open_page(path.as_uri())
    frame = page.frame_locator("iframe")
    expect(frame.locator(".column")).to_have_count(len(network[0].layers) + 1)
    inner = page.frames[1]
    assert inner.evaluate("window.origin") == "null"
    with pytest.raises(Exception, match="cross-origin|Blocked"):
        inner.evaluate("parent.document.title")


def test_a_recorded_network_says_what_it_does_not_have(network, open_page, tmp_path):
    image = keras.Input((8, 8, 1))
    maps = keras.layers.LayerNormalization()(keras.layers.Conv2D(4, 3)(image))
    model = keras.Model(image, keras.layers.Dense(3)(keras.layers.Flatten()(maps)))
    explore.explore(model, network[1]).save(tmp_path / "page.html")
    page = open_page((tmp_path / "page.html").as_uri())
    expect(page.locator("#reason")).to_contain_text("cannot compute 'layer_normalization")
    expect(page.locator(".bar")).to_have_count(3)
    snapshot = json.loads(page.locator("#snapshot").text_content())
    answers = np.frombuffer(base64.b64decode(snapshot["answers"]["data"]), "<f4")[:3]
    values = bar_values(page)
    np.testing.assert_allclose(values, answers, rtol=1e-2, atol=1e-3)
