"""Panels; and of all drawing functions together side effects, `ax`, and what a notebook shows."""

import inspect
import os
import subprocess
import sys
from html import unescape

import keras
import matplotlib
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from nbclient import NotebookClient

from cnnkit import viz
from cnnkit.viz._figure import check_titles, curve_panels, image_panels, name_panels, new_panels

SETUP = """
import matplotlib.pyplot as plt
import numpy as np
from cnnkit import geometry, models, study, viz
plt.style.use("cnnkit.viz.cnnkit")
sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
image = np.arange(25).reshape(5, 5)
points = np.array([[0.0, 0.0], [1.0, 2.0]])
field = geometry.ReceptiveField((3, 3), (1, 1), (-1, -1))
results = study.Study([("a", 0, "loss", 1.0), ("a", 1, "loss", 2.0)], {"a": ""})
range_test = study.LrRangeTest(np.array([0.1, 1]), np.array([2.0, 1]), np.array([2.0, 1]), 0.1)
network = models.small_cnn()
search = study.bayesian_search(lambda place: place[0], [0, 1, 2, 3], 4, seed=0)
"""
CALLS = {
    "plot_images": "np.zeros((2, 4, 6))",
    "plot_pixels": "image",
    "plot_channels": "np.zeros((4, 6, 3))",
    "plot_kernels": "sobel",
    "plot_matrix": "sobel",
    "plot_conv_arithmetic": "5, 3",
    "plot_history": "{'loss': [1.0, 2.0]}",
    "plot_decision_regions": "lambda places: (places[:, 0] > 0).astype(int), points, [0, 1]",
    "plot_feature_maps": "np.zeros((4, 6, 3))",
    "plot_receptive_field": "field, image",
    "plot_architecture": "network",
    "plot_shift_curve": "[0, 1], {'max pooling': [0.0, 1.0]}",
    "plot_activations": "[0, 1], {'conv': np.zeros((2, 5))}",
    "plot_attributions": "np.zeros((2, 4, 6)), {'Grad-CAM': np.ones((2, 4, 6))}",
    "plot_augmentations": "np.flip, np.zeros((2, 4, 6))",
    "plot_gap": "{'loss': [1.0, 2.0], 'val_loss': [1.0, 3.0]}",
    "plot_lr_finder": "range_test",
    "plot_network": "[4, 3]",
    "plot_normalization_axes": "",
    "plot_classification": "[0, 1, 0, 1], [0.1, 0.9, 0.6, 0.8]",
    "plot_study": "results, 'loss'",
    "plot_study_curves": "results, 'loss', {'a': {50: 'a'}}",
    "plot_vision_tasks": "image, 'dog', {'dog': (0, 0, 3, 2)}, {'dog': image > 9}, {}, []",
    "animate_convolution": "image, sobel",
    "animate_descent": "lambda w: (w**2).sum(axis=-1), {'SGD': np.array([[2.0, 1.0], [1.0, 0.5]])}",
    "animate_dropout": "image, seed=0",
    "animate_pooling": "image",
    "animate_search": "search",
}


@pytest.fixture(scope="module")
def names():
    """What the calls need."""
    names = {}
    with plt.style.context("default"):
        exec(SETUP, names)
    return names


