import numpy as np
import pytest

from cnnkit.study import bayesian_search
from cnnkit.viz import animate_search

LINE = np.linspace(0, 1, 11)


def found(n_trials=6, candidates=LINE):
    return bayesian_search(lambda c: 1 - (c[0] - 0.3) ** 2, candidates, n_trials, seed=0)


@pytest.fixture(scope="module")
def search():
    return found(candidates=LINE[::-1])  # falling, as candidates may be


@pytest.fixture(scope="module")
def animation(search):
    return animate_search(search, xlabel="rate", ylabel="accuracy")


def labelled(animation, label):
    score, _ = animation.figure.axes
    (artist,) = (a for a in [*score.lines, *score.collections] if a.get_label() == label)
    return artist


def test_each_frame_shows_what_the_step_knows(animation, search):
    assert animation.steps == search.steps and len(search.steps) == 4
    places, order = search.candidates[:, 0], np.argsort(search.candidates[:, 0])
    for step in animation.steps[:-1]:
        animation.draw(step)
        tried = labelled(animation, "tried").get_xydata()
        np.testing.assert_array_equal(tried, np.stack([places[step.tried], step.scores], axis=1))
        x, mean = labelled(animation, "mean").get_data()
        np.testing.assert_array_equal(x, LINE)
        np.testing.assert_array_equal(mean, step.mean[order])
        next_one, (_, below) = labelled(animation, "tried next"), animation.figure.axes
        assert list(next_one.get_xdata()) == [places[step.next]] * 2
        improvement, other = below.lines
        share = step.improvement[order] / step.improvement.max()  # the curve of late frames is seen
        np.testing.assert_array_equal(improvement.get_ydata(), share)
        assert list(other.get_xdata()) == [places[step.next]] * 2


def test_the_band_is_two_standard_deviations_to_each_side(animation, search):
    step = search.steps[1]
    animation.draw(step)
    (path,) = labelled(animation, "band: ± 2 standard deviations").get_paths()
    low, high = step.mean - 2 * step.std, step.mean + 2 * step.std
    heights = path.vertices[:, 1]
    assert heights.min() == pytest.approx(low.min()) and heights.max() == pytest.approx(high.max())


def test_no_band_is_cut_off(animation, search):
    low, high = animation.figure.axes[0].get_ylim()
    for step in search.steps:
        assert low < (step.mean - 2 * step.std).min() and (step.mean + 2 * step.std).max() < high


def test_axes_and_sentence(animation, search):
    score, improvement = animation.figure.axes
    assert score.get_ylabel() == "accuracy" and improvement.get_xlabel() == "rate"
    step = search.steps[0]
    animation.draw(step)
    (text,) = (t for ax in animation.figure.axes for t in ax.texts if t.get_gid() == "sentence")
    best, place = step.scores.max(), search.candidates[step.tried[step.scores.argmax()], 0]
    expected = f"3 trials, 3 of them drawn:  best {best:.3g} at {place:.3g},"
    assert text.get_text().startswith(expected)
    more = text.get_text().partition("(")[2].removesuffix(" more expected)")
    assert "e" not in more and float(more) == float(f"{step.improvement.max():.1g}")
    animation.draw(search.steps[-2])
    assert text.get_text().startswith("5 trials, 3 of them drawn")


def test_the_last_frame_shows_all_trials_and_no_next_one(animation, search):
    animation.draw(search.steps[-1])
    assert len(labelled(animation, "tried").get_xdata()) == 6
    assert np.isnan(labelled(animation, "tried next").get_xdata()).all()
    texts = [t for ax in animation.figure.axes for t in ax.texts if t.get_gid() == "sentence"]
    assert texts[0].get_text().startswith("6 trials, 3 of them drawn")
    assert texts[0].get_text().endswith("the end")


def test_in_words_and_it_plays(animation, search):
    text = animation.figure.alt_text
    assert text.startswith("A search for the best accuracy over rate, 6 trials among 11 candidates")
    drawn, chosen = text.split("Drawn at random: ")[1].split(" Then chosen")
    places = search.candidates[search.tried, 0]
    assert [float(p) for p in drawn.strip(" .").split(", ")] == places[:3].round(3).tolist()
    assert f"The best accuracy is {search.scores.max():.3g}" in chosen
    assert "<iframe" in animation._repr_html_()


def test_bad_input(search):
    pairs = np.array(list(np.ndindex(3, 3)))
    with pytest.raises(ValueError, match=r"over one setting. Received: .* shape \(9, 2\)"):
        animate_search(found(4, pairs))
    with pytest.raises(ValueError, match="at most 36 steps. Received: 37 steps"):
        animate_search(found(39, np.linspace(0, 1, 40)))
