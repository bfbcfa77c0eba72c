import numpy as np
import pytest

from cnnkit import viz
from cnnkit.geometry import ReceptiveField
from cnnkit.viz._ranges import value_ranges

NEGATIVE = np.array([[-2.0, 1.0], [0.0, 1.5]])
CALLS = {
    "plot_images": lambda: viz.plot_images(NEGATIVE),
    "plot_attributions": lambda: viz.plot_attributions(NEGATIVE, NEGATIVE[None]),
    "plot_augmentations": lambda: viz.plot_augmentations(np.copy, NEGATIVE),
    "plot_receptive_field": lambda: viz.plot_receptive_field(
        ReceptiveField((1, 1), (1, 1), (0, 0)), NEGATIVE
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_warning_points_to_the_line_of_the_user(name):
    with pytest.warns(UserWarning, match="black stands for -2 and white for 2") as caught:
        CALLS[name]()
    line = CALLS[name].__code__.co_firstlineno
    assert [(warning.filename, warning.lineno) for warning in caught] == [(__file__, line)]


def test_a_warning_in_code_of_no_module():
    code = "\nviz.plot_images(image)"
    with pytest.warns(UserWarning, match="black stands for -2") as caught:
        exec(code, {"viz": viz, "image": NEGATIVE})
    assert [(warning.filename, warning.lineno) for warning in caught] == [("<string>", 2)]


def test_the_range_that_is_given_is_for_all():
    dark, pixels = np.full((2, 2), 0.2), np.ones((2, 2), np.uint8)
    assert value_ranges([dark, pixels]) == [(0, 1), (0, 255)]
    assert value_ranges([dark, pixels], (-1, 1)) == [(-1, 1)] * 2
