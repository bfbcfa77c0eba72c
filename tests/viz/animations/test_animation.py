import base64
import gc
import io
import re
import warnings
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from cnnkit import viz
from cnnkit.viz.animations import _animation as module

SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def small_animation(n_steps=3):
    figure = Figure(figsize=(2, 1), dpi=50)
    text = figure.add_subplot().text(0.5, 0.5, "", animated=True)
    return viz.Animation(figure, lambda step: text.set_text(str(step)), range(n_steps))


class Page(HTMLParser):
    """The tags of a page, as pairs of name and attributes, and the text outside of tags."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def only(self, tag):
        (found,) = [attributes for name, attributes in self.tags if name == tag]
        return found


def frames(html):
    """The pictures inside the HTML."""
    found = re.findall(r'"data:image/png;base64,([^"]+)"', html)
    return [Image.open(io.BytesIO(base64.b64decode(f))) for f in found]


def test_a_cell_holds_all_frames_and_buttons():
    animation = viz.animate_convolution(np.arange(36).reshape(6, 6) % 7, SOBEL)
    page = Page(animation._repr_html_()).only("iframe")["srcdoc"]
    assert len(frames(page)) == 16 == len(animation.steps)
    assert len(page) < 1_000_000 and repr(animation) == "<Animation: 16 frames>"
    buttons = [attributes for tag, attributes in Page(page).tags if tag == "button"]
    assert [button["aria-label"] for button in buttons] == ["Back", "Play", "Next"]
    assert all(button["title"] == button["aria-label"] for button in buttons)
    assert all(sign in page for sign in ("◀ Back", "▶ Play", "❚❚ Pause", "Next ▶"))


def test_nothing_comes_from_another_host():
    page = small_animation().to_jshtml()
    assert not re.search(r"""https?:|["'(]//|@import|<link""", page)
    sources = [a[key] for _, a in Page(page).tags for key in ("src", "href") if key in a]
    assert sources and all(source.startswith("data:image/png") for source in sources)


def test_frames_a_second():
    animation = small_animation()
    assert "setInterval(forward, 600 /" in animation.to_jshtml()
    assert "setInterval(forward, 250.0 /" in animation.to_jshtml(fps=4)


def test_the_frame_is_as_high_as_the_picture_and_its_controls():
    frame = Page(small_animation()._repr_html_()).only("iframe")  # of a figure of 100 by 50 pixels
    assert "height: calc(min(100px, 100cqw) * 0.5000 + 44px)" in frame["style"]
    assert frame["height"] == "94", "where the browser does not know cqw"
    assert "form { display: flex; align-items: center; gap: 6px; height: 44px;" in frame["srcdoc"]
    assert frame["title"] == "Animation in 3 pictures"


@pytest.mark.parametrize("told", [True, False])
def test_it_says_what_it_shows(told):
    animation, words = small_animation(), "Animation in 3 pictures."
    if told:
        animation.figure.alt_text = words = 'Digits < 3, "one" by one.'
    cell = Page(animation._repr_html_())
    page = Page(cell.only("iframe")["srcdoc"])
    assert page.only("img")["alt"] == words


def test_without_scripts_there_is_a_picture_and_a_sentence():
    animation = small_animation()
    animation.figure.alt_text = "Digits, one by one."
    cell = Page(animation._repr_html_())
    page = Page(cell.only("iframe")["srcdoc"])
    assert page.only("img")["src"].startswith("data:image/png")  # the first, before any script
    shown = [a.get("id") for tag, a in page.tags if tag in ("p", "form") and "hidden" not in a]
    assert shown == ["still"] and "run this cell, or trust the notebook" in page.text
    # JupyterLab takes the tag away where it trusts nobody, and leaves what is in it.
    assert cell.text.startswith("Digits, one by one. The animation plays where scripts are allowed")


def test_quick_frames_show_what_the_figure_shows():
    animation = viz.animate_convolution(np.arange(25).reshape(5, 5), SOBEL, padding="same")
    pictures = frames(animation.to_jshtml())
    for i in (0, 12):
        animation.draw(animation.steps[i])
        file = io.BytesIO()
        animation.figure.savefig(file, format="png", dpi="figure")
        whole = np.asarray(Image.open(file).convert("RGB")).astype(int)
        quick = np.asarray(pictures[i].convert("RGB")).astype(int)
        assert whole.shape == quick.shape
        assert (np.abs(whole - quick).max(axis=-1) > 40).mean() < 0.004  # edges of a few lines


def test_a_gif(tmp_path):
    small_animation().save(tmp_path / "moving.GIF")
    with Image.open(tmp_path / "moving.GIF") as gif:
        assert gif.format == "GIF" and gif.n_frames == 3


def test_a_large_one_says_so(monkeypatch):
    monkeypatch.setattr(module, "_MAX_CHARACTERS", 1000)
    assert "<code>animation.save" in small_animation()._repr_html_()


@pytest.mark.parametrize("n_steps", [0, 37])
def test_too_many_steps(n_steps):
    with pytest.raises(ValueError, match=f"`steps` must be 1 to 36. Received: {n_steps} steps"):
        small_animation(n_steps)


def test_it_owns_what_it_draws():
    animation = small_animation()
    animation.draw(animation.steps[2])
    (text,) = animation.figure.axes[0].texts
    assert list(animation.steps) == [0, 1, 2] and text.get_text() == "2"


def test_nothing_else_is_shown_and_nothing_is_said_when_it_goes():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        animation = small_animation()
        del animation
        gc.collect()
    assert not [str(warning.message) for warning in caught]
    assert not plt.get_fignums(), "pyplot knows no figure that it would show"
