"""What the explorer tells of a map, of a number and of how far it sees, against Keras."""

import re

import keras
import numpy as np
import pytest
from keras import layers
from playwright.sync_api import expect

from cnnkit import data, explore, geometry


@pytest.fixture(scope="module")
def network():
    """A network with many kinds of layers, and what it gives: by the name of each layer."""
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 1))
    first = layers.Conv2D(10, 3, padding="same", name="first")(image)
    normal = layers.BatchNormalization(name="normal")(first)
    bent = layers.ReLU(name="bent")(normal)
    wide = layers.DepthwiseConv2D(3, dilation_rate=2, padding="same", name="wide")(bent)
    both = layers.Add(name="both")([bent, wide])
    small = layers.MaxPooling2D(name="small")(both)
    apart = layers.SeparableConv2D(6, 3, activation="tanh", name="apart")(small)
    groups = layers.GroupNormalization(2, name="groups")(apart)
    flat = layers.Flatten(name="flat")(groups)
    means = layers.GlobalAveragePooling2D(name="means")(small)
    joined = layers.Concatenate(name="joined")([flat, means])
    answer = layers.Dense(3, activation="softmax", name="answer")(joined)
    model = keras.Model(image, answer)
    random = np.random.default_rng(0)
    for weight in model.weights:  # biases and moving means are not 0, variances are positive
        if len(weight.shape) == 1:
            weight.assign(weight + random.uniform(0.1, 0.5, weight.shape))
    images = data.load_digits()[0][:2, ..., None] / np.float32(255)
    shown = keras.Model(image, {layer.name: layer.output for layer in model.layers[1:]})
    values = {name: np.asarray(x)[0] for name, x in shown(images, training=False).items()}
    return model, images, values


@pytest.fixture(scope="module")
def page(network, open_page, tmp_path_factory):
    path = tmp_path_factory.mktemp("reading") / "page.html"
    explore.explore(*network[:2], ["cat", "dog", "owl"]).save(path)
    page = open_page(path.as_uri())
    faults = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    assert faults == [] and page.foreign == []


def choose_map(page, name, channel=0):
    column = page.locator(".column").filter(has=page.get_by_role("heading", name=name, exact=True))
    column.locator(f".tile[data-channel='{channel}']").click()


def choose_place(page, shape, row, column):
    """Click on a place of the selected map."""
    pane = page.locator(".result .pane")
    box = pane.bounding_box()
    x, y = (column + 0.5) / shape[1] * box["width"], (row + 0.5) / shape[0] * box["height"]
    pane.click(position={"x": x, "y": y})


def numbers(locator):
    """The exact numbers behind those on the page."""
    return [float(x) for x in locator.locator("data").evaluate_all("all => all.map(x => x.value)")]


def box_of(frame, shape):
    """A frame as `(row, column, rows, columns)`."""
    sides = frame.evaluate("({style}) => [style.top, style.left, style.height, style.width]")
    shares = [float(side.removesuffix("%")) / 100 for side in sides]
    return tuple(round(share * n) for share, n in zip(shares, [*shape[:2]] * 2, strict=True))


@pytest.mark.parametrize(
    "name", ["first", "normal", "bent", "wide", "both", "small", "apart", "groups"]
)
def test_a_number_of_a_map_is_that_of_keras(name, page, network):
    values = network[2][name]
    channel = values.shape[-1] - 1
    choose_map(page, name, channel)
    expect(page.locator(".title")).to_contain_text(f"Map {channel + 1} of {channel + 1} in {name}")
    for row, column in [(0, 0), (values.shape[0] - 1, 1)]:
        choose_place(page, values.shape, row, column)
        expect(page.locator("#detail h3")).to_contain_text(f"Row {row + 1}, column {column + 1} is")
        tolerance = 1e-4 * np.abs(values).max()
        (shown,) = numbers(page.locator("#detail h3"))
        assert abs(shown - values[row, column, channel]) <= tolerance
        explained = numbers(page.locator("#detail .steps"))[-1]
        assert abs(explained - values[row, column, channel]) <= tolerance


