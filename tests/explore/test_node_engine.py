"""The page's engine against Keras: 200 random models, every layer of each."""

from collections import Counter

import keras
import numpy as np
import pytest
from node_engine import ENGINE, need_node, run_engine, run_in_page
from random_models import FUNCTIONS, Drawer

from cnnkit._keras import find_calls, find_graph
from cnnkit.explore._engine_layers import _AS_IT_IS, RULES
from cnnkit.explore._page import join_scripts
from cnnkit.explore._snapshot import network

N_MODELS, TOLERANCE = 200, 1e-4  # of the largest value of a layer
pytestmark = pytest.mark.filterwarnings("ignore:You are using a softmax")


def of_keras(model, image):
    """What each layer gives in Keras, and the model itself."""
    values, found = {}, []
    for call in find_calls(find_graph(model)):
        if call.is_expanded:
            continue
        if not call.inputs:
            output = keras.ops.convert_to_tensor(image[None])
        else:
            given = (call.args, call.kwargs)
            args, kwargs = keras.tree.map_structure(lambda t: values.get(id(t), t), given)
            output = call.layer(*args, **kwargs)
        values[id(call.outputs[0])] = output
        found.append(keras.ops.convert_to_numpy(output)[0])
    whole = keras.ops.convert_to_numpy(model(image[None], training=False))[0]
    np.testing.assert_allclose(found[-1], whole, rtol=1e-4, atol=1e-5)
    return found


@pytest.fixture(scope="module")
def drawn():
    """Triples of a model, an image and what its layers give in Keras."""
    need_node()
    triples = []
    for seed in range(N_MODELS):
        drawer = Drawer(seed)
        model = drawer.model()
        image = drawer.image(model)
        triples.append((model, image, of_keras(model, image)))
    return triples


@pytest.fixture(scope="module")
def networks(drawn):
    """Pairs of the layers for the page, and an image."""
    found = [network(model, image[None]) for model, image, _ in drawn]
    assert [reason for _, reason in found if reason] == []
    return [(layers, image) for (layers, _), (_, image, _) in zip(found, drawn, strict=True)]


def faults(results, drawn, networks):
    """The layers that differ from Keras, with the kind and by how much, relative to the largest."""
    complaints = []
    for seed, (result, (_, _, expected), (layers, _)) in enumerate(
        zip(results, drawn, networks, strict=True)
    ):
        for layer, values, wanted in zip(layers, result, expected, strict=True):
            assert values.shape == wanted.shape
            error = np.abs(values - wanted).max() / max(np.abs(wanted).max(), 1e-30)
            if not error <= TOLERANCE:
                complaints.append(f"{layer['type']} of model {seed}: {error:.1e}")
    return complaints


def test_every_layer_is_as_in_keras(drawn, networks, tmp_path):
    assert faults(run_engine(networks, tmp_path), drawn, networks) == []


def test_each_kind_of_layer_is_tried_often(networks):
    layers = [layer for found, _ in networks for layer in found]
    counts = Counter(layer["kind"] for layer in layers)
    of_layers = (layer["settings"].get("activation") for layer in layers)
    alone = (layer["settings"].get("function") for layer in layers)
    functions = Counter(each["name"] for each in [*of_layers, *alone] if each)
    identities = {*_AS_IT_IS} - {"Dropout", "SpatialDropout2D"}  # tests/explore/test_engine_layers
    assert {layer["type"] for layer in layers} == {*RULES} - identities
    assert {kind: n for kind, n in counts.items() if n < 20} == {}
    assert [name for name in FUNCTIONS if functions[name] < 5 and name != "linear"] == []


SIGNS = [
    ("sums[o] += x * kernel[row + o]", "sums[o] -= x * kernel[row + o]", "Conv2D"),
    ("found[taps[t] * channels + c]", "-found[taps[t] * channels + c]", "MaxBlurPooling2D"),
    ("(x - mean.values[c])", "(x + mean.values[c])", "BatchNormalization"),
    ("borders[0][0]", "-borders[0][0]", "AveragePooling2D"),
    ("sum += values[taps[t]", "sum -= values[taps[t]", "GlobalAveragePooling2D"),
    ("(a, b) => a + b)", "(a, b) => a - b)", "Add"),
]


@pytest.mark.parametrize("right, wrong, kind", SIGNS, ids=[kind for *_, kind in SIGNS])
def test_a_wrong_sign_is_found(right, wrong, kind, drawn, networks, tmp_path):
    few = [at for at, (found, _) in enumerate(networks) if kind in {x["kind"] for x in found}][:5]
    some = [networks[at] for at in few]

    def change(code):
        assert right in code
        return code.replace(right, wrong)

    complaints = faults(run_engine(some, tmp_path, change), [drawn[at] for at in few], some)
    assert any(complaint.startswith(f"{kind} of model") for complaint in complaints)


NUMBERS = ("maps.js", "numbers.js", "detail_steps.js", "detail_numbers.js")
EXPLAINED = """
// Of each layer some numbers, as they are explained: [channel, row, column, value].
const resultOf = (layers, values) => layers.map((layer, index) =>
  layer.inputs.length ? Array.from({ length: 6 }, (_, i) => explained(layers, values, index, i)) : []
);
function explained(layers, values, index, i) {
  const [rows, columns, channels] = hasMaps(layers[index])
    ? layers[index].shape
    : [1, 1, layers[index].size];
  const place = [(7 * i) % channels, (3 * i) % rows, (5 * i) % columns];
  const plan = planOf(layers, (at) => values[at], index, place[0]);
  const { steps, value } = numberAt(plan, place[1], place[2]);
  if (steps.some((step) => step.isChange)) throw new Error(`${layers[index].kind} is changed`);
  for (const step of steps) step.say(place[1], place[2]);
  return [...place, value];
}
"""


def test_every_number_is_explained(drawn, networks, tmp_path):
    code = join_scripts(ENGINE + NUMBERS) + EXPLAINED
    for (model, _, expected), (layers, _), result in zip(
        drawn, networks, run_in_page(networks, tmp_path, code), strict=True
    ):
        for layer, wanted, numbers in zip(layers, expected, result, strict=True):
            largest = np.abs(wanted).max()
            for channel, row, column, value in numbers:
                number = wanted[row, column, channel] if wanted.ndim == 3 else wanted.flat[channel]
                error = abs(value - number)
                assert error <= TOLERANCE * largest, (model.name, layer["name"], layer["kind"])
