import matplotlib.pyplot as plt
import numpy as np
import pytest

from cnnkit.study import Study
from cnnkit.viz._study import plot_study, plot_study_curves

RNG = np.random.default_rng(0)


def study(**values):
    rows = [
        (name, i, "test_loss", float(v)) for name, vs in values.items() for i, v in enumerate(vs)
    ]
    return Study(rows, {})


def test_every_seed_is_a_dot():
    values = {name: RNG.normal(size=n) for name, n in (("plain", 5), ("deep", 3), ("wide", 4))}
    table = study(**values)
    ax = plot_study(table, "test_loss", title="a study")
    dots = [line for line in ax.lines if line.get_label() == "one seed"]
    for place, (name, line) in enumerate(zip(values, dots, strict=True)):
        assert line.get_xdata().tolist() == values[name].tolist()
        assert all(abs(line.get_ydata() - place) < 0.5), "beside its name"
        assert line.get_linestyle() == "None"
    for place, (name, container) in enumerate(zip(values, ax.containers, strict=True)):
        assert container.lines[0].get_xdata() == table.mean(name, "test_loss")
        (segment,) = container.lines[2][0].get_segments()
        np.testing.assert_allclose(segment[:, 0], table.interval(name, "test_loss"))
        assert abs(segment[0, 1] - place) < 0.5
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["plain", "deep", "wide"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1], "the first one on top"
    assert (ax.get_xlabel(), ax.get_title()) == ("test loss", "a study")
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["one seed", "mean and 95 % interval"]


def test_diverged_runs_and_one_seed():
    table = study(good=[0.5], bad=[np.nan, np.inf], half=[1.0, np.nan, 2.0])
    ax = plot_study(table, "test_loss", ax=plt.subplots()[1])
    labels = [tick.get_text() for tick in ax.get_yticklabels()]
    assert labels == ["good", "bad\n(2 of 2 diverged)", "half\n(1 of 3 diverged)"]
    dots = [line.get_xdata().tolist() for line in ax.lines if line.get_label() == "one seed"]
    assert dots == [[0.5], [], [1.0, 2.0]]
    assert [c.lines[0].get_xdata()[0] for c in ax.containers][::2] == [0.5, 1.5]
    ax.figure.canvas.draw()


def test_an_unknown_metric():
    with pytest.raises(ValueError, match="`metric` must be one of test_loss. Received: .*'auc'"):
        plot_study(study(a=[1]), "auc")
    with pytest.raises(ValueError, match="one of none"):
        plot_study(Study([], {}), "auc")


def test_curves_over_a_number():
    table = study(a50=[0.5, 0.7], a200=[0.8, 0.9], b50=[0.4, 0.5], b1000=[0.6, np.nan])
    curves = {"first": {200: "a200", 50: "a50"}, "second": {50: "b50", 1000: "b1000"}}
    ax = plot_study_curves(table, "test_loss", curves, title="more")
    lines = {line.get_label(): line for line in ax.lines if line.get_linestyle() == "-"}
    assert lines["first"].get_xydata().tolist() == [[50, 0.6], [200, pytest.approx(0.85)]]
    assert lines["second"].get_ydata().tolist() == [0.45, 0.6]
    dots = [line for line in ax.lines if line.get_linestyle() == "None"]
    assert [dot.get_xydata().tolist() for dot in dots[:2]] == [
        [[50, 0.5], [50, 0.7]],
        [[200, 0.8], [200, 0.9]],
    ]
    band = ax.collections[0].get_paths()[0].vertices
    low, high = table.interval("a50", "test_loss")
    at_50 = band[band[:, 0] == 50, 1]
    assert at_50.min() == pytest.approx(low) and at_50.max() == pytest.approx(high)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["50", "200", "1,000"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["first", "second"]
    assert (ax.get_xscale(), ax.get_ylabel(), ax.get_title()) == ("log", "test loss", "more")
    ax.figure.canvas.draw()


@pytest.mark.parametrize("curves", [{}, {"a": {}}])
def test_curves_without_points(curves):
    with pytest.raises(ValueError, match="lines with points"):
        plot_study_curves(study(a=[1]), "test_loss", curves)


def test_a_curve_of_an_unknown_variant():
    with pytest.raises(ValueError, match="one of a. Received: variant='b'"):
        plot_study_curves(study(a=[1]), "test_loss", {"a": {50: "b"}})