def test_a_convolution_is_products_sum_bias_and_what_follows(page, network):
    model, _, values = network
    kernel, bias = map(np.asarray, model.get_layer("apart").weights[0:3:2])  # depthwise, bias
    point = np.asarray(model.get_layer("apart").pointwise_kernel)[0, 0, :, 1]
    choose_map(page, "apart", 1)
    choose_place(page, (2, 2), 1, 0)
    page.get_by_role("button", name="2 more, together").click()
    cards = page.locator(".windows .part")
    expect(cards).to_have_count(10)
    total = 0
    for card in cards.all():
        at = int(re.search(r"map (\d+) of small", card.inner_text())[1]) - 1
        window, weights, products = map(numbers, card.locator("table").all())
        np.testing.assert_allclose(
            window, values["small"][1:4, :3, at].ravel(), rtol=1e-4, atol=1e-5
        )
        np.testing.assert_allclose(weights, kernel[:, :, at, 0].ravel(), atol=1e-6)
        np.testing.assert_allclose(products, np.multiply(window, weights), rtol=1e-6)
        (sum_,) = numbers(card.locator(".total"))
        np.testing.assert_allclose(sum_, np.sum(products) * point[at], rtol=1e-5)
        total += sum_
    start, with_bias, bent = numbers(page.locator("#detail .steps"))
    np.testing.assert_allclose([start, with_bias], [total, total + bias[1]], rtol=1e-5)
    np.testing.assert_allclose(bent, np.tanh(total + bias[1]), rtol=1e-4)


def test_a_map_is_shown_as_pictures_that_end_with_it(page):
    choose_map(page, "bent", 3)
    captions = page.locator(".chain figcaption").all_inner_texts()
    wanted = ["sum of all products", "then bias", "then normalise", "then scale and shift"]
    assert captions == [*wanted, "this map: then relu"]
    pictures = page.locator(".strip canvas, .chain canvas")
    expect(pictures).to_have_count(3 + 5)
    tile = page.locator(".tile[aria-pressed='true'] canvas")
    urls = [each.evaluate("canvas => canvas.toDataURL()") for each in (pictures.last, tile)]
    assert urls[0] == urls[1]
    choose_map(page, "apart", 2)
    expect(page.locator(".strip .part")).to_have_count(10)
    expect(page.locator(".column.faded")).to_have_count(11)  # of 13, but not small and apart
    expect(page.locator(".tile.read")).to_have_count(10)
    strip, hint = page.locator(".strip"), page.locator(".scroll-hint")
    assert strip.evaluate("strip => strip.scrollWidth > strip.clientWidth")
    expect(hint).to_have_text("10 inputs: scroll to the right for all →")
    page.set_viewport_size({"width": 2000, "height": 1000})
    expect(hint).to_be_hidden()
    page.set_viewport_size({"width": 1400, "height": 1000})
    page.locator(".strip .link").nth(4).click()
    expect(page.locator(".title")).to_contain_text("Map 5 of 10 in small")


def test_an_answer_is_weights_and_softmax(page, network):
    model, _, values = network
    kernel, bias = map(np.asarray, model.get_layer("answer").weights)
    page.get_by_role("button", name="dog 0").click()
    expect(page.locator("#detail h3")).to_contain_text("dog is")
    logit, share = numbers(page.locator("#detail .steps"))[1:]
    np.testing.assert_allclose(logit, values["joined"] @ kernel[:, 1] + bias[1], rtol=1e-4)
    np.testing.assert_allclose(share, values["answer"][1], atol=1e-4)
    shares = [numbers(row)[2] for row in page.locator(".softmax tr").all()[1:]]
    np.testing.assert_allclose(shares, values["answer"], atol=1e-4)


