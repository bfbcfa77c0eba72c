"""What guides on the explorer's page: tour, views, workshop; and whether everyone can use it."""

import re

import keras
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from cnnkit import data, explain, explore, models

RULES = {"resultTypes": ["violations"]}


@pytest.fixture(scope="module")
def network():
    """A network for digits, and what is explored."""
    keras.utils.set_random_seed(0)
    images, labels = data.load_digits()
    images, labels = images[:4, ..., None], labels[:4]
    model = models.small_cnn((8, 8, 1))
    return model, images, explore.explore(model, images, list("0123456789"), labels)


@pytest.fixture(scope="module")
def address(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("explorer") / "page.html"
    network[2].save(path)
    return path.as_uri()


@pytest.fixture(scope="module")
def shared(open_page, address):
    """One page for all tests, with what it complains of."""
    page = open_page(address)
    page.faults = []
    page.on("console", lambda message: page.faults.append(message.text))
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    return page


@pytest.fixture
def page(shared, address):
    shared.set_viewport_size({"width": 1400, "height": 1000})
    shared.goto("about:blank")
    shared.goto(address)
    yield shared
    assert shared.faults == [] and shared.foreign == []


def tile(page, layer, channel):
    return page.locator(f'.tile[data-layer="{layer}"][data-channel="{channel}"]')


def open_tour(page):
    page.locator("#tour summary").click()


# The layer workshop


def test_the_workshop_answers_as_keras_and_its_window_slides(page):
    workshop = page.locator("#workshop")
    for name, value in (("size", 9), ("kernel", 4), ("strides", 2)):
        workshop.locator(f'[name="{name}"]').fill(str(value))
        workshop.locator(f'[name="{name}"]').press("Enter")
    workshop.get_by_label("padding").select_option("valid")
    size = keras.layers.Conv2D(1, 4, strides=2)(np.zeros((1, 9, 9, 1))).shape[1]
    expect(workshop.locator(".place")).to_have_count(size**2)
    expect(workshop.locator(".arithmetic")).to_contain_text(
        f"⌊(9 + 0 − 4) / 2⌋ + 1 = {size} places"
    )
    expect(workshop.locator(".arithmetic")).to_contain_text("1 pixel of the picture's end")
    expect(workshop.locator(".pixel.tap")).to_have_count(16)
    expect(workshop.locator(".told")).to_contain_text("row 1, column 1")
    workshop.get_by_role("button", name="Next").press("Enter")
    expect(workshop.locator(".told")).to_contain_text("row 1, column 2")
    workshop.get_by_role("button", name="Play").click()
    expect(workshop.locator(".told")).to_contain_text("row 2, column 1")
    workshop.get_by_role("button", name="Pause").click()


def test_the_workshop_takes_the_settings_of_the_selected_layer(page):
    take = page.get_by_role("button", name="Take those of the selected layer")
    expect(take).to_be_disabled()
    tile(page, 3, 0).click()
    take.click()
    for name, value in (("size", "8"), ("kernel", "2"), ("strides", "2"), ("padding", "valid")):
        expect(page.locator(f'#workshop [name="{name}"]')).to_have_value(value)


def test_the_workshop_explains_what_keras_refuses(page):
    page.get_by_label("Example").select_option("4 5 1 valid 1")
    expect(page.locator(".arithmetic")).to_contain_text(
        "it fits nowhere, and Keras raises an error"
    )
    expect(page.locator(".place")).to_have_count(0)
    expect(page.get_by_role("button", name="Next")).to_be_disabled()


# Tour, views and the address


def test_a_step_is_ticked_when_it_was_done_and_not_when_one_jumps_to_it(page):
    open_tour(page)
    done = page.locator("#tour li.done")
    page.get_by_label("Go to").select_option("The strongest map of the first convolution")
    expect(page.locator("#sentence")).to_contain_text("of conv2d")
    expect(done).to_have_count(0)
    page.locator(".picture").nth(1).click()
    expect(done).to_have_count(1)
    expect(page.locator("#tour .told")).to_contain_text("1 of")
    page.locator("#tour li.next").get_by_role("button").click()
    expect(tile(page, 2, 0)).to_be_focused()
    page.keyboard.press("Enter")
    places = {"change": "#drawing .pad", "edit": "#interventions [name='on']"}
    for step, place in (places | {"guess": ".guessing input"}).items():
        page.locator(f'#tour [data-step="{step}"]').get_by_role("button").click()
        expect(page.locator(place)).to_be_focused()
    page.get_by_label("Colours").select_option("layer")
    expect(page.locator("#tour .told")).to_contain_text("Next: Select one number")
    page.locator('#workshop [name="strides"]').focus()
    page.locator('#workshop [name="strides"]').fill("3")
    page.keyboard.press("Tab")
    page.get_by_label("padding").select_option("valid")
    expect(page.locator('li.done[data-step="workshop"]')).to_have_count(1)
    expect(done).to_have_count(4)


def test_the_tools_for_the_network_are_in_sight_and_where_unfolds_them(page):
    page.set_viewport_size({"width": 1400, "height": 900})
    expect(page.locator("#interventions summary")).to_be_in_viewport(ratio=1)
    open_tour(page)
    page.locator('#tour [data-step="edit"]').get_by_role("button").click()
    expect(page.locator("#interventions summary")).to_be_focused()
    expect(page.locator("#interventions .chosen")).to_contain_text("Choose a map or a unit")


def test_who_does_all_ten_steps_has_ten_ticks(page):
    def number(layer, channel):
        tile(page, layer, channel).click()
        page.locator(".result .pane").click(position={"x": 9, "y": 9})

    def guess():
        page.get_by_label("Guess first").check()
        page.get_by_label("Your guess").fill("1")
        page.get_by_label("Your guess").press("Enter")

    def misfit():
        page.locator('#workshop [name="strides"]').fill("3")
        page.locator('#workshop [name="strides"]').press("Enter")
        page.get_by_label("padding").select_option("valid")

    def switch_off():
        page.locator("#interventions summary").click()
        page.locator('#interventions [name="on"]').uncheck()

    open_tour(page)
    steps = page.locator("#tour [data-step]")
    expect(steps).to_have_count(10)
    actions = [
        lambda: page.locator(".picture").nth(1).click(),
        lambda: tile(page, 2, 1).click(),
        lambda: page.get_by_label("Colours").select_option("layer"),
        lambda: number(2, 1),
        guess,
        lambda: number(3, 1),
        lambda: number(7, 1),
        lambda: page.locator("#drawing .pad").click(),
        switch_off,
        misfit,
    ]
    for i, act in enumerate(actions):
        expect(steps.nth(i)).not_to_have_class(re.compile("done"))
        act()
        expect(steps.nth(i)).to_have_class(re.compile("done"))
    expect(page.locator("#tour .told")).to_contain_text("10 of 10 steps are done.")


def test_a_reload_keeps_the_state_and_a_copied_view_opens_elsewhere(page, address):
    page.locator(".picture").nth(2).click()
    tile(page, 4, 3).click()
    page.get_by_label("Colours").select_option("network")
    page.get_by_label("Theme").select_option("dark")
    expect(page).to_have_url(re.compile("dark"))
    page.reload()
    expect(page.locator(".picture").nth(2)).to_have_attribute("aria-pressed", "true")
    expect(tile(page, 4, 3)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Colours")).to_have_value("network")
    expect(page.get_by_label("Theme")).to_have_value("dark")
    open_tour(page)
    expect(page.locator("#tour li.done")).to_have_count(1)
    page.get_by_role("button", name="Copy this view").click()
    expect(page.locator("#copied")).to_have_text("The view is copied.")
    link = page.locator("#view").input_value()
    page.goto("about:blank")
    page.goto(link)
    expect(tile(page, 4, 3)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Theme")).to_have_value("system")  # is the reader's own
    expect(page.locator("#tour li.done")).to_have_count(0)


def test_a_view_asks_why_a_picture_is_taken_for_another_and_can_be_sent(page, network):
    model, images, _ = network
    labels = data.load_digits()[1][:4]
    said = np.argmax(keras.ops.convert_to_numpy(model(images, training=False)), 1)
    wrong = int(np.flatnonzero(said != labels)[0])
    expect(page.locator(".wrong-mark")).to_have_count(int(np.sum(said != labels)))
    name = f"Picture {wrong + 1}: {labels[wrong]}, wrongly taken for {said[wrong]}"
    expect(page.get_by_role("button", name=name)).to_contain_text("✗")
    open_tour(page)
    page.get_by_label("Go to").select_option("Why it gets that picture wrong")
    title = page.locator("#why .title")
    expect(title).to_contain_text(f"Why {said[wrong]} and not")
    choice = page.get_by_label("Answer to compare with")
    expect(choice).to_have_value(str(labels[wrong]))
    other = next(n for n in range(10) if n not in (said[wrong], labels[wrong]))
    choice.select_option(str(other))
    page.locator("#why .link").first.click()
    expect(page.locator("#why .trail")).to_contain_text("→ unit")
    page.get_by_role("button", name="Copy this view").click()
    link = page.locator("#view").input_value()
    page.goto("about:blank")
    page.goto(link)
    page.locator("#why .trail .link").click()
    expect(choice).to_have_value(str(other))


def test_a_view_that_makes_no_sense_leaves_the_page_as_it_is(page, address):
    for view in (
        '{"edits":[null],"picture":1}',
        '{"trail":[1]}',
        '{"layer":77,"channel":2}',
        '{"zoom":"x"}',
        "%",
    ):
        page.goto("about:blank")
        page.goto(f"{address}#view={view}")
        expect(page.locator("#sentence")).to_contain_text("Nothing is selected")
        page.locator(".picture").nth(2).click()
        expect(page.locator(".picture").nth(2)).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#answer")).to_contain_text("it is 2.")


@pytest.fixture
def cell(network, open_page, tmp_path):
    """The explorer in the frame of a cell, with the tour open."""
    path = tmp_path / "cell.html"
    path.write_text(f"<!doctype html>{network[2]._repr_html_()}", encoding="utf-8")
    frame = open_page(path.as_uri()).frame_locator("iframe")
    open_tour(frame)
    return frame


def test_in_a_cell_a_view_is_copied_and_pasted(cell):
    tile(cell, 3, 1).click()
    cell.get_by_role("button", name="Copy this view").click()
    field = cell.locator("#view")
    view = field.input_value()
    assert view.startswith("#view=")
    tile(cell, 2, 0).click()
    field.fill(view)
    field.press("Enter")
    expect(tile(cell, 3, 1)).to_have_attribute("aria-pressed", "true")
    field.fill("nonsense")
    expect(cell.locator("#copied")).to_contain_text("This is no view")


def test_in_a_cell_one_guesses(cell):
    cell.get_by_label("Go to").select_option("What the middle of the last maps sees")
    cell.get_by_label("Guess first").check()
    cell.get_by_label("Your guess").fill("0")
    cell.get_by_label("Your guess").press("Enter")
    expect(cell.locator(".judged")).to_contain_text("you guessed 0.")
    expect(cell.locator('#tour li.done[data-step="guess"]')).to_have_count(1)


# For everyone


def test_by_keyboard_alone_one_selects_a_map_and_hears_its_values(page, network):
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className.includes('tile')"):
            break
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    model, images, _ = network
    values = explain.feature_maps(model, images[:1].astype("float32"), layer=model.layers[1])[
        0, ..., 1
    ]
    row, column = np.unravel_index(values.argmax(), values.shape)
    sentence = page.get_by_role("status").filter(has_text="Selected")
    expect(sentence).to_contain_text("map 2 of 16 of conv2d")
    expect(sentence).to_contain_text(f"to {values.max():.3g}; ")
    expect(sentence).to_contain_text(f"row {row + 1}, column {column + 1}.")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(page, theme):
    page.get_by_label("Theme").select_option(theme)
    open_tour(page)
    page.locator(".picture").nth(1).click()
    page.locator("#interventions summary").click()
    places = [
        lambda: tile(page, 2, 0).click(),
        lambda: page.locator(".tile").last.click(),
        lambda: page.locator("#why .link").first.click(),
        lambda: page.get_by_label("Go to").select_option("What the middle of the last maps sees"),
        lambda: page.get_by_label("Guess first").check(),
    ]
    for go in places:
        go()
        found = Axe().run(page, options=RULES)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [400, 700, 3840])
def test_nothing_is_wider_than_the_window(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    open_tour(page)
    tile(page, 2, 0).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_finger_selects(browser, address):
    with browser.new_context(has_touch=True, viewport={"width": 400, "height": 800}) as context:
        page = context.new_page()
        page.goto(address)
        tile(page, 2, 3).tap()
        expect(page.locator("#sentence")).to_contain_text("map 4 of 16")
