import functools

import keras
import numpy as np
import pytest
from explained_models import (
    HEADS,
    Counting,
    compiled,
    images,
    new,
    plain,
    reader_of_digits,
    with_head,
)
from keras import layers
from scipy.ndimage import gaussian_filter

from cnnkit.explain import DeletionInsertion, deletion_insertion, integrated_gradients


def by_hand(model, x, maps, targets, n_steps):
    """One pixel after the other; `model` gives probabilities."""
    curves = np.zeros((2, len(x), n_steps + 1))
    height, width = maps.shape[1:]
    blurred = [gaussian_filter(image, (min(height, width) / 8,) * 2 + (0,)) for image in x]
    for n, image in enumerate(x):
        places = sorted(np.ndindex(height, width), key=lambda at: -maps[n][at])
        starts = image.copy(), blurred[n].copy()
        ends = np.broadcast_to(image.mean(axis=(0, 1)), image.shape), image
        for curve, now, end in zip(curves, starts, ends, strict=True):
            shown = []
            for step in range(n_steps + 1):
                for at in places[: round(step / n_steps * len(places))]:
                    now[at] = end[at]
                shown.append(now.copy())
            curve[n] = np.asarray(model(np.stack(shown)))[:, targets[n]]
    return curves


def check(found, expected, tolerance=1e-4):
    assert isinstance(found, DeletionInsertion)
    curves = found.deletion, found.insertion
    areas = found.deletion_area, found.insertion_area
    for curve, area, other in zip(curves, areas, expected, strict=True):
        assert curve.dtype == area.dtype == np.float32 and curve.shape == other.shape
        assert np.abs(curve - other).max() < tolerance
        means = (other[:, 1:] + other[:, :-1]).mean(axis=1) / 2
        assert area.shape == (len(other),) and np.abs(area - means).max() < tolerance


@pytest.mark.parametrize("n_steps", [1, 5, 64])
def test_it_is_what_the_algorithm_says(n_steps):
    model, x, y = reader_of_digits()
    maps = np.random.default_rng(n_steps).integers(0, 9, (3, 8, 8)).astype(np.float32)
    found = deletion_insertion(model, x[:3], maps=maps, target=y[:3], n_steps=n_steps)
    assert np.allclose(found.fractions, np.linspace(0, 1, n_steps + 1))
    check(found, by_hand(model, x[:3], maps, y[:3], n_steps))


def test_random_orders_stand_beside_those_of_the_maps():
    """Each is what the algorithm says of a map of its numbers, and their curves have a mean."""
    model, x, y = reader_of_digits()
    x, y, maps = x[:3], y[:3], x[:3, ..., 0]
    measure = functools.partial(deletion_insertion, model, x, maps=maps, target=y, n_steps=4)
    found = measure(n_random=2, seed=3).random
    drawn = np.random.default_rng(3).random((2, 8, 8))
    expected = [by_hand(model, x, np.stack([order] * 3), y, 4) for order in drawn]
    check(found, np.mean(expected, axis=0))
    assert found.random is None and measure(n_random=0).random is None
    one, same, other = (measure(seed=seed).random.deletion for seed in (0, 0, 1))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
    assert not np.array_equal(measure().random.deletion, measure().random.deletion)


def test_the_ends_of_the_curves():
    model, x, y = reader_of_digits()
    found = deletion_insertion(model, x[:5], maps=x[:5, ..., 0], target=y[:5], n_steps=3)
    whole = np.asarray(model(x[:5]))[np.arange(5), y[:5]]
    assert np.allclose(found.deletion[:, 0], whole, atol=1e-5)
    assert np.allclose(found.insertion[:, -1], whole, atol=1e-5)


def test_good_maps_have_better_areas():
    model, x, y = reader_of_digits()
    good = integrated_gradients(model, x[:40], target=y[:40], tolerance=0.3)
    best, worst = (
        deletion_insertion(model, x[:40], maps=maps, target=y[:40], seed=0)
        for maps in (good, -good)
    )
    found = [best, best.random, worst]
    deletion = [each.deletion_area.mean() for each in found]
    insertion = [each.insertion_area.mean() for each in found]
    assert deletion[0] < deletion[1] - 0.1 and insertion[0] > insertion[1] + 0.05
    assert deletion[1] < deletion[2] - 0.1 and insertion[1] > insertion[2] + 0.1


def with_last(model, activation):
    return keras.Sequential(
        [keras.Input((16, 16, 3)), *model.layers, layers.Activation(activation)]
    )


@pytest.mark.parametrize("head", ["Dense(softmax)", "logits", "keras.ops.softmax"])
def test_logits_become_probabilities(head):
    x, maps = images(), images()[..., 0]
    found = deletion_insertion(with_head(head, 3), x, maps=maps, target=[0, 1], n_steps=4)
    check(found, by_hand(with_last(plain(), "softmax"), x, maps, [0, 1], 4))


@pytest.mark.parametrize("head", ["Dense(1, sigmoid)", "one logit"])
def test_one_unit(head):
    x, maps = images(), images()[..., 0]
    positive = by_hand(with_last(plain(1), "sigmoid"), x, maps, [0, 0], 4)
    found = [
        deletion_insertion(with_head(head, 1), x, maps=maps, target=k, n_steps=4) for k in (0, 1)
    ]
    check(found[1], positive)
    check(found[0], 1 - positive)


def by_hand_sigmoid(z):
    return 1 / (1 + keras.ops.exp(-z))


def ended(n, last, loss=None):
    """A model with the logits of `plain(n)`, a last step, and a loss."""
    inputs = keras.Input((16, 16, 3))
    model = keras.Model(inputs, last(plain(n)(inputs)))
    if loss is not None:
        model.compile("sgd", loss)
    return model


