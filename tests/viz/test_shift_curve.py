import numpy as np
import pytest

from cnnkit import viz


def test_each_line_has_a_style_of_its_own():
    shifts = np.arange(5)
    changes = {name: shifts * (i + 1) / 10 for i, name in enumerate("abcdef")}
    ax = viz.plot_shift_curve(shifts, changes, title="shifts")
    assert [line.get_label() for line in ax.lines] == list("abcdef")
    for line, values in zip(ax.lines, changes.values(), strict=True):
        assert line.get_xydata().tolist() == np.stack([shifts, values], axis=1).tolist()
    assert len({line.get_color() for line in ax.lines}) == 6
    assert len({line.get_marker() for line in ax.lines}) == 6
    assert len({line.get_linestyle() for line in ax.lines[:4]}) == 4
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list("abcdef")
    assert (ax.get_xlabel(), ax.get_title()) == ("shift in pixels", "shifts")
    assert ax.get_ylabel() == "relative change of features"
    assert ax.get_ylim()[0] == 0, "heights can be compared"


@pytest.mark.parametrize(
    "shifts, changes, words",
    [
        ([], {"a": []}, r"`shifts` must have shape \(n,\). Received: shifts.shape=\(0,\)"),
        ([[1, 2]], {"a": [1, 2]}, "`shifts` must have shape"),
        ([1, np.nan], {"a": [1, 2]}, "`shifts` must hold finite"),
        ([1, 2], {}, "`changes` must be a dictionary"),
        ([1, 2], [1, 2], "Received: list"),
        ([1, 2], {"a": [1, 2, 3]}, r"`changes\['a'\]` .* 2 shifts. Received: .* shape \(3,\)"),
        ([1, 2], {"a": [1, -2]}, r"`changes\['a'\]` must not be negative. Received: -2"),
        ([1, 2], {"a": []}, r"an array of shape \(0,\)"),
        ([1, 2], {"a": [1, np.inf]}, r"`changes\['a'\]` must hold finite"),
    ],
)
def test_bad_input(shifts, changes, words):
    with pytest.raises(ValueError, match=words):
        viz.plot_shift_curve(shifts, changes)


def test_in_words():
    changes = {"max": [0, 0.5, 0.25], "average": [0, 0.1, 0.2]}
    ax = viz.plot_shift_curve([0, 1, 2], changes, title="shifts")
    assert ax.figure.alt_text == (
        "shifts. Relative change of features when the image is shifted, from 0 to 2 pixels. "
        'At 2, from the largest on: "max" 0.25, "average" 0.2. At 1, from the largest on: '
        '"max" 0.5, "average" 0.1.'
    )
    viz.plot_shift_curve([3], {"max": [0.2]}, ax=ax)
    assert ax.figure.alt_text.endswith(
        ' features when the image is shifted, 3 pixels. At 3, from the largest on: "max" 0.2.'
    ), "two plots in one figure"
    still = viz.plot_shift_curve([0], {"max": [0]})
    assert still.figure.alt_text.endswith("shifted, 0 pixels.")