def test_two_answers_differ_by_what_each_input_adds(page, network):
    model, _, values = network
    kernel, bias = map(np.asarray, model.get_layer("answer").weights)
    page.get_by_role("button", name="dog 0").click()
    why = page.locator("#why")
    why.get_by_label("Answer to compare with").select_option("owl")
    one, other, biases, total = numbers(why.locator(".steps"))
    logits = values["joined"] @ kernel + bias
    assert total == pytest.approx(logits[1] - logits[2], abs=1e-4)
    assert numbers(why.locator(".result-line"))[0] == total
    assert biases == pytest.approx(bias[1] - bias[2], abs=1e-6)
    assert one + other + biases == pytest.approx(total, abs=1e-6)
    assert one > 0 > other
    for side, sign in zip(why.locator(".sides > section").all(), (1, -1), strict=True):
        expect(side.locator("h3")).to_contain_text(["rather than owl", "rather than dog"][sign < 0])
        assert numbers(side.locator("h3"))[0] == pytest.approx(sign * (one, other)[sign < 0])
        if side.get_by_role("button", name="more, together").count():
            side.get_by_role("button", name="more, together").click()
    products = values["joined"] * (kernel[:, 1] - kernel[:, 2])
    maps, means = products[:24].reshape(4, 6), products[24:]
    groups = {f"map {c + 1} of groups": x for c, x in enumerate(maps.sum(0))}
    groups |= {f"mean of map {c + 1} of small": x for c, x in enumerate(means)}
    groups = {name: abs(x) for name, x in groups.items()}  # each for one of the two answers
    shown = {}
    for line in why.locator("li", has=page.locator(".link")).all():
        name = line.locator(".link").inner_text()
        first, *_, last = numbers(line)
        shown[name] = first if "groups" in name else last
    assert shown == pytest.approx(groups, rel=1e-4, abs=1e-5)
    strongest = int(np.argmax(maps.sum(0)))
    row, column = divmod(int(np.abs(maps[:, strongest]).argmax()), 2)
    why.get_by_role("button", name=f"map {strongest + 1} of groups").click()
    expect(page.locator("#detail .title")).to_contain_text(f"Map {strongest + 1} of 6 in groups")
    expect(page.locator("#detail h3")).to_contain_text(f"Row {row + 1}, column {column + 1} is")
    expect(page.locator("#field .seen")).to_be_visible()
    why.get_by_role("button", name="answer “dog” of answer").click()
    expect(why.get_by_label("Answer to compare with")).to_have_value("2")
    expect(page.locator("#detail h3")).to_contain_text("dog is")


def test_what_a_unit_of_flattened_maps_sees_is_what_its_place_sees(page, network):
    field = geometry.receptive_field(network[0], "groups")
    choose_map(page, "flat")
    choose_place(page, (2, 16), 1, 3)  # unit 19: of the last place the second map
    first = [offset + stride for offset, stride in zip(field.offset, field.strides, strict=True)]
    ends = [min(a + n, 8) for a, n in zip(first, field.size, strict=True)]
    starts = [max(a, 0) for a in first]
    seen = (*starts, *(end - start for start, end in zip(starts, ends, strict=True)))
    assert box_of(page.locator("#field .seen"), (8, 8)) == seen
    column = page.locator(".column").filter(has=page.get_by_role("heading", name="flat"))
    expect(column.locator(".facts")).to_contain_text(f"{field.size[0]}×{field.size[1]} px")


def test_a_number_that_is_read_leads_to_its_own(page, network):
    values = network[2]
    choose_map(page, "small", 3)
    choose_place(page, (4, 4), 1, 2)
    window = page.get_by_role("table", name="Numbers of map 4 of both")
    window.locator("td").nth(1).click()  # of rows 3 and 4, columns 5 and 6 the upper right
    expect(page.locator(".title")).to_contain_text("Map 4 of 10 in both")
    expect(page.locator("#detail h3")).to_contain_text("Row 3, column 6 is")
    (shown,) = numbers(page.locator("#detail h3"))
    assert shown == pytest.approx(values["both"][2, 5, 3], rel=1e-4)
    page.get_by_role("button", name="owl 0").click()
    link = page.locator("#detail .largest .link").first
    unit = int(link.inner_text().removeprefix("unit "))
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#detail h3")).to_contain_text(f"Unit {unit} is")
    (shown,) = numbers(page.locator("#detail h3"))
    assert shown == pytest.approx(values["joined"][unit - 1], rel=1e-4)


def test_a_unit_of_a_vector_is_found_with_the_keys(page, network):
    values = network[2]["means"]
    choose_map(page, "means")
    page.locator(".result .pane").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#detail h3")).to_contain_text("Unit 3 is")
    expect(page.get_by_label("means, all units")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".result .pane")).to_be_focused()
    np.testing.assert_allclose(numbers(page.locator("#detail .steps"))[-1], values[2], rtol=1e-4)


@pytest.mark.parametrize("name, row, column", [("wide", 0, 5), ("small", 2, 2), ("apart", 1, 1)])
def test_what_a_number_sees_is_framed(name, row, column, page, network):
    model, _, values = network
    choose_map(page, name)
    choose_place(page, values[name].shape, row, column)
    field = geometry.receptive_field(model, name)
    top, left = (field.offset[i] + (row, column)[i] * field.strides[i] for i in (0, 1))
    rows, columns = (
        {*range(a, a + n)} & {*range(8)} for a, n in zip((top, left), field.size, strict=True)
    )
    seen = (min(rows), min(columns), len(rows), len(columns))
    assert box_of(page.locator("#field .seen"), (8, 8)) == seen
    size = f"{field.size[0]}×{field.size[1]} pixels"
    is_cut = (len(rows), len(columns)) != tuple(field.size)
    says = (
        f"Its field is {size}; of the picture it sees row" if is_cut else f"The number sees {size}"
    )
    expect(page.locator(".sees")).to_contain_text(says)


