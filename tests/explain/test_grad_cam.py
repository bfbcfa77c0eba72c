import keras
import numpy as np
import pytest
from attribution_check import ModelsCheck
from cam_by_hand import maps_and_gradients, stretched
from captured_models import backbone, chain
from explained_models import close, images, new, plain
from keras import layers

from cnnkit.explain import capture, grad_cam, grad_cam_plus_plus
from cnnkit.explain._alignment import upsample


class TestGradCam(ModelsCheck):
    @pytest.fixture
    def explain(self):
        return grad_cam


def by_hand(maps, gradients):
    """Equations 1 and 2 of Grad-CAM, in loops."""
    cams = np.zeros(maps.shape[:3])
    for cam, channels, slopes in zip(cams, maps, gradients, strict=True):
        for k in range(channels.shape[-1]):
            cam += slopes[..., k].sum() / slopes[..., k].size * channels[..., k]
    return np.maximum(cams, 0)


def by_hand_plus(maps, gradients):
    """Equations 10, 11 and 19 of Grad-CAM++, with the score itself in the place of its exponent."""
    cams = np.zeros(maps.shape[:3])
    for cam, channels, slopes in zip(
        cams, maps.astype(float), gradients.astype(float), strict=True
    ):
        for k in range(channels.shape[-1]):
            g, weight = slopes[..., k], 0.0
            for i, j in np.ndindex(*g.shape):
                below = 2 * g[i, j] ** 2 + channels[..., k].sum() * g[i, j] ** 3
                alpha = g[i, j] ** 2 / below if below else 0
                weight += alpha * max(g[i, j], 0)
            cam += weight * channels[..., k]
    return np.maximum(cams, 0)


BOTH = [(grad_cam, by_hand), (grad_cam_plus_plus, by_hand_plus)]
RANDOM = new()  # which gets other weights


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("explain, equations", BOTH)
def test_it_is_what_the_equations_say(explain, equations, seed):
    rng = np.random.default_rng(seed)
    model, x = RANDOM, images(5, seed=seed)
    model.set_weights([rng.normal(0, 0.5, weights.shape) for weights in model.get_weights()])
    targets = rng.integers(0, 3, 5)
    found = explain(model, x, target=targets)
    assert (found.reshape(5, -1).min(axis=1) >= 0).all()
    close(found, stretched(equations(*maps_and_gradients(model, x, targets))))
    close(explain(model, x, target=targets, layer="last"), found)


def test_a_backbone_within_a_model():
    """Behind global average pooling it is the map of Zhou et al., 2016, arXiv:1512.04150."""
    base, inputs = backbone(), keras.Input((16, 16, 3))
    head = [layers.GlobalAveragePooling2D(), layers.Dropout(0.2), layers.Dense(2), layers.Softmax()]
    rescaling = layers.Rescaling(1 / 127.5, offset=-1)
    nested = keras.Sequential([inputs, rescaling, base, *head])
    functional = keras.Model(inputs, chain(*head)(base(rescaling(inputs), training=False)))
    x = images(3)
    maps, weights = np.asarray(base(rescaling(x))), head[2].kernel.numpy()
    cam = np.maximum(maps @ weights[:, 0], 0) / maps[0, ..., 0].size
    expected = upsample(cam, (16, 16), (1, 1), (2, 2))  # stride 2, padded after
    for model, layer in ((nested, None), (functional, f"{base.name}/out_relu")):
        close(grad_cam(model, x, target=0, layer=layer), expected)


@pytest.mark.parametrize("layer", ["first", "average_pooling"])
def test_another_layer(layer):
    model, x = new(), images()
    layer = next(each for each in model.layers if each.name.startswith(layer))
    maps, gradients = maps_and_gradients(model, x, [1, 1], layer.name)
    for name in (layer, layer.name):
        close(grad_cam(model, x, target=1, layer=name), stretched(by_hand(maps, gradients)))


def test_the_second_call_of_a_shared_layer():
    keras.utils.set_random_seed(0)
    relu, first, last = layers.ReLU(), layers.Conv2D(4, 3), layers.Conv2D(4, 3)
    end = [layers.GlobalAveragePooling2D(), layers.Dense(3)]
    model = keras.Sequential([keras.Input((16, 16, 3)), first, relu, last, relu, *end])
    x = images()
    cams = [grad_cam(model, x, target=1, layer=(relu, call)) for call in range(2)]
    two = layers.ReLU(), layers.ReLU()
    twin = keras.Sequential([keras.Input((16, 16, 3)), first, two[0], last, two[1], *end])
    for cam, layer in zip(cams, two, strict=True):
        close(cam, grad_cam(twin, x, target=1, layer=layer))
    close(grad_cam(model, x, target=1), cams[1])


def test_one_map_of_twin_networks():
    """The image that is explained gives the size."""
    twin = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(4, 3, name="maps")])
    left, right = keras.Input((16, 16, 3)), keras.Input((20, 24, 3))
    pooled = [layers.GlobalAveragePooling2D()(twin(side)) for side in (left, right)]
    model = keras.Model([left, right], layers.Dense(2)(layers.Concatenate()(pooled)))
    x = [images(2), images(2, (20, 24, 3))]
    for image, shape in enumerate([(2, 16, 16), (2, 20, 24)]):
        found = grad_cam(model, x, target=0, image=image)
        assert found.shape == shape
        map_size = capture(model, x, image=image).activations.shape[1:3]
        assert map_size == (shape[1] - 2, shape[2] - 2)
        sizes = [capture(model, x, layer=("maps", call)).activations.shape[1:3] for call in (0, 1)]
        call = sizes.index(map_size)
        assert np.array_equal(
            grad_cam(model, x, target=0, layer=("maps", call), image=image), found
        )
        with pytest.raises(ValueError, match="`layer` must depend on the image .* does not"):
            grad_cam(model, x, target=0, layer=("maps", 1 - call), image=image)
    with pytest.raises(ValueError, match="`layer` must say which of its calls"):
        grad_cam(model, x, target=0, layer="maps", image=0)


def test_clear_errors():
    x = images()
    with pytest.raises(ValueError, match=r"`layer` must give maps .* which gives the shape \(2, 4"):
        grad_cam(plain(), x, layer=plain().layers[-3])
    with pytest.raises(ValueError, match="rescaling.*, first, .*, last, .* Received: layer='conv'"):
        grad_cam(plain(), x, layer="conv")
    inner = keras.Sequential(
        [keras.Input((16, 16, 3)), layers.Conv2D(2, 3, name="c")], name="a.b_1"
    )
    outer = keras.Sequential([keras.Input((16, 16, 3)), inner, layers.Flatten(), layers.Dense(2)])
    with pytest.raises(ValueError, match="`layer` must be .* a.b_1, a.b_1/c, "):
        grad_cam(outer, x, layer="d")
    for layer in ("a.b_1/c", inner):
        close(grad_cam(outer, x, target=1, layer=layer), grad_cam(outer, x, target=1))


@pytest.mark.parametrize(
    "explain, equations", [(grad_cam, by_hand_plus), (grad_cam_plus_plus, by_hand)]
)
def test_the_check_can_fail(explain, equations):
    """The method of the one is not that of the other."""
    maps, gradients = maps_and_gradients(plain(), images(), [1, 1])
    found = explain(plain(), images(), target=1)
    with pytest.raises(AssertionError):
        close(found, stretched(equations(maps, gradients)))
