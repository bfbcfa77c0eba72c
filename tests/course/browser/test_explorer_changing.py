"""What one changes on the explorer's page, in a real browser, and what Keras says to it."""

import base64
import io

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image
from playwright.sync_api import expect

from cnnkit import data, explain, explore


class Network:
    """A small network for digits after two epochs, its pictures and its page."""

    def __init__(self, folder):
        keras.utils.set_random_seed(0)
        images, labels = data.load_digits()
        images = images.astype(np.float32)[..., None]  # 0..255, as on a canvas
        chain = [
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Flatten(),
            layers.Dropout(0.25, name="drop"),
            layers.Dense(10, activation="softmax", name="answer"),
        ]
        self.model = keras.Sequential([keras.Input((8, 8, 1)), *chain])
        self.model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
        self.start = self.model.get_weights()
        snapshots = explore.Snapshots()
        self.model.fit(images, labels, epochs=2, verbose=0, callbacks=[snapshots])
        self.images = images[:4]
        explorer = explore.explore(self.model, self.images, labels=labels[:4], snapshots=snapshots)
        explorer.save(folder / "page.html")
        self.address = (folder / "page.html").as_uri()

    def answers(self, image, weights=None):
        """What Keras gives for an image, with other weights for a moment."""
        own = self.model.get_weights()
        self.model.set_weights(weights or own)
        found = keras.ops.convert_to_numpy(self.model(image[None], training=False))[0]
        self.model.set_weights(own)
        return found


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return Network(tmp_path_factory.mktemp("changing"))


@pytest.fixture(scope="module")
def opened(network, open_page):
    page = open_page(network.address)
    page.faults = []
    page.on("console", lambda message: page.faults.append(message.text))
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    return page


@pytest.fixture
def page(opened, network):
    opened.goto("about:blank")
    opened.goto(network.address)  # without the view that the last test has left
    yield opened
    assert opened.faults == [] and opened.foreign == []


@pytest.fixture
def of_map(page):
    """The tools for the third map of the convolution, which is selected."""
    page.get_by_label("conv, map 3 of 4").click()
    tools = page.locator("#interventions")
    tools.locator("summary").click()
    return tools


def seen(page):
    """The picture on the page, of integers from 0 to 255."""
    data_url = page.locator(".pad canvas").evaluate("canvas => canvas.toDataURL()")
    image = Image.open(io.BytesIO(base64.b64decode(data_url.partition(",")[2])))
    return np.asarray(image, np.float32)[..., :1]


def bar_values(page):
    """The numbers beside the bars of the answer."""
    texts = page.locator(".bar .value").all_inner_texts()
    return [float(text.replace("−", "-")) for text in texts]


def compare(page, expected, **tolerance):
    values = bar_values(page)
    np.testing.assert_allclose(values, expected, **({"rtol": 1e-2, "atol": 1e-3} | tolerance))


def stroke(page, *places):
    """Draw with the mouse through some places, `(row, column)`."""
    box = page.locator(".pad canvas").bounding_box()
    for at, (row, column) in enumerate(places):
        x = box["x"] + box["width"] * (column + 0.5) / 8
        y = box["y"] + box["height"] * (row + 0.5) / 8
        page.mouse.move(x, y, steps=4)
        if at == 0:
            page.mouse.down()
    page.mouse.up()


def test_a_stroke_is_answered(page, network):
    before = seen(page)
    stroke(page, (1, 1), (6, 1))
    now = seen(page)
    assert (now[1:7, 1] > 250).all() and np.array_equal(now[:, 3:], before[:, 3:])
    compare(page, network.answers(now), atol=0.02)  # the canvas has whole numbers
    expect(page.locator("#compared")).to_contain_text("the picture as it was given")
    expect(page.locator(".picture[aria-pressed='true']")).to_have_count(0)  # it is none of these
    page.get_by_role("button", name="As given").click()
    expect(page.locator(".picture").first).to_have_attribute("aria-pressed", "true")
    assert np.array_equal(seen(page), before)
    compare(page, network.answers(network.images[0]))
    expect(page.locator(".change")).to_have_count(0)


def test_the_rubber_and_an_empty_picture(page, network):
    page.get_by_label("rubber").check()
    stroke(page, (0, 3), (7, 3))
    median = np.sort(network.images[0], axis=None)[32]
    assert np.abs(seen(page)[:, 3] - median).max() <= 5
    page.get_by_role("button", name="Empty").click()
    assert seen(page).max() == 0
    compare(page, network.answers(np.zeros((8, 8, 1))))
    page.get_by_role("button", name="Black ↔ white").click()
    compare(page, network.answers(np.full((8, 8, 1), 255)))


def test_keys_draw_and_shift(page, network):
    pad = page.get_by_role("application", name="The picture")
    pad.focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowLeft", " "):
        page.keyboard.press(key)
    drawn = network.images[0].copy()
    drawn[2, 3] = 255
    compare(page, network.answers(drawn))
    page.get_by_label("shift", exact=True).click()  # after which the keys are for the picture
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator(".shifted")).to_have_text("Shifted 1 down, 2 to the right.")
    shifted = np.pad(drawn, ((1, 0), (2, 0), (0, 0)), mode="edge")[:8, :8]
    compare(page, network.answers(shifted))
    page.keyboard.press("Tab")  # to the tools: there the keys choose
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_label("rubber")).to_be_focused()


