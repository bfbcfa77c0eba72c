import re
from itertools import pairwise

import numpy as np
import pytest

from cnnkit.viz import animate_dropout

SIZES = (4, 6, 6, 2)
WORDS = (
    r"training step (\d+):  (\d+) of (\d+) hidden units and (\d+) of (\d+) values are dropped; "
    r"the others are multiplied by 1 / \(1 - (\S+)\) ([=≈]) (\S+)"
)


def random_map(seed=0, shape=(4, 5)):
    """A map after a ReLU: about half of it is 0."""
    return np.random.default_rng(seed).normal(size=shape).clip(min=0)


def texts_in_cells(ax):
    return {
        tuple(int(v) for v in text.get_position()[::-1]): text.get_text()
        for text in ax.texts
        if text.get_gid() != "sentence"
    }


def sentence(animation):
    (text,) = (t for ax in animation.figure.axes for t in ax.texts if t.get_gid() == "sentence")
    return text.get_text()


@pytest.mark.parametrize(
    "seed, rate, layer_sizes", [(0, 0.5, SIZES), (1, 0.3, (3, 10, 1)), (2, 0.9, (1, 2, 3, 4, 5, 6))]
)
def test_steps(seed, rate, layer_sizes):
    feature_map = random_map(seed)
    animation = animate_dropout(
        feature_map, rate=rate, layer_sizes=layer_sizes, n_steps=5, seed=seed
    )
    assert len(animation.steps) == 6
    *training, inference = animation.steps
    for step in animation.steps:
        assert tuple(map(len, step.units)) == layer_sizes
        assert step.units[0].all() and step.units[-1].all(), "inputs and outputs stay"
    assert [step.number for step in animation.steps] == [1, 2, 3, 4, 5, None]
    for step in training:
        expected = np.where(step.is_kept, feature_map / (1 - rate), 0)
        np.testing.assert_allclose(step.output, expected, atol=1e-6)
    assert any((a.is_kept != b.is_kept).any() for a, b in pairwise(training))
    assert inference.is_kept.all() and all(units.all() for units in inference.units)
    np.testing.assert_allclose(inference.output, feature_map, atol=1e-6)


@pytest.mark.parametrize("rate", [0.2, 0.7])
def test_draws_follow_the_rate_and_the_seed(rate):
    def steps(seed):
        options = dict(layer_sizes=(1, 10, 10, 1), n_steps=35, seed=seed)
        return animate_dropout(random_map(), rate=rate, **options).steps[:-1]

    runs = [steps(seed) for seed in (0, 1, 0)]
    masks = [np.array([step.is_kept for step in run]) for run in runs]
    units = [np.array([step.units[1:-1] for step in run]) for run in runs]
    for kept in masks, units:
        assert (kept[0] == kept[2]).all() and (kept[0] != kept[1]).any()
        # At least 1400 draws: three standard deviations are at most 0.037.
        assert np.mean(kept[:2]) == pytest.approx(1 - rate, abs=0.037)


@pytest.mark.parametrize("layer_sizes", [SIZES, (2, 3, 1), (3, 1, 1, 2)])
def test_dropped_units_vanish_with_their_connections(layer_sizes):
    animation = animate_dropout(random_map(), layer_sizes=layer_sizes, n_steps=6, seed=0)
    network = animation.figure.axes[0]
    *ghosts, lines, units = network.collections
    places = [ghost.get_offsets() for ghost in ghosts]
    assert tuple(map(len, places)) == layer_sizes
    for layer, layer_places in enumerate(places):
        assert (layer_places[:, 0] == layer).all() and (np.diff(layer_places[:, 1]) > 0).all()
    for step in animation.steps:
        animation.draw(step)
        kept = [at[is_kept].data for at, is_kept in zip(places, step.units, strict=True)]
        assert units.get_offsets().tolist() == np.concatenate(kept).tolist()
        expected = {(*a, *b) for before, after in pairwise(kept) for a in before for b in after}
        assert {tuple(line.ravel()) for line in lines.get_segments()} == expected
        assert len(lines.get_segments()) == sum(len(a) * len(b) for a, b in pairwise(kept))


@pytest.mark.parametrize("signed", [False, True])
def test_the_map(signed):
    feature_map = random_map() - 0.5 * signed
    animation = animate_dropout(feature_map, n_steps=4, seed=0)
    _, before, after = animation.figure.axes
    drawn = [ax.images[0] for ax in (before, after)]
    limit = 2 * np.abs(feature_map).max()
    for picture in drawn:
        assert picture.get_cmap().name == ("RdBu_r" if signed else "viridis")
        assert picture.get_clim() == pytest.approx((-limit if signed else 0, limit), rel=1e-6)
    for step in animation.steps:
        animation.draw(step)
        np.testing.assert_allclose(drawn[0].get_array(), feature_map, atol=1e-6)
        shown = drawn[1].get_array()
        assert (np.ma.getmaskarray(shown) == ~step.is_kept).all(), "a 0 that is kept is no hole"
        assert (shown.data == step.output).all()
        for ax, values in ((before, feature_map), (after, step.output)):
            texts = texts_in_cells(ax)
            assert len(texts) == values.size
            for place, text in texts.items():
                assert text == ("0" if values[place] == 0 else f"{values[place]:.2f}")


