"""Drawn animals: the same everywhere, independent of each other, and refused with a reason."""

import numpy as np
import pytest

from cnnkit.data import _pets as pets
from cnnkit.data import draw_pets
from cnnkit.data._canvas import ellipse
from cnnkit.data._pets import KINDS

EXPECTED = (  # the middles of ten kinds: red, green, blue
    (43.3, 62.4, 49.3),
    (121.3, 115.5, 73.7),
    (137.3, 82.4, 56.2),
    (104.6, 99.1, 38.1),
    (128.4, 153.3, 72.0),
    (137.1, 93.7, 98.1),
    (140.9, 142.3, 128.8),
    (156.1, 159.9, 105.2),
    (186.4, 175.3, 225.9),
    (123.5, 134.9, 105.1),
)
KNOBS = ("viewpoint", "illumination", "occlusion", "clutter")


def test_shapes_and_labels():
    images, labels = draw_pets(7, seed=1, kinds=("owl", "pig", "fox"), image_size=48)
    assert images.shape == (7, 48, 48, 3) and images.dtype == np.uint8
    assert labels.dtype == np.int32 and labels.tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert images.std(axis=(1, 2, 3)).min() > 10
    assert len({image.tobytes() for image in images}) == 7
    none, no_labels = draw_pets(0, seed=1)
    assert none.shape == (0, 64, 64, 3) and no_labels.shape == (0,)


def test_an_image_depends_on_seed_and_number_alone():
    few, many = draw_pets(3, seed=5)[0], draw_pets(9, seed=5)[0]
    assert np.array_equal(few, many[:3])
    assert not np.array_equal(few, draw_pets(3, seed=6)[0])


def test_without_a_seed_and_with_a_generator():
    assert not np.array_equal(draw_pets(2)[0], draw_pets(2)[0])
    first, again = np.random.default_rng(1), np.random.default_rng(1)
    images = draw_pets(2, seed=first)[0]
    assert np.array_equal(images, draw_pets(2, seed=again)[0])
    assert not np.array_equal(images, draw_pets(2, seed=first)[0])


def test_the_same_pictures_on_every_machine():
    knobs = dict(viewpoint=0.5, illumination=0.5, clutter=0.2)
    images = draw_pets(20, seed=11, kinds=tuple(KINDS), **knobs)[0]
    middle = images[:10, 24:40, 24:40].mean(axis=(1, 2)).round(1)
    # A mean is the same even where a processor rounds one pixel otherwise.
    assert np.allclose(middle, EXPECTED, atol=0.5), middle.tolist()


@pytest.mark.parametrize("size", [32, 96, 128])
def test_a_size_shows_the_same_animals(size):
    small = draw_pets(6, seed=3, image_size=size)[0].astype(float)
    other = draw_pets(6, seed=3, image_size=64)[0].astype(float)
    cells = [x.reshape(6, 16, len(x[0]) // 16, 16, -1, 3).mean(axis=(2, 4)) for x in (small, other)]
    assert np.abs(cells[0] - cells[1]).mean() < 3


@pytest.mark.parametrize("knob", KNOBS)
def test_each_knob_changes_the_picture_more_and_more(knob):
    pictures = [draw_pets(20, seed=2, **{knob: v})[0].astype(float) for v in (0, 0.2, 0.6, 1)]
    changes = [np.abs(picture - pictures[0]).mean() for picture in pictures]
    assert changes[0] == 0 and np.all(np.diff(changes) > 0.5)


def test_off_means_the_default():
    plain = draw_pets(4, seed=9)[0]
    assert np.array_equal(plain, draw_pets(4, seed=9, **dict.fromkeys(KNOBS, 0))[0])


def test_clutter_stays_behind_the_animal(monkeypatch):
    def only_a_disc(canvas, face, turn, rng):
        canvas.paint(ellipse(0, 0, 1, 1), (1.0, 1.0, 1.0))

    monkeypatch.setattr(pets, "_draw_animal", only_a_disc)
    plain, cluttered = draw_pets(20, seed=4)[0], draw_pets(20, seed=4, clutter=1.0)[0]
    disc = plain.min(axis=-1) > 252  # but for the noise that is added at last
    assert disc.mean() > 0.05 and cluttered[disc].min() > 235
    assert np.abs(plain[~disc].astype(int) - cluttered[~disc]).mean() > 20


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": -1}, "`n` must be an integer of at least 0.*n=-1"),
        ({"n": 2.0}, "`n` must be an integer.*n=2.0"),
        ({"seed": -3}, "`seed` .* at least 0.*seed=-3"),
        ({"seed": 2.5}, "`seed` must be None, an integer.*seed=2.5"),
        ({"image_size": 4}, "`image_size` .* at least 8.*image_size=4"),
        ({"kinds": ("cat", "cow")}, "must be some of cat, dog, bear.*'cow'"),
        ({"kinds": "cat"}, "in a list.*'cat'"),
        ({"kinds": ()}, r"in a list.*\(\)"),
        ({"clutter": 1.5}, "`clutter` must be in 0..1. Received: clutter=1.5"),
        ({"viewpoint": float("nan")}, "viewpoint=nan"),
    ],
)
def test_wrong_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        draw_pets(**{"n": 2, "seed": 0, **options})
