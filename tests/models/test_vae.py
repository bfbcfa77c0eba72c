import keras
import numpy as np
import pytest
from scipy.stats import norm

from cnnkit import data
from cnnkit.models import DrawCode, conditional_vae

MEANS, VARIANCES = np.array([[0.5, -1.0], [2.0, 0.0]]), np.array([[0.25, 1.0], [4.0, 2.0]])
NORMAL = np.hstack([MEANS, np.log(VARIANCES)]).astype("float32")


def test_the_loss_is_the_divergence_from_the_standard_normal_distribution():
    """Against an integral: the mean of log p - log q under p, for each code."""
    layer = DrawCode(weight=0.5)
    layer(NORMAL)
    x = np.linspace(-40, 40, 80_001)[:, None, None]
    ours = norm(MEANS, np.sqrt(VARIANCES))
    integrand = ours.pdf(x) * (ours.logpdf(x) - norm.logpdf(x))
    divergence = np.trapezoid(integrand, x, axis=0).sum(axis=1)
    (loss,) = layer.losses
    np.testing.assert_allclose(float(loss), 0.5 * divergence.mean(), rtol=1e-5)


def test_codes_have_the_means_and_variances():
    codes = keras.ops.convert_to_numpy(DrawCode(seed=0)(np.repeat(NORMAL, 20_000, axis=0)))
    codes = codes.reshape(2, 20_000, 2)
    np.testing.assert_allclose(codes.mean(axis=1), MEANS, atol=0.06)
    np.testing.assert_allclose(codes.var(axis=1), VARIANCES, rtol=0.06)


def test_draws_are_reproduced_and_the_layer_survives_saving(tmp_path):
    layer, same = DrawCode(0.5, seed=1), DrawCode.from_config(DrawCode(0.5, seed=1).get_config())
    first, second = (keras.ops.convert_to_numpy(layer(NORMAL)) for _ in range(2))
    assert (first == keras.ops.convert_to_numpy(same(NORMAL))).all() and (first != second).any()
    np.testing.assert_array_equal(same.losses, layer.losses)
    model, _ = conditional_vae(6, 3)
    model.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    assert again.count_params() == model.count_params()


@pytest.fixture(scope="module")
def trained(slow_proof):
    keras.utils.set_random_seed(0)
    images, labels = data.load_digits()
    pixels, one_hot = images.reshape(-1, 64) / np.float32(255), np.eye(10)[labels]
    model, decoder = conditional_vae(64, 10)
    model.compile(keras.optimizers.Adam(2e-3), "binary_crossentropy", steps_per_execution=20)
    history = model.fit([pixels, one_hot], pixels, epochs=30, batch_size=64, verbose=0)
    return pixels, labels, decoder, history.history["loss"]


def test_it_learns(trained):
    *_, losses = trained
    assert losses[-1] < 0.8 * losses[0]


def test_made_up_digits_are_of_their_class_and_not_all_alike(trained):
    """A plain classifier that has seen real digits only reads nearly all of them."""
    from sklearn.svm import SVC

    pixels, labels, decoder, _ = trained
    wanted = np.repeat(range(10), 30)
    codes = np.random.default_rng(0).standard_normal((300, 8))
    made = decoder.predict([codes, np.eye(10)[wanted]], verbose=0)
    assert made.shape == (300, 64) and made.min() >= 0 and made.max() <= 1
    assert SVC().fit(pixels, labels).score(made, wanted) > 0.9
    assert made.reshape(10, 30, 64).std(axis=1).mean() > 0.03
