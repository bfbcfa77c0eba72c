import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.legacy.saving import legacy_h5_format

from cnnkit import data, geometry, models
from cnnkit._places import cache_dir
from cnnkit.models import _backbones
from cnnkit.models import _weights as weights

NAME = "mobilenet_v2_0.35"
LOCAL = "mobilenet_v2_0.35_224_no_top.weights.h5"


@pytest.fixture(scope="module")
def random_backbone():
    keras.utils.set_random_seed(3)
    return _backbones._BACKBONES[NAME].build(input_shape=(96, 96, 3))


def tiny(input_shape, channels=3):
    """Stands for MobileNetV2 where weights are found and loaded: the files are as for any model."""
    inputs = keras.Input(input_shape)
    maps = keras.layers.Conv2D(channels, 3, strides=2, use_bias=False)(inputs)
    maps = keras.layers.BatchNormalization()(maps)
    return keras.Model(inputs, keras.layers.DepthwiseConv2D(3, use_bias=False)(maps))


@pytest.fixture(scope="module")
def random_tiny():
    keras.utils.set_random_seed(3)
    return tiny((96, 96, 3))


@pytest.fixture
def given(tmp_path, monkeypatch, random_tiny):
    """A CNNKIT_DATA folder with (random) weights, and no network."""
    (tmp_path / "given" / "weights").mkdir(parents=True)
    random_tiny.save_weights(tmp_path / "given" / "weights" / LOCAL)
    monkeypatch.setenv("CNNKIT_DATA", str(tmp_path / "given"))
    offline(monkeypatch, "http://127.0.0.1:9/official.h5")
    return tmp_path / "given" / "weights" / LOCAL


def offline(monkeypatch, url):
    """The tiny network stands for MobileNetV2, and its weights are looked for at `url`."""
    changed = _backbones._BACKBONES[NAME]._replace(url=url, build=tiny)
    monkeypatch.setitem(_backbones._BACKBONES, NAME, changed)


def test_the_size_of_the_default(random_backbone):
    assert random_backbone.count_params() == 410_208
    assert random_backbone.output_shape == (None, 3, 3, 1280)


def same_weights(a, b):
    return all(map(np.array_equal, a.get_weights(), b.get_weights()))


def test_weights_from_the_given_folder(given, random_tiny, capsys):
    backbone = models.load_backbone(NAME, 96)
    assert same_weights(backbone, random_tiny)
    assert str(given) in capsys.readouterr().out
    models.load_backbone(NAME, 96, verbose=0)
    assert capsys.readouterr().out == ""