def test_turn_and_light(page, network):
    page.get_by_label("Turn").fill("90")
    compare(page, network.answers(np.rot90(network.images[0], -1)))
    page.get_by_role("slider", name="Light").fill("0.3")
    lit = np.clip(np.rot90(network.images[0], -1) + 0.3 * 255, 0, 255)
    compare(page, network.answers(lit))
    changes = page.locator("#compared").inner_text()
    assert changes.startswith("The answer ")
    assert "Compared with the picture as it was given." in changes
    page.locator(".picture").nth(1).click()
    expect(page.get_by_label("Turn")).to_have_value("0")
    compare(page, network.answers(network.images[1]))


def test_a_finger_draws(network, browser):
    context = browser.new_context(has_touch=True, viewport={"width": 400, "height": 800})
    page = context.new_page()
    page.goto(network.address)
    page.locator("#drawing summary").tap()
    box = page.locator(".pad canvas").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 16, box["y"] + box["height"] / 16)
    assert seen(page)[0, 0] == 255
    context.close()


def test_a_photo_is_read_and_what_is_none_is_said(page, network):
    pixels = np.zeros((200, 3000, 3), np.uint8)  # of which the middle is taken
    pixels[:, 1500:] = (255, 0, 0)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    photo = page.get_by_label("A photo of your own")
    photo.set_input_files({"name": "red.png", "mimeType": "image/png", "buffer": file.getvalue()})
    expect(page.locator(".photo-said")).to_have_text("The middle of red.png, made 8×8 pixels.")
    now = seen(page)[..., 0]
    assert now[:, :3].max() <= 2 and np.abs(now[:, 5:] - 0.299 * 255).max() <= 2
    compare(page, network.answers(now[..., None]), atol=0.02)
    photo.set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"no picture"})
    expect(page.locator(".photo-said")).to_contain_text("a.txt is no picture")


