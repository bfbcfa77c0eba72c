import base64
import gc
import io
import re
import warnings
from html import unescape

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


def frames(html):
    """The pictures inside the HTML."""
    found = re.findall(r'frames\[\d+\] = "data:image/png;base64,([^"]+)"', html)
    return [Image.open(io.BytesIO(base64.b64decode(f.replace("\\\n", "")))) for f in found]


def test_html_holds_all_frames_and_buttons():
    animation = viz.animate_convolution(np.arange(36).reshape(6, 6) % 7, SOBEL)
    frame = animation._repr_html_()
    assert frame.startswith('<iframe srcdoc="') and frame.count('"') == 8
    html = unescape(frame)
    assert len(frames(html)) == 16 == len(animation.steps) and "<button" in html
    assert len(html) < 1_000_000 and repr(animation) == "<Animation: 16 frames>"


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
