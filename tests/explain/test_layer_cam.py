import numpy as np
import pytest
from cam_by_hand import maps_and_gradients, stretched
from explained_models import close, images, new

from cnnkit.explain import hires_cam, layer_cam


def by_hand(maps, gradients):
    """Equations 5 to 7, in loops."""
    cams = np.zeros(maps.shape[:3])
    for at in np.ndindex(*maps.shape):
        cams[at[:3]] += max(gradients[at], 0) * maps[at]
    return np.maximum(cams, 0)


RANDOM = new()  # which gets other weights


@pytest.mark.parametrize("layer", ["first", "average", "last"])
def test_it_is_what_the_equations_say(layer):
    rng = np.random.default_rng(len(layer))
    model, x, targets = RANDOM, images(3), rng.integers(0, 3, 3)
    layer = next(each.name for each in model.layers if each.name.startswith(layer))
    model.set_weights([rng.normal(0, 0.5, weights.shape) for weights in model.get_weights()])
    expected = by_hand(*maps_and_gradients(model, x, targets, layer))
    found = layer_cam(model, x, target=targets, layer=layer)
    close(found, stretched(expected))
    of_both_signs = hires_cam(model, x, target=targets, layer=layer)
    assert found.min() >= 0 and (found >= of_both_signs - 1e-6 * found.max()).all()