def test_what_a_pixel_reaches_is_framed(page, network):
    model, _, values = network
    pane = page.locator("#field .pane")
    box = pane.bounding_box()
    pane.click(position={"x": 0.7 * box["width"], "y": 0.1 * box["height"]})
    page.keyboard.press("ArrowDown")
    expect(page.locator("#field caption")).to_contain_text("row 2, column 6")
    for name in ("first", "wide", "small", "apart"):
        field, shape = geometry.receptive_field(model, name), values[name].shape[:2]
        reached = [
            [i for i in range(n) if 0 <= at - (offset + i * stride) < size]
            for n, at, offset, stride, size in zip(
                shape, (1, 5), field.offset, field.strides, field.size, strict=True
            )
        ]
        wanted = (*(each[0] for each in reached), *(len(each) for each in reached))
        column = page.locator(".column").filter(has=page.get_by_role("heading", name=name))
        assert box_of(column.locator(".reached").first, shape) == wanted
        expect(page.get_by_role("row", name=name)).to_contain_text(f"{wanted[2] * wanted[3]} of")
    page.get_by_role("button", name="Take the yellow frames away").click()
    expect(page.locator(".reached")).to_have_count(0)


def test_a_number_is_hidden_until_it_is_guessed(page, network):
    values = network[2]["first"]
    page.get_by_label("Guess first").check()
    choose_map(page, "first")
    for at, (guess, right) in enumerate([(values[0, 0, 0] + 1e4, 0), (values[1, 1, 0], 1)]):
        choose_place(page, values.shape, at, at)
        expect(page.locator("#detail h3")).to_have_text(f"Row {at + 1}, column {at + 1} is ?")
        assert set(page.locator("#detail .steps data").all_inner_texts()) == {"?"}
        expect(page.locator(".bar .value").first).to_be_hidden()
        page.get_by_label("Your guess").fill("perhaps")
        page.keyboard.press("Enter")
        expect(page.locator(".guess .hint")).to_contain_text("Write a number")
        page.get_by_label("Your guess").fill(f"{guess:.4f}")
        page.keyboard.press("Enter")
        expect(page.locator(".result .pane")).to_be_focused()
        expect(page.locator(".guessing .count")).to_have_text(f"({right} of {at + 1} right)")
        (shown,) = numbers(page.locator("#detail h3"))
        assert shown == pytest.approx(values[at, at, 0], rel=1e-3)
    page.get_by_label("Guess first").uncheck()
    expect(page.locator(".bar .value").first).to_be_visible()


def test_a_finger_on_a_small_screen_chooses_a_number(page, browser):
    context = browser.new_context(has_touch=True, viewport={"width": 400, "height": 800})
    small = context.new_page()
    small.goto(page.url.partition("#")[0])
    small.locator(".column").nth(1).locator(".tile").nth(2).tap()
    small.locator(".result .pane").tap(position={"x": 5, "y": 5})
    expect(small.locator("#detail h3")).to_contain_text("Row 1, column 1 is")
    small.locator("#field .pane").tap(position={"x": 5, "y": 5})
    expect(small.locator("#field caption")).to_contain_text("row 1, column 1")
    assert small.evaluate("document.documentElement.scrollWidth") <= 400
    context.close()


@pytest.fixture(scope="module")
def wide_page(open_page, tmp_path_factory):
    """A page of a network with more maps and units than are in sight, and raw scores."""
    chain = [
        layers.Conv2D(40, 3, activation="relu", name="wide"),
        layers.MaxPooling2D(name="small"),
        layers.Flatten(name="flat"),
        layers.Dense(10, activation="relu", name="dense"),
        layers.Dropout(0.5, name="drop"),
        layers.Dense(20, name="scores"),
    ]
    model = keras.Sequential([keras.Input((8, 8, 1)), *chain])
    images = data.load_digits()[0][:2, ..., None] / np.float32(255)
    path = tmp_path_factory.mktemp("wide") / "page.html"
    explore.explore(model, images).save(path)
    page = open_page(path.as_uri())
    page.set_viewport_size({"width": 1000, "height": 600})
    page.model, page.images = model, images
    yield page
    assert page.foreign == []


