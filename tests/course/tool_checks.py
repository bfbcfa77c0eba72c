"""What each tool gives for a `Kind` of model, compared with a computation without the package.

Each check has the tool's name and runs it; it raises what the tool raises, and an AssertionError
where the tool gives something wrong. Its arguments are those that some models need.
"""

import functools
import math

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from matplotlib.patches import Polygon
from model_kinds import SPOT

from cnnkit import explain, geometry, study, viz

PATCH = (slice(0, 8), slice(16, 24))  # which the spot lies in


def close(found, expected, kind):
    """Equal, and not because both are 0."""
    found, expected = np.asarray(found, np.float32), np.asarray(expected, np.float32)
    largest = np.abs(expected).max()
    assert found.shape == expected.shape and largest > 0
    assert np.abs(found - expected).max() <= kind.tolerance * largest


def given(**arguments):
    return {name: value for name, value in arguments.items() if value is not None}


def gradient(function, at):
    """What TensorFlow's tape gives, and the value of the function."""
    at = tf.convert_to_tensor(at)
    with tf.GradientTape() as tape:
        tape.watch(at)
        value = function(at)
    return tape.gradient(value, at).numpy(), value


def scores_of(kind, target):
    return lambda images: (target or kind.score)(kind.model(kind.inputs(images), training=False))


def maps_of(kind, images):
    return np.float32(kind.maps(kind.inputs(images)))


def noise(kind):
    """Images on which every unit is active."""
    return np.random.default_rng(1).uniform(0.5, 1, (1, *kind.shapes[0])).astype(np.float32)


# Seeing inside


def capture(kind, layer=None, image=None):
    inputs = kind.inputs(kind.spot())
    found = explain.capture(kind.model, inputs, **given(layer=layer, image=image))
    close(found.activations, kind.flat(kind.maps(inputs)), kind)
    for output, expected in zip(
        tf.nest.flatten(found.outputs),
        tf.nest.flatten(kind.model(inputs, training=False)),
        strict=True,
    ):
        close(output, expected, kind)


def capture_gradients(kind, layer=None, image=None, score=None):
    inputs = kind.inputs(kind.spot())
    options = given(layer=layer, image=image, score=score)
    found = explain.capture_gradients(kind.model, inputs, **options)
    largest = score or (lambda outputs: tf.reduce_max(outputs, range(1, len(outputs.shape))))
    expected, _ = gradient(lambda maps: largest(kind.rest(maps, inputs)), kind.maps(inputs))
    close(found.gradients, kind.flat(expected), kind)


def feature_maps(kind, layer=None, image=None):
    inputs, options = kind.inputs(kind.spot()), given(layer=layer, image=image)
    close(explain.feature_maps(kind.model, inputs, **options), kind.maps(inputs), kind)


def top_images(kind, layer=None, image=None):
    images, options = kind.spot(4), given(layer=layer, image=image)
    found = explain.top_images(kind.model, kind.inputs(images), n=2, batch_size=4, **options)
    values = maps_of(kind, images)
    values = values.max(axis=tuple(range(1, values.ndim - 1)))
    assert (found.indices == np.argsort(-values, axis=0, kind="stable")[:2].T).all()
    close(found.values, -np.sort(-values, axis=0)[:2].T, kind)


def effective_receptive_field(kind, layer=None, image=None):
    images, options = noise(kind), given(layer=layer, image=image)
    found = explain.effective_receptive_field(kind.model, kind.inputs(images), **options)
    close(found, np.abs(gradient_of_unit(kind, images, 0)).sum(axis=-1)[0], kind)


