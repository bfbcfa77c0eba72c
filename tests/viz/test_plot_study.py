import matplotlib.pyplot as plt
import numpy as np
import pytest

from cnnkit.study import Study
from cnnkit.viz.study import plot_study

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