ONE_UNIT = {
    "a sigmoid by hand": (1, by_hand_sigmoid, by_hand_sigmoid),
    "one of two": (
        2,
        lambda z: keras.ops.softmax(z)[:, 1],
        lambda z: keras.ops.softmax(z)[:, 1:],
    ),
}


@pytest.mark.parametrize("name", ONE_UNIT)
def test_one_unit_that_is_no_sigmoid_is_never_sent_through_another_one(name):
    n, last, in_a_column = ONE_UNIT[name]
    x, maps = images(), images()[..., 0]
    positive = by_hand(ended(n, in_a_column), x, maps, [0, 0], 2)
    as_it_is = deletion_insertion(ended(n, last), x, maps=maps, n_steps=2)
    check(as_it_is, positive)
    model = ended(n, last, "binary_crossentropy")
    check(deletion_insertion(model, x, maps=maps, target=1, n_steps=2), positive)
    check(deletion_insertion(model, x, maps=maps, target=0, n_steps=2), 1 - positive)


LOSSES = {
    "BinaryCrossentropy of logits": (
        lambda z: z,
        keras.losses.BinaryCrossentropy(from_logits=True),
        keras.ops.sigmoid,
    ),
    "CategoricalCrossentropy of logits": (
        lambda z: z,
        keras.losses.CategoricalCrossentropy(from_logits=True),
        keras.ops.softmax,
    ),
    "of probabilities": (
        lambda z: keras.ops.exp(keras.ops.log_softmax(z)),
        "categorical_crossentropy",
        keras.ops.softmax,
    ),
    "of logits, but there is a softmax": (
        keras.ops.softmax,
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        keras.ops.softmax,
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_loss_says_what_the_outputs_are(name):
    last, loss, activation = LOSSES[name]
    x, maps = images(), images()[..., 0]
    found = deletion_insertion(ended(3, last, loss), x, maps=maps, target=[0, 1], n_steps=2)
    check(found, by_hand(ended(3, activation), x, maps, [0, 1], 2))


def test_probabilities_that_are_not_known_are_asked_for():
    x, maps = images(), images()[..., 0]
    for target in (None, 1):
        error = r"`target` must be a function .* Received: target=" + str(target)
        with pytest.raises(ValueError, match=error):
            deletion_insertion(ended(3, keras.ops.log_softmax), x, maps=maps, target=target)


def test_a_model_that_does_not_give_what_its_loss_takes_is_refused():
    x, maps = images(), images()[..., 0]
    for n, last, loss in (
        (3, lambda z: z, "sparse_categorical_crossentropy"),
        (1, lambda z: 30 * z, "binary_crossentropy"),
        (3, keras.ops.sigmoid, keras.losses.CategoricalCrossentropy(from_logits=True)),
    ):
        with pytest.raises(ValueError, match="`model` must give what the loss .* Received: outp"):
            deletion_insertion(ended(n, last, loss), x, maps=maps)


def test_the_class_is_that_of_the_whole_image():
    model, x, _ = reader_of_digits()
    best, maps = np.argmax(model(x[:6]), axis=1), x[:6, ..., 0]
    found, given = (
        deletion_insertion(model, x[:6], maps=maps, target=each, n_steps=4) for each in (None, best)
    )
    for name in ("deletion", "insertion"):
        assert np.array_equal(vars(found)[name], vars(given)[name])


def test_a_function_gives_what_it_gives():
    model, x, maps = HEADS["Dense(2, sigmoid)"](2), images(), images()[..., 0]
    twice = deletion_insertion(model, x, maps=maps, target=lambda y: 2 * y[:, 1], n_steps=4)
    check(twice, 2 * by_hand(model, x, maps, [1, 1], 4))


@pytest.mark.parametrize(
    "maps, n_steps, error",
    [
        (np.zeros((1, 16, 16)), 4, r"shape of the images, \(2, 16, 16\).* Received: maps of shape"),
        (np.full((2, 16, 16), np.nan), 4, r"and finite numbers. Received: NaN .* maps \[0, 1\]"),
        (np.zeros((2, 16, 16), bool), 4, "and finite numbers. Received: maps of dtype bool"),
        (np.zeros((2, 16, 16)), 0, "`n_steps` must be a positive integer. Received: n_steps=0"),
    ],
)
def test_wrong_settings(maps, n_steps, error):
    with pytest.raises(ValueError, match=error):
        deletion_insertion(plain(), images(), maps=maps, n_steps=n_steps)


@pytest.mark.parametrize("n_random", [1.5, True, None, -1])
def test_random_orders_are_counted(n_random):
    with pytest.raises(ValueError, match="`n_random` must be an integer of at least 0. Received:"):
        deletion_insertion(plain(), images(), maps=images()[..., 0], n_random=n_random)


def test_maps_of_unsigned_integers():
    """Which have no negative values, by which they would be ordered."""
    model, x, y = reader_of_digits()
    maps = np.random.default_rng(0).integers(0, 9, (3, 8, 8)).astype(np.uint8)
    found = deletion_insertion(model, x[:3], maps=maps, target=y[:3], n_steps=3)
    check(found, by_hand(model, x[:3], maps.astype(np.float32), y[:3], 3))


def test_the_model_is_traced_once():
    counting = Counting()
    model = compiled(keras.Sequential([counting, *new().layers]))
    model(images())
    calls = counting.calls
    for n in (2, 5):
        deletion_insertion(model, images(n), maps=images(n)[..., 0])
    assert counting.calls == calls + 1


def test_the_check_can_fail():
    model, x, y = reader_of_digits()
    maps = x[:3, ..., 0]
    found = deletion_insertion(model, x[:3], maps=-maps, target=y[:3], n_steps=5)
    with pytest.raises(AssertionError):
        check(found, by_hand(model, x[:3], maps, y, 5))