def gradient_of_unit(kind, images, shift):
    """Of the unit in the middle of the maps, or some places further down on the right."""

    def unit(images):
        maps = (kind.raw or kind.maps)(kind.inputs(images))
        return tf.reduce_sum(maps[:, *(n // 2 + shift for n in maps.shape[1:-1])])

    return gradient(unit, images)[0]


def activation_maximization(kind, layer=None, start=None):
    options = dict(n_steps=2, jitter=0, value_range=(0, 1), seed=0)
    options |= given(layer=layer, start=start)
    found = explain.activation_maximization(kind.model, 1, **options)
    gray = np.full((1, *kind.shapes[0]), 0.5, np.float32)
    before, after = (np.mean((kind.raw or kind.maps)(x)[..., 1]) for x in (gray, found))
    assert after > 1.01 * before


def activation_recorder(kind, layer=None):
    images = noise(kind)
    layer = layer or kind.layer
    recorder = explain.ActivationRecorder(kind.inputs(images), layers=[layer])
    recorder.set_model(kind.model)
    recorder.on_train_begin()
    ((name, found),) = recorder.quantiles.items()
    assert name.startswith(kind.layer)
    close(found[0], np.quantile(maps_of(kind, images), (0.05, 0.25, 0.5, 0.75, 0.95)), kind)


def find_layer(kind, layer=None, image=None):
    names = kind.layer.split("/")
    expected = functools.reduce(lambda model, name: model.get_layer(name), names, kind.model)
    assert explain.layer_paths(kind.model)[kind.layer] is expected
    assert explain.find_layer(kind.model, **given(layer=layer, image=image)) is expected


# Explaining a score


def grad_cam(kind, target=None, layer=None, image=None):
    found, maps, gradients = _activation_map(explain.grad_cam, kind, target, layer, image)
    weights = gradients.mean(axis=tuple(range(1, gradients.ndim - 1)))
    expected = np.einsum("b...c,bc->b...", maps, weights).max()
    assert 0.7 * expected < found.max() < 1.03 * expected  # between its places, it is less


def grad_cam_plus_plus(kind, target=None, layer=None, image=None):
    _activation_map(explain.grad_cam_plus_plus, kind, target, layer, image)


def hires_cam(kind, target=None, layer=None, image=None):
    found, maps, gradients = _activation_map(explain.hires_cam, kind, target, layer, image)
    _check_sum(found, (maps * gradients).sum(axis=-1))


def layer_cam(kind, target=None, layer=None, image=None):
    found, maps, gradients = _activation_map(explain.layer_cam, kind, target, layer, image)
    _check_sum(found, (maps * gradients.clip(0)).sum(axis=-1))


def _check_sum(found, expected):
    """Between pixels a position is spread over several, and their sum stays."""
    expected = expected.sum() * found.size / expected.size
    assert 0.9 * expected < found.sum() < 1.1 * expected


def _activation_map(explain, kind, target, layer, image):
    inputs = kind.inputs(kind.spot())
    options = given(target=target, layer=layer, image=image)
    found = explain(kind.model, inputs, **options)
    _check_peak(kind, found)
    score = target or kind.score
    maps = kind.maps(inputs)
    gradients, _ = gradient(lambda maps: score(kind.rest(maps, inputs)), maps)
    return found, np.asarray(maps), gradients


def score_cam(kind, target=None, layer=None, image=None):
    options = given(target=target, layer=layer, image=image)
    _check_peak(kind, explain.score_cam(kind.model, kind.inputs(kind.spot()), **options))


def _check_peak(kind, found):
    """The map is largest on the spot, or one place of the maps beside it."""
    images = kind.spot()
    assert found.shape == images.shape[:-1] and found.max() > 0
    place = np.unravel_index(found[0].argmax(), found[0].shape)
    stride = images.shape[-2] / maps_of(kind, images).shape[-2]
    for at, side in list(zip(place, kind.where, strict=True))[-2:]:
        assert side.start - stride <= at <= side.stop - 1 + stride, (place, SPOT)


def saliency(kind, target=None, image=None):
    images = kind.spot()
    found = explain.saliency(kind.model, kind.inputs(images), **given(target=target, image=image))
    expected, _ = gradient(scores_of(kind, target), images)
    close(found, np.abs(expected).max(axis=-1), kind)


def smoothgrad(kind, target=None, image=None):
    images, options = kind.spot(), given(target=target, image=image)
    options |= dict(n_samples=2, noise=0.1, seed=0)
    found = explain.smoothgrad(kind.model, kind.inputs(images), **options)
    drawn = np.random.default_rng(0).standard_normal((2, *images.shape[1:]), np.float32)
    noisy = [images + 0.1 * np.ptp(images) * one for one in drawn]
    gradients = [gradient(scores_of(kind, target), one)[0] for one in noisy]
    close(found, np.abs(np.mean(gradients, axis=0)).max(axis=-1), kind)


def integrated_gradients(kind, target=None, image=None):
    images, options = kind.spot(), given(target=target, image=image)
    found = explain.integrated_gradients(kind.model, kind.inputs(images), n_steps=16, **options)
    score = scores_of(kind, target)
    sums = found.sum(axis=tuple(range(1, found.ndim)))
    close(sums, score(images) - score(np.zeros_like(images)), kind)
    close(found[0][kind.where].sum(), found.sum(), kind)  # nothing else differs from the baseline


def completeness_error(kind, target=None, image=None):
    images, options = kind.spot(), given(target=target, image=image)
    score = scores_of(kind, target)
    change = (score(images) - score(np.zeros_like(images))).numpy()
    maps = np.zeros(images.shape[:-1], np.float32)
    maps.reshape(len(maps), -1)[:, 0] = 0.75 * change
    found = explain.completeness_error(kind.model, kind.inputs(images), maps=maps, **options)
    assert np.abs(found - 0.25).max() < kind.tolerance


def sanity_check(kind, target=None, image=None):
    images, options = kind.spot(), given(target=target, image=image)
    before = [weight.numpy() for weight in kind.model.weights]
    found = explain.sanity_check(
        kind.model, kind.inputs(images), explain=explain.saliency, seed=0, **options
    )
    expected, _ = gradient(scores_of(kind, target), images)
    close(found.maps[0], np.abs(expected).max(axis=-1), kind)
    owners = [layer for layer in explain.layer_paths(kind.model).values() if layer.weights]
    assert 1 <= len(found.layers) <= len(owners)
    assert (np.abs(found.similarity) < 1.001).all()
    for weight, value in zip(kind.model.weights, before, strict=True):
        assert (weight.numpy() == value).all()


def occlusion(kind, target=None, image=None):
    images, options = kind.spot(), given(target=target, image=image)
    sizes = [min(n, 8) for n in images.shape[1:-1]]
    found = explain.occlusion(kind.model, kind.inputs(images), patch_size=sizes, **options)
    covered, axes = images.copy(), tuple(range(1, images.ndim - 1))
    patch = PATCH[:1] if len(sizes) == 1 else (*[slice(0, n) for n in sizes[:-2]], *PATCH)
    covered[:, *patch] = images.mean(axis=axes, keepdims=True)
    score = scores_of(kind, target)
    close(found[0][patch], np.full(sizes, score(images) - score(covered)), kind)
    assert found[0][patch].max() == found.max()


def deletion_insertion(kind, target=None, image=None):
    images, options = kind.spot(), given(target=target, image=image)
    maps = images.mean(axis=-1)
    found = explain.deletion_insertion(
        kind.model, kind.inputs(images), maps=maps, n_steps=2, **options
    )
    axes = tuple(range(1, images.ndim - 1))
    gray = np.broadcast_to(images.mean(axis=axes, keepdims=True), images.shape)
    probability = target or kind.probability
    first, last = (probability(kind.model(kind.inputs(x), training=False)) for x in (images, gray))
    close(found.deletion[:, [0, -1]], np.stack([first, last], axis=1), kind)
    close(found.insertion[:, -1], first, kind)


# Sizes and costs


def receptive_field(kind, layer=None, image=None, image_size=None):
    options = given(layer=layer, image=image, image_size=image_size)
    field = geometry.receptive_field(kind.model, **options)
    if field.strides == (0, 0):
        assert field.size == (24, 24)
        return "gives tokens no place, and says what all of them see together"
    weights = [(weight, weight.numpy()) for weight in kind.everywhere]
    for weight, value in weights:
        weight.assign(0 * value)
    images, boxes = noise(kind), []
    middle = np.array(maps_of(kind, images).shape[1:3]) // 2
    for shift in (0, 1):
        seen = np.argwhere(gradient_of_unit(kind, images, shift)[0].any(axis=-1))
        moved = (middle + shift) * field.strides
        boxes.append((seen.min(axis=0) - moved, seen.max(axis=0) - moved))
    for weight, value in weights:
        weight.assign(value)
    firsts, lasts = map(np.array, zip(*boxes, strict=True))
    assert (firsts.min(axis=0) == field.offset).all()
    assert (lasts.max(axis=0) - firsts.min(axis=0) + 1 == field.size).all()
    assert bool(field.beyond) == bool(kind.everywhere)


def model_table(kind):
    return check_table(kind, geometry.model_table(kind.model, verbose=0))


def check_table(kind, table):
    """What it does not say, as a sentence; and an AssertionError if what it says is wrong."""
    assert table.total_parameters == kind.model.count_params()
    assert sum(row.parameters for row in table.rows) == kind.model.count_params()
    maps = [row for row in table.rows if row.name == kind.layer][-1]
    known = {
        "sizes": all(row.output_shape and None not in row.output_shape for row in table.rows),
        "multiply-adds": all(row.multiply_adds is not None for row in table.rows),
        "fields": maps.field is not None,
        "bytes kept in training": all(row.training_memory is not None for row in table.rows),
    }
    unknown = [name for name, is_known in known.items() if not is_known]
    if "multiply-adds" not in unknown:
        assert table.total_multiply_adds == kind.products
    if maps.field is not None:  # that of `receptive_field`, which is checked for itself
        layer, size = kind.needed.get("layer", kind.layer), kind.needed.get("image_size")
        assert maps.field == geometry.receptive_field(kind.model, layer, size)
    return f"says “?” for {', '.join(unknown)}" if unknown else ""


def model_table_with_times(kind):
    images = kind.inputs(kind.spot())
    table = geometry.model_table(kind.model, images, verbose=0)
    assert table.n_images == 1
    timed = [row.milliseconds for row in table.rows if row.parameters]
    assert timed and all(time is not None and math.isfinite(time) for time in timed)
    return check_table(kind, table)


def parameters(kind):
    found = geometry.parameters(kind.model, _shapes(kind))
    assert found == kind.model.count_params()


def multiply_adds(kind):
    assert geometry.multiply_adds(kind.model, _shapes(kind)) == kind.products


def _shapes(kind):
    return list(kind.shapes) if len(kind.shapes) > 1 else kind.shapes[0]


def plot_architecture(kind):
    axes = viz.plot_architecture(kind.model)
    plt.close(axes.figure)
    patches = [patch for patch in axes.patches if isinstance(patch, Polygon)]
    heights = {patch.get_gid(): np.ptp(patch.get_xy()[:, 1]) for patch in patches}
    heights = {name: height for name, height in heights.items() if name not in ("side", "top")}
    assert heights.keys() >= {layer.name for layer in kind.model.layers}
    image, maps = kind.spot(), np.asarray(kind.flat(maps_of(kind, kind.spot())))
    drawn = heights[kind.layer.split("/")[0]] / heights["image"]
    n_drawn, n_rows = (x.shape[-2 if x.ndim == 3 else -3] for x in (maps, image))  # or of samples
    close(drawn, n_drawn / n_rows, kind)


# Training


def lr_finder(kind):
    x, y = kind.inputs(kind.spot(4)), kind.labels
    before = [weight.numpy() for weight in kind.model.weights]
    found = study.lr_finder(kind.model, x, y, n_steps=10, low=1e-3, high=1.0, seed=0)
    for weight, value in zip(kind.model.weights, before, strict=True):
        assert (weight.numpy() == value).all()
    kind.model.reset_metrics()
    first = kind.model.test_on_batch(x, y, return_dict=True)["loss"]
    if not kind.is_random:
        close(found.losses[0], first, kind)
    assert found.losses.min() < found.losses[0]


# The rows of the page.
TOOLS = {
    "explain.capture": capture,
    "explain.capture_gradients": capture_gradients,
    "explain.find_layer, layer_paths": find_layer,
    "explain.feature_maps": feature_maps,
    "explain.top_images": top_images,
    "explain.ActivationRecorder": activation_recorder,
    "explain.activation_maximization": activation_maximization,
    "explain.effective_receptive_field": effective_receptive_field,
    "explain.grad_cam": grad_cam,
    "explain.grad_cam_plus_plus": grad_cam_plus_plus,
    "explain.hires_cam": hires_cam,
    "explain.layer_cam": layer_cam,
    "explain.score_cam": score_cam,
    "explain.saliency": saliency,
    "explain.smoothgrad": smoothgrad,
    "explain.integrated_gradients": integrated_gradients,
    "explain.completeness_error": completeness_error,
    "explain.occlusion": occlusion,
    "explain.deletion_insertion": deletion_insertion,
    "explain.sanity_check": sanity_check,
    "geometry.receptive_field": receptive_field,
    "geometry.model_table": model_table,
    "geometry.model_table, times": model_table_with_times,
    "geometry.parameters": parameters,
    "geometry.multiply_adds": multiply_adds,
    "viz.plot_architecture": plot_architecture,
    "study.lr_finder": lr_finder,
}
