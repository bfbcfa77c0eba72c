import base64
import sys
from html import unescape
from io import BytesIO
from types import SimpleNamespace

import IPython
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from matplotlib.figure import Figure
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from PIL import Image

from cnnkit import viz
from cnnkit.viz._alt_text import describe
from cnnkit.viz._show_alt_text import as_bundle

SETUP = """
import matplotlib.pyplot as plt
from cnnkit import viz
plt.style.use("cnnkit.viz.cnnkit")
viz.show_alt_text()
viz.show_alt_text()
"""
SHOWN = {  # a cell, and the texts of its pictures
    "viz.plot_pixels([[1, 2]]);": ["The numbers of an image of 1 row by 2 columns, values from 1"],
    "plt.plot([1, 2])\nplt.show()\nplt.plot([3])\nplt.show()": ["Figure: 1 line;"] * 2,
    "kept = plt.figure()\nkept.add_subplot().bar([0], [1])\nplt.close()\nkept": ["Figure: 1 bar;"],
    "display(kept)": ["Figure: 1 bar;"],
    "plt.title('so far')\nplt.plot([1, 2])\n1 / 0": ["Figure: so far; 1 line"],
    "viz.plot_channels([[[1], [2]]])": ["1 map of 1 row by 2 columns"],
    "%matplotlib inline\nplt.plot([1, 2]);": ["Figure: 1 line;"],
    "%config InlineBackend.figure_formats = ['png', 'svg']\nplt.plot([1]);": ["Figure: 1 line;"],
    "kept.alt_text = '\"3 < 4\" &\\n so on'\nkept": ['"3 < 4" & so on'],
    "plt.figure();": [],
    "viz.animate_convolution([[1, 2]], [[1]]);": [],
    "kept.savefig('kept.png')": [],
}


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """An executed notebook, with a cell for each of `SHOWN` after the first."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in (SETUP, *SHOWN)]
    place = {"metadata": {"path": tmp_path_factory.mktemp("place")}}
    options = dict(timeout=120, kernel_name="python3", resources=place, allow_errors=True)
    NotebookClient(notebook, **options).execute()
    assert not notebook.cells[0].outputs
    return notebook


def read(data):
    """The picture in base64, behind a comma if it is the source of an `<img>`."""
    return Image.open(BytesIO(base64.b64decode(data.split(",")[-1])))


def pictures(outputs):
    """The outputs with a picture."""
    return [o for o in outputs if "image/png" in o.get("data", {})]


@pytest.mark.parametrize("i, texts", list(enumerate(SHOWN.values(), start=1)))
def test_every_figure_has_a_text(notebook, i, texts):
    found = pictures(notebook.cells[i].outputs)
    assert len(found) == len(texts)
    for output, text in zip(found, texts, strict=True):
        image = BeautifulSoup(output.data["text/html"], "html.parser").img
        assert image["alt"].startswith(text)
        assert output.metadata["image/png"]["alt"] == image["alt"]
        sharp, plain = (read(data) for data in (image["src"], output.data["image/png"]))
        assert plain.size == (int(image["width"]), int(image["height"])) == sharp.reduce(2).size


def test_only_the_error_on_purpose(notebook):
    errors = [o.ename for cell in notebook.cells for o in cell.outputs if "ename" in o]
    assert errors == ["ZeroDivisionError"]


def test_the_page_of_nbconvert(notebook):
    page, _ = HTMLExporter().from_notebook_node(notebook)
    images = BeautifulSoup(page, "html.parser").select("img")
    assert len(images) == sum(map(len, SHOWN.values()))
    assert all(image["alt"].startswith(("Figure: ", "The numb", "1 map", '"3')) for image in images)


def test_twice_the_pixels_and_opaque():
    with plt.rc_context({"figure.facecolor": "none", "savefig.transparent": True}):
        with plt.style.context("cnnkit.viz.cnnkit"):
            figure = plt.figure(figsize=(3, 2), dpi=50)
            figure.add_subplot().plot([1, 2])
            data, metadata = as_bundle(figure, bbox_inches=None)
    image = BeautifulSoup(data["text/html"], "html.parser").img
    sharp, plain = read(image["src"]), read(data["image/png"])
    assert sharp.size == (300, 200) and plain.size == (150, 100)
    assert all(np.asarray(p.convert("RGBA"))[..., 3].min() == 255 for p in (sharp, plain))
    assert (image["width"], image["height"]) == ("150", "100")
    assert image["style"] == "max-width: 100%; height: auto"
    assert metadata == {"image/png": {"alt": image["alt"]}}
    assert as_bundle(Figure()) is None, "an empty figure is not shown"


@pytest.mark.parametrize("shell", [None, SimpleNamespace()])
def test_outside_of_jupyter_nothing_happens(monkeypatch, shell):
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    viz.show_alt_text()
    monkeypatch.delitem(sys.modules, "IPython")
    viz.show_alt_text()


def draw_curves(ax):
    ax.plot([1, 2, 3], [0.25, np.nan, -0.5], label="training")
    ax.plot([1, 4], [1, 2], "o", label="validation")
    ax.set(title="a run", xlabel="epoch", ylabel="loss")
    ax.legend()


def draw_bars(ax):
    ax.bar(["cat", "dog"], [3, 4])
    ax.axhline(2)


def draw_image(ax):
    picture = ax.imshow([[1, 2, 3], [4, 5, 6]])
    ax.figure.colorbar(picture)


def draw_named_cells(ax):
    draw_image(ax)
    ax.set_yticks([0, 1], ["first", "second"])
    ax.set(xticks=[], xlabel="columns")


def draw_others(ax):
    ax.contour(np.eye(3))
    ax.scatter([1, 2, 2], [1, 1, 2])
    ax.fill_between([0, 1], [0, 0], [1, 1])
    ax.vlines([1], 0, 2)
    ax.pcolormesh(np.eye(2))
    ax.add_patch(plt.Rectangle((0, 0), 1, 1))


def draw_logarithm(ax):
    ax.loglog([1, 1e5], [1, 100])


@pytest.mark.parametrize(
    "draw, words",
    [
        (
            draw_curves,
            "a run; 1 line, 2 points (training, validation); epoch from 1 to 4; loss from −0.5 to "
            "2.",
        ),
        (draw_bars, "1 line, 2 bars; x: cat, dog; y from 0 to 4."),
        (draw_image, "image of 2 rows by 3 columns, values from 1 to 6."),
        (
            draw_named_cells,
            "image of 2 rows by 3 columns, values from 1 to 6; columns; y: first, second.",
        ),
        (
            draw_others,
            "1 line, 3 points, 1 heat map, 1 contour map, 1 area, 1 shape; x from 0 to 2; y from 0 "
            "to 2.",
        ),
        (draw_logarithm, "1 line; x from 1 to 100000; y from 1 to 100."),
        (lambda ax: ax.plot(np.array(["2026-01-01", "2026-03-05"], "M8[D]"), [1, 2]), "1 line; x"),
    ],
)
def test_words_for_a_figure_without_a_sentence(draw, words):
    figure, ax = plt.subplots()
    draw(ax)
    assert text_of(figure).startswith(f"Figure: {words}")


def text_of(figure):
    return as_bundle(figure)[1]["image/png"]["alt"]


def test_words_for_several_panels():
    figure, axes = plt.subplots(2, 6)
    for i, ax in enumerate(axes.flat[:10]):
        ax.plot([0, i])
    figure.suptitle("All of them")
    text = text_of(figure)
    assert text.startswith("All of them. Figure with 10 panels. 1: 1 line; x from 0 to 1; y all 0.")
    assert " 8: 1 line;" in text and " 9: " not in text
    empty = plt.figure()
    empty.add_subplot()
    assert text_of(empty) == "Figure without data."


def test_a_part_of_a_figure_gives_its_sentence_to_the_whole():
    figure = plt.figure()
    left, _ = figure.subfigures(1, 2)
    left.add_subplot()
    describe(left, "One.")
    describe(figure, "Two & three.")
    data, _ = as_bundle(figure)
    assert 'alt="One. Two &amp; three."' in data["text/html"]
    assert unescape(data["text/html"]).count("One. Two & three.") == 1