def test_completion_offers_every_name_and_imports_no_framework():
    code = (
        "import sys; from cnnkit import viz; assert set(viz.__all__) <= set(dir(viz)), dir(viz); "
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert dir(viz) == sorted(set(dir(viz))), "each name once"


def test_no_function_is_missing_here():
    assert set(CALLS) == {n for n in viz.__all__ if n.startswith(("plot_", "animate_"))}


@pytest.mark.parametrize("name", CALLS)
def test_what_has_a_default_is_given_by_its_name(name):
    for parameter in inspect.signature(getattr(viz, name)).parameters.values():
        is_optional = parameter.default is not parameter.empty
        assert is_optional == (parameter.kind is parameter.KEYWORD_ONLY), parameter


@pytest.mark.parametrize("name", CALLS)
def test_no_side_effects(name, names):
    plt.plot([1, 2])
    before = dict(matplotlib.rcParams), matplotlib.get_backend(), keras.config.dtype_policy()
    current, figures = plt.gca(), len(plt.get_fignums())
    drawn = eval(f"viz.{name}({CALLS[name]})", names)
    after = dict(matplotlib.rcParams), matplotlib.get_backend(), keras.config.dtype_policy()
    assert before == after and not current.images, "the current figure is left alone"
    is_animation = isinstance(drawn, viz.Animation)
    assert len(plt.get_fignums()) == figures + (not is_animation)
    assert is_animation or isinstance(drawn, Axes | viz.Panels)


TAKING_AX = [n for n in CALLS if "ax" in inspect.signature(getattr(viz, n)).parameters]


@pytest.mark.parametrize("name", TAKING_AX)
def test_it_draws_where_it_is_told(name, names):
    figure, (left, right) = plt.subplots(1, 2)
    drawn = eval(f"viz.{name}({CALLS[name]}, ax=right, title='right')", names | {"right": right})
    assert drawn is right and right.get_title() == "right" and not left.has_data()
    assert plt.get_fignums() == [figure.number]


FIT_SETUP = """
import keras
import os
x, y = np.random.default_rng(0).normal(size=(8, 2)), np.ones(8)
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse", metrics=["mae"])
curves = viz.LearningCurves()
"""
FIT = """
history = model.fit(x, y, validation_data=(x, y), epochs=3, verbose=0, callbacks=[curves])
assert not plt.get_fignums() and curves.history == history.history
"""
INTERRUPTED_FIT = """
def interrupt(epoch, logs):
    if epoch == 2:
        raise KeyboardInterrupt
stop = keras.callbacks.LambdaCallback(on_epoch_begin=interrupt)
try:
    model.fit(x, y, epochs=3, verbose=0, callbacks=[stop, curves])
except KeyboardInterrupt:
    assert not plt.get_fignums()
"""
FITS = [FIT, FIT, INTERRUPTED_FIT, "os.environ['CI'] = 'true'" + FIT]


class Client(NotebookClient):
    """Takes a note of what the kernel shows, and of what it shows instead of that."""

    def process_message(self, message, cell, cell_index):
        kind = message["msg_type"]
        if kind in ("display_data", "update_display_data"):
            name = message["content"].get("transient", {}).get("display_id")
            picture = message["content"]["data"].get("image/png")
            self.shown.append((cell_index, kind, name, picture))
        return super().process_message(message, cell, cell_index)


@pytest.fixture(scope="module")
def in_a_notebook(slow_proof):
    """The cells of the calls, the cells of the fits, and what was shown by the number of a fit."""
    calls = [f"viz.{name}({arguments})" for name, arguments in CALLS.items()]
    calls.append("animation = viz.animate_convolution(image, sobel)\nanimation")
    cells = [SETUP + FIT_SETUP, *calls, *FITS]
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    client = Client(notebook, timeout=120, kernel_name="python3")
    client.shown = []
    client.execute(env=os.environ | {"CI": "", "TF_CPP_MIN_LOG_LEVEL": "3"})
    first = 1 + len(calls)
    shown = [[message[1:] for message in client.shown if message[0] == first + i] for i in range(4)]
    return notebook.cells[1:first], notebook.cells[first:], shown


def test_each_cell_shows_exactly_one_picture(in_a_notebook):
    for cell in in_a_notebook[0]:
        outputs = [output.get("data", {}) for output in cell.outputs]
        n_pictures = sum("image/png" in data for data in outputs)
        n_animations = sum("<img" in unescape(data.get("text/html", "")) for data in outputs)
        wanted = (0, 1) if "animat" in cell.source else (1, 0)
        assert (n_pictures, n_animations) == wanted, cell.source
        assert all(output.output_type != "stream" for output in cell.outputs), cell.source


def test_learning_curves_are_one_picture_that_is_updated_in_place(in_a_notebook):
    _, fits, shown = in_a_notebook
    names = set()
    for fit, messages, n_pictures in zip(fits, shown, (3, 3, 2), strict=False):
        kinds, ids, pictures = zip(*messages, strict=True)
        assert kinds == ("display_data", *["update_display_data"] * (n_pictures - 1))
        assert len(set(ids)) == 1 and len(set(pictures)) == n_pictures
        names.add(ids[0])
        (output,) = fit.outputs
        assert output.output_type == "display_data"
        assert output.data["image/png"] == pictures[-1], "the last picture stays"
        assert 'alt="Learning curves after ' in output.data["text/html"]
    assert len(names) == 3, "each fit has a picture of its own"
    assert not fits[3].outputs and not shown[3], "silent in CI"


@pytest.mark.parametrize("n, n_cols, shape", [(1, 1, (1, 1)), (5, 3, (2, 3)), (2, 4, (1, 4))])
def test_spare_axes_are_hidden(n, n_cols, shape):
    panels = new_panels(list(range(n)), n_cols, (2, 1.5))
    assert panels.axes.shape == shape and len(list(panels)) == n
    assert [ax.axison for ax in panels.axes.flat] == [i < n for i in range(panels.axes.size)]
    assert panels.figure.get_size_inches().tolist() == [2 * shape[1], 1.5 * shape[0]]
    assert repr(panels) == f"<Panels: {n} in {shape[0]} x {shape[1]}>"


def test_curves_have_three_columns_and_shared_axes():
    first, second, *_ = curve_panels([1, 2, 3, 4], sharex=True)
    assert first.figure.axes[3] is not None and first.get_shared_x_axes().joined(first, second)
    figure = Figure()
    panels = curve_panels([1, 2], figure)
    assert panels.figure is figure and panels.axes.shape == (1, 2)


@pytest.mark.parametrize("n, columns", [(1, 1), (8, 8), (9, 8)])
def test_images_have_no_axes_and_their_proportions(n, columns):
    panels = image_panels([np.zeros((4, 8))] * n)
    assert panels.axes.shape[1] == columns and not any(ax.axison for ax in panels.axes.flat)
    width, height = panels.figure.get_size_inches() / panels.axes.shape[::-1]
    assert height == pytest.approx(width / 2)
    name_panels(panels, ["first"])
    assert [ax.get_title() for ax in panels][:2] == ["first", ""][:n]


TAKING_N_COLS = [n for n in CALLS if "n_cols" in inspect.signature(getattr(viz, n)).parameters]


@pytest.mark.parametrize("n_cols", [0, -1, 2.5, "3"])
@pytest.mark.parametrize("name", TAKING_N_COLS)
def test_n_cols_is_a_positive_integer(name, n_cols, names):
    with pytest.raises(ValueError, match="`n_cols` must be a positive integer. Received: n_cols="):
        eval(f"viz.{name}({CALLS[name]}, n_cols={n_cols!r})", names)
    assert not plt.get_fignums(), "no empty figure stays behind"


def test_titles_are_counted():
    check_titles(None, 3)
    check_titles(["a", "b"], 2)
    with pytest.raises(ValueError, match="`titles` .* each of the 3 filters. Received: 'abc'"):
        check_titles("abc", 3, "filters")
    with pytest.raises(ValueError, match="each of the 3 images. Received: 2 titles"):
        check_titles(["a", "b"], 3)