def write_legacy(model, path):
    """Write the older HDF5 form, in which Keras's own weights come."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)


def test_weights_from_keras_cache(tmp_path, monkeypatch, random_tiny):
    offline(monkeypatch, "http://127.0.0.1:9/official.h5")
    write_legacy(random_tiny, tmp_path / "keras" / "models" / "official.h5")
    assert same_weights(models.load_backbone(NAME, 96), random_tiny)


def test_weights_from_the_web_once(tmp_path, monkeypatch, server, random_tiny):
    write_legacy(random_tiny, tmp_path / "official.h5")
    contents = (tmp_path / "official.h5").read_bytes()
    offline(monkeypatch, server.serve("/official.h5", contents, "cut"))
    assert same_weights(models.load_backbone(NAME, 96), random_tiny)
    n_requests = len(server.log)
    assert same_weights(models.load_backbone(NAME, 96), random_tiny)
    assert len(server.log) == n_requests
    assert (cache_dir() / "weights" / "official.h5").read_bytes() == contents


def damage(path, how):
    if how == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif how == "html":
        path.write_text("<html>Please log in</html>")
    elif how == "a layer less":
        with h5py.File(path, "r+") as file:
            del file["layers/depthwise_conv2d"]
    else:
        other = tiny((96, 96, 3), channels=3 if how == "infinite" else 4)
        if how == "infinite":
            kernel = other.weights[-1].numpy()
            kernel[0, 0, 0, 0] = np.inf  # one is enough
            other.weights[-1].assign(kernel)
        other.save_weights(path)


@pytest.mark.parametrize("how", ["cut", "html", "a layer less", "other network", "infinite"])
def test_damaged_weights_are_named_and_passed_over(given, capsys, how):
    damage(given, how)
    before = given.read_bytes()
    with pytest.raises(FileNotFoundError, match="could not be downloaded.*Connect to the network"):
        models.load_backbone(NAME, 96)
    assert f"{given} is damaged and was passed over" in capsys.readouterr().out
    assert given.read_bytes() == before


def test_in_the_place_of_damaged_weights_come_the_next(given, random_tiny, tmp_path):
    damage(given, "a layer less")
    write_legacy(random_tiny, tmp_path / "keras" / "models" / "official.h5")
    assert same_weights(models.load_backbone(NAME, 96), random_tiny)


def test_a_wrong_download_of_weights_is_refused(tmp_path, monkeypatch, server):
    offline(monkeypatch, server.serve("/official.h5", b"no weights"))
    with pytest.raises(FileNotFoundError, match="did not send the right file"):
        models.load_backbone(NAME, 96)
    assert not list((cache_dir() / "weights").glob("*.h5"))
    monkeypatch.setattr(weights, "MAX_BYTES", 5)
    with pytest.raises(FileNotFoundError, match="expected 5 bytes"):
        models.load_backbone(NAME, 96)


def test_without_weights_the_built_in_backbone_steps_in(monkeypatch, capsys):
    offline(monkeypatch, "http://127.0.0.1:9/official.h5")
    backbone = models.load_backbone()
    said = capsys.readouterr().out
    assert "Connect to the network" in said and "which knows drawings only" in said
    assert backbone.name == "drawn_animals" and backbone.input_shape == (None, 64, 64, 3)
    assert same_weights(models.load_backbone("drawn_animals"), backbone)
    capsys.readouterr()
    assert same_weights(models.load_backbone(verbose=0), backbone)
    assert capsys.readouterr() == ("", "")
    larger = models.load_backbone("drawn_animals", 96)
    assert larger.output_shape == (None, 6, 6, 256) and same_weights(larger, backbone)


def test_auto_takes_the_weights_of_imagenet(given, random_tiny):
    assert same_weights(models.load_backbone("auto", 96), random_tiny)


def test_a_wrong_backbone_name():
    with pytest.raises(
        ValueError, match="one of auto, mobilenet_v2_0.35, .*drawn_animals. Received"
    ):
        models.load_backbone("resnet")


@pytest.mark.parametrize("cut", ["block_2_add", "block_12_add", "block_13_project_BN"])
def test_both_parts_of_a_backbone_make_the_whole(random_backbone, cut):
    images = np.random.default_rng(0).uniform(-1, 1, (2, 96, 96, 3)).astype("float32")
    trunk, block = models.split_backbone(random_backbone, cut)
    whole = random_backbone(images, training=False)
    assert np.allclose(block(trunk(images, training=False), training=False), whole, atol=1e-6)
    n = trunk.count_params() + block.count_params()
    assert n == random_backbone.count_params()
    assert models.split_backbone(random_backbone, trunk.layers[-1])[0].output is trunk.output


def test_wrong_cuts(random_backbone):
    with pytest.raises(ValueError, match="paths: input_layer.*, Conv1, .*Received.*'nowhere'"):
        models.split_backbone(random_backbone, "nowhere")
    with pytest.raises(ValueError, match="everything passes.*Received: layer='block_2_expand'"):
        models.split_backbone(random_backbone, "block_2_expand")


def test_transfer_model_scales_as_the_backbone_was_trained(random_backbone):
    head = keras.Sequential([keras.Input((1280,)), keras.layers.Dense(1)])
    model = models.transfer_model(random_backbone, head)
    images = np.random.default_rng(1).uniform(0, 255, (3, 96, 96, 3)).astype("float32")
    scaled = keras.applications.mobilenet_v2.preprocess_input(images.copy())
    features = keras.ops.mean(random_backbone(scaled, training=False), axis=(1, 2))
    assert np.allclose(model(images), head(features), atol=1e-5)


def test_batchnorm_stays_in_inference_mode_while_the_rest_is_trained(given):
    backbone = models.load_backbone(NAME, 96)
    head = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model = models.transfer_model(backbone, head)
    before = {weight.path: weight.numpy() for weight in backbone.weights}
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(1.0), loss, run_eagerly=True)
    images = np.random.default_rng(1).uniform(0, 255, (4, 96, 96, 3))
    model.fit(images, np.array([0, 1, 1, 1]), verbose=0)
    moved = [w.path for w in backbone.weights if not np.array_equal(w, before[w.path])]
    assert moved and all("kernel" in path for path in moved)


def within_a_classifier(backbone):
    head = keras.Sequential([keras.Input((256,)), keras.layers.Dense(1)])
    return models.transfer_model(backbone, head), backbone


def last_part(backbone):
    return models.split_backbone(backbone, "block_2_add")[1], backbone


def copied_saved_and_loaded(backbone):
    copy = keras.models.clone_model(backbone)
    copy.set_weights(backbone.get_weights())
    copy.save("backbone.keras")
    return (keras.models.load_model("backbone.keras"),) * 2


@pytest.mark.parametrize(
    "take", [within_a_classifier, last_part, copied_saved_and_loaded], ids=lambda f: f.__name__
)
def test_batchnorm_stays_in_inference_mode_after_thawing(take, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model, backbone = take(models.load_backbone("drawn_animals", 32, verbose=0))
    model.trainable = False
    model.trainable = True
    before = {weight.path: weight.numpy() for weight in backbone.weights}
    images = np.random.default_rng(1).uniform(-1, 1, (4, *model.input_shape[1:]))
    expected = model(images, training=False).numpy()
    assert np.allclose(model(images, training=True), expected, rtol=1e-4, atol=1e-5)
    model.compile(keras.optimizers.SGD(0.01), "mse", run_eagerly=True)  # for a single step
    model.fit(images, expected + 1, verbose=0)
    moved = {w.name for w in backbone.weights if not np.array_equal(w, before[w.path])}
    assert moved == {"kernel", "gamma", "beta"}


def test_a_loaded_backbone_is_one_of_keras_but_for_its_statistics(tmp_path):
    backbone, own = models.load_backbone("drawn_animals", 32, verbose=0), models.drawn_animals_cnn()
    backbone.save_weights(tmp_path / "own.weights.h5")
    own.load_weights(tmp_path / "own.weights.h5")
    assert same_weights(own, backbone)
    plain = models.drawn_animals_cnn((32, 32, 3))
    assert str(geometry.receptive_field(backbone)) == str(geometry.receptive_field(plain))
    table, other = geometry.model_table(backbone), geometry.model_table(plain)
    assert table.total_multiply_adds == other.total_multiply_adds
    assert [row.type for row in table.rows] == [row.type for row in other.rows]


@pytest.mark.parametrize("n", [1, 8, 37])
def test_extract_features_keeps_the_order(n, capsys):
    images = np.arange(n * 16, dtype="float32").reshape(n, 4, 4, 1)
    dataset = tf.data.Dataset.from_tensor_slices((images, np.arange(n))).batch(16)
    layers = [keras.Input((4, 4, 1)), keras.layers.Dropout(0.9), keras.layers.AveragePooling2D(4)]
    features, labels = models.extract_features(keras.Sequential(layers), dataset, "pooling")
    assert features.shape == (n, 1, 1, 1) and features.dtype == np.float32
    assert np.array_equal(labels, np.arange(n))
    assert np.allclose(features.ravel(), images.mean((1, 2, 3)))
    bar = capsys.readouterr().out.split("\r")
    assert "pooling: " in bar[1] and not "".join(bar[-2:]).strip(), "the bar vanishes"
    again, _ = models.extract_features(keras.Sequential(layers), dataset, verbose=0)
    assert capsys.readouterr() == ("", "") and np.array_equal(again, features)


@pytest.mark.parametrize("kind", [list, dict])
def test_extract_features_of_several_outputs(kind):
    images = np.random.default_rng(0).uniform(size=(19, 4, 4, 2)).astype("float32")
    dataset = tf.data.Dataset.from_tensor_slices((images, np.arange(19))).batch(16)
    inputs = keras.Input((4, 4, 2))
    early = keras.layers.AveragePooling2D(2)(inputs)
    late = keras.layers.GlobalAveragePooling2D()(early)
    outputs = [early, late] if kind is list else {"early": early, "late": late}
    features, labels = models.extract_features(keras.Model(inputs, outputs), dataset, verbose=0)
    assert isinstance(features, kind) and np.array_equal(labels, np.arange(19))
    early, late = features if kind is list else (features["early"], features["late"])
    assert early.shape == (19, 2, 2, 2) and np.allclose(late, images.mean(axis=(1, 2)))
    assert np.allclose(early.mean(axis=(1, 2)), late)


def shuffle_weights(model):
    """Exchange the numbers of each kernel: as large as before, and nothing is known."""
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(rng.permutation(variable.numpy().ravel()).reshape(variable.shape))


def nearest_mean(backbone, photos, labels):
    """The share of every second photo that is nearer to the mean features of its own class."""
    features = backbone(np.stack(photos) / 127.5 - 1, training=False).numpy().mean(axis=(1, 2))
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    learned, known = features[::2], labels[::2]
    means = np.stack([learned[known == label].mean(axis=0) for label in (0, 1)])
    return np.mean((features[1::2] @ means.T).argmax(axis=1) == labels[1::2])


@pytest.mark.usefixtures("slow_proof")
def test_real_weights_know_cats(real_data, tmp_path, monkeypatch):
    """The real weights, frozen, tell cats from dogs, and random ones do not: they were trained."""
    folder, labels = real_data / "cats_vs_dogs/train", np.repeat([0, 1], 24)
    paths = [p for kind in ("cats", "dogs") for p in sorted((folder / kind).iterdir())[:24]]
    photos = [tf.image.resize(data.read_image(path), (224, 224)).numpy() for path in paths]
    backbones = {name: models.load_backbone(name) for name in (NAME, "mobilenet_0.75")}
    for backbone, channels in zip(backbones.values(), (1280, 768), strict=True):
        assert backbone.output_shape == (None, 7, 7, channels)
        assert nearest_mean(backbone, photos, labels) >= 0.85

    monkeypatch.delenv(
        "CNNKIT_DATA"
    )  # a copy in Keras's cache under Keras's own name loads as well
    target = tmp_path / "keras" / "models" / _backbones._BACKBONES[NAME].url.split("/")[-1]
    write_legacy(backbones[NAME], target)
    assert same_weights(models.load_backbone(NAME), backbones[NAME])

    shuffle_weights(backbones[NAME])
    assert nearest_mean(backbones[NAME], photos, labels) < 0.7