def test_a_large_photo_is_made_small_and_answered(page, network):
    ramp = np.linspace(0, 255, 3000).astype(np.uint8)
    pixels = np.broadcast_to(ramp[None, :, None], (2000, 3000, 3))
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    photo = page.get_by_label("A photo of your own")
    photo.set_input_files({"name": "big.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()})
    said = page.locator(".photo-said")
    expect(said).to_have_text("The middle of big.jpg, made 8×8 pixels.", timeout=5000)
    middle = ramp[500:2500].reshape(8, 250).mean(1)
    now = seen(page)
    assert np.abs(now[..., 0] - middle).max() <= 4
    compare(page, network.answers(now), atol=0.02)


def test_beside_each_map_stands_how_much_it_changed(page, network):
    page.get_by_label("Turn").fill("90")
    turned = np.rot90(network.images[0], -1)
    images = np.stack([network.images[0], turned])
    maps = explain.capture(network.model, images, layer="conv").activations
    shares = np.abs(maps[1] - maps[0]).sum((0, 1)) / np.abs(maps[0]).sum((0, 1))
    notes = page.locator(".tile[aria-label^='conv'] .change").all_inner_texts()
    assert notes == [f"{100 * share:.0f} %" for share in shares]
    was = page.locator(".bar .change").first.inner_text()
    assert float(was.removeprefix("was ")) == pytest.approx(
        network.answers(network.images[0])[0], rel=1e-2, abs=1e-6
    )


def test_a_frame_stays_on_its_map_when_the_change_is_written_below(page):
    page.locator("#field .pane").click()
    tile = page.get_by_label("conv, map 1 of 4")

    def box():
        frame, canvas = (tile.locator(each).bounding_box() for each in (".reached", "canvas"))
        place = frame["x"] - canvas["x"], frame["y"] - canvas["y"]
        return (*place, frame["width"], frame["height"])

    before = box()
    assert before[2] == pytest.approx(before[3], abs=0.1)
    page.get_by_label("Turn").fill("90")
    expect(tile.locator(".change")).to_be_visible()
    assert box() == pytest.approx(before, abs=0.1)


def test_maps_follow_a_shift_and_pooled_ones_every_other(page):
    page.get_by_label("shift", exact=True).check()
    pooled = page.locator(".tile[aria-label^='pool'] .change")
    follow = page.get_by_label("compare with each map shifted as far")
    for n_steps in (1, 2):
        stroke(page, (4, 4), (4, 4 + n_steps))
        follow.check()
        conv = page.locator(".tile[aria-label^='conv'] .change").all_inner_texts()
        assert conv == ["0 %"] * 4, n_steps
        assert (pooled.all_inner_texts() == ["0 %"] * 4) == (n_steps == 2)
        page.get_by_role("button", name="As given").click()


def test_a_map_is_switched_off(page, network, of_map):
    of_map.get_by_label("map 3 of conv is on").uncheck()
    weights = [weight.copy() for weight in network.model.get_weights()]
    weights[0][..., 2] = weights[1][2] = 0
    compare(page, network.answers(network.images[0], weights))
    expect(of_map.locator("li")).to_have_text(["map 3 of conv is off"])
    expect(page.locator("#compared")).to_contain_text("in the network as it was trained")
    expect(of_map.locator(".verdict")).to_contain_text("The answer ")
    of_map.get_by_role("button", name="Undo").click()
    expect(of_map.locator(".verdict")).to_have_text("")
    compare(page, network.answers(network.images[0]))
    expect(of_map.get_by_label("map 3 of conv is on")).to_be_checked()


def test_why_one_answer_and_not_another_of_what_was_changed(page, network, of_map):
    of_map.get_by_label("map 3 of conv is on").uncheck()
    page.get_by_label("Turn").fill("90")
    weights = [weight.copy() for weight in network.model.get_weights()]
    weights[0][..., 2] = weights[1][2] = 0
    shares = network.answers(np.rot90(network.images[0], -1), weights)
    first, second = np.argsort(shares)[:-3:-1]
    button = page.locator("#ask")
    expect(button).to_have_text(f"Why class {first} and not class {second}?")
    button.click()
    total = page.locator("#why .steps data").last.evaluate("data => data.value")
    assert float(total) == pytest.approx(np.log(shares[first] / shares[second]), abs=1e-3)
    expect(page.locator("#why .link", has_text="map 3 of")).to_have_count(0)


def test_weights_are_edited_undone_and_reset(page, network, of_map):
    weights = [weight.copy() for weight in network.model.get_weights()]
    weights[0][0, 1, 0, 2] = 1.5
    of_map.get_by_label("row 1, column 2").fill("1.5")
    compare(page, network.answers(network.images[0], weights))
    once = [weight.copy() for weight in weights]
    weights[1][2] = -0.25
    of_map.get_by_label("bias b").fill("-0.25")
    of_map.get_by_role("button", name="Turn signs").click()
    weights[0][..., 2] *= -1
    compare(page, network.answers(network.images[0], weights))
    expect(of_map.get_by_label("row 1, column 2")).to_have_value("-1.5")
    of_map.get_by_role("button", name="Undo").click()
    of_map.get_by_role("button", name="Undo").click()
    compare(page, network.answers(network.images[0], once))
    of_map.get_by_role("button", name="All as trained").click()
    compare(page, network.answers(network.images[0]))
    expect(of_map.locator("li")).to_have_count(0)


def test_a_weight_of_a_dense_layer(page, network):
    page.locator(".tile.bar").nth(6).click()
    tools = page.locator("#interventions")
    tools.locator("summary").click()
    tools.get_by_label("input", exact=True).fill("12")
    tools.get_by_label("input", exact=True).press("Enter")
    weights = [weight.copy() for weight in network.model.get_weights()]
    expect(tools.get_by_label("weight", exact=True)).to_have_value(
        str(float(f"{weights[2][11, 6]:.3g}"))
    )
    tools.get_by_label("weight", exact=True).fill("4")
    weights[2][11, 6] = 4
    compare(page, network.answers(network.images[0], weights))


def test_another_answer_is_said_first(page, network):
    page.locator(".tile.bar").nth(6).click()
    tools = page.locator("#interventions")
    tools.locator("summary").click()
    tools.get_by_label("bias b").fill("50")
    was = np.argmax(network.answers(network.images[0]))
    expect(tools.locator(".on-text")).to_have_text("answer “class 6” of answer is on")
    verdict = f"The answer is now class 6 (was class {was})."
    expect(tools.locator(".verdict")).to_have_text(verdict)
    said = page.locator("#compared").inner_text()
    assert said.startswith(f"The answer changes from class {was} to class 6: class {was} from 0.")
    assert "to 0.00, class 6 from 0." in said and "to 1.00. Compared with" in said


def test_dropout_draws_masks(page, network):
    page.get_by_label("drop, all units").click()
    tools = page.locator("#interventions")
    tools.locator("summary").click()
    expect(tools.locator(".rated")).to_have_text("none (in training 25 %)")
    texts = page.locator(".bar .value")
    answers = [texts.all_inner_texts()]
    tools.get_by_label("Rate").fill("0.5")
    expect(page.locator(".about")).to_contain_text("that you have set, drop makes 50 % of its")
    answers.append(texts.all_inner_texts())
    tools.get_by_role("button", name="Another mask").click()
    answers.append(texts.all_inner_texts())
    assert len(set(map(tuple, answers))) == 3
    tools.get_by_label("Rate").fill("0")
    compare(page, network.answers(network.images[0]))


def test_the_slider_walks_through_the_training(page, network):
    page.locator("#training summary").click()
    slider = page.get_by_label("Epoch")
    slider.fill("0")
    expect(slider).to_have_attribute("aria-valuetext", "before the training")
    compare(page, network.answers(network.images[0], network.start))
    slider.press("ArrowRight")
    expect(page.locator("#training output")).to_contain_text("after epoch 1: loss")
    slider.press("ArrowRight")
    compare(page, network.answers(network.images[0]))
    expect(page.locator(".change")).to_have_count(0)