def in_sight(page, locator):
    """Whether an element lies in the part of the layers that is seen."""
    view, box = page.locator("#overview").bounding_box(), locator.bounding_box()
    starts = all(view[axis] - 0.5 <= box[axis] for axis in "xy")
    ends = [(view[at] + view[n], box[at] + box[n]) for at, n in (("x", "width"), ("y", "height"))]
    return starts and all(last <= end + 0.5 for end, last in ends)


def test_what_is_selected_stays_in_sight(wide_page):
    page = wide_page
    selected = page.locator(".tile[aria-pressed='true']")
    page.locator(".tile.bar").last.click()  # for this the layers are given less room
    expect(page.locator("#detail h3")).to_contain_text("class 19 is")
    assert in_sight(page, selected)
    assert selected.bounding_box()["y"] >= 0
    page.locator(".column").nth(4).locator(".tile").click()
    page.get_by_role("button", name="map 37 of small").click()
    expect(selected).to_have_attribute("aria-label", "small, map 37 of 40")
    assert in_sight(page, selected)
    names = page.locator(".column h3")
    assert selected.bounding_box()["y"] > names.nth(2).bounding_box()["y"]
    page.locator("#overview").evaluate("element => element.scrollTo(0, element.scrollHeight)")
    assert all(
        name.bounding_box()["y"] >= page.locator("#overview").bounding_box()["y"] - 0.5
        for name in names.all()
    )
    page.locator(".column").nth(2).get_by_role("button", name="fewer").click()
    expect(selected).to_have_count(0)  # one may fold it all the same


def test_few_maps_stand_at_the_top_beside_many(open_page, tmp_path):
    chain = [layers.Conv2D(n, 3, name=f"of_{n}") for n in (2, 4, 5, 64)]
    model = keras.Sequential([keras.Input((12, 12, 1)), *chain])
    explore.explore(model, np.ones((1, 12, 12, 1), "float32")).save(tmp_path / "page.html")
    page = open_page((tmp_path / "page.html").as_uri())
    top = page.locator(".column").last.locator(".tile.map").first.bounding_box()["y"]
    for name in ("of_2", "of_4"):
        first = page.get_by_label(f"{name}, map 1 of").first
        assert first.bounding_box()["y"] == pytest.approx(top, abs=2)
        assert in_sight(page, first)


def test_only_the_maps_that_are_read_stay_bright(wide_page):
    page = wide_page
    page.get_by_label("small, map 3 of 40").click()
    expect(page.locator("#detail .hint")).to_contain_text("a place of the blue-framed map")
    page.locator(".result .pane").click()
    bright = page.locator(".column").nth(1).locator(".tile:not(.faded)")
    expect(bright).to_have_count(1)
    expect(bright).to_have_attribute("aria-label", "wide, map 3 of 40")


def test_the_layer_whose_arithmetic_is_shown_is_named(wide_page):
    page = wide_page
    page.get_by_label("drop, all units").click()
    wanted = "drop changes nothing outside training. How its input comes about, in dense: Each"
    expect(page.locator(".about")).to_contain_text(wanted)


def test_one_goes_down_from_an_answer_to_a_unit_and_to_a_window(wide_page):
    page = wide_page
    page.locator("#ask").click()
    why = page.locator("#why")
    expect(why.locator(".title")).to_contain_text("Why class")
    link = why.locator(".link").first
    unit = link.inner_text()
    assert re.fullmatch(r"unit \d+ of dense", unit)  # not of the dropout behind it
    link.focus()
    page.keyboard.press("Enter")
    expect(why.locator(".title")).to_have_text(f"What {unit} is made of")
    total, sum_ = numbers(why.locator(".steps"))[-1], numbers(page.locator("#detail .steps"))[1]
    assert total == pytest.approx(sum_, rel=1e-5)
    why.locator(".where .pane").click(position={"x": 5, "y": 5})
    expect(page.locator("#detail h3")).to_contain_text("Row 1, column 1 is")
    expect(page.locator(".title")).to_contain_text("of 40 in small")
    expect(why.locator(".trail .link")).to_have_count(2)
    why.get_by_role("button", name=unit).click()
    expect(why.locator(".trail b")).to_have_text(unit)
    page.locator("#ask").click()
    why.locator(".link").first.click()
    page.locator(".tile.bar").first.click()  # which leaves the way
    expect(why.locator(".trail")).to_have_count(0)
    page.locator("#ask").click()
    why.locator(".link").first.click()
    expect(why.locator(".trail")).to_have_count(1)
    page.locator(".picture").nth(1).click()
    expect(why.locator(".trail")).to_have_count(0)
    page.locator(".picture").first.click()