@pytest.mark.parametrize(
    "rate, sign, scale", [(0, "=", "1"), (0.5, "=", "2"), (0.8, "=", "5"), (0.3, "≈", "1.43")]
)
def test_sentences(rate, sign, scale):
    animation = animate_dropout(random_map(), rate=rate, n_steps=3, seed=0)
    for i, step in enumerate(animation.steps[:-1]):
        animation.draw(step)
        found = re.fullmatch(WORDS, sentence(animation)).groups()
        dropped = sum((~units).sum() for units in step.units)
        numbers = i + 1, dropped, 12, (~step.is_kept).sum(), 20, f"{rate:g}"
        assert found == (*map(str, numbers), sign, scale)
    animation.draw(animation.steps[3])
    assert sentence(animation) == "inference:  nothing is dropped, and nothing is multiplied"


def test_titles_and_layers():
    network, before, after = animate_dropout(random_map(), n_steps=1).figure.axes
    assert [ax.get_title() for ax in (network, before, after)] == [
        "dense network",
        "feature map",
        "feature map after dropout",
    ]
    assert [text.get_text() for text in network.texts[:4]] == [
        "inputs",
        "hidden",
        "hidden",
        "outputs",
    ]


def test_it_plays_and_a_map_of_zeros_is_one_too():
    animation = animate_dropout(np.zeros((1, 1)), n_steps=1, seed=0)
    assert "<iframe" in animation._repr_html_()


@pytest.mark.parametrize(
    "feature_map, settings, words",
    [
        (
            np.zeros((4, 4, 3)),
            {},
            r"`feature_map\[..., 0\]`. Received: feature_map.shape=\(4, 4, 3",
        ),
        (np.zeros((11, 4)), {}, "`feature_map` must have at most 10 rows.* Received: 11 x 4"),
        (np.full((4, 4), np.nan), {}, "16 NaN"),
        (np.zeros((4, 4)), dict(rate=1), "`rate` must be .* below 1. Received: rate=1"),
        (np.zeros((4, 4)), dict(rate=-0.1), "Received: rate=-0.1"),
        (np.zeros((4, 4)), dict(rate=np.nan), "Received: rate=nan"),
        (np.zeros((4, 4)), dict(layer_sizes=(4, 2)), r"3 to 6 .* Received: layer_sizes=\(4, 2\)"),
        (np.zeros((4, 4)), dict(layer_sizes=(4, 11, 2)), "numbers of at most 10. Received"),
        (np.zeros((4, 4)), dict(layer_sizes=(4, 0, 2)), "`layer_sizes` must be a positive"),
        (
            np.zeros((4, 4)),
            dict(n_steps=0),
            "`n_steps` must be a positive .* n_steps=0",
        ),
        (np.zeros((4, 4)), dict(n_steps=36), "`n_steps` must be at most 35. Received: n_steps=36"),
    ],
)
def test_bad_input(feature_map, settings, words):
    with pytest.raises(ValueError, match=words):
        animate_dropout(feature_map, **settings)


@pytest.mark.parametrize("seed", [-1, 1.5, True, "1"])
def test_wrong_seeds(seed):
    with pytest.raises(ValueError, match=f"`seed` must be None, .* Received: seed={seed!r}"):
        animate_dropout(np.eye(4), seed=seed)


def test_in_words():
    animation = animate_dropout(random_map(), rate=0.25, layer_sizes=(4, 6, 5, 2), seed=0)
    *training, _ = animation.steps
    hidden = [11 - step.units[1].sum() - step.units[2].sum() for step in training]
    values = [20 - step.is_kept.sum() for step in training]
    assert animation.figure.alt_text == (
        "Dropout at rate 0.25 in a dense network with layers of 4, 6, 5 and 2 units, and in a "
        "feature map of 4 rows by 5 columns, in 8 training steps and then inference. Each step "
        f"draws anew which to drop: from {min(hidden)} to {max(hidden)} of 11 hidden units and "
        f"from {min(values)} to {max(values)} of 20 values; the other values are multiplied by "
        "1.33. Inference drops nothing and multiplies nothing."
    )


def test_one_of_each_in_words():
    animation = animate_dropout([[1.0]], rate=0, layer_sizes=(1, 1, 1), n_steps=1)
    assert animation.figure.alt_text == (
        "Dropout at rate 0 in a dense network with layers of 1, 1 and 1 units, and in a feature "
        "map of 1 by 1, in 1 training step and then inference. Each step draws anew "
        "which to drop: 0 of 1 hidden unit and 0 of 1 value; the other values are multiplied by 1. "
        "Inference drops nothing and multiplies nothing."
    )
