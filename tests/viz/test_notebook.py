"""All drawing functions together: side effects, `ax`, and what a notebook shows."""

import inspect
from html import unescape

import keras
import matplotlib
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from matplotlib.axes import Axes
from nbclient import NotebookClient

from cnnkit import geometry, viz
from cnnkit.study import LrRangeTest, Study

SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
POINTS = np.array([[0.0, 0.0], [1.0, 2.0]])
FIELD = geometry.ReceptiveField((3, 3), (1, 1), (-1, -1))
DENSE = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
STUDY = Study([("a", 0, "loss", 1.0), ("a", 1, "loss", 2.0)], {"a": ""})
RANGE_TEST = LrRangeTest(np.array([0.1, 1]), np.array([2.0, 1]), np.array([2.0, 1]), 0.1)
CALLS = {
    "plot_images": (np.zeros((2, 4, 6)),),
    "plot_pixels": (SOBEL,),
    "plot_channels": (np.zeros((4, 6, 3)),),
    "plot_kernels": (SOBEL,),
    "plot_matrix": (SOBEL,),
    "plot_conv_arithmetic": (5, 3),
    "plot_history": ({"loss": [1.0, 2.0]},),
    "plot_decision_regions": (lambda points: (points[:, 0] > 0).astype(int), POINTS, [0, 1]),
    "plot_feature_maps": (np.zeros((4, 6, 3)),),
    "plot_receptive_field": (FIELD, np.zeros((4, 6))),
    "plot_architecture": (DENSE,),
    "plot_shift_curve": ([0, 1], {"max pooling": [0.0, 1.0]}),
    "plot_activations": ({"conv": np.zeros((2, 5))}, [0, 1]),
    "plot_attributions": (np.zeros((2, 4, 6)), np.zeros((2, 4, 6))),
    "plot_augmentations": (np.flip, np.zeros((2, 4, 6))),
    "plot_gap": ({"loss": [1.0, 2.0], "val_loss": [1.0, 3.0]},),
    "plot_lr_finder": (RANGE_TEST,),
    "plot_normalisation_axes": (),
    "plot_classification": ([0, 1, 0, 1], [0.1, 0.9, 0.6, 0.8]),
    "plot_study": (STUDY, "loss"),
    "plot_study_curves": (STUDY, "loss", {"a": {50: "a"}}),
    "animate_convolution": (SOBEL, SOBEL),
    "animate_dropout": (np.zeros((4, 6)),),
    "animate_pooling": (np.zeros((4, 6)),),
}


def test_no_function_is_missing_here():
    assert set(CALLS) == {n for n in viz.__all__ if n.startswith(("plot_", "animate_"))}


@pytest.mark.parametrize("name", CALLS)
def test_no_side_effects(name):
    plt.plot([1, 2])
    before = dict(matplotlib.rcParams), matplotlib.get_backend(), keras.config.dtype_policy()
    current, figures = plt.gca(), len(plt.get_fignums())
    drawn = getattr(viz, name)(*CALLS[name])
    after = dict(matplotlib.rcParams), matplotlib.get_backend(), keras.config.dtype_policy()
    assert before == after and not current.images, "the current figure is left alone"
    is_animation = isinstance(drawn, viz.Animation)
    assert len(plt.get_fignums()) == figures + (not is_animation)
    assert is_animation or isinstance(drawn, Axes | viz.Panels)


TAKING_AX = [n for n in CALLS if "ax" in inspect.signature(getattr(viz, n)).parameters]


@pytest.mark.parametrize("name", TAKING_AX)
def test_it_draws_where_it_is_told(name):
    figure, (left, right) = plt.subplots(1, 2)
    drawn = getattr(viz, name)(*CALLS[name], ax=right, title="right")
    assert drawn is right and right.get_title() == "right" and not left.has_data()
    assert plt.get_fignums() == [figure.number]


SETUP = """
import time
import matplotlib.pyplot as plt
import numpy as np
from cnnkit import geometry, models, study, viz
from cnnkit.study import LrRangeTest
plt.style.use("cnnkit.viz.cnnkit")
sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
image = np.arange(25).reshape(5, 5)
points = np.array([[0.0, 0.0], [1.0, 2.0]])
models.small_cnn()  # TensorFlow starts, and says so on stderr, a little later
time.sleep(2)
"""
CELLS = [
    "viz.plot_images(np.zeros((2, 4, 6)))",
    "viz.plot_pixels(image)",
    "viz.plot_channels(np.zeros((4, 6, 3)))",
    "viz.plot_kernels(sobel)",
    "viz.plot_matrix(sobel)",
    "viz.plot_conv_arithmetic(5, 3)",
    "viz.plot_history({'loss': [1.0, 2.0]});",
    "viz.plot_decision_regions(lambda p: (p[:, 0] > 0).astype(int), points, [0, 1]);",
    "viz.plot_feature_maps(np.zeros((4, 6, 3)))",
    "viz.plot_receptive_field(geometry.ReceptiveField((3, 3), (1, 1), (-1, -1)), image)",
    "viz.plot_architecture(models.small_cnn())",
    "viz.plot_shift_curve([0, 1], {'max pooling': [0.0, 1.0]})",
    "viz.plot_activations({'conv': np.zeros((2, 5))}, [0, 1])",
    "viz.plot_attributions(np.zeros((2, 4, 6)), {'Grad-CAM': np.ones((2, 4, 6))})",
    "viz.plot_augmentations(np.flip, np.zeros((2, 4, 6)))",
    "viz.plot_gap({'loss': [1.0, 2.0], 'val_loss': [1.0, 3.0]});",
    "viz.plot_lr_finder(LrRangeTest(*np.array([[0.1, 1], [2, 1], [2, 1]]), 0.1));",
    "viz.plot_normalisation_axes()",
    "viz.plot_study(study.Study([('a', 0, 'loss', 1.0), ('a', 1, 'loss', 2.0)], {}), 'loss');",
    "viz.plot_study_curves(study.Study([('a', 0, 'l', 1.0)], {}), 'l', {'a': {1: 'a'}});",
    "viz.plot_classification([0, 1, 0, 1], [0.1, 0.9, 0.6, 0.8]);",
    "viz.animate_dropout(image, seed=0)",
    "viz.animate_pooling(image)",
    "viz.animate_convolution(image, sobel)",
    "animation = viz.animate_convolution(image, sobel)\nanimation",
]


def test_each_cell_shows_exactly_one_picture():
    assert all(any(f"viz.{name}(" in cell for cell in CELLS) for name in CALLS)
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in (SETUP, *CELLS)]
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    for cell in notebook.cells[1:]:
        outputs = [output.get("data", {}) for output in cell.outputs]
        n_pictures = sum("image/png" in data for data in outputs)
        n_animations = sum("<img" in unescape(data.get("text/html", "")) for data in outputs)
        wanted = (0, 1) if "animat" in cell.source else (1, 0)
        assert (n_pictures, n_animations) == wanted, cell.source
        assert all(output.output_type != "stream" for output in cell.outputs), cell.source
