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
def drawn(slow_proof):
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
    identities = {*_AS_IT_IS}  # tests/explore/test_engine_layers.py tries them
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
// Of each layer one map, or some units of a vector, as they are explained: [channel, values].
const resultOf = (layers, values) => layers.map((layer, index) => {
  if (!layer.inputs.length) return [];
  const [rows, columns, channels] = hasMaps(layer) ? layer.shape : [1, 1, layer.size];
  return [index % channels, channels - 1].map((channel) => {
    const plan = planOf(layers, (at) => values[at], index, channel);
    const { steps } = numbersOfMap(plan, [rows, columns]);
    // The last step puts in what the network gave, should it be changed: here it must not be.
    if (steps.at(-1).some((x, i) => x !== (steps.at(-2) ?? steps.at(-1))[i])) throw layer.kind;
    for (const step of plan.steps) step.say(0, 0);
    return [channel, steps.at(-1)];
  });
});
"""


def test_every_number_is_explained(drawn, networks, tmp_path):
    code = join_scripts(ENGINE + NUMBERS) + EXPLAINED
    for seed, ((_, _, expected), (layers, _), result) in enumerate(
        zip(drawn, networks, run_in_page(networks, tmp_path, code), strict=True)
    ):
        for layer, wanted, maps in zip(layers, expected, result, strict=True):
            for channel, values in maps:
                numbers = wanted[..., channel] if wanted.ndim == 3 else wanted.flat[channel]
                error = np.abs(np.ravel(numbers) - values).max()
                assert error <= TOLERANCE * np.abs(wanted).max(), (seed, layer["kind"], error)


def test_a_wrong_explanation_is_found(networks, tmp_path):
    code = join_scripts(ENGINE + NUMBERS) + EXPLAINED
    right, wrong = "row * strides[0] - borders[0][0] + ", "row * strides[0] + borders[0][0] + "
    assert right in code
    with pytest.raises(AssertionError):
        run_in_page(networks[:20], tmp_path, code.replace(right, wrong))
    run_in_page(networks[:20], tmp_path, code)
