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
    assert all(50 < dots[2].get_xdata()) and all(dots[2].get_xdata() < 60), "beside the first ones"
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


def test_in_words():
    # Three values 1 apart have the interval mean ± 4.303 / sqrt(3), which is 2.484.
    table = study(a=[1, 2, 3], b=[5, 6, 7], c=[20, 21, 22])
    ax = plot_study(table, "test_loss", title="a study")
    assert ax.figure.alt_text == (
        'a study. 3 variants compared by mean test loss, 3 runs each, lowest first: "a" 2 (runs '
        'from 1 to 3); "b" 6 (runs from 5 to 7); "c" 21 (runs from 20 to 22). The 95 % interval of '
        '"a" overlaps with that of "b".'
    )
    higher = Study([(name, seed, "test", value) for name, seed, _, value in table.rows], {})
    assert plot_study(higher, "test").figure.alt_text.startswith(
        '3 variants compared by mean test, 3 runs each, highest first: "c" 21 (runs from 20 to '
    )
    assert plot_study(higher, "test").figure.alt_text.endswith(
        '"c" overlaps with that of no other.'
    )


def test_in_words_with_diverged_runs_and_one_seed():
    table = study(good=[0.5], bad=[np.nan, np.inf], half=[1.0, np.nan, 2.0])
    assert plot_study(table, "test_loss").figure.alt_text == (
        '3 variants compared by mean test loss, 1 to 3 runs each, lowest first: "good" 0.5; "half" '
        '1.5 (runs from 1 to 2), 1 of 3 diverged; "bad" NaN, 2 of 2 diverged.'
    )
    assert plot_study(study(a=[0.25]), "test_loss").figure.alt_text == (
        '1 variant compared by mean test loss, 1 run each: "a" 0.25.'
    )
    many = study(**{letter: [i, i + 10] for i, letter in enumerate("abcdefg")})
    assert 'first: "a" 5; "b" 6; "c" 7; ' in plot_study(many, "test_loss").figure.alt_text


def test_curves_in_words():
    table = study(a50=[0.5, 0.75], a2000=[0.25], b50=[0.375], b2000=[0.5], b9=[np.nan])
    curves = {"a": {2000: "a2000", 50: "a50"}, "b": {50: "b50", 2000: "b2000", 9: "b9"}}
    ax = plot_study_curves(table, "test_loss", curves, title="more")
    assert ax.figure.alt_text == (
        "more. 2 curves of mean test loss at 3 numbers, from 9 to 2,000. a: 0.625 at 50 and 0.25 "
        'at 2,000; b: NaN at 9, 0.375 at 50 and 0.5 at 2,000. At 50 "b" is the lowest. At 2,000 '
        '"a" is the lowest.'
    )
    plot_study_curves(table, "test_loss", {"a": {50: "a50"}}, ax=ax)
    assert ax.figure.alt_text.endswith(
        "lowest. 1 curve of mean test loss at 1 number, 50. a: 0.625 at 50."
    )
    apart = plot_study_curves(table, "test_loss", {"a": {50: "a50"}, "b": {9: "b9"}})
    assert apart.figure.alt_text.endswith("a: 0.625 at 50; b: NaN at 9.")
