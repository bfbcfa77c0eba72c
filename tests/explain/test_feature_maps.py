import time

import keras
import numpy as np
import pytest
from keras import layers

from cnnkit.explain import TopImages, feature_maps, top_images
from cnnkit.reference import conv2d


def images(*shape, seed=0):
    return np.random.default_rng(seed).uniform(0, 1, shape).astype(np.float32)


def small(shape=(12, 12, 3), seed=0):
    keras.utils.set_random_seed(seed)
    parts = [
        layers.Conv2D(4, 3, name="first"),
        layers.ReLU(),
        layers.Conv2D(6, 3, name="last"),
        layers.GlobalMaxPooling2D(name="pool"),
        layers.Dense(2),
    ]
    return keras.Sequential([keras.Input(shape), *parts])


@pytest.mark.parametrize("shape", [(32, 48, 3), (17, 9, 1), (12, 12, 4)])
def test_maps_equal_the_reference(shape):
    model, x = small(shape, seed=shape[0]), images(2, *shape)
    first = conv2d(x, *map(np.asarray, model.get_layer("first").weights))
    last = conv2d(np.maximum(first, 0), *map(np.asarray, model.get_layer("last").weights))
    for layer, expected in (("first", first), ("last", last), (None, last)):
        maps = feature_maps(model, x, layer=layer)
        assert maps.dtype == np.float32 and maps.shape == expected.shape
        assert np.abs(maps - expected).max() < 1e-5 < np.abs(expected).max()


def test_layers_without_maps():
    model, x = small(), images(2, 12, 12, 3)
    with pytest.raises(ValueError, match=r"Received: layer='pool', which gives the shape \(2, 6\)"):
        feature_maps(model, x, layer="pool")
    with pytest.raises(ValueError, match="first, re_lu.*, last, pool, dense.* layer='conv'"):
        feature_maps(model, x, layer="conv")


@pytest.mark.parametrize("seed", range(4))
def test_top_images_are_those_of_a_full_sort(seed):
    rng = np.random.default_rng(seed)
    n_images, batch_size = rng.integers(8, 40), int(rng.integers(1, 12))
    n = int(rng.integers(1, n_images + 1))
    model, x = small(seed=seed), images(n_images, 12, 12, 3, seed=seed)
    found = top_images(model, x, layer="last", n=n, batch_size=batch_size)
    peaks = feature_maps(model, x, layer="last").max(axis=(1, 2))
    order = np.argsort(-peaks, axis=0)[:n]
    assert found.indices.dtype == np.int64 and found.values.dtype == np.float32
    assert np.array_equal(found.indices, order.T)
    assert np.abs(found.values - np.take_along_axis(peaks, order, axis=0).T).max() < 1e-5


def test_equal_values_in_order():
    x = np.repeat(images(1, 12, 12, 3), 7, axis=0)
    found = top_images(small(), x, n=5, batch_size=3)
    assert found.indices.shape == found.values.shape == (6, 5)
    assert (found.indices == range(5)).all()


def test_only_one_batch_at_a_time():
    class Watched:
        """Images that can be had in slices only."""

        sizes = []

        def __len__(self):
            return 50

        def __getitem__(self, part):
            self.sizes.append(len(range(50)[part]))
            return images(50, 12, 12, 3)[part]

    found = top_images(small(), Watched(), layer="first", n=2, batch_size=16)
    assert isinstance(found, TopImages) and Watched.sizes == [16, 16, 16, 2]


def test_progress_bar_in_long_runs_only(capsys, monkeypatch):
    model = small()
    top_images(model, images(4, 12, 12, 3), layer="first", n=2)
    assert capsys.readouterr() == ("", "")

    def slow(*args, **options):
        time.sleep(0.4)
        return feature_maps(*args, **options)

    monkeypatch.setitem(top_images.__globals__, "feature_maps", slow)
    top_images(model, images(4, 12, 12, 3), layer="first", n=2, batch_size=1)
    out, err = capsys.readouterr()
    assert "top images" in out and not "".join(out.split("\r")[-2:]).strip() and err == ""


@pytest.mark.parametrize(
    "options, error",
    [
        ({"n": 0}, "`n` must be a positive integer. Received: n=0"),
        ({"n": 5}, "`n` must be at most the number of images, 4. Received: n=5"),
        ({"batch_size": 0, "n": 1}, "`batch_size` must be a positive integer"),
        ({"layer": "pool", "n": 1}, "Received: layer='pool'"),
    ],
)
def test_wrong_arguments_of_top_images(options, error):
    options = {"layer": "last", **options}
    with pytest.raises(ValueError, match=error):
        top_images(small(), images(4, 12, 12, 3), **options)
