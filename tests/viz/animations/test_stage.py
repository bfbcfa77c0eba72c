import io

import numpy as np
import pytest
from PIL import Image

from cnnkit.viz.animations._stage import Stage, window_stage


def test_panels_stand_still():
    stage = Stage([["a", "b"]], {"a": "first", "b": "second"}, (2, 1), 3)
    assert {name: ax.get_title() for name, ax in stage.panels.items()} == {
        "a": "first",
        "b": "second",
    }
    assert stage.figure.get_size_inches().tolist() == [11, 3]
    before = [ax.get_position().bounds for ax in stage.figure.axes]
    assert before[0][2] > before[1][2], "the widths have their ratio"
    stage.panels["a"].set_xlabel("a long text, for which there is no room")
    stage.figure.draw_without_rendering()
    assert [ax.get_position().bounds for ax in stage.figure.axes] == before


def test_panels_with_ticks_settle_again():
    stage = Stage([["a", "b"]], {"a": "first", "b": "second"}, (1, 1), 3, framed=False)
    panel = stage.panels["a"]
    assert list(panel.get_xticks()) and list(panel.get_yticks())
    before = panel.get_position().height
    panel.set_xlabel("what is below")
    stage.figure.draw_without_rendering()
    assert panel.get_position().height == before
    stage.settle()
    assert panel.get_position().height < before, "there is room for the label"


def saved(figure):
    file = io.BytesIO()
    figure.savefig(file)
    return np.asarray(Image.open(file).convert("L"))


def test_the_sentence_is_saved_below_the_panels():
    stage = Stage([["a", "b"]], {"a": "", "b": ""}, (1, 1), 3)
    without = saved(stage.figure)
    stage.sentence.set_text("what happens")
    changed = (saved(stage.figure) != without).nonzero()
    bottom = max(ax.get_window_extent().y0 for ax in stage.figure.axes)
    assert changed[0].size and without.shape[0] - changed[0].min() < bottom
    assert changed[1].mean() == pytest.approx(without.shape[1] / 2, abs=10)


@pytest.mark.parametrize("n_channels", [1, 3])
def test_a_window_over_each_channel(n_channels):
    stage = window_stage(n_channels, "window")
    names = {f"{kind} {i}" for kind in ("image", "window") for i in range(n_channels)} | {"output"}
    assert set(stage.panels) == names
    wanted = "image" if n_channels == 1 else "image, channel 0"
    assert stage.panels["image 0"].get_title() == wanted
    assert not any(list(ax.get_xticks()) for ax in stage.figure.axes)
