import numpy as np
import pytest
import tensorflow as tf
from explained_models import close, images, parts, plain, sequential, two_inputs
from keras import layers

from cnnkit.explain._scores import Scores, chunks


def test_scores_of_variants_of_images():
    x = images(3)
    scores = Scores(plain(), x, [0, 2, 1])
    logits = np.asarray(plain()(x))
    assert scores.images.dtype == np.float32 and np.array_equal(scores.images, x)
    assert np.allclose(scores.of_images(), logits[range(3), [0, 2, 1]], atol=1e-6)
    variants, which = x[[2, 1, 1]] / 2, np.array([2, 0, 1])
    logits = np.asarray(plain()(variants))
    found = scores.values(variants, which)
    assert found.dtype == np.float32
    assert np.allclose(found, logits[range(3), [1, 0, 2]], atol=1e-6)
    p = tf.nn.softmax(logits).numpy()[range(3), [1, 0, 2]]
    assert np.allclose(scores.probabilities(variants, which), p, atol=1e-6)


def test_each_variant_gets_the_other_inputs_of_its_image():
    _, kind = two_inputs()
    x, vectors, which = images(3), np.eye(3, 2, dtype=np.float32), np.array([2, 0, 2, 1])
    scores, variants = Scores(kind, [vectors, x], [0, 2, 1]), images(4, seed=1)
    with tf.GradientTape() as tape:
        pictures = tf.constant(variants)
        tape.watch(pictures)
        logits = kind([tf.constant(vectors[which]), pictures])
        expected = tf.gather(logits, [1, 0, 1, 2], batch_dims=1)
    close(scores.values(variants, which), expected)
    close(scores.gradients(variants, which), tape.gradient(expected, pictures))


def test_a_model_without_classes():
    with pytest.raises(ValueError, match="does not give one number for each class. Received: targ"):
        Scores(sequential(parts()[:4]), images(), 1)


@pytest.mark.parametrize("n_images, n_variants", [(1, 1), (3, 7), (1, 40), (40, 1), (5, 16)])
@pytest.mark.parametrize("image_size, most", [((224, 224), 16), ((500, 300), 16), ((112, 56), 128)])
def test_chunks_hold_each_pair_once(n_images, n_variants, image_size, most, monkeypatch):
    monkeypatch.setattr("cnnkit.explain._scores.has_gpu", lambda: False)
    parts_of_all = list(chunks(n_images, n_variants, image_size))
    pairs = np.concatenate([np.stack(part, axis=1) for part in parts_of_all])
    assert np.array_equal(pairs, list(np.ndindex(n_images, n_variants)))
    assert len(parts_of_all) == -(-n_images * n_variants // most)
    assert all(0 < len(i) == len(variant) <= most for i, variant in parts_of_all)


def test_gradients_of_half_precision_do_not_vanish(monkeypatch):
    """Those of pixels are near the smallest number that float16 has."""
    layer = layers.Conv2D(4, 3, dtype="mixed_float16")
    end = [layers.GlobalAveragePooling2D(dtype="mixed_float16"), layers.Dense(2, dtype="float32")]
    model = sequential([layers.Rescaling(1 / 255, dtype="mixed_float16"), layer, *end], (96, 96, 3))
    twin = sequential(
        [
            type(each).from_config({**each.get_config(), "dtype": "float32"})
            for each in model.layers
        ],
        (96, 96, 3),
    )
    twin.set_weights(model.get_weights())
    x = images(1, (96, 96, 3))

    def error():
        half, full = (Scores(each, x, 1).gradients(x, np.zeros(1, int)) for each in (model, twin))
        return np.abs(half - full).max() / np.abs(full).max()

    assert error() < 0.01
    monkeypatch.setattr("cnnkit.explain._scores.SCALE", 1)
    assert error() > 0.03, "the check can fail"
