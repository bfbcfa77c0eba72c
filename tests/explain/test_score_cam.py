from functools import partial

import keras
import numpy as np
import pytest
from attribution_check import AttributionCheck
from cam_by_hand import maps_and_gradients, stretched
from explained_models import close, images, new, plain, with_weights_of

from cnnkit.explain import score_cam


class TestScoreCam(AttributionCheck):
    @pytest.fixture
    def explain(self):
        return partial(score_cam, n_maps=3)


def by_hand(model, x, targets, n_maps):
    """Algorithm 1, one image and one map after the other."""
    all_maps, _ = maps_and_gradients(model, x, targets)
    cams = np.zeros(all_maps.shape[:3])
    for cam, image, maps, target in zip(cams, x, all_maps, targets, strict=True):
        chosen = sorted(range(maps.shape[-1]), key=lambda k: -maps[..., k].std())[:n_maps]
        scores = []
        for k in chosen:
            mask = stretched(maps[None, ..., k])[0]
            mask = (mask - mask.min()) / (np.ptp(mask) or 1)
            scores.append(model(mask[None, ..., None] * image[None])[0, target])
        weights = np.exp(np.array(scores) - max(scores))
        for k, weight in zip(chosen, weights / weights.sum(), strict=True):
            cam += weight * maps[..., k]
    return stretched(np.maximum(cams, 0).astype(np.float32))


@pytest.mark.parametrize("n_maps", [1, 3, 4, 99])
@pytest.mark.parametrize("seed", range(2))
def test_it_is_what_the_algorithm_says(n_maps, seed):
    rng = np.random.default_rng(seed)
    model, x, targets = SPREAD, images(3, seed=seed), rng.integers(0, 3, 3)
    model.set_weights([rng.normal(0, 0.5, weights.shape) for weights in model.get_weights()])
    model.layers[-1].kernel.assign(20 * model.layers[-1].kernel)  # else all weights are alike
    close(score_cam(model, x, target=targets, n_maps=n_maps), by_hand(model, x, targets, n_maps))


SPREAD = new()


def test_the_default_is_at_most_32_maps_of_the_last_layer():
    model, x = plain(), images()
    close(score_cam(model, x, target=1), score_cam(model, x, target=1, layer="last", n_maps=32))
    other = score_cam(model, x, target=1, layer="first")
    assert np.abs(other - score_cam(model, x, target=1)).max() > 0


def test_one_sigmoid_unit_depends_on_the_classifier():
    """A softmax over one class would always be 1."""
    model = with_weights_of(new(1), plain(1))
    model.layers[-1].activation = keras.activations.sigmoid
    before = score_cam(model, images(), target=1)
    model.layers[-1].kernel.assign(500 * model.layers[-1].kernel)
    after = score_cam(model, images(), target=1)
    assert np.abs(after - before).max() > 0.1 * before.max()


def test_clear_errors():
    with pytest.raises(ValueError, match="`n_maps` must be a positive integer. Received: n_maps=0"):
        score_cam(plain(), images(), n_maps=0)
    with pytest.raises(ValueError, match="`layer` must give maps"):
        score_cam(plain(), images(), layer=plain().layers[-3])


def test_the_check_can_fail():
    model, x = plain(), images()
    with pytest.raises(AssertionError):
        close(score_cam(model, x, target=1, n_maps=2), by_hand(model, x, [1, 1], 4))
