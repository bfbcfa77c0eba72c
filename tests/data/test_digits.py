import subprocess
import sys

import keras
import numpy as np
import pytest
import sklearn.datasets

from cnnkit import data


def test_digits_are_scikit_learns():
    images, labels = data.load_digits()
    original = sklearn.datasets.load_digits()
    assert images.dtype == np.uint8 and images.shape == (1797, 8, 8)
    assert labels.dtype == np.int32 and np.array_equal(labels, original.target)
    assert images.min() == 0 and images.max() == 255
    assert np.array_equal(np.round(images / 255 * 16), original.images)


def test_digits_start_no_framework():
    code = (
        "import sys; from cnnkit import data; data.load_digits();"
        "print([name for name in ('tensorflow', 'keras') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout == "[]\n", done.stderr


def test_enlarged_digits():
    small, _ = data.load_digits()
    images, labels = data.load_digits(image_size=28)
    assert images.dtype == np.uint8 and images.shape == (1797, 28, 28) and len(labels) == 1797
    assert np.allclose(images.mean((1, 2)), small.mean((1, 2)), rtol=0.15, atol=6)
    shrunk = keras.ops.image.resize(images[..., None].astype("float32"), (8, 8), antialias=True)
    correlation = np.corrcoef(np.ravel(shrunk), small.ravel())[0, 1]
    assert correlation > 0.95


@pytest.mark.parametrize("size", [0, 7, 28.0, "28", None])
def test_a_wrong_size(size):
    with pytest.raises(ValueError, match="`image_size` must be an integer of at least 8. Received"):
        data.load_digits(size)


def write_mnist(folder, n=60_000):
    folder.mkdir()
    np.savez(
        folder / "mnist.npz",
        x_train=np.zeros((n, 28, 28), np.uint8),
        y_train=np.zeros(n, np.uint8),
        x_test=np.zeros((10_000, 28, 28), np.uint8),
        y_test=np.ones(10_000, np.uint8),
    )


def test_mnist_from_the_given_folder(tmp_path, monkeypatch):
    write_mnist(tmp_path / "given")
    monkeypatch.setenv("CNNKIT_DATA", str(tmp_path / "given"))
    (x_train, y_train), (x_test, y_test) = data.load_mnist()
    assert x_train.shape == (60_000, 28, 28) and x_train.dtype == np.uint8
    assert y_test.shape == (10_000,) and y_test.dtype == y_train.dtype == np.int32
    assert y_test.all() and not x_test.any()


def test_a_wrong_mnist_file(tmp_path, monkeypatch):
    write_mnist(tmp_path / "given", n=100)
    monkeypatch.setenv("CNNKIT_DATA", str(tmp_path / "given"))
    with pytest.raises(ValueError, match=r"shape \(60000, 28, 28\).*Received: uint8 \(100, 28, 28"):
        data.load_mnist()
    path = tmp_path / "given" / "mnist.npz"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="must be an .npz file with the arrays x_train.*Received"):
        data.load_mnist()
    path.write_bytes(b"\x80\x04pickle")
    with pytest.raises(ValueError, match="must be an .npz file"):
        data.load_mnist()


def test_mnist_through_keras(monkeypatch, capsys):
    halves = tuple((np.zeros((2, 28, 28), np.uint8), np.ones(2, np.uint8)) for _ in range(2))
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: halves)
    (_, y_train), _ = data.load_mnist()
    assert y_train.dtype == np.int32

    def loud():
        print("Downloading")
        return halves

    monkeypatch.setattr(keras.datasets.mnist, "load_data", loud)
    data.load_mnist()
    assert capsys.readouterr().out == "Downloading\n"
    data.load_mnist(verbose=0)
    assert capsys.readouterr().out == ""

    def fail():
        raise OSError("no network")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", fail)
    with pytest.raises(RuntimeError, match="could not be downloaded.*Received: no network"):
        data.load_mnist()


def test_the_real_mnist(real_data):
    (x_train, y_train), (_, y_test) = data.load_mnist()
    assert np.isclose(x_train.mean() / 255, 0.1307, atol=1e-4)
    assert np.bincount(y_train).tolist()[:2] == [5923, 6742] and len(y_test) == 10_000