def test_maps_speak_for_an_answer_through_a_dense_layer(wide_page):
    page = wide_page
    values = [layer.output for layer in page.model.layers[1:]]
    outputs = keras.Model(page.model.inputs[0], values)(page.images[:1], training=False)
    small, _, hidden, _, scores = (np.asarray(output)[0] for output in outputs)
    first, second = (np.asarray(page.model.get_layer(name).kernel) for name in ("dense", "scores"))
    page.locator("#ask").click()
    why = page.locator("#why")
    one = int(np.argmax(scores))
    other = int(why.get_by_label("Answer to compare with").input_value())
    expect(why.locator(".result-line")).to_contain_text("drop, framed in green above, hands on")
    expect(why.locator(".hint").last).to_contain_text("shown rounded, and added up exactly")
    slope = first[:, hidden > 0] @ (second[hidden > 0, one] - second[hidden > 0, other])
    adds = (small.ravel() * slope).reshape(small.shape)
    by_map = adds.sum((0, 1))
    for side, sign in zip(
        why.locator(".sides").last.locator("section").all(), (1, -1), strict=True
    ):
        order = np.argsort(-sign * by_map)[:5]
        names = [f"map {at + 1} of small" for at in order]
        expect(side.locator(".link")).to_have_text(names)
        shown = [numbers(line)[0] for line in side.locator("li").all()]
        np.testing.assert_allclose(shown, np.abs(by_map[order]), rtol=1e-4)
    bias, total = numbers(why.locator("p", has_text="by all its ways through dense"))
    assert total == pytest.approx(scores[one] - scores[other], abs=1e-4)
    assert bias + by_map.sum() == pytest.approx(total, abs=1e-4)
    place = np.unravel_index(adds.sum(2).argmax(), small.shape[:2])
    text = "row {}, column {}".format(*(at + 1 for at in place))
    why.get_by_role("button", name=text).click()
    expect(page.locator("#detail h3")).to_contain_text(f"{text.capitalize()} is")


def test_raw_scores_are_no_percentages(wide_page, page):
    expect(wide_page.locator("#answer")).to_contain_text("raw scores, not percentages")
    expect(page.locator("#answer")).not_to_contain_text("raw")


def test_what_is_recorded_in_part_is_shown_as_far_as_it_is_known(network, open_page, tmp_path):
    model, images, _ = network
    normal = layers.LayerNormalization(name="layer_normal")(model.get_layer("first").output)
    recorded = keras.Model(model.input, layers.Flatten(name="end")(normal))
    explore.explore(recorded, images).save(tmp_path / "page.html")
    page = open_page((tmp_path / "page.html").as_uri())
    values = np.asarray(keras.Model(model.input, normal)(images[:1], training=False))[0]
    for name, about in [
        ("first", "A filter slides over all maps"),
        ("layer_normal", "The page does not know how its numbers come about"),
    ]:
        choose_map(page, name, 1)
        choose_place(page, (8, 8), 2, 3)
        expect(page.locator(".about")).to_contain_text(about)
    (shown,) = numbers(page.locator("#detail h3"))
    assert shown == pytest.approx(values[2, 3, 1], rel=1e-4)
    expect(page.locator("#detail .steps")).to_have_count(0)


def test_what_was_changed_on_the_page_is_a_step_too(page, network):
    _, images, values = network
    # The first weight of the window there lies on a bright pixel.
    row, column = (1 + np.argwhere(images[0, :7, :7, 0] > 0.9)[0]).tolist()
    choose_map(page, "first", 2)
    page.locator("#interventions summary").click()
    page.locator("#interventions [name='on']").uncheck()
    choose_place(page, (8, 8), row, column)
    expect(page.locator("#detail .steps li").last).to_contain_text("changed: by you = 0")
    start, _, now = numbers(page.locator("#detail .steps"))
    assert now == 0 and start != 0
    choose_map(page, "first", 1)
    page.locator("#interventions .weights input").first.fill("7")
    page.keyboard.press("Enter")
    choose_place(page, (8, 8), row, column)
    assert 7.0 in numbers(page.get_by_role("table", name="Weights"))
    (shown,) = numbers(page.locator("#detail h3"))
    assert numbers(page.locator("#detail .steps"))[-1] == pytest.approx(shown, rel=1e-5)
    assert abs(shown - values["first"][row, column, 1]) > 0.1
    page.get_by_role("button", name="All as trained").click()
    (shown,) = numbers(page.locator("#detail h3"))
    assert shown == pytest.approx(values["first"][row, column, 1], rel=1e-4)
